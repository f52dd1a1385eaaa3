"""Connections to a catalog on a PostgreSQL server; the only room that talks to it, by psycopg.

Statements are written once, as SQLite has them, and what PostgreSQL spells otherwise is put into its words here. A
connection has the methods of ``rag.index.sqlite.Connection``, so that whoever asks need not know which it is.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import weakref
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rag.errors import (
    ArchiveError,
    ArchiveLocked,
    ArchiveMismatch,
    ArchiveReadOnly,
    ArchiveUnreachable,
    DiskFull,
    UsageError,
)
from rag.extras import require
from rag.index.lock import SYNC
from rag.index.sqlite import BUSY_S

if TYPE_CHECKING:
    import psycopg

_CONNECT_S = 10
"""Seconds that a server may take to answer at all, where the address names no other number."""
_LOCKS = 0x6F6E7265
"""The first half of the keys of our advisory locks; the second names the lock and the schema."""

_SPELLINGS = (
    ("BEGIN IMMEDIATE", "BEGIN"),
    (" INDEXED BY version_listed", ""),
    ("SELECT value FROM json_each(?)", "SELECT json_array_elements_text(?::json)"),
    ("json_each(?) f", "json_array_elements(?::json) AS f(value)"),
    ("->> '$.section'", "->> 'section'"),
    ("IN ()", "IN (NULL)"),
)
_LAST = re.compile(r"\bDESC\b(?! NULLS)")
_PLACES = re.compile(r"'[^']*'|\?(\d*)|(?<!:):([a-z_]\w*)")


@lru_cache(maxsize=2000)
def translate(statement: str) -> tuple[str, tuple[str, ...]]:
    """A statement of SQLite in PostgreSQL's words.

    Returns:
        The statement with ``$1``, ``$2`` …, and the names of its parameters in that order; () where they have none.
    """
    for ours, theirs in _SPELLINGS:
        statement = statement.replace(ours, theirs)
    if statement.lstrip().startswith("INSERT OR IGNORE"):
        statement = statement.replace("INSERT OR IGNORE", "INSERT", 1) + " ON CONFLICT DO NOTHING"
    statement = _LAST.sub("DESC NULLS LAST", statement)
    names: list[str] = []
    count = 0

    def place(found: re.Match[str]) -> str:
        nonlocal count
        number, name = found.groups()
        if name:
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"
        if number is None:  # a text
            return found.group()
        if number:
            return f"${number}"
        count += 1
        return f"${count}"

    return _PLACES.sub(place, statement), tuple(names)


class Row(tuple[Any, ...]):
    """A row, by place and by name."""

    columns: Mapping[str, int]

    def keys(self) -> Collection[str]:
        """The names of its columns."""
        return self.columns.keys()

    def __getitem__(self, place: Any) -> Any:
        return tuple.__getitem__(self, self.columns[place] if isinstance(place, str) else place)


def _rows(cursor: Any) -> Callable[[Sequence[Any]], Any]:
    return _row_of(tuple(c.name for c in cursor.description or ()))


@lru_cache(maxsize=500)
def _row_of(names: tuple[str, ...]) -> type[Row]:
    return type("Row", (Row,), {"columns": {name: n for n, name in enumerate(names)}, "__slots__": ()})


class _Guard:
    """Keeps a connection from being closed while a statement is executed for it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.closed = False


