"""The write lock of an archive's folder: one process writes at a time, and a file says which one."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ArchiveLocked, UsageError
from rag.index.readonly import require_writable

if TYPE_CHECKING:
    from filelock import FileLock

SYNC = "sync"
"""What a sync holds the lock for: for moments, again and again. Others wait for it."""
FOLLOW = "follow"
"""What a process holds it for that takes in what others have written to a catalog on a server."""
PATIENCE = 30.0
"""Seconds for which a sync is waited for."""
_TELLS = 1.0
"""Seconds that a process may take, once it holds the lock, to write down for what; a sync begins and ends often."""


@contextmanager
def write_lock(folder: Path, what: str) -> Iterator[None]:
    """Hold the write lock of an archive's folder; the folder is created if it doesn't exist.

    Args:
        folder: The archive's folder.
        what: The command that holds it, for the error message of others: "ingest".

    Raises:
        ArchiveLocked: Another process holds it; the message says which.
        UsageError: The folder can't be created.
        ArchiveReadOnly: It can't be written to.
    """
    from filelock import FileLock, Timeout

    require_writable(folder / "catalog.sqlite")
    _make(folder)
    lock = FileLock(folder / "write.lock")
    holder = folder / "write.holder"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holds = _told(lock, holder)
        if lock.is_locked or ((holds == FOLLOW or (what != SYNC and holds == SYNC)) and _waited_for(lock)):
            yield from _held(lock, holder, what)
            return
        raise ArchiveLocked(
            f"{_who(holder)} is writing to {folder}. Wait until it is done, or stop it, then run this again."
        ) from None
    yield from _held(lock, holder, what)


@contextmanager
def folder_lock(folder: Path, *, patience: float) -> Iterator[bool]:
    """The write lock of a folder of indexes, for following a catalog that is elsewhere.

    Args:
        folder: The archive's; it is made where there is none.
        patience: Seconds for which another process is waited for.

    Yields:
        Whether the lock is held.
    """
    from filelock import FileLock, Timeout

    require_writable(folder / "replica.sqlite")
    _make(folder)
    lock = FileLock(folder / "write.lock")
    try:
        lock.acquire(timeout=patience, poll_interval=0.05)
    except Timeout:
        yield False
        return
    for _ in _held(lock, folder / "write.holder", FOLLOW):
        yield True


@contextmanager
def sync_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of an archive's syncs, of which one runs at a time.

    Raises:
        ArchiveLocked: Another one runs, in this process or another.
    """
    from filelock import FileLock, Timeout

    require_writable(folder / "catalog.sqlite")
    lock = FileLock(folder / "sync.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ArchiveLocked(f"Another sync of {folder} is running. Wait until it is done, or stop it.") from None
    try:
        yield
    finally:
        lock.release()


def _held(lock: FileLock, holder: Path, what: str) -> Iterator[None]:
    """The block in which the lock is held."""
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        me = {"pid": os.getpid(), "host": socket.gethostname(), "what": what, "since": since}
        holder.write_text(json.dumps(me), "utf-8")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise UsageError(f"{folder} can't be an archive's folder ({e.strerror}). Choose another: --archive PATH") from e


def _waited_for(lock: FileLock) -> bool:
    """Whether the lock came free while a sync, which writes for moments at a time, was waited for."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=PATIENCE, poll_interval=0.05)
    except Timeout:
        return False
    return True


def _told(lock: FileLock, holder: Path) -> str:
    """What the lock is held for; "" where nobody says so, or where it came free and is held here now."""
    from filelock import Timeout

    until = time.monotonic() + _TELLS
    while not (holds := _what(holder)) and time.monotonic() < until:
        with suppress(Timeout):
            lock.acquire(timeout=0.02, poll_interval=0.01)
            return ""
    return holds


def _what(holder: Path) -> str:
    try:
        return str(json.loads(holder.read_text("utf-8"))["what"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _who(holder: Path) -> str:
    try:
        who = json.loads(holder.read_text("utf-8"))
        return f"Process {who['pid']} on {who['host']} (onrecord {who['what']}, since {who['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "Another process"
