"""``onrecord timeline``: the dated events about something, for reading or as a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.app import app
from rag.cli.options import ArchiveOption, JsonOption, known_outlets, takes_filters
from rag.cli.terminal import Exit, open_archive, print_json, rich_console
from rag.errors import UsageError
from rag.protocols import FilterArgs
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.timelines import Timeline

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@app.command()
@takes_filters
def timeline(
    about: Annotated[str, typer.Argument(help="A person, a place, or a story in a few words")],
    archive: ArchiveOption = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Newest events first")] = False,
    limit: Annotated[int, typer.Option("--limit", help="How many at most")] = 100,
    *,
    filters: FilterArgs,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Markdown on stdout")] = False,
) -> None:
    """List the dated events about something, each in an article's own words; --after and --before are of the events.

    Example: onrecord timeline "Qin Gang"
    """
    from rag import timelines

    if as_json + as_csv + as_markdown > 1:
        raise UsageError("--json, --csv and --markdown: choose one.")
    with open_archive(archive) as opened:
        known_outlets(opened, filters)
        found = opened.timeline(about, newest_first=newest_first, limit=limit, **filters)
    if as_json:
        print_json(found.model_dump_json(indent=2))
        _leave(found)
        return
    if as_csv or as_markdown:
        text = timelines.as_csv(found) if as_csv else timelines.as_markdown(found)
        typer.echo(_CONTROL.sub("\ufffd", text), nl=False)
        _leave(found)
        return
    out, err = rich_console(), rich_console(stderr=True)
    if found.note:
        err.print(printable(found.note))
    for entry in found.entries:
        out.print(printable(timelines.shown_day(entry)), style="bold")
        out.print(f"   {printable(' '.join(entry.quote.split()))}")
        where = " · ".join(x for x in (entry.source, entry.title) if x)
        out.print(f"   {printable(where)}", style="dim")
        if entry.fate:
            out.print(f"   {printable(entry.fate)}", style="bold")
        if entry.also_told_by:
            out.print(f"   also told by {printable(', '.join(entry.also_told_by))}", style="dim")
        out.print(f"   onrecord show {entry.article_id}", style="dim")
        out.print()
    _leave(found)


def _leave(found: Timeline) -> None:
    """End as ``ask`` and ``quotes`` do where nothing was found."""
    if not found.entries:
        raise typer.Exit(Exit.REFUSED)


__all__ = ["timeline"]
