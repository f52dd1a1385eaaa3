"""Reciprocal rank fusion of what the arms found, and one story taking one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rag.text.scripts import CJK
from rag.types import FoundBy, Hit, Passage

_RRF = 10
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, who take 60: the first places count
for more here; docs/benchmarks.md has the comparison)."""
_SAME_STORY = 0.8
"""Share of the shorter passage's word triples that make two passages one story."""


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


def hits(candidates: Candidates, order: Sequence[str], passages: Mapping[str, Passage], k: int) -> list[Hit]:
    """The best ``k`` passages as hits. Near-identical ones take one place, and the first names the other outlets.

    Args:
        candidates: Scores, and what found each passage.
        order: Ids, best first; more than ``k``, since twins of a passage rank next to it.
        passages: By id; ids that are not there have been deleted meanwhile.
        k: How many at most.
    """
    found: list[Hit] = []
    for passage, others, twins in _one_story_once([passages[i] for i in order if i in passages], k):
        arms = candidates.found[passage.id]
        by: FoundBy = "hybrid" if len(arms) > 1 else next(iter(arms))
        shown = passage.model_copy(update={"also_published_by": others}) if others else passage
        score = candidates.scores[passage.id]
        found.append(Hit(passage=shown, score=score, rank=len(found) + 1, found_by=by, duplicates=twins))
    return found


def _one_story_once(passages: Sequence[Passage], k: int) -> list[tuple[Passage, tuple[str, ...], tuple[str, ...]]]:
    """The first ``k`` distinct passages, each with outlets and article ids of its near-identical twins."""
    kept: list[tuple[Passage, frozenset[str], list[str], list[str]]] = []
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


def same_story(one: str, other: str) -> bool:
    """Whether two texts are one story: they share 80 % of the shorter one's word triples."""
    mine, yours = _triples(one), _triples(other)
    return bool(mine and yours) and len(mine & yours) >= _SAME_STORY * min(len(mine), len(yours))


@lru_cache(maxsize=1024)
def _triples(text: str) -> frozenset[str]:
    # Words, and single characters where words aren't spaced.
    found = re.findall(rf"[{CJK}]|\w+", text.casefold())
    return frozenset({" ".join(found[i : i + 3]) for i in range(max(1, len(found) - 2))}) if found else frozenset()
