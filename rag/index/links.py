"""Links in the catalog: which words change what other words say, found after ingest and stored as rows with offsets.

A link holds no words, only where they stand, so a takedown of either side leaves nothing of it. Like quotes, links are
derived: a version that has not been compared with the others is marked so, and the next writer does it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rag.index.quote_store import QuoteStore
from rag.index.schema import parse_time, read_article, read_texts
from rag.types import Article, Status, Superseding

Span = tuple[str, int, int]
"""(version id, start, end)."""


@dataclass(frozen=True)
class Link:
    """Some words of an article change what other words say."""

    of: Span
    """The words that do not stand as they are."""
    by: Span
    """The words that change them; the same start and end where only a headline does."""
    kind: Status
    confidence: float
    """0 to 1."""


class LinkStore(QuoteStore):
    """The catalog's methods for links. Those of an article are of its current version."""

    def without_links(self, limit: int) -> list[Article]:
        """Current articles that have not been compared with the others, at most ``limit``, oldest publication first."""
        rows = self._db.execute(
            "SELECT * FROM version WHERE current AND NOT linked ORDER BY published NULLS FIRST, number LIMIT ?",
            (limit,),
        ).fetchall()
        return [read_article(self._db, r) for r in rows]

    def count_without_links(self) -> int:
        """How many current articles have not been compared with the others."""
        return int(self._db.execute("SELECT count(*) FROM version WHERE current AND NOT linked").fetchone()[0])

    def set_linked(self, articles: Sequence[str], changes: Sequence[Span], links: Sequence[Link]) -> None:
        """Record in one transaction that articles have been compared, and what came of it.

        Args:
            articles: Ids of versions; those that have been deleted or replaced meanwhile are passed over.
            changes: Their sentences that may change what others say.
            links: What was found; those with an end in a version that is not current are passed over.
        """
        ids = {*articles, *(s[0] for s in changes), *(s[0] for link in links for s in (link.of, link.by))}
        with self._transaction() as db:
            rows = db.execute(
                "SELECT id, number FROM version WHERE current AND id IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(ids)),),
            )
            number = {r["id"]: r["number"] for r in rows}
            db.executemany(
                "UPDATE version SET linked = TRUE WHERE number = ?", [(number[a],) for a in articles if a in number]
            )
            db.executemany(
                "INSERT INTO change VALUES (?, ?, ?)", [(number[i], a, b) for i, a, b in changes if i in number]
            )
            db.executemany(
                """INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT (version, start, "end", by_version, by_start, by_end)
                   DO UPDATE SET kind = excluded.kind, confidence = excluded.confidence""",
                [
                    (number[k.of[0]], *k.of[1:], number[k.by[0]], *k.by[1:], k.kind, k.confidence)
                    for k in links
                    if k.of[0] in number and k.by[0] in number
                ],
            )

    def forget_all_links(self) -> None:
        """Delete all links, so that every article is compared anew."""
        with self._transaction() as db:
            db.execute("DELETE FROM link")
            db.execute("DELETE FROM change")
            db.execute("UPDATE version SET linked = FALSE")

    def changes(self) -> list[tuple[Span, str]]:
        """All sentences of current articles that may change what others say, each with the id of its passage."""
        rows = self._db.execute(
            """SELECT v.id, c.start, c.end, p.id AS passage FROM change c JOIN version v ON v.number = c.version
               JOIN passage p ON p.version = v.number AND p.start <= c.start AND c.start < p.end WHERE v.current"""
        )
        return [((r["id"], r["start"], r["end"]), r["passage"]) for r in rows]

    def links(self, limit: int = -1) -> list[Link]:
        """All links, in the order of the words that are changed; -1: without a limit."""
        rows = self._db.execute(
            """SELECT k.*, v.id AS id, b.id AS by_id FROM link k JOIN version v ON v.number = k.version
               JOIN version b ON b.number = k.by_version ORDER BY k.version, k.start, k.by_version LIMIT ?""",
            (limit if limit >= 0 else 1 << 62,),
        )
        return [_link(r) for r in rows]

    def links_of(self, place: Span) -> list[Link]:
        """What changes some words, the surest first."""
        ident, start, end = place
        rows = self._db.execute(
            """SELECT k.*, v.id AS id, b.id AS by_id FROM version v JOIN link k ON k.version = v.number
               JOIN version b ON b.number = k.by_version AND b.current
               WHERE v.id = ? AND k.start < ? AND k.end > ? ORDER BY k.confidence DESC, b.published DESC""",
            (ident, end, start),
        )
        return [_link(r) for r in rows]

    def links_by(self, place: Span) -> list[Link]:
        """What some words change, the surest first."""
        ident, start, end = place
        rows = self._db.execute(
            """SELECT k.*, v.id AS id, b.id AS by_id FROM version b JOIN link k ON k.by_version = b.number
               JOIN version v ON v.number = k.version AND v.current
               WHERE b.id = ? AND k.by_start < ? AND k.by_end > ? ORDER BY k.confidence DESC, v.published DESC""",
            (ident, end, start),
        )
        return [_link(r) for r in rows]

    def words(self, place: Span) -> str:
        """The words at a place; empty where the version is gone."""
        row = self._db.execute("SELECT text FROM version WHERE id = ?", (place[0],)).fetchone()
        return str(row["text"][place[1] : place[2]]) if row else ""

    def published(self, article_ids: Sequence[str]) -> dict[str, str]:
        """When versions were published, as ISO 8601 that compares by the clock it shows; undated ones are left out."""
        rows = self._db.execute(
            "SELECT id, published FROM version WHERE published IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(article_ids)),),
        )
        return {r["id"]: r["published"] for r in rows}

    def views(self, article_ids: Collection[str]) -> dict[str, str]:
        """Whose view each of some versions is, empty where it is no opinion piece; see ``rag.text.opinion.view``."""
        from rag.text.opinion import view

        found = {}
        for ident in article_ids:
            row = self._db.execute("SELECT * FROM version WHERE id = ?", (ident,)).fetchone()
            if row:
                found[ident] = view(read_article(self._db, row))
        return found

    def superseding(self, link: Link) -> Superseding | None:
        """The words that change others, with their article; None where a headline does, or the article is gone."""
        ident, start, end = link.by
        row = self._db.execute(
            "SELECT number, title, source, published, url FROM version WHERE id = ?", (ident,)
        ).fetchone()
        if row is None or start == end:
            return None
        return Superseding(
            article_id=ident,
            start=start,
            end=end,
            quote=read_texts(self._db, [row["number"]])[row["number"]][start:end],
            title=row["title"],
            source=row["source"],
            published=parse_time(row["published"]),
            url=row["url"],
            confidence=link.confidence,
        )


def forget_links(db: sqlite3.Connection, version: int) -> None:
    """Delete the links of a version within a transaction, on either side, and mark it as not compared."""
    db.execute("DELETE FROM link WHERE version = ?1 OR by_version = ?1", (version,))
    db.execute("DELETE FROM change WHERE version = ?", (version,))
    db.execute("UPDATE version SET linked = FALSE WHERE number = ?", (version,))


def _link(row: sqlite3.Row) -> Link:
    return Link(
        of=(row["id"], row["start"], row["end"]),
        by=(row["by_id"], row["by_start"], row["by_end"]),
        kind=row["kind"],
        confidence=row["confidence"],
    )


__all__ = ["Link", "LinkStore", "Span", "forget_links"]
