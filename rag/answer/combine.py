"""The answers to a question's parts, joined to one: each sentence with the citations of its part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rag.retrieve.decompose import Parts
from rag.types import Answer, Citation, Conflict, Delta, Event, Finished, Hit, Query, RejectedSentence, Retrieved, Usage

_MARKS = re.compile(r"\s*(?:\[\d+\])+\s*$")


@dataclass(frozen=True)
class Part:
    """One of a question's parts, with what was found for it."""

    query: Query
    hits: Sequence[Hit]


@dataclass
class _Whole:
    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    withheld: list[RejectedSentence] = field(default_factory=list)
    claims: set[str] = field(default_factory=set)


def stream(
    query: Query,
    parts: Sequence[Part],
    order: Parts,
    ask: Callable[[Part], Iterator[Event]],
    supports: Callable[[str, Sequence[Citation]], bool],
) -> Iterator[Event]:
    """Answer the parts one after the other, as one answer; see ``Archive.stream`` for the events.

    A part that has no answer is named in ``Answer.unanswered``. Where the question asks which came first, and both
    parts are answered from dated articles, the last sentence says which was reported first; it cites both.

    Args:
        query: The whole question.
        parts: What it is made of, in order.
        order: The question's shape.
        ask: The events of one part.
        supports: Whether a sentence holds by its citations: the check.
    """
    hits = _in_turn([p.hits for p in parts])
    yield Retrieved(query=query, hits=hits)
    whole = _Whole()
    answers: list[Answer] = []
    for part in parts:
        spans: dict[tuple[int, int], tuple[int, int]] = {}
        for event in ask(part):
            if isinstance(event, Delta):
                if (shown := _taken(event, whole, spans)) is not None:
                    yield shown
            elif isinstance(event, Finished):
                answers.append(event.answer)
                for c in event.answer.conflicts:
                    if c.claim in spans:
                        whole.conflicts.append(c.model_copy(update={"claim": spans[c.claim]}))
                whole.withheld += event.answer.withheld
            elif not isinstance(event, Retrieved):
                yield event
        if answers[-1].reason == "cancelled":
            break
    if order.earlier is not None and (last := _which(order, answers, whole, supports)):
        yield last
    yield Finished(answer=_answer(query, hits, parts, answers, whole))


def _taken(event: Delta, whole: _Whole, spans: dict[tuple[int, int], tuple[int, int]]) -> Delta | None:
    """A part's sentence as it stands in the whole: placed and numbered anew; None where it stands there already."""
    claim = _MARKS.sub("", event.text).strip()
    if claim.casefold() in whole.claims:
        return None
    whole.claims.add(claim.casefold())
    return _add(claim, event.citations, whole, spans)


def _add(
    claim: str,
    citations: Sequence[Citation],
    whole: _Whole,
    spans: dict[tuple[int, int], tuple[int, int]] | None = None,
) -> Delta:
    lead = "\n" if whole.text else ""
    span = (len(whole.text) + len(lead), len(whole.text) + len(lead) + len(claim))
    placed: list[Citation] = []
    for c in citations:
        if spans is not None:
            spans[c.claim] = span
        known = (*whole.citations, *placed)
        number = next(
            (k.number for k in known if (k.article_id, k.start, k.end) == (c.article_id, c.start, c.end)),
            max((k.number for k in known), default=0) + 1,
        )
        placed.append(c.model_copy(update={"number": number, "claim": span}))
    marks = "".join(f"[{c.number}]" for c in placed)
    text = f"{lead}{claim} {marks}" if marks else f"{lead}{claim}"
    whole.text += text
    whole.citations += placed
    return Delta(text=text, citations=tuple(placed))


def _which(
    order: Parts, answers: Sequence[Answer], whole: _Whole, supports: Callable[[str, Sequence[Citation]], bool]
) -> Delta | None:
    """Which of two was reported first, by the dates of the articles cited; nothing where it can't be told so."""
    firsts = [a.citations[0] for a in answers if a.answered and a.citations]
    if len(firsts) != len(order.named) or any(c.published is None for c in firsts):
        return None
    dated = sorted(zip(firsts, order.named, strict=True), key=lambda pair: pair[0].published, reverse=not order.earlier)  # type: ignore[arg-type, return-value]
    (one, name), (two, other) = dated
    assert one.published and two.published
    if one.published.date() == two.published.date():
        return None
    day, then = (f"{c.published.day} {c.published:%B %Y}" for c in (one, two) if c.published)
    word = "first" if order.earlier else "last"
    claim = f"{name[:1].upper()}{name[1:]} was reported {word}, on {day}; {other} on {then}."
    return _add(claim, [one, two], whole) if supports(claim, [one, two]) else None


def _in_turn(lists: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """The parts' hits in turn, each passage once, ranked anew."""
    found: dict[str, Hit] = {}
    for rank in range(max((len(hits) for hits in lists), default=0)):
        for hits in lists:
            if rank < len(hits):
                found.setdefault(hits[rank].passage.id, hits[rank])
    return tuple(h.model_copy(update={"rank": n}) for n, h in enumerate(found.values(), 1))


def _answer(
    query: Query, hits: tuple[Hit, ...], parts: Sequence[Part], answers: Sequence[Answer], whole: _Whole
) -> Answer:
    answered = bool(whole.citations)
    stopped = next((a for a in answers if a.reason == "cancelled"), None)
    refused = stopped or next((a for a in answers if a.reason == "taken_down"), answers[0])
    open_ = [p.query.text for p, a in zip(parts, answers, strict=False) if not a.answered]
    open_ += [p.query.text for p in parts[len(answers) :]]
    sure = [a.confidence for a in answers if a.confidence is not None]
    return answers[0].model_copy(
        update={
            "question": query.text,
            "query": query,
            "text": whole.text if answered else refused.text,
            "citations": tuple(whole.citations),
            "hits": hits,
            "answered": answered,
            "reason": None if answered else refused.reason,
            "confidence": min(sure) if answered and sure else None,
            "withheld": tuple(whole.withheld),
            "conflicts": tuple(whole.conflicts),
            "unanswered": tuple(open_) if answered else (),
            "usage": _sum([a.usage for a in answers]),
            "millis": {
                stage: round(sum(a.millis.get(stage, 0.0) for a in answers), 1)
                for stage in dict.fromkeys(s for a in answers for s in a.millis)
            },
            "brief": None,
        }
    )


def _sum(usages: Sequence[Usage]) -> Usage:
    return Usage(**{name: sum(getattr(u, name) for u in usages) for name in Usage.model_fields})
