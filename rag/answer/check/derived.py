"""Figures that follow from those of the cited words by a step that needs no knowledge: hours of days, shares.

    "two days"                          48 hours
    "a three-in-five chance"            60 percent, three fifths
    "at least three quarters"           three in four
    "became Speaker in 2007 … until 2011"   four years
    "all but one of the 55 members"     54
    "the 110th anniversary"             1909, by the article's date
    "of 6.6 … of 7.0"                   0.4 higher

A figure of a claim that follows so is given by the cited words; whether it is said of the right thing is judged
elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from itertools import combinations

from rag.text import numbers

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "fortnight": 1209600}
_MONTHS = {"month": 1, "year": 12, "decade": 120, "century": 1200}
_UNIT = re.compile(rf"[\s-]?({'|'.join((*_SECONDS, *_MONTHS, 'centurie'))})s?\b", re.IGNORECASE)
_TOGETHER = re.compile(r",? (?:and )?")
_PERCENT = re.compile(r"\s?(?:%|per ?cent(?:age)?\b)", re.IGNORECASE)
_PARTS = {
    "half": 2,
    "halve": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "eighth": 8,
    "tenth": 10,
}
_SPELT = {w: n for n, w in enumerate("one two three four five six seven eight nine ten".split(), 1)}
_WORD = rf"(\d+|a|an|{'|'.join(_SPELT)})"
_IN = re.compile(rf"\b{_WORD}[\s-](?:in|out[\s-]of)[\s-](?:every[\s-])?{_WORD}\b", re.IGNORECASE)
_PART = re.compile(rf"\b(?:{_WORD}[\s-])?({'|'.join(_PARTS)})s?\b", re.IGNORECASE)
_ALL_BUT = re.compile(rf"\ball but {_WORD}\b(?P<rest>[^.;]{{0,60}})", re.IGNORECASE)
_ANNIVERSARY = re.compile(r"\b(\d{1,3})(?:st|nd|rd|th) (?:\w+ )?anniversary\b", re.IGNORECASE)
_APART = re.compile(
    r"\b(?:higher|lower|more|fewer|less|greater|larger|smaller|longer|shorter|older|younger|faster|slower|ahead|behind|apart|"
    r"above|below|difference|gap|margin)\b",
    re.IGNORECASE,
)
_REACH = 30
"""Letters around a figure within which a word says that it is a difference."""
_FAR = 100
"""Years that a span of two years may have."""


def figures(claim: str, said: str, published: Iterable[datetime] = ()) -> set[float]:
    """The figures of a claim that the cited words don't give but that follow from those that they give.

    Args:
        claim: English.
        said: The cited words.
        published: When their article came out.
    """
    there = numbers.find(said, "en")
    values = {n.value for n in there}
    known = _lengths(said)
    shares = _shares(said)
    years = {int(n.value) for n in there if not n.spelt and numbers.is_year(n.value)}
    found = set(_without_some(said, values)) | set(_began(said, published, years))
    for number in numbers.find(claim, "en"):
        after = claim[number.end : number.end + _REACH]
        if (unit := _UNIT.match(after)) is not None:
            length = _length(number.value, unit[1])
            spans = {float(b - a) for a, b in combinations(sorted(years), 2) if b - a <= _FAR}
            if length in known or (unit[1].lower() == "year" and number.value in spans):
                found.add(number.value)
        elif _PERCENT.match(after) and any(abs(float(s) * 100 - number.value) < 0.5 for s, _ in _fractions(said)):
            found.add(number.value)
        near = claim[max(0, number.start - _REACH) : number.end + _REACH]
        if _APART.search(near) and any(abs(abs(a - b) - number.value) < 1e-6 for a, b in combinations(values, 2)):
            found.add(number.value)
    for share, parts in _fractions(claim):
        if share in shares or any(abs(float(share) - float(s)) < 1e-9 for s in shares):
            found |= parts
    return found


def _length(value: float, unit: str) -> tuple[str, float]:
    """A time in the smaller units of its kind: days have no fixed share of a month."""
    unit = unit.lower().replace("centurie", "century")
    return ("seconds", value * _SECONDS[unit]) if unit in _SECONDS else ("months", value * _MONTHS[unit])


def _lengths(text: str) -> set[tuple[str, float]]:
    """The times that a text gives with a number, or with two: "four years and six months"."""
    found = set()
    before: tuple[int, tuple[str, float]] | None = None
    for number in numbers.find(text, "en"):
        if (unit := _UNIT.match(text, number.end)) is None:
            continue
        kind, length = _length(number.value, unit[1])
        found.add((kind, length))
        if before and before[1][0] == kind and _TOGETHER.fullmatch(text, before[0], number.start):
            found.add((kind, before[1][1] + length))
        before = unit.end(), (kind, length)
    return found


def _fractions(text: str) -> Iterator[tuple[Fraction, set[float]]]:
    """Shares of a text that are written as two numbers or as a part, with the figures in them."""
    for m in _IN.finditer(text):
        one, of = _value(m[1]), _value(m[2])
        if 0 < one <= of:
            yield Fraction(one, of), {float(one), float(of)}
    for m in _PART.finditer(text):
        one, of = _value(m[1] or "one"), _PARTS[m[2].lower()]
        if 0 < one < of:
            yield Fraction(one, of), {float(one)}


def _shares(text: str) -> set[Fraction]:
    """The shares that a text gives in any form."""
    found = {share for share, _ in _fractions(text)}
    for number in numbers.find(text, "en"):
        if _PERCENT.match(text, number.end):
            found.add(Fraction(str(number.value)) / 100)
    return found


def _without_some(said: str, values: Iterable[float]) -> Iterator[float]:
    """Of "all but one of the 55": 54."""
    for m in _ALL_BUT.finditer(said):
        for whole in numbers.find(m["rest"], "en"):
            yield whole.value - _value(m[1])


def _began(said: str, published: Iterable[datetime], years: Iterable[int]) -> Iterator[float]:
    """The year of what has an anniversary, counted from the article's year, or from one that stands there."""
    known = set(years) | {when.year for when in published}
    for m in _ANNIVERSARY.finditer(said):
        for year in known:
            yield float(year - int(m[1]))


def _value(word: str) -> int:
    low = word.lower()
    return 1 if low in ("a", "an") else _SPELT[low] if low in _SPELT else int(low)


__all__ = ["figures"]
