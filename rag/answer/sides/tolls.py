"""The newest toll of an event first, and the older ones told as overtaken: how many were killed, hurt or are missing.

A toll changes by the day, and no sentence need say what it was before. The killed and hurt become more as they are
counted, the missing fewer; a figure that goes the other way may be of some of them ("two have left hospital"), and a
figure of another event of another one, so that these change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from rag.answer.check.exact import asked_names, names
from rag.answer.check.governors import children
from rag.answer.conflicts import figures
from rag.answer.conflicts.quantities import Counted, counted, quantities, whoever
from rag.answer.reader import Reading
from rag.composing import cite, place
from rag.text import numbers, parser
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.local_clock import clock
from rag.text.tokens import terms
from rag.types import Citation, Passage, Superseding

_ONE_EVENT = timedelta(days=120)
"""Longest time in which the toll of an event is counted."""
_SOON = timedelta(days=14)
"""Longest time between two tolls of one event of which little is named."""
_IN_COMMON = 2
"""Names that two passages of one event have in common at least."""
_LOOKED_AT = 6
"""Other sentences that are parsed at most, the likeliest first."""
_SURE = 0.9
"""Confidence of such a change."""


def newest(
    question: str,
    quotes: Sequence[Citation],
    nearest: Iterable[Reading],
    passage_of: Callable[[Citation], Passage | None],
    allowed: Callable[[Citation], bool],
) -> tuple[Citation, ...]:
    """Quotes with the newest toll first and older ones behind it, where a toll is asked for; else as they are.

    Args:
        question: Standing alone.
        quotes: What answers, best first.
        nearest: Other sentences, likeliest first.
        passage_of: Where a quote stands.
        allowed: Whether what a quote tells is of the time that is asked about.
    """
    asked = counted(question)
    if asked is None or not asked.role or not parser.available() or not quotes:
        return tuple(quotes)
    told = {place(q): (q, t) for q in quotes if q.status == "stands" and (t := _told(q, asked, passage_of))}
    if not told:
        return tuple(quotes)
    first, (_, passage) = next(iter(told.values()))
    for reading in list(nearest)[:_LOOKED_AT]:
        other = cite(reading.hit.passage, reading.text, *reading.place[1:], words=reading.words)
        if place(other) not in told and (t := _told(other, asked, passage_of)) and other.published:
            told[place(other)] = (other, t)
    same = [
        (q, t)
        for q, t in told.values()
        if q is first or (allowed(q) and _of_one(question, asked, passage, t[1], first, q))
    ]
    dated = [(q, t) for q, t in same if q.published is not None and allowed(q)]
    if len(dated) < 2:
        return tuple(quotes)
    latest, (now, _) = max(dated, key=lambda d: (clock(d[0].published), d[0] is first))  # type: ignore[arg-type]
    older = [(q, t[0]) for q, t in dated if clock(q.published) < clock(latest.published)]  # type: ignore[arg-type]
    over = {place(q) for q, was in older if _counted_on(was, now, asked)}
    if not over or any(not _counted_on(was, now, asked) and was.value != now.value for _, was in older):
        return tuple(quotes)
    start, end = figures.phrase(latest.quote, now)
    leads = latest.model_copy(update={"words": (latest.start + start, latest.start + end)})
    facts = {name: getattr(latest, name) for name in Superseding.model_fields if name != "confidence"}
    by = Superseding(**facts, confidence=_SURE)
    rest = [q for q in quotes if place(q) != place(latest)]
    stands = [q for q in rest if place(q) not in over]
    gone = [q.model_copy(update={"status": "overtaken", "superseded_by": by}) for q in rest if place(q) in over]
    return (leads, *stands, *gone)


def _told(
    quote: Citation, asked: Counted, passage_of: Callable[[Citation], Passage | None]
) -> tuple[figures.Figure, Passage] | None:
    """The one toll that a quote tells, with its passage; None where it tells none, or several."""
    passage = passage_of(quote)
    if passage is None or passage.language != "en" or " ".join(quote.quote.split()) != quote.quote:
        return None
    if not numbers.find(quote.quote, "en"):
        return None
    tolls = [q.figure for q in quantities(quote.quote) if asked.is_of(q) and not q.marks]
    if not tolls:  # "the number of people injured in the fire has risen to 29"
        tolls = list(_risen(quote.quote, asked))
    return (tolls[0], passage) if len({f.value for f in tolls}) == 1 else None


def _risen(text: str, asked: Counted) -> Iterator[figures.Figure]:
    """What a number of those asked for is said to have come to: "the number of injured has risen to 29"."""
    (tree,) = parser.trees([text])
    below, places = children(tree), parser.places(tree, text)
    found = {(n.start, n.end): n for n in numbers.find(text, "en")}
    for at, word in enumerate(tree):
        if word.tag[:2] != "VB" or not any(
            tree[c].dep == "nsubj" and _counts(tree, below, c, asked) for c in below[at]
        ):
            continue
        for c in below[at]:
            for d in below[c] if tree[c].text.lower() in ("to", "at") else ():
                number = found.get(places[d])
                if tree[d].dep == "pobj" and number is not None:
                    shown = text[number.start : number.end]
                    yield figures.Figure(
                        number.value, frozenset(("people",)), asked.role, False, shown, "", number.start, number.end, 0
                    )


def _counts(tree: parser.Tree, below: list[list[int]], at: int, asked: Counted) -> bool:
    """Whether a noun is the number of those asked for."""
    of = [tree[n].text for n in _under(below, at)]
    return tree[at].lemma in ("number", "toll", "count", "total", "tally") and (
        figures.role_of([], [t for w in of for t in terms(w)], figures.PEOPLE) == asked.role
    )


def _under(below: list[list[int]], at: int) -> Iterator[int]:
    """A word and all that hangs on it, clauses too: "people injured in the fire"."""
    yield at
    for c in below[at]:
        yield from _under(below, c)


def _counted_on(was: figures.Figure, now: figures.Figure, asked: Counted) -> bool:
    """Whether a toll is what an older one has come to."""
    return now.value < was.value if asked.role == "missing" else now.value > was.value


def _of_one(question: str, counts: Counted, one: Passage, other: Passage, first: Citation, second: Citation) -> bool:
    """Whether two tolls are of one event: the question's names stand beside both, and others in common."""
    if first.published is None or second.published is None:
        return False
    if abs(clock(first.published) - clock(second.published)) > _ONE_EVENT:
        return False
    near = [f"{p.title} {p.text}" for p in (one, other)]
    mine, yours = (frozenset(terms(text)) for text in near)
    asked = {t for name in asked_names(question) for t in terms(name)}
    named = [{n.casefold() for n in names(text)} - ENGLISH_CALENDAR for text in near]
    if not (asked & mine <= yours and asked & yours <= mine):
        return False
    if len(named[0] & named[1]) >= _IN_COMMON:
        return True
    # Little is named, and both speak of all that the question does, a few days apart.
    soon = abs(clock(first.published) - clock(second.published)) <= _SOON
    event = frozenset(counts.stems) - {w for w in counts.stems if figures.role_of([], [w], figures.PEOPLE)} - whoever()
    return soon and bool(asked) and len(event) >= _IN_COMMON and event <= mine and event <= yours


__all__ = ["newest"]
