"""The catalog: one SQLite file that is the truth about an archive.

Articles with their text and sentences, passages with their vectors, and what
built them. The vector index and the lexical index are derived from it: every
passage row says whether they have taken it in (``indexed``), and every
passage that went leaves a tombstone until they have let it go. A process
killed between the two is therefore completed by the next writer.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveDamaged, ArchiveMismatch, ArchiveMissing, ArticleMissing
from rag.index.sqlite import Connection, Connections, transaction
from rag.types import Article, ArticleSummary, Passage, Quote, QuoteSpan, RawArticle, Sentence

SCHEMA_VERSION = 3
INDEX_FORMAT = 3
"""What the derived indexes hold. A writer brings older ones up to it."""
WITH_LANGUAGES = 2
"""From here on they know the articles' languages,"""
WITH_ARTICLES = 3
"""and from here on the lexical one has whole articles beside passages."""

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE version (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,          -- hash of everything shown
  key TEXT NOT NULL,                -- which article
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  url TEXT, source TEXT, author TEXT,
  published TEXT,                   -- ISO 8601, aware
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
  id TEXT PRIMARY KEY               -- a deleted version that conversations have still to forget
) WITHOUT ROWID;
CREATE INDEX version_listed ON version (published DESC, number DESC, key, title, author, source, language, current)
  WHERE current;                    -- all that a list looks at, so that it reads no texts
"""

# quoted: whether a version has been looked through for quotes
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

# From version N to N + 1: statements that need no re-embedding.
MIGRATIONS: dict[int, str] = {1: _SINCE_2, 2: _SINCE_3}


class StoreClosed(Exception):
    """A rebuilt index has taken this one's place: ask again."""


@dataclass(frozen=True)
class Prepared:
    """A cleaned, split and embedded article, ready to be stored."""

    draft: RawArticle
    language: str
    sentences: Sequence[Sentence]
    runs: Sequence[tuple[int, int]]
    """Passages, as half-open runs of sentences."""
    vectors: npt.NDArray[np.float16]
    """Shape (len(runs), dim), rows of length 1."""
    quotes: Sequence[QuoteSpan] | None = None
    """Who said what in it; None: it has not been looked through."""


@dataclass(frozen=True)
class IndexRow:
    """What the derived indexes take in of one passage."""

    number: int
    id: str
    article_id: str
    title: str
    text: str
    source: str | None
    published: datetime | None
    language: str
    vector: npt.NDArray[np.float32]
    article_text: str = ""
    """The whole article's."""


def version_id(draft: RawArticle) -> str:
    """The id of a version: a hash of everything that is shown of it."""
    shown = [
        draft.key,
        draft.title,
        draft.text,
        draft.url,
        draft.source,
        draft.author,
        draft.published.isoformat() if draft.published else None,
        draft.language,
    ]
    return sha256(json.dumps(shown, ensure_ascii=True).encode()).hexdigest()[:20]


def _damaged(error: sqlite3.Error) -> ArchiveDamaged:
    return ArchiveDamaged(
        f"The archive's catalog can't be read ({error}). Restore the archive's folder from a backup, "
        "or move it away and ingest again."
    )


