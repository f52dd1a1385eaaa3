"""The catalog on a PostgreSQL server, which several machines share; each has indexes of its own, in its folder.

What differs from the catalog in a file: how it is opened, and who knows what the indexes hold. A writer on any machine
stores articles; every other one finds at its next question that passages or deletions have numbers above those it has
come to, and takes them into its indexes first (``rag.index.following``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveMissing
from rag.index.catalog import INDEX_FORMAT, Catalog, IndexRow
from rag.index.replica import Replica
from rag.index.schema import numbers, read_texts, to_index_row
from rag.index.server import ServerConnections
from rag.index.server_schema import require_schema, upgrade
from rag.index.sqlite import Connections

LOCAL = {
    "generation", "vectors", "lexical", "nearest", "index_format", "healed", "vectors_at", "vector_shards",
    "archive_id",
}  # fmt: skip
"""Facts about the indexes, which each folder has for itself."""


class ServerCatalog(Catalog):
    """As ``Catalog``, on a server. The marks of what is indexed are of the folder's indexes alone."""

    def __init__(self, url: str, folder: Path, *, create: bool = False) -> None:
        """Open the catalog, and bring its schema up to date where it is opened for writing.

        Args:
            url: "postgresql://user@host/database".
            folder: Where this machine's indexes are, or will be.
            create: It is opened for writing: an empty database becomes a catalog.

        Raises:
            ArchiveMissing: The database is empty, and ``create`` is false.
            ArchiveMismatch: Another program's schema is there.
            ArchiveError: The server can't be reached, or lets nobody in.
            UsageError: It is no such address.
            ExtraMissing: psycopg is not installed.
        """
        self.path = folder / "catalog.sqlite"  # where it would be; only its folder is looked at
        self.server = ServerConnections(url)
        self._connections = cast(Connections, self.server)
        self._replica = Replica(folder)
        self._rebuilt_at: int | None = None
        """The number of takedowns when the last rebuild began."""
        self._handed = {"upto": 0, "buried": 0}
        """The highest numbers that the indexes were told of: what came later under the same id is another passage."""
        try:
            db = self.server.current()
            if create:
                upgrade(self.server, db)
            elif require_schema(db, self.server.where, upgrade=False):
                raise ArchiveMissing(f"No archive on {self.server.where}. Run: onrecord ingest PATH")
            self._bind(super().meta("identity") or "")
        except BaseException:
            self.close()
            raise

    def _bind(self, identity: str) -> None:
        """Forget what indexes of another catalog hold."""
        self._identity = identity
        if self._replica.get("catalog") not in (None, identity):
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Have this folder's indexes built from nothing."""
        names = {kind: self.meta(kind) or f"{kind}-1" for kind in ("vectors", "lexical")}
        fresh = {kind: f"{kind}-{int(name.rpartition('-')[2]) + 1}" for kind, name in names.items()}
        self._mark(upto=0, buried=0, purged=0, generation=self.generation + 1, **fresh)

    def close(self) -> None:
        """Close the connections of all threads."""
        super().close()
        self._replica.close()

    def _has(self, name: str) -> bool:
        return True

    def _make(self, db: Any, statements: Iterable[str]) -> None:
        """Nothing: the schema has all tables."""

    # -- facts -----------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        """A recorded fact about the archive, or of this folder's indexes."""
        if name in LOCAL:
            return self._replica.get(name)
        if name == "purge":
            return str(int(self._replica.number("purged") < self._takedowns()))
        return super().meta(name)

    def set_meta(self, name: str, value: str) -> None:
        """Record a fact about the archive, or of this folder's indexes."""
        if name in LOCAL:
            self._mark(**{name: value})
        elif name == "purge":
            self._mark(purged=self._takedowns() if self._rebuilt_at is None else self._rebuilt_at)
            self._rebuilt_at = None
        else:
            super().set_meta(name, value)

    def _takedowns(self) -> int:
        return int(super().meta("purge") or 0)

    def _mark(self, **facts: str | int) -> None:
        self._replica.set(catalog=self._identity, **facts)

    def _note_purge(self, db: Any) -> None:
        db.execute("UPDATE meta SET value = CAST(value AS BIGINT) + 1 WHERE name = 'purge'")

    def next_generation(self) -> int:
        """Count the generation of this folder's indexes up and return it."""
        self._mark(generation=self.generation + 1)
        return self.generation

    @property
    def index_format(self) -> int:
        """What the indexes of this folder hold; those that are still to be built will hold all."""
        return int(self.meta("index_format") or INDEX_FORMAT)

    def integrity(self) -> str:
        """ "ok": what is on the server's disk is its own to check."""
        self._db.execute("SELECT 1")
        return "ok"

    def compact(self) -> None:
        """Have the server take deleted rows out of its tables; its log and its copies are its owner's affair."""
        for table in ("version", "passage", "quote", "turn"):
            self._db.execute(f"VACUUM {table}")

    # -- what the indexes of this folder have still to do ------------------------

    def counts(self) -> dict[str, int]:
        """Numbers of articles, older versions, passages, and of what this folder's indexes lack."""
        one = self._db.execute(
            """SELECT (SELECT count(*) FROM version WHERE current) AS articles,
                      (SELECT count(*) FROM version WHERE NOT current) AS older_versions,
                      (SELECT count(*) FROM passage) AS passages,
                      (SELECT count(*) FROM passage WHERE number > ?) AS pending,
                      (SELECT count(*) FROM tombstone WHERE number > ?) AS tombstones""",
            (self._replica.number("upto"), self._replica.number("buried")),
        ).fetchone()
        return dict(one)

    def expected(self) -> int | None:
        """How many passages this folder's indexes hold, if nobody has written since they were brought up to date."""
        counts = self.counts()
        return None if counts["pending"] or counts["tombstones"] else counts["passages"]

    def behind(self) -> bool:
        """Whether others have written what this folder's indexes lack.

        Indexes that have come further than the server has ever given numbers are of a later time than its data, which
        were put back from a copy: they are built anew.
        """
        last = self._db.execute(
            """SELECT (SELECT coalesce(max(number), 0) FROM passage) AS passages,
                      (SELECT coalesce(max(number), 0) FROM tombstone) AS tombstones,
                      (SELECT last_value FROM passage_number_seq) AS given,
                      (SELECT last_value FROM tombstone_number_seq) AS given_tombstones,
                      (SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'purge') AS purge"""
        ).fetchone()
        number = self._replica.number
        if (
            number("upto") > last["given"]
            or number("buried") > last["given_tombstones"]
            or number("purged") > last["purge"]
        ):
            self._begin_anew()
        return bool(
            last["passages"] > number("upto")
            or last["tombstones"] > number("buried")
            or last["purge"] > number("purged")
        )

    def any_indexed(self) -> bool:
        """Whether this folder's indexes hold any passage that is still there."""
        upto = self._replica.number("upto")
        return bool(upto and self._db.execute("SELECT 1 FROM passage WHERE number <= ? LIMIT 1", (upto,)).fetchone())

    def searched(self, after: int = 0) -> npt.NDArray[np.int64]:
        """Numbers of the passages that this folder's indexes hold, ascending; only those above one."""
        rows = self._db.execute(
            "SELECT number FROM passage WHERE number > ? AND number <= ? ORDER BY number",
            (after, self._replica.number("upto")),
        )
        return numbers(rows.fetchall())

    def rows(self, *, after: int = 0, limit: int, pending: bool = False) -> list[IndexRow]:
        """Passages as the indexes store them, in order of number; see ``Catalog.rows``."""
        if pending:
            after = max(after, self._replica.number("upto"))
        rows = self._db.execute(
            """SELECT p.number, p.id, p.start, p.end, p.vector, p.version, v.id AS article_id, v.title,
                      v.source, v.published, v.language, v.author, v.metadata ->> '$.section' AS section
               FROM passage p JOIN version v ON v.number = p.version WHERE p.number > ? ORDER BY p.number LIMIT ?""",
            (after, limit),
        ).fetchall()
        if pending and rows:
            self._handed["upto"] = rows[-1]["number"]
        texts = read_texts(self._db, (r["version"] for r in rows))
        return [to_index_row(r, texts[r["version"]]) for r in rows]

    def tombstones(self) -> list[str]:
        """Ids of deleted passages that this folder's indexes have still to remove."""
        rows = self._db.execute(
            "SELECT number, passage_id FROM tombstone WHERE number > ? ORDER BY number",
            (self._replica.number("buried"),),
        ).fetchall()
        if rows:
            self._handed["buried"] = rows[-1]["number"]
        return [r["passage_id"] for r in rows]

    def mark_indexed(self, indexed: Sequence[str], buried: Sequence[str]) -> None:
        """Record what the indexes have added and removed, up to the first that is not among it."""
        found: dict[str, int] = {}
        for mark, ids, table, column in (
            ("upto", indexed, "passage", "id"),
            ("buried", buried, "tombstone", "passage_id"),
        ):
            if ids:
                rows = self._db.execute(
                    f"SELECT number, {column} AS id FROM {table} WHERE number > ? AND number <= ? ORDER BY number",
                    (self._replica.number(mark), self._handed[mark]),
                )
                done = set(ids)
                for row in rows.fetchall():
                    if row["id"] not in done:
                        break
                    found[mark] = row["number"]
        if found:
            self._mark(**found)

    def marks(self) -> dict[str, int]:
        """What indexes that are built from now on will hold at least: to be given to ``activate``."""
        last = self._db.execute(
            """SELECT (SELECT coalesce(max(number), 0) FROM passage) AS upto,
                      (SELECT coalesce(max(number), 0) FROM tombstone) AS buried,
                      (SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'purge') AS purged"""
        ).fetchone()
        self._rebuilt_at = last["purged"]
        return dict(last)

    def activate(self, stores: dict[str, str], *, settled: bool, since: dict[str, int] | None = None) -> None:
        """Make freshly built indexes the live ones of this folder; see ``Catalog.activate``."""
        done = {**(since or {}), "index_format": INDEX_FORMAT} if settled else {}
        self._mark(**stores, **done, generation=self.generation + 1)


__all__ = ["LOCAL", "ServerCatalog"]
