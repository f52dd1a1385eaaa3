"""The catalog's file: its tables, how an older one is migrated, and how its rows become values.

SQL that only articles or only quotes need stands beside the code that asks it, in ``rag/index/catalog.py`` and
``rag/index/quote_store.py``.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveDamaged, ArchiveError, ArchiveMismatch, ArchiveMissing
from rag.index.native import StoreClosed as StoreClosed
from rag.index.readonly import require_writable
from rag.index.sqlite import Connection, Connections, transaction
from rag.index.tables import MIGRATIONS, SCHEMA
from rag.ingest.amending import MENDED, read_as_read
from rag.types import Article, Passage, Quote, QuoteSpan, RawArticle, Sentence

SCHEMA_VERSION = 5
INDEX_FORMAT = 4
"""What the derived indexes hold. A writer brings those of an older format up to it."""
WITH_LANGUAGES = 2
"""The format since which they hold the articles' languages."""
WITH_ARTICLES = 3
"""The format since which the lexical index holds whole articles beside passages."""
WITH_FULL_TEXT = 4
"""The format since which there is a full-text index."""
MOVED_TO = "moved_to"
"""A fact of a catalog that was moved to a server, and whose file is about to be removed."""


@dataclass(frozen=True)
class IndexRow:
    """What the derived indexes store of one passage."""

    number: int
    id: str
    article_id: str
    title: str
    text: str
    source: str | None
    published: datetime | None
    language: str
    vector: npt.NDArray[np.float32]
    """Shape (dim,), length 1."""
    article_text: str = ""
    """The text of the whole article."""
    author: str | None = None
    section: str | None = None


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


def require_catalog(file: Path) -> None:
    """Check that the catalog is there, and is not empty, if an index beside it shows that it was.

    Raises:
        ArchiveDamaged: It is gone.
    """
    if file.with_name("replica.sqlite").exists() and not file.exists():
        raise ArchiveMissing(
            f"{file.parent} holds the indexes of a catalog on a server. Set ONRECORD_CATALOG to its address."
        )
    log = file.with_name(f"{file.name}-wal")
    if any(f.exists() and f.stat().st_size for f in (file, log)):
        return
    vectors = (*file.parent.glob("vectors-*/chroma.sqlite3"), *file.parent.glob("vectors-*/*/chroma.sqlite3"))
    if vectors or any(file.parent.glob("lexical-*/meta.json")):
        raise ArchiveDamaged(
            f"The archive's catalog, {file}, is gone or empty. Bring it back from a backup (onrecord restore), or move "
            "the folder away and ingest again."
        )


# -- the file -----------------------------------------------------------------


