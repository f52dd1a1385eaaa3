"""What is shown of an answer: its quotes, the words in them that answer, and the summary beside them.

The one place that tells a text which is a summary from one that is the quotes themselves: those are not shown twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from rag.composing import by_sentence, fate, lead
from rag.text import timespan
from rag.text.refusals import Label, labels
from rag.types import Answer, Article, Citation

Paragraph = list[tuple[str, list[Citation]]]
"""Sentences, each with what it cites."""


def summary(text: str, citations: Sequence[Citation]) -> list[Paragraph]:
    """The paragraphs of a text that tell something; lines that only repeat a quote are left out.

    Args:
        text: An answer's text, or as much of it as is there.
        citations: What it cites, and the quotes beside it.
    """
    told = [p for p in _paragraphs(text, citations) if not all(_repeats(s, cited) for s, cited in p)]
    return [[(f"{lead(sentence, cited)}{sentence}", cited) for sentence, cited in p] for p in told]


def summary_text(text: str, citations: Sequence[Citation]) -> str:
    """``summary`` with the citation marks, a paragraph a line; what it is of a part of the text begins that of more."""
    return "\n".join(
        " ".join(f"{sentence} {marks(cited)}" for sentence, cited in paragraph)
        for paragraph in summary(text, citations)
    )


def marks(cited: Sequence[Citation]) -> str:
    """The numbers of what a sentence cites, as they stand behind it: "[1][2]"."""
    return "".join(f"[{number}]" for number in dict.fromkeys(c.number for c in cited))


def older(answer: Answer) -> str:
    """That all that an answer quotes came out before the time it was asked of; empty where that isn't so."""
    time = answer.query.time
    return timespan.outdated(time, [c.published for c in answer.quotes]) if time and answer.answered else ""


def cut(quote: Citation) -> tuple[str, str, str]:
    """A quote as (before, the words that answer, after); the words are empty where they are not told apart."""
    start, end = (place - quote.start for place in quote.words or (quote.end, quote.end))
    start = min(max(0, start), len(quote.quote))
    end = min(max(start, end), len(quote.quote))
    return quote.quote[:start], quote.quote[start:end], quote.quote[end:]


def pieces(quote: Citation) -> tuple[str, str, str]:
    """``cut``, of the quote on one line."""
    before, words, after = cut(quote)
    if not words.strip():
        return " ".join(quote.quote.split()), "", ""
    first, last = len(words) - len(words.lstrip()), len(words.rstrip())
    before, after = before + words[:first], words[last:] + after
    return _one_space(before).lstrip(), " ".join(words.split()), _one_space(after).rstrip()


def head(answer: Answer | None) -> str:
    """What the quotes of an answer are, or of one that is yet to come."""
    told_as = labels(answer.question if answer is not None else "")
    if answer is not None and answer.timeline:
        return f"{told_as(Label.TIMELINE)}: {answer.timeline}"
    return told_as(Label.QUOTES)


def days(quote: Citation) -> str:
    """The days that a quote names from its article's day on, as dates: "yesterday, 3 June 2023"; empty without any."""
    return "; ".join(_day(named, when) for named, when in quote.days)


def _day(named: str, when: str) -> str:
    """A day that a quote names, and which it is: "on Sunday, 18 June 2023"; "in February 2023", where a year is all."""
    before, _, said = named.rpartition(" ")
    for words in (named, f"{before.rpartition(' ')[2]} {said}".strip(), said):
        if when.casefold().startswith(f"{words.casefold()} "):
            return f"{named[: len(named) - len(words)]}{when}"
    return f"{named}, {when}"


def standing(quote: Citation) -> tuple[str, str, str]:
    """What there is to say of a quote that does not stand as it is: (what became of it, what changed it, where).

    All three are empty of a quote that stands; the last two where those words are in a headline, or were taken down.
    """
    by = quote.superseded_by
    if by is None:
        return fate(quote), "", ""
    when = f"{by.published.day} {by.published:%B %Y}" if by.published else ""
    return fate(quote), " ".join(by.quote.split()), " · ".join(x for x in (by.title, by.source, when) if x)


def standing_line(quote: Citation) -> str:
    """``standing`` on one line; empty of a quote that stands."""
    told, words, where = standing(quote)
    return f"{told}: “{words}” ({where})" if words else told


def view(quote: Citation, opinion: str = "Opinion") -> str:
    """That a quote is of an opinion piece, and whose: "Opinion, Carla Jessup"; empty where it isn't.

    Args:
        quote: Of an answer.
        opinion: The word, in the question's language.
    """
    return "" if not quote.opinion else opinion if quote.opinion == "opinion" else f"{opinion}, {quote.opinion}"


_FIELDS = {"published": "Date", "source": "Outlet", "url": "Address"}


def by_hand(of: Citation | Article) -> str:
    """What was set by hand of an article, and what its file says: "Date set by hand (the file has none)"; or empty."""
    return "; ".join(
        f"{_FIELDS.get(field, field.capitalize())} set by hand ({_file_says(field, told)})"
        for field, told in of.by_hand.items()
    )


def _file_says(field: str, told: str | None) -> str:
    if not told:
        return "the file has none"
    if field != "published":
        return f"the file: {_one_space(told)}"
    when = datetime.fromisoformat(told)
    return f"the file: {when.day} {when:%B %Y}"


def _paragraphs(text: str, citations: Sequence[Citation]) -> list[Paragraph]:
    found: list[Paragraph] = []
    at = 0
    for (start, end), cited in by_sentence(citations).items():
        if not found or "\n" in text[at:start]:
            found.append([])
        found[-1].append((text[start:end], cited))
        at = end
    return found


def _one_space(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _repeats(sentence: str, cited: Sequence[Citation]) -> bool:
    """Whether a sentence is a quote that it cites, and nothing else."""
    words = sentence.split()
    return any(c.quote.split() == words for c in cited)


__all__ = [
    "Paragraph", "by_hand", "cut", "days", "head", "marks", "pieces", "standing", "standing_line", "summary",
    "summary_text", "view",
]  # fmt: skip
