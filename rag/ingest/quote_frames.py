"""Sentences as the parser of quotes sees them: a short word stands for what is between quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rag.text.speech import may_report
from rag.types import Sentence

STAND_IN = "Something"
"""What the parser sees instead of a direct quote."""
PAIRS = re.compile(r"“([^“”\n]*)”|\"([^“”\"\n]*)\"|“([^“”\n]+)(?=\n|$)|\"([^“”\"\n]+)(?=\n|$)|«([^«»“”\n]*)»")
_LISTENER = re.compile(r"\b[A-ZÀ-Þ][\w.'’-]* $")
"""A name right before a quote, as in "told Reuters “…”": the stand-in must not run into it."""
_LEADS_IN = re.compile(r"(?:[:,]|\bas) ?$")
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
    introduced: set[int] = field(default_factory=set)
    """Places of quotes that the sentence leads up to without a verb of saying: "disagreed with them: “…”"."""
    parsed: Any = None

    @property
    def wanted(self) -> bool:
        """Whether it may tell that somebody said something."""
        return self.readable and (bool(self.introduced) or may_report(self.text))

    @property
    def readable(self) -> bool:
        """Whether the parser can make anything of it."""
        return len(self.text) <= _LONGEST and any(c.isalpha() for c in self.text)

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
    starts = sorted({*starts, *(start for of in quoted if (start := _next_sentence(text, *of)) is not None)})
    ends = [*starts[1:], len(text)] if starts else []
    at = 0
    for start, end in zip(starts, ends, strict=True):
        kept: list[str] = []
        places: list[int] = []
        inner: list[tuple[int, int, int]] = []
        introduced: set[int] = set()
        cursor = start
        while at < len(quoted) and quoted[at][0] < start:
            at += 1
        while at < len(quoted) and quoted[at][0] < end:
            outer_start, outer_end, first, last = quoted[at]
            kept.append(text[cursor:outer_start])
            places += range(cursor, outer_start)
            if _LISTENER.search(kept[-1]):
                kept[-1] = kept[-1][:-1] + ", "
                places.append(places[-1])
            inner.append((len(places), first, last))
            before = text[cursor:outer_start]
            if _leads_in(before, text[first:last]) or _goes_before(before, text[first:last], text[outer_end:end]):
                introduced.add(len(places))
            closing = text[last - 1 : last] if text[last - 1 : last] in (",", ".", "?", "!") else ""
            kept.append(STAND_IN + closing)
            places += [first] * len(STAND_IN) + [last - 1] * len(closing)
            cursor, at = outer_end, at + 1
        kept.append(text[cursor:end])
        places += range(cursor, end)
        whole = "".join(kept)
        trimmed = whole.rstrip()
        if trimmed:
            yield Frame(trimmed, places[: len(trimmed)], inner, text.count("\n", 0, start), introduced)


def _next_sentence(text: str, start: int, end: int, first: int, last: int) -> int | None:
    """Where a sentence begins behind a quote that is a whole one, where a splitter reads on: "“It was.”  Lee left"."""
    whole = text[last - 1 : last] == "." and len(text[first:last].split()) >= 3 and text[first : first + 1].isupper()
    at = end + len(text[end : end + 4]) - len(text[end : end + 4].lstrip(" "))
    before = text[text.rfind("\n", 0, start) + 1 : start].rstrip()
    alone = not before or before[-1] in '.?!”"'
    return at if whole and alone and at > end and text[at : at + 1].isupper() else None


def _goes_before(before: str, words: str, after: str) -> bool:
    """Whether a quote that is a sentence stands before who says it: "“It is so,” the party informed the press"."""
    comma = words[-1:] in (",", "?", "!") or after.startswith(",")
    return comma and not before.strip() and _is_sentence(words)


def _leads_in(before: str, words: str) -> bool:
    """Whether what stands before a quote leads up to it: to a sentence by a colon or comma, to a judgement by "as"."""
    m = _LEADS_IN.search(before)
    if m is None or not before[: m.start()].strip():
        return False
    if m[0].startswith("as"):
        return words[:1].islower()
    return (m[0].startswith(":") or words[:1].isupper() or words.startswith("[")) and _is_sentence(words)


def _is_sentence(words: str) -> bool:
    said = words.split()
    small = sum(w[:1].islower() for w in said)
    return len(said) >= 4 and small * 2 >= len(said)  # a title has its words in capitals
