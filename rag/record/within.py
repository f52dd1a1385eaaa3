"""What a note on an article changes in that article: the figure or name that it corrects, the version that it tells of.

A correcting sentence replaces the body's sentence that still has what it calls wrong. Where the body has been mended
already, its sentence replaces the one that tells the former version. A withdrawn article is withdrawn as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rag.answer.check.exact import names
from rag.index.links import Link
from rag.text import notes, numbers
from rag.text.tokens import query_terms
from rag.types import Article, Sentence

_NOT = re.compile(
    r"(?:,\s(?:and\s)?not|\brather than|\binstead of)\s(?P<former>(?:[^,.;:]|(?<=\d)[.,](?=\d))+)", re.IGNORECASE
)
"""What a note says was wrong: "120 jobs, not 210"."""
_AGE = re.compile(r"\b\d+-(?:year|day|month|week)s?-old\b", re.IGNORECASE)
_RUN = re.compile(r"[A-ZÀ-Þ][\w’'-]*(?: [A-ZÀ-Þ][\w’'-]*)*")
"""Words in capitals beside each other: a name, and what stands before it."""
SHARED = 2
"""Content words that a note and a sentence of the body have in common, beside the figure or name."""


@dataclass(frozen=True)
class _Part:
    """A sentence of an article."""

    text: str
    start: int
    end: int

    @cached_property
    def content(self) -> frozenset[str]:
        return frozenset(w for w in query_terms(notes.without_label(self.text)) if not w[0].isdigit())

    @cached_property
    def figures(self) -> frozenset[float]:
        return frozenset(v for v in numbers.values(self.text) if not numbers.is_year(v))

    @cached_property
    def runs(self) -> frozenset[str]:
        """All runs of its words in capitals, of any length."""
        found = (run[0].split() for run in _RUN.finditer(self.text))
        return frozenset(
            " ".join(run[a:b]) for run in found for a in range(len(run)) for b in range(a + 1, len(run) + 1)
        )

    @cached_property
    def amounts(self) -> dict[float, set[str]]:
        """Figures with their units; ages ("15-year-old") say of whom a sentence is, not how much."""
        counted = _AGE.sub(" ", self.text)
        return {v: u - {""} for v, u in numbers.amounts(counted).items() if not numbers.is_year(v) and u - {""}}


def noted(article: Article) -> bool:
    """Whether an article may have a note on itself; costs little."""
    return notes.withdrawn_title(article.title) or withdrawn_by_field(article) or notes.is_note_in(article.text)


def withdrawn_by_field(article: Article) -> bool:
    """Whether a field of the article's own says that it is withdrawn: ``status: retracted``."""
    return any(
        name.casefold() in ("status", "state", "article_status") and notes.withdrawn_title(f"{value}: .")
        for name, value in article.metadata.items()
    )


def links(article: Article, sentences: Sequence[Sentence]) -> list[Link]:
    """The links that an article's notes make within it.

    Args:
        article: Any.
        sentences: Of its text.
    """
    parts = [_Part(article.text[s.start : s.end], s.start, s.end) for s in sentences]
    marked = [notes.is_note(p.text) for p in parts]
    whole = (article.id, 0, len(article.text))
    withdrawing = next((p for p, note in zip(parts, marked, strict=True) if note and notes.withdraws(p.text)), None)
    if withdrawing or notes.withdrawn_title(article.title) or withdrawn_by_field(article):
        at = (withdrawing.start, withdrawing.end) if withdrawing else (0, 0)
        return [Link(whole, (article.id, *at), "retracted", 0.97)]
    body = [
        p
        for p, note in zip(parts, marked, strict=True)
        if not note and not _beside_note(article.text, parts, marked, p)
    ]
    found: list[Link] = []
    for part, note in zip(parts, marked, strict=True):
        if note:
            found += _of_note(article.id, part, parts, body)
    return found


def _beside_note(text: str, parts: Sequence[_Part], marked: Sequence[bool], part: _Part) -> bool:
    """Whether a sentence stands in one paragraph behind a note: it goes on with it."""
    return any(
        note and p.start < part.start and "\n" not in text[p.end : part.start]
        for p, note in zip(parts, marked, strict=True)
    )


def _of_note(article_id: str, note: _Part, parts: Sequence[_Part], body: Sequence[_Part]) -> Iterator[Link]:
    if notes.tells_former(note.text):
        after = next((p for p in parts if p.start > note.start), None)
        yield from _mended(article_id, note, body, after)
        return
    for p in body:
        if _has_wrong(note, p):
            yield Link((article_id, p.start, p.end), (article_id, note.start, note.end), "corrected", 0.95)


def contrasts(text: str) -> bool:
    """Whether a sentence says what is right and what is not: "120 jobs, not 210"."""
    return bool(_NOT.search(text))


def has_wrong(note: str, text: str) -> bool:
    """Whether a sentence has the figure or name that a correction says is wrong, and tells the same otherwise.

    Args:
        note: The correction's sentence: "The plant has 120 jobs, not 210."
        text: The sentence, of whatever article.
    """
    return _has_wrong(_Part(note, 0, len(note)), _Part(text, 0, len(text)))


def _has_wrong(note: _Part, part: _Part) -> bool:
    if len(part.content & note.content) < SHARED:
        return False
    for wrong in _NOT.finditer(note.text):
        former = wrong["former"]
        right = f"{note.text[: wrong.start()]} {note.text[wrong.end() :]}"
        old, new = numbers.values(former), numbers.values(notes.without_label(right))
        strange, named = set(names(former)) - set(names(right)), set(names(right)) - set(names(former))
        if old:
            has = old <= part.figures and bool(new - old) and not (new - old) & part.figures
        else:
            there = set(names(part.text))
            # "Oakland County" is not in "Oakland Township".
            has = bool(strange) and strange <= there and bool(named - there) and _runs(former, strange) <= part.runs
        if has:
            return True
    return False


def _runs(former: str, strange: set[str]) -> set[str]:
    """The names of several words that were wrong, as they are written."""
    return {run[0] for run in _RUN.finditer(former) if " " in run[0] and strange & set(run[0].split())}


def _mended(article_id: str, note: _Part, body: Sequence[_Part], after: _Part | None) -> Iterator[Link]:
    """A former version told by a note, and the sentence of the body, or of the note, that has it as it is now."""
    told = set(note.amounts)
    still = [p for p in body if told and told <= set(p.amounts) and len(p.content & note.content) >= SHARED]
    units = {u for some in note.amounts.values() for u in some}
    mends = after is not None and after not in body and any(units & other for other in after.amounts.values())
    if still and mends and after is not None and not after.figures & note.figures:
        for p in still:
            yield Link((article_id, p.start, p.end), (article_id, note.start, after.end), "corrected", 0.92)
        return
    for figure, units in note.amounts.items():
        mended = [
            p
            for p in body
            if figure not in p.figures
            and len(p.content & note.content) >= SHARED
            and any(units & other for other in p.amounts.values())
        ]
        if units and len(mended) == 1:
            p = mended[0]
            yield Link((article_id, note.start, note.end), (article_id, p.start, p.end), "corrected", 0.93)
            return


__all__ = ["SHARED", "contrasts", "has_wrong", "links", "noted", "withdrawn_by_field"]
