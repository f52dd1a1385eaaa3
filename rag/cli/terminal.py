"""What the commands share: exit codes, the archive they open, and how text reaches a terminal."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from rag.text.counting import count

if TYPE_CHECKING:
    from rich.console import Console

    from rag.archive import Archive

_SOON = 10.0
_MINUTE = 60.0
"""Seconds to the second line of progress where no terminal is, and between the others."""


class Exit(IntEnum):
    """What the exit codes mean."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    REFUSED = 3
    """Nothing found, or no answer; of ``check``: a claim is not supported."""
    BELOW_LIMIT = 4
    """Of ``eval``: a figure is below its limit, or the answers are not those of the baseline."""
    INCOMPLETE = 5
    """Of ``ingest`` and ``export --salvage``: something could not be read; the rest is there."""


@contextmanager
def open_archive(path: Path | None, **named: str | None) -> Iterator[Archive]:
    """Open the archive that options and settings name.

    Args:
        path: As ``--archive`` gives it.
        named: Settings that other options give.
    """
    from rag.archive import Archive
    from rag.settings import load_settings

    with Archive.open(settings=load_settings(archive=path, **named)) as archive:
        yield archive


@contextmanager
def open_existing(path: Path | None) -> Iterator[Archive]:
    """As ``open_archive``, where an archive has to be there: a mistyped folder must not look like an empty one.

    Raises:
        ArchiveMissing: There is none.
    """
    with open_archive(path) as archive:
        archive.stores.require()
        yield archive


def told(e: Exception) -> str:
    """An error on one line, with the command that helps where elsewhere something else does."""
    from rag.errors import CollectionMissing

    remedy = " List them, or make one: onrecord collections" if isinstance(e, CollectionMissing) else ""
    return " ".join(str(e).split()) + remedy


def rich_console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is: no markup, no highlighting."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress_bar(what: str, total: Callable[[], int | None]) -> Iterator[Callable[[int, str], None] | None]:
    """A progress bar on stderr; where that is no terminal, a line after 10 seconds and then each minute."""
    console = rich_console(stderr=True)
    if not console.is_terminal:
        with _lines_of_progress(console, what) as note:
            yield note
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        task = progress.add_task(what, total=total())
        yield lambda seen, _: progress.update(task, completed=seen)


@contextmanager
def _lines_of_progress(console: Console, what: str) -> Iterator[Callable[[int, str], None]]:
    """Tell how far it is in lines of a log: after 10 seconds, then each minute, also where nothing has been read yet.

    What is done sooner says nothing before its end: an error stays one line, and a pipe's log clean.
    """
    seen = 0
    over = threading.Event()

    def tell() -> None:
        wait = _SOON
        while not over.wait(wait):
            wait = _MINUTE
            console.print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {count(seen, what.removesuffix('s'), what)} so far")

    def note(number: int, _: str) -> None:
        nonlocal seen
        seen = number

    teller = threading.Thread(target=tell, name="onrecord-progress", daemon=True)
    teller.start()
    try:
        yield note
    finally:
        over.set()
        teller.join()


@contextmanager
def status_line(console: Console) -> Iterator[Callable[[str | None], None]]:
    """A line on stderr that says what is going on, where stderr is a terminal; None takes it away."""
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
