"""The panel beside the conversation: the evidence of a question, or an article with the cited words marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.ui.html import fill

from rag.text.counting import count
from rag.text.refusals import Label, labels
from rag.types import Article, Citation, Hit


@dataclass(frozen=True)
class HitCard:
    """A passage as it is shown."""

    hit: Hit
    pieces: Sequence[tuple[str, str]]
    """Its text, each piece with the number of the citation that marks it; empty for text that is not cited."""


def evidence(
    hits: Sequence[Hit],
    turn_number: int,
    citations: Sequence[Citation] = (),
    *,
    refused: bool = False,
    question: str = "",
) -> str:
    """The passages found for a question, best first, with the words marked that its answer cites.

    Args:
        hits: The passages.
        turn_number: Of the question, from 1.
        citations: What the answer cites.
        refused: Whether the question was refused: then they are no evidence of anything.
        question: Whose language that is told in.
    """
    if not hits:
        return nothing()
    articles = len({h.passage.article_id for h in hits})
    head = f"{count(len(hits), 'passage')} from {count(articles, 'article')}"
    name = "Evidence"
    if refused:
        told_as = labels(question)
        name, head = told_as(Label.NEAREST), told_as(Label.NONE_ANSWERS)
    return fill("evidence_panel", "evidence", [card(h, citations) for h in hits], head, turn_number, name)


def card(hit: Hit, citations: Sequence[Citation] = ()) -> HitCard:
    """A passage, with the words marked that an answer cites."""
    p = hit.passage
    inside = [c for c in citations if c.article_id == p.article_id and p.start <= c.start and c.end <= p.end]
    return HitCard(hit, _marked(p.text, [(c.start - p.start, c.end - p.start, str(c.number)) for c in inside]))


def hit_card(hit: Hit, citations: Sequence[Citation] = ()) -> str:
    """A passage as HTML."""
    return fill("evidence_panel", "hit_card", card(hit, citations))


def nothing() -> str:
    """The panel before anything was asked."""
    return fill("evidence_panel", "nothing")


def article_view(
    article: Article, start: int, end: int, cited: str = "", newest: str | None = None, back: str = "Back to evidence"
) -> str:
    """An article with the words from ``start`` to ``end`` marked.

    Args:
        article: The version that was cited.
        start: Of the marked words, in code points.
        end: Their end.
        cited: The citation's number; empty for a passage.
        newest: Id of the version that has replaced this one, if one has.
        back: Label of the button that closes the article.
    """
    start, end = max(0, start), min(end, len(article.text))
    paragraphs = list(_paragraphs(article.text, start, end))
    return fill("evidence_panel", "article_view", article, start, end, paragraphs, newest, back, cited)


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[str, str, str, bool]]:
    """Paragraphs as (before, marked, after the marked words, whether these are the first marked ones)."""
    at, first = 0, True
    for line in text.split("\n"):
        stop = at + len(line)
        a, b = max(start, at), min(end, stop)
        if line.strip():
            if a < b:
                yield text[at:a], text[a:b], text[b:stop], first
                first = False
            else:
                yield line, "", "", False
        at = stop + 1


def _marked(text: str, ranges: Sequence[tuple[int, int, str]]) -> list[tuple[str, str]]:
    """A text cut at (start, end, number); of ranges that overlap the first is taken."""
    pieces, at = [], 0
    for start, end, n in sorted(set(ranges)):
        if start < at:
            continue
        pieces += [(text[at:start], ""), (text[start:end], n)]
        at = end
    return [*pieces, (text[at:], "")]


def gone(message: str) -> str:
    """The panel when an article can't be shown."""
    return fill("evidence_panel", "gone", message)
