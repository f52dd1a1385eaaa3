"""A conversation as a document, whatever file it becomes: questions with their days, answers, and numbered sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rag.ui import render
from rag.ui.citing import PLAIN, Reference, Runs, written
from rag.ui.text import byline, is_web, one_line

from rag import shown
from rag.text.refusals import Label, labels
from rag.text.timespan import day
from rag.types import Article, Citation, Turn


@dataclass(frozen=True)
class Source:
    """A numbered quote."""

    number: int
    pieces: tuple[str, str, str]
    """Before the words that answer, these, and after them."""
    notes: Sequence[str]
    """Who speaks, which days are meant, whose view it is, and what has become of it; each a line."""
    where: str
    """Title, outlet and date."""
    url: str
    """As it is; empty where it is none of the web."""
    reference: Reference


@dataclass(frozen=True)
class Section:
    """A question and its answer."""

    question: str
    asked: str
    refused: Sequence[str] = ()
    """Lines of a refusal."""
    head: str = ""
    """Whose the summary is, or what the quotes are a timeline of."""
    told: Sequence[str] = ()
    """Paragraphs of the summary."""
    sources: Sequence[Source] = ()
    against: Sequence[str] = ()
    """What other sources say to the contrary, a line each."""


@dataclass(frozen=True)
class Document:
    """The whole conversation."""

    title: str
    made: str
    sections: Sequence[Section]
    references: Sequence[Runs] = field(default=())
    """Its sources in a citation style, by what they begin with, each once."""


def document(
    title: str,
    turns: Sequence[Turn],
    when: datetime,
    *,
    style: str = PLAIN,
    article: Callable[[str], Article | None] = lambda _: None,
) -> Document:
    """A conversation as a document.

    Args:
        title: Of the conversation.
        turns: Its questions and answers, without what has been taken down.
        when: Now.
        style: How its sources are written in the list at its end.
        article: Looks up an article by id, for its author; None where it is gone.

    Raises:
        UsageError: There is no such style.
    """
    sections = [_section(t, article) for t in turns]
    listed = [written(r, style) for r in references(sections)]
    listed.sort(key=lambda runs: "".join(text for text, _ in runs).strip("“").casefold())
    return Document(title, f"Exported from OnRecord on {day(when)}.", sections, listed)


def references(sections: Sequence[Section]) -> list[Reference]:
    """The articles that are cited, each once, in order."""
    return list({s.reference.id: s.reference for section in sections for s in section.sources}.values())


def _section(turn: Turn, article: Callable[[str], Article | None]) -> Section:
    answer = turn.answer
    asked = f"Asked on {day(turn.asked)}."
    if not answer.answered:
        return Section(turn.question, asked, [line for line in answer.text.splitlines() if line.strip()])
    told_as = labels(answer.question)
    summary = shown.summary_text(answer.text, answer.citations)
    head = render.summary_head(answer) if summary else shown.head(answer) if answer.timeline else ""
    return Section(
        turn.question,
        asked,
        head=head,
        told=summary.splitlines(),
        sources=[_source(c, article, told_as) for c in answer.quotes],
        against=[
            f"{told_as(Label.DISAGREE)} ({c.about}): “{one_line(c.quote)}” — "
            f"{c.title} · {byline(c.source, c.published)}"
            for c in answer.conflicts
        ],
    )


def _source(c: Citation, article: Callable[[str], Article | None], told_as: Callable[[Label], str]) -> Source:
    speaker = f"{told_as(Label.SPEAKER)}: {c.speaker}" if c.speaker else ""
    notes = [
        line
        for line in (
            shown.days(c),
            shown.view(c, told_as(Label.OPINION)),
            shown.standing_line(c),
            shown.by_hand(c),
            speaker,
        )
        if line
    ]
    found = article(c.article_id)
    reference = Reference(
        c.article_id,
        c.title,
        c.source,
        found.author if found else None,
        c.published,
        c.url,
        found.language if found else "en",
    )
    where = f"{c.title} · {byline(c.source, c.published)}"
    return Source(c.number, shown.pieces(c), notes, where, c.url if c.url and is_web(c.url) else "", reference)


__all__ = ["Document", "Section", "Source", "document", "references"]
