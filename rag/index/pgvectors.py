"""Vectors in PostgreSQL with the extension pgvector: ``postgresql://user@host/database``.

Each collection is a table with a graph (HNSW) over its vectors; its label is the table's comment.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveError, ArchiveReadOnly, DiskFull, OnRecordError
from rag.extras import require
from rag.index.schema import IndexRow
from rag.index.served import KNOCKS, NoCollection, failed, first_line, plain, refused, too_old, unreachable
from rag.text.local_clock import clock
from rag.types import Query

_OLDEST = (0, 8)
"""pgvector that goes on looking when filters have taken most of what the graph gave."""
_GRAPHED = 2000  # numbers of a vector that it makes a graph of; longer ones are compared one by one
_EF = 128
"""Neighbours looked at in the graph, as in the archive's own Chroma."""
_MOST = 1000  # the server's bound for it
_IDLE = 8  # connections that are kept
_SIGN_IN = re.compile(r"password|role .* does not exist|no pg_hba|authentication", re.IGNORECASE)


class PgVectors:
    """A ``VectorServer``. Safe to use from several threads; connects at the first call."""

    def __init__(self, url: str) -> None:
        """Take ``postgresql://…`` as libpq does; a password may stand in PGPASSWORD or ~/.pgpass instead.

        Raises:
            ExtraMissing: The libraries are not installed.
        """
        for module in ("psycopg", "pgvector"):
            require(module, extra="pgvector", what="Keeping vectors in PostgreSQL")
        self.address = plain(url)
        self._url = url
        self._lock = threading.Lock()
        self._idle: list[Any] = []
        self._checked = False

    # -- connections ---------------------------------------------------------------------

    def _connect(self) -> Any:
        import psycopg
        from pgvector.psycopg import register_vector

        given = psycopg.conninfo.conninfo_to_dict(self._url)
        # Statements prepared for any number of results would not use the graph.
        db = psycopg.connect(
            self._url,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=int(given.get("connect_timeout") or KNOCKS),
            application_name="onrecord",
        )
        try:
            if not self._checked:
                self._require_extension(db)
            register_vector(db)
            db.execute(f"SET hnsw.ef_search = {_EF}")
            db.execute("SET hnsw.iterative_scan = strict_order")
        except BaseException:
            db.close()
            raise
        return db

    def _require_extension(self, db: Any) -> None:
        import psycopg

        def version() -> str | None:
            row = db.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
            return row[0] if row else None

        if (found := version()) is None:
            try:
                db.execute("CREATE EXTENSION IF NOT EXISTS vector")
            except psycopg.Error as e:
                raise ArchiveError(
                    f"The database at {self.address} has no pgvector ({first_line(e)}). Install it on that server and "
                    "have a superuser run: CREATE EXTENSION vector"
                ) from e
            found = version() or "0"
        if tuple(int(n) for n in re.findall(r"\d+", found)[:2]) < _OLDEST:
            raise too_old(self.address, f"pgvector {found}", "pgvector 0.8 (ALTER EXTENSION vector UPDATE)")
        self._checked = True

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """A connection of one's own for a moment; PostgreSQL's errors as ours."""
        import psycopg

        db = None
        try:
            with self._lock:
                db = self._idle.pop() if self._idle else None
            db = db or self._connect()
            yield db
        except psycopg.Error as e:
            raise self._told(e) from e
        finally:
            if db is not None:
                with self._lock:
                    kept = not (db.closed or db.broken) and len(self._idle) < _IDLE
                    if kept:
                        self._idle.append(db)
                if not kept:
                    with suppress(psycopg.Error):
                        db.close()

    def _told(self, e: Any) -> Exception:
        state, said = e.sqlstate or "", first_line(e)
        with self._lock:  # after a restart of the server none of them is good any more
            stale, self._idle = self._idle, []
        for db in stale:
            db.close()
        if state == "42P01":
            return NoCollection(said)
        if state in ("53100", "58030") or "no space left" in said.lower():
            return DiskFull(
                f"The disk of {self.address} is full. Free some space there and run the same command again: it goes on "
                "where it stopped."
            )
        if state == "25006":
            return ArchiveReadOnly(f"The database at {self.address} is read-only. Name one that can be written to.")
        if state == "42501":
            return ArchiveError(
                f"The user of {self.address} lacks a right there ({said}). Have its owner grant CREATE on the schema."
            )
        if state.startswith("28") or (not state and _SIGN_IN.search(said)):
            return refused(self.address, said)
        if not state or state[:2] in ("08", "57", "3D", "53"):
            return unreachable(self.address, said)
        return failed(self.address, said)

    def _all(self, statement: Any, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement, once more where a connection that was kept had ended meanwhile."""
        import psycopg

        for again in (True, False):
            with self._lock:
                kept = bool(self._idle)
            try:
                with self._connection() as db:
                    cursor = db.execute(statement, values)
                    return cursor.fetchall() if cursor.description else []
            except OnRecordError as e:
                if not (again and kept and isinstance(e.__cause__, psycopg.OperationalError)):
                    raise
        raise AssertionError("one of two tries ends")

    # -- collections -------------------------------------------------------------------------

    def label(self, name: str) -> Mapping[str, Any]:
        """As ``VectorServer.label``."""
        where, comment = self._all(
            "SELECT to_regclass(%s), obj_description(to_regclass(%s), 'pg_class')", (name, name)
        )[0]
        if where is None:
            raise NoCollection(name)
        try:
            told = json.loads(comment or "{}")
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    def create(self, name: str, dim: int, label: Mapping[str, Any]) -> None:
        """As ``VectorServer.create``."""
        from psycopg import sql

        columns = (
            "id text PRIMARY KEY, source text NOT NULL, language text NOT NULL, published bigint, vector vector({})"
        )
        with self._connection() as db, db.transaction():
            db.execute(
                sql.SQL(f"CREATE TABLE {{}} ({columns} NOT NULL)").format(sql.Identifier(name), sql.Literal(dim))
            )
            db.execute(
                sql.SQL("COMMENT ON TABLE {} IS {}").format(sql.Identifier(name), sql.Literal(json.dumps(dict(label))))
            )
            for column in ("published", "source"):
                db.execute(sql.SQL("CREATE INDEX ON {} ({})").format(sql.Identifier(name), sql.Identifier(column)))
            if dim <= _GRAPHED:
                graph = "CREATE INDEX ON {} USING hnsw (vector vector_cosine_ops) WITH (m = 16, ef_construction = 128)"
                db.execute(sql.SQL(graph).format(sql.Identifier(name)))

    def drop(self, name: str) -> None:
        """As ``VectorServer.drop``."""
        self._all(_of("DROP TABLE IF EXISTS {}", name))

    def names(self, prefix: str) -> list[str]:
        """As ``VectorServer.names``."""
        rows = self._all("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
        return [name for (name,) in rows if name.startswith(prefix)]

    def check(self) -> None:
        """As ``VectorServer.check``."""
        self._all("SELECT 1")

    def close(self) -> None:
        """As ``VectorServer.close``."""
        with self._lock:
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()

    # -- passages --------------------------------------------------------------------------------

    def put(self, name: str, rows: Sequence[IndexRow]) -> None:
        """As ``VectorServer.put``."""
        statement = _of(
            "INSERT INTO {} (id, source, language, published, vector) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (id) DO "
            "UPDATE SET source = excluded.source, language = excluded.language, published = excluded.published, "
            "vector = excluded.vector",
            name,
        )
        values = [(r.id, r.source or "", r.language, _seconds(r.published), r.vector) for r in rows]
        with self._connection() as db, db.transaction():
            db.cursor().executemany(statement, values)

    def remove(self, name: str, ids: Sequence[str]) -> None:
        """As ``VectorServer.remove``."""
        self._all(_of("DELETE FROM {} WHERE id = ANY(%s)", name), (list(ids),))

    def search(
        self, name: str, vector: npt.NDArray[np.float32], n: int, filters: Query | None, only: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """As ``VectorServer.search``.

        Among given passages, and where the graph gives too few that pass the filters, all that do are compared.
        """
        rules, values = _where(filters)
        if only is not None:
            rules.append("id = ANY(%s)")
            values.append(list(only))
        where = f"WHERE {' AND '.join(rules)}" if rules else ""
        if only is None:
            near = f"SELECT id, 1 - (vector <=> %s) FROM {{}} {where} ORDER BY vector <=> %s LIMIT {int(n)}"
            found = self._nearest(_of(near, name), [vector, *values, vector], n)
            if len(found) >= n or not rules:
                return found
        exact = (
            f"WITH these AS MATERIALIZED (SELECT id, vector FROM {{}} {where}) "
            f"SELECT id, 1 - (vector <=> %s) AS cosine FROM these ORDER BY cosine DESC LIMIT {int(n)}"
        )
        return [(i, float(c)) for i, c in self._all(_of(exact, name), [*values, vector])]

    def _nearest(self, statement: Any, values: Sequence[Any], n: int) -> list[tuple[str, float]]:
        if n <= _EF:
            return [(i, float(c)) for i, c in self._all(statement, values)]
        with self._connection() as db, db.transaction():
            db.execute(f"SET LOCAL hnsw.ef_search = {min(n, _MOST)}")
            return [(i, float(c)) for i, c in db.execute(statement, values).fetchall()]

    def ids(self, name: str) -> set[str]:
        """As ``VectorServer.ids``."""
        return {i for (i,) in self._all(_of("SELECT id FROM {}", name))}

    def vectors(self, name: str, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """As ``VectorServer.vectors``."""
        rows = self._all(_of("SELECT id, vector FROM {} WHERE id = ANY(%s)", name), (list(ids),))
        return {i: _numbers(v) for i, v in rows}

    def count(self, name: str) -> int:
        """As ``VectorServer.count``."""
        return int(self._all(_of("SELECT count(*) FROM {}", name))[0][0])


def _of(statement: str, name: str) -> Any:
    """A statement about a collection."""
    from psycopg import sql

    return sql.SQL(statement).format(sql.Identifier(name))


def _numbers(vector: Any) -> npt.NDArray[np.float32]:
    """A vector as the driver gives it, an array or an object with one."""
    return np.asarray(vector.to_numpy() if hasattr(vector, "to_numpy") else vector, np.float32)


def _seconds(when: Any) -> int | None:
    return None if when is None else int(clock(when).timestamp())


def _where(filters: Query | None) -> tuple[list[str], list[Any]]:
    """The filters of a query as conditions and their values."""
    rules: list[str] = []
    values: list[Any] = []
    if filters is None:
        return rules, values
    if filters.sources:
        rules.append("source = ANY(%s)")
        values.append(list(filters.sources))
    if filters.language:
        rules.append("language = %s")
        values.append(filters.language)
    dated = []
    for bound, sign in ((filters.after, ">="), (filters.before, "<")):
        if bound:
            dated.append(f"published {sign} %s")
            values.append(_seconds(bound))
    if dated:
        within = " AND ".join(dated)
        rules.append(f"(published IS NULL OR ({within}))" if filters.undated else f"({within})")
    return rules, values


__all__ = ["PgVectors"]
