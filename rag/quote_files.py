"""A list of quotes as CSV, JSON and Markdown. Whatever the form, a quote says how it was said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rag.tabular import csv_text, markdown_text
from rag.text.timespan import day
from rag.types import Quote

FIELDS = (
    "day", "person", "speaker", "role", "quote", "word_for_word", "how", "plainly", "sentence", "place", "outlet",
    "title", "url", "also_published_by", "article", "start", "end",
)  # fmt: skip
"""Columns of quotes as CSV."""


def as_csv(quotes: Sequence[Quote]) -> str:
    """A row a quote, with the names of columns on top."""
    return csv_text(FIELDS, _rows(quotes))


def as_json(quotes: Sequence[Quote]) -> str:
    """The quotes as they are, as the service returns them: an object with a list."""
    return json.dumps({"quotes": [q.model_dump(mode="json") for q in quotes]}, indent=2, ensure_ascii=False) + "\n"


def as_markdown(quotes: Sequence[Quote], title: str) -> str:
    """A list under a heading, each with its day and source; text of articles stays text."""
    lines = [f"# {markdown_text(title)}", ""]
    for q in quotes:
        who = markdown_text(", ".join(x for x in (q.speaker, q.role) if x))
        where = markdown_text(" · ".join(x for x in (q.source, q.title) if x))
        told = "" if alone(q) else "as reported: "
        at = f", in {markdown_text(q.place)}" if q.place else ""
        lines.append(f"- **{day(q.published)}** {who}{at}: {told}“{markdown_text(words(q))}” — {where}")
    return "\n".join(lines) + "\n"


def alone(quote: Quote) -> bool:
    """Whether the words may stand without their sentence: they are the speaker's own, and told as said."""
    return quote.direct and quote.plainly


def words(quote: Quote) -> str:
    """What is shown and copied of a quote, on one line: its words, or its sentence where they alone would mislead.

    Of a quote that goes beyond the sentence that it begins in, the rest follows.
    """
    text, sentence = " ".join(quote.quote.split()), " ".join(quote.sentence.split())
    if alone(quote) or text[:40] not in sentence:
        return text
    beyond = text[len(sentence) - sentence.index(text[:40]) :] if text not in sentence else ""
    return f"{sentence} {beyond}".rstrip()


def _rows(quotes: Sequence[Quote]) -> Iterator[tuple[str, ...]]:
    for q in quotes:
        yield (
            q.published.date().isoformat() if q.published else "", q.person, q.speaker, q.role or "",
            " ".join(q.quote.split()), "yes" if q.direct else "no", q.how, "yes" if q.plainly else "no",
            " ".join(q.sentence.split()), q.place or "", q.source or "", q.title, q.url or "",
            "; ".join(q.also_published_by), q.article_id, str(q.start), str(q.end),
        )  # fmt: skip


__all__ = ["FIELDS", "alone", "as_csv", "as_json", "as_markdown", "words"]
