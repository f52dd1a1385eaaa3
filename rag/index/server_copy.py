"""All rows of a catalog on a PostgreSQL server, in and out of it in one transaction each way, in bounded memory.

A catalog that is moved to a server is there when the transaction that made it is committed, and not before. One that is
moved away goes in the transaction that kept others from writing to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rag.errors import ArchiveError, ArchiveMismatch
from rag.index.server import ServerConnections, clean
from rag.index.server_schema import MOVED, TABLE, found, require_schema, upgrade
from rag.index.sqlite import BUSY_S

if TYPE_CHECKING:
    import psycopg

_BATCH = 1000  # rows on their way at once
_OWN = {TABLE}
"""Tables of the schema's own."""


class ServerRows:
    """The tables of a catalog, within one transaction of a connection."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        """Use a connection that is in a transaction, or begins one by its first statement."""
        from psycopg.types.string import TextLoader

        self._db = db
        db.adapters.register_loader("json", TextLoader)  # as it was stored

    def tables(self) -> set[str]:
        """Names of all tables of the catalog."""
        return {
            name
            for (name,) in self._db.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            if name not in _OWN
        }

    def columns(self, table: str) -> list[str]:
        """Of a table, in order of name."""
        found = self._db.execute(
            """SELECT column_name FROM information_schema.columns
               WHERE table_schema = current_schema() AND table_name = %s""",
            [table],
        )
        return sorted(str(name) for (name,) in found)

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """All rows of a table."""
        with self._db.cursor(f"moving_{table}") as cursor:
            cursor.itersize = _BATCH
            cursor.execute(f"SELECT {_names(columns)} FROM {table}")
            yield from cursor

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table."""
        with self._db.cursor() as cursor, cursor.copy(f"COPY {table} ({_names(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([clean(v) for v in row])

    def meta(self, name: str) -> str | None:
        """A fact."""
        row = self._db.execute("SELECT value FROM meta WHERE name = %s", [name]).fetchone()
        return str(row[0]) if row else None

    def sequences(self) -> dict[str, str]:
        """Tables whose rows are numbered by the server, each with the column that has the number."""
        found = self._db.execute(
            """SELECT table_name, column_name FROM information_schema.columns
               WHERE table_schema = current_schema() AND column_default LIKE 'nextval(%%'"""
        )
        return {str(table): str(column) for table, column in found}

    def last(self, table: str, column: str) -> int:
        """The highest number that was ever given."""
        (name,) = self._one("SELECT pg_get_serial_sequence(%s, %s)", table, column)
        last, called = self._one(f"SELECT last_value, is_called FROM {name}")
        return int(last) if called else 0

    def number_above(self, table: str, column: str, last: int) -> None:
        """Give numbers above ``last`` and above all that are there."""
        (highest,) = self._one(f'SELECT coalesce(max("{column}"), 0) FROM {table}')
        if last := max(last, int(highest)):
            self._db.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, column, last])

    def _one(self, query: str, *values: Any) -> Any:
        return self._db.execute(query, values).fetchone()

    # -- moving away ---------------------------------------------------------------

    def require_owner(self, where: str) -> None:
        """Check that this user may remove the tables.

        Raises:
            ArchiveError: Others own them.
        """
        theirs = self._db.execute(
            """SELECT tablename, tableowner FROM pg_tables WHERE schemaname = current_schema()
               AND tablename = ANY(%s) AND NOT pg_has_role(tableowner, 'MEMBER') LIMIT 1""",
            [sorted(self.tables())],
        ).fetchone()
        if theirs:
            raise ArchiveError(
                f"The tables on {where} belong to {theirs[1]}, and only their owner may move them away. Name that user "
                "in ONRECORD_CATALOG for this command."
            )

    def hold(self) -> None:
        """Keep others from writing until the transaction ends; they may read."""
        self._db.execute(f"LOCK TABLE {', '.join(sorted(self.tables()))} IN SHARE MODE")

    def remove(self) -> None:
        """Remove all tables, and leave word that the catalog was moved away."""
        self._db.execute(f"DROP TABLE {', '.join(sorted(self.tables()))} CASCADE")
        self._db.execute("DROP FUNCTION version_taken_down()")
        self._db.execute(f"UPDATE {TABLE} SET version_num = %s", [MOVED])


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{c}"' for c in columns)


def make(connections: ServerConnections, fill: Callable[[ServerRows], None]) -> None:
    """Make a catalog in an empty database, or in one that another was moved away from.

    Args:
        connections: To it.
        fill: Puts the rows in; what it raises undoes all.

    Raises:
        ArchiveMismatch: There is a catalog of another version.
        ArchiveError: What the server says.
    """
    with _telling(connections):
        upgrade(connections, connections.current(), then=lambda db: fill(ServerRows(db)))


@contextmanager
def reading(connections: ServerConnections) -> Iterator[ServerRows | None]:
    """The rows of the catalog that is there, within a transaction that is committed at the end of the block.

    Yields:
        None where there is no catalog.

    Raises:
        ArchiveMismatch: There is one of another version.
        ArchiveError: What the server says.
    """
    db = connections.current()
    if found(db) in (None, MOVED):
        yield None
        return
    if require_schema(db, connections.where, upgrade=True):
        raise ArchiveMismatch(
            f"The catalog on {connections.where} has an older OnRecord's schema. Bring it up to date first: "
            "onrecord doctor --repair"
        )
    with _telling(connections), connections.bare() as own:
        own.execute(f"SET lock_timeout = '{BUSY_S:.0f}s'")
        yield ServerRows(own)


@contextmanager
def _telling(connections: ServerConnections) -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as e:
        raise connections.told(e) from e


__all__ = ["ServerRows", "make", "reading"]
