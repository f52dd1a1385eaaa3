"""``onrecord ingest`` and ``formats``."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.app import app
from rag.cli.options import ArchiveOption, JsonOption, pair
from rag.cli.terminal import Exit, open_archive, print_json, progress_bar, rich_console
from rag.errors import UsageError
from rag.text.counting import count
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rich.table import Table

    from rag.ingest.preview import FilePreview, Preview
    from rag.types import IngestReport

_REASONS = 20
"""Lines that say why something was not read."""
_NAMED = 3
"""Articles that are named where a date, or an outlet, is missing."""
_FILES = 40
"""Files that a table names; of more, those of one format share a line."""


@app.command()
def ingest(
    paths: Annotated[list[str] | None, typer.Argument(help="Files, folders, glob patterns and web addresses")] = None,
    archive: ArchiveOption = None,
    sample: Annotated[bool, typer.Option("--sample", help="Ingest the sample corpus that ships with OnRecord")] = False,
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--field", help="For JSON and CSV: OURS=THEIRS, as in text=body or text=fields.bodyText; can be repeated"
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what the files are taken for and hold, and write nothing")
    ] = False,
    on: Annotated[
        str | None,
        typer.Option("--on", help="Read and embed on worker processes: local:2, or a Ray cluster, ray://HOST:10001"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ingest articles. Running it again changes nothing; one that was stopped goes on from what it had stored.

    Exit code 0: everything was read. 5: something could not be read, the rest is there. 1: nothing was read. 130: it
    was stopped, by Ctrl-C or SIGTERM.

    Example: onrecord ingest articles/ 'more/*.html' --archive news
    """
    sources: list[str | Path] = list(paths or [])
    if sample:
        from importlib import resources

        sources.append(Path(str(resources.files("rag.corpus"))))
    if not sources:
        raise UsageError(
            "Nothing to ingest. Name files or folders, or use --sample for the articles that ship with OnRecord."
        )
    if "-" in sources:
        raise UsageError(
            "Articles are read from files, not from standard input. Write them to one, as in articles.jsonl, and name "
            "it. (Of claims, `onrecord check -` reads standard input; a file of this name is ./-.)"
        )
    fields = dict(pair(f) for f in field or [])
    with _stoppable(), open_archive(archive) as opened, progress_bar("articles", lambda: _count(sources)) as step:
        if dry_run:
            told = opened.preview(*sources, fields=fields, progress=step)
        else:
            report = opened.ingest(*sources, fields=fields, progress=step, on=on)
    if dry_run:
        if as_json:
            print_json(told.model_dump_json(indent=2))
        else:
            _print_preview(told)
        _leave(told.articles, told.refused)
    else:
        if as_json:
            print_json(report.model_dump_json(indent=2))
        else:
            _print_report(report)
        _leave(report.read, len(report.refused))


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM stops as Ctrl-C does, and what is kept of a run that is stopped is told."""
    alone = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if alone else None
    try:
        yield
    except KeyboardInterrupt as e:
        for note in getattr(e, "__notes__", ()):
            print(note, file=sys.stderr)
        raise
    finally:
        if alone:
            signal.signal(signal.SIGTERM, before)


def _count(sources: list[str | Path]) -> int | None:
    """How many articles there are, about; None where web addresses are among them."""
    from rag.ingest.load import count
    from rag.sourcing import web_addresses

    return None if web_addresses(sources) else count(sources)


def _leave(read: int, refused: int) -> None:
    """End with the exit code that says whether everything was read."""
    if not read:
        rich_console(stderr=True).print("onrecord: No article was read. What is read: onrecord formats", style="red")
        raise typer.Exit(Exit.ERROR)
    if refused:
        raise typer.Exit(Exit.INCOMPLETE)


def _print_report(report: IngestReport) -> None:
    from rag.ingest.preview import counted

    passed = sum((Counter(skip.passed) for skip in report.skipped), Counter[str]())
    out, err = rich_console(), rich_console(stderr=True)
    out.print(
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, {len(report.refused)} skipped "
        f"({count(report.passages, 'passage')}, {count(report.words, 'word')}, {report.seconds:.1f} s)"
    )
    lacking = counted({"without a date": report.undated, "without an outlet": report.no_source})
    for line in (
        f"{lacking}, of {count(report.read, 'article')}" if lacking else "",
        f"passed over: {counted(passed)}" if passed else "",
        f"{report.withdrawn} taken down, since their publisher withdrew them" if report.withdrawn else "",
    ):
        if line:
            out.print(printable(line))
    _print_unread(report.unread_dates, report.unread_date)
    for what, keys, n, option in (
        ("a date", report.undated_keys, report.undated, "--published DATE"),
        ("an outlet", report.no_source_keys, report.no_source, "--to-source NAME"),
    ):
        if keys:
            more = f" and {n - _NAMED:,} more" if n > _NAMED else ""
            tip = f"onrecord mend {shlex.quote(keys[0])} {option}"
            err.print(printable(f"without {what}: {', '.join(keys[:_NAMED])}{more}. To set one: {tip}"), style="dim")
    for skip in report.refused[:_REASONS]:
        err.print(printable(f"skipped {skip.origin}: {skip.reason}"), style="yellow")
    if len(report.refused) > _REASONS:
        err.print(f"… and {len(report.refused) - _REASONS} more; all of them with --json", style="yellow")


def _print_unread(dates: int, first: str) -> None:
    """Say of how many articles the file tells a day that can't be read: it would else be lost without a word."""
    if dates:
        told = f"{count(dates, 'date')} can't be read for certain, so "
        told += f"its article stays undated: {first}" if dates == 1 else f"these articles stay undated, {first} first"
        told += ". Write dates with the year first, as in 2023-06-03."
        rich_console(stderr=True).print(printable(told), style="yellow")


