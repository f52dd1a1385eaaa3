"""Spans of the calendar that English names: days, weeks, months, quarters, seasons, years. All half-open, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from rag.text.calendar_names import ENGLISH_DAYS, MONTHS_IN

_SOON = timedelta(days=90)  # a day without a year that is so near ahead is one to come
_MONTHS = MONTHS_IN["en"]
_WEEKDAYS = {day.lower(): n for n, day in enumerate(ENGLISH_DAYS)}
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # their first months
_QUARTERS = {w: n for n, words in enumerate(("1 first", "2 second", "3 third", "4 fourth"), 1) for w in words.split()}

MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b(?:\.(?= \d))?"
YEAR = r"(?:19|20)\d\d\b"
SEASON = rf"(?:{'|'.join(_SEASONS)})"
WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)})"

Span = tuple[datetime, datetime]  # half-open, midnights in UTC


def span(text: str, today: datetime) -> Span:
    """A day, week, month, quarter, season or year in English as a span.

    Raises:
        ValueError: There is no such day, or none that has come.
        OverflowError: It is outside of what dates can be.
    """
    words = re.findall(r"\d+|[a-z]+", text.casefold())
    year = next((int(w) for w in words if len(w) == 4 and w.isdigit()), None)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return one_day(*(int(w) for w in words))
    if month := next((_MONTHS[w] for w in words if w in _MONTHS), None):
        number = next((int(w) for w in words if w.isdigit() and len(w) <= 2), None)
        return _dated(year, month, number, today) if number is not None else _month(words, year, month, today)
    if quarter := re.search(r"q([1-4])|(first|second|third|fourth) quarter", text.casefold()):
        return _months(year, 3 * _QUARTERS[quarter[1] or quarter[2]] - 2, 3, today)
    if season := next((_SEASONS[w] for w in words if w in _SEASONS), None):
        return _months(year, season, 3, today)
    if decade := re.search(r"(\d{3})0s", text):
        return years(10 * int(decade[1]), 10)
    return years(year, 1) if year else by_today(text.casefold(), today)


def by_today(text: str, today: datetime) -> Span:
    """ "Yesterday", "last week", "on Monday" as a span.

    Raises:
        ValueError: It is none of them.
    """
    monday = today - timedelta(days=today.weekday())
    if "before yesterday" in text:
        return day_before(today, 2)
    if "yesterday" in text or "last night" in text:
        return day_before(today, 1)
    if weekday := re.search(WEEKDAY, text):
        since = (today.weekday() - _WEEKDAYS[weekday[0]]) % 7
        return day_before(today, since or (7 if "last" in text else 0))
    if "weekend" in text:
        return monday - timedelta(days=2), monday
    if "week" in text:
        return monday - timedelta(days=7), monday
    first = today.replace(day=1)
    if "month" in text:
        return months_on(first, -1), first
    if "year" in text:
        return years(today.year - 1, 1)
    raise ValueError(text)


def one_day(year: int, month: int, day: int) -> Span:
    start = datetime(year, month, day, tzinfo=UTC)
    return start, start + timedelta(days=1)


def day_before(today: datetime, days: int) -> Span:
    start = today - timedelta(days=days)
    return start, start + timedelta(days=1)


def _dated(year: int | None, month: int, number: int, today: datetime) -> Span:
    start, end = one_day(year or today.year, month, number)
    if year is None and start > today:
        if start - today < _SOON:
            raise ValueError("a day to come")
        return one_day(today.year - 1, month, number)
    return start, end


def _month(words: list[str], year: int | None, month: int, today: datetime) -> Span:
    first, last = _months(year, month, 1, today)
    third = timedelta(days=10)
    cuts = {
        "early": (first, first + third),
        "mid": (first + third, first + 2 * third),
        "late": (first + 2 * third, last),
    }
    return next((cuts[w] for w in words if w in cuts), (first, last))


def _months(year: int | None, month: int, count: int, today: datetime) -> Span:
    """That many months from one on; the last that have begun where the year is missing."""
    first = datetime(year or today.year, month, 1, tzinfo=UTC)
    if year is None and first > today:
        first = first.replace(year=first.year - 1)
    return first, months_on(first, count)


def months_on(first: datetime, months: int) -> datetime:
    at = first.year * 12 + first.month - 1 + months
    return first.replace(year=at // 12, month=at % 12 + 1)


def years(year: int, count: int) -> Span:
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + count, 1, 1, tzinfo=UTC)
