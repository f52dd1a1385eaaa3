"""What a question says of when, and what it came to, in words. Pure text: whoever shows it escapes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from rag.types import Time

_LEAST = timedelta(microseconds=1)


def day(when: date | None) -> str:
    """A date as people write it: 18 June 2023."""
    return f"{when.day} {when:%B %Y}" if when else "no date"


def describe_time(time: Time, to: str = "–") -> str:
    """Which articles a question was taken to ask for: "articles of 12–18 June 2023 first", or "newer articles first".

    Args:
        time: As a query has it.
        to: What stands between the first day and the last: a dash or a word.
    """
    if time.kind == "latest":
        return "newer articles first"
    if time.kind == "as_of" and time.before and not time.after:
        return f"articles up to {day(time.before - _LEAST)}"
    return f"articles {'of ' if time.after else ''}{span(time.after, time.before, to)} first"


def outdated(time: Time, published: Iterable[datetime | None]) -> str:
    """That some articles came out before the time a question asks of began, so that none can tell of it.

    Args:
        time: As a query has it.
        published: When each came out.

    Returns:
        One line; empty where one may be of that time, or has no date, or the time is still to come.
    """
    if time.kind != "within" or time.after is None or (time.day is not None and time.after > time.day):
        return ""
    days = list(published)
    if not days or not all(d is not None and d.date() < time.after.date() for d in days):
        return ""
    return f"All that is quoted came out before {span(time.after, time.before)}."


def dating(time: Time) -> str:
    """What gave an event its date; empty for another time."""
    if time.dated_by is None:
        return ""
    return f"{'around ' if time.side == 'during' else ''}the date of “{time.dated_by}”"


def span(after: datetime | None, before: datetime | None, to: str = "–") -> str:
    """A time as people write it: "12–18 June 2023", "June 2023", "before 18 June 2023".

    Args:
        after: Where it begins; None: nowhere.
        before: The first moment after it; None: it has no end.
        to: What stands between the first day and the last.
    """
    if after is None or before is None:
        return f"{day(after)} or later" if after else f"before {day(before)}" if before else "all dates"
    last = before - _LEAST
    ends = _months(after, last) if _starts_month(after) and _starts_month(before) else _days(after, last)
    gap = " " if to.isalpha() or " " in ends[0] else ""  # as in "28 May – 3 June 2023"
    return ends[1] if ends[0] == ends[1] else f"{ends[0]}{gap}{to}{gap}{ends[1]}"


def _starts_month(when: datetime) -> bool:
    return when == when.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _months(first: datetime, last: datetime) -> tuple[str, str]:
    """Both ends of whole months; the first leaves out what the last says again."""
    if first.month == 1 and last.month == 12:
        return f"{first.year}", f"{last.year}"
    if first.year == last.year and first.month != last.month:
        return f"{first:%B}", f"{last:%B %Y}"
    return f"{first:%B %Y}", f"{last:%B %Y}"


def _days(first: datetime, last: datetime) -> tuple[str, str]:
    """Both ends of some days; the first leaves out what the last says again."""
    if first.date() == last.date() or first.year != last.year:
        return day(first), day(last)
    return f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}", day(last)
