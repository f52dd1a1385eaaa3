"""All that the catalog holds, as SQLite's has it since its schema 4, with sources, collections and conversations.

Texts compare byte by byte (collation C), as SQLite compares them. Keys and addresses may be longer than an index of
PostgreSQL takes, so what has to be unique is so by its hash. Which passages an index holds is written down beside that
index, not here: there may be many. A tombstone is kept, with a number, until nobody can ask for it any more.
"""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE meta (name TEXT COLLATE "C" PRIMARY KEY, value TEXT COLLATE "C" NOT NULL);
CREATE TABLE version (
  number BIGSERIAL PRIMARY KEY,
  id TEXT COLLATE "C" NOT NULL UNIQUE,
  key TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  url TEXT COLLATE "C", source TEXT COLLATE "C", author TEXT COLLATE "C",
  published TEXT COLLATE "C",
  language TEXT COLLATE "C" NOT NULL,
  metadata JSON NOT NULL,
  sentences TEXT COLLATE "C" NOT NULL,
  text_hash TEXT COLLATE "C" NOT NULL,
  origin TEXT COLLATE "C" NOT NULL,
  added TEXT COLLATE "C" NOT NULL,
  current BOOLEAN NOT NULL,
  quoted BOOLEAN NOT NULL DEFAULT FALSE,
  linked BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX version_key ON version USING hash (key);
CREATE UNIQUE INDEX version_current ON version (md5(key)) WHERE current;
CREATE INDEX version_text ON version (text_hash) WHERE current;
CREATE INDEX version_url ON version USING hash (url) WHERE current;
CREATE INDEX version_listed ON version (published DESC NULLS LAST, number DESC NULLS LAST) WHERE current;
CREATE INDEX version_unquoted ON version (number) WHERE current AND NOT quoted;
CREATE INDEX version_unlinked ON version (number) WHERE current AND NOT linked;
CREATE TABLE alias (alias TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL);
CREATE UNIQUE INDEX alias_once ON alias (md5(alias), md5(key));
CREATE INDEX alias_alias ON alias USING hash (alias);
CREATE INDEX alias_key ON alias USING hash (key);
CREATE TABLE passage (
  number BIGSERIAL PRIMARY KEY,
  id TEXT COLLATE "C" NOT NULL UNIQUE,
  version BIGINT NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  sentences TEXT COLLATE "C" NOT NULL,
  vector BYTEA NOT NULL
);
CREATE INDEX passage_version ON passage (version);
CREATE TABLE tombstone (number BIGSERIAL PRIMARY KEY, passage_id TEXT COLLATE "C" NOT NULL UNIQUE);
CREATE TABLE taken_down (id TEXT COLLATE "C" PRIMARY KEY);
CREATE TABLE quote (
  version BIGINT NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  direct BOOLEAN NOT NULL,
  speaker TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C", verb TEXT COLLATE "C",
  mention_start INTEGER NOT NULL,
  mention_end INTEGER NOT NULL
);
CREATE INDEX quote_version ON quote (version, start);
CREATE INDEX quote_speaker ON quote USING hash (speaker);
CREATE TABLE speaker_person (
  name TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  person INTEGER NOT NULL,
  PRIMARY KEY (name, role)
);
CREATE TABLE change (
  version BIGINT NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL
);
CREATE INDEX change_version ON change (version);
CREATE TABLE link (
  version BIGINT NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  by_version BIGINT NOT NULL REFERENCES version (number) ON DELETE CASCADE,
  by_start INTEGER NOT NULL,
  by_end INTEGER NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  confidence DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (version, start, "end", by_version, by_start, by_end)
);
CREATE INDEX link_by ON link (by_version);
CREATE TABLE withdrawn (id TEXT COLLATE "C" PRIMARY KEY, at TEXT COLLATE "C");
CREATE TABLE collection (
  id SERIAL PRIMARY KEY,
  owner TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  note TEXT COLLATE "C" NOT NULL DEFAULT '',
  made TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX collection_name ON collection (owner, lower(name));
CREATE TABLE collected (
  collection INTEGER NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
  kind TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX collected_once ON collected (collection, kind, md5(value));
CREATE INDEX collected_value ON collected USING hash (value);
CREATE TABLE source (
  id SERIAL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL UNIQUE,
  address TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  paused BOOLEAN NOT NULL DEFAULT FALSE,
  remove BOOLEAN NOT NULL DEFAULT FALSE,
  since TEXT COLLATE "C",
  auth TEXT COLLATE "C",
  added TEXT COLLATE "C" NOT NULL,
  rest TEXT COLLATE "C" NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX source_address ON source (md5(address));
CREATE TABLE source_document (
  source INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  address TEXT COLLATE "C" NOT NULL,
  stamp TEXT COLLATE "C" NOT NULL,
  etag TEXT COLLATE "C", modified TEXT COLLATE "C", hash TEXT COLLATE "C",
  more TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX source_document_once ON source_document (source, md5(address));
CREATE TABLE source_entry (
  id BIGSERIAL PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key TEXT COLLATE "C" NOT NULL,
  address TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  stamp TEXT COLLATE "C" NOT NULL,
  hints TEXT COLLATE "C",
  newest TEXT COLLATE "C",
  etag TEXT COLLATE "C", modified TEXT COLLATE "C", hash TEXT COLLATE "C",
  first TEXT COLLATE "C",
  due TEXT COLLATE "C",
  tries INTEGER NOT NULL DEFAULT 0,
  why TEXT COLLATE "C"
);
CREATE UNIQUE INDEX source_entry_once ON source_entry (source, md5(key));
CREATE INDEX source_entry_key ON source_entry USING hash (key);
CREATE INDEX source_entry_due ON source_entry (source, due) WHERE due IS NOT NULL;
CREATE TABLE source_article (
  entry BIGINT NOT NULL REFERENCES source_entry (id) ON DELETE CASCADE,
  key TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX source_article_once ON source_article (entry, md5(key));
CREATE INDEX source_article_key ON source_article USING hash (key);
CREATE TABLE source_removed (key TEXT COLLATE "C" NOT NULL);
CREATE UNIQUE INDEX source_removed_once ON source_removed (md5(key));
CREATE INDEX source_removed_key ON source_removed USING hash (key);
CREATE TABLE source_run (
  id BIGSERIAL PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  report TEXT COLLATE "C" NOT NULL
);
CREATE INDEX source_run_source ON source_run (source, id);
CREATE TABLE conversation (
  number BIGSERIAL PRIMARY KEY,
  id TEXT COLLATE "C" NOT NULL UNIQUE,
  "user" TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  created TEXT COLLATE "C" NOT NULL,
  updated TEXT COLLATE "C" NOT NULL
);
CREATE INDEX conversation_user ON conversation ("user", updated);
CREATE TABLE turn (
  id BIGSERIAL PRIMARY KEY,
  conversation TEXT COLLATE "C" NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
  question TEXT COLLATE "C" NOT NULL,
  answer TEXT COLLATE "C" NOT NULL,
  asked TEXT COLLATE "C" NOT NULL,
  good INTEGER,
  why TEXT COLLATE "C" NOT NULL DEFAULT '',
  rated TEXT COLLATE "C"
);
CREATE INDEX turn_conversation ON turn (conversation, id);
CREATE TABLE share (
  token TEXT COLLATE "C" PRIMARY KEY,
  conversation TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES conversation (id) ON DELETE CASCADE,
  created TEXT COLLATE "C" NOT NULL
);
CREATE TABLE turn_archive (
  turn BIGINT PRIMARY KEY REFERENCES turn (id) ON DELETE CASCADE,
  coverage TEXT COLLATE "C" NOT NULL
);
"""

_TAKEN_DOWN = """
CREATE FUNCTION version_taken_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM speaker_person p WHERE NOT EXISTS (
    SELECT 1 FROM quote q WHERE q.speaker = p.name AND coalesce(q.role, '') = p.role AND q.version <> OLD.number);
  IF NOT EXISTS (SELECT 1 FROM version WHERE key = OLD.key) THEN
    DELETE FROM collected WHERE kind = 'article' AND value = OLD.key;
  END IF;
  INSERT INTO source_removed SELECT OLD.key WHERE OLD.key IN (SELECT key FROM source_article) ON CONFLICT DO NOTHING;
  UPDATE source_entry SET hints = NULL WHERE id IN (SELECT entry FROM source_article WHERE key = OLD.key);
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Make everything."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(_TAKEN_DOWN)
    op.execute(
        "CREATE TRIGGER version_taken_down AFTER DELETE ON version FOR EACH ROW EXECUTE FUNCTION version_taken_down()"
    )
    op.execute("INSERT INTO meta VALUES ('purge', '0'), ('identity', gen_random_uuid()::text)")
