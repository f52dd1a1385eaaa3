"""Sentences as the parser of quotes sees them: a short word stands for what is between quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rag.text.speech import may_report
from rag.types import Sentence

STAND_IN = "Something"
"""What the parser sees instead of a direct quote."""
PAIRS = re.compile(r"“([^“”\n]*)”|\"([^“”\"\n]*)\"|“([^“”\n]+)(?=\n|$)|\"([^“”\"\n]+)(?=\n|$)|«([^«»“”\n]*)»")
_LONGEST = 1200  # characters of a sentence that is parsed: longer ones are lists and tables


@dataclass
class Frame:
    """A sentence with its direct quotes taken out."""

    text: str
    places: list[int]
    """Of each of its characters, the offset in the article."""
    inner: list[tuple[int, int, int]]
    """(place in ``text``, start, end of the words in the article) of each direct quote."""
    paragraph: int
    parsed: Any = None

    @property
    def wanted(self) -> bool:
        """Whether it may tell that somebody said something."""
        return len(self.text) <= _LONGEST and may_report(self.text) and any(c.isalpha() for c in self.text)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A piece of the frame as a place in the article, half-open."""
        return self.places[start], self.places[end - 1] + 1

    @property
    def only_quotes(self) -> bool:
        """Whether it says nothing beside the quotes."""
        return bool(self.inner) and not re.search(r"\w", self.text.replace(STAND_IN, ""))


def frames(text: str, sentences: Sequence[Sentence]) -> Iterator[Frame]:
    """The sentences of an article as frames; one within quotation marks belongs to the one that they begin in."""
    quoted = [
        (m.start(), m.end(), *next(m.span(g) for g in range(1, 6) if m[g] is not None))
        for m in PAIRS.finditer(text)
        if re.search(r"\w", m[0])
    ]
    opened, starts = 0, []
    for sentence in sentences:  # those that begin outside of quotes
        while opened < len(quoted) and quoted[opened][1] <= sentence.start:
            opened += 1
        if opened == len(quoted) or not quoted[opened][0] < sentence.start:
            starts.append(sentence.start)
    ends = [*starts[1:], len(text)] if starts else []
    at = 0
    for start, end in zip(starts, ends, strict=True):
        kept: list[str] = []
        places: list[int] = []
        inner: list[tuple[int, int, int]] = []
        cursor = start
        while at < len(quoted) and quoted[at][0] < start:
            at += 1
        while at < len(quoted) and quoted[at][0] < end:
            outer_start, outer_end, first, last = quoted[at]
            kept.append(text[cursor:outer_start])
            places += range(cursor, outer_start)
            inner.append((len(places), first, last))
            closing = text[last - 1 : last] if text[last - 1 : last] in (",", ".", "?", "!") else ""
            kept.append(STAND_IN + closing)
            places += [first] * len(STAND_IN) + [last - 1] * len(closing)
            cursor, at = outer_end, at + 1
        kept.append(text[cursor:end])
        places += range(cursor, end)
        whole = "".join(kept)
        trimmed = whole.rstrip()
        if trimmed:
            yield Frame(trimmed, places[: len(trimmed)], inner, text.count("\n", 0, start))