class Catalog:
    """Reads and writes one catalog. Safe to use from several threads.

    Writing assumes that the caller holds the archive's write lock.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the catalog in the file ``path``.

        Raises:
            ArchiveMissing: There is no such file, and ``create`` is false.
            ArchiveMismatch: A newer program wrote it.
            ArchiveDamaged: It is not a catalog.
        """
        self.path = path
        self._connections = Connections(path, _prepared, _damaged)
        if not path.exists():
            if not create:
                raise ArchiveMissing(f"No archive in {path.parent}. Run: onrecord ingest PATH --archive {path.parent}")
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    # -- connections ---------------------------------------------------------

    @property
    def _db(self) -> Connection:
        return self._connections.mine()

    def close(self) -> None:
        """Close the connections of all threads, each when its statement is done."""
        self._connections.close()

    def _transaction(self) -> AbstractContextManager[Connection]:
        return transaction(self._db)

    def _prepare(self) -> None:
        # Readers look first: only what changes something waits for a writer.
        tables = {r["name"] for r in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not {"meta", "version", "passage"} <= tables:
            raise ArchiveDamaged(f"{self.path} is another program's database. Choose another folder: --archive PATH")
        if tables and int(self.meta("schema") or 0) == SCHEMA_VERSION:
            return
        with self._transaction() as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                for statement in (*_statements(_SCHEMA), *_statements(_SINCE_2), *_statements(_SINCE_3)):
                    db.execute(statement)
                facts = {"schema": SCHEMA_VERSION, "generation": 0, "index_format": INDEX_FORMAT}
                db.executemany("INSERT INTO meta VALUES (?, ?)", [(name, str(value)) for name, value in facts.items()])
                return
            found = int(self.meta("schema") or 0)
            if found > SCHEMA_VERSION:
                raise ArchiveMismatch(
                    f"The archive in {self.path.parent} was written by a newer OnRecord "
                    f"(schema {found}, this one knows {SCHEMA_VERSION}). Upgrade: pip install -U onrecord"
                )
            for step in range(found, SCHEMA_VERSION):
                for statement in _statements(MIGRATIONS[step]):
                    db.execute(statement)
                self._set_meta(db, "schema", str(step + 1))

    # -- facts about the archive ---------------------------------------------

    def meta(self, name: str) -> str | None:
        """A recorded fact, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def set_meta(self, name: str, value: str) -> None:
        """Record a fact."""
        with self._transaction() as db:
            self._set_meta(db, name, value)

    @staticmethod
    def _set_meta(db: sqlite3.Connection, name: str, value: str) -> None:
        db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    @property
    def generation(self) -> int:
        """Grows whenever the derived indexes change; other processes compare it."""
        return int(self.meta("generation") or 0)

    def next_generation(self) -> int:
        """Count the generation up and return it."""
        with self._transaction() as db:
            db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'")
        return self.generation

    def counts(self) -> dict[str, int]:
        """Numbers of articles, older versions, passages, pending passages and tombstones."""
        one = self._db.execute(
            """SELECT (SELECT count(*) FROM version WHERE current) AS articles,
                      (SELECT count(*) FROM version WHERE NOT current) AS older_versions,
                      (SELECT count(*) FROM passage) AS passages,
                      (SELECT count(*) FROM passage WHERE NOT indexed) AS pending,
                      (SELECT count(*) FROM tombstone) AS tombstones"""
        ).fetchone()
        return dict(one)

    def coverage(self) -> dict[str, Any]:
        """Outlets and languages with their numbers of articles, and the first and last date."""
        db = self._db
        span = db.execute(
            "SELECT min(published) AS first, max(published) AS last FROM version WHERE current"
        ).fetchone()

        def tally(column: str) -> dict[str, int]:
            rows = db.execute(
                f"SELECT {column} AS name, count(*) AS n FROM version WHERE current GROUP BY 1 ORDER BY n DESC, 1"
            )
            return {r["name"] or "": r["n"] for r in rows}

        undated = db.execute("SELECT count(*) AS n FROM version WHERE current AND published IS NULL").fetchone()["n"]
        return {
            "first": span["first"],
            "last": span["last"],
            "undated": undated,
            "sources": tally("source"),
            "languages": tally("language"),
        }

    def resolve_outlet(self, name: str) -> str | None:
        """An outlet as its articles have it, by its name in any case, with or without "the"; None if there is none."""
        sought = name.casefold().removeprefix("the ")
        rows = self._db.execute("SELECT DISTINCT source AS name FROM version WHERE current AND source IS NOT NULL")
        return next((r["name"] for r in rows if r["name"].casefold().removeprefix("the ") == sought), None)

    @property
    def index_format(self) -> int:
        """What the derived indexes hold: ``INDEX_FORMAT`` of the program that built them."""
        return int(self.meta("index_format") or 1)

    # -- writing ---------------------------------------------------------------

    def status(self, draft: RawArticle) -> str:
        """How a draft stands to the catalog: "new", "changed", "current" or "older"."""
        rows = self._db.execute("SELECT id, current FROM version WHERE key = ?", (draft.key,)).fetchall()
        if not any(r["current"] for r in rows):
            return "new"
        this = version_id(draft)
        for r in rows:
            if r["id"] == this:
                return "current" if r["current"] else "older"
        return "changed"

    def add_aliases(self, key: str, aliases: Iterable[str]) -> None:
        """Remember more ids for an article."""
        rows = [(a, key) for a in aliases]
        known = {r["alias"] for r in self._db.execute("SELECT alias FROM alias WHERE key = ?", (key,))}
        if all(a in known for a, _ in rows):
            return
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO alias VALUES (?, ?)", rows)

    def store(self, batch: Sequence[Prepared]) -> None:
        """Store articles in one transaction; each becomes the current version of its key."""
        with self._transaction() as db:
            for item in batch:
                self._store(db, item)

    def _store(self, db: sqlite3.Connection, item: Prepared) -> None:
        draft = item.draft
        ident = version_id(draft)
        replaced = db.execute("SELECT number FROM version WHERE key = ? AND current", (draft.key,)).fetchone()
        if replaced:
            self._retire(db, replaced["number"])
            db.execute("UPDATE version SET current = 0 WHERE number = ?", (replaced["number"],))
        known = db.execute("SELECT number FROM version WHERE id = ?", (ident,)).fetchone()
        if known:  # an older version has come back
            number = known["number"]
            db.execute("UPDATE version SET current = 1 WHERE number = ?", (number,))
        else:
            number = db.execute(
                """INSERT INTO version (id, key, title, text, url, source, author, published, language, metadata,
                                        sentences, text_hash, origin, added, current)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)""",
                (
                    ident,
                    draft.key,
                    draft.title,
                    draft.text,
                    draft.url,
                    draft.source,
                    draft.author,
                    draft.published.astimezone(UTC).isoformat() if draft.published else None,
                    item.language,
                    json.dumps(dict(draft.metadata), ensure_ascii=False, default=str),
                    _places(item.sentences),
                    _text_hash(draft.text),
                    draft.origin,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                ),
            ).lastrowid
        db.executemany("INSERT OR IGNORE INTO alias VALUES (?, ?)", [(a, draft.key) for a in draft.aliases])
        self._add_passages(db, number, ident, item)
        self._set_quotes(db, number, item.quotes)

    @staticmethod
    def _set_quotes(db: sqlite3.Connection, number: int, quotes: Sequence[QuoteSpan] | None) -> None:
        db.execute("DELETE FROM quote WHERE version = ?", (number,))
        db.executemany(
            "INSERT INTO quote VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(number, q.start, q.end, q.direct, q.speaker, q.role, q.verb, *q.mention) for q in quotes or ()],
        )
        db.execute("UPDATE version SET quoted = ? WHERE number = ?", (quotes is not None, number))

    @staticmethod
    def _add_passages(db: sqlite3.Connection, number: int, ident: str, item: Prepared) -> None:
        ids = [f"{ident}:{n}" for n in range(len(item.runs))]
        db.executemany("DELETE FROM tombstone WHERE passage_id = ?", [(i,) for i in ids])
        db.executemany(
            "INSERT INTO passage (id, version, start, end, sentences, vector) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    ident,
                    number,
                    item.sentences[first].start,
                    item.sentences[last - 1].end,
                    _places(item.sentences[first:last]),
                    vector.astype(np.float16).tobytes(),
                )
                for ident, (first, last), vector in zip(ids, item.runs, item.vectors, strict=True)
            ],
        )

    @classmethod
    def _retire(cls, db: sqlite3.Connection, number: int) -> None:
        """Take a version's passages out, leaving tombstones for the indexes, and its quotes."""
        db.execute("INSERT OR IGNORE INTO tombstone SELECT id FROM passage WHERE version = ?", (number,))
        db.execute("DELETE FROM passage WHERE version = ?", (number,))
        cls._set_quotes(db, number, None)

    def delete(self, keys: Sequence[str]) -> None:
        """Take articles down: every version of them, their aliases and passages.

        Also records that the lexical index has to be written anew, since
        what it has deleted stays in its files for a while, and which versions
        conversations have to forget.
        """
        with self._transaction() as db:
            for key in keys:
                for row in db.execute("SELECT number FROM version WHERE key = ?", (key,)).fetchall():
                    self._retire(db, row["number"])
                db.execute("INSERT OR IGNORE INTO taken_down SELECT id FROM version WHERE key = ?", (key,))
                db.execute("DELETE FROM version WHERE key = ?", (key,))
                db.execute("DELETE FROM alias WHERE key = ?", (key,))
            self._set_meta(db, "purge", "1")

    def pending_erasure(self) -> list[str]:
        """Ids of deleted versions that conversations have still to forget."""
        return [r["id"] for r in self._db.execute("SELECT id FROM taken_down")]

    def erased(self, ids: Sequence[str]) -> None:
        """Record that no conversation speaks of these versions any more."""
        with self._transaction() as db:
            db.executemany("DELETE FROM taken_down WHERE id = ?", [(i,) for i in ids])

    def compact(self) -> None:
        """Write the log back into the main file and empty it, so that deleted words stand in neither."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def restore_passages(self, article: Article, item: Prepared) -> None:
        """Give a current version new sentences, passages and vectors."""
        with self._transaction() as db:
            row = db.execute("SELECT number FROM version WHERE id = ?", (article.id,)).fetchone()
            self._retire(db, row["number"])
            db.execute(
                "UPDATE version SET sentences = ? WHERE number = ?",
                (_places(item.sentences), row["number"]),
            )
            self._add_passages(db, row["number"], article.id, item)
            self._set_quotes(db, row["number"], item.quotes)

    # -- who said what -----------------------------------------------------------

    def without_quotes(self, limit: int) -> list[Article]:
        """Current articles that have not been looked through for quotes, at most ``limit``."""
        rows = self._db.execute("SELECT * FROM version WHERE current AND NOT quoted LIMIT ?", (limit,)).fetchall()
        return [self._article(r) for r in rows]

    def count_without_quotes(self) -> int:
        """How many current articles have not been looked through for quotes."""
        return int(self._db.execute("SELECT count(*) FROM version WHERE current AND NOT quoted").fetchone()[0])

    def set_quotes(self, found: Sequence[tuple[str, Sequence[QuoteSpan]]]) -> None:
        """Record who says what in versions, by id; those that have gone meanwhile are passed over."""
        with self._transaction() as db:
            for ident, quotes in found:
                row = db.execute("SELECT number FROM version WHERE id = ? AND current", (ident,)).fetchone()
                if row:
                    self._set_quotes(db, row["number"], quotes)

    def speakers(self) -> list[tuple[str, str | None, int]]:
        """(speaker, role, number of quotes), as the articles name them."""
        rows = self._db.execute("SELECT speaker, role, count(*) AS n FROM quote GROUP BY speaker, role")
        return [(r["speaker"], r["role"], r["n"]) for r in rows]

    def quotes(
        self,
        *,
        speakers: Sequence[tuple[str, str | None]] | None = None,
        passages: Sequence[str] | None = None,
        articles: Sequence[str] = (),
        after: datetime | None = None,
        before: datetime | None = None,
        undated: bool = True,
        sources: Sequence[str] = (),
        language: str | None = None,
        limit: int,
    ) -> list[Quote]:
        """Quotes of current articles, newest first and in reading order; see ``Archive.quotes``.

        Args:
            speakers: (speaker, role) exactly as ``speakers()`` has them; None: anybody.
            passages: Only those that begin in one of these passages, by id.
            articles: Only in these versions, by id.
            after, before, undated, sources, language: As for ``Archive.search``.
            limit: How many.
        """
        rules: list[str] = ["v.current"]
        values: list[Any] = []

        def one_of(column: str, some: Sequence[str]) -> None:
            rules.append(f"{column} IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(list(some)))

        if speakers is not None:
            one_of("q.speaker", sorted({s for s, _ in speakers}))
        if passages is not None:
            rules.append(
                """EXISTS (SELECT 1 FROM passage p WHERE p.version = q.version AND p.start <= q.start
                           AND q.start < p.end AND p.id IN (SELECT value FROM json_each(?)))"""
            )
            values.append(json.dumps(list(passages)))
            one_of("v.id", sorted({p.partition(":")[0] for p in passages}))
        if articles:
            one_of("v.id", articles)
        if sources:
            one_of("coalesce(v.source, '')", sources)
        if language:
            rules.append("v.language = ?")
            values.append(language)
        dates = []
        for sign, when in ((">=", after), ("<", before)):
            if when:
                dates.append(f"v.published {sign} ?")
                values.append(when.astimezone(UTC).isoformat())
        if dates:
            within = " AND ".join(dates)
            rules.append(f"(v.published IS NULL OR ({within}))" if undated else f"({within})")
        rows = self._db.execute(
            f"""SELECT q.*, v.id AS article_id, v.title, v.source, v.published, v.url, v.sentences
                FROM quote q JOIN version v ON v.number = q.version WHERE {" AND ".join(rules)}
                ORDER BY v.published DESC, v.number DESC, q.start LIMIT ?""",
            [*values, limit],
        ).fetchall()
        wanted = set(speakers) if speakers is not None else None
        texts = self._texts({r["version"] for r in rows})
        return [_quote(r, texts[r["version"]]) for r in rows if wanted is None or (r["speaker"], r["role"]) in wanted]

    def said(self, article_ids: Sequence[str]) -> dict[str, list[QuoteSpan]]:
        """What is said in some versions, in reading order, by version id."""
        found: dict[str, list[QuoteSpan]] = {}
        for ident in article_ids:
            rows = self._db.execute(
                """SELECT q.* FROM quote q JOIN version v ON v.number = q.version WHERE v.id = ? ORDER BY q.start""",
                (ident,),
            )
            found[ident] = [_said(r) for r in rows]
        return found

    def passages_at(self, places: Sequence[tuple[str, int]]) -> list[str | None]:
        """For each (version id, offset) the id of the passage that holds it, or None."""
        one = """SELECT p.id FROM passage p JOIN version v ON v.number = p.version
                 WHERE v.id = ? AND p.start <= ? AND ? < p.end LIMIT 1"""
        rows = [self._db.execute(one, (ident, at, at)).fetchone() for ident, at in places]
        return [r["id"] if r else None for r in rows]

    # -- what the derived indexes have still to do -----------------------------

    def rows(self, *, after: int = 0, limit: int, pending: bool = False) -> list[IndexRow]:
        """What the indexes take in, in order: at most ``limit`` passages with a number above ``after``.

        ``pending`` leaves out those that the indexes have already.
        """
        rows = self._db.execute(
            f"""SELECT p.number, p.id, p.start, p.end, p.vector, p.version, v.id AS article_id, v.title,
                       v.source, v.published, v.language
                FROM passage p JOIN version v ON v.number = p.version
                WHERE p.number > ? {"AND NOT p.indexed" if pending else ""} ORDER BY p.number LIMIT ?""",
            (after, limit),
        ).fetchall()
        texts = self._texts({r["version"] for r in rows})
        return [
            IndexRow(
                number=r["number"],
                id=r["id"],
                article_id=r["article_id"],
                title=r["title"],
                text=texts[r["version"]][r["start"] : r["end"]],
                article_text=texts[r["version"]],
                source=r["source"],
                published=_when(r["published"]),
                language=r["language"],
                vector=np.frombuffer(r["vector"], np.float16).astype(np.float32),
            )
            for r in rows
        ]

    def tombstones(self) -> list[str]:
        """Ids of passages that the indexes have still to let go."""
        return [r["passage_id"] for r in self._db.execute("SELECT passage_id FROM tombstone")]

    def mark_indexed(self, indexed: Sequence[str], buried: Sequence[str]) -> None:
        """Record what the indexes have taken in and let go."""
        with self._transaction() as db:
            db.executemany("UPDATE passage SET indexed = 1 WHERE id = ?", [(i,) for i in indexed])
            db.executemany("DELETE FROM tombstone WHERE passage_id = ?", [(i,) for i in buried])

    def activate(self, stores: dict[str, str], *, settled: bool) -> None:
        """Make freshly built indexes the live ones, in one transaction.

        Args:
            stores: Kind of index to the name of its new folder.
            settled: Both are new, so nothing is left for either to take in or let go.
        """
        with self._transaction() as db:
            for kind, name in stores.items():
                self._set_meta(db, kind, name)
            if settled:
                db.execute("UPDATE passage SET indexed = 1 WHERE NOT indexed")
                db.execute("DELETE FROM tombstone")
                self._set_meta(db, "purge", "0")
                self._set_meta(db, "index_format", str(INDEX_FORMAT))
            db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'")

    def passage_ids(self) -> set[str]:
        """Ids of all passages."""
        return {r["id"] for r in self._db.execute("SELECT id FROM passage")}

    # -- reading ---------------------------------------------------------------

    def article(self, ident: str) -> Article:
        """An article by version id (or a unique beginning of at least 6 characters), key, URL, alias or file name.

        Raises:
            ArticleMissing: There is none, or the beginning is not unique.
        """
        db = self._db
        row = db.execute("SELECT * FROM version WHERE id = ?", (ident,)).fetchone()
        if not row:
            row = db.execute("SELECT * FROM version WHERE key = ? AND current", (ident,)).fetchone()
        if not row:
            rows = db.execute(
                "SELECT v.* FROM alias a JOIN version v ON v.key = a.key AND v.current WHERE a.alias = ? LIMIT 2",
                (ident,),
            ).fetchall()
            if not rows and len(ident) >= 6 and ident.isalnum():
                rows = db.execute(
                    "SELECT * FROM version WHERE id >= ? AND id < ? LIMIT 2", (ident, ident + "g")
                ).fetchall()
            if not rows and "://" in ident:
                rows = db.execute("SELECT * FROM version WHERE current AND url = ? LIMIT 2", (ident,)).fetchall()
            elif not rows and "/" not in ident:
                ending = "/" + ident
                rows = db.execute(
                    "SELECT * FROM version WHERE current AND substr(key, -length(?1)) = ?1 LIMIT 2", (ending,)
                ).fetchall()
            if len(rows) > 1:
                raise ArticleMissing(f"{ident!r} names more than one article. Give the whole id.")
            row = rows[0] if rows else None
        if not row:
            raise ArticleMissing(f"No article {ident!r} in this archive. Find ids with: onrecord search WORDS")
        return self._article(row)

    def exists(self, article_ids: Iterable[str]) -> dict[str, bool]:
        """Those of the versions that are (still) stored, each with whether it is current. Reads no texts."""
        one = "SELECT current FROM version WHERE id = ?"
        rows = {i: self._db.execute(one, (i,)).fetchone() for i in article_ids}
        return {i: bool(row["current"]) for i, row in rows.items() if row}

    def articles(self) -> Iterator[Article]:
        """All current articles, in the order they came."""
        numbers = [r["number"] for r in self._db.execute("SELECT number FROM version WHERE current ORDER BY number")]
        for number in numbers:
            row = self._db.execute("SELECT * FROM version WHERE number = ?", (number,)).fetchone()
            if row:
                yield self._article(row)

    def listed(
        self,
        search: str = "",
        *,
        source: str | None = None,
        language: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        limit: int,
        offset: int = 0,
    ) -> tuple[list[ArticleSummary], int]:
        """Current articles, newest publication first, and how many there are in all; see ``Archive.list``."""
        rules: list[str] = ["current"]
        values: list[str] = []
        for rule, value in (
            ("has_words(?, title, author, key)", search.casefold().strip() or None),
            ("coalesce(source, '') = ?", source),
            ("language = ?", language),
            ("published >= ?", after.astimezone(UTC).isoformat() if after else None),
            ("published < ?", before.astimezone(UTC).isoformat() if before else None),
        ):
            if value is not None:
                rules.append(rule)
                values.append(value)
        numbers = self._db.execute(
            f"""SELECT number FROM version INDEXED BY version_listed WHERE {" AND ".join(rules)}
                ORDER BY published DESC, number DESC""",
            values,
        ).fetchall()
        page = [r["number"] for r in numbers[offset : offset + limit]]
        rows = self._db.execute(
            f"""SELECT id, key, title, source, author, published, url, language, length(text) AS characters, added
                FROM version WHERE number IN ({",".join("?" * len(page))})
                ORDER BY published DESC, number DESC""",
            page,
        )
        return [ArticleSummary.model_validate(dict(r)) for r in rows], len(numbers)

    def months(self) -> list[tuple[str, str, int]]:
        """("2023-06", outlet or "", number of current articles), in order; undated ones are left out."""
        rows = self._db.execute(
            """SELECT substr(published, 1, 7) AS month, coalesce(source, '') AS outlet, count(*) AS n
               FROM version INDEXED BY version_listed WHERE current AND published IS NOT NULL
               GROUP BY 1, 2 ORDER BY 1, 2"""
        )
        return [(r["month"], r["outlet"], r["n"]) for r in rows]

    def versions(self, key: str) -> list[str]:
        """Version ids of an article, newest first."""
        rows = self._db.execute("SELECT id FROM version WHERE key = ? ORDER BY current DESC, number DESC", (key,))
        return [r["id"] for r in rows]

    def sentences(self, article_id: str) -> list[Sentence]:
        """The sentences of a version, in order."""
        row = self._db.execute("SELECT sentences FROM version WHERE id = ?", (article_id,)).fetchone()
        if not row:
            raise ArticleMissing(f"No article {article_id!r} in this archive.")
        return [Sentence(start=a, end=b) for a, b in json.loads(row["sentences"])]

    def passages_of(self, article_ids: Sequence[str]) -> list[str]:
        """Ids of all passages of some versions."""
        found: list[str] = []
        for ident in article_ids:
            rows = self._db.execute(
                "SELECT p.id FROM passage p JOIN version v ON v.number = p.version WHERE v.id = ?", (ident,)
            )
            found += [r["id"] for r in rows]
        return found

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are no longer there are left out."""
        found: dict[str, Passage] = {}
        for at in range(0, len(ids), 500):
            some = ids[at : at + 500]
            rows = self._db.execute(
                f"""SELECT p.id, p.start, p.end, p.sentences, p.version, v.id AS article_id, v.title, v.source,
                           v.published, v.url, v.language
                    FROM passage p JOIN version v ON v.number = p.version
                    WHERE p.id IN ({",".join("?" * len(some))})""",
                some,
            ).fetchall()
            texts = self._texts({r["version"] for r in rows})
            for r in rows:
                found[r["id"]] = Passage(
                    id=r["id"],
                    article_id=r["article_id"],
                    start=r["start"],
                    end=r["end"],
                    text=texts[r["version"]][r["start"] : r["end"]],
                    sentences=tuple(Sentence(start=a, end=b) for a, b in json.loads(r["sentences"])),
                    title=r["title"],
                    source=r["source"],
                    published=_when(r["published"]),
                    url=r["url"],
                    language=r["language"],
                )
        return found

    def _texts(self, numbers: set[int]) -> dict[int, str]:
        """Texts of versions, each read once however many of its passages are wanted."""
        one = "SELECT text FROM version WHERE number = ?"
        rows = {n: self._db.execute(one, (n,)).fetchone() for n in numbers}
        return {n: row["text"] if row else "" for n, row in rows.items()}

    def vectors(self, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Stored vectors of passages, each of shape (dim,)."""
        rows = self._db.execute(f"SELECT id, vector FROM passage WHERE id IN ({','.join('?' * len(ids))})", list(ids))
        return {r["id"]: np.frombuffer(r["vector"], np.float16).astype(np.float32) for r in rows}

    def _article(self, row: sqlite3.Row) -> Article:
        db = self._db
        twins = db.execute(
            "SELECT key FROM version WHERE current AND text_hash = ? AND key <> ? ORDER BY number LIMIT 50",
            (row["text_hash"], row["key"]),
        )
        return Article(
            key=row["key"],
            id=row["id"],
            aliases=tuple(r["alias"] for r in db.execute("SELECT alias FROM alias WHERE key = ?", (row["key"],))),
            title=row["title"],
            text=row["text"],
            url=row["url"],
            source=row["source"],
            author=row["author"],
            published=_when(row["published"]),
            language=row["language"],
            metadata=json.loads(row["metadata"]),
            current=bool(row["current"]),
            also_printed_by=tuple(r["key"] for r in twins),
        )

    def integrity(self) -> str:
        """SQLite's own check: "ok", or what is wrong."""
        return str(self._db.execute("PRAGMA quick_check").fetchone()[0])


def _said(row: sqlite3.Row) -> QuoteSpan:
    return QuoteSpan(
        start=row["start"],
        end=row["end"],
        direct=bool(row["direct"]),
        speaker=row["speaker"],
        role=row["role"],
        verb=row["verb"],
        mention=(row["mention_start"], row["mention_end"]),
    )


def _quote(row: sqlite3.Row, text: str) -> Quote:
    places = json.loads(row["sentences"])
    at = max(0, bisect_right(places, row["start"], key=lambda place: place[0]) - 1)
    start, end = places[at] if places else (row["start"], row["end"])
    return Quote(
        speaker=row["speaker"],
        role=row["role"],
        verb=row["verb"],
        direct=bool(row["direct"]),
        quote=text[row["start"] : row["end"]],
        article_id=row["article_id"],
        start=row["start"],
        end=row["end"],
        sentence=text[start:end],
        title=row["title"],
        source=row["source"],
        published=_when(row["published"]),
        url=row["url"],
    )


def _statements(script: str) -> list[str]:
    return script.split(";\n")


def _prepared(db: Connection) -> None:
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("PRAGMA foreign_keys=ON")
    db.create_function("has_words", 4, _has_words, deterministic=True)
    db.execute("PRAGMA secure_delete=ON")  # a takedown leaves no words in free pages


def _has_words(wanted: str, title: str, author: str | None, key: str) -> bool:
    """Whether all of the words, folded already, stand in one of the three."""
    texts = f"{title}\n{author or ''}\n{key}".casefold()
    return all(word in texts for word in wanted.split())


def _text_hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _places(sentences: Sequence[Sentence]) -> str:
    return json.dumps([[s.start, s.end] for s in sentences], separators=(",", ":"))


def _when(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