class CatalogFile:
    """The catalog's SQLite file: opened, migrated, and with the named facts it records about the archive."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the catalog in the file ``path``, and migrate it if an older program wrote it.

        Raises:
            ArchiveMissing: There is no such file, and ``create`` is false.
            ArchiveMismatch: A newer program wrote it.
            ArchiveDamaged: It is not a catalog.
        """
        self.path = path
        self._connections = Connections(path, _set_up, partial(_damaged, path))
        require_catalog(path)
        if not path.exists():
            if not create:
                raise ArchiveMissing(f"No archive in {path.parent}. Run: onrecord ingest PATH --archive {path.parent}")
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._migrate()
        except BaseException:
            self.close()
            raise

    @property
    def _db(self) -> Connection:
        return self._connections.current()

    def close(self) -> None:
        """Close the connections of all threads, each when its statement is done."""
        self._connections.close()

    def _transaction(self) -> AbstractContextManager[Connection]:
        return transaction(self._db)

    def _migrate(self) -> None:
        # Readers look first: only a migration waits for a writer.
        tables = {r["name"] for r in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not {"meta", "version", "passage"} <= tables:
            if "meta" in tables and (moved := self.meta(MOVED_TO)):
                raise ArchiveMissing(f"The catalog of this archive was moved to {moved}. Set ONRECORD_CATALOG to it.")
            raise ArchiveDamaged(f"{self.path} is another program's database. Choose another folder: --archive PATH")
        if tables and int(self.meta("schema") or 0) == SCHEMA_VERSION:
            return
        require_writable(self.path)
        with self._transaction() as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                for script in (SCHEMA, *MIGRATIONS.values()):
                    for statement in _statements(script):
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
                set_meta(db, "schema", str(step + 1))

    def meta(self, name: str) -> str | None:
        """A recorded fact about the archive, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def _has(self, name: str) -> bool:
        """Whether a table that is made at its first use is there."""
        return self._db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None

    def _make(self, db: sqlite3.Connection, statements: Iterable[str]) -> None:
        """Make tables at their first use."""
        for statement in statements:
            db.execute(statement)

    def make_tables(self, statements: Iterable[str]) -> None:
        """Make tables that else are made at their first use."""
        with self._transaction() as db:
            self._make(db, statements)

    def set_meta(self, name: str, value: str) -> None:
        """Record a fact about the archive."""
        with self._transaction() as db:
            set_meta(db, name, value)

    def integrity(self) -> str:
        """SQLite's own check: "ok", or what is wrong."""
        return str(self._db.execute("PRAGMA quick_check").fetchone()[0])

    def compact(self) -> None:
        """Write the write-ahead log back into the main file and empty it, so that deleted words are in neither."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def set_meta(db: sqlite3.Connection, name: str, value: str) -> None:
    """Record a fact within a transaction."""
    db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))


def _statements(script: str) -> list[str]:
    return script.split(";\n")


_CACHES = 64 * 2**20
"""Bytes that SQLite keeps of files it has read, in the whole process."""


def _set_up(db: Connection) -> None:
    db.row_factory = sqlite3.Row
    if not db.read_only:
        db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("PRAGMA cache_size=-8000")  # kilobytes: passages of a question are read from all over the file
    # Of all connections together: a service has one for each of some forty threads, which fill their caches in hours.
    db.execute(f"PRAGMA soft_heap_limit={_CACHES}")
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("PRAGMA secure_delete=ON")  # a takedown leaves no words in free pages


def _damaged(path: Path, error: sqlite3.Error) -> ArchiveError:
    if not path.exists():
        return ArchiveMissing(
            f"The catalog {path} was moved away (onrecord migrate) or deleted while it was in use. Start again with "
            "the new setting."
        )
    return ArchiveDamaged(
        f"The archive's catalog can't be read ({error}). Bring it back from a backup (onrecord restore), or write out "
        f"the articles that can still be read: onrecord export --salvage OUT.jsonl --archive {path.parent}"
    )


# -- values to columns, and rows to values --------------------------------------


def text_hash(text: str) -> str:
    """Equal for articles of exactly the same text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def sentences_json(sentences: Sequence[Sentence]) -> str:
    """Sentences as the column ``sentences`` holds them."""
    return json.dumps([[s.start, s.end] for s in sentences], separators=(",", ":"))


def parse_sentences(column: str) -> list[Sentence]:
    """Sentences out of the column ``sentences``."""
    return [Sentence(start=a, end=b) for a, b in json.loads(column)]


def vector_bytes(vector: npt.NDArray[np.floating]) -> bytes:
    """A vector, shape (dim,), as the column ``vector`` holds it."""
    return vector.astype(np.float16).tobytes()


def parse_vector(column: bytes) -> npt.NDArray[np.float32]:
    """A vector out of the column ``vector``: shape (dim,)."""
    return np.frombuffer(column, np.float16).astype(np.float32)


def parse_time(column: str | None) -> datetime | None:
    """A time out of a column of ISO 8601."""
    return datetime.fromisoformat(column) if column else None


def read_texts(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Texts of versions by number, each read once however many of its passages are wanted; "" where there is none."""
    wanted = list(set(numbers))
    found = dict.fromkeys(wanted, "")
    for at in range(0, len(wanted), 500):
        some = wanted[at : at + 500]
        marks = ",".join("?" * len(some))
        rows = db.execute(f"SELECT number, text FROM version WHERE number IN ({marks})", some).fetchall()
        found |= {row["number"]: row["text"] for row in rows}
    return found


class VersionRow(NamedTuple):
    """What passages show of their version."""

    id: str
    title: str
    text: str
    url: str | None
    source: str | None
    published: datetime | None
    language: str


def read_versions(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, VersionRow]:
    """What passages show of their versions, by number, text included: each is read once, and in one go."""
    wanted = list(numbers)
    found: dict[int, VersionRow] = {}
    for at in range(0, len(wanted), 500):
        some = wanted[at : at + 500]
        rows = db.execute(
            f"""SELECT number, id, title, text, url, source, published, language FROM version
                WHERE number IN ({",".join("?" * len(some))})""",
            some,
        ).fetchall()
        for number, ident, title, text, url, source, published, language in rows:
            found[number] = VersionRow(ident, title, text, url, source, parse_time(published), language)
    return found


def read_article(db: sqlite3.Connection, row: sqlite3.Row) -> Article:
    """The article of a row of ``version``, with what other tables and rows say of it."""
    duplicates = db.execute(
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
        published=parse_time(row["published"]),
        language=row["language"],
        metadata=json.loads(row["metadata"]),
        current=bool(row["current"]),
        by_hand=said_otherwise(row),
        also_published_by=tuple(r["key"] for r in duplicates),
    )


def said_otherwise(row: sqlite3.Row) -> dict[str, str | None]:
    """Of fields of a version that are set by hand, what its file says, where that is something else."""
    if not row["as_read"]:
        return {}
    now = {name: row[name] for name in MENDED}
    now["section"] = json.loads(row["metadata"]).get("section")
    told = {
        name: value for name, value in read_as_read(row["as_read"]).items() if (value or None) != (now[name] or None)
    }
    return {name: ", ".join(map(str, v)) if isinstance(v, list) else str(v) if v else None for name, v in told.items()}


class PassageRow(NamedTuple):
    """A passage as it is read for ranking: most of those that are ranked are never shown, so its sentences wait."""

    id: str
    article_id: str
    start: int
    end: int
    text: str
    places: str
    """Of its sentences, as the column ``sentences`` holds them."""
    title: str
    source: str | None
    published: datetime | None
    url: str | None
    language: str

    def passage(self) -> Passage:
        """The passage, its sentences read."""
        told = self._asdict()
        return Passage(sentences=tuple(parse_sentences(told.pop("places"))), **told)


def to_passage_row(row: sqlite3.Row, version: VersionRow) -> PassageRow:
    """A passage for ranking.

    Args:
        row: Of ``passage``: its id, start, end and sentences, and what else was read behind them.
        version: Its version, as ``read_versions`` finds it.
    """
    ident, start, end, places, *_ = row
    article, title, text, url, source, published, language = version
    return PassageRow(ident, article, start, end, text[start:end], places, title, source, published, url, language)


def numbers(rows: Sequence[Sequence[int]]) -> npt.NDArray[np.int64]:
    """The first column of rows."""
    return np.array([row[0] for row in rows], np.int64)


def index_rows(db: sqlite3.Connection, articles: Sequence[str]) -> list[IndexRow]:
    """All passages of some articles, by version id, as the indexes store them."""
    found: list[IndexRow] = []
    for at in range(0, len(articles), 500):
        some = articles[at : at + 500]
        rows = db.execute(
            f"""SELECT p.number, p.id, p.start, p.end, p.vector, p.version, v.id AS article_id, v.title,
                       v.source, v.published, v.language, v.author, v.metadata ->> '$.section' AS section
                FROM passage p JOIN version v ON v.number = p.version
                WHERE v.id IN ({",".join("?" * len(some))}) ORDER BY p.number""",
            some,
        ).fetchall()
        texts = read_texts(db, (r["version"] for r in rows))
        found += [to_index_row(r, texts[r["version"]]) for r in rows]
    return found


def to_index_row(row: sqlite3.Row, text: str) -> IndexRow:
    """What the indexes store of a passage: of its row, joined with its version, and the version's whole text."""
    return IndexRow(
        number=row["number"],
        id=row["id"],
        article_id=row["article_id"],
        title=row["title"],
        text=text[row["start"] : row["end"]],
        article_text=text,
        source=row["source"],
        published=parse_time(row["published"]),
        language=row["language"],
        vector=parse_vector(row["vector"]),
        author=row["author"],
        section=str(row["section"]) if row["section"] else None,
    )


def to_quote_span(row: sqlite3.Row) -> QuoteSpan:
    """Where a quote stands in its version's text, and who said it."""
    return QuoteSpan(
        start=row["start"],
        end=row["end"],
        direct=bool(row["direct"]),
        speaker=row["speaker"],
        role=row["role"],
        verb=row["verb"],
        mention=(row["mention_start"], row["mention_end"]),
    )


def to_quote(row: sqlite3.Row, text: str) -> Quote:
    """A quote with its words, its sentence and its article's particulars.

    Args:
        row: Of ``quote`` joined with its ``version``.
        text: The version's whole text.
    """
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
        published=parse_time(row["published"]),
        url=row["url"],
    )
