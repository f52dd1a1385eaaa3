"""What stands of the quotes that answer: those that later words changed give way to these, and say so.

The links were found after ingest (``rag/record/``); here they are looked up. A quote that was corrected, withdrawn or
overtaken stands behind the words that replaced it, with its status. One that is denied stays, the denial behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.answer.reader import Reading
from rag.answer.sides import holders, tolls
from rag.answer.sides.succession import bearer, successions
from rag.composing import cite, place
from rag.index.catalog import Catalog
from rag.index.links import Link
from rag.retrieve import prior
from rag.text import numbers, parser
from rag.text.changing import says_off
from rag.text.lexicon import alternation, lexicon
from rag.text.local_clock import clock
from rag.text.names import is_role
from rag.text.tokens import terms
from rag.text.word_lists import Support
from rag.types import Citation, Hit, Passage, Query

_REPLACED = frozenset(("corrected", "retracted", "overtaken"))
_ORDER = ("retracted", "corrected", "overtaken", "denied", "disputed")
_STEPS = 5
"""Most changes that are followed: the mayor, the next mayor, and so on."""
_SHOWN = 600
"""Letters of the words that are shown as replaced; a whole article is not."""


_BEHIND = 2
"""Sentences behind one that calls something off, of which one may tell the reason."""
_WHY = re.compile(r"\bwhy\b|\bfor what reason\b|\bwhat (?:was|is) the reason\b", re.IGNORECASE)
_CAUSE = re.compile(rf"\b(?:{alternation(lexicon('en').section(Support).cause_claimed)}|the reasons?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Standing:
    """The quotes of an answer as they stand."""

    quotes: tuple[Citation, ...]
    """Those that stand before those that they replaced."""
    replaced: frozenset[tuple[str, int, int]]
    """Places of sentences that are no evidence any more."""
    added: tuple[Reading, ...]
    """Words that stand in place of others, as evidence for a summary."""


def settle(quotes: Sequence[Citation], nearest: Iterable[Reading], query: Query, catalog: Catalog) -> Standing:
    """Put in place of quotes what changed them, as far as the archive knows.

    Args:
        quotes: What answers, best first.
        nearest: Other sentences that a summary might be written from.
        query: The question: what is newer than it looks at changes nothing.
        catalog: With the links.
    """
    kept: dict[tuple[str, int, int], Citation] = {}
    gone: set[tuple[str, int, int]] = set()
    added: list[Reading] = []
    for quote in quotes:
        quote = _whole(quote, catalog)
        link, newest = _followed(quote, query, catalog)
        if link is None:
            kept.setdefault(place(quote), _marked(quote, query) if _asks_holder(quote, query) else quote)
            for former in _formers(quote, query, catalog):
                kept.setdefault(place(former), former)
            continue
        changed = quote.model_copy(
            update={"status": link.kind, "superseded_by": catalog.superseding(newest or link), "words": None}
        )
        by = _citation(newest or link, catalog)
        if by is None or (link.kind == "overtaken" and _of_the_past(query, by)):
            kept.setdefault(place(changed), changed)
            continue
        if link.kind in _REPLACED:
            gone.add(place(quote))
            kept.pop(place(changed), None)
            reason = _reason(by, query, catalog)
            if reason is not None:
                kept.setdefault(place(reason), reason)
                added += _readings(reason, catalog)
            kept.setdefault(place(by), _marked(by, query))
            kept[place(changed)] = changed
        else:
            kept[place(changed)] = changed
            kept.setdefault(place(by), by)
        added += _readings(by, catalog)
    near = list(nearest)
    gone |= replaced((r.place for r in near if r.place not in gone), query, catalog)
    found = tolls.newest(
        query.standalone,
        tuple(kept.values()),
        (r for r in near if r.place not in gone),
        lambda quote: _passage(quote.article_id, quote.start, catalog),
        lambda quote: not _of_the_past(query, quote),
    )
    if found and place(found[0]) not in kept:
        added += _readings(found[0], catalog)
    gone |= {place(q) for q in found if q.status in _REPLACED}
    return Standing(found, frozenset(gone), tuple(added))


def replaced(places: Iterable[tuple[str, int, int]], query: Query, catalog: Catalog) -> frozenset[tuple[str, int, int]]:
    """Which words were corrected, withdrawn or overtaken, as far as the question looks at it.

    Args:
        places: Of the words: article id, start and end.
        query: The question: what is newer than it looks at changes nothing.
        catalog: With the links.
    """
    return frozenset(
        where for where in set(places) if any(k.kind in _REPLACED for k in _links(where, query, catalog)[:1])
    )


def _whole(quote: Citation, catalog: Catalog) -> Citation:
    """A quote that is a part of words that take others back, with the rest: "The Star reported …. It was wrong."."""
    for link in catalog.links_by(place(quote)):
        _, start, end = link.by
        if (start, end) != (quote.start, quote.end) and start <= quote.start and quote.end <= end:
            return quote.model_copy(update={"start": start, "end": end, "quote": catalog.words(link.by), "words": None})
    return quote


def _links(where: tuple[str, int, int], query: Query, catalog: Catalog) -> list[Link]:
    """What changes some words, as far as the question looks at it, what counts most first."""
    found = []
    for link in catalog.links_of(where):
        same = link.by[0] == where[0] and link.by[1] < where[2] and where[1] < link.by[2]
        if (
            not same
            and _looked_at(link, query, catalog)
            and (not _name_alone(link, catalog) or _who_is(link, query, catalog))
        ):
            found.append(link)
    return sorted(found, key=lambda k: _ORDER.index(k.kind))


def _name_alone(link: Link, catalog: Catalog) -> bool:
    """Whether a link is over a name in a sentence: only who holds an office has changed, not what else it tells."""
    _, start, end = link.of
    return link.kind == "overtaken" and any(
        s.start <= start and end <= s.end and (start, end) != (s.start, s.end) for s in catalog.sentences(link.of[0])
    )


def _who_is(link: Link, query: Query, catalog: Catalog) -> bool:
    """Whether a question asks who holds the office that a link is of: "who is the foreign minister?"."""
    asked = query.standalone
    if not re.search(r"\bwho\b", asked, re.IGNORECASE) or not prior.newest_first(query):
        return False
    roles = {stem for word in re.findall(r"[\w-]+", asked) if is_role(word) for stem in terms(word)}
    ident, start, end = link.of
    told = [(ident, s.start, s.end) for s in catalog.sentences(ident) if s.start <= start and end <= s.end]
    if any(not holders.is_of(asked, catalog.words(w), (start - w[1], end - w[1])) for w in told):
        return False
    # The office stands in one of the two: "Marsh, 62, is succeeded by Gwen Tallis" doesn't name it.
    return any(roles & set(terms(catalog.words(where))) for where in (link.by, *told))


def _followed(quote: Citation, query: Query, catalog: Catalog) -> tuple[Link | None, Link | None]:
    """What changes a quote, and the last of what changed that in turn."""
    links = _links(place(quote), query, catalog)
    if not links:
        return None, None
    first = _newest([k for k in links if k.kind == links[0].kind], catalog)
    last, seen = first, {place(quote), first.by}
    for _ in range(_STEPS):
        if first.kind not in _REPLACED or last.by[1] == last.by[2]:
            break
        more = [k for k in _links(last.by, query, catalog) if k.kind in _REPLACED and k.by not in seen]
        if not more:
            break
        last = _newest(more, catalog)
        seen.add(last.by)
    return first, last


def _newest(links: Sequence[Link], catalog: Catalog) -> Link:
    """The one whose article is the newest; of those of one day the surest."""
    dates = catalog.published([k.by[0] for k in links])
    return max(links, key=lambda k: (dates.get(k.by[0], ""), k.confidence))


def _looked_at(link: Link, query: Query, catalog: Catalog) -> bool:
    """Whether a question with its filters takes note of what changes others."""
    if query.articles and link.by[0] not in query.articles and link.by[0] != link.of[0]:
        return False
    if query.before is None:
        return True
    stamp = catalog.superseding(link)
    return stamp is None or stamp.published is None or clock(stamp.published) < query.before


def _of_the_past(query: Query, by: Citation) -> bool:
    """Whether a question is of a time before some words were published: "who was … in 2019?"."""
    if by.published is None:
        return False
    time = query.time
    if time is not None and time.kind in ("within", "event") and time.before is not None:
        return clock(by.published) >= time.before
    years = [int(n.value) for n in numbers.find(query.standalone) if numbers.is_year(n.value)]
    return bool(years) and by.published.year > max(years)


def _formers(quote: Citation, query: Query, catalog: Catalog) -> list[Citation]:
    """What a quote that stands has replaced: the surest one."""
    for link in catalog.links_by(place(quote)):
        if _name_alone(link, catalog):
            continue
        if link.kind in _REPLACED and link.of[2] - link.of[1] <= _SHOWN and _looked_at(link, query, catalog):
            passage = _passage(link.of[0], link.of[1], catalog)
            if passage is not None:
                former = cite(passage, catalog.words(link.of), *link.of[1:])
                update = {"status": link.kind, "superseded_by": catalog.superseding(link)}
                return [former.model_copy(update=update)]
    return []


def _citation(link: Link, catalog: Catalog) -> Citation | None:
    """The words that change others, as a quote; None where a headline does."""
    ident, start, end = link.by
    passage = _passage(ident, start, catalog)
    return cite(passage, catalog.words(link.by), start, end) if passage is not None and end > start else None


def _reason(by: Citation, query: Query, catalog: Catalog) -> Citation | None:
    """Asked why something was called off: the sentence behind the one that says so, if it tells the reason."""
    if not _WHY.search(query.standalone) or not says_off(by.quote) or _CAUSE.search(by.quote):
        return None
    behind = [s for s in catalog.sentences(by.article_id) if s.start >= by.end][:_BEHIND]
    for s in behind:
        words = catalog.words((by.article_id, s.start, s.end))
        if _CAUSE.search(words) and (passage := _passage(by.article_id, s.start, catalog)) is not None:
            return cite(passage, words, s.start, s.end)
    return None


def _asks_holder(quote: Citation, query: Query) -> bool:
    """Whether a question asks who holds an office now that a quote names."""
    asked = holders.asked(query.standalone)
    return asked is not None and asked.role in terms(quote.quote) and prior.newest_first(query)


def _marked(by: Citation, query: Query) -> Citation:
    """Words that say who follows in an office, with the name marked where the question asks who holds it."""
    if not re.search(r"\bwho\b", query.standalone, re.IGNORECASE) or not parser.available():
        return by
    (tree,) = parser.trees([by.quote])
    places = parser.places(tree, by.quote)
    for followed in successions(tree):
        name = list(bearer(tree, followed.comes))
        return by.model_copy(update={"words": (by.start + places[name[0]][0], by.start + places[name[-1]][1])})
    return by


def _readings(quote: Citation, catalog: Catalog) -> list[Reading]:
    """The sentences of a quote as evidence."""
    passage = _passage(quote.article_id, quote.start, catalog)
    if passage is None:
        return []
    hit = Hit(passage=passage, score=0.0, rank=1, found_by="other")
    return [
        Reading(hit, n, 0.0, 0.0, None)
        for n, s in enumerate(passage.sentences)
        if quote.start <= s.start and s.end <= quote.end
    ]


def _passage(article_id: str, start: int, catalog: Catalog) -> Passage | None:
    (ident,) = catalog.passages_at([(article_id, start)])
    return catalog.passages([ident]).get(ident) if ident else None


__all__ = ["Standing", "replaced", "settle"]
