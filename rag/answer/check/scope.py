"""What negations and quantifiers of a sentence bear on, and whether a cause is told of what it is claimed of.

A negation says something about what it governs alone: "the title, which he did not want" denies nothing of the title's
age. "Any" below a negation bounds nothing ("no cause", "not any cause" are one), and "nothing" is "no such thing".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from rag.answer.check.attachment import above, root
from rag.answer.check.governors import WORDS, Governed, beside_another, some, subtree, yet_to
from rag.answer.check.matching import Text, is_content

_NEGATIVE_PRONOUNS = frozenset("nothing nobody none neither".split())


def negations(text: Text) -> list[int]:
    """The negations of a text that deny what is told: not those of an adverb alone ("not long before")."""
    return [
        n
        for n, w in enumerate(text.tree)
        if (w.dep == "neg" or w.text.lower() in WORDS.negatives or yet_to(text.tree, n))
        and w.dep != "intj"
        and not some(text.tree, n)
        and not _of_adverb(text, n)
        and not beside_another(text.tree, n)
    ]


def _of_adverb(text: Text, n: int) -> bool:
    """Whether a negation belongs to an adverb or an adjective of time or degree that stands before a preposition."""
    up = text.tree[n].head
    return (
        text.tree[n].dep == "neg"
        and text.tree[up].tag in ("RB", "JJ")
        and text.tree[up].dep in ("advmod", "npadvmod")
        and text.tree[text.tree[up].head].tag in ("IN", "RB")
    )


def bearing(text: Text, places: Collection[int], found: Iterable[Governed]) -> list[int]:
    """The negations of a text that bear on some of its words.

    Args:
        text: The words.
        places: Those that are asked about.
        found: What governs each.
    """
    denied = {d for g in found for d in g.denied}
    over = {a for e in places for a in above(text.tree, e)} | set(places)
    return [
        n
        for n in negations(text)
        if n in denied or n in over or (text.tree[n].head in denied and text.tree[n].head != n)
    ]


def bounded(mine: Text, theirs: Text, n: int) -> bool:
    """Whether a word like "any" or "nothing" says no more than a negation that the cited words have."""
    low = mine.tree[n].text.lower()
    if low == "any":
        return mine.governed(n).negative or mine.governed(mine.tree[n].head).negative
    if low not in _NEGATIVE_PRONOUNS:
        return False
    return any(w.dep == "det" and w.text.lower() == "no" for w in theirs.tree) or any(
        w.text.lower() in _NEGATIVE_PRONOUNS for w in theirs.tree
    )


def in_order(mine: Text, pairs: dict[int, int], content: Sequence[int]) -> float:
    """Share of neighbouring content words whose matches follow each other."""
    steps = [(pairs.get(a), pairs.get(b)) for a, b in pairwise(content)]
    return sum(a is not None and b is not None and 0 < b - a <= 5 for a, b in steps) / len(steps) if steps else 1.0


def new(mine: Text, theirs: Text, n: int, words: Collection[str]) -> bool:
    """Whether a word of a list is in the claim and not in the cited words, nor one that says the same."""
    low = mine.tree[n].text.lower()
    if low not in words or mine.tree[n].dep == "intj":
        return False
    known = any(w.text.lower() == low or w.lemma == mine.tree[n].lemma for w in theirs.tree)
    return not known and not bounded(mine, theirs, n)


def has(text: Text, phrases: Sequence[str], inside: Collection[int] | None = None) -> bool:
    """Whether a text has one of the phrases, in small letters.

    Args:
        text: The words.
        phrases: Each one word or more.
        inside: Only among these words, which stand together; all where None.
    """
    words = [w.text.lower() for n, w in enumerate(text.tree) if inside is None or n in inside]
    whole = f" {' '.join(words)} "
    return any(f" {p} " in whole for p in phrases)


def cause_added(mine: Text, theirs: Text, pairs: Mapping[int, int]) -> bool:
    """Whether a claim tells as cause what the cited words don't.

    Either they have no word for a cause at all, or cause and effect stand in sentences of their own there, and that of
    the effect does not point back to a cause.
    """
    if not has(mine, WORDS.cause_claimed):
        return False
    if not has(theirs, WORDS.cause_told):
        return True
    for n, word in enumerate(mine.tree):
        if word.text.lower() not in ("because", "due", "owing") or word.dep not in ("prep", "mark"):
            continue
        top = n if word.dep == "prep" else word.head
        cause = {w for c in (top, *mine.below[top]) for w in subtree(mine.tree, mine.below, c)}
        effect = mine.tree[top].head
        doers = [c for c in mine.below[effect] if mine.tree[c].dep in ("nsubj", "nsubjpass")]  # named anywhere
        doing = {w for c in doers for w in subtree(mine.tree, mine.below, c)}
        others = {w for w in subtree(mine.tree, mine.below, effect) if w not in cause | doing and is_content(mine, w)}
        there = {root(theirs.tree, pairs[w]) for w in cause if w in pairs}
        here = {root(theirs.tree, pairs[w]) for w in others if w in pairs}
        if there and here and not there & here:
            inside = {e for e in range(len(theirs.tree)) if root(theirs.tree, e) in here | there}
            return not has(theirs, [w for w in WORDS.cause_claimed if w != "in order to"], inside)
    return False


__all__ = ["bearing", "bounded", "cause_added", "has", "in_order", "negations", "new"]
