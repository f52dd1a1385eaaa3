"""Times as texts name them, in six languages: "yesterday", "am 3. Mai", "le mois dernier", "geçen Cuma", "上周五".

A time is a run of whole days that counts from an anchor: the day of a question, or that of an article. The words are
the lexicon's (``[times]``), names of months and weekdays the calendar's; what they come to is worked out here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

from rag.text.beginnings import look_ahead
from rag.text.calendar_names import DAYS_IN, MONTHS_IN, fold, names_in
from rag.text.lexicon import lexicon
from rag.text.word_lists import Times

LANGUAGES = ("en", "de", "es", "fr", "tr", "zh")
Toward = Literal["past", "near"]
"""Which year or week is meant where none is told: the last, as in questions, or the nearest, as in articles."""

_CLAUSE_END = re.compile(r"[.!?;:,\n。！？，；]\s*")
_YEAR = r"(?:19|20)\d\d(?!\d)"
_LETTER = re.compile(r"(?<!\\)(?<!\(\?)[^\W\d_]")
"""A letter that a pattern matches: neither one of its escapes, nor the P that names a group."""
_OF_YEAR = rf"(?:,?\s+(?:del?\s+|of\s+)?{_YEAR})?"
"""The year behind a month, where it has one: "since March 2022"."""
_TO = "to|until|till|through"
"""Before the last of several days, in English."""
_LONG_AGO = re.compile(r",?\s+(?:del?\s+|of\s+)?1[0-8]\d\d(?!\d)")
"""A year behind a day or month that is not one of ``_YEAR``."""
_BEGINS = 4
"""Characters by which is told whether a time can begin at a place; more of them made it no faster."""
_AHEAD = 75
"""Days ahead of an article that a month or day without a year may be: "in June", written in May."""


@dataclass(frozen=True)
class Days:
    """A run of whole days."""

    first: date
    end: date
    """The day after the last."""

    @property
    def last(self) -> date:
        """The last day of it."""
        return self.end - timedelta(days=1)


@dataclass(frozen=True)
class Named:
    """A time as a text names it."""

    start: int
    end: int
    text: str
    days: Days
    relative: bool
    """Whether it can't be told from the words alone, as "yesterday" and "on Sunday"."""
    ahead: bool | None = None
    """Of a weekday by itself: whether its clause says that it is to come. False is the last one, said so or not; of a
    month, and of a day of one, without a year it is always False."""


