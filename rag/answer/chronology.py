"""A question for a course of events is answered by a timeline: quotes in the order of the events' days, each day told.

So is one that names a time and nothing else, as in "what happened on 4 February 2023?". Nothing is written: the quotes
are the answer. Where the archive knows fewer than two dated events of what is asked about, the question is answered as
any other; where it tells of nothing in a time, that is refused.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from rag.answer.timeline import share_of, timeline, told_of
from rag.composing import NO_CLAIM, AnswerText
from rag.retrieve import course
from rag.text.detect import detect_question
from rag.text.refusals import language_of, refusal
from rag.text.tokens import query_terms
from rag.text.told_days import named_days
from rag.timelines import Timeline, TimelineEntry, shown_day
from rag.types import Answer, Citation, Event, Finished, Hit, Query, Quoted, Reason, Retrieved

if TYPE_CHECKING:
    from rag.index.stores import Stores

_FEWEST = 2
"""Events that a course has at least."""
_MOST = 20
"""Events that are quoted; ``Lookup.timeline`` gives all."""
_IS_IT = 0.5
"""Share of an event's words that the sentence has which tells it, where other events are to have come before it."""
_LATER = timedelta(days=3)
"""For how long after a time articles are read for what happened in it,"""
_READ = 40
"""and how many at most."""


def course_of(stores: Stores, query: Query, hits: Sequence[Hit], *, model: str, began: float) -> Iterator[Event] | None:
    """The events of an answer that is a timeline; None where something else is asked, or too little is known.

    Args:
        stores: Of the archive.
        query: The question, with its filters.
        hits: Passages found for it.
        model: Who would have written.
        began: When it was asked, by ``time.perf_counter``.
    """
    found = _asked_for(stores, query, hits)
    return None if found is None else _stream(found, query, hits, model, stores.fingerprint, began)


def _asked_for(stores: Stores, query: Query, hits: Sequence[Hit]) -> Timeline | None:
    """The timeline that a question asks for; of what a name alone tells, only that of the articles found for it."""
    if query.speaker:
        return None
    if (found := _of_its_time(stores, query, hits)) is not None or not course.asks_for_course(query.standalone):
        return found
    topic = course.topic(query.standalone)
    found_in = tuple(dict.fromkeys(h.passage.article_id for h in hits))
    for about, articles in ((topic.words, query.articles), (topic.names, found_in)):
        if not about or (about == topic.words and (topic.since or topic.until) and topic.names):
            continue  # the words of the event it begins or ends with are not what the others are about
        found = _timeline(stores, about, query, articles, came_before=bool(topic.until))
        if topic.until:
            entries = _until(stores, found.entries, topic.until)
        else:
            entries = _on_its_side(stores, found.entries, topic.since)
        if len(entries) >= (1 if topic.until else _FEWEST):
            return found.model_copy(update={"entries": tuple(entries[:_MOST])})
    return None


def _of_its_time(stores: Stores, query: Query, hits: Sequence[Hit]) -> Timeline | None:
    """What happened in the time that a question names; None where it names more."""
    when = query.time
    if not hits or when is None or when.kind not in ("within", "latest"):
        return None
    if course.topic(query.looked_for.replace(when.phrase, " ")).words:
        return None
    # What is searched in goes on for some days, since articles come later than what they tell.
    named = named_days(when.phrase, when.day, detect_question(query.text))
    first, end = (named[0].days.first, named[0].days.end) if named else (_day(when.after), _day(when.before))
    if first is None or end is None:  # "lately"
        return None
    articles = _printed(stores, query, first, end) | dict.fromkeys(h.passage.article_id for h in hits)
    entries = told_of(stores, tuple(articles), first, end)[:_MOST]
    return Timeline(about=when.phrase, entries=tuple(entries), articles=len(articles))


