"""Finds the events of a timeline: sentences about something that name a day, one for each event however many tell it.

An article whose title and beginning speak of it tells its story: there a sentence need not name it again. Elsewhere
only sentences count that do. What names no day is counted, and left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Unpack

import numpy as np

from rag.answer.events import LONGEST, Told, events
from rag.answer.meant_here import subject_of
from rag.ingest.quote_frames import PAIRS
from rag.protocols import FilterArgs, refuse_unknown
from rag.retrieve.days import period, whole
from rag.retrieve.planner import Planner
from rag.retrieve.tongues import Tongues
from rag.text.changing import says_off
from rag.text.day_names import Named
from rag.text.notes import tells_former
from rag.text.tokens import query_terms, terms
from rag.text.told_days import named_days
from rag.timelines import Timeline, TimelineEntry
from rag.types import Article, Query

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.index.links import Link
    from rag.index.stores import Stores

_PASSAGES = 400
"""Passages that are looked at, those with most of the name first."""
_ARTICLES = 200
"""Articles of these that are read."""
_NAMED = 0.5
"""Share of the name's words that a sentence has at least, as "Qin" of "Qin Gang","""
_AROUND = 0.75
"""and that its passage has with its title."""
_STEM = 0.75
"""Share of the longer of two words that both begin with, for the one to be a form of the other: Samoa, Samoan."""
_FOLLOWING = 3
"""Sentences after the first in which an article names whom it began with."""
_LEAD = 500
"""Characters in which an article says what it is about."""
_SAME_WORDS = 0.5
"""Share of the shorter sentence's words, without the name's, that make two sentences of one time one event,"""
_SAME = 0.5
"""or the cosine of the two, where they stand in two articles and name the same time,"""
_SAME_HERE = 0.6
"""or where they don't: an article seldom tells the same twice."""


@dataclass(frozen=True)
class _Sought:
    """What a timeline is about."""

    words: set[str]
    """Its terms."""
    least: float
    """Share of them that a sentence has at least, where its article's story is another: a part of a name is the name
    still, a part of a story is not that story."""
    phrase: str = ""
    """They as they were written."""
    name: bool = False
    """Whether they are written as a name is."""

    @classmethod
    def of(cls, about: str) -> _Sought:
        """What somebody asks for."""
        names = all(word[:1].isupper() for word in about.split())
        return cls(set(query_terms(about)), _NAMED if names else _AROUND, " ".join(about.split()).casefold(), names)

    def is_story_of(self, article: Article) -> bool:
        """Whether an article's title and beginning speak of it.

        A title may have less of a name that the beginning has whole: "Harrowmere lido" for the Meadow Lane lido.
        """
        lead = article.text[:_LEAD]
        in_title = share_of(self.words, article.title)
        if in_title >= _NAMED:
            return share_of(self.words, f"{article.title} {lead}") >= _AROUND
        return in_title > 0 and self.phrase in " ".join(lead.split()).casefold()


@dataclass(frozen=True)
class _Found:
    """A sentence that tells of an event."""

    entry: TimelineEntry
    told: Told
    words: frozenset[str]
    share: float
    """Of the name's words, how many it has."""
    language: str

    @property
    def length(self) -> timedelta:
        return self.entry.last - self.entry.first

    def within(self, other: _Found) -> bool:
        """Whether its time lies in another's."""
        return other.entry.first <= self.entry.first and self.entry.last <= other.entry.last


def timeline(
    stores: Stores,
    about: str,
    *,
    newest_first: bool = False,
    came_before: bool = False,
    limit: int = 100,
    **filters: Unpack[FilterArgs],
) -> Timeline:
    """The dated events about something; see ``Lookup.timeline``.

    Args:
        stores: Of the archive.
        about: A person, a place or a story.
        newest_first: The order; else the oldest first.
        came_before: Whether what an article of the story tells from long before it counts too.
        limit: How many at most.
        filters: Which articles; ``after`` and ``before`` are of the events' days, not of publication.
    """
    refuse_unknown(filters, FilterArgs)
    whole("limit", limit, 1, 1000)
    after, before = period(filters)
    filters.pop("after", None)
    filters.pop("before", None)
    query = Planner(stores, lambda _: ()).query(about, times=False, **filters)
    found: list[_Found] = []
    off: list[TimelineEntry] = []
    undated = 0
    telling: set[str] = set()
    dateless: set[str] = set()
    for reading in _readings(stores, query, came_before=came_before):
        for start, end, share in reading.sentences():
            its = reading.events(start, end, share)
            if share >= _NAMED:
                telling.add(reading.article.id)
                if reading.article.published is None:
                    dateless.add(reading.article.id)
                undated += not its
            found += its
            off += reading.called_off(start, end, share, stores.catalog, query)
    events = _once(stores, found) + _announced_once(off)
    entries = [
        e for e in events if not (after and e.first < after.date()) and not (before and e.first >= before.date())
    ]
    entries.sort(key=lambda e: (e.first, e.last, e.article_id, e.start), reverse=newest_first)
    return Timeline(
        about=query.text,
        entries=tuple(entries[:limit]),
        articles=len(telling),
        undated=undated,
        undated_articles=len(dateless),
        outside=len(events) - len(entries),
    )


