"""The numbers of a text: in digits and in words, with their scale, and what they are of.

Words for numbers are read by text2num, in the languages that it knows. What it takes for a number and isn't one ("at
one point three people", "hundreds of people", "between one hundred and two hundred") is kept from it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag.text.detect import certain_language

SCALES = {
    "hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "tn": 1e12, "bin": 1e3, "milyon": 1e6, "milyar": 1e9,
}  # fmt: skip
"""Words and letters that multiply the digits before them, also those of Turkish."""

_SPELT_IN = frozenset("en de es fr it pt nl da".split())  # what text2num knows
_DIGITS = re.compile(
    r"(?<![A-Za-z]-)(?<![A-Za-z0-9.])(?P<digits>\d(?:[\d,]*\d)?(?:\.\d+)?)(?P<half>\sand\sa\shalf\b)?"
    rf"(?:\s?(?P<scale>{'|'.join(sorted(SCALES, key=len, reverse=True))})\b)?",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_SEASON = re.compile(r"(?<!\d)((?:1[89]|20)\d\d)[-–/](\d\d)(?!\d)")
_DOZEN = re.compile(r"(?:(?<=\w)\s|\b)dozen\b", re.IGNORECASE)
_BEFORE_A_SCALE = re.compile(
    r"\b(?:(?P<half>half\s)|(?P<quarter>(?:(?:a|one)\s)?quarter\sof\s)|(?P<part>of\s))?a\s$", re.IGNORECASE
)
_HALF = re.compile(rf"[\s-]and[\s-]a[\s-]half\b(?:[\s-](?P<scale>{'|'.join(list(SCALES)[:5])})\b)?", re.IGNORECASE)
_TRILLION = re.compile(r"[\s-]trillion\b", re.IGNORECASE)
_NEAR = 24  # characters before a number in which its unit, "half a" or "a quarter of a" stand
_BETWEEN = 4  # tokens back in which "between" makes the "and" of two numbers of it

_UNITS = {
    "%": "percent per cent pct yüzde",
    "$": "dollar dollars usd",
    "€": "euro euros eur avro",
    "£": "pound pounds sterling gbp",
    "¥": "yen yuan renminbi jpy cny",
    "₺": "lira liras liralık",
    "second": "second seconds",
    "minute": "minute minutes min mins",
    "hour": "hour hours hr hrs",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years",
    "kilometre": "km kilometre kilometres kilometer kilometers",
    "mile": "mile miles",
    "metre": "metre metres meter meters",
    "foot": "foot feet",
    "inch": "inch inches",
    "yard": "yard yards",
    "hectare": "hectare hectares",
    "acre": "acre acres",
    "litre": "litre litres liter liters",
    "gallon": "gallon gallons",
    "ounce": "ounce ounces",
    "lb": "lb lbs",
    "kilogram": "kg kilogram kilograms kilo kilos",
    "tonne": "tonne tonnes ton tons",
    "degree": "degree degrees °",
}
_UNIT_OF = {word: unit for unit, forms in _UNITS.items() for word in (unit, *forms.split())}
_UNIT_OF["per cent"] = "%"
CURRENCIES = {word: unit for word, unit in _UNIT_OF.items() if unit in "$€£¥₺"}
"""Words for money with their signs: "euros" and "€"."""
_UNIT_BEFORE = re.compile(r"([$€£¥₺]|\byüzde\s)\s?$", re.IGNORECASE)
_UNIT_AFTER = re.compile(r"[\s-]?(%|°|per\scent\b|[a-zçğıöşü]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A number in a text."""

    value: float
    start: int
    end: int
    """Its place, half-open, with its scale and with "a" or "half a" before it."""
    spelt: bool = False
    """Whether it is in words; a scale behind digits is none."""

    @property
    def small(self) -> bool:
        """Whether it is a word for two or less: mostly no figure ("one of them", "the two sides")."""
        return self.spelt and self.value in (0, 1, 2)


@lru_cache(maxsize=512)
def find(text: str, language: str | None = None) -> tuple[Number, ...]:
    """The numbers of a text, in order: "1.2 million", "1,200,000", "three and a half million", "a hundred".

    Neither ordinals nor scales without a number ("hundreds", "several million") are numbers.

    Args:
        text: Any.
        language: ISO 639-1 of words that are read beside English ones; None: the text's own where that is certain.
    """
    found = [_written(m) for m in _DIGITS.finditer(text)]
    for code in dict.fromkeys((language or certain_language(text) or "en", "en")):
        found += list(_spelt(text, code, found))
    return tuple(sorted(found, key=lambda n: n.start))


def values(text: str) -> set[float]:
    """The figures of a text: its numbers without small words ("two" and "one" are mostly not figures)."""
    return {n.value for n in find(text) if not n.small}


def all_values(text: str) -> set[float]:
    """Every number that a text gives in any form: as ``values``, and "two", "half a dozen", "2018–19" too.

    For looking up the figures of a claim: there "2 exits" is what the evidence calls "two exits".
    """
    found = {n.value for n in find(text)} | _dozens(text)
    for first, last in _SEASON.findall(text):
        found |= {float(last), float(first[:2] + last)}
    return found