def _printed(stores: Stores, query: Query, first: date, end: date) -> dict[str, None]:
    """Articles that a question may be answered from, of a time and some days more: these tell of it most likely."""
    after, before = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (first, end + _LATER))
    found, _ = stores.catalog.listed(
        source=query.sources,
        language=query.language,
        after=max(after, query.after) if query.after else after,
        before=min(before, query.before) if query.before else before,
        limit=_READ,
    )
    return {a.id: None for a in found if not query.articles or a.id in query.articles}


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _stream(
    found: Timeline, query: Query, hits: Sequence[Hit], model: str, fingerprint: str, began: float
) -> Iterator[Event]:
    yield Retrieved(query=query, hits=tuple(hits))
    answer = partial(Answer, question=query.text, query=query, hits=tuple(hits), model=model, fingerprint=fingerprint)
    if not found.entries:  # what was said at another time is no answer
        reason: Reason = "not_in_archive"
        text, took = refusal(reason, language_of(query.text)), {"total": round(_ms_since(began), 1)}
        yield Finished(answer=answer(text=text, answered=False, reason=reason, timings_ms=took))
        return
    told = AnswerText()
    quotes = told.quote(_cited(entry) for entry in found.entries)
    first = _ms_since(began)
    yield Quoted(quotes=quotes)
    yield from told.add_quotes()
    took = {"first_quote": round(first, 1), "total": round(_ms_since(began), 1)}
    yield Finished(
        answer=answer(text=told.text, citations=told.cited, answered=True, timings_ms=took, timeline=found.about)
    )


def _timeline(
    stores: Stores, about: str, query: Query, articles: Sequence[str], *, came_before: bool = False
) -> Timeline:
    """The events of something, of the articles and within the time that the question asks for."""
    when = query.time if query.time and query.time.kind in ("within", "as_of") else None
    after = query.after or (when.after if when else None)
    before = query.before or (when.before if when else None)
    return timeline(
        stores,
        about,
        came_before=came_before,
        limit=1000,
        sources=list(query.sources),
        articles=list(articles),
        language=query.language,
        after=after,
        before=before,
    )


def _on_its_side(stores: Stores, entries: Sequence[TimelineEntry], since: str) -> list[TimelineEntry]:
    """The events from that on which the question names, in "what happened after he was killed?"; else all."""
    if not since or not entries:
        return list(entries)
    nearest, _ = _nearest(stores, entries, since)
    return [e for e in entries if e.first >= nearest.first]


def _until(stores: Stores, entries: Sequence[TimelineEntry], until: str) -> list[TimelineEntry]:
    """The events over before that which the question names, in "what happened before he was killed?"; none where the
    archive doesn't say when that was."""
    if not entries:
        return []
    nearest, share = _nearest(stores, entries, until)
    return [e for e in entries if e.last < nearest.first] if share >= _IS_IT else []


def _nearest(stores: Stores, entries: Sequence[TimelineEntry], event: str) -> tuple[TimelineEntry, float]:
    """The entry that most likely tells an event, and the share of the event's words that it has."""
    quotes = [" ".join(e.quote.split()) for e in entries]
    vectors = stores.embedding_cache([event, *quotes])
    named = set(query_terms(event))
    shares = [share_of(named, quote) for quote in quotes]
    like = [share + float(v @ vectors[0]) for share, v in zip(shares, vectors[1:], strict=True)]
    best = max(range(len(entries)), key=like.__getitem__)
    return entries[best], shares[best]


def _cited(entry: TimelineEntry) -> Citation:
    return Citation(
        number=0,
        article_id=entry.article_id,
        title=entry.title,
        source=entry.source,
        published=entry.published,
        url=entry.url,
        quote=entry.quote,
        start=entry.start,
        end=entry.end,
        claim=NO_CLAIM,
        support="verbatim",
        also_published_by=entry.also_told_by,
        days=((entry.named, shown_day(entry)),),
        status="overtaken" if entry.called_off else "stands",
        superseded_by=entry.called_off,
    )


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


__all__ = ["course_of"]
