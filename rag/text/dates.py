"""Dates as articles write them. What is ambiguous stays unknown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from rag.text.calendar_names import DAYS, MONTHS, fold

_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "ET": -5, "PT": -8,
}  # fmt: skip
_ZONE = re.compile(rf"(?:(?<=\d)|\b)({'|'.join(sorted(_ZONES, key=len, reverse=True))})\b")
_TIME = re.compile(
    r"(?<![\d.:])(?P<hour>\d{1,2})"
    r"(?:[:h](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?(?![\d:])|(?=\s?[ap]\.?m\b)|"
    r"\.(?P<dotted>\d\d)(?=\s?(?:[ap]\.?m\b|Uhr\b)))"
    r"(?:\s?(?P<half>[ap]\.?m\b\.?))?(?:\s?(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?(?!\d))?",
    re.IGNORECASE,
)
_DAY_NAME_YEAR = re.compile(r"(?P<day>\d{1,2})[^\W\d_.]?\.?\s(?P<name>[^\d,]{3,24}),?\s(?P<year>\d{4})")
"""What no order of day, month and year can make ambiguous."""
_JOINING = frozenset("st nd rd th of the at t".split())
_NUMERIC = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T\s]+(.+))?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[,\s]+(.+))?")
_SLASHED = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?:[,\s]+(.+))?")
_HAN = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日?(?:\s*(.+))?")
_DAY_MONTH = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?(?:den\s+)?(\d{1,2})(?:\.|st|nd|rd|th|er|º)?\s+(?:de\s+)?([^\W\d_]+)\.?,?\s+(?:de\s+|del\s+)?(\d{4})"
)
_MONTH_DAY = re.compile(r"(?:[^\W\d]+\.?,?\s+)?([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")


def parse_date(value: Any) -> datetime | None:
    """Read a date.

    Args:
        value: ISO 8601, RFC 2822, year first with dashes, slashes or dots,
            ``19.11.2022``, month names in the larger European languages,
            Chinese ``年月日``, or seconds or milliseconds since 1970 as a number.

    Returns:
        Aware; without a time midnight, without a zone UTC. None when it can't
        be read for certain (``03/04/2023`` may be March or April) or lies
        outside the years 1500 to 2200.
    """
    try:
        found = _read(value)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    if found is None or not 1500 <= found.year <= 2200:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _read(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, (int, float)):
        return _epoch(float(value))
    text = " ".join(value.split())
    if not 8 <= len(text) <= 80:
        return None
    if text.isascii() and text.isdigit():
        if len(text) == 8:
            return datetime(int(text[:4]), int(text[4:6]), int(text[6:]))
        return _epoch(float(text))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if _SLASHED.fullmatch(text):
        return _parts(text)  # nobody else may guess which of the two is the month
    return _parts(text) or _named(text) or _rfc(text) or _in_any_language(text)


def _in_any_language(text: str) -> datetime | None:
    """A day, a month's name and a year in a language whose months we don't have; dateparser knows some 200."""
    if not (m := _DAY_NAME_YEAR.fullmatch(text)):
        return None
    import dateparser  # late: it takes a third of a second

    def read(day: int) -> datetime | None:
        wanted = {"REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"]}
        found: datetime | None = dateparser.parse(f"{day} {m['name']} {m['year']}", settings=wanted)
        return found if found and (found.day, found.year) == (day, int(m["year"])) else None

    found, again = read(int(m["day"])), read(13 if int(m["day"]) != 13 else 14)
    # Of "12 year 2023" dateparser makes 12 December: a month that hangs on the day is not the name's.
    return found if found and again and found.month == again.month else None


def _epoch(seconds: float) -> datetime | None:
    if seconds > 1e11:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if 1e8 < seconds < 5e9 else None


def _parts(text: str) -> datetime | None:
    if match := _NUMERIC.fullmatch(text):
        year, _, month, day, time = match.groups()
        return _at(year, month, day, time)
    if match := _HAN.fullmatch(text):
        return _at(*match.groups())
    if match := _DOTTED.fullmatch(text):
        day, month, year, time = match.groups()
        return _at(year, month, day, time)
    if match := _SLASHED.fullmatch(text):
        first, _, second, year, time = match.groups()
        if int(first) > 12 or first == second:
            return _at(year, second, first, time)
        return _at(year, first, second, time) if int(second) > 12 else None
    if match := _DAY_MONTH.match(text):
        day, name, year = match.groups()
    elif match := _MONTH_DAY.match(text):
        name, day, year = match.groups()
    else:
        return None
    month = MONTHS.get(fold(name))
    return None if month is None else _at(year, month, day, text[match.end() :].strip(" ,-–|"))


def _at(year: str | int, month: str | int, day: str | int, time: str | None) -> datetime:
    """The day, with the time if it can be read."""
    midnight = datetime(int(year), int(month), int(day))
    found = list(_TIME.finditer(time or ""))
    if len(found) != 1 or re.search(r"\d", _TIME.sub("", time or "")):
        return midnight  # none, or which, or is it another day's?
    m = found[0]
    hour = int(m["hour"])
    if half := (m["half"] or "").lower():
        hour = hour % 12 + (12 if half[0] == "p" else 0) if hour <= 12 else hour
    try:
        return midnight.replace(
            hour=hour,
            minute=int(m["minute"] or m["dotted"] or 0),
            second=int(m["second"] or 0),
            microsecond=int((m["part"] or "")[:6].ljust(6, "0")),
            tzinfo=_zone(m, time or ""),
        )
    except ValueError:
        return midnight


def _zone(m: re.Match[str], time: str) -> timezone | None:
    """The zone of a time: an offset behind it, or a zone's name anywhere."""
    if m["sign"]:
        offset = timedelta(hours=int(m["hours"]), minutes=int(m["minutes"] or 0))
        return timezone(-offset if m["sign"] == "-" else offset)
    named = _ZONE.search(time)
    return timezone(timedelta(hours=_ZONES[named[1]])) if named else None


def _rfc(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if re.search(r"\d{4}", text) else None
    except (ValueError, IndexError, TypeError):
        return None


def _named(text: str) -> datetime | None:
    """A month's name, a day and a year in any order ("Mon Jun 19 08:30:00 EDT 2023"), if nothing else is there."""
    rest = _ZONE.sub(" ", _TIME.sub(" ", text))
    words = [fold(w) for w in re.findall(r"[^\W\d_]+", rest)]
    numbers = re.findall(r"\d+", rest)
    months = [MONTHS[w] for w in words if w in MONTHS]
    years, days = ([n for n in numbers if len(n) in sizes] for sizes in ((4,), (1, 2)))
    if len(months) != 1 or len(years) != 1 or len(days) != 1 or len(numbers) != 2:
        return None
    if any(w not in MONTHS and w not in DAYS and w not in _JOINING for w in words):
        return None
    clock = [found[0] for found in _TIME.finditer(text)]
    return _at(years[0], months[0], days[0], " ".join([*clock, *_ZONE.findall(text)]))
