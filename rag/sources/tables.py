"""The tables of sources, in the archive's catalog; they are made at their first use."""

from __future__ import annotations

import sqlite3

from rag.index.sqlite import Connection, transaction

_TABLES = r"""
CREATE TABLE IF NOT EXISTS source (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  address TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  paused INTEGER NOT NULL DEFAULT 0,
  remove INTEGER NOT NULL DEFAULT 0,
  since TEXT,
  auth TEXT,                        -- where the credentials are, never what they are
  added TEXT NOT NULL,
  rest TEXT NOT NULL DEFAULT '[]'   -- JSON [[address, stamp, depth], ...]: parts of its listing still to be read
);
CREATE TABLE IF NOT EXISTS source_document (
  source INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  stamp TEXT NOT NULL,              -- what the index that names it says of its last change
  etag TEXT, modified TEXT, hash TEXT,
  more TEXT NOT NULL,               -- JSON [[address, stamp], ...]: the documents that it names
  PRIMARY KEY (source, address)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source_entry (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key TEXT NOT NULL,                -- its address in one form
  address TEXT NOT NULL,            -- as it is fetched
  state TEXT NOT NULL,              -- waiting, read, none, failed, gone, removed
  stamp TEXT NOT NULL,              -- what the listing says of its last change
  hints TEXT,                       -- JSON; once it is read, without any words of the article
  newest TEXT,                      -- when it was last touched, as the listing says
  etag TEXT, modified TEXT, hash TEXT,
  first TEXT,                       -- when it was read first
  due TEXT,                         -- when it is looked at again; NULL: never by itself
  tries INTEGER NOT NULL DEFAULT 0,
  why TEXT,
  UNIQUE (source, key)
);
CREATE INDEX IF NOT EXISTS source_entry_due ON source_entry (source, due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS source_article (
  entry INTEGER NOT NULL REFERENCES source_entry (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  PRIMARY KEY (entry, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS source_article_key ON source_article (key);
CREATE TABLE IF NOT EXISTS source_removed (
  key TEXT PRIMARY KEY              -- an article of a source that a person has taken down: it doesn't come again
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS source_taken_down AFTER DELETE ON version BEGIN
  INSERT OR IGNORE INTO source_removed SELECT OLD.key WHERE OLD.key IN (SELECT key FROM source_article); \
  UPDATE source_entry SET hints = NULL WHERE id IN (SELECT entry FROM source_article WHERE key = OLD.key); \
END;
CREATE TABLE IF NOT EXISTS source_run (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  report TEXT NOT NULL              -- JSON
);
CREATE INDEX IF NOT EXISTS source_run_source ON source_run (source, id);
"""


def set_up(db: Connection) -> None:
    """Prepare a connection as the catalog's own are."""
    db.row_factory = sqlite3.Row
    if db.read_only:  # where there are none, there are empty ones for as long as the connection lives
        db.execute("PRAGMA temp_store = MEMORY")
        make_tables(db)
        return
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")  # what waits may hold the words of an article that is taken down


def make_tables(db: Connection) -> None:
    """Make the tables that are missing."""
    have = {row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'source%'").fetchall()}
    if "source_run_source" in have:  # the last one
        return
    if db.read_only:
        script = _TABLES.replace("\\\n", " ").replace("CREATE TABLE", "CREATE TEMP TABLE")
        for statement in script.split(";\n"):
            if statement.strip().startswith("CREATE TEMP TABLE"):
                db.execute(statement)
        return
    with transaction(db):
        for statement in _TABLES.replace("\\\n", " ").split(";\n"):
            if statement.strip():
                db.execute(statement)


__all__ = ["make_tables", "set_up"]
