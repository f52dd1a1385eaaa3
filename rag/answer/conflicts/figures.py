"""The figures of a sentence, each with what it counts; and two that differ where each of two sentences has just one.

Where the parser is there, ``quantities.py`` decides, which tells by grammar what a figure is of.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache, lru_cache
from typing import NamedTuple

from rag.answer.conflicts.values import MONTH, SAME_TIME, SHARED, Claim, Said, content
from rag.text import numbers
from rag.text.calendar_names import ENGLISH_DAYS
from rag.text.tokens import terms

_ALL_BUT_ONE = 8  # words of sentences that differ in a figure only
_LASTING = 45  # days after which a figure may have changed, unless it was one of a plan

_MONEY = re.compile(r"(US\$|[$€£¥])?\s?(?<![\w.,–-])$")
_PERCENT = re.compile(r"\s?%|\sper\s?cent\b", re.IGNORECASE)
_NO_FIGURE = re.compile(r"[\d–]|,\d|-\d|\s?[ap]\.?m\b|[:./]\d|-year|-day", re.IGNORECASE)
"""What stands behind the figures of times, scores, ages and versions."""
_HEDGED = re.compile(
    r"\b(?:about|around|roughly|some|nearly|almost|approximately|more than|over|less than|fewer than|under|up to|"
    r"at least|at most|close to|just)\s*$",
    re.IGNORECASE,
)
# Bounds that other figures keep to: "at least 12", "up to 400".
_LOW = re.compile(
    r"\b(?:at least|more than|over|above|(?:no|not) (?:fewer|less) than|upwards? of|exceed\w*|surpass\w*)\s*$",
    re.IGNORECASE,
)
_HIGH = re.compile(
    r"\b(?:up to|at most|less than|fewer than|under|below|nearly|almost|(?:no|not) more than|as (?:many|much) as)\s*$",
    re.IGNORECASE,
)
# By so much, not so much: "rose by 5 million", "six months later".
_BY = re.compile(
    r"\b(?:ris\w+|rose|gr[eo]w\w*|increas\w+|f[ae]ll\w*|dropp?\w*|cut|reduc\w+|rais\w+|up|down|climb\w*)\b[^,;:]*\bby\s*$|"
    r"\b(?:extra|another|further|additional|next|last|past|every|each|per|within|in)\s*$",
    re.IGNORECASE,
)
_THAN = re.compile(
    r"^\W*(?:\w+\W+){0,2}?(?:more|less|fewer|higher|lower|later|earlier|longer|shorter|ago|away|before|after|old|apart|"
    r"each|every|per|of (?:the|its|their|them|which))\b",
    re.IGNORECASE,
)
_TOLL = re.compile(r"\btoll\b[^.;]*\b(?:to|at|reached|is|was)\s*$")  # "rose to 17 on Tuesday after divers …"
_OF_A_TIME = re.compile(
    rf"\b(?:in|during|for|of|since)\s(?:the\s)?(?:early\s|late\s|mid-)?(?:{MONTH}|(?:18|19|20)\d\d|last|this|first|second|"
    r"third|fourth)\b|\b(?:last|this|previous)\s(?:week|month|quarter|year)\b|\b(?:fiscal|quarter)\b",
)
_AHEAD = re.compile(
    r"\b(?:will|would|is to|are to|plan(?:s|ned)?|due|expect(?:s|ed)?|scheduled|approved?|propos\w+|set to|"
    r"project(?:s|ed)?)\b"
)
_BUDGING = re.compile(
    r"\b(?:shares?|stocks?|index|rates?|prices?|inflation|unemployment|poll(?:s|ed)?|ratings?|temperatures?|points?|traded?|"
    r"closed|odds|rank\w*|leads?|led|lost|won|beat|scor\w+)\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(ENGLISH_DAYS)})\b")
# Whom a number of people is of, what a sum of money is: the same where both say so.
ROLES = {
    "dead": "kill dead die death fatal toll body bodies perish victim",
    "hurt": "injur injuri wound hurt hospit",
    "missing": "miss unaccount",
    "homeless": "displac evacu fled flee homeless shelter",
    "held": "arrest detain held jail charg imprison",
    "saved": "rescu surviv saved",
    "sick": "infect case sick ill",
    "cost": "cost price bill budget worth valu",
    "part": "pay paid contribut fund grant loan borrow levi compens fine tax profit loss revenu sale debt salari wage "
    "rais rise increas cut fell drop gain save invest spend donat insur aid",
}
PEOPLE = frozenset("dead hurt missing homeless held saved sick".split())
_PERSONS = (
    "people person civilian soldier passenger worker child children man men woman women resident migrant victim dead"
)
_STANDING = 10  # words between a figure and what says its role


class Figure(NamedTuple):
    value: float
    unit: frozenset[str]
    """A currency, "%", or stems of the words it counts."""
    role: str
    hedged: bool
    shown: str
    """"£84 million"; without what it counts."""
    counted: str
    """What it counts, as written, or empty."""
    start: int
    """Where its number stands in the text, and"""
    end: int
    """where that ends."""
    bound: int
    """1 where it is at least so many, -1 where it is at most; else 0."""


def differing(claim: Claim, other: Said, shared: frozenset[str], apart: int | None) -> str | None:
    """Another figure for the same thing, where each sentence has just one of it."""
    ours, theirs = read(claim.text), read(other.text)
    known, said = numbers.values(f"{claim.text} {claim.quotes}"), numbers.values(other.text)
    for mine in ours:
        for yours in theirs:
            if not alike(mine, yours):
                continue
            if sum(alike(mine, f) for f in ours) != 1 or sum(alike(yours, f) for f in theirs) != 1:
                continue  # which of them is the one meant?
            if len(shared) < SHARED and mine.role not in PEOPLE and not (mine.role and around(claim, other)):
                continue
            if mine.value in said or yours.value in known or agree(mine, yours, apart):
                continue
            if not of_one_time(claim.text, other.text, mine, apart):
                continue
            return against(mine, yours)
    return None


def against(mine: Figure, yours: Figure) -> str:
    """Two figures as they are told: "40 against 65 boats"."""
    counted = f" {yours.counted}" if yours.counted and "%" not in yours.unit else ""
    return f"{mine.shown} against {yours.shown}{counted}"


def around(claim: Claim, other: Said) -> bool:
    """Whether what a short sentence leaves to those around it is what the other is of: "the rebuilding" of a bridge."""
    return len(content(claim.text) & content(other.near)) >= SHARED


def all_but_one(one: str, other: str) -> str | None:
    """A figure that is all that tells two sentences apart, whatever it counts."""
    mine, yours = one.split(), other.split()
    if len(mine) != len(yours) or len(mine) < _ALL_BUT_ONE:
        return None
    apart = [(a.strip(".,;:()"), b.strip(".,;:()")) for a, b in zip(mine, yours, strict=True) if a != b]
    if len(apart) == 1 and all(re.fullmatch(r"[$€£¥]?\d[\d,]*(?:\.\d+)?%?", w) for w in apart[0]):
        return (
            f"{apart[0][0]} against {apart[0][1]}"
            if numbers.values(apart[0][0]) != numbers.values(apart[0][1])
            else None
        )
    return None


def phrase(text: str, figure: Figure) -> tuple[int, int]:
    """(start, end) of a figure with what bounds it and what it counts: "at least 40 boats"."""
    start, end = figure.start, figure.end
    if money := _MONEY.search(text, max(0, start - 4), start):
        start = money.start(1) if money[1] else start
    if hedge := _HEDGED.search(text[:start]):
        start = hedge.start()
    if percent := _PERCENT.match(text, end):
        end = percent.end()
    counted = (
        re.match(rf"\s(?:[\w’'-]+\s){{0,2}}?{re.escape(figure.counted)}\b", text[end:]) if figure.counted else None
    )
    return start, end + (counted.end() if counted else 0)


@lru_cache(maxsize=1024)
def read(text: str) -> list[Figure]:
    return [f for n in numbers.find(text, "en") if n.value and (f := _read(text, n)) is not None]


def _read(text: str, number: numbers.Number) -> Figure | None:
    money_before = _MONEY.search(text, max(0, number.start - 4), number.start)
    percent = _PERCENT.match(text, number.end)
    if money_before is None or _NO_FIGURE.match(text, percent.end() if percent else number.end):
        return None
    money, value, written = money_before[1], number.value, text[number.start : number.end]
    before, after = text[: money_before.start()], text[percent.end() if percent else number.end :]
    if not (money or percent) and written.isdigit() and numbers.is_year(value):
        return None
    if re.search(r"[a-z,;”’\")] [A-Z][\w’']+\s$", before) and not money and not percent:
        return None  # a name's: "Flight 370", "June 19"
    if re.match(rf"(?:st|nd|rd|th)?\s(?:of\s)?(?:{MONTH})\b", after):
        return None
    if _BY.search(_HEDGED.sub("", before)) or (_THAN.match(after) and not _TOLL.search(before)):
        return None
    counted = "" if money or percent else _counted(after)
    unit = {money.replace("US", "")} if money else {"%"} if percent else set(terms(counted))
    if sign := numbers.CURRENCIES.get(counted.lower()):
        unit = {sign}  # "10 million euros" is "€10 million"
    people = not (money or percent) and (not unit or bool(unit & _persons()))
    kinds = [role for role in ROLES if (role in PEOPLE) == people] if people or money or percent else list(ROLES)
    clause = re.split(r"[,;:.—–](?:\s|$)", after, maxsplit=1)[0]
    role = role_of(terms(before)[-_STANDING:], terms(clause)[:_STANDING], kinds)
    if people and role:
        unit = {"people"}
    if not unit:
        return None
    return Figure(
        round(value, 6),
        frozenset(unit),
        role,
        bool(_HEDGED.search(before)),
        _shown(value, money, bool(percent)),
        counted,
        number.start,
        number.end,
        1 if _LOW.search(before) else -1 if _HIGH.search(before) else 0,
    )


def _counted(after: str) -> str:
    """What a figure counts: the noun behind it, past an adjective or two."""
    m = re.match(
        r"[\s-](?!(?:after|before|when|while|since|as|on|at|from)\b)((?:[a-z][\w’'-]*\s){0,2}?[a-z][\w’'-]*s|people|men|women|children|dead)\b",
        after,
    )
    if not m:
        return ""
    last = m[1].split()[-1]
    return "" if terms(last)[:1] and terms(last)[0] in terms("was is as has this its less across") else last


def role_of(before: list[str], after: list[str], kinds: Collection[str]) -> str:
    """What is said of a figure, by the nearest word that says it."""
    near = [(n, w) for n, w in enumerate(reversed(before))] + [(n + 0.5, w) for n, w in enumerate(after)]
    for _, word in sorted(near):
        for role in kinds:
            if word in _stems()[role]:
                return role
    return ""


@cache
def _persons() -> frozenset[str]:
    return frozenset(terms(_PERSONS))


@cache
def _stems() -> dict[str, frozenset[str]]:
    return {role: frozenset([*listed.split(), *terms(listed)]) for role, listed in ROLES.items()}


def alike(one: Figure, other: Figure) -> bool:
    """Whether two figures are of one kind: what they count, and in which role."""
    if not one.unit & other.unit:
        return False
    if one.unit & {"$", "€", "£", "¥"}:
        return one.role == other.role or {one.role, other.role} == {"", "cost"}  # a sum alone is mostly what it costs
    return one.role == other.role


def agree(one: Figure, other: Figure, apart: int | None) -> bool:
    """Whether one is the other rounded, or may be where it is only said to be about so much, at least or at most."""
    less, more = sorted((one, other), key=lambda f: f.value)
    if (less.bound > 0 or more.bound < 0) and not (apart and one.role in PEOPLE):
        return True  # of people, what is said a day later is more than what the bound left open: a toll that rose
    large = max(one.value, other.value)
    if (one.hedged or other.hedged) and abs(one.value - other.value) <= 0.15 * large:
        return True
    return abs(one.value - other.value) <= 0.5 * max(_grain(one.value), _grain(other.value)) - 1e-9


def _grain(value: float) -> float:
    """The size of the last digit that a figure gives: 100 for 4,800, 0.1 for 44.6; none for one or two digits."""
    digits = f"{value:f}".rstrip("0").rstrip(".")
    if "." in digits:
        return 10.0 ** -len(digits.partition(".")[2])
    zeros = len(digits) - len(digits.rstrip("0"))
    return 10.0**zeros if len(digits) > 2 or not zeros else 1.0


def of_one_time(ours: str, theirs: str, figure: Figure, apart: int | None) -> bool:
    """Whether both figures may be of one time: what changes from day to day, or is given month by month, is not."""
    day_by_day = "%" in figure.unit or bool(_BUDGING.search(ours) or _BUDGING.search(theirs))
    planned = not day_by_day and bool(_AHEAD.search(ours) and _AHEAD.search(theirs))
    if not planned and (_OF_A_TIME.search(ours) or _OF_A_TIME.search(theirs)):
        periods = [set(re.findall(rf"{MONTH}|(?:18|19|20)\d\d", t)) for t in (ours, theirs)]
        if periods[0] != periods[1] or (apart is not None and apart > SAME_TIME and not periods[0]):
            return False
    days = [set(_WEEKDAY.findall(t)) for t in (ours, theirs)]
    plans = bool(_AHEAD.search(ours) or _AHEAD.search(theirs))
    if all(days) and not days[0] & days[1] and not plans and figure.role not in ("dead", "hurt", "missing"):
        return False
    if apart is None:
        return True
    if day_by_day:
        return apart <= SAME_TIME
    return apart <= _LASTING or plans


def _shown(value: float, money: str | None, percent: bool) -> str:
    for size, name in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million"), (1.0, "")):
        if value >= size or not name:
            break
    return f"{money or ''}{value / size:,.10g}{name}{'%' if percent else ''}"
