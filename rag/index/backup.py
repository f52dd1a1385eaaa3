"""Backups: the catalog and the conversations, copied as they are at one moment while others read and write.

The indexes are derived from the catalog, so a backup leaves them out and ``restore`` builds them anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.errors import ArchiveDamaged, ArchiveError, DiskFull, UsageError
from rag.index.native import is_full
from rag.index.readonly import ReadOnlyFile, is_read_only

_TOLD = "backup.json"
# In this order: words that are taken down meanwhile may then be in the copied catalog, with its note that conversations
# have to forget them, but never in a conversation without one.
_FILES = ("catalog.sqlite", "conversations.sqlite")


def backup(archive: Path, out: Path) -> dict[str, Any]:
    """Copy an archive to a new folder; it stays in use.

    Returns:
        What the backup holds, as its ``backup.json`` has it.

    Raises:
        UsageError: ``out`` is there already, lies in the archive, or can't be made.
        ArchiveDamaged: The catalog can't be read, or the copy isn't sound.
        DiskFull: There is no room.
    """
    if out.is_relative_to(archive):
        raise UsageError(f"{out} lies in the archive itself, and would be lost with it. Name a folder elsewhere.")
    half = _new(out, "backup")
    try:
        for name in _FILES:
            if (archive / name).exists():
                _copy(archive / name, half / name)
        with closing(sqlite3.connect(half / _FILES[0])) as db:
            articles = db.execute("SELECT count(*) FROM version WHERE current").fetchone()[0]
        told = {
            "archive": str(archive),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "articles": articles,
            "sha256": {f.name: _digest(f) for f in sorted(half.iterdir())},
        }
        (half / _TOLD).write_text(json.dumps(told, indent=1), "utf-8")
        os.replace(half, out)
    except (sqlite3.Error, OSError) as e:
        if is_full(e):
            raise DiskFull(f"The disk is full: no backup was made in {out}. Free some space, or name another.") from e
        if isinstance(e, OSError):
            raise
        raise ArchiveDamaged(
            f"The archive in {archive} can't be copied ({e}). See what can be read of it: onrecord doctor"
        ) from e
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return told


def unpack(source: Path, target: Path) -> Path:
    """Copy a backup's files to a new folder beside ``target``, and check them.

    Returns:
        The folder; the caller renames it to ``target`` when the indexes are built.

    Raises:
        UsageError: ``source`` is no backup, or ``target`` is there already.
        ArchiveDamaged: A file is not what was backed up.
    """
    try:
        told = json.loads((source / _TOLD).read_bytes())
        digests = dict(told["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise UsageError(f"{source} is no backup. Name a folder that `onrecord backup` made.") from e
    half = _new(target, "restore")
    try:
        for name, digest in digests.items():
            if name not in _FILES or not (source / name).is_file() or _digest(source / name) != digest:
                raise ArchiveDamaged(f"{source / name} is not what was backed up. Take another backup.")
            shutil.copyfile(source / name, half / name)
            if name != _FILES[0]:  # conversations are their owner's alone
                (half / name).chmod(0o600)
    except OSError as e:
        shutil.rmtree(half, ignore_errors=True)
        raise ArchiveError(f"{source} can't be restored ({e.strerror}). Free some space or check permissions.") from e
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return half


def _new(out: Path, what: str) -> Path:
    """A folder beside ``out``, to be renamed to it."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"{out} is there already, and nothing is overwritten. Name a folder that is not there yet.")
    half = out.with_name(f".{out.name}.{what}-{os.getpid()}")
    try:
        half.mkdir(parents=True)
    except OSError as e:
        raise UsageError(f"{out} can't be made ({e.strerror}). Name another folder.") from e
    return half


def _copy(file: Path, to: Path) -> None:
    to.touch(0o600)
    read_only = ReadOnlyFile(file) if is_read_only(file) else None
    address = read_only.address() if read_only else file.as_uri()
    with closing(sqlite3.connect(address, timeout=30, uri=True)) as theirs, closing(sqlite3.connect(to)) as ours:
        theirs.backup(ours)  # in one step, which is one moment of the archive's
        ours.execute("PRAGMA journal_mode=DELETE").fetchall()
        if (state := ours.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(state)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


__all__ = ["backup", "unpack"]
