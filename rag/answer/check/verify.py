"""The support check of answers: do the cited words say what the sentence says, and anything about the question?

``supports`` is the judge of ``judge.py`` as the rest of the program takes it; ``relevance`` is about the question.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rag.answer.check import exact
from rag.answer.check.judge import Reader, judge
from rag.answer.check.objections import Cited
from rag.answer.evidence import Embed
from rag.text import numbers
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.detect import detect_language
from rag.text.tokens import query_terms, terms
from rag.types import Support

_FAMILY = 5
"""Letters that a stem needs so that longer words that begin with it are of its family."""
_TOPIC = 0.45
"""Least cosine between what a question is about and the evidence, where they share no word."""


@dataclass(frozen=True)
class Verdict:
    """What the check found."""

    ok: bool
    why: str
    """The reason when not ok, else empty."""
    support: Support
    score: float
    """How likely it is, 0 to 1, that the words support it, by features or a model; 0 where an exact check rejects."""


def supports(
    claim: str,
    cited: Cited,
    *,
    embed: Embed,
    asked: str = "",
    llm_verdict: Callable[[str], float] | None = None,
    entails: Callable[[str, str], float] | None = None,
    reader: Reader | None = None,
) -> Verdict:
    """Check one sentence of an answer against the words it cites; arguments as those of ``judge``."""
    found = judge(claim, cited, embed=embed, asked=asked, llm_verdict=llm_verdict, entails=entails, reader=reader)
    return Verdict(found.ok, found.why, found.support, found.p)


@dataclass(frozen=True)
class Relevance:
    """How relevant the words that a sentence cites are to the question; refusals are decided by it."""

    missing: tuple[str, ...]
    """Names and numbers of the question that stand nowhere near the evidence."""
    share: float
    """Share of the question's content words near the evidence, rare words weighing more."""
    likeness: float
    """Cosine between question and evidence."""

    @property
    def score(self) -> float:
        """0 to 1; docs/answers.md says how it was set."""
        return 1 / (1 + math.exp(-(6.0 * self.share + 4.0 * self.likeness - 4.6 - 3.0 * bool(self.missing))))


def relevance(
    question: str, cited: Cited, *, embed: Embed, rarity: Callable[[str], float], dated: bool = True
) -> Relevance:
    """How relevant evidence is to a question.

    Args:
        question: The standalone question.
        cited: The evidence.
        embed: Texts to unit vectors.
        rarity: Weight of an index term; more for one that few passages have.
        dated: Whether the article has a date.
    """
    said, near = cited.said, cited.near
    asked = query_terms(question)
    there = set(terms(near))
    weights = np.array([rarity(w) for w in asked])
    found = np.array([w in there for w in asked], bool)
    total = float(weights.sum())
    share = float(weights[found].sum()) / total if total else 1.0
    foreign = detect_language(question) != "en"
    wanted = [n for n in exact.question_names(question, foreign) if n.casefold() not in ENGLISH_CALENDAR]
    if wanted and question.lstrip('¿¡“"').startswith(wanted[0]) and exact.begins_a_word(wanted[0], near):
        del wanted[0]  # capitalised because it comes first: "Köprü ne zaman …" of "köprünün"
    missing = exact.missing_names(wanted, near)
    # An article without a date may well be of the year asked for.
    figures = numbers.values(question) - exact.requested(question) - numbers.values(near)
    missing += [f"{n:g}" for n in figures if dated or not numbers.is_year(n)]
    # A month asked for is in the words, or the article's own.
    missing += [m for m in exact.months(question) if dated and m.casefold() not in near.casefold()]
    # Whom and when it asks about are looked at above; here is what.
    about = exact.topic(question)
    plain = [w for w in query_terms(about) if w not in ENGLISH_CALENDAR and not w.isdigit()]
    vectors = embed([question, said, about or question])
    if plain and not any(_spoken_of(w, there) for w in plain) and float(vectors[2] @ vectors[1]) < _TOPIC:
        missing.append(about)
    return Relevance(tuple(missing), share, float(vectors[0] @ vectors[1]))


def _spoken_of(term: str, there: set[str]) -> bool:
    """Whether an index term stands among others, also inside a longer word of its family: relations, relationship."""
    return term in there or (len(term) >= _FAMILY and any(t.startswith(term) for t in there))


__all__ = ["Cited", "Relevance", "Verdict", "relevance", "supports"]
