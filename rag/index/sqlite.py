"""Connections to an SQLite file: one for each thread, and all of them may be closed while other threads still read."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import ArchiveError
from rag.index.readonly import ReadOnlyFile, is_read_only

BUSY_S = 30.0
"""Seconds that a statement waits for another writer."""

_DAMAGE = ("Could not decode to UTF-8", "disk I/O error", "unsupported file format", "malformed", "no such table")
"""Beginnings of messages of SQLite that tell of a damaged file too."""


class _Guard:
    """Keeps a connection from being closed while SQLite executes a statement for it."""

    def __init__(self, damaged: Callable[[sqlite3.Error], ArchiveError] | None) -> None:
        self.lock = threading.RLock()
        self.closed = False
        self.damaged = damaged

    def __enter__(self) -> None:
        self.lock.acquire()
        if self.closed:
            self.lock.release()
            raise ArchiveError("The archive was closed while it was in use. Open it again: Archive.open(...)")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.lock.release()
        # The base class itself is raised only for a file that can't be read.
        if self.damaged is not None and (
            type(error) is sqlite3.DatabaseError
            or (isinstance(error, sqlite3.OperationalError) and str(error).startswith(_DAMAGE))
        ):
            raise self.damaged(error) from error


class Cursor(sqlite3.Cursor):
    """Keeps its connection open while SQLite executes a statement."""

    connection: Connection

    def execute(self, *args: Any) -> Cursor:
        with self.connection.guard:
            return super().execute(*args)

    def executemany(self, *args: Any) -> Cursor:
        with self.connection.guard:
            return super().executemany(*args)

    def fetchone(self) -> Any:
        with self.connection.guard:
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with self.connection.guard:
            return super().fetchall()

    def __next__(self) -> Any:
        with self.connection.guard:
            return super().__next__()


class Connection(sqlite3.Connection):
    """A connection that is closed between two statements, never during one, which would crash the process."""

    guard: _Guard
    read_only: bool = False
    """Whether the file can't be written to."""

    def execute(self, *args: Any) -> Cursor:
        return self.cursor(Cursor).execute(*args)

    def executemany(self, *args: Any) -> Cursor:
        return self.cursor(Cursor).executemany(*args)

    def close(self) -> None:
        """Close it when the statement that is running, if any, is done."""
        with self.guard.lock:
            self.guard.closed = True
            super().close()


class Connections:
    """A connection to one file for each thread; when the thread ends its connection is closed."""

    def __init__(
        self,
        file: Path,
        prepare: Callable[[Connection], None],
        damaged: Callable[[sqlite3.Error], ArchiveError] | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            file: The database.
            prepare: Called with every new connection before its first use.
            damaged: Makes the error to raise when SQLite finds that the file can't be read.
        """
        self._file, self._prepare, self._damaged = file, prepare, damaged
        self._local = threading.local()
        self._all: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._read_only: ReadOnlyFile | None = None
        self._state: tuple[int, ...] = ()

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._all)

    def current(self) -> Connection:
        """The calling thread's connection, opened at its first use."""
        db: Connection | None = getattr(self._local, "db", None)
        if db is not None and db.read_only and self._read_only is not None:
            if self._read_only.state() != self._state:  # its owner has written to it
                self.close()
                db = None
        if db is None:
            # check_same_thread is off only so that close() may end all of them.
            address = self._address()
            db = sqlite3.connect(
                address or self._file,
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
                factory=Connection,
                uri=address is not None,
            )
            db.read_only = address is not None
            db.guard = _Guard(self._damaged)
            try:
                self._prepare(db)
            except BaseException:
                db.close()
                raise
            self._local.db = db
            with self._lock:
                self._all.add(db)
        return db

    def _address(self) -> str | None:
        """How a file that can't be written to is opened; None for one that can be."""
        if not is_read_only(self._file):
            return None
        with self._lock:
            self._read_only = self._read_only or ReadOnlyFile(self._file)
            self._state = self._read_only.state()
            return self._read_only.address()

    def close(self) -> None:
        """Close the connections of all threads, each when its statement is done. A later use opens new ones."""
        with self._lock:
            opened, self._all = list(self._all), weakref.WeakSet()
            self._local = threading.local()
        for db in opened:
            db.close()


@contextmanager
def transaction(db: Connection) -> Iterator[Connection]:
    """A transaction: committed at the end of the block, rolled back if it raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        if not db.guard.closed and db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
