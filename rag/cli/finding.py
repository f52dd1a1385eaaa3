"""``onrecord find``: full-text search, for reading or as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.text import Text

from rag.cli.app import app
from rag.cli.options import ArchiveOption, JsonOption, takes_filters
from rag.cli.terminal import Exit, open_archive, print_json, rich_console
from rag.errors import UsageError
from rag.protocols import FilterArgs
from rag.text.counting import count
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.finding import Excerpt, Findings
    from rag.retrieve.fulltext import Order


@app.command()
@takes_filters
def find(
    query: Annotated[list[str], typer.Argument(help='Words, "a phrase", AND, OR, NOT, begin*, title:word ...')],
    archive: ArchiveOption = None,
    order: Annotated[str, typer.Option("--order", "--sort", help="relevance, newest or oldest")] = "relevance",
    limit: Annotated[int, typer.Option("--limit", help="How many articles at most")] = 20,
    offset: Annotated[int, typer.Option("--offset", help="How many to pass over")] = 0,
    *,
    filters: FilterArgs,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout")] = False,
) -> None:
    """Search the full text of the articles for words, as they stand there; to have a question answered, use ask.

    Example: onrecord find '"port authority" AND strik* NOT ferry outlet:harbour after:2023-06' --order newest
    """
    from rag.finding import as_csv as csv_of

    if as_json and as_csv:
        raise UsageError("--json, --csv: choose one.")
    if order not in ("relevance", "newest", "oldest"):
        raise UsageError(f"--order {order!r} is none of relevance, newest, oldest.")
    with open_archive(archive) as opened:
        found = opened.find(" ".join(query), order=cast("Order", order), limit=limit, offset=offset, **filters)
    if as_json:
        print_json(found.model_dump_json(indent=2))
    elif as_csv:
        typer.echo(csv_of(found), nl=False)
    else:
        _print(found)
    if not found.total:
        raise typer.Exit(Exit.REFUSED)


def _print(found: Findings) -> None:
    """The articles with the words marked, and in how many outlets and months there are any."""
    out, err = rich_console(), rich_console(stderr=True)
    for hit in found.found:
        a = hit.article
        day = f"{a.published:%Y-%m-%d}" if a.published else "undated"
        out.print(printable(a.title), style="bold")
        out.print(" · ".join(printable(x) for x in (a.source or "", a.author or "", day) if x), style="dim")
        for excerpt in hit.excerpts:
            out.print(_marked(excerpt))
        out.print(f"   onrecord show {a.id}", style="dim")
        out.print()
    most = ", ".join(f"{printable(name) or 'without an outlet'} {n}" for name, n in found.sources[:5])
    shown = len(found.found)
    told = count(found.total, "article") + (f", {shown} shown" if shown < found.total else "")
    err.print(f"{told}: {most}" if most else told)


def _marked(excerpt: Excerpt) -> Text:
    line, at = Text("   "), excerpt.start
    for start, end in (*excerpt.marks, (excerpt.end, excerpt.end)):
        line.append(_one_line(excerpt.text[at - excerpt.start : start - excerpt.start]))
        line.append(_one_line(excerpt.text[start - excerpt.start : end - excerpt.start]), style="bold underline")
        at = end
    return line


def _one_line(text: str) -> str:
    return printable(text).replace("\n", " ").replace("\t", " ")


__all__ = ["find"]
