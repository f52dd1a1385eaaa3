"""An answer's text, put together sentence by sentence: citation marks, their numbers, and where each sentence stands.

The one place where citations are numbered. The check adds the sentences that pass, the answers to a question's parts
are put together anew, and so is what a takedown leaves of an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rag.types import Citation, Conflict, Delta, Passage, Support

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
    views: Mapping[str, str] = field(default_factory=dict)
    """Of opinion pieces, by article: whose view it is."""

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
        quoted = {place(c): c for c in self.quotes}
        placed: list[Citation] = []
        for citation in cited:
            update: dict[str, Any] = {
                "number": self._number(citation, placed),
                "opinion": citation.opinion or self.views.get(citation.article_id, ""),
            }
            if quote := quoted.get(place(citation)):  # what is known of the quote holds of its citation
                update |= {
                    "words": citation.words or quote.words,
                    "speaker": citation.speaker or quote.speaker,
                    "status": quote.status,
                    "superseded_by": quote.superseded_by,
                }
            placed.append(citation.model_copy(update=update))
        before = (separator if self.text else "") + lead(sentence, placed)
        start = len(self.text) + len(before)
        placed = [c.model_copy(update={"claim": (start, start + len(sentence))}) for c in placed]
        marks = "".join(f"[{number}]" for number in dict.fromkeys(c.number for c in placed))
        appended = f"{before}{sentence} {marks}" if marks else f"{before}{sentence}"
        self.text += appended
        self.citations += placed
        return Delta(text=appended, citations=tuple(placed))

    def quote(self, found: Iterable[Citation]) -> tuple[Citation, ...]:
        """Number words that answer, before a sentence cites them and whether one will or not.

        Returns:
            The quotes as they are numbered here: words that are known keep their number, others get the next one.
        """
        numbered: list[Citation] = []
        for quote in found:
            update = {
                "number": self._number(quote, numbered),
                "claim": NO_CLAIM,
                "support": "verbatim",
                "opinion": quote.opinion or self.views.get(quote.article_id, ""),
            }
            numbered.append(quote.model_copy(update=update))
        known = {place(c) for c in self.quotes}
        new = {place(c): c for c in numbered if place(c) not in known}
        self.quotes = (*self.quotes, *new.values())
        return tuple(numbered)

    def add_quotes(self) -> list[Delta]:
        """Append the quotes themselves, each on a line of its own."""
        return [self.add(" ".join(c.quote.split()), [c], separator="\n") for c in self.quotes]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences so far that cite something, without marks."""
        return tuple(self.text[start:end] for start, end in by_sentence(self.citations))

    @property
    def cited(self) -> tuple[Citation, ...]:
        """``citations``, and after them the quotes that no sentence cites, with the claim (0, 0)."""
        told = {place(c) for c in self.citations}
        rest = (c.model_copy(update={"claim": NO_CLAIM}) for c in self.quotes if place(c) not in told)
        return (*self.citations, *rest)

    def _number(self, citation: Citation, placed: Sequence[Citation]) -> int:
        known = {place(c): c.number for c in (*self.quotes, *self.citations, *placed)}
        return known.get(place(citation), max(known.values(), default=0) + 1)


def cite(
    passage: Passage,
    quote: str,
    start: int,
    end: int,
    support: Support = "verbatim",
    *,
    words: tuple[int, int] | None = None,
    speaker: str | None = None,
) -> Citation:
    """A citation of some words of a passage that has no number, and no place in a text, yet; see ``Citation``."""
    from rag.text import told_days  # late: names of months and days are read then

    return Citation(
        number=0,
        article_id=passage.article_id,
        title=passage.title,
        source=passage.source,
        published=passage.published,
        url=passage.url,
        quote=quote,
        start=start,
        end=end,
        claim=NO_CLAIM,
        support=support,
        also_published_by=passage.also_published_by,
        words=words,
        speaker=speaker,
        days=tuple(told_days.told(quote, passage.published, passage.language).items()),
    )


def lead(sentence: str, cited: Sequence[Citation]) -> str:
    """What stands before a sentence in an answer's text, so that nobody takes it for what is so.

    Nothing mostly. A quote that does not stand is told as such, with its days; a sentence from opinion pieces alone is
    told as their view.

    Args:
        sentence: Without marks.
        cited: What it cites.
    """
    changed = [c for c in cited if c.status != "stands"]
    if len(cited) == len(changed) == 1 and cited[0].quote.split() == sentence.split():
        return f"{fate(cited[0])}: "
    views = {c.opinion for c in cited}
    if cited and all(views):
        names = [v for v in sorted(views) if v != "opinion"]
        return f"Opinion ({', '.join(names)}): " if names else "Opinion: "
    return ""


_FATES = {
    "corrected": "Corrected",
    "retracted": "Withdrawn",
    "overtaken": "Overtaken by later news",
    "disputed": "Disputed",
    "denied": "Denied",
}


def fate(citation: Citation) -> str:
    """What has become of a quote, with its days: "Corrected on 5 April 2024; on 2 April"; empty where it stands."""
    if citation.status == "stands":
        return ""
    by, told = citation.superseded_by, _FATES[citation.status]
    if by is None or by.article_id == citation.article_id:
        return told
    if by.published:
        told += f" on {_day(by.published)}"
    return f"{told}; on {_day(citation.published)}" if citation.published else told


def _day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"


def by_number(citations: Iterable[Citation]) -> list[Citation]:
    """Citations in the order of their numbers, each number once."""
    return [c for _, c in sorted({c.number: c for c in citations}.items())]


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


def recomposed(
    text: str, citations: Sequence[Citation], keep: Callable[[Citation], bool]
) -> tuple[AnswerText, dict[tuple[int, int], tuple[int, int]]]:
    """A text put together again from what is left of its citations.

    Sentences go that cite something which is not kept. What is kept stays as a quote, also where its sentence is gone;
    where no sentence is left, the quotes are the text.

    Args:
        text: An answer's text.
        citations: What it cites, and the quotes beside it.
        keep: Whether a citation is kept.

    Returns:
        The text, with the numbers in the order they were in; and where each sentence stood → where it stands.
    """
    again = AnswerText()
    again.quote(c for c in by_number(citations) if keep(c))
    places: dict[tuple[int, int], tuple[int, int]] = {}
    at = 0
    for span, cited in by_sentence(citations).items():
        if all(keep(c) for c in cited):
            separator = "\n" if "\n" in text[at : span[0]] else " "  # a lead may stand between the two
            places[span] = again.add(text[slice(*span)], cited, separator=separator).citations[0].claim
        at = span[1]
    if not places:
        again.add_quotes()
    return again, places


def articles_of(citation: Citation) -> set[str]:
    """The articles whose words a citation holds, by id: its own, and that of the words that changed it."""
    return {citation.article_id} | ({citation.superseded_by.article_id} if citation.superseded_by else set())


def without_words_of(citation: Citation, gone: Collection[str]) -> Citation:
    """A citation without the words that changed it, where their article is gone: then nothing speaks against it."""
    by = citation.superseded_by
    if by is None or by.article_id not in gone:
        return citation
    return citation.model_copy(update={"superseded_by": None, "status": "stands"})


def place(words: Citation | Conflict) -> tuple[str, int, int]:
    """Which words are cited, or disagree: article id, start and end."""
    return words.article_id, words.start, words.end


__all__ = [
    "NO_CLAIM",
    "AnswerText",
    "articles_of",
    "by_number",
    "by_sentence",
    "cite",
    "fate",
    "lead",
    "place",
    "recomposed",
    "without_marks",
    "without_words_of",
]