def told_of(stores: Stores, articles: Sequence[str], first: date | None, end: date | None) -> list[TimelineEntry]:
    """Everything that some articles tell to have happened within a time, the oldest first.

    Args:
        stores: Of the archive.
        articles: By id.
        first: The first day; None: no bound.
        end: The day after the last; None: no bound.
    """
    found: list[_Found] = []
    for ident in stores.catalog.exists(articles):
        places = [(s.start, s.end) for s in stores.catalog.sentences(ident)]
        article = stores.catalog.article(ident)
        reading = _Reading(article, places, _Sought(set(), 0.0), {start for start, _ in places})
        for start, last, share in reading.sentences():
            found += [
                f
                for f in reading.events(start, last, share)
                if not ((first and f.entry.first < first) or (end and f.entry.last >= end))
            ]
    return sorted(_once(stores, found), key=lambda e: (e.first, e.last, e.article_id, e.start))


class _Reading:
    """An article read for what it tells of something."""

    def __init__(
        self,
        article: Article,
        places: Sequence[tuple[int, int]],
        sought: _Sought,
        passages: set[int],
        *,
        came_before: bool = False,
    ) -> None:
        """Take an article with the places of its sentences; ``passages`` are the beginnings of those that stand in
        passages about what is sought."""
        self._came_before = came_before
        self.article = article
        self._places = places
        self._wanted = sought.words
        self._least = sought.least
        self._passages = passages
        self._known: list[Link] | None = None
        self._quoted = [m.span() for m in PAIRS.finditer(article.text)]
        self._sought = sought
        self._subjects: dict[int, str] = {}
        self._story = sought.is_story_of(article)

    def sentences(self) -> Iterator[tuple[int, int, float]]:
        """Those that may tell of it, with their share of its words; not what a correction says was said before."""
        for n, (start, end) in enumerate(self._places):
            if self._story or start in self._passages:
                text = self.article.text[start:end]
                share = share_of(self._wanted, text)
                told = self._story or share >= self._least or self._meant(n)
                if told and not tells_former(text, self.article.title):
                    yield start, end, share

    def events(self, start: int, end: int, share: float) -> list[_Found]:
        """The events of a sentence, as far as they belong to what the timeline is about."""
        article = self.article
        text = article.text[start:end]
        told = events(text, article.published, article.language, lambda at: self._spoken(start + at))
        by = self._subjects.get(start)
        return [
            self._found(t, (start, end), text, share)
            for t in told
            if self._belongs(t, text, share) or (by and by in t.clause.split())
        ]

    def _meant(self, at: int) -> bool:
        """Whether a sentence means whom the timeline is about, without the name."""
        if not self._sought.name or self.article.language != "en":
            return False
        here = [self.article.text[start:end] for start, end in self._places[max(0, at - 1) : at + 1 + _FOLLOWING]]
        before, (text, *following) = (here[0], here[1:]) if at else ("", here)
        by = subject_of(text, before, following, lambda words: share_of(self._wanted, words) >= _NAMED)
        if by:
            self._subjects[self._places[at][0]] = by
        return bool(by)

    def called_off(self, start: int, end: int, share: float, catalog: Catalog, query: Query) -> Iterator[TimelineEntry]:
        """The event that a sentence announces, where later words call it off: it stands by the day it was to be on."""
        article = self.article
        text = article.text[start:end]
        if share < (_NAMED if self._story else self._least) or article.published is None:
            return
        link = next((k for k in self._links(catalog) if k.of[1] < end and start < k.of[2]), None)
        if link is None or (query.articles and link.by[0] not in query.articles):
            return
        ahead = [
            n
            for n in named_days(text, article.published, article.language)
            if n.days.first >= article.published.date() and n.days.end - n.days.first <= LONGEST
        ]
        by = catalog.superseding(link)
        if by is not None and ahead and says_off(by.quote):
            named = min(ahead, key=lambda n: (n.days.end - n.days.first, n.start))
            yield self._entry(named, (start, end), text).model_copy(update={"called_off": by})

    def _links(self, catalog: Catalog) -> list[Link]:
        """The links of the article; looked up once."""
        if self._known is None:
            whole = (self.article.id, 0, len(self.article.text))
            self._known = [k for k in catalog.links_of(whole) if k.kind == "overtaken" and k.by[0] != k.of[0]]
        return self._known

    def _belongs(self, told: Told, text: str, share: float) -> bool:
        if told.clause != text:
            share = share_of(self._wanted, told.clause)
        if share >= (_NAMED if self._story else self._least):
            return True
        if not self._story or self.article.published is None:
            return False
        return (
            self._came_before or self.article.published.date() - told.named.days.last <= LONGEST
        )  # else it is what came before the story

    def _spoken(self, at: int) -> bool:
        return any(start < at < end for start, end in self._quoted)

    def _found(self, told: Told, place: tuple[int, int], text: str, share: float) -> _Found:
        entry = self._entry(told.named, place, text)
        without = f"{text[: told.named.start]} {text[told.named.end :]}" if told.clause == text else told.clause
        words = frozenset(query_terms(without)) - self._wanted
        return _Found(entry, told, words, share, self.article.language)

    def _entry(self, named: Named, place: tuple[int, int], text: str) -> TimelineEntry:
        article = self.article
        return TimelineEntry(
            first=named.days.first,
            last=named.days.last,
            named=" ".join(named.text.split()),
            quote=text,
            article_id=article.id,
            start=place[0],
            end=place[1],
            title=article.title,
            source=article.source,
            published=article.published,
            url=article.url,
        )


