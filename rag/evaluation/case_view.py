"""One case as the page of a report shows it: verdict, answer, sources, ranking. Nothing here knows HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rag.evaluation import citation_view, labels
from rag.evaluation.citation_view import Kind, Piece, Source
from rag.evaluation.values import Found, Result, Row
from rag.types import Answer, Choice, Hit

_CUT = 300
"""Characters of a passage that are shown."""
_PLACES, _FURTHER = 5, 20
"""Places of a ranking that are shown at once, and folded."""


@dataclass(frozen=True)
class Place:
    """One place of the ranking."""

    rank: int
    title: str
    grade: int
    through: str = ""
    """The relevant document, where it is a twin that stood aside for this one."""
    text: str = ""
    facts: tuple[str, ...] = ()
    """Outlet and date, where they are known."""
    language: str | None = None


@dataclass(frozen=True)
class Option:
    """One answer of a multiple-choice question."""

    text: str
    probability: float | None
    right: bool
    chosen: bool


@dataclass(frozen=True)
class CaseView:
    """A case as the page shows it."""

    result: Result
    row: Row | None
    verdict: str
    kind: Kind
    about: str
    mean: float
    number: int = 0
    open: bool = False

    @property
    def answer(self) -> Answer | None:
        """The answer or refusal, if there is one."""
        return self.row.answer if self.row else None

    @property
    def given(self) -> Answer | Choice | None:
        """What the archive gave back, in words or as a choice."""
        return (self.row.answer or self.row.choice) if self.row else None

    @property
    def gist(self) -> str:
        """What was given back, for a line under the question."""
        if self.row is None:
            return ""
        if self.row.error is not None:
            return self.row.error
        if self.given is None:
            return self._search
        chosen = next((o.text for o in self.options if o.chosen), "")
        return chosen or (self.row.answer.text if self.row.answer else "")

    @property
    def _search(self) -> str:
        """What a search came to."""
        if self.row is None or not any(grade > 0 for grade in self.row.relevant.values()):
            return ""
        first = next((p.rank for p in self._ranking if p.grade > 0), None)
        if first is None:
            return f"Nothing relevant among the first {len(self._ranking)}"
        return f"The first relevant {'passage' if self.row.level == 'passage' else 'article'} is at place {first}"

    @property
    def pieces(self) -> list[Piece]:
        """The answer, cut at its citations' numbers."""
        return list(citation_view.pieces(self.row)) if self.row and self.row.answer else []

    @property
    def sources(self) -> list[Source]:
        """What it cites, by number."""
        return list(citation_view.sources(self.row)) if self.row and self.row.answer else []

    @property
    def evidence(self) -> list[tuple[str, bool | None]]:
        """The sentences that hold the answer, and whether each is quoted."""
        if self.row is None:
            return []
        quoted: list[bool | None] = [*self.row.gold_cited]
        quoted += [None] * (len(self.row.case.evidence) - len(quoted))
        return list(zip(self.row.case.evidence, quoted, strict=False))

    @property
    def options(self) -> list[Option]:
        """The answers to choose from."""
        return _options(self.row) if self.row else []

    @property
    def places(self) -> list[Place]:
        """The ranking: its first places, and further down the relevant ones."""
        return [p for p in self._ranking if p.rank <= _PLACES or p.grade]

    @property
    def further(self) -> list[Place]:
        """The places after those, so far as anybody reads on."""
        return [p for p in self._ranking if _PLACES < p.rank <= _FURTHER and not p.grade]

    @property
    def hidden(self) -> int:
        """Places of the ranking that are not shown at all."""
        return len(self._ranking) - len(self.places) - len(self.further)

    @cached_property
    def _ranking(self) -> list[Place]:
        return _places(self.row) if self.row else []

    @property
    def missing(self) -> list[str]:
        """Relevant documents that are in the archive and not in the ranking."""
        return _missing(self.row) if self.row else []

    @property
    def figures(self) -> list[tuple[str, str]]:
        """The case's own measures."""
        return [
            (labels.measure(name)[0], f"{points / of:.2f}" if of else "–")
            for name, (points, of) in self.result.values.items()
        ]

    @property
    def timings(self) -> list[tuple[str, str]]:
        """How long each stage took."""
        return [
            (labels.stage_name(s), labels.duration(ms)) for s, ms in (self.row.timings_ms if self.row else {}).items()
        ]


def _options(row: Row) -> list[Option]:
    choice = row.choice
    texts = choice.choices if choice else row.case.choices
    probabilities: Sequence[float] = choice.probabilities if choice else ()
    return [
        Option(
            text=text,
            probability=min(1.0, max(0.0, probabilities[i])) if i < len(probabilities) else None,
            right=i == row.case.choice,
            chosen=choice is not None and i == choice.choice,
        )
        for i, text in enumerate(texts)
    ]


def _hits(row: Row) -> Sequence[Hit]:
    given = row.answer or row.choice
    return given.hits if given else ()


def _places(row: Row) -> list[Place]:
    hits = {h.passage.id: h for h in _hits(row)}
    if row.found:
        return [_place(row, rank, found, hits.get(found.passage)) for rank, found in enumerate(row.found, 1)]
    return [
        _place(row, h.rank, Found(passage=h.passage.id, article=h.passage.article_id, title=h.passage.title), h)
        for h in hits.values()
    ]


def _place(row: Row, rank: int, found: Found, hit: Hit | None) -> Place:
    document = found.passage if row.level == "passage" else found.article
    through = ""
    grade = row.relevant.get(document, 0)
    if not grade and row.level == "article":
        through = next((t for t in found.duplicates if row.relevant.get(t)), "")
        grade = row.relevant.get(through, 0)
    if hit is None:
        return Place(rank, found.title or document, grade, through)
    p = hit.passage
    text = " ".join(p.text.split())
    return Place(
        rank=rank,
        title=found.title or document,
        grade=grade,
        through=through,
        text=text if len(text) <= _CUT else citation_view.to_word(text[:_CUT]) + "…",
        facts=tuple(x for x in (p.source, labels.day(p.published)) if x),
        language=citation_view.language(p.language),
    )


def _missing(row: Row) -> list[str]:
    seen = {d for f in row.found for d in (f.article, f.passage, *f.duplicates)}
    return [d for d, grade in row.relevant.items() if grade > 0 and d not in seen and d not in row.absent]
