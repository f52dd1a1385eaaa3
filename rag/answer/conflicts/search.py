"""Which articles an answer is compared with: those of its evidence, and the duplicates of what it cites."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.conflicts.find import find
from rag.answer.evidence import Embed, Numbered
from rag.index.catalog import Catalog
from rag.types import Citation, Conflict, Hit, Passage

_ARTICLES = 4
"""Duplicates of cited articles that are searched."""
_PASSAGES = 20
"""Passages of these."""


def conflicts_of(
    question: str,
    text: str,
    citations: Sequence[Citation],
    evidence: Sequence[Numbered],
    hits: Sequence[Hit],
    *,
    embed: Embed,
    catalog: Catalog,
) -> list[Conflict]:
    """What other articles, which are still there, say to the contrary of an answer.

    Args:
        question: What was searched for.
        text: The answer.
        citations: Of the answer.
        evidence: What the answer was written from.
        hits: What was retrieved.
        embed: Texts to unit vectors.
        catalog: For duplicates, and whether an article is still there.
    """
    duplicates = _duplicates(hits, citations, catalog)
    found = find(question, text, citations, evidence, hits, embed=embed, twins=duplicates)
    there = catalog.exists({c.article_id for c in found})
    return [c for c in found if c.article_id in there]


def _duplicates(hits: Sequence[Hit], citations: Sequence[Citation], catalog: Catalog) -> list[Passage]:
    """Passages of articles that retrieval left out since they duplicate a cited one."""
    cited = {c.article_id for c in citations}
    articles = dict.fromkeys(t for h in hits if h.passage.article_id in cited for t in h.duplicates)
    passages = catalog.passages_of([a for a in articles if a not in cited][:_ARTICLES])
    return list(catalog.passages(passages[:_PASSAGES]).values())


__all__ = ["conflicts_of"]
