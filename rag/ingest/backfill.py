"""Quotes of articles that were stored without them: by an older program, or where the parser was not installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.errors import ModelMissing
from rag.ingest.pipeline import extract_quotes

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.types import QuoteSpan, Sentence

_STEP = 64  # articles parsed at once


def find_quotes(articles: Sequence[tuple[str, str, Sequence[Sentence]]]) -> list[list[QuoteSpan]] | None:
    """Who says what in English articles.

    Args:
        articles: (title, text, sentences) of each.

    Returns:
        The quotes of each; None where the parser is not installed, so that a later run can look.
    """
    from rag.ingest import quotes

    try:
        return quotes.find(articles)
    except ModelMissing:
        return None


def backfill_quotes(catalog: Catalog) -> None:
    """Find the quotes of articles that have not been looked through; the caller holds the write lock."""
    while some := catalog.without_quotes(_STEP):
        places = [(a.title, a.text, catalog.sentences(a.id), a.language) for a in some]
        said = extract_quotes(places, find_quotes)
        catalog.set_quotes([(a.id, s) for a, s in zip(some, said, strict=True) if s is not None])
        if any(s is None for s in said):
            return


__all__ = ["backfill_quotes", "find_quotes"]
