"""``onrecord list``, ``show`` and ``delete``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from rag.cli.app import app
from rag.cli.options import (
    AfterOption,
    ArchiveOption,
    BeforeOption,
    CollectionOption,
    JsonOption,
    LanguageOption,
    TodayOption,
    known_outlets,
    parse_day,
)
from rag.cli.terminal import Exit, open_archive, print_json, rich_console
from rag.errors import OnRecordError, UsageError
from rag.protocols import ListOrder
from rag.text.counting import count
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.types import Article, Passage


@app.command()
def show(
    ident: Annotated[
        str, typer.Argument(metavar="ID", help="Id of an article or passage, or an article's URL or path")
    ],
    archive: ArchiveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print an article or a passage.

    Example: onrecord show 3f2a9c
    """
    from rag import shown
    from rag.value import shown_key

    with open_archive(archive) as opened:
        found: Article | Passage
        is_passage = ":" in ident and ident.rpartition(":")[2].isdigit()
        if is_passage:
            try:
                found = opened.passage(ident)
            except OnRecordError:
                found, is_passage = opened.get(ident), False
        else:
            found = opened.get(ident)
        if as_json:
            print_json(found.model_dump_json(indent=2))
            return
        out = rich_console()
        article = opened.get(found.article_id) if is_passage else found  # type: ignore[union-attr]
        out.print(printable(article.title), style="bold")
        for name in ("source", "author", "published", "url", "language", "id", "key"):
            if value := getattr(article, name, None):
                out.print(f"{name:<10} {printable(shown_key(value) if name == 'key' else str(value))}", style="dim")
        if told := shown.by_hand(article):  # type: ignore[arg-type]
            out.print(printable(told), style="yellow")
        if not getattr(article, "current", True):
            newest = opened.versions(article.key)[0]  # type: ignore[union-attr]
            out.print(
                f"This is an older version; the article has changed since: onrecord show {newest}", style="yellow"
            )
        if twins := article.also_published_by:
            out.print(f"also at    {', '.join(printable(shown_key(t)) for t in twins)}", style="dim")
        print()
        print(printable(found.text))


@app.command("list")
def list_(
    search: Annotated[
        str, typer.Argument(metavar="[WORDS]", help="Words in title, author or key; parts do", show_default=False)
    ] = "",
    archive: ArchiveOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    today: TodayOption = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help="Only this outlet, '' for articles without one; can be repeated"),
    ] = None,
    language: LanguageOption = None,
    collection: CollectionOption = None,
    order: Annotated[
        str, typer.Option("--order", "--sort", help="newest, oldest, added, title, source, longest", show_default=True)
    ] = "newest",
    limit: Annotated[int, typer.Option("--limit", help="How many at most, up to 1000")] = 50,
    offset: Annotated[int, typer.Option("--offset", help="How many to pass over")] = 0,
    as_json: JsonOption = False,
) -> None:
    """List articles: day, outlet, title and id. Filtered by date, those without one are left out.
    Exit code 3: none.

    Example: onrecord list --source "Harbour Post" --after "June 2023" --order title
    """
    from rag.protocols import FilterArgs
    from rag.value import shown_key

    if order not in get_args(ListOrder):
        raise UsageError(f"--order {order!r}: choose one of {', '.join(get_args(ListOrder))}.")
    now = parse_day("--today", today)
    with open_archive(archive) as opened:
        opened.stores.require()
        known_outlets(opened, FilterArgs(sources=source or ()))
        found, total = opened.list_articles(
            search,
            sources=source or (),
            language=language,
            after=parse_day("--after", after, now),
            before=parse_day("--before", before, now),
            collection=collection,
            order=cast(ListOrder, order),
            limit=limit,
            offset=offset,
        )
    if as_json:
        page = {"articles": [a.model_dump(mode="json") for a in found], "total": total}
        print_json(json.dumps(page, indent=2, ensure_ascii=False))
        _leave(total)
        return
    out, err = rich_console(), rich_console(stderr=True)
    for article in found:
        when = f"{article.published:%Y-%m-%d}" if article.published else "no date   "
        title = " ".join(article.title.split()) or shown_key(article.key)
        told = " · ".join(x for x in (title, article.source, article.author) if x)
        out.print(f"{when}  {article.id[:12]}  {printable(told)}")
    shown = f"{offset + 1} to {offset + len(found)}" if found else "none"
    err.print(f"{shown} of {count(total, 'article')}", style="dim")
    _leave(total)


def _leave(total: int) -> None:
    """End as other commands do where nothing was found."""
    if not total:
        raise typer.Exit(Exit.REFUSED)


@app.command()
def delete(
    idents: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, URLs or paths of articles")],
    archive: ArchiveOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation")] = False,
) -> None:
    """Delete articles: all their versions, everywhere in the archive. This can't be undone.

    Example: onrecord delete 3f2a9c --yes
    """
    from rag.value import shown_key

    with open_archive(archive) as opened:
        articles = [opened.get(i) for i in idents]
        if not yes:
            for article in articles:
                print(f"{article.id}  {printable(article.title)}", file=sys.stderr)
            if not sys.stdin.isatty():
                raise UsageError("Nobody is there to confirm. Add --yes.")
            if not typer.confirm(f"Delete {len(articles)} for good?", err=True):
                raise typer.Exit(Exit.ERROR)
        for key in opened.delete(*idents):
            print(f"deleted {printable(shown_key(key))}")
