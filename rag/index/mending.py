"""What people have set by hand of articles, kept in the catalog apart from what their files say, with a log.

A mending belongs to an article's key, so it outlives the versions that later ingests bring. What is in force of a field
is the last mending of it that has not been undone. The version that is shown has it, and keeps beside it what the file
says, so that undoing brings that back whatever was ingested meanwhile.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from rag.index.schema import (
    CatalogFile,
    parse_sentences,
    parse_time,
    said_otherwise,
    to_quote_span,
    version_id,
)
from rag.ingest.amending import MENDED, Stored, amended, called, read_as_read
from rag.text.local_clock import clock_text
from rag.types import Key, RawArticle, Value

FIELDS = (*MENDED, "section")
"""What can be set by hand."""
TOLD = 20
"""Changes of a mending that the log tells."""


class Change(Value):
    """A field of an article that was set by hand."""

    key: Key
    """The article's."""
    title: str
    """What the article is called now."""
    field: str
    """title, source, author, published, language, section or url."""
    before: str | None = None
    """What was shown before."""
    after: str | None = None


class Mending(Value):
    """Something that somebody set by hand, of one article or several."""

    number: int
    """By which it can be undone; 0 of one that was only tried."""
    by: str = ""
    """The user of the service; empty: somebody at the command line, or a program."""
    at: datetime
    articles: int
    """How many articles it changed."""
    changes: tuple[Change, ...]
    """What it changed, of the first articles."""
    undone_by: str | None = None
    undone_at: datetime | None = None


