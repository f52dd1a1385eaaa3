"""``onrecord check``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.app import app
from rag.cli.terminal import Exit, print_json, rich_console
from rag.errors import OnRecordError
from rag.text.counting import count
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.claims import BadLine, Claim

_STYLES = {"supported": "green", "contradicted": "red", "not_told": "yellow"}


@app.command()
def check(
    file: Annotated[
        str,
        typer.Argument(help='JSON lines with claim, cited and, if known, question, date, title, around; "-": stdin'),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line (docs/schema.md)")] = False,
) -> None:
    """Judge claims by the words they cite: supported, contradicted, or not told. No archive is needed.

    Exit code 0 when all are supported, 3 when one is not, 1 when a line can't be read (the others are judged anyway) or
    there is none.

    Example: onrecord check claims.jsonl
    """
    from rag.answer.check.judge import as_dict
    from rag.claims import BadLine, judge_with, read_claims

    err, out = rich_console(stderr=True), rich_console()
    judge_one = judge_with()
    unsupported = bad = judged = 0
    ignored: set[str] = set()
    with _lines(file) as lines:
        for number, found, strange in read_claims(lines):
            if new := strange - ignored:
                ignored |= new
                names = ", ".join(sorted(printable(n) for n in new))
                err.print(f"line {number}: ignored what no claim has: {names}", style="dim")
            if isinstance(found, BadLine):
                bad += 1
                _complain(found, as_json)
                continue
            judged += 1
            told = judge_one(found)
            unsupported += not told.ok
            if as_json:
                print_json(json.dumps({"line": number, **as_dict(told)}, ensure_ascii=False))
            else:
                _print(number, found, as_dict(told))
    if not as_json and judged:
        out.print(f"{count(judged, 'claim')}, {judged - unsupported} supported", style="bold")
    if not judged and not bad:
        raise OnRecordError("There is no claim: the file is empty. Write one on each line, as JSON.")
    if bad:
        raise typer.Exit(Exit.ERROR)
    if unsupported:
        raise typer.Exit(Exit.REFUSED)


@contextmanager
def _lines(file: str) -> Iterator[Iterator[str]]:
    """The lines of a file or of stdin; what is no UTF-8 becomes a replacement character."""
    if file == "-":
        yield (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
        return
    if not Path(file).is_file():
        raise OnRecordError(f"There is no file {file!r}. Name one with a claim on each line, or - for standard input.")
    with Path(file).open(encoding="utf-8", errors="replace") as opened:
        yield iter(opened)


def _complain(line: BadLine, as_json: bool) -> None:
    """Say what is wrong with a line: on stderr and, for machines, in its place among the verdicts."""
    rich_console(stderr=True).print(f"onrecord: line {line.number}: {printable(line.why)}", style="red")
    if as_json:
        print_json(json.dumps({"line": line.number, "error": line.why}, ensure_ascii=False))


def _print(number: int, claim: Claim, told: dict[str, str | float]) -> None:
    from rich.text import Text

    verdict = str(told["verdict"])
    shown = " ".join(printable(claim.claim).split())
    head = f"{number:>4}  {verdict.replace('_', ' '):<12}  {told['p']:.2f}  "
    rich_console().print(Text.assemble((head, _STYLES[verdict]), shown[:200] + ("…" if len(shown) > 200 else "")))
    if told["why"]:
        rich_console().print(f"      {printable(str(told['why']))}", style="dim")


__all__: list[str] = []
