"""Days, numbers and names as people give them to a method or an option; what makes no sense is told by its name."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rag.errors import UsageError
from rag.text.calendar_names import MONTHS, fold
from rag.text.dates import parse_date

_YEAR = re.compile(r"(\d{4})(?:-(\d{1,2}))?")
_MONTH = re.compile(r"([^\W\d_]{3,})\.?,?\s(?:of\s)?(\d{4})")
_EITHER = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")
_DAYS = {"today": 0, "yesterday": 1}
_LATER = frozenset({"tomorrow", "now"})


def day(name: str, given: date | str | None, today: datetime | None = None) -> datetime | None:
    """The beginning of a day, as somebody gives it.

    Args:
        name: Of the argument or the option, for the error: "after".
        given: A date or a datetime, or a text: "2023-02-01", "1 Feb 2023", "yesterday"; a month ("June 2023"), a year
            or "last week" stands for its first day.
        today: What "yesterday" counts from; by default now.

    Returns:
        Aware: UTC where no offset was said; None where nothing was given.

    Raises:
        UsageError: It is no day, or may be one of two.
    """
    if given is None:
        return None
    if isinstance(given, datetime):
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given
    if isinstance(given, date):
        return datetime(given.year, given.month, given.day, tzinfo=UTC)
    if not isinstance(given, str):
        raise UsageError(f"`{name}` is {_shown(given)}; it has to be a day: a date, or a text such as 2023-06-18.")
    text = " ".join(given.split())
    try:
        found = parse_date(text) or _month(text) or _counted(text, today or datetime.now(UTC))
    except ValueError:  # the thirteenth month
        found = None
    if found is not None:
        return found
    if (m := _EITHER.fullmatch(text)) and int(m[1]) <= 12 and int(m[2]) <= 12:
        one, other = (f"{m[3]}-{int(month):02}-{int(day_):02}" for month, day_ in ((m[1], m[2]), (m[2], m[1])))
        raise UsageError(f"`{name}` is {_shown(given)}, which may be {one} or {other}. Write it as one of the two.")
    raise UsageError(f"`{name}` is {_shown(given)}, which is not a date. Write it as 2023-06-18 or 18 June 2023.")


def period(given: Mapping[str, Any], today: datetime | None = None) -> tuple[datetime | None, datetime | None]:
    """The days ``after`` and ``before`` of some filters, each where it is given.

    Args:
        given: The filters.
        today: What "yesterday" counts from, as in ``day``; by default the filters' own ``today``.

    Raises:
        UsageError: One of them is no day, or the first is not before the other.
    """
    today = today or day("today", given.get("today"))
    after, before = day("after", given.get("after"), today), day("before", given.get("before"), today)
    if after and before and after >= before:
        days = f"`after` ({after:%Y-%m-%d}) is not before `before` ({before:%Y-%m-%d})"
        raise UsageError(f"{days}, so that no day lies between them. Exchange them, or leave one out.")
    return after, before


def _month(text: str) -> datetime | None:
    """The first day of a month or a year."""
    if m := _YEAR.fullmatch(text):
        return _within(int(m[1]), int(m[2] or 1))
    if (m := _MONTH.fullmatch(text)) and (number := MONTHS.get(fold(m[1]))):
        return _within(int(m[2]), number)
    return None


def _within(year: int, month: int) -> datetime | None:
    return datetime(year, month, 1, tzinfo=UTC) if 1500 <= year <= 2200 else None


def _counted(text: str, today: datetime) -> datetime | None:
    """The first day of what is counted from today: "yesterday", "last week", "three days ago"."""
    midnight = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if (back := _DAYS.get(text.casefold())) is not None:
        return midnight - timedelta(days=back)
    if not text or len(text) > 60 or text.casefold() in _LATER:
        return None
    from rag.retrieve import timeref

    for sentence in (f"What happened {text}?", f"What happened in {text}?", f"What happened on {text}?"):
        found = timeref.find(sentence, today)
        if found and found.kind == "within" and found.after and text.casefold() in found.phrase.casefold():
            return found.after
    return None


def whole(name: str, given: Any, least: int, most: int) -> int:
    """A whole number within bounds.

    Raises:
        UsageError: It is none, or out of them.
    """
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        shown = given if isinstance(given, int | float) else _shown(given)
        raise UsageError(f"{name} is {shown}; it is a whole number from {least} to {most}.")
    return given


def texts(name: str, given: Any) -> tuple[str, ...]:
    """Some texts: a list of them, or one by itself.

    Raises:
        UsageError: They are none.
    """
    if given is None:
        return ()
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Sequence | set | frozenset) or not all(isinstance(one, str) for one in given):
        raise UsageError(f"`{name}` is {_shown(given)}; it is a list of texts.")
    return tuple(given)


def talk(given: Any) -> tuple[tuple[str, str], ...]:
    """A conversation so far.

    Raises:
        UsageError: It is not made of questions with the texts of their answers.
    """
    try:
        pairs = tuple((question, answer) for question, answer in given or ())
    except (TypeError, ValueError):
        pairs = ((None, None),)
    if not all(isinstance(question, str) and isinstance(answer, str) for question, answer in pairs):
        raise UsageError(f"`history` is {_shown(given)}; it is a list of (question, text of the answer).")
    return pairs


def answering(options: Mapping[str, Any]) -> None:
    """Check what says how a question is answered; what says how it is searched is checked as it is searched.

    Raises:
        UsageError: One of them makes no sense.
    """
    warmth, cancel, model = (options.get(name) for name in ("temperature", "cancel", "chat_model"))
    if warmth is not None and (not isinstance(warmth, int | float) or not 0 <= warmth <= 2):
        raise UsageError(f"temperature is {_shown(warmth)}; it is a number from 0 to 2.")
    if cancel is not None and not isinstance(cancel, threading.Event):
        raise UsageError(f"`cancel` is {_shown(cancel)}; it is a threading.Event, which stops the answer when set.")
    if model is not None and not isinstance(model, str):
        raise UsageError("`chat_model` of a question is a model's name; an object goes to Archive.open(chat_model=…).")


def _shown(given: Any) -> str:
    """A value as an error shows it."""
    told = repr(given)
    return told if len(told) <= 60 else f"{told[:60]}…"


__all__ = ["answering", "day", "period", "talk", "texts", "whole"]
