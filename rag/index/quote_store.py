"""Quotes in the catalog: who said what in its articles, found at ingest and stored as rows with offsets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rag.index.schema import CatalogFile, read_article, read_texts, to_quote, to_quote_span
from rag.text.local_clock import clock_text
from rag.types import Article, Quote, QuoteSpan


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
        limit: int,
    ) -> list[Quote]:
        """Quotes of current articles, newest first and in reading order; see ``Archive.quotes``.

        Args:
            speakers: (speaker, role) exactly as ``speakers()`` has them; None: anybody.
            passages: Only those that begin in one of these passages, by id.
            articles: Only in these versions, by id.
            after, before, undated, sources, language: As for ``Archive.search``.
            limit: How many at most.
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
                values.append(clock_text(when))
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
        texts = read_texts(self._db, (r["version"] for r in rows))
        return [to_quote(r, texts[r["version"]]) for r in rows if wanted is None or (r["speaker"], r["role"]) in wanted]

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
