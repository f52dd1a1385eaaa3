"""The days that a quote names only from its article's point of view: "yesterday" is told beside it as 3 June 2023.

They follow from the words and the article's date alone, so they are worked out where they are shown and stored nowhere:
a date that is mended mends them, and a takedown leaves none behind.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from rag.text.day_names import LANGUAGES, Days, Named, grammar, whole_month
from rag.text.timespan import span
from rag.text.weekday_tense import Tense, weekday_tense

_SEASON = timedelta(days=75)
"""How far from its article a month may be that is told without a word of past or to come."""


def told(text: str, published: datetime | None, language: str) -> dict[str, str]:
    """Relative days of a text as dates: ``{"yesterday": "3 June 2023"}``; none where the article has no date.

    Args:
        text: A quote.
        published: Of its article; its own clock's day counts.
        language: ISO 639-1, of the article.
    """
    found = named_days(text, published, language)
    told_as = {n: days_meant(n, text, published, language) for n in found if n.relative and published is not None}
    return {
        # "by the end of July": what of July isn't told here
        " ".join(named.text.split()).removeprefix("of "): written(days)
        for named, days in told_as.items()
        if days is not None
    }


def days_meant(named: Named, text: str, published: datetime, language: str) -> Days | None:
    """The days that a quote's words mean.

    Args:
        named: One of its ``named_days``.
        text: The quote.
        published: Of its article.
        language: ISO 639-1, of the article.

    Returns:
        None where it can't be told whether a weekday or month is past or to come.
    """
    if named.ahead is None:
        return named.days
    if language == "en":
        tense = weekday_tense(text, named.start, named.end)
    elif named.days.end - named.days.first == timedelta(days=1) and not re.search(r"\d", named.text):
        return named.days  # a weekday, of which its words have told it
    else:
        tense = "ahead" if grammar(language).to_come(text, named.start, named.end) else None
    if re.search(r"\d", named.text):
        return _day_of(named.days, tense, published.date())
    if named.days.end - named.days.first > timedelta(days=7):
        return _month_of(named.days, tense, published.date())
    if tense is None:
        return named.days if named.ahead else None
    if named.ahead is (tense == "ahead") or named.days.first == published.date():
        return named.days
    week = timedelta(days=7 if tense == "ahead" else -7)
    return Days(named.days.first + week, named.days.end + week)


def _day_of(days: Days, tense: Tense | None, day: date) -> Days | None:
    """A day of a month without its year, the last or the next as seen from a day.

    None where the nearest is to come and the sentence tells of the past: that is of another year, and which isn't told.
    """
    if (tense is None and abs(days.first - day) >= _SEASON) or (tense == "past" and days.first > day):
        return None
    later = tense == "ahead" and days.last < day
    try:
        return Days(days.first.replace(year=days.first.year + later), days.end.replace(year=days.end.year + later))
    except ValueError:  # 29 February
        return None


def _month_of(days: Days, tense: Tense | None, day: date) -> Days | None:
    """A month by itself, the last or the next of its name as seen from a day."""
    month = days.first.month
    if month == day.month:
        year = day.year
    elif tense is None:  # "starts in July", written in June; "reopens in March", written in November, is left open
        return days if abs(days.first - day) < _SEASON else None
    else:
        year = day.year + (tense == "ahead" and month < day.month) - (tense == "past" and month > day.month)
    return whole_month(year, month)


def named_days(text: str, published: datetime | None, language: str) -> list[Named]:
    """The days that a text names, counted from its article's own; none where that is unknown.

    Args:
        text: Of the article.
        published: Of the article; its own clock's day counts.
        language: ISO 639-1, of the article.
    """
    if published is None or language not in LANGUAGES:
        return []
    return list(_found(text, published.date(), language))


@lru_cache(maxsize=4096)  # the passages that questions meet are often the same
def _found(text: str, day: date, language: str) -> tuple[Named, ...]:
    return tuple(grammar(language).find(text, day, "near"))


def written(days: Days) -> str:
    """Days as people write them: "3 June 2023", "12–18 June 2023", "May 2023"."""
    first, end = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (days.first, days.end))
    return span(first, end)


__all__ = ["days_meant", "named_days", "told", "written"]
