"""From an answer to HTML and plain text: pure functions. Nothing here knows Gradio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rag.ui.evidence_panel import card
from rag.ui.html import fill
from rag.ui.text import citation_text, number

from rag.composing import by_sentence
from rag.text import timespan
from rag.text.timespan import day
from rag.types import Answer, Citation, Feedback, Hit, Query, Stats

CitationStatus = Literal["changed", "gone"]
"""What has happened to an article since an answer cited it."""

_REASONS = {
    "empty_archive": "The archive is empty",
    "no_evidence": "Nothing matches",
    "not_in_archive": "Not in the archive",
    "not_supported": "No supported answer",
    "cancelled": "Stopped",
    "taken_down": "Taken down",
}
_NEAREST = 3
"""Passages shown under a refusal."""


@dataclass(frozen=True)
class TurnView:
    """A question and what is known of its answer so far."""

    question: str
    number: int
    """Position in the conversation, from 1."""
    query: Query | None = None
    hits: Sequence[Hit] = ()
    text: str = ""
    citations: Sequence[Citation] = ()
    answer: Answer | None = None
    """None while it is being written."""
    turn_id: int | None = None
    """The id of the stored turn; None until it is stored."""
    feedback: Feedback | None = None
    status: str = ""
    """What is going on while the answer is being written."""
    share: float | None = None
    """How much of the prompt the model has read, 0 to 1."""
    error: str = ""
    citation_status: Mapping[str, CitationStatus] = field(default_factory=dict)
    """Of cited articles that have changed or are gone, by id."""


def thread(turns: Sequence[TurnView], stats: Stats | None) -> str:
    """Questions and answers, oldest first."""
    return "\n".join(turn_html(t, stats) for t in turns)


def turn_html(turn: TurnView, stats: Stats | None) -> str:
    """One question and its answer, finished or not.

    Args:
        turn: What is known so far.
        stats: Of the archive, which a refusal tells; None where there is none.
    """
    return fill("turn", "turn", turn, _more(turn, stats))


def _more(turn: TurnView, stats: Stats | None) -> dict[str, Any]:
    """What the template needs beside the turn itself."""
    answer, time = turn.answer, turn.query.time if turn.query else None
    again = _again(turn)
    more: dict[str, Any] = {
        "done": answer is not None or bool(turn.error),
        "again": again,
        "without_times": again | {"times": "off"},
        "time": f"{timespan.describe_time(time)} · “{time.phrase}”" if time else "",
        "dated": timespan.dating(time) if time else "",
        "paragraphs": paragraphs(turn.text, turn.citations),
    }
    if answer is not None and answer.answered:
        more["plain"] = plain(answer)
    elif answer is not None:
        reason = answer.reason or "not_in_archive"
        without_hits = reason in ("cancelled", "taken_down", "empty_archive")
        more["reason"] = _REASONS[reason]
        more["nearest"] = [] if without_hits else [card(h) for h in turn.hits[:_NEAREST]]
        more["size"] = coverage(stats) if stats and reason != "cancelled" else ""
    if answer is not None:
        seconds = answer.timings_ms.get("total", 0.0) / 1000
        more["origin"] = " · ".join(x for x in (answer.model, f"{seconds:.1f} s" if seconds else "") if x)
    return more


def _again(turn: TurnView) -> dict[str, Any]:
    """What a button carries that asks a question again as it was asked."""
    without_times = turn.query is not None and not turn.query.times
    return {"turn": turn.turn_id or "", "question": turn.question, "times": "off" if without_times else "on"}


def answer_text(text: str, citations: Sequence[Citation]) -> str:
    """An answer's sentences, each followed by its sources' numbers as buttons; a new line is a new paragraph."""
    return fill("turn", "answer_text", paragraphs(text, citations))


def paragraphs(text: str, citations: Sequence[Citation]) -> list[list[tuple[str, list[Citation]]]]:
    """An answer's paragraphs, each a list of sentences with their citations."""
    if not (claims := by_sentence(citations)):
        return [[(line, [])] for line in text.splitlines() if line.strip()]
    found: list[list[tuple[str, list[Citation]]]] = [[]]
    at = 0
    for (start, end), cited in claims.items():
        if "\n" in text[at:start] and found[-1]:
            found.append([])
        found[-1].append((text[start:end], cited))
        at = end
    return found


def coverage(stats: Stats) -> str:
    """How large an archive is, and what dates it covers."""
    size = number(stats.articles, "article")
    if stats.first and stats.last:
        undated = f", {stats.undated:,} without a date" if stats.undated else ""
        return f"The archive has {size}, published from {day(stats.first)} to {day(stats.last)}{undated}."
    return f"The archive has {size}, none with a date." if stats.articles else "The archive has no articles yet."


def plain(answer: Answer) -> str:
    """An answer with its sources, ready to paste."""
    rows = []
    for c in answer.numbered:
        quote = citation_text(c.quote, c.title, c.source, c.published, c.url)
        rows.append(f"[{c.number}] " + quote.replace("\n", "\n    "))
    return "\n\n".join([answer.text, *rows])
