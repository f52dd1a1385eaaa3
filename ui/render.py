"""From an answer to HTML and plain text: pure functions. Nothing here knows Gradio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from rag.ui.html import fill
from rag.ui.text import citation_text

from rag import shown
from rag.answer.models.chat import WITHOUT_MODEL
from rag.composing import by_number
from rag.text import timespan
from rag.text.refusals import Label, archive_size, labels, language_of, told
from rag.types import Answer, Citation, Feedback, Hit, Query, Stats, Support

CitationStatus = Literal["changed", "gone"]
"""What has happened to an article since an answer cited it."""


_SURE = ((0.85, "Very likely right"), (0.65, "Likely right"), (0.45, "May be right"), (0.0, "Unsure"))
"""From which confidence on an answer is called so."""


@dataclass(frozen=True)
class TurnView:
    """A question and what is known of its answer so far."""

    question: str
    number: int
    """Position in the conversation, from 1."""
    query: Query | None = None
    hits: Sequence[Hit] = ()
    quoted: Sequence[Citation] = ()
    """The words that answer, as they came before the text."""
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
    size: str = ""
    """How large the archive was when it was asked, in the question's language; empty where that is not known."""
    asked: datetime | None = None
    empty: bool = False
    """Whether there is no article to answer from."""

    @property
    def quotes(self) -> list[Citation]:
        """The words that answer, so far as they are there, by number; none of a refusal."""
        if self.answer is not None:
            return self.answer.quotes if self.answer.answered else []
        return by_number((*self.citations, *self.quoted))


def thread(turns: Sequence[TurnView], stats: Stats | None) -> str:
    """Questions and answers, oldest first; where it does not begin with the first, how many are before it."""
    hidden = turns[0].number - 1 if turns else 0
    return "\n".join([fill("turn", "earlier", hidden)] * bool(hidden) + [turn_html(t, stats) for t in turns])


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
        "older": shown.older(answer) if answer is not None else "",
        "summary": shown.summary(turn.text, turn.citations),
        "by_model": answer is None or _by_model(answer),
        "quotes": [
            (c, shown.pieces(c), shown.days(c), shown.view(c, labels(turn.question)(Label.OPINION)), shown.standing(c))
            for c in turn.quotes
        ],
        "head": shown.head(answer) if answer is not None else labels(turn.question)(Label.QUOTES),
        "told_as": {label.value: told(label, language_of(turn.question)) for label in Label},
    }
    more["told"] = {(c.article_id, c.start, c.end): c.number for c in turn.quotes}
    more["support"] = _support(more["summary"])
    if answer is not None and answer.answered:
        more["plain"] = plain(answer)
    elif answer is not None:
        reason = answer.reason or "not_in_archive"
        more["language"] = language_of(answer.question)
        more["size"] = turn.size if reason != "cancelled" else ""
        if stats and not turn.size and turn.turn_id is None and reason != "cancelled":
            more["size"] = coverage(stats, answer.question)
    if answer is not None:
        seconds = answer.timings_ms.get("total", 0.0) / 1000
        model = "no model" if answer.model in WITHOUT_MODEL else answer.model
        more["origin"] = " · ".join(x for x in (model, f"{seconds:.1f} s" if seconds else "") if x)
        more["sure"] = confidence_words(answer.confidence) if answer.answered else ""
    return more


def _again(turn: TurnView) -> dict[str, Any]:
    """What a button carries that asks a question again as it was asked."""
    without_times = turn.query is not None and not turn.query.times
    return {"turn": turn.turn_id or "", "question": turn.question, "times": "off" if without_times else "on"}


def _support(paragraphs: Sequence[shown.Paragraph]) -> Support:
    """How a summary stands to the quotes that it cites: "verbatim" where all its sentences do."""
    cited = [c for paragraph in paragraphs for _, of_sentence in paragraph for c in of_sentence]
    return "verbatim" if all(c.support == "verbatim" for c in cited) else "supported"


def summary_text(text: str, citations: Sequence[Citation]) -> str:
    """A summary's sentences, each followed by its quotes' numbers as buttons; a new line is a new paragraph."""
    return fill("turn", "summary_text", shown.summary(text, citations))


def coverage(stats: Stats, question: str) -> str:
    """How large an archive is, and what dates it covers, in the language of a question's refusal."""
    return archive_size(language_of(question), stats.articles, stats.undated, stats.first, stats.last)


def confidence_words(confidence: float | None) -> str:
    """How sure an answer is, in words and as so many of ten: the share that was right of those as sure, when it was
    fitted (``rag/answer/check/confidence.py``); empty where an answer has none.

    Args:
        confidence: 0 to 1.
    """
    if confidence is None:
        return ""
    told = next(words for least, words in _SURE if confidence >= least)
    return f"{told}: about {max(1, min(9, round(10 * confidence)))} in 10 answers as sure as this one are right"


def plain(answer: Answer) -> str:
    """An answer ready to paste: the summary, if there is one, and the quotes with where they stand."""
    rows: list[str] = []
    opinion = labels(answer.question)(Label.OPINION)
    if summary := shown.summary_text(answer.text, answer.citations):
        rows.append(f"{summary_head(answer)}:\n{summary}")
    for c in answer.quotes:
        quote = citation_text(c.quote, c.title, c.source, c.published, c.url)
        quote = "\n".join(x for x in (quote, shown.view(c, opinion), shown.standing_line(c), shown.by_hand(c)) if x)
        rows.append(f"[{c.number}] " + quote.replace("\n", "\n    "))
    return "\n\n".join(rows)


def summary_head(answer: Answer) -> str:
    """Whose an answer's summary is."""
    told_as = labels(answer.question)
    if _by_model(answer):
        return told_as(Label.SUMMARY_OF).format(model=answer.model)
    return told_as(Label.SUMMARY_PLAIN)


def _by_model(answer: Answer) -> bool:
    return answer.summarized or answer.model not in WITHOUT_MODEL
