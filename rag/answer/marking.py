"""Which words of a sentence are marked as the answer, where its grammar tells it better than the reader.

The reader marks the words that answer. Where a sentence tells several figures of one kind it may mark the wrong one
("How many were injured?" of "Three died and 14 were injured"), and then one source seems to contradict another that
says the same; where it says in passing who somebody is it may mark what it says besides. English only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.answer import introductions
from rag.answer.conflicts import figures, quantities
from rag.answer.conflicts.quantities import Quantity
from rag.answer.reader import Reading
from rag.text import parser
from rag.text.tokens import query_terms

_LOOKED_AT = 12
"""Sentences that are parsed at most, the likeliest first."""
_OTHERS = 4.0
"""What it costs a sentence, in log-odds, that its figures are of others than those asked for, as what lacks figures."""
_HOW_MANY = re.compile(r"\bhow many\b(?! of\b)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


def toll(question: str) -> Callable[[Reading], bool] | None:
    """Where a question asks how many were killed, hurt or are missing: whether a sentence tells it; None elsewhere.

    Args:
        question: Standing alone.
    """
    many = _HOW_MANY.search(question)
    stems = list(query_terms(many["rest"])) if many else []
    role = figures.role_of([], stems, figures.PEOPLE)
    if not role or not parser.available():
        return None

    def tells(reading: Reading) -> bool:
        english = reading.hit.passage.language == "en" and bool(figures.read(reading.text))
        return english and any(_asked(q, role, stems) for q in quantities.quantities(reading.text))

    return tells


def marked(question: str, readings: Sequence[Reading]) -> list[Reading]:
    """Readings with the words marked that a question asks for, where their grammar tells which these are.

    Args:
        question: Standing alone. Where it is neither "how many …" nor "who is NAME", in English, nothing changes.
        readings: Best first.

    Returns:
        As many, best first. One whose figures are of people to whom something else happened than asked has no words
        marked, and is that much less likely.
    """
    found = list(readings)
    name, many = introductions.asked(question), _HOW_MANY.search(question)
    if (name is None and many is None) or not parser.available():
        return found
    stems = list(query_terms(many["rest"])) if many else []
    role = figures.role_of([], stems, figures.PEOPLE)
    several = [i for i, r in enumerate(found) if name or len(figures.read(r.text)) > (0 if role else 1)]
    english = (i for i in several if found[i].words is not None and found[i].hit.passage.language == "en")
    for i in [i for i, _ in zip(english, range(_LOOKED_AT), strict=False)]:
        found[i] = _introduction(found[i], name) if name else _figure(found[i], role, stems)
    return sorted(found, key=lambda r: -r.odds)


def _introduction(reading: Reading, name: str) -> Reading:
    said = introductions.introduced(name, reading.text)
    at = reading.place[1]
    return replace(reading, words=(at + said[0], at + said[1])) if said else reading


def _figure(reading: Reading, role: str, stems: list[str]) -> Reading:
    text, at = reading.text, reading.place[1]
    told = quantities.quantities(text)
    if reading.words is None or not told or " ".join(text.split()) != text:
        return reading
    start, end = (place - at for place in reading.words)
    mine = [q for q in told if start < q.figure.end and q.figure.start < end]
    asked = [q for q in told if _asked(q, role, stems)]
    if len(asked) > 1 and not role:
        asked = [q for q in asked if q.what in stems]
    if not mine or (len(mine) == 1 and mine[0] in asked):
        return reading
    if len(asked) == 1:
        first, last = figures.phrase(text, asked[0].figure)
        return replace(reading, words=(at + first, at + last))
    if role and not asked and all(q.what in figures.PEOPLE for q in mine):
        return replace(reading, words=None, odds=reading.odds - _OTHERS)
    return reading


def _asked(quantity: Quantity, role: str, stems: list[str]) -> bool:
    """Whether a quantity is of what is asked: people to whom the same happened, or the same things."""
    if not role:
        return bool(stems) and quantity.counted == stems[0]
    anyone = not stems or stems[0] in quantities.whoever() or figures.role_of([], stems[:1], figures.PEOPLE) != ""
    return quantity.what == role and (anyone or quantity.counted == stems[0])


__all__ = ["marked", "toll"]
