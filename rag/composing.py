"""An answer's text, put together sentence by sentence: citation marks, their numbers, and where each sentence stands.

The one place where citations are numbered. The check adds the sentences that pass, the answers to a question's parts
are put together anew, and so is what a takedown leaves of an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rag.types import Citation, Delta

NO_CLAIM = (0, 0)
"""The claim of a quote that no sentence of a text cites."""
_TRAILING_MARKS = re.compile(r"\s*(?:\[\d+\])+\s*$")


@dataclass
class AnswerText:
    """A text that grows by whole sentences; ``text`` and ``citations`` are those of an ``Answer``."""

    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    """One for each sentence and the words it cites, in the text's order."""
    quotes: Sequence[Citation] = ()
    """Words that are numbered already, whether the text cites them or not."""

    def add(self, sentence: str, cited: Iterable[Citation], *, separator: str = " ") -> Delta:
        """Append a sentence, with the marks of what it cites.

        Args:
            sentence: Without marks.
            cited: What it cites. ``number`` and ``claim`` are set here: words that are cited already keep their number,
                others get the next one.
            separator: What stands between this sentence and the one before it.

        Returns:
            What was appended, and its citations as they are now among ``citations``.
        """
        lead = separator if self.text else ""
        start = len(self.text) + len(lead)
        placed: list[Citation] = []
        for citation in cited:
            update = {"number": self._number(citation, placed), "claim": (start, start + len(sentence))}
            placed.append(citation.model_copy(update=update))
        marks = "".join(f"[{number}]" for number in dict.fromkeys(c.number for c in placed))
        appended = f"{lead}{sentence} {marks}" if marks else f"{lead}{sentence}"
        self.text += appended
        self.citations += placed
        return Delta(text=appended, citations=tuple(placed))

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences so far that cite something, without marks."""
        return tuple(self.text[start:end] for start, end in by_sentence(self.citations))

    @property
    def cited(self) -> tuple[Citation, ...]:
        """``citations``, and after them the quotes that no sentence cites, with the claim (0, 0)."""
        told = {_words(c) for c in self.citations}
        rest = (c.model_copy(update={"claim": NO_CLAIM}) for c in self.quotes if _words(c) not in told)
        return (*self.citations, *rest)

    def _number(self, citation: Citation, placed: Sequence[Citation]) -> int:
        known = {_words(c): c.number for c in (*self.quotes, *self.citations, *placed)}
        return known.get(_words(citation), max(known.values(), default=0) + 1)


def without_marks(sentence: str) -> str:
    """A sentence without the citation marks at its end; an article's own "[1]" within it stays."""
    return _TRAILING_MARKS.sub("", sentence).strip()


def by_sentence(citations: Iterable[Citation]) -> dict[tuple[int, int], list[Citation]]:
    """Citations by the sentence they support: its place in the text → what it cites, in the text's order.

    Quotes that no sentence cites are left out.
    """
    found: dict[tuple[int, int], list[Citation]] = {}
    for citation in citations:
        if citation.claim != NO_CLAIM:
            found.setdefault(citation.claim, []).append(citation)
    return dict(sorted(found.items()))


def _words(citation: Citation) -> tuple[str, int, int]:
    """Which words are cited."""
    return citation.article_id, citation.start, citation.end


__all__ = ["NO_CLAIM", "AnswerText", "by_sentence", "without_marks"]
