"""``onrecord collections``: named sets of articles and outlets, to which questions and searches can be restricted."""

from __future__ import annotations

from typing import Annotated

import typer

from rag.cli.app import app
from rag.cli.options import ArchiveOption, JsonOption, takes_filters
from rag.cli.terminal import open_existing, print_json, rich_console
from rag.errors import UsageError
from rag.protocols import FilterArgs
from rag.text.counting import count
from rag.text.normalize import printable

group = typer.Typer(
    name="collections",
    help="Collections: named sets of articles and outlets, for --collection of other commands.",
    no_args_is_help=True,
)
app.add_typer(group)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a collection, or its #ID")]
IdentsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, URLs or paths of articles", show_default=False)
]
SourcesOption = Annotated[
    list[str] | None, typer.Option("--of-source", help="An outlet, with all it has and will have; can be repeated")
]


@group.command("list")
def list_collections(archive: ArchiveOption = None, as_json: JsonOption = False) -> None:
    """List the collections.

    Example: onrecord collections list
    """
    with open_existing(archive) as opened:
        found = opened.collections.all()
    if as_json:
        print_json('{"collections": [' + ", ".join(c.model_dump_json() for c in found) + "]}")
        return
    out = rich_console()
    if not found:
        rich_console(stderr=True).print("No collections. Make one: onrecord collections make NAME")
    for one in found:
        out.print(printable(one.name), style="bold")
        parts = (
            count(one.articles, "article"),
            *(f"all of {o}" for o in one.sources),
            one.owner and f"{one.owner} alone",
            one.note,
        )
        out.print(f"   {printable(' · '.join(p for p in parts if p))}", style="dim")


@group.command()
def make(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it")],
    archive: ArchiveOption = None,
    note: Annotated[str, typer.Option("--note", help="Anything to remember of it")] = "",
) -> None:
    """Make a collection.

    Example: onrecord collections make "the port story" --note "for the Sunday piece"
    """
    with open_existing(archive) as opened:
        made = opened.collections.make(name, note=note)
    print(f"made {printable(made.name)}")


@group.command()
def rename(
    name: NameArgument,
    to: Annotated[str, typer.Argument(metavar="NEW", help="Its new name")],
    archive: ArchiveOption = None,
) -> None:
    """Rename a collection.

    Example: onrecord collections rename "the port story" "Port strike 2023"
    """
    with open_existing(archive) as opened:
        print(f"renamed to {printable(opened.collections.change(name, to=to).name)}")


@group.command()
@takes_filters
def add(
    name: NameArgument,
    idents: IdentsArgument = None,
    archive: ArchiveOption = None,
    of_source: SourcesOption = None,
    found_by: Annotated[
        str | None, typer.Option("--find", help="All articles that this full-text search finds now")
    ] = None,
    *,
    filters: FilterArgs,
) -> None:
    """Put articles into a collection, by id, by outlet, or all that a search finds.

    Example: onrecord collections add "the port story" --find '"port authority" strik*' --after 2023-06-01
    """
    if not (idents or of_source or found_by):
        raise UsageError("Nothing to add. Name articles, or use --of-source or --find.")
    with open_existing(archive) as opened:
        number = opened.collections.add(name, *(idents or ()), sources=of_source or ())
        if found_by:
            number += opened.collections.add_found(name, found_by, **filters)
        now = opened.collections.get(name)
    print(f"added {number}; {printable(now.name)} has {count(now.articles, 'article')}")


@group.command()
def remove(
    name: NameArgument, idents: IdentsArgument = None, archive: ArchiveOption = None, of_source: SourcesOption = None
) -> None:
    """Take articles or outlets out of a collection; they stay in the archive.

    Example: onrecord collections remove "the port story" 3f2a9c
    """
    if not (idents or of_source):
        raise UsageError("Nothing to remove. Name articles, or use --of-source.")
    with open_existing(archive) as opened:
        number = opened.collections.remove(name, *(idents or ()), sources=of_source or ())
        now = opened.collections.get(name)
    print(f"removed {number}; {printable(now.name)} has {count(now.articles, 'article')}")


@group.command()
def drop(name: NameArgument, archive: ArchiveOption = None) -> None:
    """Forget a collection; its articles stay in the archive.

    Example: onrecord collections drop "the port story"
    """
    with open_existing(archive) as opened:
        print(f"dropped {printable(opened.collections.drop(name).name)}")


__all__ = ["group"]
