"""What a citation is checked against: its words, and what stands around them in the article."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.check.verify import Cited
from rag.index.catalog import Catalog
from rag.types import Citation


def around(catalog: Catalog, article_id: str, start: int) -> str:
    """The sentences around the one at ``start``, and the article's first: who is who is said where it begins.

    Raises:
        ArticleMissing: The article has been taken down.
    """
    article = catalog.article(article_id)
    places = catalog.sentences(article_id)
    at = next((n for n, s in enumerate(places) if s.start == start), 0)
    near = article.text[places[max(0, at - 3)].start : places[min(at + 2, len(places) - 1)].end]
    return f"{article.text[: places[0].end]} {near}"


def cited(catalog: Catalog, citations: Sequence[Citation]) -> Cited:
    """Citations as the check takes them.

    Raises:
        ArticleMissing: An article has been taken down.
    """
    return Cited(
        [c.quote for c in citations],
        " ".join(around(catalog, c.article_id, c.start) for c in citations),
        " ".join(f"{c.title} {c.source or ''}" for c in citations),
        [c.published for c in citations if c.published],
    )
