"""Reciprocal rank fusion of what the arms found, and one story taking one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.retrieve.twins import earlier_twins
from rag.types import FoundBy, Hit

if TYPE_CHECKING:
    from rag.index.schema import PassageRow

_RRF = 10
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, who take 60: the first places count
for more here; docs/benchmarks.md has the comparison)."""


def share(weight: float, rank: int) -> float:
    """What a place in a ranking adds to a passage's score: weight / (10 + rank), ranks counting from 1."""
    return weight / (_RRF + rank)


@dataclass
class Candidates:
    """Passages found so far, by id, with their fused scores and the arms that found them."""

    scores: dict[str, float] = field(default_factory=dict)
    found: dict[str, set[FoundBy]] = field(default_factory=dict)

    def add(
        self, arm: FoundBy, ranked: Sequence[str], weight: float, factor: Callable[[str], float] | None = None
    ) -> None:
        """Add an arm's passages: each scores weight / (10 + rank) more.

        Args:
            arm: What a hit says it was found by.
            ranked: Ids of passages, best first.
            weight: Of the arm.
            factor: What a passage's share is multiplied by; None: nothing.
        """
        for rank, ident in enumerate(ranked, 1):
            gained = share(weight, rank) * (factor(ident) if factor else 1.0)
            self.scores[ident] = self.scores.get(ident, 0.0) + gained
            self.found.setdefault(ident, set()).add(arm)

    def admit(self, arm: FoundBy, idents: Sequence[str]) -> None:
        """Let passages in that no arm has ranked, with a score of 0 so far."""
        for ident in idents:
            self.scores.setdefault(ident, 0.0)
            self.found.setdefault(ident, {arm})

    def order(self, idents: Sequence[str] | None = None) -> list[str]:
        """Ids by falling score, of all or of some of the passages."""
        return sorted(self.scores if idents is None else idents, key=lambda i: (-self.scores[i], i))


def hits(candidates: Candidates, order: Sequence[str], passages: Mapping[str, PassageRow], k: int) -> list[Hit]:
    """The best ``k`` passages as hits. Near-identical ones take one place, and the first names the other outlets.

    Args:
        candidates: Scores, and what found each passage.
        order: Ids, best first; more than ``k``, since twins of a passage rank next to it.
        passages: By id; ids that are not there have been deleted meanwhile.
        k: How many at most.
    """
    found: list[Hit] = []
    for row, others, twins in _one_story_once([passages[i] for i in order if i in passages], k):
        arms = candidates.found[row.id]
        by: FoundBy = "hybrid" if len(arms) > 1 else next(iter(arms))
        passage = row.passage()
        shown = passage.model_copy(update={"also_published_by": others}) if others else passage
        score = candidates.scores[row.id]
        found.append(Hit(passage=shown, score=score, rank=len(found) + 1, found_by=by, duplicates=twins))
    return found


def _one_story_once(
    passages: Sequence[PassageRow], k: int
) -> list[tuple[PassageRow, tuple[str, ...], tuple[str, ...]]]:
    """The first ``k`` distinct passages, each with outlets and article ids of its near-identical twins."""
    kept: dict[int, tuple[PassageRow, list[str], list[str]]] = {}
    earlier = earlier_twins([passage.text for passage in passages])
    for n, passage in enumerate(passages):
        firsts = (kept[of] for of in earlier.get(n, ()) if of in kept)
        found = next((first for first in firsts if first[0].article_id != passage.article_id), None)
        if found is None:
            if len(kept) < k:
                kept[n] = (passage, [], [])
            continue
        first, outlets, twins = found
        name = passage.source or passage.title
        if name != (first.source or first.title) and name not in outlets:
            outlets.append(name)
        if passage.article_id not in twins:
            twins.append(passage.article_id)
    return [(passage, tuple(outlets), tuple(twins)) for passage, outlets, twins in kept.values()]
