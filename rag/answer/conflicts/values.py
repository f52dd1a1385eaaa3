"""The two sides that are compared: a sentence of an answer, and one of another article."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache

from rag.text.calendar_names import ENGLISH_CALENDAR, ENGLISH_MONTHS
from rag.text.tokens import query_terms, terms
from rag.types import Citation, Passage

SHARED = 3
"""Least number of content words that two sentences of one thing have in common; one less where both count the dead."""
SAME_TIME = 3  # days between articles that speak of one state of things
MONTH = "|".join(ENGLISH_MONTHS)

ONES = "one two three four five six seven eight nine ten eleven twelve".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


@dataclass(frozen=True)
class Said:
    """A sentence of an article."""

    text: str
    article_id: str
    start: int
    end: int
    passage: Passage

    @property
    def near(self) -> str:
        """It, and what stands around it."""
        return f"{self.text} {self.passage.title} {self.passage.text}"


@dataclass(frozen=True)
class Claim:
    """A sentence of an answer with the words it rests on."""

    text: str
    place: tuple[int, int]
    citations: tuple[Citation, ...]

    @property
    def quotes(self) -> str:
        return " ".join(c.quote for c in self.citations)

    @property
    def published(self) -> datetime | None:
        return next((c.published for c in self.citations if c.published), None)


@lru_cache(maxsize=1024)
def content(text: str) -> frozenset[str]:
    """Stems that say what a sentence is about: no figures, no dates, no words of saying."""
    return frozenset(w for w in query_terms(text) if len(w) > 1 and not w[0].isdigit() and w not in _saying())


@cache
def _saying() -> frozenset[str]:
    said = "told tell call accord report announc announced reported according added official"
    counts = "million billion thousand hundred percent new year month day week"
    return frozenset(terms(" ".join([said, counts, *ENGLISH_CALENDAR, *ONES, *TENS])))
