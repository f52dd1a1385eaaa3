"""Whether two archives hold the same: a dump of every table of their catalogs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

CLOCK = {"version": {"added"}}
"""Columns that tell when a run was: not the same in two runs."""


def dump(archive: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of an archive's catalog, in order, without when it was written."""
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as db:
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        found = {}
        for table in tables:
            columns = [r[1] for r in db.execute(f"PRAGMA table_info({table})") if r[1] not in CLOCK.get(table, ())]
            # In order of number, and of the key where a table has no numbers.
            found[table] = db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        return found


def assert_same(one: Path, other: Path) -> None:
    """Both catalogs hold the same rows in the same order, vectors and numbers included."""
    ours, theirs = dump(one), dump(other)
    assert ours.keys() == theirs.keys()
    assert len(ours["passage"]) > 0
    for table, rows in ours.items():
        assert rows == theirs[table], table
