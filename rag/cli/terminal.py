"""What the commands share: options, exit codes, and how things are put on a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import UsageError
from rag.text.normalize import printable as printable

if TYPE_CHECKING:
    from rich.console import Console

    from rag.archive import Archive


class Exit(IntEnum):
    """What the exit codes mean."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    REFUSED = 3
    SHORT = 4
    """Figures fall short of what was demanded."""


ArchiveOption = Annotated[
    Path | None,
    typer.Option(
        "--archive",
        help="The archive's folder [default: ONRECORD_ARCHIVE, else the user's data folder]",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout (docs/schema.md)")]
KOption = Annotated[int | None, typer.Option("-k", help="Passages to retrieve [default: 8]", show_default=False)]
AfterOption = Annotated[str | None, typer.Option("--after", help="Only articles from this date on, as in 2023-06-01")]
BeforeOption = Annotated[str | None, typer.Option("--before", help="Only articles before this date")]
SourceOption = Annotated[list[str] | None, typer.Option("--source", help="Only this outlet; can be repeated")]
LanguageOption = Annotated[str | None, typer.Option("--language", help="Only articles in this language, as in en")]
DatedOption = Annotated[bool, typer.Option("--dated", help="With a date filter, leave out articles without a date")]

TodayOption = Annotated[
    str | None,
    typer.Option(
        "--today", help='The day that "last week" counts from, as in 2023-06-18 [default: today]', show_default=False
    ),
]
AnyTimeOption = Annotated[bool, typer.Option("--any-time", help="Ignore what the question says of when")]


@contextmanager
def open_archive(path: Path | None, **named: str | None) -> Iterator[Archive]:
    """The archive that options and settings name; ``named`` are settings given as options."""
    from rag.archive import Archive
    from rag.settings import load_settings

    with Archive.open(settings=load_settings(archive=path, **named)) as archive:
        yield archive


def pair(text: str) -> tuple[str, str]:
    """The two sides of ``--field OURS=THEIRS``."""
    ours, equals, theirs = text.partition("=")
    if not equals or not ours or not theirs:
        raise UsageError(f"--field {text!r}: write OURS=THEIRS, as in text=body.")
    return ours, theirs


def rich_console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is: no markup, no highlighting."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress_bar(what: str, total: Callable[[], int | None]) -> Iterator[Callable[[int, str], None] | None]:
    """A progress bar on stderr, where that is a terminal."""
    console = rich_console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        task = progress.add_task(what, total=total())
        yield lambda seen, _: progress.update(task, completed=seen)


@contextmanager
def signs_of_life(console: Console) -> Iterator[Callable[[str | None], None]]:
    """Signs of life on stderr, where that is a terminal; None takes them away."""
    if not console.is_terminal:
        yield lambda _: None
        return
    status = console.status("")

    def tell(text: str | None) -> None:
        if text is None:
            status.stop()
        else:
            status.update(text)
            status.start()

    try:
        yield tell
    finally:
        status.stop()


def print_json(text: str) -> None:
    """JSON that can't command the terminal either: control characters escaped."""
    print(re.sub(r"[\x7f-\x9f]", lambda m: f"\\u{ord(m.group()):04x}", text))