def _readings(stores: Stores, query: Query, *, came_before: bool) -> Iterator[_Reading]:
    """The articles that may tell of it, those with most of its words first."""
    catalog, (_, lexical) = stores.catalog, stores.indexes()
    only = catalog.passages_of(query.articles) if query.articles else None
    ids = [ident for ident, _ in lexical.search(query.text, _PASSAGES, query, only)]
    found = catalog.passages(ids)
    sought = _Sought.of(query.text)
    of_article: dict[str, set[int]] = defaultdict(set)
    for passage in (found[i] for i in ids if i in found):
        beginnings = of_article[passage.article_id]
        if share_of(sought.words, f"{passage.title} {passage.text}") >= _AROUND:
            beginnings.update(s.start for s in passage.sentences)
    for ident in list(of_article)[:_ARTICLES]:
        places = [(s.start, s.end) for s in catalog.sentences(ident)]
        yield _Reading(catalog.article(ident), places, sought, of_article[ident], came_before=came_before)


def share_of(wanted: set[str], text: str) -> float:
    """Share of some words that a text has, in any form."""
    there = set(terms(text))
    return sum(word in there or any(_form_of(word, other) for other in there) for word in wanted) / max(1, len(wanted))


def _form_of(word: str, other: str) -> bool:
    """Whether two stems are forms of one word: Samoa and Samoan, suspension and suspend."""
    if word[:4] != other[:4] or min(len(word), len(other)) < 4:
        return False
    common = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    return common >= _STEM * max(len(word), len(other))


def _once(stores: Stores, found: Sequence[_Found]) -> list[TimelineEntry]:
    """One entry an event: told of the finest time, for itself, by the sentence that names most, the first published.

    What is told in passing stands only where nothing is told of its time for itself.
    """
    likeness = _Likeness(stores)
    kept: list[tuple[_Found, list[str]]] = []
    for one in sorted(found, key=_better_first):
        if not one.told.main and any(k.within(one) for k, _ in kept):
            continue
        name = one.entry.source or one.entry.title
        same = [(likeness.of(one, k), n) for n, (k, _) in enumerate(kept) if k.within(one) and likeness.same(one, k)]
        if not same:
            kept.append((one, [name]))
            continue
        other, outlets = kept[max(same)[1]]
        if one.entry.article_id != other.entry.article_id and name not in outlets:
            outlets.append(name)
    return [one.entry.model_copy(update={"also_told_by": tuple(outlets[1:])}) for one, outlets in kept]


def _announced_once(off: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """One entry for what several articles announce and the same words call off, the first published of them."""
    kept: dict[tuple[object, ...], TimelineEntry] = {}
    for entry in sorted(off, key=lambda e: (str(e.published), e.article_id, e.start)):
        by = entry.called_off
        key = (entry.first, entry.last, by and (by.article_id, by.start))
        first = kept.setdefault(key, entry)
        name = entry.source or entry.title
        if first.article_id != entry.article_id and name not in (first.source or first.title, *first.also_told_by):
            kept[key] = first.model_copy(update={"also_told_by": (*first.also_told_by, name)})
    return list(kept.values())


class _Likeness:
    """Whether two sentences tell one event: by their words, and by their vectors where the model knows the language."""

    def __init__(self, stores: Stores) -> None:
        self._embed = stores.embedding_cache
        self._tongues = Tongues(stores)

    def same(self, one: _Found, other: _Found) -> bool:
        """Whether one of the two may stand for both; their times are known to fit."""
        least = min(len(one.words), len(other.words))
        if (len(one.words & other.words) >= _SAME_WORDS * least) if least else one.words == other.words:
            return True
        apart = one.entry.article_id != other.entry.article_id and one.within(other)
        return self.of(one, other) >= (_SAME if apart else _SAME_HERE)

    def of(self, one: _Found, other: _Found) -> float:
        """The cosine of two sentences; -1 where the model doesn't know their languages."""
        if not (self._tongues.read(one.language) and self._tongues.read(other.language)):
            return -1.0
        vectors = self._embed([" ".join(one.told.clause.split()), " ".join(other.told.clause.split())])
        return float(np.dot(vectors[0], vectors[1]))


def _better_first(found: _Found) -> tuple[bool, timedelta, float, float, str, int]:
    published = found.entry.published
    age = published.timestamp() if published else float("inf")
    return not found.told.main, found.length, -found.share, age, found.entry.article_id, found.entry.start


__all__ = ["share_of", "timeline", "told_of"]
