"""Folders and mailboxes in Maildir form as sources: what is in them, and the articles of one file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import SourceError
from rag.ingest.load import files, load
from rag.ingest.packed import LIMITS, Limits
from rag.sources.values import Hints
from rag.types import RawArticle, Skipped

_FLAGS = re.compile(r":2,[A-Za-z]*$|![A-Za-z]*$")
"""What a mail program appends to a letter's name as it is read, answered, flagged."""


def is_maildir(folder: Path) -> bool:
    """Whether a folder is a mailbox in Maildir form."""
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def list_folder(address: str) -> Iterator[Hints]:
    """The files of a folder, those below it included.

    Raises:
        SourceError: It is not there, or can't be read, so that nothing may be taken for removed.
    """
    for item in files(_there(address)):
        if isinstance(item, Skipped):
            raise SourceError(f"{item.origin}: {item.reason}")
        if (hints := _hints(item, item.as_posix())) is not None:
            yield hints


def list_maildir(address: str) -> Iterator[Hints]:
    """The letters of a mailbox. A letter that changes its name, as it is read, stays the same.

    Raises:
        SourceError: It is not there, or is no mailbox.
    """
    folder = _there(address)
    if not is_maildir(folder):
        raise SourceError(f"{folder} is no mailbox in Maildir form: it has no folders cur and new.")
    for part in ("cur", "new"):
        try:
            names = sorted(os.listdir(folder / part))
        except OSError as e:
            raise SourceError(f"{folder / part} can't be read: {e.strerror}") from e
        for name in names:
            if not name.startswith("."):
                if (hints := _hints(folder / part / name, (folder / _FLAGS.sub("", name)).as_posix())) is not None:
                    yield hints


def read_file(path: Path, key: str, limits: Limits = LIMITS) -> list[RawArticle | Skipped]:
    """The articles of a file.

    Args:
        path: Where it is now.
        key: What its articles' keys begin with, where it is not where the file is.
        limits: How much reading it may take.
    """
    local = path.resolve().as_posix()
    found = list(load([path], None, limits))
    if key == local:
        return found
    return [
        item.model_copy(update={"key": key + item.key.removeprefix(local)})
        if isinstance(item, RawArticle) and item.key.startswith(local)
        else item
        for item in found
    ]


def _there(address: str) -> Path:
    folder = Path(address)
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}. Nothing of it was changed.")
    return folder


def _hints(path: Path, key: str) -> Hints | None:
    """A file as an entry; None where it is gone meanwhile."""
    try:
        state = path.stat()
    except OSError:
        return None
    return Hints(
        url=key,
        guid=path.as_posix(),  # where it is now
        updated=datetime.fromtimestamp(state.st_mtime, UTC),
        stamp=f"{state.st_mtime_ns}-{state.st_size}",
    )


__all__ = ["is_maildir", "list_folder", "list_maildir", "read_file"]
