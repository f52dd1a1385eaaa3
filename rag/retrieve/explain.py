"""Why a passage stands where it does: its place and score with each arm, and what each added to the fused score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.retrieve.fusion import share
from rag.retrieve.tongues import Tongues
from rag.types import FoundBy, Hit, Query
from rag.value import Value

if TYPE_CHECKING:
    from rag.index.stores import Stores
    from rag.protocols import Arm

_DEPTH = 100


class ArmScore(Value):
    """What one arm says of a passage."""

    arm: FoundBy
    rank: int
    """Among what the arm found; 1 is the best."""
    score: float | None = None
    """Its own: a cosine of ``dense``, BM25 of ``lexical``; the others have none."""
    added: float
    """To the fused score."""


class Explained(Value):
    """A passage's fused score, taken apart."""

    passage: str
    """Its id."""
    score: float
    """As ``Hit.score``."""
    arms: tuple[ArmScore, ...]
    beside: float
    """What came from elsewhere: whole articles that fit, a time that the question names, nearness to its day."""


def explain(stores: Stores, query: Query, hits: Sequence[Hit], arms: Sequence[tuple[FoundBy, Arm]]) -> list[Explained]:
    """Take the scores of hits apart, one each, in their order.

    Args:
        stores: Of the archive.
        query: What was searched.
        hits: What was found.
        arms: Those that were asked, each with its name.
    """
    depth = max(_DEPTH, 4 * query.k)
    tongues = Tongues(stores)
    found: dict[str, list[ArmScore]] = {hit.passage.id: [] for hit in hits}
    for name, arm in arms:
        if not (weight := arm.weight(query)):
            continue
        scores = _scores(stores, query, name, depth)
        across = tongues.across(query, name)
        for rank, ident in enumerate(arm.search(query, depth), 1):
            if ident in found:
                added = share(weight, rank) * (across(ident) if across else 1.0)
                found[ident].append(ArmScore(arm=name, rank=rank, score=scores.get(ident), added=added))
    return [
        Explained(
            passage=hit.passage.id,
            score=hit.score,
            arms=tuple(found[hit.passage.id]),
            beside=round(hit.score - sum(one.added for one in found[hit.passage.id]), 9),
        )
        for hit in hits
    ]


def _scores(stores: Stores, query: Query, name: FoundBy, depth: int) -> dict[str, float]:
    """The scores that an arm goes by, where it has some."""
    vectors, lexical = stores.indexes()
    only = stores.catalog.passages_of(query.articles) if query.articles else None
    if name == "dense":
        return dict(vectors.search(Tongues(stores).vector(query), depth, query, only))
    if name == "lexical":
        return dict(lexical.search(query.looked_for, depth, query, only))
    return {}


__all__ = ["ArmScore", "Explained", "explain"]
