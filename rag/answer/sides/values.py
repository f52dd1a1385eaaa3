"""What the words that answer come to: whether two of them say the same, another thing, or can't be compared.

Words are compared as the numbers and the stems in them, so that "3.5 million" is 3,500,000 and "the Beatles" are
"Beatles". One that holds the other says the same, only more of it ("Miami", "Miami, Florida").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rag.text import numbers
from rag.text.tokens import query_terms, terms

Kind = Literal["number", "name", "other"]
_NAMED = re.compile(r"(?<!\w)[^\W\d_a-zß-öø-ÿ]")
"""A letter that is no small one, at a word's beginning: what names have, in scripts that know the difference."""


@dataclass(frozen=True)
class Value:
    """What some words come to."""

    kind: Kind
    numbers: frozenset[float]
    stems: frozenset[str]

    @property
    def empty(self) -> bool:
        """Whether nothing is left to compare."""
        return not self.numbers and not self.stems


@lru_cache(maxsize=4096)
def value(words: str) -> Value:
    """The value of some words.

    Args:
        words: Those that answer, as the article has them.
    """
    found = numbers.find(words)
    stems = list(query_terms(words) or terms(words))
    figures = frozenset(round(n.value, 6) for n in found)
    rest = frozenset(s for s in stems if not any(c.isdigit() for c in s))
    # Scales and spelt numbers are in the figures; what they count is said by one source and left out by the next.
    kind: Kind = "number" if figures else "name" if _NAMED.search(words) else "other"
    return Value(kind, figures, rest)


def same(one: Value, other: Value) -> bool:
    """Whether two values say the same: all of one is in the other, of figures the figures."""
    if one.empty or other.empty:
        return False
    if one.numbers or other.numbers:
        mine, yours = one.numbers, other.numbers
        return bool(mine and yours) and (mine <= yours or yours <= mine)
    return one.stems <= other.stems or other.stems <= one.stems


def differ(one: Value, other: Value) -> bool:
    """Whether two values are of one kind and nothing of one is in the other that could make them the same.

    Not the contrary of ``same``: "Qin Gang" and "Foreign Minister Qin" are neither, and so are a name and a figure.
    """
    if one.empty or other.empty or one.kind != other.kind:
        return False
    if one.kind == "number":
        return not (one.numbers <= other.numbers or other.numbers <= one.numbers)
    return not one.stems & other.stems


def tells(text: str, wanted: Value) -> bool:
    """Whether a text has a value: all of its figures, or of its stems."""
    if wanted.numbers:
        return wanted.numbers <= {round(v, 6) for v in numbers.values(text)}
    return bool(wanted.stems) and wanted.stems <= frozenset(terms(text))


__all__ = ["Kind", "Value", "differ", "same", "tells", "value"]
