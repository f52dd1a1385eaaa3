"""Dense and lexical retrieval, fused; one story takes one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rag.index.catalog import Catalog
from rag.index.lexical import LexicalIndex
from rag.index.vectors import VectorIndex
from rag.types import FoundBy, Hit, Passage, Query

_RRF = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
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

    Returns:
        Hits by falling fused score (the sum of weight / (60 + rank) over both arms). Near-identical passages
        (a wire story printed twice) take one place, and the first names the other outlets.
    """
    depth = max(50, 4 * query.k)
    only = catalog.passages_of(query.articles) if query.articles else None
    dense = vectors.search(embed(query.standalone), depth, query, only) if dense_weight else []
    words = lexical.search(query.standalone, depth, query, only) if lexical_weight else []

    scores: dict[str, float] = {}
    found: dict[str, set[str]] = {}
    for arm, weight, ranked in (("dense", dense_weight, dense), ("lexical", lexical_weight, words)):
        for rank, (ident, _) in enumerate(ranked, 1):
            scores[ident] = scores.get(ident, 0.0) + weight / (_RRF + rank)
            found.setdefault(ident, set()).add(arm)
    # Twins of a passage rank next to it, so a few more than are asked for are enough to fold them in.
    order = sorted(scores, key=lambda i: (-scores[i], i))[: max(24, 3 * query.k)]
    passages = catalog.passages(order)  # ids that another process has just deleted drop out here
    hits: list[Hit] = []
    for passage, others, twins in _one_story_once([passages[i] for i in order if i in passages], query.k):
        arms = found[passage.id]
        by: FoundBy = "hybrid" if len(arms) == 2 else "dense" if "dense" in arms else "lexical"
        shown = passage.model_copy(update={"also_printed_by": others}) if others else passage
        hits.append(Hit(passage=shown, score=scores[passage.id], rank=len(hits) + 1, found_by=by, twins=twins))
    return hits


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
