"""Lists of the catalog's articles, which read no texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rag.index.schema import CatalogFile
from rag.text.local_clock import clock_text
from rag.types import ArticleSummary


class ListStore(CatalogFile):
    """The part of the catalog that lists articles."""

    def listed(
        self,
        search: str = "",
        *,
        source: str | Sequence[str] | None = None,
        language: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        collection: int | None = None,
        limit: int,
        offset: int = 0,
    ) -> tuple[list[ArticleSummary], int]:
        """Current articles, newest publication first, and how many there are in all; see ``Archive.list_articles``."""
        rules: list[str] = ["current"]
        values: list[str | int] = []
        outlets = [source] if isinstance(source, str) else list(source or ())
        if outlets:
            rules.append(f"coalesce(source, '') IN ({', '.join('?' * len(outlets))})")
            values += outlets
        for rule, value in (
            ("language = ?", language),
            ("published >= ?", clock_text(after) if after else None),
            ("published < ?", clock_text(before) if before else None),
        ):
            if value is not None:
                rules.append(rule)
                values.append(value)
        if collection is not None:
            rules.append(
                """(key IN (SELECT value FROM collected WHERE collection = ? AND kind = 'article')
                OR source IN (SELECT value FROM collected WHERE collection = ? AND kind = 'outlet'))"""
            )
            values += [collection, collection]
        words = search.casefold().split()
        numbers = self._db.execute(
            f"""SELECT number{", title, author, key" if words else ""}
                FROM version INDEXED BY version_listed WHERE {" AND ".join(rules)}
                ORDER BY published DESC, number DESC""",
            values,
        ).fetchall()
        if words:
            numbers = [r for r in numbers if _has_words(words, r["title"], r["author"], r["key"])]
        page = [r["number"] for r in numbers[offset : offset + limit]]
        rows = self._db.execute(
            f"""SELECT id, key, title, source, author, published, url, language, length(text) AS characters, added
                FROM version WHERE number IN ({",".join("?" * len(page))})
                ORDER BY published DESC, number DESC""",
            page,
        )
        return [ArticleSummary.model_validate(dict(r)) for r in rows], len(numbers)

    def summaries(self, article_ids: Sequence[str]) -> dict[str, ArticleSummary]:
        """Versions by id, without their texts; ids that are not there are left out."""
        rows = self._db.execute(
            f"""SELECT id, key, title, source, author, published, url, language, length(text) AS characters, added
                FROM version WHERE id IN ({",".join("?" * len(article_ids))})""",
            list(article_ids),
        )
        return {r["id"]: ArticleSummary.model_validate(dict(r)) for r in rows}

    def text_of(self, article_id: str) -> str:
        """The text of a version; empty where it is not there."""
        row = self._db.execute("SELECT text FROM version WHERE id = ?", (article_id,)).fetchone()
        return str(row["text"]) if row else ""

    def months(self) -> list[tuple[str, str, int]]:
        """("2023-06", outlet or "", number of current articles), in order; undated ones are left out."""
        rows = self._db.execute(
            """SELECT substr(published, 1, 7) AS month, coalesce(source, '') AS outlet, count(*) AS n
               FROM version INDEXED BY version_listed WHERE current AND published IS NOT NULL
               GROUP BY 1, 2 ORDER BY 1, 2"""
        )
        return [(r["month"], r["outlet"], r["n"]) for r in rows]

    def has_language(self, code: str) -> bool:
        """Whether any current article is in a language (ISO 639-1)."""
        found = self._db.execute("SELECT 1 AS n FROM version WHERE current AND language = ? LIMIT 1", (code,))
        return found.fetchone() is not None

    def languages_of(self, article_ids: Sequence[str]) -> dict[str, str | None]:
        """Languages (ISO 639-1) of versions by id; ids that are not there are left out."""
        rows = self._db.execute(
            f"SELECT id, language FROM version WHERE id IN ({', '.join('?' * len(article_ids))})", list(article_ids)
        )
        return {r["id"]: r["language"] for r in rows}


def _has_words(wanted: Sequence[str], title: str, author: str | None, key: str) -> bool:
    """Whether title, author and key together hold all of the words, which are casefolded already."""
    texts = f"{title}\n{author or ''}\n{key}".casefold()
    return all(word in texts for word in wanted)


__all__ = ["ListStore"]