class ServerConnection:
    """A connection of one thread; each statement is a transaction, but in ``rag.index.sqlite.transaction``."""

    read_only = False
    far = True
    """Each statement is a way there and back."""

    def __init__(self, owner: ServerConnections) -> None:
        """Connect.

        Raises:
            ArchiveError: The server can't be reached, or lets nobody in.
        """
        self.guard = _Guard()
        self._owner = owner
        self._db = owner.connect()

    def execute(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        """Execute a statement; see ``sqlite3.Connection.execute``."""
        if statement == "BEGIN IMMEDIATE":
            self._owner.before_writing(self)
            return self._owner.begun(self)
        asked, names = translate(statement)
        given = [values[n] for n in names] if isinstance(values, Mapping) else values
        return self._do(lambda cursor: cursor.execute(asked, [clean(v) for v in given]))

    def executemany(self, statement: str, rows: Collection[Sequence[Any]]) -> Any:
        """Execute a statement for each row of values."""
        asked, _ = translate(statement)
        given = [[clean(v) for v in row] for row in rows]
        return self._do(lambda cursor: _many(cursor, asked, given))

    def plain(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Execute a statement that is PostgreSQL's already."""
        return self._do(lambda cursor: cursor.execute(statement, list(values)))

    def _do(self, what: Callable[[Any], object]) -> Any:
        import psycopg

        with self.guard.lock:
            if self.guard.closed:
                raise ArchiveError("The archive was closed while it was in use. Open it again: Archive.open(...)")
            within = self.in_transaction
            for again in (not within, False):
                try:
                    cursor = self._db.cursor()
                    what(cursor)
                    return cursor
                except psycopg.Error as e:
                    if again and self._db.closed:  # the server was restarted since the last statement
                        self._db = self._owner.connect()
                        continue
                    raise self._owner.told(e) from e
        raise AssertionError("one of two tries ends")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and not ended."""
        import psycopg

        state = psycopg.pq.TransactionStatus
        return not self._db.closed and self._db.info.transaction_status in (state.INTRANS, state.INERROR)

    def close(self) -> None:
        """Close it when the statement that is running, if any, is done."""
        with self.guard.lock:
            self.guard.closed = True
            self._db.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self._db.close()


def _many(cursor: Any, statement: str, rows: list[list[Any]]) -> None:
    if rows:
        cursor.executemany(statement, rows)


def clean(value: Any) -> Any:
    """Without NULs, which PostgreSQL's texts can't hold."""
    return value.replace("\x00", "\ufffd") if type(value) is str and "\x00" in value else value


class ServerConnections:
    """A connection to one database for each thread, as ``rag.index.sqlite.Connections``."""

    def __init__(self, url: str, *, serial: bool = True) -> None:
        """Open nothing yet.

        Args:
            url: "postgresql://user@host/database"; whatever libpq understands, a password in its own file included.
            serial: Let one transaction write at a time, as SQLite does; what reads is never kept waiting.

        Raises:
            UsageError: It is no such address.
            ExtraMissing: psycopg is not installed.
        """
        require("psycopg", extra="postgresql", what="A catalog on PostgreSQL")
        self.url, self.serial = url, serial
        self.where = _where(url)
        self._local = threading.local()
        self._all: weakref.WeakSet[ServerConnection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._held: ServerConnection | None = None
        self._schema = ""

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._all)

    def current(self) -> ServerConnection:
        """The calling thread's connection, opened at its first use."""
        db: ServerConnection | None = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = ServerConnection(self)
            with self._lock:
                self._all.add(db)
        return db

    def close(self) -> None:
        """Close the connections of all threads. A later use opens new ones."""
        with self._lock:
            opened, self._all = list(self._all), weakref.WeakSet()
            self._local = threading.local()
        for db in opened:
            db.close()

    def connect(self, name: str = "onrecord") -> psycopg.Connection[Any]:
        """A new connection of psycopg's.

        Raises:
            ArchiveError: The server can't be reached, or lets nobody in.
        """
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
        from psycopg.types.string import TextLoader

        named = conninfo_to_dict(self.url)
        more = {"connect_timeout": _CONNECT_S, "application_name": name}
        try:
            db: psycopg.Connection[Any] = psycopg.connect(
                self.url,
                autocommit=True,
                cursor_factory=psycopg.RawCursor,
                row_factory=_rows,
                **{n: v for n, v in more.items() if n not in named},  # type: ignore[arg-type]
            )
            db.adapters.register_loader("json", TextLoader)  # as it was stored
            db.execute(f"SET lock_timeout = '{BUSY_S:.0f}s'")
        except psycopg.Error as e:
            raise self.told(e) from e
        return db

    def bare(self) -> psycopg.Connection[Any]:
        """A new connection as psycopg makes it by default, for alembic."""
        import psycopg

        try:
            return psycopg.connect(self.url, connect_timeout=_CONNECT_S, application_name="onrecord migration")
        except psycopg.Error as e:
            raise self.told(e) from e

    # -- writing -------------------------------------------------------------------

    def before_writing(self, db: ServerConnection) -> None:
        """Check that the write lock, if this process has it, was not lost with its connection."""
        if self._held is not None and self._held is not db:
            with self._held.guard.lock:
                if self._held._db.closed:
                    raise self._lost()
                try:
                    self._held._db.execute("SELECT 1")
                except Exception as e:
                    raise self._lost() from e

    def begun(self, db: ServerConnection) -> Any:
        """Begin a transaction that writes, when others that do are done."""
        begun = db.plain("BEGIN")
        if self.serial:
            try:
                db.plain("SELECT pg_advisory_xact_lock($1, $2)", [_LOCKS, self._key(db, "transaction")])
            except BaseException:
                if db.in_transaction:
                    db.plain("ROLLBACK")
                raise
        return begun

    def serialize(self, execute: Callable[[str], object]) -> None:
        """Have a transaction of another connection wait for those that write."""
        key = self._key(self.current(), "transaction")
        execute(f"SELECT pg_advisory_xact_lock({_LOCKS}, {key})")

    def _key(self, db: ServerConnection, lock: str) -> int:
        """The second half of a lock's key: archives in different schemas of a database have locks of their own."""
        self._schema = self._schema or str(db.plain("SELECT current_schema()").fetchone()[0])
        return zlib.crc32(f"{self._schema} {lock}".encode()) - (1 << 31)

    @contextmanager
    def lock(self, kind: str, what: str, *, patience: float = 0) -> Iterator[None]:
        """Hold a lock of the whole catalog, whichever machine others are on.

        Args:
            kind: "write" or "sync".
            what: What it is held for, told to others: "ingest".
            patience: Seconds for which a sync, which writes for moments at a time, is waited for.

        Raises:
            ArchiveLocked: Another process holds it; the message says which.
            ArchiveReadOnly: The server takes no changes.
        """
        holder = ServerConnection(self)
        try:
            name = f"onrecord {what} {os.getpid()}@{socket.gethostname()}".encode()[:63].decode(errors="ignore")
            holder.plain("SELECT set_config('application_name', $1, false)", [name])
            if holder.plain("SHOW transaction_read_only").fetchone()[0] == "on":
                raise self._read_only()
            key = self._key(holder, kind)
            if not holder.plain("SELECT pg_try_advisory_lock($1, $2)", [_LOCKS, key]).fetchone()[0]:
                self._wait(holder, key, kind, patience if what != SYNC else 0)
            if kind == "write":
                self._held = holder
            yield
        finally:
            if kind == "write":
                self._held = None
            with suppress(ArchiveError):  # a lost connection has none
                holder.plain("SELECT pg_advisory_unlock_all()")  # closing lets go only when the server gets round to it
            holder.close()

    def _wait(self, db: ServerConnection, key: int, kind: str, patience: float) -> None:
        who = db.plain(
            """SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
               WHERE l.locktype = 'advisory' AND l.granted
               AND l.classid = $1::oid AND l.objid::bigint = ($2::bigint & 4294967295) AND l.objsubid = 2
               AND a.datname = current_database() LIMIT 1""",
            [_LOCKS, key],
        ).fetchone()
        if patience and who and who["name"].startswith(f"onrecord {SYNC} "):
            db.plain(f"SET lock_timeout = '{patience:.0f}s'")
            with suppress(ArchiveLocked):
                db.plain("SELECT pg_advisory_lock($1, $2)", [_LOCKS, key])
                return
        if kind == "sync":
            raise ArchiveLocked(f"Another sync of {self.where} is running. Wait until it is done, or stop it.")
        raise ArchiveLocked(
            f"{who['name'] if who else 'Another process'} is writing to {self.where}. Wait until it is done, or stop "
            "it, then run this again."
        )

    # -- errors --------------------------------------------------------------------

    def _lost(self) -> ArchiveError:
        return ArchiveUnreachable(
            f"The connection to {self.where} was lost while this process was writing, and with it the lock. What was "
            "stored is safe: run the same command again, and it goes on where it stopped."
        )

    def _read_only(self) -> ArchiveReadOnly:
        return ArchiveReadOnly(
            f"The catalog on {self.where} is read-only: it can be searched and asked. To write, name the primary "
            "server in ONRECORD_CATALOG, or let its owner take default_transaction_read_only off."
        )

    def told(self, e: psycopg.Error) -> ArchiveError:
        """An error of the server's as one of ours, in one line that says what to do."""
        first = " ".join((e.diag.message_primary or str(e) or type(e).__name__).split())[:300]
        state = e.sqlstate or ""
        if state == "25006":
            return self._read_only()
        if state == "53100":
            return DiskFull(
                f"The server of {self.where} has no room left ({first}). Free some there and run the same command "
                "again: it goes on where it stopped."
            )
        if state == "55P03":
            return ArchiveLocked(
                f"Another process has been writing to {self.where} for {BUSY_S:.0f} s. Wait until it is done, then try "
                "again."
            )
        if state in ("42P01", "42703", "42883"):
            return ArchiveMismatch(
                f"The catalog on {self.where} lacks a part of its schema ({first}). If it was moved away meanwhile "
                "(onrecord migrate), start again with the new setting. Else bring it back from a backup (pg_restore)."
            )
        if state == "42501":
            return ArchiveError(f"The user of {self.where} lacks a right there ({first}). Ask its owner to grant it.")
        if "password" in first or state.startswith("28"):
            return ArchiveError(
                f"{self.where} lets this user not in ({first}). Check name and password in ONRECORD_CATALOG, "
                "PGPASSWORD or ~/.pgpass."
            )
        if state == "3D000" or ("database" in first and "does not exist" in first):
            return ArchiveError(f"There is no such database ({first}). Make it, createdb NAME, or name another.")
        if state == "53300" or "too many" in first or "remaining connection slots" in first:
            return ArchiveUnreachable(
                f"{self.where} has no connection left ({first}). Raise max_connections there, or run fewer processes."
            )
        if not state or state.startswith(("08", "57P")):
            return ArchiveUnreachable(
                f"The catalog's server {self.where} can't be reached ({first}). Check that it runs, and the "
                "setting ONRECORD_CATALOG."
            )
        return ArchiveError(f"The catalog on {self.where} says: {first}. Run: onrecord doctor")


def _where(url: str) -> str:
    """The address as it may be shown: without a password.

    Raises:
        UsageError: It is none.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    if not re.match(r"postgres(ql)?://", url):
        raise UsageError("Setting 'catalog' is no address of PostgreSQL. Give one: postgresql://user@host/database")
    try:
        named = conninfo_to_dict(url)
    except psycopg.Error:
        raise UsageError(
            "Setting 'catalog' can't be read: characters such as @ or / of a password have to be written %40 or %2F. "
            "Give an address as in postgresql://user@host/database"
        ) from None
    host, port = named.get("host") or "localhost", named.get("port")
    return f"{host}{f':{port}' if port else ''}/{named.get('dbname') or named.get('user') or ''}"


__all__ = ["Row", "ServerConnection", "ServerConnections", "clean", "translate"]
