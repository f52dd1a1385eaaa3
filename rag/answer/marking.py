"""Which words of a sentence are marked as the answer, where its grammar tells it better than the reader.

The reader marks the words that answer. Where a sentence tells several figures of one kind it may mark the wrong one
("How many were injured?" of "Three died and 14 were injured"), and then one source seems to contradict another that
says the same; where it says in passing who somebody is it may mark what it says besides. English only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice, pairwise

from rag.answer import introductions
from rag.answer.conflicts import figures
from rag.answer.conflicts.quantities import Counted, counted, quantities
from rag.answer.reader import Reading
from rag.text import numbers, parser
from rag.text.tokens import terms

_OF = re.compile(r"\sof\s(?:(?:the|its|his|her|their|these|those)\s)?")
_LOOKED_AT = 12
"""Sentences that are parsed at most, the likeliest first."""
_OTHERS = 4.0
"""What it costs a sentence, in log-odds, that its figures are of others than those asked for, as what lacks figures."""


def toll(question: str) -> Callable[[Reading], bool] | None:
    """Where a question asks how many were killed, hurt or are missing: whether a sentence tells it; None elsewhere.

    Args:
        question: Standing alone.
    """
    asked = counted(question)
    if asked is None or not asked.role or not parser.available():
        return None

    def tells(reading: Reading) -> bool:
        english = reading.hit.passage.language == "en" and bool(figures.read(reading.text))
        return english and any(asked.is_of(q) for q in quantities(reading.text))

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
    name, asked = introductions.asked(question), counted(question)
    if (name is None and asked is None) or not parser.available():
        return found
    least = 0 if name else 1 if asked and asked.role else 2
    english = (i for i, r in enumerate(found) if r.words is not None and r.hit.passage.language == "en")
    for i in islice((i for i in english if not least or len(numbers.find(found[i].text, "en")) >= least), _LOOKED_AT):
        if name:
            found[i] = _introduction(found[i], name)
        elif asked:
            found[i] = _figure(found[i], asked)
    return sorted(found, key=lambda r: -r.odds)


def _introduction(reading: Reading, name: str) -> Reading:
    said = introductions.introduced(name, reading.text)
    at = reading.place[1]
    return replace(reading, words=(at + said[0], at + said[1])) if said else reading


def _part(text: str, counts: Counted, marked_at: tuple[int, int]) -> tuple[int, int] | None:
    """The number of a part where that of the whole is marked and what is asked is told of the part.

    "How many patients fell ill?" of "four of its 212 patients fell ill".
    """
    found = numbers.find(text, "en")
    for part, whole in pairwise(found):
        if not _OF.fullmatch(text, part.end, whole.start) or not marked_at[0] < whole.end <= marked_at[1]:
            continue
        behind = set(terms(text[whole.end :])[1:])  # past the noun that both count
        if marked_at[0] >= part.end and behind & set(counts.stems[1:]):
            return part.start, part.end
    return None


def _figure(reading: Reading, counts: Counted) -> Reading:
    text, at = reading.text, reading.place[1]
    if reading.words and (part := _part(text, counts, (reading.words[0] - at, reading.words[1] - at))):
        return replace(reading, words=(at + part[0], at + part[1]))
    told = quantities(text)
    if reading.words is None or not told or " ".join(text.split()) != text:
        return reading
    start, end = (place - at for place in reading.words)
    mine = [q for q in told if start < q.figure.end and q.figure.start < end]
    asked = [q for q in told if counts.is_of(q)]
    if len(asked) > 1 and not counts.role:
        asked = [q for q in asked if q.what in counts.stems]
    if not mine or (len(mine) == 1 and mine[0] in asked):
        return reading
    if len(asked) == 1:
        first, last = figures.phrase(text, asked[0].figure)
        return replace(reading, words=(at + first, at + last))
    if counts.role and not asked and all(q.what in figures.PEOPLE for q in mine):
        return replace(reading, words=None, odds=reading.odds - _OTHERS)
    return reading


__all__ = ["marked", "toll"]