class MendingStore(CatalogFile):
    """The part of the catalog that knows what was set by hand."""

    def any_mended(self) -> bool:
        """Whether anything is, or was."""
        return self._db.execute("SELECT 1 FROM amendment LIMIT 1").fetchone() is not None

    def in_force(self, key: str, without: int = 0) -> dict[str, str | None]:
        """What is set by hand of an article.

        Args:
            key: The article's.
            without: The number of a mending that is left out.
        """
        rows = self._db.execute(
            """SELECT a.field, a.value FROM amendment a JOIN mending m ON m.number = a.mending
               WHERE a.key = ? AND m.undone_at IS NULL AND m.number <> ? ORDER BY a.mending""",
            (key, without),
        )
        return {called(r["field"]): r["value"] for r in rows}

    def same_but_for_file(self, draft: RawArticle, as_read: Mapping[str, Any]) -> bool:
        """Whether the current version of a mended article shows what a draft does; then it learns what the file says.

        Args:
            draft: With the values set by hand, and the id of the current version.
            as_read: What its file says in their places.
        """
        row = self._db.execute("SELECT * FROM version WHERE key = ? AND current", (draft.key,)).fetchone()
        if json.loads(row["metadata"]).get("section") != draft.metadata.get("section"):
            return False
        column = json.dumps(dict(as_read), ensure_ascii=False) if as_read else None
        if row["as_read"] != column:
            with self._transaction() as db:
                db.execute("UPDATE version SET as_read = ? WHERE number = ?", (column, row["number"]))
        return True

    def stored(self, key: str) -> Stored | None:
        """The current version of an article with what was computed for it; None where there is none."""
        row = self._db.execute("SELECT * FROM version WHERE key = ? AND current", (key,)).fetchone()
        if row is None:
            return None
        sentences = parse_sentences(row["sentences"])
        place = {s.start: n for n, s in enumerate(sentences)}
        runs, vectors = [], []
        for p in self._db.execute(
            "SELECT sentences, vector FROM passage WHERE version = ? ORDER BY start", (row["number"],)
        ).fetchall():
            of = parse_sentences(p["sentences"])
            runs.append((place[of[0].start], place[of[0].start] + len(of)))
            vectors.append(np.frombuffer(p["vector"], np.float16))
        quotes = self._db.execute("SELECT * FROM quote WHERE version = ? ORDER BY start", (row["number"],)).fetchall()
        shown = {name: row[name] for name in MENDED}
        shown["section"] = _text(json.loads(row["metadata"]).get("section"))
        return Stored(
            id=row["id"],
            draft=_as_read(row),
            shown=shown,
            language=row["language"],
            sentences=sentences,
            runs=runs,
            vectors=vectors,
            quotes=[to_quote_span(q) for q in quotes] if row["quoted"] else None,
        )

    def keys_where(
        self,
        *,
        keys: Sequence[str] = (),
        sources: Sequence[str] = (),
        language: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        undated: bool = True,
        lacking: Sequence[str] = (),
        limit: int,
    ) -> list[str]:
        """Keys of current articles, in the order in which they came.

        Args:
            keys: Only these; empty: all.
            sources: Only of these outlets; an empty text: of none.
            language: Only in this one.
            after: Only from then on, by the clock that they show.
            before: Only before then.
            undated: Whether these let articles without a date through.
            lacking: Only those that have none of these fields.
            limit: How many at most.
        """
        rules: list[str] = ["current"]
        given: list[Any] = []
        for column, some in (("key", keys), ("coalesce(source, '')", sources)):
            if some:
                rules.append(f"{column} IN (SELECT value FROM json_each(?))")
                given.append(json.dumps(list(some)))
        if language:
            rules.append("language = ?")
            given.append(language)
        dates = []
        for sign, when in ((">=", after), ("<", before)):
            if when:
                dates.append(f"published {sign} ?")
                given.append(clock_text(when))
        if dates:
            rules.append(f"({'published IS NULL OR ' if undated else ''}({' AND '.join(dates)}))")
        for field in lacking:
            column = "metadata ->> '$.section'" if field == "section" else field
            rules.append(f"coalesce({column}, '') = ''")
        rows = self._db.execute(
            f"SELECT key FROM version WHERE {' AND '.join(rules)} ORDER BY number LIMIT ?", [*given, limit]
        )
        return [r["key"] for r in rows]

    def by_hand(self, article_ids: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """Of versions with fields set by hand: what their files say in their places, where that is something else."""
        rows = self._db.execute(
            """SELECT id, title, source, author, published, language, url, metadata, as_read FROM version
               WHERE as_read IS NOT NULL AND id IN (SELECT value FROM json_each(?))""",
            (json.dumps(list(article_ids)),),
        ).fetchall()
        return {r["id"]: told for r in rows if (told := said_otherwise(r))}

    # -- the log ----------------------------------------------------------------------

    def mendings(self, *, key: str | None = None, limit: int = 1000, offset: int = 0) -> list[Mending]:
        """What was set by hand, the latest first; with ``key``, of that article."""
        rows = self._db.execute(
            """SELECT m.*, (SELECT count(DISTINCT key) FROM amendment WHERE mending = m.number) AS articles
               FROM mending m WHERE ?1 IS NULL OR number IN (SELECT mending FROM amendment WHERE key = ?1)
               ORDER BY number DESC LIMIT ?2 OFFSET ?3""",
            (key, limit, offset),
        ).fetchall()
        return [self._mending(r, key) for r in rows]

    def mending(self, number: int) -> Mending | None:
        """One, by its number."""
        row = self._db.execute(
            """SELECT m.*, (SELECT count(DISTINCT key) FROM amendment WHERE mending = m.number) AS articles
               FROM mending m WHERE number = ?""",
            (number,),
        ).fetchone()
        return self._mending(row, None) if row else None

    def _mending(self, row: sqlite3.Row, key: str | None) -> Mending:
        changes = self._db.execute(
            """SELECT a.key, a.field, a.before, a.value, coalesce(v.title, '') AS title FROM amendment a
               LEFT JOIN version v ON v.key = a.key AND v.current
               WHERE a.mending = ?1 AND (?2 IS NULL OR a.key = ?2) ORDER BY a.place LIMIT ?3""",
            (row["number"], key, TOLD),
        ).fetchall()
        return Mending(
            number=row["number"], by=row["who"], at=row["at"], articles=row["articles"],
            undone_by=row["undone_who"], undone_at=row["undone_at"],
            changes=tuple(
                Change(key=c["key"], title=c["title"], field=called(c["field"]), before=c["before"], after=c["value"])
                for c in changes
            ),
        )  # fmt: skip

    def keys_of_mending(self, number: int) -> list[str]:
        """Keys of the articles that one changed."""
        rows = self._db.execute(
            "SELECT key FROM amendment WHERE mending = ? GROUP BY key ORDER BY min(place)", (number,)
        )
        return [r["key"] for r in rows]


def record_mending(db: sqlite3.Connection, who: str, changes: Sequence[Change]) -> int:
    """Write a mending down within a transaction, and return its number."""
    made = db.execute("INSERT INTO mending (who, at) VALUES (?, ?) RETURNING number", (who, _now()))
    number = int(made.fetchall()[0][0])
    db.executemany(
        "INSERT INTO amendment (mending, key, field, value, before, place) VALUES (?, ?, ?, ?, ?, ?)",
        [(number, c.key, c.field, c.after, c.before, n) for n, c in enumerate(changes)],
    )
    return number


def record_undo(db: sqlite3.Connection, number: int, who: str) -> None:
    """Write down within a transaction that a mending is undone."""
    db.execute("UPDATE mending SET undone_who = ?, undone_at = ? WHERE number = ?", (who, _now(), number))


def forget_mendings(db: sqlite3.Connection, key: str) -> None:
    """Delete within a transaction what was set by hand of an article, from the log too."""
    numbers = [r["mending"] for r in db.execute("SELECT DISTINCT mending FROM amendment WHERE key = ?", (key,))]
    db.execute("DELETE FROM amendment WHERE key = ?", (key,))
    db.executemany(
        "DELETE FROM mending WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM amendment WHERE mending = ?1)",
        [(n,) for n in numbers],
    )


def _as_read(row: sqlite3.Row) -> RawArticle:
    """The article of a row of ``version`` as its file has it."""
    as_read = read_as_read(row["as_read"])
    metadata = json.loads(row["metadata"])
    shown: dict[str, Any] = {column: row[column] for column in MENDED}
    shown |= {"key": row["key"], "text": row["text"], "origin": row["origin"], "metadata": metadata}
    shown["published"] = parse_time(row["published"])
    draft = RawArticle(**shown)
    if version_id(draft) != row["id"]:  # its language was found out, not told
        draft = draft.model_copy(update={"language": None})
    return amended(draft, as_read)[0]


def _text(value: Any) -> str | None:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value) if value else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


__all__ = [
    "FIELDS", "Change", "Mending", "MendingStore", "forget_mendings", "record_mending",
    "record_undo",
]  # fmt: skip
