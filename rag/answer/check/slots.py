"""Another number, day or year in the very place where a claim has one: the cited words then say otherwise.

A figure that the cited words don't give is told nowhere, unless they give another one of the same thing, told by the
same predicate, and the claim says nothing else that they lack: "97 million phones were sold" of "84 million phones were
sold", but not of "84 million phones were sold in Europe", nor of "at least 84 million".
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.check.attachment import behind, belongs, headed
from rag.answer.check.governors import predicate_of, subtree, verbal
from rag.answer.check.matching import LIGHT, Text, aligned, bound, is_content, kind
from rag.answer.check.roles import counts, difference, frame
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.numbers import is_year
from rag.text.parser import Tree

_PLACE = ("pobj", "npadvmod", "dobj", "attr", "nsubj", "nsubjpass")


def otherwise(claim: Sequence[Tree], said: Sequence[Tree]) -> tuple[str, str] | None:
    """What a claim has in a place where the cited words have something else of the same kind.

    Args:
        claim: Its sentences, parsed.
        said: The cited sentences, parsed.

    Returns:
        The claim's words and the cited ones; None where nothing shows that they tell of the same.
    """
    mine, theirs, content, pairs = _matched(claim, said)
    lost = [n for n in content if n not in pairs]
    if not all(kind(mine, n) == "numbers" or _dated(mine, n) for n in lost):
        return None
    return next((found for n in lost if (found := _instead(mine, n, theirs, pairs))), None)


def misplaced(claim: Sequence[Tree], said: Sequence[Tree]) -> tuple[str, str] | None:
    """A number of a claim that the cited words have, but elsewhere, and another one in its place.

    "It was 5.9 percent in March" of "It was 6.1 percent in March, up from 5.9 percent in February". Told as by
    ``otherwise``; none where the claim has words of what the number belongs to there, as "in February".
    """
    mine, theirs, content, pairs = _matched(claim, said)
    if len(pairs) < len(content):
        return None
    for n in (n for n in content if kind(mine, n) == "numbers" and not bound(mine, n)):
        own = [e for e, value in enumerate(theirs.values) if value == mine.values[n]]
        beside = {w for e in own for w in subtree(theirs.tree, theirs.below, _phrase(theirs, e))} - set(own)
        named = {pairs[m] for m in content if m != n and m != counts(mine, n)}
        if beside & named or any(_same_place(mine, n, theirs, e, pairs) for e in own):
            continue
        if found := _instead(mine, n, theirs, pairs):
            return found
    return None


def _matched(claim: Sequence[Tree], said: Sequence[Tree]) -> tuple[Text, Text, list[int], dict[int, int]]:
    """Both texts, the claim's content words, and those of them that have a match, with it."""
    mine, theirs = Text.of(claim), Text.of(said)
    content = [n for n in range(len(mine.tree)) if is_content(mine, n)]
    return mine, theirs, content, aligned(mine, theirs, content)


def _instead(mine: Text, n: int, theirs: Text, pairs: dict[int, int]) -> tuple[str, str] | None:
    """A word and what the cited words have in its place, that no word of the claim has for its match."""
    held = set(pairs.values())
    for e in range(len(theirs.tree)):
        if e not in held and _alike(mine, n, theirs, e) and _same_place(mine, n, theirs, e, pairs):
            return _words(mine, n), _words(theirs, e)
    return None


def _dated(text: Text, n: int) -> bool:
    """Whether a word is a day of the week or a month."""
    return text.tree[n].tag.startswith("NNP") and text.tree[n].text.casefold() in ENGLISH_CALENDAR


def _alike(mine: Text, n: int, theirs: Text, e: int) -> bool:
    """Whether two words are of one kind, and other ones."""
    a, b = mine.values[n], theirs.values[e]
    if a is None or b is None:
        return a is b and _dated(mine, n) and _dated(theirs, e)
    if a == b or bound(mine, n) or bound(theirs, e):
        return False
    same_use = difference(mine, n) == difference(theirs, e)
    return same_use and _is_year(mine, n) == _is_year(theirs, e)


def _is_year(text: Text, n: int) -> bool:
    value = text.values[n]
    return value is not None and text.tree[n].text.isdigit() and is_year(value) and counts(text, n) is None


def _same_place(mine: Text, n: int, theirs: Text, e: int, pairs: dict[int, int]) -> bool:
    """Whether two words stand in the same place of the same statement."""
    here, there = counts(mine, n), counts(theirs, e)
    if here is not None and there is not None:
        same = pairs.get(here) == there or mine.tree[here].text == theirs.tree[there].text
        if not same or mine.tree[headed(mine, n)].dep not in (*_PLACE, theirs.tree[headed(theirs, e)].dep):
            return False
    elif here is not None or there is not None:
        return False
    if behind(mine, n).replace("by", "") != behind(theirs, e).replace("by", ""):  # "rose by 5 percent"
        return False
    verb, other = predicate_of(mine.tree, here or n), predicate_of(theirs.tree, there or e)
    if not _told_by(mine, verb, theirs, other, pairs) or not belongs(theirs.tree, e, other):
        return False
    governed = theirs.governed(e)
    if governed.negative or governed.unsure or governed.conditions or governed.plans:
        return False
    return _of_the_same(mine, verb, theirs, other, pairs) and not _narrower(theirs, other, e, set(pairs.values()))


def _phrase(text: Text, n: int) -> int:
    """The head of all that a word stands in, below the predicate."""
    while text.tree[n].head != n and not verbal(text.tree, text.tree[n].head):
        n = text.tree[n].head
    return n


def _told_by(mine: Text, verb: int, theirs: Text, other: int, pairs: dict[int, int]) -> bool:
    if not verbal(mine.tree, verb) or not verbal(theirs.tree, other):
        return pairs.get(verb) == other
    a, b = mine.tree[verb], theirs.tree[other]
    return pairs.get(verb) == other or (a.lemma == b.lemma and a.lemma in LIGHT)


def _of_the_same(mine: Text, verb: int, theirs: Text, other: int, pairs: dict[int, int]) -> bool:
    """Whether the same do it, and to the same, as far as the claim says who."""
    here, there = frame(mine, verb), frame(theirs, other)
    for role in ("doer", "done"):
        named = [w for w in here[role] if w in pairs]
        if named and there[role] and not {pairs[w] for w in named} & set(there[role]):
            return False
    return True


def _narrower(text: Text, verb: int, e: int, held: set[int]) -> bool:
    """Whether the cited words say it of a place, a part or a group that the claim does not name."""
    inside = set(subtree(text.tree, text.below, verb))
    for p in inside:
        if text.tree[p].dep != "prep" or e in (own := set(subtree(text.tree, text.below, p))):
            continue
        names = [w for w in own if text.tree[w].tag.startswith("NNP") and not _dated(text, w)]
        if any(w not in held for w in names):
            return True
    return False


def _words(text: Text, n: int) -> str:
    """A number as it is written, with all its words: "84 million"."""
    value = text.values[n]
    first = last = n
    while value is not None and first and text.values[first - 1] == value:
        first -= 1
    while value is not None and last + 1 < len(text.tree) and text.values[last + 1] == value:
        last += 1
    return " ".join(w.text for w in text.tree[first : last + 1])


__all__ = ["misplaced", "otherwise"]
