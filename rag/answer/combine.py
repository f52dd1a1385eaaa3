"""The answers to a question's parts as one answer: the quotes of each, and its sentences with what they cite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from rag.composing import AnswerText, lead, place, recomposed, without_marks
from rag.retrieve.decompose import Parts
from rag.types import (
    Answer,
    Citation,
    Conflict,
    Delta,
    Event,
    Finished,
    Hit,
    Query,
    Quoted,
    RejectedSentence,
    Retrieved,
    Usage,
)

Supports = Callable[[str, Sequence[Citation]], bool]
"""Whether a sentence is supported by its citations: the check."""


@dataclass(frozen=True)
class Part:
    """One of a question's parts, with what was found for it."""

    query: Query
    hits: Sequence[Hit]


@dataclass
class _Whole:
    """The answer in the making."""

    text: AnswerText = field(default_factory=AnswerText)
    conflicts: list[Conflict] = field(default_factory=list)
    rejected: list[RejectedSentence] = field(default_factory=list)
    claims: set[str] = field(default_factory=set)
    """The sentences so far, case-folded: each is shown once."""
    kept: set[tuple[str, int, int]] = field(default_factory=set)
    """Article, start and end of the words that the parts' finished answers quote."""

    def add(self, claim: str, citations: Sequence[Citation]) -> Delta:
        """Append a sentence on a line of its own."""
        return self.text.add(claim, citations, separator="\n")


def stream(
    query: Query, parts: Sequence[Part], order: Parts, ask: Callable[[Part], Iterator[Event]], supports: Supports
) -> Iterator[Event]:
    """Answer the parts one after the other, as one answer; see ``Archive.stream`` for the events.

    Each part's quotes come as an event of their own, numbered as in the whole answer.

    A part that has no answer is named in ``Answer.unanswered``. Where the question asks which came first, and both
    parts are answered from dated articles, the last sentence says which was reported first; it cites both.

    Args:
        query: The whole question.
        parts: What it is made of, in order.
        order: The question's shape.
        ask: The events of one part.
        supports: The check.
    """
    hits = _interleave([p.hits for p in parts])
    yield Retrieved(query=query, hits=hits)
    whole = _Whole()
    answers: list[Answer] = []
    for part in parts:
        moved: dict[tuple[int, int], tuple[int, int]] = {}
        for event in ask(part):
            if isinstance(event, Quoted):
                yield Quoted(quotes=whole.text.quote(event.quotes))
            elif isinstance(event, Delta):
                if (delta := _add_part(event, whole, moved)) is not None:
                    yield delta
            elif isinstance(event, Finished):
                answers.append(event.answer)
                _add_rest(event.answer, whole, moved)
            elif not isinstance(event, Retrieved):
                yield event
        if answers[-1].reason == "cancelled":
            break
    if order.earlier is not None and (last := _which(order, answers, whole, supports)):
        yield last
    yield Finished(answer=_answer(query, hits, parts, answers, whole))


def _add_part(event: Delta, whole: _Whole, moved: dict[tuple[int, int], tuple[int, int]]) -> Delta | None:
    """A part's sentence as it stands in the whole; None where it stands there already.

    Args:
        event: The sentence as it stands in the part's answer.
        whole: Is updated.
        moved: Is updated: where the sentence stands in the part → in the whole.
    """
    claim = without_marks(event.text)
    claim = claim.removeprefix(lead(claim, event.citations))  # the whole's text puts it there again
    if event.citations and claim.endswith(quote := " ".join(event.citations[0].quote.split())):
        claim = claim.removeprefix(lead(quote, event.citations))
    if claim.casefold() in whole.claims:
        return None
    whole.claims.add(claim.casefold())
    delta = whole.add(claim, event.citations)
    moved.update((old.claim, new.claim) for old, new in zip(event.citations, delta.citations, strict=True))
    return delta


def _add_rest(answer: Answer, whole: _Whole, moved: dict[tuple[int, int], tuple[int, int]]) -> None:
    """What comes with a part's answer: its quotes, conflicts with the sentences that were taken, rejected sentences."""
    whole.kept |= {place(c) for c in whole.text.quote(sorted(answer.citations, key=attrgetter("number")))}
    for c in answer.conflicts:
        if c.claim in moved:
            whole.conflicts.append(c.model_copy(update={"claim": moved[c.claim]}))
    whole.rejected += answer.withheld


def _which(order: Parts, answers: Sequence[Answer], whole: _Whole, supports: Supports) -> Delta | None:
    """Which of two was reported first, by the dates of the articles cited; None where these don't say."""
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
    return whole.add(claim, [one, two]) if supports(claim, [one, two]) else None


def _interleave(lists: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """The parts' hits in turn, each passage once, with new ranks."""
    found: dict[str, Hit] = {}
    for rank in range(max((len(hits) for hits in lists), default=0)):
        for hits in lists:
            if rank < len(hits):
                found.setdefault(hits[rank].passage.id, hits[rank])
    return tuple(h.model_copy(update={"rank": n}) for n, h in enumerate(found.values(), 1))


def _answer(
    query: Query, hits: tuple[Hit, ...], parts: Sequence[Part], answers: Sequence[Answer], whole: _Whole
) -> Answer:
    text, conflicts, summarized = whole.text, whole.conflicts, any(a.summarized for a in answers)
    if any(place(c) not in whole.kept for c in text.cited):  # taken down, or stopped, after it was quoted
        text, moved = recomposed(text.text, text.cited, lambda c: place(c) in whole.kept)
        conflicts = [c.model_copy(update={"claim": moved[c.claim]}) for c in conflicts if c.claim in moved]
        summarized = summarized and bool(moved)
    answered = bool(text.cited)
    stopped = next((a for a in answers if a.reason == "cancelled"), None)
    refused = stopped or next((a for a in answers if a.reason == "taken_down"), answers[0])
    unanswered = [p.query.text for p, a in zip(parts, answers, strict=False) if not a.answered]
    unanswered += [p.query.text for p in parts[len(answers) :]]
    confidences = [a.confidence for a in answers if a.confidence is not None]
    return answers[0].model_copy(
        update={
            "question": query.text,
            "query": query,
            "text": text.text if answered else refused.text,
            "citations": text.cited,
            "hits": hits,
            "answered": answered,
            "reason": None if answered else refused.reason,
            "confidence": min(confidences) if answered and confidences else None,
            "withheld": tuple(whole.rejected),
            "conflicts": tuple(conflicts),
            "sides": (),
            "unheard": tuple(dict.fromkeys(name for a in answers for name in a.unheard)),
            "unanswered": tuple(unanswered) if answered else (),
            "usage": _sum([a.usage for a in answers]),
            "timings_ms": {
                stage: round(sum(a.timings_ms.get(stage, 0.0) for a in answers), 1)
                for stage in dict.fromkeys(s for a in answers for s in a.timings_ms)
            },
            "brief": None,
            "summarized": summarized,
        }
    )


def _sum(usages: Sequence[Usage]) -> Usage:
    return Usage(**{name: sum(getattr(u, name) for u in usages) for name in Usage.model_fields})
