"""From an answer to HTML: pure functions, everything escaped. Nothing here knows Gradio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rag.ui.evidence_panel import hit_card
from rag.ui.markup import attrs, button, byline, citation_text, copy_button, day, esc, joined, link, number, opener

from rag.text import timespan
from rag.types import Answer, Citation, Conflict, Feedback, Hit, Query, Stats, Time

CitationStatus = Literal["changed", "gone"]
"""What became of an article since an answer cited it."""

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
    """Place in the conversation, from 1."""
    query: Query | None = None
    hits: Sequence[Hit] = ()
    text: str = ""
    citations: Sequence[Citation] = ()
    answer: Answer | None = None
    """None while it is being written."""
    turn: int | None = None
    """Where it is stored; None while it isn't."""
    feedback: Feedback | None = None
    status: str = ""
    """A sign of life while it is being written."""
    share: float | None = None
    """Of the prompt that has been read, 0 to 1."""
    error: str = ""
    fates: Mapping[str, CitationStatus] = field(default_factory=dict)
    """Of cited articles that have changed or gone, by id."""


def thread(talks: Sequence[TurnView], stats: Stats | None) -> str:
    """Questions and answers, oldest first."""
    return joined([talk_html(t, stats) for t in talks])


def talk_html(talk: TurnView, stats: Stats | None) -> str:
    """One question and its answer, finished or not."""
    label = f"Question {talk.number}"
    answer = talk.answer
    body = [_question(talk), _taken(talk)]
    if answer is not None and not answer.answered:
        body.append(_refusal(talk, answer, stats))
    elif talk.text:
        body.append(f'<div class="answer" dir="auto">{answer_text(talk.text, talk.citations)}</div>')
    if talk.error:
        body.append(
            f'<div class="failed" role="alert"><strong>That failed.</strong> <span dir="auto">{esc(talk.error)}</span></div>'
        )
    if answer is None:
        if not talk.error:
            body.append(_alive(talk))
    else:
        body += [
            _unanswered(answer),
            _disagreeing(answer),
            _sources(answer, talk),
            _withheld(answer),
            _tools(talk, answer),
        ]
    if answer is None and talk.error:
        body.append(f'<div class="tools">{button("Retry", "redo", kind="quiet", **_again(talk))}</div>')
    return f"<article {attrs(class_='talk', aria_label=label, data_key=f'{talk.number}')}>{joined(body)}</article>"


def _again(talk: TurnView) -> dict[str, Any]:
    """What a button carries that asks a question again as it was asked."""
    left_aside = talk.query is not None and not talk.query.times
    return {"turn": talk.turn or "", "question": talk.question, "times": "off" if left_aside else "on"}


def _question(talk: TurnView) -> str:
    tools = (
        button(
            "Edit", "edit", kind="quiet", name=f"Edit question {talk.number}", turn=talk.turn, question=talk.question
        )
        if talk.turn
        else ""
    )
    return f'<div class="question"><h3 dir="auto">{esc(talk.question)}</h3>{tools}</div>'


def _taken(talk: TurnView) -> str:
    """What the question was taken to ask, where its words alone don't say: by the conversation, and of when."""
    if talk.query is None:
        return ""
    body = ""
    if talk.query.standalone != talk.query.text:
        body = f'<p class="standalone">Searched for <q dir="auto">{esc(talk.query.standalone)}</q></p>'
    return body + (_when(talk, talk.query.time) if talk.query.time else "")


def _when(talk: TurnView, time: Time) -> str:
    """What was taken as what, with a way to ask again without it once the answer is there."""
    what = f"{timespan.describe_time(time)} · “{time.phrase}”"
    off = (
        button(
            "×",
            "redo",
            name=f"Ask again, leaving aside “{time.phrase}”",
            **_again(talk) | {"times": "off"},
        )
        if talk.answer is not None or talk.error
        else ""
    )
    dated = f' <small dir="auto">{esc(timespan.dating(time))}</small>' if time.dated_by else ""
    return f'<p class="when"><span class="chip"><span dir="auto">{esc(what)}</span>{off}</span>{dated}</p>'


