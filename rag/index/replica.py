"""What the indexes in a folder hold of a catalog that is elsewhere: a small SQLite file beside them.

Several machines may each have indexes of one catalog. How far each has come is its own affair, so it is written down
here: up to which passage it has added, up to which deletion it has removed, which folders are live.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

from rag.errors import ArchiveDamaged
from rag.index.sqlite import Connection, Connections, transaction

FILE = "replica.sqlite"


class Replica:
    """Named facts about the indexes of one folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Open nothing yet; the file is made at the first write.

        Args:
            folder: The archive's.
        """
        self._file = folder / FILE
        self._connections = Connections(self._file, _set_up, partial(_damaged, self._file))

    def close(self) -> None:
        """Close the connections of all threads."""
        self._connections.close()

    def get(self, name: str) -> str | None:
        """A fact, or None."""
        if not self._file.exists():
            return None
        row = self._connections.current().execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def number(self, name: str) -> int:
        """A fact that is a number; 0 where there is none."""
        return int(self.get(name) or 0)

    def set(self, **facts: str | int) -> None:
        """Write facts down, in one transaction."""
        if not self._file.exists():
            self._file.parent.mkdir(parents=True, exist_ok=True)
        with transaction(self._connections.current()) as db:
            db.executemany(
                "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [(name, str(value)) for name, value in facts.items()],
            )


def _set_up(db: Connection) -> None:
    db.row_factory = sqlite3.Row
    if not db.read_only:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    db.execute("PRAGMA synchronous=NORMAL")


def _damaged(file: Path, error: sqlite3.Error) -> ArchiveDamaged:
    return ArchiveDamaged(
        f"{file} can't be read ({error}). Delete it, which loses nothing: the indexes beside it are built anew from "
        "the catalog."
    )


__all__ = ["FILE", "Replica"]
