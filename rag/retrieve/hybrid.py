"""Dense and lexical retrieval, fused; one story takes one place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rag.index.catalog import Catalog
from rag.index.lexical import LexicalIndex
from rag.index.vectors import VectorIndex
from rag.types import FoundBy, Hit, Passage, Query

_RRF = 10
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, who take 60: the first places count
for more here; docs/benchmarks.md has the comparison)."""
_DEPTH = 100  # passages that each arm gives at least
_WHOLE = 2.0
"""Weight of the whole article's words beside the passage's own, both taken relative to the best there is."""
_ARTICLES = 20  # of the articles found by their words, those that stand in with their best passages in any case
_OWN_WORDS = 1.0
"""Weight of the arm of quotes, where a question asks for somebody's words: as much as each of the others."""
_NEWER = 1.0
"""Weight of the arm of dates, where a question asks for the latest."""
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
    if words and whole:
        words = _with_articles(sought, words, query, lexical, catalog)

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
    # Twins of a passage rank next to it, so a few more than are asked for are enough to fold them in.
    order = sorted(scores, key=lambda i: (-scores[i], i))[: max(24, 3 * query.k)]
    passages = catalog.passages(order)  # ids that another process has just deleted drop out here
    if query.time and query.time.kind == "latest":
        order = _newer_first(order, scores, passages)
    hits: list[Hit] = []
    for passage, others, twins in _one_story_once([passages[i] for i in order if i in passages], query.k):
        by: FoundBy = "hybrid" if len(found[passage.id]) > 1 else next(iter(found[passage.id]))
        shown = passage.model_copy(update={"also_printed_by": others}) if others else passage
        hits.append(Hit(passage=shown, score=scores[passage.id], rank=len(hits) + 1, found_by=by, twins=twins))
    return hits


def _with_articles(
    sought: str, passages: list[tuple[str, float]], query: Query, lexical: LexicalIndex, catalog: Catalog
) -> list[tuple[str, float]]:
    """Passages ranked by their own words and their article's, and the best ones of the best articles among them."""
    articles = dict(lexical.articles(sought, _DEPTH, query, query.articles or None))
    if not articles:
        return passages
    there = {_article(ident) for ident, _ in passages}
    if missing := [a for a in list(articles)[:_ARTICLES] if a not in there]:
        passages = [*passages, *lexical.search(sought, 2 * len(missing), query, catalog.passages_of(missing))]
    best_passage, best_article = max(s for _, s in passages), max(articles.values())
    scores: dict[str, float] = {}
    nth: Counter[str] = Counter()
    for ident, score in sorted(passages, key=lambda pair: -pair[1]):
        nth[_article(ident)] += 1
        # Its second-best passage gets half of it, and so on: one long article is not to fill all places.
        share = _WHOLE / nth[_article(ident)]
        scores[ident] = score / best_passage + share * articles.get(_article(ident), 0.0) / best_article
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def _article(passage_id: str) -> str:
    return passage_id.partition(":")[0]


def _newer_first(order: list[str], scores: dict[str, float], passages: dict[str, Passage]) -> list[str]:
    """Passages that are likely anyway, with their date as one more arm; undated ones come last in it."""
    dated = [i for i in order if i in passages and passages[i].published]
    for rank, ident in enumerate(sorted(dated, key=lambda i: passages[i].published, reverse=True), 1):  # type: ignore[arg-type, return-value]
        scores[ident] += _NEWER / (_RRF + rank)
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
    found = re.findall(r"[\u3040-\u30ff\u3400-\u9fff]|\w+", text.casefold())
    return {" ".join(found[i : i + 3]) for i in range(max(1, len(found) - 2))} if found else set()