def _alive(talk: TurnView) -> str:
    """A line that says what goes on; it keeps its height, so that nothing jumps."""
    bar = ""
    if talk.share is not None:
        bar = f"<progress {attrs(max='100', value=round(100 * talk.share), aria_label='Read so far')}></progress>"
    return f'<p class="alive" role="status"><span class="dot" aria-hidden="true"></span><span>{esc(talk.status or "Looking for evidence")}</span>{bar}</p>'


# -- the answer's text ------------------------------------------------------------


def answer_text(text: str, citations: Sequence[Citation]) -> str:
    """An answer's sentences, each followed by its sources' numbers as buttons; a new line is a new paragraph."""
    claims: dict[tuple[int, int], list[Citation]] = {}
    for c in citations:
        claims.setdefault(c.claim, []).append(c)
    paragraphs: list[str] = []
    line: list[str] = []
    at = 0
    for (start, end), cited in sorted(claims.items()):
        if "\n" in text[at:start] and line:
            paragraphs.append(" ".join(line))
            line = []
        marks = "".join(mark(c) for c in cited)
        line.append(f'<span class="claim">{esc(text[start:end])}</span><span class="marks">{marks}</span>')
        at = end
    if line:
        paragraphs.append(" ".join(line))
    if not claims and text.strip():
        paragraphs = [esc(line) for line in text.splitlines() if line.strip()]
    return "".join(f"<p>{p}</p>" for p in paragraphs)


def mark(c: Citation) -> str:
    """The number one clicks, with the quote shown when it is pointed at or focused."""
    name = f"Source {c.number}: {c.quote} ({byline(c.source, c.published)})"
    tip = (
        f'<span class="tip" aria-hidden="true"><q dir="auto">{esc(" ".join(c.quote.split()))}</q>'
        f"<small>{esc(byline(c.source, c.published))}</small></span>"
    )
    carried = attrs(
        type="button", class_="cite", aria_label=name, data_event="cite", data_article=c.article_id,
        data_start=c.start, data_end=c.end, data_number=c.number,
    )  # fmt: skip
    return f"<button {carried}>{c.number}{tip}</button>"


# -- below the answer ----------------------------------------------------------------


def _sources(answer: Answer, talk: TurnView) -> str:
    if not answer.citations:
        return ""
    rows = []
    for c in answer.numbered:
        fate = talk.fates.get(c.article_id)
        note = {
            "changed": '<span class="badge warn">the article has changed since</span>',
            "gone": '<span class="badge warn">the article is no longer in the archive</span>',
            None: "",
        }[fate]
        also = f"<small>also printed by {esc(', '.join(c.also_printed_by))}</small>" if c.also_printed_by else ""
        kind, meaning = (
            ("verbatim", "The sentence stands in the article word for word")
            if c.support == "verbatim"
            else (
                "supported",
                "The sentence says what these words say: numbers, names, negation, speaker and meaning were compared",
            )
        )
        where = link(c.url, c.title)
        name = f"Open source {c.number} in its article"
        open_ = opener("Open", c.article_id, c.start, c.end, name=name, cited=c.number)
        rows.append(
            f'<li value="{c.number}"><blockquote dir="auto">{esc(" ".join(c.quote.split()))}</blockquote>'
            f'<div class="by"><span dir="auto">{where}</span><small>{esc(byline(c.source, c.published))}</small>{also}</div>'
            f'<div class="row"><span {attrs(class_=f"badge {kind}", title=meaning)}>{kind}</span>{note}'
            f"{open_ if fate != 'gone' else ''}"
            f"{copy_button('Copy quote', citation_text(c.quote, c.title, c.source, c.published, c.url), name=f'Copy quote {c.number}')}</div></li>"
        )
    return f'<ol class="sources" aria-label="Sources">{"".join(rows)}</ol>'


def _disagreeing(answer: Answer) -> str:
    if not answer.conflicts:
        return ""
    rows = "".join(_conflict(c) for c in answer.conflicts)
    return f'<section class="conflicts" aria-label="Other sources disagree"><h4>Sources disagree</h4><ul>{rows}</ul></section>'


