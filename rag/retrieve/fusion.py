"""Dense and lexical retrieval, fused; one story takes one place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from rag.index.catalog import Catalog
from rag.index.lexical import LexicalIndex
from rag.index.vectors import VectorIndex
from rag.text.scripts import CJK
from rag.types import FoundBy, Hit, Passage, Query

_RRF = 10
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, who take 60: the first places count
for more here; docs/benchmarks.md has the comparison)."""
_DEPTH = 100  # passages that each arm gives at least
_WHOLE = 1.0
"""Weight of the arm of whole articles: as much as each of the others."""
_ARTICLES = 20  # of the articles found by their words, those that stand in with their best passages in any case
_OWN_WORDS = 1.0
"""Weight of the arm of quotes, where a question asks for somebody's words: as much as each of the others."""
_NEWER = 0.5
"""Weight of the arm of dates, where a question asks for the latest."""
_LATELY = 0.1
"""The same where it only says "this week" or "today": that is how people ask for news, and as more than a hint it loses
right articles, which are often dated later (docs/benchmarks.md)."""
_LATEST = re.compile(r"latest|newest|most recent", re.IGNORECASE)
_SAME_STORY = 0.8
"""Share of the shorter passage's word triples that make two passages one story."""


def search(
    query: Query,
    *,
    catalog: Catalog,
    vectors: VectorIndex,
    lexical: LexicalIndex,
    embed: Callable[[str], npt.NDArray[np.float32]],
    dense_weight: float = 1.0,
    lexical_weight: float = 1.0,
    own_words: Sequence[str] = (),
    whole: bool = True,
) -> list[Hit]:
    """The best ``query.k`` passages for a question.

    Args:
        query: With its filters.
        catalog: Where the passages stand.
        vectors: The dense arm.
        lexical: The lexical arm.
        embed: Turns the question into a vector of shape (dim,).
        dense_weight: Of the dense arm in the fusion; 0 leaves it out.
        lexical_weight: Of the lexical arm.
        whole: Whether the lexical index has whole articles: an older program's has not.
        own_words: Ids of passages with the words of whom the question asks for, best first: a third arm.

    Returns:
        Hits by falling fused score (the sum of weight / (10 + rank) over the arms). Near-identical passages
        (a wire story printed twice) take one place, and the first names the other outlets.
    """
    depth = max(_DEPTH, 4 * query.k)
    only = catalog.passages_of(query.articles) if query.articles else None
    sought = query.looked_for
    dense = vectors.search(embed(sought), depth, query, only) if dense_weight else []
    words = lexical.search(sought, depth, query, only) if lexical_weight else []
    articles = lexical.articles(sought, depth, query, query.articles or None) if lexical_weight and whole else []

    scores: dict[str, float] = {}
    found: dict[str, set[FoundBy]] = {}
    arms: tuple[tuple[FoundBy, float, list[str]], ...] = (
        ("dense", dense_weight, [i for i, _ in dense]),
        ("lexical", lexical_weight, [i for i, _ in words]),
        ("quotes", _OWN_WORDS, list(own_words)),
    )
    for arm, weight, ranked in arms:
        for rank, ident in enumerate(ranked, 1):
            scores[ident] = scores.get(ident, 0.0) + weight / (_RRF + rank)
            found.setdefault(ident, set()).add(arm)
    if articles and words:
        best = [
            i for i, _ in lexical.search(sought, 2 * _ARTICLES, query, catalog.passages_of(_lacking(articles, scores)))
        ]
        found |= {ident: {"lexical"} for ident in best if ident not in found}
        _add_articles([ident for ident, _ in articles], scores, best, lexical_weight)
    # Twins of a passage rank next to it, so a few more than are asked for are enough to fold them in.
    order = sorted(scores, key=lambda i: (-scores[i], i))[: max(24, 3 * query.k)]
    passages = catalog.passages(order)  # ids that another process has just deleted drop out here
    if query.time and query.time.kind == "latest":
        weight = _NEWER if _LATEST.search(query.time.phrase) else _LATELY
        order = _newer_first(order, scores, passages, query.time.day, weight)
    hits: list[Hit] = []
    for passage, others, twins in _one_story_once([passages[i] for i in order if i in passages], query.k):
        by: FoundBy = "hybrid" if len(found[passage.id]) > 1 else next(iter(found[passage.id]))
        shown = passage.model_copy(update={"also_printed_by": others}) if others else passage
        hits.append(Hit(passage=shown, score=scores[passage.id], rank=len(hits) + 1, found_by=by, twins=twins))
    return hits


def _lacking(articles: Sequence[tuple[str, float]], scores: Mapping[str, float]) -> list[str]:
    """The best articles of which no arm has a passage."""
    there = {_article(ident) for ident in scores}
    return [ident for ident, _ in articles[:_ARTICLES] if ident not in there]


def _add_articles(articles: Sequence[str], scores: dict[str, float], best: Sequence[str], weight: float) -> None:
    """Add the arm of whole articles to the scores of their passages.

    What a question asks for is seldom said in one passage with all of the question's words. An article's second-best
    passage gets half of what its best gets, and so on: one long article is not to fill all places.

    Args:
        articles: Ids, best first.
        scores: Of passages, by id; changed.
        best: The best passages of articles that have none among them.
        weight: Of the lexical arm.
    """
    for ident in best:
        scores.setdefault(ident, 0.0)
    rank = {ident: n for n, ident in enumerate(articles, 1)}
    nth: Counter[str] = Counter()
    for ident in sorted(scores, key=lambda i: (-scores[i], i)):
        if (article := _article(ident)) in rank:
            nth[article] += 1
            scores[ident] += weight * _WHOLE / nth[article] / (_RRF + rank[article])


def _article(passage_id: str) -> str:
    return passage_id.partition(":")[0]


def _newer_first(
    order: list[str], scores: dict[str, float], passages: dict[str, Passage], day: datetime | None, weight: float
) -> list[str]:
    """Passages that are likely anyway, with their date's nearness to the question's day as one more arm."""
    dated = {i: when for i in order if i in passages and (when := passages[i].published)}
    today = day or max(dated.values(), default=None)
    if today is None:
        return order
    for rank, ident in enumerate(sorted(dated, key=lambda i: abs(today - dated[i])), 1):
        scores[ident] += weight / (_RRF + rank)
    return sorted(order, key=lambda i: (-scores[i], i))


def _one_story_once(passages: Sequence[Passage], k: int) -> list[tuple[Passage, tuple[str, ...], tuple[str, ...]]]:
    """The first ``k`` distinct passages, each with outlets and article ids of its near-identical twins."""
    kept: list[tuple[Passage, set[str], list[str], list[str]]] = []
    for passage in passages:
        triples = _triples(passage.text)
        for first, theirs, outlets, twins in kept:
            if first.article_id == passage.article_id or not triples or not theirs:
                continue
            if len(triples & theirs) >= _SAME_STORY * min(len(triples), len(theirs)):
                name = passage.source or passage.title
                if name != (first.source or first.title) and name not in outlets:
                    outlets.append(name)
                if passage.article_id not in twins:
                    twins.append(passage.article_id)
                break
        else:
            if len(kept) < k:
                kept.append((passage, triples, [], []))
    return [(passage, tuple(outlets), tuple(twins)) for passage, _, outlets, twins in kept]


def _triples(text: str) -> set[str]:
    # Words, and single characters where words aren't spaced.
    found = re.findall(rf"[{CJK}]|\w+", text.casefold())
    return {" ".join(found[i : i + 3]) for i in range(max(1, len(found) - 2))} if found else set()
