"""``onrecord eval``: run questions over an archive, and compare runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from rag.cli.eval_output import case_progress, print_comparison, print_report
from rag.cli.options import ArchiveOption, JsonOption, pair
from rag.cli.terminal import Exit, open_archive, print_json, rich_console
from rag.errors import UsageError
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.evaluation.baseline import Baseline
    from rag.evaluation.values import Report

_MOST = 1_000_000  # cases, and as many at once

FailUnderOption = Annotated[
    list[str] | None,
    typer.Option("--fail-under", help="MEASURE=LEAST, as in f1=0.6: exit code 4 when it is lower; can be repeated"),
]


class _Group(TyperGroup):
    """``eval CASES`` means ``eval run CASES``."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    name="eval",
    cls=_Group,
    no_args_is_help=True,
    help="""Ask a set of questions and measure the answers: eval CASES, or eval compare A B.

    The options of eval CASES are those of: onrecord eval run --help

    Example: onrecord eval questions.jsonl --archive news --model extractive
    """,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@group.command()
def run(
    cases: Annotated[
        Path, typer.Argument(help="Questions: JSONL, CSV, SQuAD, a BEIR folder, RealTimeQA, CLAPNQ, newsroom")
    ],
    archive: ArchiveOption = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Who answers, as for ask [default: local]", show_default=False),
    ] = None,
    retrieval: Annotated[bool, typer.Option("--retrieval", help="Only search; needs no language model")] = False,
    retriever: Annotated[
        str | None,
        typer.Option("--retriever", help="hybrid, dense or lexical [default: hybrid]", show_default=False),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Only this many cases, the first ones")] = None,
    sample: Annotated[int | None, typer.Option("--sample", help="Only this many cases, drawn at random")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of --sample: the same seed draws the same cases")] = 0,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", help="Cases asked at once [default: 4 with a model of a service, else 1]", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for rows and report [default: evaluations/CASES-MODEL-RUN]; a run that stopped goes on there",
            show_default=False,
        ),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option("--measure", help="Only this measure, as in recall@5 or f1; can be repeated [default: all]"),
    ] = None,
    depth: Annotated[int, typer.Option("--depth", help="Passages ranked for the measures of retrieval")] = 50,
    brief: Annotated[
        bool, typer.Option("--brief/--no-brief", help="Measure exact_match and f1 on a brief form of the answer")
    ] = True,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="Format of CASES, where its content is ambiguous, as in realtimeqa-generation"),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="OURS=THEIRS, as in question=prompt; can be repeated"),
    ] = None,
    fail_under: FailUnderOption = None,
    no_worse_than: Annotated[
        Path | None,
        typer.Option(
            "--no-worse-than",
            help="An earlier report, or a baseline (.jsonl): exit code 4 when a measure is worse beyond chance",
        ),
    ] = None,
    same_as: Annotated[
        Path | None,
        typer.Option("--same-as", help="A baseline (.jsonl): exit code 4 when a case came out otherwise"),
    ] = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option("--write-baseline", help="Write what came of each case to this file (.jsonl), a line each"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask every case, and write rows, report.json and report.html.

    After Ctrl-C, the same command goes on where it stopped.

    Example: onrecord eval questions.jsonl --archive news --sample 50 --fail-under answered=0.7
    """
    from rag.answer.models.chat import is_remote
    from rag.evaluation import baseline, measures, report
    from rag.evaluation import compare as comparing
    from rag.evaluation.cases import FORMATS, load_cases
    from rag.evaluation.formats.general import FIELD_NAMES
    from rag.evaluation.libraries import require_libraries
    from rag.evaluation.rows import read_rows
    from rag.evaluation.run import DEEPEST, evaluate, output_dir

    require_libraries()
    _numbers({"--limit": limit, "--sample": sample, "--workers": workers}, _MOST)
    _numbers({"--depth": depth}, DEEPEST)
    _one_of("--retriever", retriever, ("hybrid", "dense", "lexical"))
    _one_of("--format", format_, FORMATS)
    for ours, _ in map(pair, field or []):
        _one_of("--field", ours, FIELD_NAMES)
    least = _least(fail_under)
    with _of("--measure"):
        names = measures.parse(measure) if measure else None
    base = _base(no_worse_than) if no_worse_than else None
    wanted = baseline.read(same_as) if same_as else None
    found = load_cases(cases, fields=dict(pair(f) for f in field or []), format=format_)
    err = rich_console(stderr=True)
    for problem in found.problems[:20]:
        err.print(printable(f"left out {problem.origin}: {problem.reason}"), style="yellow")
    if len(found.problems) > 20:
        err.print(f"… and {len(found.problems) - 20} more", style="yellow")
    with open_archive(archive, model=model, retriever=retriever) as opened:
        if not retrieval and is_remote(opened.model):
            err.print(printable(f"Passages of the archive are sent to {opened.model}."), style="yellow")
        called = "retrieval" if retrieval else "".join(c if c.isalnum() or c in "-._" else "-" for c in opened.model)
        where = out or Path("evaluations") / f"{cases.name.partition('.')[0]}-{called}-{{run}}"
        with case_progress() as tell:
            done = evaluate(
                opened,
                found,
                out=where,
                retrieval=retrieval,
                measure=names,
                depth=depth,
                brief=brief,
                workers=workers,
                limit=limit,
                sample=sample,
                seed=seed,
                progress=tell,
            )
    if as_json:
        print_json(done.model_dump_json(indent=1))
    else:
        print_report(done)
    folder = output_dir(where, done.run)
    err.print(printable(str(folder / report.HTML)))
    now = baseline.make(done, read_rows(folder))
    if write_baseline:
        baseline.write(write_baseline, now)
    different = baseline.differences(wanted, now) if wanted else ()
    _judge((*comparing.verdict(done, least, base), *different))


@group.command()
def compare(
    a: Annotated[Path, typer.Argument(help="The earlier run: its folder or its report.json")],
    b: Annotated[Path, typer.Argument(help="The later run")],
    html: Annotated[Path | None, typer.Option("--html", help="Write the comparison as a page to this file")] = None,
    fail_under: FailUnderOption = None,
    fail_if_worse: Annotated[
        bool, typer.Option("--fail-if-worse", help="Exit code 4 when a measure of B is worse beyond chance")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare run B with run A: each measure with interval and test, and the cases that flipped.

    Example: onrecord eval compare last-week this-week --fail-if-worse
    """
    from rag.evaluation import compare as comparing
    from rag.evaluation import report
    from rag.evaluation.libraries import require_libraries

    require_libraries()
    least = _least(fail_under)
    earlier, later = report.read(a), report.read(b)
    found = comparing.compare(earlier, later)
    if html:
        try:
            html.write_text(report.comparison_html(found), "utf-8")
        except OSError as e:
            raise UsageError(f"{html} can't be written to ({e.strerror}). Choose another: --html FILE") from e
    if as_json:
        print_json(found.model_dump_json(indent=1))
    else:
        print_comparison(found)
    _judge(comparing.verdict(later, least, earlier if fail_if_worse else None))


# -- helpers ---------------------------------------------------------------------------


def _least(given: Sequence[str] | None) -> dict[str, float]:
    least = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        try:
            least[name] = float(value) if equals else float("nan")
        except ValueError:
            least[name] = float("nan")
        if not 0 <= least[name] <= 1:  # nor where it is no number
            raise UsageError(f"--fail-under {text!r}: write MEASURE=LEAST, a number from 0 to 1, as in f1=0.6.")
    from rag.evaluation import measures

    with _of("--fail-under"):
        measures.parse(tuple(least))
    return least


@contextmanager
def _of(flag: str) -> Iterator[None]:
    """What makes no sense is told with the flag that it came by."""
    try:
        yield
    except UsageError as e:
        raise UsageError(f"{flag}: {e}") from e


def _numbers(given: Mapping[str, int | None], most: int) -> None:
    for flag, number in given.items():
        if number is not None and not 1 <= number <= most:
            raise UsageError(f"{flag} is {number}; it goes from 1 to {most}.")


def _one_of(flag: str, given: str | None, there: Iterable[str]) -> None:
    if given is not None and given not in (known := tuple(there)):
        raise UsageError(f"{flag} {given!r}: choose one of {', '.join(known)}.")


def _base(path: Path) -> Report | Baseline:
    """A report or a baseline, told apart by its name."""
    from rag.evaluation import baseline, report

    return baseline.read(path) if path.suffix == baseline.SUFFIX else report.read(path)


def _judge(complaints: Sequence[str]) -> None:
    """Print what is not good enough; with anything to print, end with exit code 4."""
    for complaint in complaints:
        rich_console(stderr=True).print(printable(complaint), style="red")
    if complaints:
        raise typer.Exit(Exit.BELOW_LIMIT)
