"""Articles that their publishers have withdrawn: their ids are kept, so that an older copy doesn't bring them back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rag.index.schema import CatalogFile, parse_time, text_hash

_SHORTEST = 8
"""Characters of an id that may take articles down: shorter ones are numbers that many publishers give."""


TABLES = ("CREATE TABLE IF NOT EXISTS withdrawn (id TEXT PRIMARY KEY, at TEXT) WITHOUT ROWID",)


class Withdrawals(CatalogFile):
    """The part of the catalog that knows what was withdrawn.

    Its table is made by the first withdrawal; an archive without one has had none.
    """

    def withdrawn(self) -> dict[str, datetime | None]:
        """Ids of withdrawn articles, each with the time of its withdrawal where that was told."""
        if not self._has("withdrawn"):
            return {}
        return {row["id"]: parse_time(row["at"]) for row in self._db.execute("SELECT id, at FROM withdrawn")}

    def withdraw(self, idents: Iterable[str], at: datetime | None) -> list[str]:
        """Remember ids of withdrawn articles, and return them; short ones, which many publishers give, are left out."""
        rows = [(ident, at.isoformat() if at else None) for ident in idents if len(ident) >= _SHORTEST]
        with self._transaction() as db:
            self._make(db, TABLES)
            db.executemany("INSERT INTO withdrawn VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at", rows)
        return [ident for ident, _ in rows]

    def keys_of(self, idents: Iterable[str]) -> list[str]:
        """Keys of the current articles that have one of these keys or aliases exactly, each once."""
        found: dict[str, None] = {}
        for ident in idents:
            if len(ident) < _SHORTEST:
                continue
            rows = self._db.execute(
                """SELECT key FROM version WHERE current AND key = :ident UNION
                   SELECT v.key FROM alias a JOIN version v ON v.key = a.key AND v.current WHERE a.alias = :ident""",
                {"ident": ident},
            )
            found.update((row["key"], None) for row in rows)
        return list(found)

    def metadata_of(self, key: str) -> str | None:
        """The metadata of the current article of a key, as JSON."""
        row = self._db.execute("SELECT metadata FROM version WHERE key = ? AND current", (key,)).fetchone()
        return row["metadata"] if row else None

    def has_key(self, key: str) -> bool:
        """Whether there is a current article of exactly this key."""
        found = self._db.execute("SELECT 1 FROM version WHERE key = ? AND current LIMIT 1", (key,))
        return found.fetchone() is not None

    def keys_of_text(self, text: str) -> list[str]:
        """Keys of the current articles that have exactly this text, oldest first; a hundred at most."""
        rows = self._db.execute(
            "SELECT key FROM version WHERE current AND text_hash = ? ORDER BY number LIMIT 100", (text_hash(text),)
        )
        return [row["key"] for row in rows]


__all__ = ["Withdrawals"]
