"""What is set by hand of articles, as SQLite's catalog has it since its schema 5."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
ALTER TABLE version ADD COLUMN as_read TEXT COLLATE "C";
CREATE TABLE mending (
  number BIGSERIAL PRIMARY KEY,
  who TEXT COLLATE "C" NOT NULL,
  at TEXT COLLATE "C" NOT NULL,
  undone_who TEXT COLLATE "C",
  undone_at TEXT COLLATE "C"
);
CREATE TABLE amendment (
  mending BIGINT NOT NULL REFERENCES mending (number) ON DELETE CASCADE,
  key TEXT COLLATE "C" NOT NULL,
  field TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C",
  before TEXT COLLATE "C",
  place INTEGER NOT NULL
);
CREATE UNIQUE INDEX amendment_once ON amendment (mending, md5(key), field);
CREATE INDEX amendment_key ON amendment USING hash (key);
"""


def upgrade() -> None:
    """Add what mending needs."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
