"""Finds the events of a timeline: sentences about something that name a day, one for each event however many tell it.

The day is that which the sentence names, counted from its article's own. A sentence that names none tells nothing of
when, and neither does one that names two: it is counted, and left out. What is still to come is no event yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Unpack

from rag.errors import UsageError
from rag.protocols import FilterArgs, refuse_unknown
from rag.retrieve.planner import Planner
from rag.retrieve.query import aware
from rag.text.day_names import LANGUAGES, Named, grammar
from rag.text.speech import speaks
from rag.text.tokens import query_terms, terms
from rag.timelines import Timeline, TimelineEntry
from rag.types import Passage, Query

if TYPE_CHECKING:
    from rag.index.stores import Stores

_PASSAGES = 400
"""Passages that are looked at, those with most of the name first."""
_NAMED = 0.5
"""Share of the name's words that a sentence has at least, as "Qin" of "Qin Gang","""
_AROUND = 0.75
"""and that its passage has with its title."""
_SAME = 0.5
"""Share of the shorter sentence's words, without the name's, that make two sentences of one day one event."""
_LONGEST = timedelta(days=31)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Told:
    """A sentence that tells of an event."""

    entry: TimelineEntry
    words: frozenset[str]
    named: float
    """Share of the name's words in it."""


def timeline(
    stores: Stores,
    about: str,
    *,
    newest_first: bool = False,
    limit: int = 100,
    **filters: Unpack[FilterArgs],
) -> Timeline:
    """The dated events about something; see ``Lookup.timeline``.

    Args:
        stores: Of the archive.
        about: A person, a place or a story.
        newest_first: The order; else the oldest first.
        limit: How many at most.
        filters: Which articles; ``after`` and ``before`` are of the events' days, not of publication.
    """
    refuse_unknown(filters, FilterArgs)
    if not 1 <= limit <= 1000:
        raise UsageError(f"limit is {limit}; it goes from 1 to 1000.")
    after, before = aware(filters.pop("after", None)), aware(filters.pop("before", None))
    if after and before and after >= before:
        raise UsageError(f"`after` ({after:%Y-%m-%d}) is not before `before` ({before:%Y-%m-%d}).")
    query = Planner(stores, lambda _: ()).query(about, times=False, **filters)
    passages = _passages(stores, query)
    told: list[_Told] = []
    undated = 0
    telling: set[str] = set()
    for passage, start, end, share in _sentences(passages, set(query_terms(query.text))):
        telling.add(passage.article_id)
        text = passage.text[start - passage.start : end - passage.start]
        named = event_day(text, passage)
        if named is None:
            undated += 1
        elif not (after and named.days.first < after.date()) and not (before and named.days.first >= before.date()):
            told.append(_told(passage, (start, end), text, named, share, query.text))
    entries = sorted(_once(told), key=lambda e: (e.first, e.last, e.article_id, e.start), reverse=newest_first)
    return Timeline(about=query.text, entries=tuple(entries[:limit]), articles=len(telling), undated=undated)


def event_day(sentence: str, passage: Passage) -> Named | None:
    """The time of the one event that a sentence tells; None where it names none, several, or one to come.

    The day on which somebody said it counts only where no other is named.

    Args:
        sentence: Of the passage.
        passage: With its article's date and language.
    """
    if passage.language not in LANGUAGES or sentence.rstrip().endswith(("?", "？")):
        return None
    anchor = passage.published.date() if passage.published else date(2000, 1, 1)
    found = [
        named
        for named in grammar(passage.language).find(sentence, anchor, "near")
        if named.days.end - named.days.first <= _LONGEST and (passage.published or not named.relative)
    ]
    whole = [n for n in found if n.days.end - n.days.first == _DAY] or found
    events = [n for n in whole if not _of_speech(sentence, n)] or whole
    if len({n.days for n in events}) != 1:
        return None
    if passage.published and events[0].days.first > anchor:
        return None
    return events[0]


def _of_speech(sentence: str, named: Named) -> bool:
    """Whether a time is that of saying: "he said on Sunday"."""
    if re.match(r"(?:said|statement)\b", named.text):
        return True
    return speaks(" ".join(sentence[: named.start].split()[-2:]))


def _passages(stores: Stores, query: Query) -> list[Passage]:
    _, lexical = stores.indexes()
    only = stores.catalog.passages_of(query.articles) if query.articles else None
    ids = [ident for ident, _ in lexical.search(query.text, _PASSAGES, query, only)]
    found = stores.catalog.passages(ids)
    return [found[i] for i in ids if i in found]


def _sentences(passages: Sequence[Passage], wanted: set[str]) -> Iterator[tuple[Passage, int, int, float]]:
    """The sentences about what is wanted, each once, with their places and their share of its words."""
    seen: set[tuple[str, int]] = set()
    for passage in passages:
        if len(wanted & set(terms(f"{passage.title} {passage.text}"))) < _AROUND * len(wanted):
            continue
        for s in passage.sentences:
            text = passage.text[s.start - passage.start : s.end - passage.start]
            share = len(wanted & set(terms(text))) / max(1, len(wanted))
            if share >= _NAMED and (passage.article_id, s.start) not in seen:
                seen.add((passage.article_id, s.start))
                yield passage, s.start, s.end, share


def _told(passage: Passage, place: tuple[int, int], text: str, named: Named, share: float, about: str) -> _Told:
    entry = TimelineEntry(
        first=named.days.first,
        last=named.days.last,
        named=" ".join(named.text.split()),
        quote=text,
        article_id=passage.article_id,
        start=place[0],
        end=place[1],
        title=passage.title,
        source=passage.source,
        published=passage.published,
        url=passage.url,
    )
    without = f"{text[: named.start]} {text[named.end :]}"
    return _Told(entry, frozenset(query_terms(without)) - set(query_terms(about)), share)


def _once(told: Sequence[_Told]) -> list[TimelineEntry]:
    """One entry an event: of the sentences that tell it the one that names most, and of those the first published."""
    kept: list[tuple[_Told, list[str]]] = []
    for one in sorted(told, key=_better_first):
        for other, outlets in kept:
            if other.entry.first == one.entry.first and other.entry.last == one.entry.last and _same(one, other):
                name = one.entry.source or one.entry.title
                if one.entry.article_id != other.entry.article_id and name not in outlets:
                    outlets.append(name)
                break
        else:
            kept.append((one, [one.entry.source or one.entry.title]))
    return [one.entry.model_copy(update={"also_told_by": tuple(outlets[1:])}) for one, outlets in kept]


def _same(one: _Told, other: _Told) -> bool:
    least = min(len(one.words), len(other.words))
    return len(one.words & other.words) >= _SAME * least if least else one.words == other.words


def _better_first(told: _Told) -> tuple[float, float, str, int]:
    published = told.entry.published
    return -told.named, published.timestamp() if published else float("inf"), told.entry.article_id, told.entry.start


__all__ = ["event_day", "timeline"]
