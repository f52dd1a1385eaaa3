"""What a time in a question comes to: a span of the calendar, and which side of it is meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from rag.retrieve.timeref_spans import Span

Kind = Literal["within", "as_of", "latest", "event"]
Side = Literal["before", "after", "during"]

DAY_GRACE = timedelta(days=14)
"""What happened on a day is told in the papers of the next two weeks: a day in a question is that of an event, and
mostly not that of the article,"""
GRACE = timedelta(days=2)
"""news of a week in those of the next two days,"""
MONTHS_GRACE = timedelta(days=14)
"""news of a month, its figures above all, in those of the next two weeks,"""
QUARTERS_GRACE = timedelta(days=45)
"""and results of a quarter are told until the middle of the next."""


@dataclass(frozen=True)
class When:
    """A time in a question, and what it came to."""

    phrase: str
    """As written."""
    start: int
    end: int
    """Its place in the question, half-open."""
    after: datetime | None
    """Articles from then on; aware, UTC."""
    before: datetime | None
    """Articles before then."""
    kind: Kind
    event: str | None = None
    """For "before the summit": "the summit"; both bounds are None then."""
    side: Side | None = None


class MentionedError(Exception):
    """A time that decides nothing, and neither do its parts."""


Meaning = Callable[[re.Match[str], datetime], When | None]


@dataclass(frozen=True)
class Shape:
    """How a time is written, and what it means."""

    pattern: str
    meant: Meaning

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Compiled when the first question that may say when is asked: a fiftieth of a second for all of them."""
        return re.compile(self.pattern, re.IGNORECASE)


def made(m: re.Match[str], kind: Kind, after: datetime | None = None, before: datetime | None = None) -> When:
    return When(m[0], m.start(), m.end(), after, before, kind)


def one_sided(m: re.Match[str], side: str, span: Span) -> When:
    """``since``, ``after``, ``before``, ``until`` or ``as_of`` a span."""
    return made(m, *bounds(side, span))


def bounds(side: str, span: Span) -> tuple[Kind, datetime | None, datetime | None]:
    """The kind of time that an edge of a span is, and its bounds."""
    start, end = span
    if side == "since":
        return "within", start, None
    if side == "after":
        return "within", end if end - start <= timedelta(days=1) else start, None
    if side == "as_of":
        return "as_of", None, end
    return "within", None, start if side == "before" else end


def with_grace(span: Span) -> Span:
    """A span with the days after it in which it is still written about; none is needed after a year."""
    length = span[1] - span[0]
    for most, grace in ((1, DAY_GRACE), (7, GRACE), (31, MONTHS_GRACE), (92, QUARTERS_GRACE)):
        if length <= timedelta(days=most):
            return span[0], span[1] + grace
    return span


def latest(m: re.Match[str], today: datetime) -> When | None:
    before = m.string[: m.start()].rstrip()
    if m[0][0].isupper() and before and before[-1] not in '.?!:;"“' and not m.string.isupper():
        return None  # a name: "Russia Today"
    return made(m, "latest")
