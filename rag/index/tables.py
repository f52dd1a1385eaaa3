"""The tables of a catalog in SQLite: as they were first, and the steps since. Nothing here is ever changed."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE version (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,          -- hash of everything shown
  key TEXT NOT NULL,                -- which article
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  url TEXT, source TEXT, author TEXT,
  published TEXT,                   -- ISO 8601 with its offset; compared by the clock it shows
  language TEXT NOT NULL,
  metadata TEXT NOT NULL,           -- JSON object
  sentences TEXT NOT NULL,          -- JSON [[start, end], ...]
  text_hash TEXT NOT NULL,
  origin TEXT NOT NULL,
  added TEXT NOT NULL,
  current INTEGER NOT NULL
);
CREATE INDEX version_key ON version (key, current);
CREATE UNIQUE INDEX version_current ON version (key) WHERE current;
CREATE INDEX version_text ON version (text_hash) WHERE current;
CREATE TABLE alias (alias TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (alias, key)) WITHOUT ROWID;
CREATE TABLE passage (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,          -- version id + ":" + place
  version INTEGER NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  start INTEGER NOT NULL,           -- in the version's text, half-open
  end INTEGER NOT NULL,
  sentences TEXT NOT NULL,          -- JSON [[start, end], ...]: an article may have many thousands
  vector BLOB NOT NULL,             -- float16, unit length
  indexed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX passage_version ON passage (version);
CREATE INDEX passage_pending ON passage (number) WHERE NOT indexed;
CREATE TABLE tombstone (passage_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_SINCE_2 = """
CREATE TABLE taken_down (
  id TEXT PRIMARY KEY               -- a deleted version whose words conversations may still hold
) WITHOUT ROWID;
CREATE INDEX version_listed ON version (published DESC, number DESC, key, title, author, source, language, current)
  WHERE current;                    -- all that a list looks at, so that it reads no texts
"""

# quoted: whether a version has been searched for quotes
_SINCE_3 = """
ALTER TABLE version ADD COLUMN
  quoted INTEGER NOT NULL DEFAULT 0;
CREATE TABLE quote (
  version INTEGER NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  start INTEGER NOT NULL,           -- in the version's text, half-open
  end INTEGER NOT NULL,
  direct INTEGER NOT NULL,
  speaker TEXT NOT NULL,
  role TEXT, verb TEXT,
  mention_start INTEGER NOT NULL,
  mention_end INTEGER NOT NULL
);
CREATE INDEX quote_version ON quote (version, start);
CREATE INDEX quote_speaker ON quote (speaker, role);
"""

# linked: whether a version has been compared with what the others say
_SINCE_4 = """
ALTER TABLE version ADD COLUMN
  linked INTEGER NOT NULL DEFAULT 0;
CREATE TABLE change (                 -- sentences that may change what others say
  version INTEGER NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  start INTEGER NOT NULL,           -- in the version's text, half-open
  end INTEGER NOT NULL
);
CREATE INDEX change_version ON change (version);
CREATE TABLE link (                   -- the words of "by" change those of "version"
  version INTEGER NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  end INTEGER NOT NULL,
  by_version INTEGER NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  by_start INTEGER NOT NULL,
  by_end INTEGER NOT NULL,
  kind TEXT NOT NULL,               -- a Status
  confidence REAL NOT NULL,
  PRIMARY KEY (version, start, end, by_version, by_start, by_end)
) WITHOUT ROWID;
CREATE INDEX link_by ON link (by_version);
"""

# as_read: of fields that are set by hand, what the version's file says (a JSON object); NULL: none is
_SINCE_5 = """
ALTER TABLE version ADD COLUMN
  as_read TEXT;
CREATE TABLE mending (                -- something that somebody did to one article or several
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  who TEXT NOT NULL,                -- a user of the service; empty: by command line or program
  at TEXT NOT NULL,
  undone_who TEXT,
  undone_at TEXT
);
CREATE TABLE amendment (              -- what it set, kept apart from what files say
  mending INTEGER NOT NULL REFERENCES mending (number) ON DELETE CASCADE,
  key TEXT NOT NULL,                -- which article, whatever version
  field TEXT NOT NULL,
  value TEXT,                       -- NULL: it has none
  before TEXT,                      -- what was shown before
  place INTEGER NOT NULL,           -- in the mending
  PRIMARY KEY (mending, key, field)
);
CREATE INDEX amendment_key ON amendment (key);
"""

# From version N to N + 1: statements that need no re-embedding.
MIGRATIONS: dict[int, str] = {1: _SINCE_2, 2: _SINCE_3, 3: _SINCE_4, 4: _SINCE_5}

__all__ = ["MIGRATIONS", "SCHEMA"]
