"""Reciprocal rank fusion of what the arms found, and one story taking one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from rag.text.scripts import CJK
from rag.types import FoundBy, Hit

if TYPE_CHECKING:
    from rag.index.schema import PassageRow

_RRF = 10
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, who take 60: the first places count
for more here; docs/benchmarks.md has the comparison)."""
_SAME_STORY = 0.8
"""Share of the shorter passage's word triples that make two passages one story."""
_WORDS = re.compile(rf"[{CJK}]|\w+")
_MARKS = "\u2019\u201c\u201d\u2014\u2013\u2018\u00a0\u2026"
"""Marks between words that most of the texts have whose words are all spelt with a to z."""
_PLAIN = {n: chr(n).lower() if chr(n).isalnum() or chr(n) == "_" else " " for n in range(128)}
"""For ``str.translate``: small letters, and a space for what stands between words."""


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
    kept: list[tuple[PassageRow, frozenset[int], list[str], list[str]]] = []
    known: set[int] = set()  # the triples of all that are kept
    for passage in passages:
        triples = _triples(passage.text)
        # Few triples stand in two passages, so that most can be no twin of any.
        most = len(known & triples)
        for first, theirs, outlets, twins in kept if most else ():
            enough = _SAME_STORY * min(len(triples), len(theirs))
            if most < enough or first.article_id == passage.article_id:
                continue
            if (shared := len(theirs & triples)) and shared >= enough:
                name = passage.source or passage.title
                if name != (first.source or first.title) and name not in outlets:
                    outlets.append(name)
                if passage.article_id not in twins:
                    twins.append(passage.article_id)
                break
        else:
            if len(kept) < k:
                known |= triples
                kept.append((passage, triples, [], []))
    return [(passage, tuple(outlets), tuple(twins)) for passage, _, outlets, twins in kept]


def same_story(one: str, other: str) -> bool:
    """Whether two texts are one story: they share 80 % of the shorter one's word triples."""
    mine, yours = _triples(one), _triples(other)
    return bool(mine and yours) and len(mine & yours) >= _SAME_STORY * min(len(mine), len(yours))


@lru_cache(maxsize=2048)
def _triples(text: str) -> frozenset[int]:
    # Words, and single characters where words aren't spaced. Hashes of triples: sets of tuples of words are a thousand
    # objects a search for the garbage collector, which then took longer than the search.
    found = _words(text)
    return frozenset(map(hash, zip(found, found[1:], found[2:], strict=False))) or frozenset(
        {hash(tuple(found))} if found else ()
    )


def _words(text: str) -> list[str]:
    """As ``_WORDS`` finds them in the text in small letters; three times as fast where letters are a to z."""
    if not text.isascii():
        for mark in _MARKS:
            text = text.replace(mark, " ")
    return text.translate(_PLAIN).split() if text.isascii() else _WORDS.findall(text.casefold())
