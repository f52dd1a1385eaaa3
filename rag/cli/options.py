"""The options that several commands share; those that filter articles are spelt here alone."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import UsageError
from rag.protocols import FilterArgs

if TYPE_CHECKING:
    from rag.archive import Archive

ArchiveOption = Annotated[
    Path | None,
    typer.Option(
        "--archive",
        help="The archive's folder [default: ONRECORD_ARCHIVE, else the user's data folder]",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout (docs/schema.md)")]
KOption = Annotated[int | None, typer.Option("-k", help="Passages to retrieve [default: 12]", show_default=False)]
TodayOption = Annotated[
    str | None,
    typer.Option(
        "--today", help='The day that "last week" counts from, as in 2023-06-18 [default: today]', show_default=False
    ),
]
TimesOption = Annotated[
    bool, typer.Option("--times/--any-time", help="Whether what the question says of when counts", show_default=False)
]


AfterOption = Annotated[
    str | None,
    typer.Option("--after", help="Only articles from this day on: 2023-06-01, 1 June 2023, last week"),
]
BeforeOption = Annotated[str | None, typer.Option("--before", help="Only articles before this day, written likewise")]
SourceOption = Annotated[list[str] | None, typer.Option("--source", help="Only this outlet; can be repeated")]
LanguageOption = Annotated[str | None, typer.Option("--language", help="Only articles in this language, as in en")]
UndatedOption = Annotated[
    bool,
    typer.Option("--undated/--dated", help="Whether a date filter lets undated articles through", show_default=False),
]
CollectionOption = Annotated[str | None, typer.Option("--collection", help="Only articles of this collection")]


def _filter_args(
    after: AfterOption = None,
    before: BeforeOption = None,
    source: SourceOption = None,
    language: LanguageOption = None,
    undated: UndatedOption = True,
    collection: CollectionOption = None,
    today: TodayOption = None,
) -> FilterArgs:
    """The filters that options give."""
    now = parse_day("--today", today)
    return FilterArgs(
        after=parse_day("--after", after, now),
        before=parse_day("--before", before, now),
        today=now,
        sources=tuple(source or ()),
        language=language,
        undated=undated,
        collection=collection,
    )


def takes_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that filter articles, where it has the parameter ``filters``.

    Typer has no groups of options: it reads a function's signature. So the command's is replaced by one in which the
    options of ``_filter_args`` stand in the place of ``filters``.
    """
    own = inspect.signature(command, eval_str=True)
    options = inspect.signature(_filter_args, eval_str=True).parameters
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, given in own.parameters.items()
        for parameter in (options.values() if name == "filters" else (given,))
    ]

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:
        filters = _filter_args(**{name: given.pop(name) for name in options})
        command(**given, filters=filters)

    wrapped.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapped


def parse_day(option: str, text: str | None, today: datetime | None = None) -> datetime | None:
    """The day that an option names.

    Args:
        option: For the error.
        text: As it was given; None: it was not.
        today: What "last week" counts from; by default now.

    Raises:
        UsageError: It is not a date.
    """
    if text is None:
        return None
    from rag.retrieve.days import day

    return day(option, text, today)


def known_outlets(archive: Archive, filters: FilterArgs) -> None:
    """Check that the archive has the outlets that ``--source`` names.

    Raises:
        UsageError: It has none of a name; the message lists what there is.
    """
    from rag.arguments import unknown_filters

    for told in unknown_filters(archive.stores, filters.get("sources"), None):
        raise UsageError(f"--source: {told}")


def pair(text: str) -> tuple[str, str]:
    """The two sides of ``--field OURS=THEIRS``."""
    ours, equals, theirs = text.partition("=")
    if not equals or not ours or not theirs:
        raise UsageError(f"--field {text!r}: write OURS=THEIRS, as in text=body.")
    return ours, theirs
