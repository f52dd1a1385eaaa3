"""The arms: ways to find passages, and what moves those found up or down before the best are taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rag.retrieve import quote_search
from rag.retrieve.fusion import Candidates, share
from rag.retrieve.tongues import BLIND, Tongues
from rag.types import Query

if TYPE_CHECKING:
    from rag.index.schema import PassageRow
    from rag.index.stores import Stores

_WHOLE = 1.0
"""Weight of whole articles: as much as each of the arms."""
_ARTICLES = 20  # of the articles found by their words, those that stand in with their best passages in any case
_QUOTES = 1.0
"""Weight of the quotes arm, where a question asks for somebody's words: as much as each of the others."""
_NEWER = 0.5
"""Weight of nearness in time, where a question asks for the latest."""
_LATELY = 0.1
"""The same where it only says "this week" or "today": that is how people ask for news, and as more than a hint it loses
right articles, which are often dated later (docs/benchmarks.md)."""
_LATEST = re.compile(r"latest|newest|most recent", re.IGNORECASE)


class DenseArm:
    """Passages whose vectors are nearest to the question's."""

    def __init__(self, stores: Stores, tongues: Tongues) -> None:
        """Take the stores, and what knows the languages of questions and passages."""
        self._stores = stores
        self._tongues = tongues
        self._last: tuple[Any, str, Any] | None = None

    def weight(self, query: Query) -> float:
        """As ``Arm.weight``."""
        if self._stores.settings.retriever == "lexical":
            return 0.0
        return 1.0 if self._tongues.reads(query) else BLIND

    def search(self, query: Query, depth: int) -> Sequence[str]:
        """As ``Arm.search``."""
        from rag.index.nearest import Nearest

        vectors, _ = self._stores.indexes()
        if isinstance(vectors, Nearest):
            vectors.read_ahead()
        sought = self._vector(query)
        return [ident for ident, _ in vectors.search(sought, depth, query, _only(self._stores, query))]

    def _vector(self, query: Query) -> Any:
        """A question's vector; the last one is kept, since a question with a time is looked for twice."""
        embedder, last = self._stores.embedder, self._last
        if last is None or last[0] is not embedder or last[1] != query.looked_for:
            last = self._last = (embedder, query.looked_for, self._tongues.vector(query))
        return last[2]


class LexicalArm:
    """Passages with the question's words, by BM25."""

    def __init__(self, stores: Stores) -> None:
        """Take the stores."""
        self._stores = stores

    def weight(self, query: Query) -> float:
        """As ``Arm.weight``."""
        return 0.0 if self._stores.settings.retriever == "dense" else 1.0

    def search(self, query: Query, depth: int) -> Sequence[str]:
        """As ``Arm.search``."""
        _, lexical = self._stores.indexes()
        return [ident for ident, _ in lexical.search(query.looked_for, depth, query, _only(self._stores, query))]


class QuotesArm:
    """Passages with the words of whom the question asks for, those about what it asks first."""

    def __init__(self, stores: Stores) -> None:
        """Take the stores."""
        self._stores = stores

    def weight(self, query: Query) -> float:
        """As ``Arm.weight``."""
        return _QUOTES if query.speaker else 0.0

    def search(self, query: Query, depth: int) -> Sequence[str]:
        """As ``Arm.search``."""
        best = quote_search.matching_quotes(query, self._stores)[: 2 * query.k]
        found = self._stores.catalog.passages_at([(q.article_id, q.start) for q in best])
        return [ident for ident in dict.fromkeys(found) if ident]


def add_articles(
    candidates: Candidates,
    query: Query,
    stores: Stores,
    depth: int,
    weight: float,
    factor: Callable[[str], float] | None = None,
) -> None:
    """Raise passages of the articles that fit the question as a whole, and let in the best of articles without any.

    What a question asks for is seldom said in one passage with all of the question's words. An article's second-best
    passage gets half of what its best gets, and so on: one long article is not to fill all places.

    Args:
        candidates: Changed.
        query: The question.
        stores: Their lexical index has whole articles; an older program's has not, and nothing is done.
        depth: How many articles to look at.
        weight: Of the lexical arm.
        factor: What a passage's share is multiplied by; None: nothing.
    """
    from rag.index.catalog import WITH_ARTICLES

    if not weight or stores.catalog.index_format < WITH_ARTICLES:
        return
    _, lexical = stores.indexes()
    articles = [ident for ident, _ in lexical.articles(query.looked_for, depth, query, query.articles or None)]
    if not articles or not any("lexical" in arms for arms in candidates.found.values()):
        return
    there = {_article(ident) for ident in candidates.scores}
    lacking = stores.catalog.passages_of([ident for ident in articles[:_ARTICLES] if ident not in there])
    best = lexical.search(query.looked_for, 2 * _ARTICLES, query, lacking)
    candidates.admit("lexical", [ident for ident, _ in best])
    ranks = {ident: n for n, ident in enumerate(articles, 1)}
    nth: Counter[str] = Counter()
    for ident in candidates.order():
        if (article := _article(ident)) in ranks:
            nth[article] += 1
            gained = share(weight * _WHOLE / nth[article], ranks[article])
            candidates.scores[ident] += gained * (factor(ident) if factor else 1.0)


def prefer_newer(
    candidates: Candidates, order: Sequence[str], query: Query, passages: Mapping[str, PassageRow]
) -> list[str]:
    """Order likely passages with their date's nearness to the question's day, where it asks for the latest.

    Args:
        candidates: Changed.
        order: Ids of passages that are likely anyway, best first.
        query: The question.
        passages: By id.

    Returns:
        The ids in their new order; as they were where the question doesn't ask for the latest.
    """
    if not query.time or query.time.kind != "latest":
        return list(order)
    weight = _NEWER if _LATEST.search(query.time.phrase) else _LATELY
    dated = {i: when for i in order if i in passages and (when := passages[i].published)}
    today: datetime | None = query.time.day or max(dated.values(), default=None)
    if today is None:
        return list(order)
    for rank, ident in enumerate(sorted(dated, key=lambda i: abs(today - dated[i])), 1):
        candidates.scores[ident] += share(weight, rank)
    return candidates.order(order)


def _only(stores: Stores, query: Query) -> list[str] | None:
    """The passages that a search is restricted to; None: all."""
    return stores.catalog.passages_of(query.articles) if query.articles else None


def _article(passage_id: str) -> str:
    return passage_id.partition(":")[0]


__all__ = ["DenseArm", "LexicalArm", "QuotesArm", "add_articles", "prefer_newer"]
