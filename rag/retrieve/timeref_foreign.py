"""Times as questions in German, Spanish, French, Turkish and Chinese name them: an edge, a day, a month, the latest."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from rag.retrieve.timeref_frames import Kind, When, bounds, with_grace
from rag.retrieve.timeref_spans import Span
from rag.text.day_names import Days, Named, grammar

FOREIGN = ("de", "es", "fr", "tr", "zh")


def times_in(language: str, question: str, today: datetime) -> Iterator[When]:
    """The times of a question in one of ``FOREIGN``, those that are told as an edge first, and the latest last.

    What is to come is none, unless its year is told: "was geschieht im August?" is not about the last August.
    """
    known = grammar(language)
    coming = bool(known.coming.search(question))
    runs = [run for named in known.find(question, today.date(), "past") if (run := _run(named, question))]
    if runs and not coming:
        yield from (_when(run, ("within", *with_grace(_span(run.days)))) for run in runs)
        return
    for side, named in known.sides(question, today.date()):
        if not (coming and named.relative):
            yield _when(named, bounds(side, _span(named.days)))
    for named in known.find(question, today.date(), "past"):
        long = named.days.end - named.days.first > timedelta(days=92)
        if not long and not _asks_for_news(known.words.latest, named.text) and not (coming and named.relative):
            yield _when(named, ("within", *with_grace(_span(named.days))))
    for days, pattern in known.lately.items():
        for m in pattern.finditer(question):
            if (number := known.number(m[0])) is not None:
                after = today - timedelta(days=number * days)
                yield When(m[0], m.start(), m.end(), after, None, "within")
    edge = "" if language == "zh" else r"\b"
    for m in re.finditer(f"{edge}(?:{'|'.join(known.words.latest)}){edge}", question, re.IGNORECASE):
        yield When(m[0], m.start(), m.end(), None, None, "latest")


_BEFORE = re.compile(
    r"(?:\b[^\W\d_]{1,4} )?(?<!\d)(?<!\d[.,])(?P<first>\d{1,2})(?P<dot>\.?)(?: ?[-–—] ?| [^\W\d_]{1,4} )$"
)
_BEHIND = re.compile(r"^(?:[至到和]|[-–—~～])(?P<last>\d{1,2})[日号號]")


def _run(named: Named, question: str) -> Named | None:
    """The run of days that a day is one end of: "12.-13. Oktober", "du 12 au 13 octobre"; None: it is none.

    What stands between the days is a dash, or a short word of any language.
    """
    digits = re.search(r"\d", named.text)
    if digits is None or named.days.end - named.days.first != timedelta(days=1):
        return None
    day, at = named.days.first, named.start + digits.start()
    m = _BEFORE.search(question[:at])
    if m and 0 < int(m["first"]) < day.day and bool(m["dot"]) == bool(re.match(r"\d+\.", question[at:])):
        first = day.replace(day=int(m["first"]))
        return replace(named, start=m.start(), text=question[m.start() : named.end], days=Days(first, named.days.end))
    m = _BEHIND.match(question[named.end :])
    if m and day.day < int(m["last"]) <= calendar.monthrange(day.year, day.month)[1]:
        end, last = named.end + m.end(), day.replace(day=int(m["last"])) + timedelta(days=1)
        return replace(named, end=end, text=question[named.start : end], days=Days(day, last))
    return None


def _when(named: Named, what: tuple[Kind, datetime | None, datetime | None]) -> When:
    kind, after, before = what
    return When(named.text, named.start, named.end, after, before, kind)


def _span(days: Days) -> Span:
    return _midnight(days.first), _midnight(days.end)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _asks_for_news(latest: tuple[str, ...], said: str) -> bool:
    """Whether a time is how people ask for news, as "this week" is."""
    return any(re.fullmatch(pattern, said, re.IGNORECASE) for pattern in latest)


__all__ = ["FOREIGN", "times_in"]
