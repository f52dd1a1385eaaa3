"""Quotes in the catalog: who said what in its articles, found at ingest and stored as rows with offsets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rag.index.schema import CatalogFile, read_article, read_texts, to_quote, to_quote_span
from rag.text.local_clock import clock_text
from rag.text.manner import telling
from rag.types import Article, Quote, QuoteSpan

PEOPLE = (
    """CREATE TABLE IF NOT EXISTS speaker_person (
      name TEXT NOT NULL,               -- as articles have it
      role TEXT NOT NULL,               -- the same; empty: none
      person INTEGER NOT NULL,          -- who has the same number is one person
      PRIMARY KEY (name, role)
    ) WITHOUT ROWID""",
    # No name outlives the last article that has it.
    """CREATE TRIGGER IF NOT EXISTS speaker_taken_down AFTER DELETE ON version BEGIN
      DELETE FROM speaker_person WHERE NOT EXISTS (
        SELECT 1 FROM quote q WHERE q.speaker = name AND coalesce(q.role, '') = speaker_person.role
        AND q.version <> OLD.number);
    END""",
)
"""Who was put together or apart by hand; made at the first use."""


_BETWEEN = "\x1f"
_NAMED = f"q.speaker || '{_BETWEEN}' || coalesce(q.role, '')"
"""A speaker as an article names him or her, in one text, so that SQLite looks for it among many at once."""


class QuoteStore(CatalogFile):
    """The catalog's methods for quotes. An article's quotes are those of its current version."""

    def without_quotes(self, limit: int) -> list[Article]:
        """Current articles that have not been searched for quotes, at most ``limit``."""
        rows = self._db.execute("SELECT * FROM version WHERE current AND NOT quoted LIMIT ?", (limit,)).fetchall()
        return [read_article(self._db, r) for r in rows]

    def count_without_quotes(self) -> int:
        """How many current articles have not been searched for quotes."""
        return int(self._db.execute("SELECT count(*) FROM version WHERE current AND NOT quoted").fetchone()[0])

    def set_quotes(self, found: Sequence[tuple[str, Sequence[QuoteSpan]]]) -> None:
        """Record the quotes of versions, by id; those that have been deleted or replaced meanwhile are passed over."""
        with self._transaction() as db:
            for ident, quotes in found:
                row = db.execute("SELECT number FROM version WHERE id = ? AND current", (ident,)).fetchone()
                if row:
                    write_quotes(db, row["number"], quotes)

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
        oldest_first: bool = False,
        limit: int,
    ) -> list[Quote]:
        """Quotes of current articles, newest first and in reading order; see ``Archive.quotes``.

        Args:
            speakers: (speaker, role) exactly as ``speakers()`` has them; None: anybody.
            passages: Only those that begin in one of these passages, by id.
            articles: Only in these versions, by id.
            after, before, undated, sources, language: As for ``Archive.search``.
            oldest_first: The oldest first; articles without a date come last either way.
            limit: How many at most.
        """
        rules: list[str] = ["v.current"]
        values: list[Any] = []

        def one_of(column: str, some: Sequence[str]) -> None:
            rules.append(f"{column} IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(list(some)))

        said: list[str] = []
        by: list[Any] = []
        if speakers is not None:
            said = [f"{name} IN (SELECT value FROM json_each(?))" for name in ("q.speaker", _NAMED)]
            by = [json.dumps(sorted({s for s, _ in speakers}))]
            by.append(json.dumps(sorted({f"{s}{_BETWEEN}{role or ''}" for s, role in speakers})))
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
                values.append(clock_text(when))
        if dates:
            within = " AND ".join(dates)
            rules.append(f"(v.published IS NULL OR ({within}))" if undated else f"({within})")
        way = "ASC" if oldest_first else "DESC"
        order = f"v.published IS NULL, v.published {way}, v.number {way}"
        if speakers is not None and passages is None and not articles:
            # Of somebody quoted in very many articles the newest are found by two indexes, which read no article.
            rules = [
                f"""v.number IN (SELECT number FROM (
                        SELECT v.number FROM version v INDEXED BY version_listed
                        WHERE {" AND ".join(rules)} AND v.number IN (
                            SELECT q.version FROM quote q WHERE {" AND ".join(said)})
                        ORDER BY {order} LIMIT ?) AS newest)"""
            ]
            values += [*by, limit]
        rows = self._db.execute(
            f"""SELECT q.*, v.id AS article_id, v.title, v.source, v.published, v.url, v.sentences
                FROM quote q JOIN version v ON v.number = q.version WHERE {" AND ".join([*rules, *said])}
                ORDER BY {order}, q.start LIMIT ?""",
            [*values, *by, limit],
        ).fetchall()
        texts = read_texts(self._db, (r["version"] for r in rows))
        return [_with_telling(to_quote(r, texts[r["version"]])) for r in rows]

    # -- who is one person ------------------------------------------------------------

    def speaker_groups(self) -> dict[tuple[str, str | None], int]:
        """Which speakers, as articles name them, were put together or apart by hand: those of a number are one."""
        if not self._has("speaker_person"):
            return {}
        rows = self._db.execute("SELECT name, role, person FROM speaker_person")
        return {(r["name"], r["role"] or None): r["person"] for r in rows}

    def group_speakers(self, groups: Sequence[Sequence[tuple[str, str | None]]]) -> None:
        """Make one person of the speakers of each group, in place of what they were."""
        with self._transaction() as db:
            self._make(db, PEOPLE)
            for group in groups:
                number = db.execute("SELECT coalesce(max(person), 0) + 1 FROM speaker_person").fetchone()[0]
                db.executemany(
                    """INSERT INTO speaker_person VALUES (?, ?, ?)
                       ON CONFLICT (name, role) DO UPDATE SET person = excluded.person""",
                    [(name, role or "", number) for name, role in group],
                )

    def ungroup_speakers(self, forms: Sequence[tuple[str, str | None]]) -> None:
        """Forget what was said by hand of some speakers."""
        if self.speaker_groups():
            with self._transaction() as db:
                db.executemany(
                    "DELETE FROM speaker_person WHERE name = ? AND role = ?",
                    [(name, role or "") for name, role in forms],
                )

    def said(self, article_ids: Sequence[str]) -> dict[str, list[QuoteSpan]]:
        """The quotes of some versions, in reading order, by version id."""
        found: dict[str, list[QuoteSpan]] = {}
        for ident in article_ids:
            rows = self._db.execute(
                """SELECT q.* FROM quote q JOIN version v ON v.number = q.version WHERE v.id = ? ORDER BY q.start""",
                (ident,),
            )
            found[ident] = [to_quote_span(r) for r in rows]
        return found


def _with_telling(quote: Quote) -> Quote:
    """A quote with how its sentence tells it."""
    how, plainly, place = telling(quote.sentence, quote.quote, quote.verb)
    return quote.model_copy(update={"how": how, "plainly": plainly, "place": place})


def write_quotes(db: sqlite3.Connection, version: int, quotes: Sequence[QuoteSpan] | None) -> None:
    """Replace the quotes of a version within a transaction.

    Args:
        db: The transaction's connection.
        version: The version's row number.
        quotes: Its quotes; None: it has not been searched for quotes.
    """
    db.execute("DELETE FROM quote WHERE version = ?", (version,))
    db.executemany(
        "INSERT INTO quote VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(version, q.start, q.end, q.direct, q.speaker, q.role, q.verb, *q.mention) for q in quotes or ()],
    )
    db.execute("UPDATE version SET quoted = ? WHERE number = ?", (quotes is not None, version))
