"""Collections in the catalog: named sets of articles and outlets. Their tables are made by the first collection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rag.index.schema import CatalogFile
from rag.types import Value

_SCRIPT = r"""
CREATE TABLE IF NOT EXISTS collection (
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,              -- the one user who sees it; empty: everybody
  name TEXT NOT NULL COLLATE NOCASE,
  note TEXT NOT NULL DEFAULT '',
  made TEXT NOT NULL,
  UNIQUE (owner, name)
);
CREATE TABLE IF NOT EXISTS collected (
  collection INTEGER NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,               -- article (by key), outlet (all that it has, and will have)
  value TEXT NOT NULL,
  PRIMARY KEY (collection, kind, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS collected_value ON collected (kind, value);
CREATE TRIGGER IF NOT EXISTS collected_taken_down AFTER DELETE ON version BEGIN
  DELETE FROM collected WHERE kind = 'article' AND value = OLD.key \
    AND NOT EXISTS (SELECT 1 FROM version WHERE key = OLD.key); \
END;
"""
TABLES = tuple(s for s in _SCRIPT.replace("\\\n", " ").split(";\n") if s.strip())
"""Statements that make what is missing of them."""


class Collection(Value):
    """A named set of articles and outlets."""

    id: int
    name: str
    owner: str = ""
    """The one user who sees it; empty: everybody."""
    note: str = ""
    made: datetime
    articles: int = 0
    """How many articles of the archive it has now, those of its outlets among them."""
    sources: tuple[str, ...] = ()
    """Outlets that belong to it with all they have, and will have."""


_MEMBERS = """FROM version v WHERE v.current AND (
    v.key IN (SELECT value FROM collected WHERE collection = :id AND kind = 'article')
    OR v.source IN (SELECT value FROM collected WHERE collection = :id AND kind = 'outlet'))"""


class CollectionStore(CatalogFile):
    """The part of the catalog that holds collections. Each method that writes is one transaction."""

    @property
    def _has_collections(self) -> bool:
        return self._has("collected_taken_down")

    def collections(self) -> list[Collection]:
        """All of them, by name."""
        if not self._has_collections:
            return []
        return [
            self._collection(r)
            for r in self._db.execute("SELECT * FROM collection ORDER BY lower(name), owner").fetchall()
        ]

    def collection_named(self, name: str, user: str | None = None) -> tuple[int, str] | None:
        """Id and name of the one that a name means, without counting what it has; None where there is none.

        Args:
            name: In any case, or ``#ID``.
            user: Who looks: sees the shared ones and their own, and their own first; None sees all, shared ones first.
        """
        if not self._has_collections:
            return None
        wanted = name.strip().casefold()
        # Compared here and not by SQLite, which takes letters of any case as the same in ASCII alone.
        found = [
            (bool(r["owner"]) != (user is not None), r["owner"], r["id"], r["name"])
            for r in self._db.execute("SELECT id, owner, name FROM collection")
            if (name == f"#{r['id']}" or r["name"].casefold() == wanted) and (user is None or r["owner"] in ("", user))
        ]
        return min(found)[2:] if found else None

    def _collection(self, row: sqlite3.Row) -> Collection:
        outlets = self._db.execute(
            "SELECT value FROM collected WHERE collection = ? AND kind = 'outlet' ORDER BY value", (row["id"],)
        ).fetchall()
        (number,) = self._db.execute(f"SELECT count(*) {_MEMBERS}", {"id": row["id"]}).fetchone()
        return Collection(
            id=row["id"], name=row["name"], owner=row["owner"], note=row["note"], made=row["made"],
            articles=number, sources=tuple(r["value"] for r in outlets),
        )  # fmt: skip

    def make_collection(self, name: str, owner: str, note: str) -> int | None:
        """A new one, by its id; None where its owner has one of this name already."""
        with self._transaction() as db:
            self._make(db, TABLES)
            made = db.execute(
                """INSERT INTO collection (owner, name, note, made) VALUES (?, ?, ?, ?)
                   ON CONFLICT DO NOTHING RETURNING id""",
                (owner, name, note, datetime.now(UTC).isoformat(timespec="seconds")),
            ).fetchall()
            return made[0]["id"] if made else None

    def change_collection(self, ident: int, *, name: str, note: str, owner: str) -> bool:
        """Rename one, note something of it, give it to somebody; False where its owner has another of this name."""
        with self._transaction() as db:
            taken = db.execute(
                "SELECT 1 FROM collection WHERE owner = ? AND id <> ? AND lower(name) = lower(?)", (owner, ident, name)
            )
            if taken.fetchall():
                return False
            db.execute("UPDATE collection SET name = ?, note = ?, owner = ? WHERE id = ?", (name, note, owner, ident))
        return True

    def drop_collection(self, ident: int) -> None:
        """Forget one; its articles stay."""
        with self._transaction() as db:
            db.execute("DELETE FROM collection WHERE id = ?", (ident,))

    def collect(self, ident: int, kind: str, values: Iterable[str]) -> int:
        """Put articles (by key) or outlets into one, and return how many were not in it."""
        with self._transaction() as db:
            rows = [(ident, kind, v) for v in values]
            return max(0, db.executemany("INSERT OR IGNORE INTO collected VALUES (?, ?, ?)", rows).rowcount)

    def uncollect(self, ident: int, kind: str, values: Iterable[str]) -> int:
        """Take articles (by key) or outlets out of one, and return how many were in it."""
        with self._transaction() as db:
            gone = db.executemany(
                "DELETE FROM collected WHERE collection = ? AND kind = ? AND value = ?",
                [(ident, kind, v) for v in values],
            )
            return max(0, gone.rowcount)

    def collected(self, ident: int) -> list[str]:
        """Version ids of the current articles of one, in the order they came."""
        return [r["id"] for r in self._db.execute(f"SELECT v.id {_MEMBERS} ORDER BY v.number", {"id": ident})]

    def collected_by_hand(self, ident: int, keys: Sequence[str]) -> set[str]:
        """Those of the keys that are in one by themselves, not by their outlet."""
        rows = self._db.execute("SELECT value FROM collected WHERE collection = ? AND kind = 'article'", (ident,))
        return {r["value"] for r in rows} & set(keys)


__all__ = ["Collection", "CollectionStore"]
