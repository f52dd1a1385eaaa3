"""Connections to a file of SQLite's: one for each thread, and all may be closed while others still read."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import ArchiveError

BUSY_S = 30.0
"""How long a statement waits for another writer."""


class _Use:
    """While SQLite works for a connection, nobody closes it."""

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
        # Only the base class tells of a file that can't be read; its subclasses tell of other things.
        if self.damaged is not None and type(error) is sqlite3.DatabaseError:
            raise self.damaged(error) from error


class Cursor(sqlite3.Cursor):
    """Holds its connection while SQLite works."""

    connection: Connection

    def execute(self, *args: Any) -> Cursor:
        with self.connection.use:
            return super().execute(*args)

    def executemany(self, *args: Any) -> Cursor:
        with self.connection.use:
            return super().executemany(*args)

    def fetchone(self) -> Any:
        with self.connection.use:
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with self.connection.use:
            return super().fetchall()

    def __next__(self) -> Any:
        with self.connection.use:
            return super().__next__()


class Connection(sqlite3.Connection):
    """Closed between two of its statements, never during one: that takes the process down."""

    use: _Use

    def execute(self, *args: Any) -> Cursor:
        return self.cursor(Cursor).execute(*args)

    def executemany(self, *args: Any) -> Cursor:
        return self.cursor(Cursor).executemany(*args)

    def close(self) -> None:
        """Wait for the statement that runs, if one does."""
        with self.use.lock:
            self.use.closed = True
            super().close()


class Connections:
    """Each thread's own connection to one file. A thread that ends takes its connection along."""

    def __init__(
        self,
        file: Path,
        prepare: Callable[[Connection], None],
        damaged: Callable[[sqlite3.Error], ArchiveError] | None = None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            file: The database.
            prepare: Called once with every new connection, before its first use.
            damaged: Puts into our own words that the file can't be read, wherever that comes to light.
        """
        self._file, self._prepare, self._damaged = file, prepare, damaged
        self._local = threading.local()
        self._all: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._guard = threading.Lock()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._all)

    def current(self) -> Connection:
        """The calling thread's, opened at its first use."""
        db: Connection | None = getattr(self._local, "db", None)
        if db is None:
            # check_same_thread is off only so that close() may end all of them.
            db = sqlite3.connect(
                self._file, timeout=BUSY_S, isolation_level=None, check_same_thread=False, factory=Connection
            )
            db.use = _Use(self._damaged)
            try:
                self._prepare(db)
            except BaseException:
                db.close()
                raise
            self._local.db = db
            with self._guard:
                self._all.add(db)
        return db

    def close(self) -> None:
        """Close those of all threads, each when its statement is done. A later use opens new ones."""
        with self._guard:
            mine, self._all = list(self._all), weakref.WeakSet()
            self._local = threading.local()
        for db in mine:
            db.close()


@contextmanager
def transaction(db: Connection) -> Iterator[Connection]:
    """Everything in it, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        if not db.use.closed and db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
