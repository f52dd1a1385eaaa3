"""From what is asked, in any words and with filters, to a ``Query``; or to an error that says what makes no sense."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from rag.errors import UsageError
from rag.types import Query, Time

_LONGEST = 4000  # characters


def build_query(
    question: str,
    *,
    k: int,
    after: date | None = None,
    before: date | None = None,
    sources: Sequence[str] = (),
    undated: bool = True,
    language: str | None = None,
    history: Sequence[tuple[str, str]] = (),
    today: date | None = None,
    times: bool = True,
) -> Query:
    """A query, checked; for what the arguments are, see ``Archive.search``.

    Dates that are given win over what the question says of when.

    Raises:
        UsageError: One of them makes no sense.
    """
    # Lone surrogates can't be stored, sent or printed.
    text = " ".join(question.encode("utf-8", "replace").decode().split())
    if not text:
        raise UsageError("The question is empty.")
    if len(text) > _LONGEST:
        raise UsageError(f"The question has {len(text)} characters; {_LONGEST} is the most.")
    if not 1 <= k <= 1000:
        raise UsageError(f"k is {k}; it goes from 1 to 1000.")
    after, before = aware(after), aware(before)
    if after and before and after >= before:
        raise UsageError(f"`after` ({after:%Y-%m-%d}) is not before `before` ({before:%Y-%m-%d}).")
    language = language_code(language)
    standalone = text
    if history:
        from rag.retrieve import rewrite

        standalone = rewrite.condense(text, history)
    from rag.retrieve import preamble, speaker

    bare = preamble.strip_preamble(standalone)
    time, sought = _when(bare, aware(today) or datetime.now(UTC))
    if after or before or not times:
        time = None
    if not sought and bare != standalone:
        sought = bare

    whose = speaker.parse_speaker(sought or standalone)
    if time:
        after, before = time.after, time.before
    return Query(
        text=text,
        standalone=standalone,
        k=k,
        after=after,
        before=before,
        sources=tuple(sources),
        undated=undated,
        language=language,
        speaker=whose.speaker if whose else None,
        about=whose.about if whose else None,
        time=time,
        times=times,
        sought=sought,
    )


def _when(question: str, today: datetime) -> tuple[Time | None, str]:
    """What a question says of when, and the question without it."""
    from rag.retrieve import timeref
    from rag.text.detect import detect_language

    found = timeref.find(question, today, detect_language(question))
    if found is None:
        return None, ""
    time = Time(
        phrase=found.phrase,
        kind=found.kind,
        day=today,
        after=found.after,
        before=found.before,
        event=found.event,
        side=found.side,
    )
    rest = timeref.without(question, found)
    return time, "" if rest == question else rest


def apply_event_date(query: Query, published: datetime, title: str) -> Query:
    """A query whose time is an event's, once an article has given the event a date.

    News of an event is of its day or the next, so "after" begins with that day and "during" is three days.
    """
    assert query.time is not None and query.time.side is not None
    side = query.time.side
    day = published.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    after = {"before": None, "after": day, "during": day - timedelta(days=1)}[side]
    before = {"before": day, "after": None, "during": day + timedelta(days=2)}[side]
    time = query.time.model_copy(update={"after": after, "before": before, "dated_by": title})
    return query.model_copy(update={"time": time, "after": after, "before": before})


def language_code(code: str | None) -> str | None:
    """A language as articles have it: "EN" as "en".

    Raises:
        UsageError: It is not two or three letters.
    """
    if code is None:
        return None
    if not (2 <= len(code) <= 3 and code.isascii() and code.isalpha()):
        raise UsageError(f"{code!r} is not a language. Write it in two or three letters, as in en.")
    return code.lower()


def aware(when: date | None) -> datetime | None:
    """A datetime that says its offset: UTC where it said none, and a day's beginning of a mere date."""
    if when is not None and not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
