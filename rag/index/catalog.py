"""The catalog: one SQLite file that is the truth about an archive.

It holds articles with their text and sentences, passages with their vectors, quotes, and what built them. The vector
index and the lexical index are derived from it: every passage row says whether the indexes hold it (``indexed``), and
every deleted passage leaves a tombstone until the indexes have deleted it too. When a process is killed between the
two, the next writer therefore finishes its work.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ArticleMissing
from rag.index.collections import CollectionStore
from rag.index.links import LinkStore, forget_links
from rag.index.lists import ListStore
from rag.index.mending import MendingStore, forget_mendings
from rag.index.native import require_room
from rag.index.quote_store import write_quotes
from rag.index.schema import (
    INDEX_FORMAT,
    SCHEMA_VERSION,
    WITH_ARTICLES,
    WITH_FULL_TEXT,
    WITH_LANGUAGES,
    IndexRow,
    PassageRow,
    StoreClosed,
    numbers,
    parse_sentences,
    parse_vector,
    read_article,
    read_texts,
    read_versions,
    sentences_json,
    set_meta,
    text_hash,
    to_index_row,
    to_passage_row,
    vector_bytes,
    version_id,
)
from rag.index.withdrawals import Withdrawals
from rag.ingest.prepared import Prepared
from rag.types import Article, Passage, RawArticle, Sentence

__all__ = [
    "INDEX_FORMAT",
    "SCHEMA_VERSION",
    "WITH_ARTICLES",
    "WITH_FULL_TEXT",
    "WITH_LANGUAGES",
    "Catalog",
    "IndexRow",
    "PassageRow",
    "Prepared",
    "StoreClosed",
    "version_id",
]


class Catalog(LinkStore, ListStore, MendingStore, Withdrawals, CollectionStore):
    """Reads and writes one catalog. Safe to use from several threads.

    Writing assumes that the caller holds the archive's write lock; each method that writes is one transaction.

    The contract with the derived indexes: ``rows(pending=True)`` are the passages that they still have to add, and
    ``tombstones()`` those that they still have to remove, by id. Whoever has done so records it with ``mark_indexed``
    and then counts the generation up with ``next_generation``. Both may be done twice, since ``add`` and ``remove`` of
    an index may be repeated; a process killed in between leaves the rest to the next writer.
    """

    # -- statistics and the state of the indexes -------------------------------

    @property
    def generation(self) -> int:
        """Grows whenever the derived indexes change; other processes compare it."""
        return int(self.meta("generation") or 0)

    def next_generation(self) -> int:
        """Count the generation up and return it."""
        with self._transaction() as db:
            db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'")
        return self.generation

    @property
    def index_format(self) -> int:
        """What the derived indexes hold: ``INDEX_FORMAT`` of the program that built them."""
        return int(self.meta("index_format") or 1)

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

    def expected(self) -> int | None:
        """How many passages indexes that are up to date hold; None where that can't be told now."""
        return self.counts()["passages"]

    def articles_with_passages(self) -> int:
        """How many versions have passages: those that indexes of whole articles hold."""
        return int(self._db.execute("SELECT count(DISTINCT version) AS n FROM passage").fetchone()["n"])

    def behind(self) -> bool:
        """Whether others have written what this machine's indexes lack: never where catalog and indexes are one's."""
        return False

    def coverage(self) -> dict[str, Any]:
        """Outlets and languages with their numbers of articles, and the first and last date."""
        db = self._db
        span = db.execute(
            "SELECT min(published) AS first, max(published) AS last FROM version WHERE current"
        ).fetchone()

        def tally(column: str) -> dict[str, int]:
            rows = db.execute(
                f"""SELECT {column} AS name, count(*) AS n FROM version WHERE current
                    GROUP BY 1 ORDER BY n DESC, 1 NULLS FIRST"""
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
        """An outlet's name as its articles spell it; None if there is no such outlet.

        Args:
            name: In any case, with or without "the" in front.
        """
        sought = name.casefold().removeprefix("the ")
        rows = self._db.execute("SELECT DISTINCT source AS name FROM version WHERE current AND source IS NOT NULL")
        return next((r["name"] for r in rows if r["name"].casefold().removeprefix("the ") == sought), None)

    # -- writing articles ------------------------------------------------------

    def status(self, draft: RawArticle) -> str:
        """How an article compares with what is stored under its key.

        Returns:
            "new": nothing current has this key; "changed": something else is current; "current": this very version
            is; "older": this version is stored, and another has replaced it.
        """
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

    def store(self, batch: Sequence[Prepared], also: Callable[[sqlite3.Connection], None] | None = None) -> None:
        """Store articles in one transaction; each becomes the current version of its key.

        Args:
            batch: The articles.
            also: What else is written in this transaction.

        Raises:
            DiskFull: There is not enough room for a batch.
        """
        require_room(self.path.parent)
        with self._transaction() as db:
            for item in batch:
                self._store(db, item)
            if also:
                also(db)

    def _store(self, db: sqlite3.Connection, item: Prepared) -> None:
        draft = item.draft
        ident = version_id(draft)
        metadata = json.dumps(dict(draft.metadata), ensure_ascii=False, default=str)
        as_read = json.dumps(dict(item.as_read), ensure_ascii=False) if item.as_read else None
        replaced = db.execute("SELECT number FROM version WHERE key = ? AND current", (draft.key,)).fetchone()
        if replaced:
            self._retire(db, replaced["number"])
            db.execute("UPDATE version SET current = FALSE WHERE number = ?", (replaced["number"],))
        known = db.execute("SELECT number FROM version WHERE id = ?", (ident,)).fetchone()
        if known:  # an older version has come back
            number = known["number"]
            db.execute(
                "UPDATE version SET current = TRUE, metadata = ?, as_read = ? WHERE number = ?",
                (metadata, as_read, number),
            )
        else:
            number = db.execute(
                """INSERT INTO version (id, key, title, text, url, source, author, published, language, metadata,
                                        sentences, text_hash, origin, added, as_read, current)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, TRUE) RETURNING number""",
                (
                    ident,
                    draft.key,
                    draft.title,
                    draft.text,
                    draft.url,
                    draft.source,
                    draft.author,
                    draft.published.isoformat() if draft.published else None,
                    item.language,
                    metadata,
                    sentences_json(item.sentences),
                    text_hash(draft.text),
                    draft.origin,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                    as_read,
                ),
            ).fetchall()[0][0]
        db.executemany("INSERT OR IGNORE INTO alias VALUES (?, ?)", [(a, draft.key) for a in draft.aliases])
        self._add_passages(db, number, ident, item)
        write_quotes(db, number, item.quotes)

    @staticmethod
    def _add_passages(db: sqlite3.Connection, number: int, ident: str, item: Prepared) -> None:
        ids = [f"{ident}:{n}" for n in range(len(item.runs))]
        db.executemany("DELETE FROM tombstone WHERE passage_id = ?", [(i,) for i in ids])
        db.executemany(
            'INSERT INTO passage (id, version, start, "end", sentences, vector) VALUES (?, ?, ?, ?, ?, ?)',
            [
                (
                    ident,
                    number,
                    item.sentences[first].start,
                    item.sentences[last - 1].end,
                    sentences_json(item.sentences[first:last]),
                    vector_bytes(vector),
                )
                for ident, (first, last), vector in zip(ids, item.runs, item.vectors, strict=True)
            ],
        )

    @staticmethod
    def _retire(db: sqlite3.Connection, number: int) -> None:
        """Delete a version's quotes, links and passages, leaving tombstones for the indexes."""
        db.execute("INSERT OR IGNORE INTO tombstone (passage_id) SELECT id FROM passage WHERE version = ?", (number,))
        db.execute("DELETE FROM passage WHERE version = ?", (number,))
        write_quotes(db, number, None)
        forget_links(db, number)

    def restore_passages(self, article: Article, item: Prepared) -> None:
        """Give a current version new sentences, passages and vectors."""
        with self._transaction() as db:
            row = db.execute("SELECT number FROM version WHERE id = ?", (article.id,)).fetchone()
            self._retire(db, row["number"])
            db.execute(
                "UPDATE version SET sentences = ? WHERE number = ?",
                (sentences_json(item.sentences), row["number"]),
            )
            self._add_passages(db, row["number"], article.id, item)
            write_quotes(db, row["number"], item.quotes)

    # -- deleting articles -----------------------------------------------------

    def delete(self, keys: Sequence[str]) -> None:
        """Delete articles: every version of them, their aliases and passages, and what was set by hand of them.

        Also records that the lexical index has to be rebuilt, since what is removed from it stays in its files for a
        while, and from which versions conversations have still to be cleaned.
        """
        with self._transaction() as db:
            for key in keys:
                for row in db.execute("SELECT number FROM version WHERE key = ?", (key,)).fetchall():
                    self._retire(db, row["number"])
                db.execute("INSERT OR IGNORE INTO taken_down SELECT id FROM version WHERE key = ?", (key,))
                db.execute("DELETE FROM version WHERE key = ?", (key,))
                db.execute("DELETE FROM alias WHERE key = ?", (key,))
                forget_mendings(db, key)
            self._note_purge(db)

    def _note_purge(self, db: sqlite3.Connection) -> None:
        """Record that the lexical index has to be written anew."""
        set_meta(db, "purge", "1")

    def pending_erasure(self) -> list[str]:
        """Ids of deleted versions whose words conversations may still hold."""
        return [r["id"] for r in self._db.execute("SELECT id FROM taken_down")]

    def erased(self, ids: Sequence[str]) -> None:
        """Record that no conversation holds words of these versions any more."""
        with self._transaction() as db:
            db.executemany("DELETE FROM taken_down WHERE id = ?", [(i,) for i in ids])

    # -- what the derived indexes have still to do -----------------------------

    def rows(self, *, after: int = 0, limit: int, pending: bool = False) -> list[IndexRow]:
        """Passages as the indexes store them, in order of number.

        Args:
            after: Only those with a number above it.
            limit: How many at most.
            pending: Only those that the indexes don't hold yet.
        """
        rows = self._db.execute(
            f"""SELECT p.number, p.id, p.start, p.end, p.vector, p.version, v.id AS article_id, v.title,
                       v.source, v.published, v.language, v.author, v.metadata ->> '$.section' AS section
                FROM passage p JOIN version v ON v.number = p.version
                WHERE p.number > ? {"AND NOT p.indexed" if pending else ""} ORDER BY p.number LIMIT ?""",
            (after, limit),
        ).fetchall()
        texts = read_texts(self._db, (r["version"] for r in rows))
        return [to_index_row(r, texts[r["version"]]) for r in rows]

    def tombstones(self) -> list[str]:
        """Ids of deleted passages that the indexes have still to remove."""
        return [r["passage_id"] for r in self._db.execute("SELECT passage_id FROM tombstone")]

    def mark_indexed(self, indexed: Sequence[str], buried: Sequence[str]) -> None:
        """Record which passages the indexes have added, and which deleted ones (``buried``) they have removed."""
        with self._transaction() as db:
            db.executemany("UPDATE passage SET indexed = 1 WHERE id = ?", [(i,) for i in indexed])
            db.executemany("DELETE FROM tombstone WHERE passage_id = ?", [(i,) for i in buried])

    def marks(self) -> dict[str, int] | None:
        """What is to be told to ``activate`` of the time before indexes were built."""
        return None

    def activate(self, stores: dict[str, str], *, settled: bool, since: dict[str, int] | None = None) -> None:
        """Make freshly built indexes the live ones, in one transaction.

        Args:
            stores: Kind of index to the name of its new folder.
            settled: Both indexes are new, so nothing is left for either to add or remove.
            since: ``marks()`` from before they were built; only where others may have written meanwhile.
        """
        with self._transaction() as db:
            for kind, name in stores.items():
                set_meta(db, kind, name)
            if settled:
                db.execute("UPDATE passage SET indexed = 1 WHERE NOT indexed")
                db.execute("DELETE FROM tombstone")
                set_meta(db, "purge", "0")
                set_meta(db, "index_format", str(INDEX_FORMAT))
            db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'")

    def any_indexed(self) -> bool:
        """Whether the indexes hold any passage."""
        return self._db.execute("SELECT 1 FROM passage WHERE indexed LIMIT 1").fetchone() is not None

    def searched(self, after: int = 0) -> npt.NDArray[np.int64]:
        """Numbers of the passages that the indexes hold, ascending, from above one on."""
        above = f"number > {int(after)}" if after else "TRUE"  # where there is no bound an index has all numbers
        rules = (above, f"{above} AND NOT indexed")
        there, pending = (self._db.execute(f"SELECT number FROM passage WHERE {r}").fetchall() for r in rules)
        return np.setdiff1d(numbers(there), numbers(pending), assume_unique=True)

    def passage_ids(self) -> set[str]:
        """Ids of all passages."""
        return {r["id"] for r in self._db.execute("SELECT id FROM passage")}

    # -- reading articles ------------------------------------------------------

    def article(self, ident: str) -> Article:
        """An article by version id (or a unique beginning of at least 6 characters), key, URL, alias or file name.

        Raises:
            ArticleMissing: There is none, or the beginning is not unique.
        """
        rows = self._matching(ident)
        if len(rows) > 1:
            raise ArticleMissing(f"{ident!r} names more than one article. Give the whole id.")
        if not rows:
            raise ArticleMissing(
                f"No article {ident!r} in this archive. Give an id, of which the first 6 characters are enough, an "
                "address or a file's name. A list of the articles shows the ids."
            )
        return read_article(self._db, rows[0])

    def _matching(self, ident: str) -> list[sqlite3.Row]:
        """The versions that ``ident`` may mean, by the first rule that finds any; at most two."""
        file = "://" not in ident and not ident.startswith("/")  # a file's name, or the end of its path
        for applies, rule, value in (
            (True, "id = ?", ident),
            (True, "current AND key = ?", ident),
            (True, "current AND key IN (SELECT key FROM alias WHERE alias = ?)", ident),
            (len(ident) >= 6 and ident.isalnum(), "id >= ?1 AND id < ?1 || 'g'", ident),  # ids are hexadecimal
            ("://" in ident, "current AND url = ?", ident),
            (file, "current AND substr(key, length(key) - length(?1) + 1) = ?1", f"/{ident.removeprefix('./')}"),
        ):
            if applies:
                found = self._db.execute(f"SELECT * FROM version WHERE {rule} LIMIT 2", (value,)).fetchall()
                if found:
                    return found
        return []

    def exists(self, article_ids: Iterable[str]) -> dict[str, bool]:
        """Those of the versions that are (still) stored, each with whether it is current. Reads no texts."""
        one = "SELECT current FROM version WHERE id = ?"
        rows = {i: self._db.execute(one, (i,)).fetchone() for i in article_ids}
        return {i: bool(row["current"]) for i, row in rows.items() if row}

    def articles(self) -> Iterator[Article]:
        """All current articles, in the order in which they were first stored."""
        numbers = [r["number"] for r in self._db.execute("SELECT number FROM version WHERE current ORDER BY number")]
        for number in numbers:
            row = self._db.execute("SELECT * FROM version WHERE number = ?", (number,)).fetchone()
            if row:
                yield read_article(self._db, row)

    def versions(self, key: str) -> list[str]:
        """Version ids of an article, newest first."""
        rows = self._db.execute("SELECT id FROM version WHERE key = ? ORDER BY current DESC, number DESC", (key,))
        return [r["id"] for r in rows]

    def last_version(self) -> int:
        """The number of the latest version that was stored; 0: there is none."""
        return int(self._db.execute("SELECT coalesce(max(number), 0) FROM version").fetchone()[0])

    def keys_since(self, number: int, origins: Sequence[str]) -> list[str]:
        """Keys of articles of which no version was there up to a number, read from origins that begin so."""
        rows = self._db.execute(
            """SELECT DISTINCT key, origin FROM version AS v WHERE number > ? AND NOT EXISTS
               (SELECT 1 FROM version AS o WHERE o.key = v.key AND o.number <= ?)""",
            (number, number),
        )
        return [r["key"] for r in rows if r["origin"].startswith(tuple(origins))]

    def sentences(self, article_id: str) -> list[Sentence]:
        """The sentences of a version, in order."""
        row = self._db.execute("SELECT sentences FROM version WHERE id = ?", (article_id,)).fetchone()
        if not row:
            raise ArticleMissing(f"No article {article_id!r} in this archive.")
        return parse_sentences(row["sentences"])

    # -- reading passages ------------------------------------------------------

    def passages_of(self, article_ids: Sequence[str]) -> list[str]:
        """Ids of all passages of some versions."""
        found: list[str] = []
        for at in range(0, len(article_ids), 500):
            some = list(article_ids[at : at + 500])
            rows = self._db.execute(
                f"""SELECT p.id, v.id AS article FROM passage p JOIN version v ON v.number = p.version
                    WHERE v.id IN ({",".join("?" * len(some))}) ORDER BY p.number""",
                some,
            ).fetchall()
            place = {ident: n for n, ident in enumerate(some)}
            found += [r["id"] for r in sorted(rows, key=lambda r: place[r["article"]])]
        return found

    def passages_at(self, places: Sequence[tuple[str, int]]) -> list[str | None]:
        """For each (version id, offset) the id of the passage that holds it, or None."""
        one = """SELECT p.id FROM passage p JOIN version v ON v.number = p.version
                 WHERE v.id = ? AND p.start <= ? AND ? < p.end LIMIT 1"""
        rows = [self._db.execute(one, (ident, at, at)).fetchone() for ident, at in places]
        return [r["id"] if r else None for r in rows]

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are no longer there are left out."""
        return {ident: row.passage() for ident, row in self.passage_rows(ids).items()}

    def passage_rows(self, ids: Sequence[str]) -> dict[str, PassageRow]:
        """As ``passages``, for ranking them: cheaper where few of them will be shown."""
        found: dict[str, PassageRow] = {}
        for at in range(0, len(ids), 500):
            some = ids[at : at + 500]
            marks = ",".join("?" * len(some))
            rows = self._db.execute(
                f"""SELECT id, start, "end", sentences, version FROM passage WHERE id IN ({marks})""", some
            ).fetchall()
            versions = read_versions(self._db, {r["version"] for r in rows})
            found |= {r["id"]: to_passage_row(r, versions[v]) for r in rows if (v := r["version"]) in versions}
        return found

    def any_vector(self) -> npt.NDArray[np.float32] | None:
        """The vector of any passage, shape (dim,); None where there is no passage."""
        row = self._db.execute("SELECT vector FROM passage LIMIT 1").fetchone()
        return parse_vector(row["vector"]) if row else None

    def vectors(self, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Stored vectors of passages, each of shape (dim,)."""
        rows = self._db.execute(f"SELECT id, vector FROM passage WHERE id IN ({','.join('?' * len(ids))})", list(ids))
        return {r["id"]: parse_vector(r["vector"]) for r in rows}