class Grammar:
    """How one language names times: patterns made of its lexicon."""

    def __init__(self, language: str) -> None:
        """Take a language of ``LANGUAGES``."""
        self.language = language
        self.words = words = lexicon(language).section(Times)
        self._months, self._days = MONTHS_IN[language], DAYS_IN[language]
        self._spaced = language != "zh"
        month = f"(?:{'|'.join(re.escape(n) for n in names_in(language, 'months'))})"
        day = f"(?:{'|'.join(re.escape(n) for n in names_in(language, 'days'))})"
        self._edge = r"(?<![^\W_])" if self._spaced else ""
        behind = r"(?![^\W_])" if self._spaced else ""
        # "by November 22" names a day, and no month
        month_only = r"(?!\s+(?:[0-2]?\d|3[01])(?:st|nd|rd|th)?(?![\d:%]|[^\W_]))" if language == "en" else ""
        number = rf"(?:\d{{1,3}}|{'|'.join(words.numbers)})"
        month_of_year = self._month_of_year(month)
        quarter = f"(?:{'|'.join(words.quarters)})(?:,? (?:of |de |del |du |von )?{_YEAR})?"
        if not self._spaced:
            quarter = f"(?:{_YEAR}年)?(?:{'|'.join(words.quarters)})"
        elif language == "tr":
            quarter = f"(?:{_YEAR}(?:['’]?\\w+)? )?(?:y[ıi]l[ıi]n[ıi]n )?{quarter}"
        elif language == "en":
            quarter = rf"(?:{quarter}|q[1-4](?:,? (?:of )?{_YEAR})?)"
        plain = {
            "date": self._date(month),
            "last_named": self._any(words.last_named, rf"(?:{day}|{month})"),
            "month_of_year": month_of_year,
            "quarter": quarter,
            **{name: self._any(getattr(words, name), number) for name in ("days_ago", "weeks_ago", "months_ago")},
            **{name: f"(?:{'|'.join(getattr(words, name))})" for name in _FIXED},
            "on_day": self._any(words.on_day, day),
            "in_month": self._any(words.in_month, month) + _OF_YEAR + month_only,
        }
        self._parts = {name: re.compile(f"{part}{behind}", re.IGNORECASE) for name, part in plain.items()}
        self._behind = behind
        whole = "|".join(f"(?P<{name}>{part})" for name, part in plain.items())
        self._whole = re.compile(f"{self._edge}(?:{whole}){behind}", re.IGNORECASE)
        # Python is three times as fast on text in small letters as where it has to ignore case, and as much again where
        # it is told how a time can begin.
        small = _LETTER.sub(lambda m: m[0].lower(), self._whole.pattern)
        self._small = re.compile(self._edge + look_ahead(small, _BEGINS) + small[len(self._edge) :])
        bare = "|".join((*plain.values(), day, month))
        self._sides = {
            side: re.compile(
                f"{self._edge}(?:{self._any(getattr(words, side), f'(?P<time>{bare})')}){behind}", re.IGNORECASE
            )
            for side in ("as_of", "since", "after", "before", "until")
            if len(getattr(words, side))
        }
        self._month, self._day, self._number, self._quarter = month, day, number, words.quarters
        self._small_names = {
            kind: re.compile(_LETTER.sub(lambda m: m[0].lower(), named))
            for kind, named in (("days", day), ("months", month))
        }
        self.lately = {
            days: re.compile(f"{self._edge}{self._any(said, f'(?P<n>{number})')}{behind}", re.IGNORECASE)
            for days, said in ((1, words.lately_days), (7, words.lately_weeks))
        }
        self.coming = re.compile(f"{self._edge}(?:{'|'.join(words.coming)}){behind}", re.IGNORECASE)

    def _any(self, patterns: tuple[str, ...], filled: str) -> str:
        """Any of some patterns with what stands in them. Only the first of them keeps the name of a group."""
        made = []
        for n, pattern in enumerate(patterns):
            once = filled if n == 0 else re.sub(r"\(\?P<\w+>", "(?:", filled)
            made.append(pattern.replace("{time}", once).replace("{}", once))
        return f"(?:{'|'.join(made)})"

    def _date(self, month: str) -> str:
        if not self._spaced:
            return rf"(?:(?:{_YEAR}年|今年|去年)?\d{{1,2}}月\d{{1,2}}[日号])"
        year = rf"(?:,?\s+(?:del?\s+)?{_YEAR})?"
        numeric = rf"\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]{_YEAR}"
        number = r"\d{1,2}(?:er|st|nd|rd|th|\.|º)?"
        first = rf"(?:{self._first_of(number)})?"
        dated = rf"{first}{number}\s*(?:of\s+|de\s+)?{month}{year}"
        lead = {"de": r"(?:(?:am|vom|zum|dem)\s+)?", "es": r"(?:(?:el|del|al)\s+)?", "fr": r"(?:(?:le|du|au)\s+)?"}
        tail = r"(?:['’]?(?:te|ta|de|da))?" if self.language == "tr" else ""
        last = rf"(?:\s?(?:[-–—]|{_TO})\s?{number}(?![\d:%]|[^\W_]))?"
        english = rf"|{month}\s\d{{1,2}}(?:st|nd|rd|th)?\b{last}{year}" if self.language == "en" else ""
        return rf"(?:{lead.get(self.language, '')}(?:{numeric}|{dated}){tail}{english})"

    def _first_of(self, number: str) -> str:
        """How the first of several days stands before the last one: "14 to", "between 3 and", "du 14 au"."""
        dash = r"\s?[-–—]\s?"
        return {
            "en": rf"{number}(?:{dash}|\s(?:{_TO})\s(?:the\s)?)|between\s(?:the\s)?{number}\sand\s(?:the\s)?",
            "de": rf"{number}(?:{dash}|\sbis\s(?:zum\s)?)|zwischen\s(?:dem\s)?{number}\sund\s(?:dem\s)?",
            "es": rf"{number}(?:{dash}|\sal?\s)|entre\s(?:el\s)?{number}\sy\s(?:el\s)?",
            "fr": rf"{number}(?:{dash}|\sau\s)|entre\s(?:le\s)?{number}\set\s(?:le\s)?",
        }.get(self.language, rf"{number}{dash}")

    def _month_of_year(self, month: str) -> str:
        if not self._spaced:
            return rf"(?:(?:{_YEAR}年|今年|去年)(?:\d{{1,2}}月|{month})(?:份|初|中旬|底)?)"
        lead = {
            "en": r"(?:(?:in|during|of|for)\s+)?(?:early |mid-|late )?",
            "de": r"(?:(?:im|vom|Anfang|Mitte|Ende)\s+)?",
            "es": r"(?:(?:en|de)\s+)?",
            "fr": r"(?:(?:en|de|début|fin|mi-)\s*)?",
        }
        tail = r"(?:['’]?(?:te|ta|de|da))?" if self.language == "tr" else ""
        if self.language == "tr":
            return rf"(?:{month}\s+{_YEAR}{tail}|{_YEAR}\s+{month}(?:['’]?(?:ta|te|da|de)| ayında)?)"
        return rf"(?:{lead.get(self.language, '')}{month},?\s+(?:of\s+|del?\s+)?{_YEAR})"

    # -- what a text has -------------------------------------------------------------

    def find(self, text: str, anchor: date, toward: Toward) -> Iterator[Named]:
        """The times of a text, in order; what can't be a day is passed over."""
        small = text.lower()
        same = self.language != "tr" and len(small) == len(text)  # its I is another, and İ becomes two characters
        for m in self._small.finditer(small) if same else self._whole.finditer(text):
            name, said = str(m.lastgroup), text[m.start() : m.end()]
            if self.language == "en" and re.search(r"\b(?:may|march)\b", said):
                continue  # a verb
            if _LONG_AGO.match(text, m.end()) and not re.search(_YEAR, said):
                continue
            if name == "on_day" and (self._dated_behind(text, m.end()) or self._in_a_name(text, *m.span())):
                continue
            try:
                ahead = toward == "near" and name in _OF_DAYS and self.to_come(text, *m.span())
                days = self._worked_out(name, said, anchor, toward, ahead)
            except (ValueError, OverflowError):
                continue
            if days is not None:
                relative = not re.search(_YEAR, said)
                by_itself = ahead if name == "on_day" or (name in ("in_month", "date") and relative) else None
                yield Named(m.start(), m.end(), said, days, relative, by_itself)

    def _dated_behind(self, text: str, end: int) -> bool:
        """Whether a date follows a weekday: "Tuesday, January 21" is the day of that date."""
        return self._parts["date"].match(text, end + len(text[end:]) - len(text[end:].lstrip(" ,("))) is not None

    def _in_a_name(self, text: str, start: int, end: int) -> bool:
        """Whether an English weekday by itself is part of a name: "Black Friday", "Monday Night Football"."""
        if self.language != "en":
            return False
        first, _, last = text[start:end].rpartition(" ")
        if first:  # "on Monday" is none, and "Monday Night" is one
            return last[0].isupper() and fold(last) not in self._days
        before, behind = re.search(r"([^\W_]\S*)\s\Z", text[:start]), re.match(r"\s([^\W_])", text[end:])
        return bool((before and before[1][0].isupper()) or (behind and behind[1].isupper()))

    def sides(self, text: str, anchor: date) -> Iterator[tuple[str, Named]]:
        """Times of a question that are told as an edge: "since May", "before the 3rd", "as of last week"."""
        for side, pattern in self._sides.items():
            for m in pattern.finditer(text):
                inner = m.groupdict().get("time") or self._inner(side, m[0])
                days = self.resolve(inner, anchor) if inner else None
                if days is not None:
                    yield side, Named(m.start(), m.end(), m[0], days, not re.search(_YEAR, m[0]))

    def _inner(self, side: str, said: str) -> str:
        """The time in an edge: the longest piece of it that names one."""
        words = [(m.start(), m.end()) for m in re.finditer(r"\S+" if self._spaced else r"\S", said)]
        for a, _ in words:
            for _, b in reversed(words):
                if b > a and self.resolve(said[a:b], date(2024, 6, 30)) is not None:
                    return said[a:b]
        return ""

    def resolve(self, text: str, anchor: date) -> Days | None:
        """A time by itself, the last of its name; None where it is none."""
        bare = re.sub(r"['’](?:\w{1,4})$", "", text.strip())
        for name, pattern in self._parts.items():
            if pattern.fullmatch(text) or pattern.fullmatch(bare):
                try:
                    return self._worked_out(name, text, anchor, "past", False)
                except (ValueError, OverflowError):
                    return None
        if (weekday := self._days.get(fold(bare))) is not None:
            return _day(anchor - timedelta(days=(anchor.weekday() - weekday) % 7))
        if (number := self._months.get(fold(bare))) is not None:
            return _month_near(number, anchor, "past")
        return None

    # -- what it comes to ------------------------------------------------------------

    def _worked_out(self, name: str, said: str, anchor: date, toward: Toward, ahead: bool) -> Days | None:
        if name in _FIXED:
            return _fixed(name, anchor)
        year = int(y[0]) if (y := re.search(_YEAR, said)) else None
        if not self._spaced and year is None and (m := re.search("今年|去年", said)):
            year = anchor.year - (m[0] == "去年")
        if name == "date":
            return self._dated(said, year, anchor, toward)
        if name == "month_of_year":
            month = self._month_in(said)
            return whole_month(year or anchor.year, month) if month else None
        if name == "quarter":
            return self._quarter_of(said, year, anchor)
        if name in _AGO:
            return self._ago(name, said, anchor)
        weekday, month = self._weekday_in(said), self._month_in(said)
        if weekday is None and month is None:
            return None
        if name == "in_month" or (name == "last_named" and weekday is None):
            assert month is not None
            found = whole_month(year, month) if year else _month_near(month, anchor, toward)
            last = name == "last_named" and found.first <= anchor < found.end
            return whole_month(found.first.year - 1, month) if last else found
        assert weekday is not None
        return self._weekday(weekday, anchor, last=name == "last_named", ahead=ahead)

    def to_come(self, text: str, start: int, end: int) -> bool:
        """Whether a time is told as one to come: "it will open on Sunday", not "it will open, he said on Sunday"."""
        before, after = _CLAUSE_END.split(text[:start])[-1], _CLAUSE_END.split(text[end:], maxsplit=1)[0]
        return bool(self.coming.search(before or after))

    def _weekday(self, weekday: int, anchor: date, *, last: bool, ahead: bool) -> Days:
        if last and not self._spaced:  # that of the week before
            return _day(anchor - timedelta(days=anchor.weekday() + 7 - weekday))
        back = (anchor.weekday() - weekday) % 7
        if ahead and not last:
            return _day(anchor + timedelta(days=(-back) % 7))
        return _day(anchor - timedelta(days=back or (7 if last else 0)))

    def _weekday_in(self, said: str) -> int | None:
        m = self._search("days", self._day, said)
        return self._days.get(fold(m[0])) if m else None

    def _search(self, kind: str, pattern: str, said: str) -> re.Match[str] | None:
        """A name of a weekday or month in a phrase, in whatever case."""
        if said.isascii():
            return self._small_names[kind].search(said.lower())
        return re.search(pattern, said, re.IGNORECASE)

    def _month_in(self, said: str) -> int | None:
        m = self._search("months", self._month, said)
        if m is None and (m := re.search(r"(\d{1,2})月", said)):
            return int(m[1])
        return self._months.get(fold(m[0])) if m else None

    def _dated(self, said: str, year: int | None, anchor: date, toward: Toward) -> Days | None:
        numbers = [int(n) for n in re.findall(r"\d+", said)]
        if m := re.search(r"(\d{4})-(\d\d)-(\d\d)", said):
            return _day(date(int(m[1]), int(m[2]), int(m[3])))
        if m := re.search(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", said):
            if self.language == "en" and int(m[1]) <= 12 and m[1] != m[2]:
                return None  # which of the two is the month?
            return _day(date(int(m[3]), int(m[2]), int(m[1])))
        month = self._month_in(said)
        days = [n for n in (numbers[::-1] if not self._spaced else numbers) if n <= 31]
        if month is None or not days:
            return None
        day, last = days[0], days[1] if len(days) > 1 and self._spaced else days[0]
        if last < day:
            day = last  # "28 to 2 August": from another month on
        if year is not None:
            first = date(year, month, day)
        else:
            first = _nearest([date(y, month, day) for y in _years(month, day, anchor)], anchor, toward)
        return Days(first, date(first.year, month, last) + timedelta(days=1))

    def _quarter_of(self, said: str, year: int | None, anchor: date) -> Days | None:
        number = next((n for n, q in enumerate(self._quarter, 1) if re.search(q, said, re.IGNORECASE)), None)
        if number is None and (m := re.search(r"q([1-4])", said, re.IGNORECASE)):
            number = int(m[1])
        if number is None:
            return None
        first = date(year or anchor.year, 3 * number - 2, 1)
        if year is None and first > anchor:
            first = first.replace(year=first.year - 1)
        return Days(first, whole_month(first.year, first.month + 2).end)

    def _ago(self, name: str, said: str, anchor: date) -> Days | None:
        n = self.number(said)
        if n is None:
            return None
        if name == "days_ago":
            return _day(anchor - timedelta(days=n))
        if name == "weeks_ago":
            monday = anchor - timedelta(days=anchor.weekday() + 7 * n)
            return Days(monday, monday + timedelta(days=7))
        at = anchor.year * 12 + anchor.month - 1 - n
        return whole_month(at // 12, at % 12 + 1)

    def number(self, said: str) -> int | None:
        """The number in a phrase, in digits or as a word."""
        if m := re.search(r"\d{1,3}", said):
            return int(m[0])
        edge = (r"(?<![^\W_])", r"(?![^\W_])") if self._spaced else ("", "")
        for n, word in enumerate(self.words.numbers, 1):
            if re.search(f"{edge[0]}{word}{edge[1]}", said, re.IGNORECASE):
                return n
        return None


_FIXED = (
    "two_days_ago yesterday today tomorrow this_week last_weekend last_week this_month last_month this_year last_year"
).split()
_OF_DAYS = ("on_day", "last_named")
"""Times whose day depends on whether they are told as ones to come."""
_AGO = ("days_ago", "weeks_ago", "months_ago")


@cache
def grammar(language: str) -> Grammar:
    """How a language of ``LANGUAGES`` names times."""
    return Grammar(language)


def _day(day: date) -> Days:
    return Days(day, day + timedelta(days=1))


def whole_month(year: int, month: int) -> Days:
    """The days of a month, 1 to 12."""
    first = date(year, month, 1)
    return Days(first, first + timedelta(days=monthrange(year, month)[1]))


def _month_near(month: int, anchor: date, toward: Toward) -> Days:
    if toward == "past":
        return whole_month(anchor.year - (month > anchor.month), month)
    first = _nearest([date(y, month, 1) for y in (anchor.year - 1, anchor.year, anchor.year + 1)], anchor, toward)
    return whole_month(first.year, month)


def _years(month: int, day: int, anchor: date) -> list[int]:
    years = [y for y in (anchor.year - 1, anchor.year, anchor.year + 1) if day <= monthrange(y, month)[1]]
    if not years:
        raise ValueError("no such day")
    return years


def _nearest(days: list[date], anchor: date, toward: Toward) -> date:
    """The last that is not ahead, or not far ahead."""
    most = anchor + timedelta(days=_AHEAD if toward == "near" else 0)
    return max((d for d in days if d <= most), default=min(days))


def _fixed(name: str, anchor: date) -> Days:
    monday, first = anchor - timedelta(days=anchor.weekday()), anchor.replace(day=1)
    before = first - timedelta(days=1)
    return {
        "today": _day(anchor),
        "yesterday": _day(anchor - timedelta(days=1)),
        "two_days_ago": _day(anchor - timedelta(days=2)),
        "tomorrow": _day(anchor + timedelta(days=1)),
        "this_week": Days(monday, monday + timedelta(days=7)),
        "last_week": Days(monday - timedelta(days=7), monday),
        "last_weekend": Days(monday - timedelta(days=2), monday),
        "this_month": whole_month(first.year, first.month),
        "last_month": whole_month(before.year, before.month),
        "this_year": Days(date(anchor.year, 1, 1), date(anchor.year + 1, 1, 1)),
        "last_year": Days(date(anchor.year - 1, 1, 1), date(anchor.year, 1, 1)),
    }[name]


__all__ = ["LANGUAGES", "Days", "Grammar", "Named", "grammar", "whole_month"]
