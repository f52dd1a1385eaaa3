"""Words that say the same with their sides exchanged: "A before B" is "B after A".

A claim that has the opposite word of the cited one is wrong, unless what stands on either side has changed places too.
"""

from __future__ import annotations

from rag.answer.check.attachment import above
from rag.answer.check.matching import Text, aligned, is_content

PAIRS = {"before": "after", "after": "before"}


def holds(claim: str, said: str, word: str) -> bool:
    """Whether a claim exchanges the sides of a word as well as the word.

    Args:
        claim: English.
        said: The cited words.
        word: One of ``PAIRS``, which the claim has.
    """
    mine, theirs = (Text.read(t) for t in (claim, said))
    here, there = _below(mine, word), _below(theirs, PAIRS[word])
    if not here or not there:
        return False
    content = [n for n in range(len(mine.tree)) if is_content(mine, n) and mine.tree[n].tag[:2] != "RB"]
    pairs = aligned(mine, theirs, content)
    kept = [(n in here, e in there) for n, e in pairs.items()]
    return all(a != b for a, b in kept) and any(a for a, _ in kept) and any(b for _, b in kept)


def _below(text: Text, word: str) -> set[int]:
    """The words of the clause, or phrase, that a word leads."""
    for n, w in enumerate(text.tree):
        if w.text.lower() == word and w.dep in ("mark", "prep"):
            top = w.head if w.dep == "mark" else n
            return {m for m in range(len(text.tree)) if m == top or top in above(text.tree, m)}
    return set()


__all__ = ["PAIRS", "holds"]
