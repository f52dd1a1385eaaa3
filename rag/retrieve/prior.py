"""A question's time as evidence: it moves passages up and takes none away, however it was understood.

Two things speak for a passage: that its article came out in that time, and that its text tells of a day in it. Figures
of a month come out in the next one, and news of a day is told again a year later, so neither decides by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from rag.retrieve.fusion import Candidates, share
from rag.retrieve.timeref_english import about_now
from rag.text.day_names import Days
from rag.text.local_clock import clock
from rag.text.told_days import named_days
from rag.types import Passage, Query, Time

if TYPE_CHECKING:
    from rag.index.schema import PassageRow

WITHIN = 0.5
"""Weight of each arm's ranking among articles of the question's time, beside its ranking of all."""
_TOLD = 0.5
"""Weight of the ranking of those passages that tell of a day in the question's time."""
_NEXT_MORNING = timedelta(days=1)
_PERIOD = timedelta(days=28)
"""From this length on a time is a period that figures are of, and figures of another period are of another time."""


def timely(query: Query) -> Query | None:
    """The query as if its time were a filter, for a second ranking beside that of all; None where it has no such time.

    Args:
        query: With what it was understood to say of when.
    """
    if (time := _bounded(query)) is None:
        return None
    return query.model_copy(update={"after": time.after, "before": time.before, "undated": False})


def prefer_told(
    candidates: Candidates, order: Sequence[str], query: Query, passages: Mapping[str, PassageRow]
) -> list[str]:
    """Order likely passages with those moved up that tell of a day in the question's time.

    Args:
        candidates: Changed.
        order: Ids of passages that are likely anyway, best first.
        query: The question.
        passages: By id.

    Returns:
        The ids in their new order; as they were where the question names no time.
    """
    if (time := _bounded(query)) is None:
        return list(order)
    told = [i for i in order if i in passages and _tells(time, passages[i])]
    for rank, ident in enumerate(told, 1):
        candidates.scores[ident] += share(_TOLD, rank)
    return candidates.order(order)


def fits(query: Query, text: str, passage: Passage) -> bool:
    """Whether a sentence is of the question's time; without such a time every sentence is.

    Args:
        query: The question.
        text: The sentence.
        passage: Where it stands.
    """
    if (time := _bounded(query)) is None:
        return True
    named = _days_told(text, passage)
    if any(_within(time, days) for days in named):
        return True
    if passage.published is None or not _in_bounds(time, clock(passage.published)):
        return False
    whole = time.after is not None and time.before is not None and time.before - time.after >= _PERIOD
    return not (whole and any(days.end - days.first >= _PERIOD for days in named))


def with_the_next_day(query: Query) -> Query:
    """A query "as of" a day with the papers of the next morning, which tell of that day; others as they are.

    What is found in these has to be ``known`` then.
    """
    if not _as_of(query) or query.before is None:
        return query
    return query.model_copy(update={"before": query.before + _NEXT_MORNING})


def known(query: Query, text: str, passage: Passage) -> bool:
    """Whether a text was known on the day that a question asks "as of"; without such a day everything was.

    The article is of that day or older, or it is of the next and all days that the text names are over by then.

    Args:
        query: The question.
        text: The sentence.
        passage: Where it stands.
    """
    if not _as_of(query) or query.before is None or passage.published is None:
        return True
    if clock(passage.published) < clock(query.before):
        return True
    end = query.before.date()
    named = _days_told(text, passage)
    return bool(named) and all(days.end <= end for days in named)


def any_known(query: Query, row: PassageRow) -> bool:
    """Whether any sentence of a passage was ``known`` then."""
    if not _as_of(query):
        return True
    passage = row.passage()
    texts = (passage.text[s.start - passage.start : s.end - passage.start] for s in passage.sentences)
    return any(known(query, text, passage) for text in texts)


def _as_of(query: Query) -> bool:
    return query.time is not None and query.time.kind == "as_of" and query.before == query.time.before


def newest_first(query: Query) -> bool:
    """Whether of several answers the newest is meant: the latest is asked for, or how things are."""
    if query.time is not None:
        return query.time.kind == "latest"
    return query.times and about_now(query.standalone)


def _days_told(text: str, passage: Passage | PassageRow) -> list[Days]:
    return [named.days for named in named_days(text, passage.published, passage.language)]


def _bounded(query: Query) -> Time | None:
    """The time that a question names, where it has a beginning or an end to look within."""
    time = query.time
    return time if time and time.kind in ("within", "event") and (time.after or time.before) else None


def _tells(time: Time, passage: PassageRow) -> bool:
    return any(_within(time, days) for days in _days_told(passage.text, passage))


def _within(time: Time, days: Days) -> bool:
    first, end = _midnight(days.first), _midnight(days.end)
    return not (time.after and first < time.after) and not (time.before and end > time.before)


def _in_bounds(time: Time, when: datetime) -> bool:
    return not (time.after and when < time.after) and not (time.before and when >= time.before)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


__all__ = ["WITHIN", "any_known", "fits", "known", "newest_first", "prefer_told", "timely", "with_the_next_day"]
