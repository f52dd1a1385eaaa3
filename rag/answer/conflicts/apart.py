"""Whether two sentences are plainly of two things: of another number, of another year, of another place of one name."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.answer.conflicts.quantities import is_time
from rag.text import numbers, parser
from rag.text.tokens import terms

_PLACED = re.compile(r"(?<![\w.])((?:[A-Z][\w’'.-]*[\w’'] )*[A-Z][\w’'-]+), ((?:[A-Z][\w’'-]+ ?)+)(?=[^\w ]|[a-z(]|$)")
"""A name and the one that follows it behind a comma: "Lost Springs, Kansas"."""
_YEAR = re.compile(r"(?:19|20)\d\d")


def of_two(one: str, other: str) -> bool:
    """Whether two English sentences are of two things of a kind: "bridge 7" and "bridge 5", the censuses of two years.

    Args:
        one: A sentence.
        other: Another; False where the parser is not installed.
    """
    if not parser.available():
        return False
    mine, yours = _numbered(one), _numbered(other)
    return any(not mine[noun] & yours[noun] for noun in mine.keys() & yours.keys())


@lru_cache(maxsize=1024)
def _numbered(text: str) -> dict[str, frozenset[str]]:
    """The numbers behind nouns, and the years before them: {"bridge": {"7"}, "census": {"2016"}}."""
    (tree,) = parser.trees([text])
    found: dict[str, set[str]] = {}
    for n, word in enumerate(tree):
        if not word.text.isdigit():
            continue
        if n and word.head == n - 1 and tree[n - 1].tag[:2] == "NN" and not is_time(tree, n - 1):
            found.setdefault(tree[n - 1].lemma.casefold(), set()).add(word.text)
        elif word.head > n and tree[word.head].tag[:2] == "NN" and _YEAR.fullmatch(word.text):
            found.setdefault(tree[word.head].lemma.casefold(), set()).add(word.text)
    return {noun: frozenset(which) for noun, which in found.items()}


def placed_apart(asked: frozenset[str], one: str, other: str) -> bool:
    """Whether what is asked about bears one name in two places: "Lost Springs, Kansas", "Lost Springs, Wyoming".

    Args:
        asked: The question's terms.
        one: A text: a sentence with what stands around it.
        other: Another.
    """
    mine, yours = _places(one), _places(other)
    return any(
        not any(a & b for a in mine[name] for b in yours[name])
        and not any(a <= frozenset(terms(other)) for a in mine[name])
        and not any(b <= frozenset(terms(one)) for b in yours[name])
        for name in mine.keys() & yours.keys()
        if frozenset(terms(name)) <= asked
    )


@lru_cache(maxsize=1024)
def _places(text: str) -> dict[str, frozenset[frozenset[str]]]:
    """Names with the terms of those that follow them behind a comma."""
    found: dict[str, set[frozenset[str]]] = {}
    for match in _PLACED.finditer(text):
        place = frozenset(terms(match[2])) - frozenset(terms(match[1]))
        if place:
            found.setdefault(match[1].casefold(), set()).add(place)
    return {name: frozenset(places) for name, places in found.items()}


def tells_change(text: str, earlier: frozenset[float]) -> bool:
    """Whether an English sentence tells figures as what something was before: "10,929, down from 11,012".

    Args:
        text: The sentence.
        earlier: The figures; False for none, and where the parser is not installed.
    """
    if not earlier or not parser.available():
        return False
    plain = " ".join(text.split())
    (tree,) = parser.trees([plain])
    places = parser.places(tree, plain)
    found: set[float] = set()
    for number in numbers.find(plain, "en"):
        at = next((n for n, (start, end) in enumerate(places) if start <= number.start < end), None)
        if at and tree[at - 1].tag == "TO":  # of "from 12 to 15" the parser makes one number
            continue
        while at is not None and tree[at].head != at and tree[at].tag not in ("IN", "TO"):
            if tree[at].tag[:2] == "VB" and tree[at].dep != "pobj":  # "from the 40 counted" is taken for one
                break
            at = tree[at].head
        if at is not None and tree[at].lemma == "from":
            found.add(round(number.value, 6))
    return earlier <= found


__all__ = ["of_two", "placed_apart", "tells_change"]
