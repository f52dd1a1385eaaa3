"""From what is asked, in any words and with filters, to a ``Query``; or to an error that says what makes no sense."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Unpack

from rag.errors import UsageError
from rag.protocols import QuestionOptions, refuse_unknown
from rag.retrieve.days import day, period, talk, texts, whole
from rag.text.counting import count
from rag.text.local_clock import clock
from rag.types import Query, Time

if TYPE_CHECKING:
    from rag.protocols import Rewriter

_LONGEST = 4000  # characters


def build_query(
    question: str, *, k: int, rewriters: Sequence[Rewriter] = (), **options: Unpack[QuestionOptions]
) -> Query:
    """A query, checked; ``articles`` are taken as they are.

    Dates that are given win over what the question says of when.

    Args:
        question: In any words.
        k: How many passages, 1 to 1000.
        rewriters: Asked one after the other for the question that is searched.
        options: Filters, the conversation so far, the day of the question.

    Raises:
        UsageError: One of them makes no sense.
        TypeError: There is no such option.
    """
    refuse_unknown(options, QuestionOptions)
    text = _checked(question)
    k = whole("k", k, 1, 1000)
    now = day("today", options.get("today")) or datetime.now(UTC)
    after, before = period(options, now)
    language = language_code(options.get("language"))
    times = options.get("times", True)
    history = talk(options.get("history"))
    standalone = _rewritten(text, history, rewriters)
    from rag.retrieve import preamble, speaker

    bare = preamble.strip_preamble(standalone)
    time, sought = _when(bare, now)
    if after or before or not times:
        time = None
    if not sought and bare != standalone:
        sought = bare

    whose = speaker.parse_speaker(sought or standalone)
    if time and time.kind == "as_of":
        before = time.before  # nothing newer was known then; other times are evidence, and leave nothing out
    return Query(
        text=text,
        standalone=standalone,
        k=k,
        after=after,
        before=before,
        sources=texts("sources", options.get("sources")),
        undated=bool(options.get("undated", True)),
        articles=texts("articles", options.get("articles")),
        language=language,
        speaker=whose.speaker if whose else None,
        about=whose.about if whose else None,
        time=time,
        times=times,
        sought=sought,
        before_it=_before_it(history),
    )


def _checked(question: str) -> str:
    """A question of some words on one line, without what can't be stored, sent or printed (lone surrogates)."""
    if not isinstance(question, str):
        raise UsageError(f"The question is of type {type(question).__name__}; it has to be a text.")
    text = " ".join(question.encode("utf-8", "replace").decode().split())
    if not text:
        raise UsageError("The question is empty.")
    if not any(map(str.isalnum, text)):
        raise UsageError(f"The question, {text[:20]!r}, has no words. Write what you want to know.")
    if len(text) > _LONGEST:
        raise UsageError(f"The question has {count(len(text), 'character')}; {_LONGEST:,} is the most.")
    return text


def _rewritten(text: str, history: Sequence[tuple[str, str]], rewriters: Sequence[Rewriter]) -> str:
    """A question that stands alone: with the conversation taken in, and as further rewriters have it."""
    standalone = text
    if history:
        from rag.retrieve import rewrite

        standalone = rewrite.condense(text, history)
    for rewriter in rewriters:
        if other := rewriter.rewrite(standalone, history):
            standalone = _checked(other)
    return standalone


def _before_it(history: Sequence[tuple[str, str]]) -> str:
    """What was said before a question of a conversation; empty for the first one."""
    if not history:
        return ""
    from rag.retrieve import rewrite

    return rewrite.before_it(history)


def _when(question: str, today: datetime) -> tuple[Time | None, str]:
    """What a question says of when, and the question without it."""
    from rag.retrieve import timeref
    from rag.text.detect import detect_question

    found = timeref.find(question, today, detect_question(question))
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
    """A query whose time is an event's, once an article has given the event a date. It stays evidence, no filter.

    News of an event is of its day or the next, so "after" begins with that day and "during" is three days.
    """
    assert query.time is not None and query.time.side is not None
    side = query.time.side
    day = clock(published).replace(hour=0, minute=0, second=0, microsecond=0)
    after = {"before": None, "after": day, "during": day - timedelta(days=1)}[side]
    before = {"before": day, "after": None, "during": day + timedelta(days=2)}[side]
    time = query.time.model_copy(update={"after": after, "before": before, "dated_by": title})
    return query.model_copy(update={"time": time})


def language_code(code: str | None) -> str | None:
    """A language as articles have it: "EN" as "en".

    Raises:
        UsageError: It is not two or three letters.
    """
    if code is None:
        return None
    if not isinstance(code, str) or not (2 <= len(code) <= 3 and code.isascii() and code.isalpha()):
        raise UsageError(f"`language` is {code!r}, which is not a language. Write two or three letters, as in en.")
    return code.lower()