def _conflict(c: Conflict) -> str:
    when = {True: '<span class="badge warn">newer</span>', False: '<span class="badge">older</span>', None: ""}[c.newer]
    open_ = opener("Open", c.article_id, c.start, c.end, name=f"Open {c.title}")
    return (
        f'<li><p class="about" dir="auto">{esc(c.about)}</p><blockquote dir="auto">{esc(" ".join(c.quote.split()))}</blockquote>'
        f'<div class="row"><small dir="auto">{esc(c.title)} · {esc(byline(c.source, c.published))}</small>{when}{open_}</div></li>'
    )


def _unanswered(answer: Answer) -> str:
    """Which parts of a question for two things the archive does not answer."""
    rows = "".join(f'<li dir="auto">{esc(q)}</li>' for q in answer.unanswered)
    return f'<div class="unanswered">The archive does not answer: <ul>{rows}</ul></div>' if rows else ""


def _withheld(answer: Answer) -> str:
    if not answer.withheld:
        return ""
    rows = "".join(
        f'<li><span dir="auto">{esc(w.text)}</span> <small dir="auto">{esc(w.why)}</small></li>'
        for w in answer.withheld
    )
    head = f"{number(len(answer.withheld), 'sentence')} withheld: the check found no support"
    return f'<details class="withheld"><summary>{esc(head)}</summary><ul>{rows}</ul></details>'


def _refusal(talk: TurnView, answer: Answer, stats: Stats | None) -> str:
    reason = answer.reason or "not_in_archive"
    near = ""
    if reason not in ("cancelled", "taken_down", "empty_archive") and talk.hits:
        cards = "".join(hit_card(h) for h in talk.hits[:_NEAREST])
        near = f'<h4>The nearest passages</h4><ul class="hits">{cards}</ul>'
    size = f'<p class="size">{esc(coverage(stats))}</p>' if stats and reason != "cancelled" else ""
    return (
        f'<div class="refusal"><h4><span aria-hidden="true">∅</span> {esc(_REASONS[reason])}</h4>'
        f'<p dir="auto">{esc(talk.text or answer.text)}</p>{size}{near}</div>'
    )


def coverage(stats: Stats) -> str:
    """How large an archive is, and what dates it covers."""
    size = number(stats.articles, "article")
    if stats.first and stats.last:
        undated = f", {stats.undated:,} without a date" if stats.undated else ""
        return f"The archive has {size}, published from {day(stats.first)} to {day(stats.last)}{undated}."
    return f"The archive has {size}, none with a date." if stats.articles else "The archive has no articles yet."


def _tools(talk: TurnView, answer: Answer) -> str:
    parts = []
    if answer.answered:
        parts.append(copy_button("Copy answer", plain(answer), name=f"Copy answer {talk.number} with its sources"))
    if talk.turn is not None:
        parts.append(button("Retry", "redo", kind="quiet", name=f"Ask question {talk.number} again", **_again(talk)))
        good, bad = (bool(talk.feedback and talk.feedback.good == side) for side in (True, False))
        for label, value, on in (("Good", "1", good), ("Bad", "0", bad)):
            carried = attrs(
                type="button", class_="quiet rate", aria_pressed="true" if on else "false", data_event="rate", data_turn=talk.turn,
                data_good=value, data_on="1" if on else "0", aria_label=f"{label} answer",
            )  # fmt: skip
            parts.append(f"<button {carried}>{label}</button>")
        if talk.feedback is not None:
            field_ = attrs(
                type="text", maxlength="500", placeholder="Why? (Enter to save)", value=talk.feedback.why, aria_label="Why",
                data_event="why", data_turn=talk.turn, data_good="1" if talk.feedback.good else "0",
            )  # fmt: skip
            parts.append(f"<input {field_}>")
    took = answer.millis.get("total", 0.0) / 1000
    facts = [answer.model, f"{took:.1f} s" if took else ""]
    about = " · ".join(x for x in facts if x)
    return f'<div class="tools">{"".join(parts)}<small class="origin">{esc(about)}</small></div>'


def plain(answer: Answer) -> str:
    """An answer with its sources, ready to paste."""
    rows = []
    for c in answer.numbered:
        rows.append(
            f"[{c.number}] " + citation_text(c.quote, c.title, c.source, c.published, c.url).replace("\n", "\n    ")
        )
    return "\n\n".join([answer.text, *rows])
