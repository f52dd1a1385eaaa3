"""``onrecord mend``: set by hand what is said of articles, look at what was set, and take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.app import app
from rag.cli.options import ArchiveOption, JsonOption, known_outlets, takes_filters
from rag.cli.terminal import open_archive, print_json, rich_console
from rag.errors import UsageError
from rag.protocols import FilterArgs
from rag.text.counting import count
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.archive import Archive
    from rag.mending import Change, Mending


@app.command()
@takes_filters
def mend(
    idents: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, URLs or paths of articles", show_default=False)
    ] = None,
    archive: ArchiveOption = None,
    title: Annotated[str | None, typer.Option("--title", help="What it is called")] = None,
    to_source: Annotated[str | None, typer.Option("--to-source", help="The outlet; '' for none")] = None,
    author: Annotated[str | None, typer.Option("--author", help="Who wrote it; '' for nobody")] = None,
    published: Annotated[str | None, typer.Option("--published", help="Its day, as in 2023-06-03; '' for none")] = None,
    to_language: Annotated[str | None, typer.Option("--to-language", help="Its language, as in en")] = None,
    section: Annotated[str | None, typer.Option("--section", help="As in Opinion; '' for none")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Its address; '' for none")] = None,
    lacking: Annotated[
        list[str] | None, typer.Option("--lacking", help="Only articles without this, as in published; can be repeated")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change")] = False,
    log: Annotated[bool, typer.Option("--log", help="Tell what was set by hand, of one article or all")] = False,
    undo: Annotated[int | None, typer.Option("--undo", help="Take back what the mending of this number set")] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many of the log at most")] = 50,
    as_json: JsonOption = False,
    *,
    filters: FilterArgs,
) -> None:
    """Set an article's title, outlet, author, date, language, section or address by hand, of one or many at once.

    It is kept apart from what the articles' files say: ingesting them again doesn't overwrite it. Everything follows at
    once.

    Example: onrecord mend 3f2a9c --published 2023-06-03 --to-source "Harbour Post"
    """
    values = {"title": title, "source": to_source, "author": author, "published": published, "language": to_language,
              "section": section, "url": url}  # fmt: skip
    filtered = {name: value for name, value in filters.items() if value not in (None, (), True) and name != "today"}
    setting = any(value is not None for value in values.values()) or dry_run or bool(lacking) or bool(filtered)
    if sum((log, undo is not None, setting)) > 1 or (undo is not None and idents):
        raise UsageError("Do one of three: set values, --log, or --undo NUMBER.")
    if log and len(idents or ()) > 1:
        raise UsageError("--log tells of one article, or of all. Name one, or none.")
    with open_archive(archive) as opened:
        if log:
            _print_log(opened.mending_log(idents[0] if idents else None, limit=limit), as_json)
            return
        if undo is not None:
            found = opened.undo_mending(undo)
        else:
            _known(opened, filters)
            where = filters if filtered else None
            found = opened.mend(*(idents or ()), where=where, lacking=lacking or (), dry_run=dry_run, **values)  # type: ignore[arg-type]
    if as_json:
        print_json(found.model_dump_json(indent=2))
    elif undo is not None:
        print(f"undone {found.number}: {_articles(found)}")
    elif dry_run:
        _print_changes(found)
        rich_console(stderr=True).print(f"{_articles(found)} would change; nothing was changed", style="dim")
    else:
        print(f"mended {_articles(found)}; to take it back: onrecord mend --undo {found.number}")


def _known(opened: Archive, filters: FilterArgs) -> None:
    """As ``known_outlets``; who names a new outlet most likely meant to set it."""
    try:
        known_outlets(opened, filters)
    except UsageError as e:
        raise UsageError(f"{e} --source says which articles are meant; --to-source sets their outlet.") from None


def _articles(mending: Mending) -> str:
    return count(mending.articles, "article")


def _print_log(found: list[Mending], as_json: bool) -> None:
    if as_json:
        print_json('{"mendings": [' + ", ".join(m.model_dump_json() for m in found) + "]}")
        return
    if not found:
        rich_console(stderr=True).print("Nothing was set by hand. Do so: onrecord mend ID --published 2023-06-03")
    out = rich_console()
    for one in found:
        parts = (f"{one.at:%Y-%m-%d %H:%M}", one.by, _articles(one))
        out.print(f"{one.number}  {printable(' · '.join(p for p in parts if p))}", style="bold")
        if one.undone_at:
            by = f" by {one.undone_by}" if one.undone_by else ""
            out.print(f"   undone {one.undone_at:%Y-%m-%d %H:%M}{printable(by)}", style="yellow")
        _print_changes(one)


def _print_changes(mending: Mending) -> None:
    from rag.value import shown_key

    out = rich_console()
    for change in mending.changes:
        out.print(f"   {printable(f'{change.title or shown_key(change.key)} · {change.field}: {_step(change)}')}")
    if (more := mending.articles - len({c.key for c in mending.changes})) > 0:
        out.print(f"   and {count(more, 'more article')}", style="dim")


def _step(change: Change) -> str:
    before, after = (
        (value or "none").removesuffix("T00:00:00+00:00") if change.field == "published" else value or "none"
        for value in (change.before, change.after)
    )
    return f"{before} → {after}"


__all__ = ["mend"]
