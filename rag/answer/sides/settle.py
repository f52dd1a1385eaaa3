"""What is quoted where sources disagree: the leading side's words, and every side to be shown beside them.

How well a sentence matches its question decides which answers are looked at, never which of two that differ is told:
that is decided by how many independent sources say so. A text that was written to match a question has the best odds
of the reader, and it is one voice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from rag.answer.quoting import MOST, Chosen
from rag.answer.reader import Reading
from rag.answer.sides import group, holders
from rag.answer.sides.group import Group
from rag.answer.sides.values import tells
from rag.answer.sides.voices import SPEAKS, Voice, gather
from rag.composing import cite
from rag.index.catalog import Catalog
from rag.index.links import Span
from rag.text.counting import count
from rag.types import Citation, Conflict, Side

_FITS = 2
"""What is of the very office and body."""


def settle(
    question: str,
    chosen: Chosen,
    readings: Sequence[Reading],
    *,
    allowed: Callable[[Reading], str],
    further: Callable[[], Sequence[Reading]],
    replaced: Callable[[Iterable[Span]], Collection[Span]],
    catalog: Catalog,
    newest_first: bool,
) -> Chosen:
    """Let the side lead that more independent sources take.

    Args:
        question: What was searched for.
        chosen: What would be quoted if every sentence stood by itself.
        readings: All that was read.
        allowed: Why a sentence must not be quoted; empty where nothing is against it.
        further: Reads what was found after that, which takes as long; called only where it may decide.
        replaced: Which sentences, by their places, later words took back or changed: such a one takes no side.
        catalog: Of the archive.
        newest_first: Whether the present state is asked for.

    Returns:
        ``chosen`` as it was where nobody says otherwise; else with the leading side's quotes alone, and the sides.
    """
    if not chosen.readings:
        return chosen
    chosen, readings = _of_the_body(question, chosen, readings, allowed, catalog)
    if not chosen.readings:
        return chosen
    may = [r for r in readings if r.odds > SPEAKS and r.words is not None and not allowed(r)]
    speaking = _speaking([*chosen.readings, *chosen.nearest, *may], replaced)

    def weighed(voices: Sequence[Voice]) -> list[Group]:
        if len(voices) < 2:
            return []
        vectors = catalog.vectors([v.passage.id for v in voices])
        return group.weigh(
            question,
            voices,
            list(dict.fromkeys(r.place[0] for r in chosen.readings)),
            lambda one, other: float(vectors[one] @ vectors[other]) if {one, other} <= vectors.keys() else 0.0,
            newest_first=newest_first,
        )

    voices = gather(speaking, catalog)
    sides = weighed(voices)
    if sides or group.doubtful(voices):
        speaking += [r for r in _speaking(further(), replaced) if not allowed(r)]
        sides = weighed(gather(speaking, catalog))
    return replace(_led(chosen, sides), sides=tuple(sides)) if sides else chosen


def _of_the_body(
    question: str,
    chosen: Chosen,
    readings: Sequence[Reading],
    allowed: Callable[[Reading], str],
    catalog: Catalog,
) -> tuple[Chosen, Sequence[Reading]]:
    """What is of the office and body that a question asks for; nothing where all that was chosen is another body's."""
    if holders.asked(question) is None:
        return chosen, readings
    fit = holders.fitting(question, readings, catalog)
    kept = [r for r in chosen.readings if fit(r) >= 0]
    best = max((fit(r) for r in kept), default=-1)
    if best < _FITS:
        others = [r for r in readings if r.odds > SPEAKS and r.words is not None and fit(r) == _FITS and not allowed(r)]
        kept = [*others[: MOST - 1], *kept]
        best = max((fit(r) for r in kept), default=-1)
    if best == _FITS:
        kept = [r for r in kept if fit(r) > 0]
        kept.sort(key=lambda r: -fit(r))
    nearest = tuple(r for r in chosen.nearest if fit(r) >= 0)
    return replace(chosen, readings=tuple(kept[:MOST]), nearest=nearest), [r for r in readings if fit(r) >= 0]


def _speaking(readings: Sequence[Reading], replaced: Callable[[Iterable[Span]], Collection[Span]]) -> list[Reading]:
    """Those that answer well enough to be a voice, and stand."""
    speaking = [r for r in readings if r.odds > SPEAKS]
    gone = replaced(r.place for r in speaking)
    return [r for r in speaking if r.place not in gone]


def _led(chosen: Chosen, sides: Sequence[Group]) -> Chosen:
    """What is quoted of the leading side, and of what takes none."""
    lead, others = sides[0], sides[1:]
    with_it = {v.article_id for v in lead.voices}
    against = {v.article_id for g in others for v in g.voices}

    def fits(reading: Reading) -> bool:
        if reading.place[0] in against:
            return False
        told = any(tells(reading.text, v.value) for g in others for v in g.voices)
        return not told or any(tells(reading.text, v.value) for v in lead.voices)

    kept = [r for r in chosen.readings if fits(r)]
    if not any(r.place[0] in with_it for r in kept[:1]):
        own = [v.reading for v in lead.voices]
        kept = [*own, *(r for r in kept if r.place[0] not in with_it)]
    return replace(chosen, readings=tuple(kept[:MOST]), nearest=tuple(r for r in chosen.nearest if fits(r)))


def told(sides: Sequence[Group], quotes: Sequence[Citation]) -> tuple[Side, ...]:
    """The sides as an answer has them.

    Args:
        sides: The leading one first.
        quotes: Of the answer: what is among them keeps its number, the rest have 0.
    """
    numbers = {(c.article_id, c.start): c.number for c in quotes}
    found = []
    for side in sides:
        cited = [cite(v.passage, v.reading.text, *v.reading.place[1:], words=v.words) for v in side.voices]
        placed = tuple(c.model_copy(update={"number": numbers.get((c.article_id, c.start), 0)}) for c in cited)
        says = " ".join(side.voices[0].said.split())
        found.append(Side(says=says, sources=side.sources, newest=side.newest, citations=placed))
    return tuple(found)


def conflicts(sides: Sequence[Side], citations: Sequence[Citation]) -> list[Conflict]:
    """Every other side as a conflict with the sentence of an answer that tells the leading one.

    Args:
        sides: Of the answer.
        citations: Of the answer.
    """
    if not sides or not citations:
        return []
    lead = {(c.article_id, c.start) for c in sides[0].citations}
    claim = next((c.claim for c in citations if (c.article_id, c.start) in lead), citations[0].claim)
    ours = sides[0].citations[0].published
    found = []
    for side in sides[1:]:
        c = side.citations[0]
        newer = c.published > ours if c.published and ours and c.published.date() != ours.date() else None
        found.append(
            Conflict(
                claim=claim,
                about=f"{_counted(sides[0])} against {_counted(side)}",
                newer=newer,
                **{name: getattr(c, name) for name in _COMMON},
            )
        )
    return found


_COMMON = ("article_id", "title", "source", "published", "url", "quote", "start", "end")


def _counted(side: Side) -> str:
    return f"{side.says} ({count(side.sources, 'source')})"


__all__ = ["conflicts", "settle", "told"]
