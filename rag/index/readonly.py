"""Archives that can be read and not be written to: on a disc, in a snapshot, in another user's folder.

SQLite and the libraries of the indexes write even for readers: locks, logs, a graph that is saved when it is loaded.
Here they find a copy in the temporary folder where the files are small or have to be written to, and links elsewhere.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path

from rag.errors import ArchiveReadOnly
from rag.index.native import SEAL

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.index.conversations import Conversations

_IDENT = re.compile(r'"([0-9a-f]{20})"')
"""A version's id in an answer, as JSON has it."""
LOGGER = logging.getLogger("onrecord.stores")


def is_read_only(file: Path) -> bool:
    """Whether a file is there, and it or its folder can't be written to."""
    return file.exists() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def require_writable(file: Path) -> None:
    """Check that an archive can be written to.

    Raises:
        ArchiveReadOnly: It can't.
    """
    if is_read_only(file):
        raise ArchiveReadOnly(
            f"The archive in {file.parent} is read-only. Ask its owner for permission to write, or make one of your "
            "own of it: onrecord backup OUT, then onrecord restore OUT --archive NEW"
        )


class ReadOnlyFile:
    """How an SQLite file that can't be written to is opened."""

    def __init__(self, file: Path) -> None:
        """Open nothing yet."""
        self._file = file
        self._copy: Any = None

    def state(self) -> tuple[int, ...]:
        """Changes when its owner writes to it."""
        found: list[int] = []
        for file in (self._file, self._file.with_name(f"{self._file.name}-wal")):
            try:
                known = file.stat()
                found += [known.st_size, known.st_mtime_ns, known.st_ino]
            except OSError:
                found.append(0)
        return tuple(found)

    def address(self) -> str:
        """What to give to ``sqlite3.connect`` with ``uri=True``."""
        live = f"{self._file.as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(live, uri=True)) as db:
                db.execute("SELECT 1 FROM sqlite_master").fetchall()
            return live
        except sqlite3.OperationalError:  # without the files beside it, which it can't make
            pass
        log = self._file.with_name(f"{self._file.name}-wal")
        if not log.exists() or not log.stat().st_size:
            return f"{self._file.as_uri()}?immutable=1"
        self._copy = tempfile.TemporaryDirectory(prefix="onrecord-", ignore_cleanup_errors=True)
        for file in (self._file, log):  # the log holds what the file does not have yet
            shutil.copyfile(file, Path(self._copy.name) / file.name)
        return str((Path(self._copy.name) / self._file.name).as_uri())


_TRIES, _PAUSE = 6, 0.1  # seconds between two


class Mirror:
    """Index folders of a read-only archive, where the libraries may write beside them."""

    def __init__(self) -> None:
        self._folder: Any = None
        self._shown: dict[str, Path] = {}

    def of(self, folder: Path, generation: int) -> Path:
        """A folder for an index: Chroma's files are copied, tantivy's, which it only reads, are linked to."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="onrecord-", ignore_cleanup_errors=True)
        name = f"{folder.name}.{generation}"
        if name not in self._shown:
            to = Path(self._folder.name) / name
            for left in reversed(range(_TRIES)):
                shutil.rmtree(to, ignore_errors=True)
                before = _read(folder / SEAL)
                try:
                    _show(folder, to, copy=folder.name.startswith("vectors"))
                    # Else its owner was writing; one without a seal may be written to, or be an older program's.
                    if _read(folder / SEAL) == before and (before or not left):
                        break
                except OSError:  # a file went away while it was copied
                    if not left:
                        raise
                time.sleep(_PAUSE)
            self._shown[name] = to
        return self._shown[name]

    def close(self) -> None:
        """Remove them."""
        self._shown = {}
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _show(folder: Path, to: Path, *, copy: bool) -> None:
    to.mkdir(parents=True)
    for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
        there = to / file.relative_to(folder)
        if file.is_dir():
            there.mkdir(parents=True, exist_ok=True)
        elif file.suffix == ".lock":
            continue
        elif copy or file.suffix == ".json":
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, there)
        else:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.symlink_to(file)


# -- conversations ------------------------------------------------------------------


def folder_beside(archive: Path) -> Path:
    """Where a user keeps what can't be in a read-only archive: in the user's data folder, else until the end."""
    name = hashlib.sha256(os.fsencode(archive)).hexdigest()[:16]
    folder = user_data_path("onrecord", appauthor=False) / "conversations" / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK):
            raise PermissionError
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="onrecord-"))
    return folder


def conversations_file(archive: Path) -> Path:
    """Where a user's conversations with a read-only archive are."""
    folder = folder_beside(archive)
    LOGGER.warning("the archive in %s is read-only; conversations and ratings are kept in %s", archive, folder)
    return folder / "conversations.sqlite"


def forget_gone(conversations: Conversations, catalog: Catalog) -> None:
    """Have conversations kept elsewhere forget articles that the archive's owner has taken down."""
    # Not in citations alone: passages that were found, sides, conflicts and twins name articles too.
    cited = {ident for row in conversations._rows("SELECT answer FROM turn") for ident in _IDENT.findall(row["answer"])}
    if gone := sorted(cited - catalog.exists(cited).keys()):
        conversations.forget(gone)


__all__ = [
    "Mirror", "ReadOnlyFile", "conversations_file", "folder_beside", "forget_gone", "is_read_only", "require_writable",
]  # fmt: skip
