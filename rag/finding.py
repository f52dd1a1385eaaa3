"""What a full-text search finds: articles with the places of its words, counted by outlet and month; and as files."""

from __future__ import annotations

from rag.tabular import csv_text
from rag.types import ArticleSummary
from rag.value import Value


class Excerpt(Value):
    """A piece of an article that holds words of the search; ``article.text[start:end] == text``."""

    start: int
    end: int
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    """Where the words stand, as offsets in the article's text, in order."""


class Found(Value):
    """An article that matches."""

    article: ArticleSummary
    score: float
    """By relevance; 0 where sorted by date."""
    title_marks: tuple[tuple[int, int], ...] = ()
    """Where words of the search stand in the title."""
    excerpts: tuple[Excerpt, ...] = ()
    """The pieces that hold most of the words, in the order of the text; three at most."""
    places: int = 0
    """How many places of the text match."""


class Findings(Value):
    """A page of the articles that match, and counts over all of them."""

    query: str
    total: int
    found: tuple[Found, ...]
    sources: tuple[tuple[str, int], ...] = ()
    """(outlet or "", articles), most first."""
    months: tuple[tuple[str, int], ...] = ()
    """("2023-06" or "" where undated, articles), in order."""
    took_ms: float = 0.0
    """Milliseconds that the search took."""


COLUMNS = ("title", "outlet", "author", "published", "language", "url", "id", "places", "excerpt")


def as_csv(findings: Findings) -> str:
    """The articles as CSV, a row each, under a row of names (``COLUMNS``)."""
    return csv_text(COLUMNS, map(_row, findings.found))


def _row(hit: Found) -> list[str]:
    a = hit.article
    published = a.published.isoformat() if a.published else ""
    words = " … ".join(" ".join(e.text.split()) for e in hit.excerpts)
    return [a.title, a.source or "", a.author or "", published, a.language, a.url or "", a.id, str(hit.places), words]


__all__ = ["COLUMNS", "Excerpt", "Findings", "Found", "as_csv"]
