"""Days that an article's words name by its own date: "on Saturday", "yesterday", "earlier this month"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from rag.text.calendar_names import ENGLISH_DAYS, ENGLISH_MONTHS

_DAY = re.compile(rf"\b(?:(?P<next>next|coming) )?(?P<day>{'|'.join(ENGLISH_DAYS)})\b")
_RELATIVE = re.compile(
    r"\b(today|tonight|yesterday|tomorrow|this morning|this afternoon|this evening|overnight)\b", re.IGNORECASE
)
_MONTH = re.compile(
    r"\b(?:(?:earlier|later)(?: in)? (?:this|the) month|this month|(?P<last>last month)|(?P<next>next month))\b",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"\b(?:(?:earlier|later) (?:this|the) year|this year|(?P<last>last year)|(?P<next>next year))\b", re.IGNORECASE
)
_NAMED = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)? )?(?P<month>{'|'.join(ENGLISH_MONTHS)})"
    r"(?: (?P<d2>\d{1,2})(?:st|nd|rd|th)?\b(?!,?\d))?"
)
_YESTERDAY = {"yesterday": -1, "overnight": 0, "tomorrow": 1}
_NUMBER = re.compile(r"(?<![\d.,])\d{4}(?![\d.,]?\d)")


def worked_out(text: str, published: Iterable[datetime | date]) -> set[date]:
    """The days that a text names without saying which, by the days it was published on.

    Args:
        text: English.
        published: When; a weekday is the last one before it, or the next one where the text says so.
    """
    found: set[date] = set()
    for when in published:
        day = when.date() if isinstance(when, datetime) else when
        for m in _DAY.finditer(text):
            back = (day.weekday() - ENGLISH_DAYS.index(m["day"])) % 7
            found |= (
                {day - timedelta(back), day - timedelta(back or 7)} if not m["next"] else {day + timedelta(7 - back)}
            )
        for m in _RELATIVE.finditer(text):
            found.add(day + timedelta(_YESTERDAY.get(m[0].lower(), 0)))
    return found


def figures(text: str, published: Iterable[datetime | date]) -> set[float]:
    """The numbers of days and years that a text implies: of the days it names, "last year", a month without a year."""
    published = list(published)
    found: set[float] = set()
    for day in worked_out(text, published):
        found |= {float(day.day), float(day.year)}
    for when in published:
        if _NAMED.search(text) or _MONTH.search(text):
            found.add(float(when.year))
        for m in _YEAR.finditer(text):
            found.add(float(when.year - bool(m["last"]) + bool(m["next"])))
    return found


def months(text: str, published: Iterable[datetime | date]) -> set[str]:
    """The months, in small letters, that a text implies."""
    published = list(published)
    found = {f"{day:%B}".lower() for day in worked_out(text, published)}
    for when in published:
        for m in _MONTH.finditer(text):
            step = when.month - 1 - bool(m["last"]) + bool(m["next"])
            found.add(ENGLISH_MONTHS[step % 12].lower())
    return found


__all__ = ["figures", "months", "worked_out"]