def amounts(text: str) -> dict[float, set[str]]:
    """Figures in digits with what each is of: "%", a currency, "hour"; an empty text where that isn't said."""
    found: dict[float, set[str]] = {}
    for number in find(text):
        if number.spelt or re.match(r"[\w.,]", text[number.start - 1 : number.start]):
            continue
        before = _UNIT_BEFORE.search(text, max(0, number.start - _NEAR), number.start)
        after = _UNIT_AFTER.match(text, number.end)
        unit = (before and _UNIT_OF.get(before[1].strip().lower())) or (
            after and _UNIT_OF.get(" ".join(after[1].lower().split()))
        )
        found.setdefault(number.value, set()).add(unit or "")
    return found


def is_year(number: float) -> bool:
    """Whether a number is probably a year."""
    return number == int(number) and 1800 <= number <= 2100


def _written(m: re.Match[str]) -> Number:
    """A number in digits. "8,5" is a decimal where a comma is the decimal sign; "8,500" is thousands."""
    digits = m["digits"]
    whole, comma, part = digits.rpartition(",")
    if comma and len(part) in (1, 2) and "." not in part:
        digits = f"{whole.replace(',', '')}.{part}"
    value = float(digits.replace(",", "")) + 0.5 * bool(m["half"])
    return Number(round(value * SCALES.get((m["scale"] or "").lower(), 1.0), 6), m.start(), m.end())


@dataclass(frozen=True)
class _Token:
    """A word or mark, as text2num asks for it."""

    word: str
    apart: bool
    """Whether it is no part of a number, though it may look like one."""

    def text(self) -> str:
        return self.word

    def nt_separated(self, previous: _Token) -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return self.apart


def _spelt(text: str, language: str, known: Sequence[Number]) -> Iterator[Number]:
    """Numbers in a language's words, outside of those that are known."""
    if language not in _SPELT_IN:
        return
    import text_to_num

    places = list(_TOKEN.finditer(text))
    words = [m[0].lower() for m in places]
    taken = _taken(places, known)
    english = language == "en"
    tokens = [_Token(w, n in taken or (english and _no_part(words, n))) for n, w in enumerate(words)]
    for found in text_to_num.find_numbers(tokens, language, threshold=0):
        if found.is_ordinal:
            continue
        number = Number(found.value, places[found.start].start(), places[found.end - 1].end(), spelt=True)
        first, alone = words[found.start], found.end - found.start == 1
        if english:
            yield from _in_english(text, number, first)
        elif not (alone and (number.value >= 1e6 or (number.value in (100, 1000) and first.endswith("s")))):
            yield number  # "Millionen", "cientos" alone are no number


def _taken(places: Sequence[re.Match[str]], known: Iterable[Number]) -> set[int]:
    """The tokens that known numbers are made of."""
    covered = {at for number in known for at in range(number.start, number.end)}
    return {n for n, m in enumerate(places) if m.start() in covered}


def _no_part(words: Sequence[str], at: int) -> bool:
    """Whether an English word is no part of a number, though text2num would take it for one."""
    word = words[at]
    if word in ("point", "second", "ones", "tens", "hundreds", "thousands", "millions", "billions"):
        return True  # "at one point three people", "thirty second ads", "hundreds of people"
    return word == "and" and not _joins(words, at)


def _joins(words: Sequence[str], at: int) -> bool:
    """Whether an "and" is one within a number: "one hundred and five thousand", not "one hundred and two hundred"."""
    before = [SCALES[w] for w in words[max(0, at - 1) : at] if w in SCALES]
    after = [SCALES[w] for w in words[at + 1 : at + 4] if w in SCALES]
    return bool(before) and "between" not in words[max(0, at - _BETWEEN) : at] and (not after or after[0] > before[0])


def _in_english(text: str, number: Number, first: str) -> Iterator[Number]:
    """A number in English words with what text2num leaves of it: "a", "half a", "and a half", "trillion"."""
    if first in SCALES:
        article = _BEFORE_A_SCALE.search(text, max(0, number.start - _NEAR), number.start)
        if article is None or article["part"]:
            return  # "several hundred", "a fraction of a million"
        share = 0.5 if article["half"] else 0.25 if article["quarter"] else 1.0
        number = replace(number, start=article.start(), value=number.value * share)
    if half := _HALF.match(text, number.end):
        scale = SCALES.get((half["scale"] or "").lower())
        last = text[number.start : number.end].lower().split()[-1]
        step = 1.0 if scale else SCALES.get(last, 1.0)  # "a million and a half"
        number = replace(number, end=half.end(), value=(number.value + 0.5 * step) * (scale or 1.0))
    if trillion := _TRILLION.match(text, number.end):
        number = replace(number, end=trillion.end(), value=number.value * 1e12)
    yield number


def _dozens(text: str) -> set[float]:
    """What dozens come to: "half a dozen" is 6, "two dozen" 24, "a dozen" or "the dozen" 12."""
    counted = {n.end: n.value for n in find(text)}
    found = set()
    for m in _DOZEN.finditer(text):
        half = re.search(r"\bhalf\sa$", text[max(0, m.start() - _NEAR) : m.start()], re.IGNORECASE)
        found.add(6.0 if half else 12.0 * counted.get(m.start(), 1.0))
    return found