def _print_preview(told: Preview) -> None:
    """The table of the files, why some can't be read, and the examples."""
    out, err = rich_console(), rich_console(stderr=True)
    out.print(_table(told.files))
    reasons = [(file.file, reason) for file in told.files for reason in file.reasons]
    for name, reason in reasons[:_REASONS]:
        err.print(printable(f"not read {name}: {reason}"), style="yellow")
    if len(reasons) > _REASONS:
        err.print(f"… and {len(reasons) - _REASONS} more; all of them with --json", style="yellow")
    _print_unread(told.unread_dates, next((file.unread_date for file in told.files if file.unread_date), ""))
    for example in told.examples:
        when = _when(example.published) if example.published else "undated"
        by = example.author or ""
        print()
        out.print(printable(example.title or "without a title"), style="bold")
        line = " · ".join(x for x in (example.source or "without an outlet", when, by) if x)
        out.print(printable(line))
        whole = example.begins == example.ends or example.characters <= len(example.begins)
        out.print(printable(example.begins if whole else f"{example.begins} … {example.ends}"), style="dim")
        out.print(printable(example.origin), style="dim")
    out.print(
        f"\n{count(told.articles, 'article')} would be read from {count(len(told.files), 'file')}. Nothing was written."
    )


def _when(published: datetime) -> str:
    """A day, with its time and offset where the form has more than the day."""
    return published.date().isoformat() if published.time() == time() else published.isoformat(" ", "minutes")


def _table(files: Sequence[FilePreview]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from rag.ingest.preview import grouped, told_of

    table = Table(box=SIMPLE_HEAD)
    table.add_column("file", overflow="fold", ratio=3)
    table.add_column("taken for", overflow="fold", ratio=3)
    table.add_column("articles", justify="right")
    table.add_column("of these, and beside them", overflow="fold", ratio=4)
    for name, group in grouped(files, _FILES):
        articles = sum(file.articles for file in group)
        table.add_row(*map(printable, (name, group[0].what, f"{articles:,}", told_of(group))))
    return table


@app.command()
def formats(as_json: JsonOption = False) -> None:
    """List the formats that are read: those known by what a file holds, and those known by its ending.

    Example: onrecord formats
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from rag.ingest.preview import formats

    known = formats()
    if as_json:
        print_json(json.dumps([one.model_dump() for one in known], ensure_ascii=False, indent=2))
        return
    table = Table(box=SIMPLE_HEAD)
    for name in ("format", "what it is", "usual endings", "known by"):
        table.add_column(name)
    for one in known:
        table.add_row(*map(printable, (one.name, one.what, " ".join(one.endings), one.by)))
    rich_console().print(table)
