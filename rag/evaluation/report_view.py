"""Rows and a report, put in the order and the words in which a page shows them. Nothing here knows HTML."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

from rag.evaluation import labels
from rag.evaluation.values import Claim, Context, Found, Report, Result, Row, Score
from rag.types import Answer, Choice, Citation, Hit

Kind = Literal["good", "bad", "open"]

_CUT = 300
"""Characters of a passage that are shown."""
_AROUND = 240
"""Characters shown on either side of cited words."""
_PLACES, _FURTHER = 5, 20
"""Places of a ranking that are shown at once, and folded."""
_OPEN = 3
"""Failures that are unfolded from the start."""
_WORD = 24
"""A run of letters longer than that is no word, as in languages without spaces."""
_ENDS = tuple('.!?…。！？؟”’")')
_GAP = re.compile(r"[^\S\n]*\n\s*")
_MARK = re.compile(r"\[(\d{1,6})\]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")

# Which failures come first: what misleads a reader before what leaves one without an answer.
_WORST = (
    "error",
    "should have refused",
    "wrong answer",
    "retrieved but not used",
    "unsupported",
    "refused wrongly",
    "not retrieved",
)
_HEADLINES = ("choice_accuracy", "contains", "answered", "refusal_recall", "citation_recall", "recall")
_OF_RETRIEVAL = ("recall", "ndcg", "mrr", "hit", "map")


@dataclass(frozen=True)
class Figure:
    """A measure as it is shown."""

    score: Score
    label: str
    about: str

    @property
    def known(self) -> bool:
        """Whether the interval says how sure the value is: one of no width does not."""
        low, high = self.score.low, self.score.high
        return low is not None and high is not None and low < high


@dataclass(frozen=True)
class Piece:
    """A part of an answer: words, or the number of a citation after them."""

    text: str
    number: int | None = None
    doubted: bool = False
    """Whether the check, asked again, doesn't find the sentence supported."""


@dataclass(frozen=True)
class Source:
    """The words an answer cites under one number."""

    number: int
    citation: Citation
    day: str
    url: str | None
    language: str | None
    before: str
    after: str
    remarks: tuple[tuple[str, Kind], ...]


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
class View:
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
        return list(_pieces(self.row)) if self.row and self.row.answer else []

    @property
    def sources(self) -> list[Source]:
        """What it cites, by number."""
        return list(_sources(self.row)) if self.row and self.row.answer else []

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
        return [(labels.stage_name(s), labels.duration(ms)) for s, ms in (self.row.millis if self.row else {}).items()]


@dataclass(frozen=True)
class Group:
    """Cases with the same outcome."""

    label: str
    about: str
    kind: Kind
    views: list[View] = field(default_factory=list)


def figures(scores: Sequence[Score]) -> list[Figure]:
    """Measures with their names in words."""
    return [Figure(score, *labels.measure(score.name)) for score in scores]


def headlines(report: Report, most: int = 5) -> list[Figure]:
    """The few measures that matter for this kind of run."""
    known = [s for s in report.scores if s.value is not None]
    kinds = _OF_RETRIEVAL if report.run.model is None else _HEADLINES
    chosen: list[Score] = []
    for kind in kinds:
        of_kind = [s for s in known if s.name.partition("@")[0] == kind and s.cases * 10 >= report.cases]
        chosen += sorted(of_kind, key=lambda s: -_depth(s.name))[:1]
    chosen += [s for s in known if s not in chosen][: max(0, 3 - len(chosen))]
    return figures(chosen[:most])


def _depth(name: str) -> int:
    """k of a measure, those past 10 last: nobody reads on for ever."""
    k = int(name.partition("@")[2] or 0)
    return k if k <= 10 else -k


def tagged(report: Report) -> list[tuple[Figure, dict[str, Score], Score]]:
    """The headline measures to be told apart by tag: the measure, its scores by tag, and over all cases."""
    found = []
    for figure in headlines(report):
        of_tags = {t: s for t, scores in report.by_tag.items() for s in scores if s.name == figure.score.name}
        of_tags = {t: s for t, s in of_tags.items() if s.value is not None}
        if len(of_tags) > 1:
            found.append((figure, of_tags, figure.score))
    # With answers the last, of the search, tells where the first falls short for want of evidence.
    return found[:1] if report.run.model is None or len(found) < 2 else [found[0], found[-1]]


def tokens(report: Report) -> str:
    """Tokens read and written, in a sentence; empty where none were counted."""
    known = report.tokens
    if not known:
        return ""
    said = f"{labels.count(round(known.get('input', 0)), 'token')} read"
    said += f", {cached:,.0f} of them from the cache" if (cached := known.get("cached")) else ""
    said += f"; {known.get('output', 0):,.0f} written"
    return said + (f", {rate:.1f} a second." if (rate := known.get("per_second")) else ".")


def summary_line(ordered: Sequence[View], *, retrieval: bool) -> str:
    """The run in a sentence or two."""
    cases = len(ordered)
    if not cases:
        return "There were no cases."
    errors = sum(v.result.cause == "error" for v in ordered)
    if retrieval:
        said = f"{labels.count(cases, 'question')} searched for and none answered: a run of retrieval only."
        return said + (f" {labels.count(errors, 'case')} ended in an error." if errors else "")
    right, wrong = (sum(v.kind == kind for v in ordered) for kind in ("good", "bad"))
    judged = right + wrong
    if not judged:
        return f"{labels.count(cases, 'case')}, and nothing tells which of them came out right."
    said = f"{right:,} of {labels.count(judged, 'case')} came out as {'it' if judged == 1 else 'they'} should"
    said += f"; {wrong:,} did not." if wrong else "."
    return said + (f" {labels.count(cases - judged, 'case')} can’t be judged." if cases > judged else "")


def samples(rows: Sequence[Row]) -> dict[str, list[float]]:
    """Milliseconds of every case, by stage."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for stage, millis in row.millis.items():
            found[stage].append(millis)
    return dict(found)


def views(report: Report, rows: Sequence[Row]) -> list[View]:
    """The cases, worst first, numbered from 1."""
    ordered = sorted(_joined(report.results, rows), key=lambda v: (_severity(v.result), v.mean))
    return [replace(v, number=n, open=v.kind == "bad" and n <= _OPEN) for n, v in enumerate(ordered, 1)]


def groups(ordered: Sequence[View]) -> list[Group]:
    """Cases in a row with the same verdict."""
    found: list[Group] = []
    for view in ordered:
        if not found or found[-1].label != view.verdict:
            found.append(Group(view.verdict, view.about, view.kind))
        found[-1].views.append(view)
    return found


def link(url: str | None) -> str | None:
    """A URL that may be followed: only http and https, and nothing odd in it."""
    if not url or labels.readable(url) != url or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def language(name: str | None) -> str | None:
    """What may stand in a ``lang`` attribute."""
    return name if name and _LANGUAGE.fullmatch(name) else None


# -- verdicts -------------------------------------------------------------------------


def _joined(results: Sequence[Result], rows: Sequence[Row]) -> Iterator[View]:
    waiting: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        waiting[row.case.id].append(row)
    for result in results:
        mine = waiting.get(result.id)
        yield _view(result, mine.pop(0) if mine else None)
    for row in (r for left in waiting.values() for r in left):
        cause = "error" if row.error is not None else None
        right = False if cause else None
        case = row.case
        yield _view(Result(id=case.id, question=case.question, tags=case.tags, right=right, cause=cause), row)


def _view(result: Result, row: Row | None) -> View:
    shares = [points / of for points, of in result.values.values() if of]
    mean = sum(shares) / len(shares) if shares else 1.0
    return View(result, row, *_verdict(result, row), mean=mean)


def _verdict(result: Result, row: Row | None) -> tuple[str, Kind, str]:
    if result.cause is not None:
        label, about = labels.cause(result.cause)
        return label, "bad", about
    if result.right is None and row is not None and row.answer is None and row.choice is None:
        return "Only searched for", "open", "Those with the lowest measures first."
    if result.right is None:
        return "Not judged", "open", "Nothing tells whether it came out right: its measures say what they can."
    if not result.right:
        return "Wrong", "bad", "It did not come out as it should."
    if row is not None and not row.case.answerable:
        return "Rightly refused", "good", "The archive doesn’t hold the answer, and that is what was said."
    return "Right", "good", "It came out as it should."


def _severity(result: Result) -> int:
    if result.cause is not None:
        return _WORST.index(result.cause)
    return len(_WORST) + {False: 0, None: 1, True: 2}[result.right]


# -- an answer and its sources ----------------------------------------------------------


def _pieces(row: Row) -> Iterator[Piece]:
    """Only marks outside the cited sentences are numbers of citations: an article may well have [1] in it."""
    answer = row.answer
    assert answer is not None
    numbers = {c.number for c in answer.citations}
    end = 0
    for span, claim in _claims(answer, row.claims):
        if not end <= span[0] <= span[1] <= len(answer.text):
            continue
        yield from _marks(answer.text[end : span[0]], numbers)
        yield Piece(answer.text[slice(*span)], doubted=claim is not None and not claim.supported)
        end = span[1]
    yield from _marks(answer.text[end:], numbers)


def _marks(text: str, numbers: set[int]) -> Iterator[Piece]:
    end = 0
    for m in _MARK.finditer(text):
        if (number := int(m[1])) in numbers:
            if m.start() > end:
                yield Piece(text[end : m.start()])
            yield Piece(m[0], number=number)
            end = m.end()
    if end < len(text):
        yield Piece(text[end:])


def _claims(answer: Answer, claims: Sequence[Claim]) -> list[tuple[tuple[int, int], Claim | None]]:
    spans = sorted({c.claim for c in answer.citations})
    return [(span, claims[i] if i < len(claims) else None) for i, span in enumerate(spans)]


def _sources(row: Row) -> Iterator[Source]:
    answer = row.answer
    assert answer is not None
    languages = {h.passage.article_id: h.passage.language for h in answer.hits}
    of_number: dict[int, list[tuple[Citation, Context | None]]] = defaultdict(list)
    for i, c in enumerate(answer.citations):
        of_number[c.number].append((c, row.contexts[i] if i < len(row.contexts) else None))
    remarks = _remarks(answer, row.claims)
    for number, cited in sorted(of_number.items()):
        citation, context = cited[0]
        moved = context is not None and not context.verbatim
        yield Source(
            number=number,
            citation=citation,
            day=labels.day(citation.published),
            url=link(citation.url),
            language=language(languages.get(citation.article_id)),
            before=_before(citation, context.before) if context else "",
            after=_after(context.after) if context else "",
            remarks=(
                *((("the article doesn’t have these words in this place", "bad"),) if moved else ()),
                *dict.fromkeys(remark for c, _ in cited for remark in remarks[id(c)]),
            ),
        )


def _before(citation: Citation, text: str) -> str:
    """What stands before cited words, from a word's beginning."""
    cut = citation.start > len(text) or len(text) > _AROUND
    text = _GAP.sub("\n", text[-_AROUND:]).lstrip()
    return "…" + (text.partition(" ")[2] if " " in text[:_WORD] else text) if cut and text else text


def _after(text: str) -> str:
    """What stands after them, to a word's end."""
    cut = len(text) > _AROUND or not text.rstrip().endswith(_ENDS)
    text = _GAP.sub("\n", text[:_AROUND]).rstrip()
    if not cut or not text:
        return text
    text = _to_word(text)
    return text + (" …" if text.endswith(_ENDS) else "…")


def _to_word(text: str) -> str:
    """Without a word that was cut, where words have spaces between them."""
    return text.rpartition(" ")[0] if " " in text[-_WORD:] else text


def _remarks(answer: Answer, claims: Sequence[Claim]) -> Mapping[int, list[tuple[str, Kind]]]:
    """What the check says of each citation, by the citation's identity."""
    said: dict[int, list[tuple[str, Kind]]] = defaultdict(list)
    for span, claim in _claims(answer, claims):
        for i, c in enumerate(c for c in answer.citations if c.claim == span):
            if claim is None or claim.supported:
                said[id(c)].append(
                    ("check: word for word", "good") if c.support == "verbatim" else ("check: supported", "good")
                )
            else:
                said[id(c)].append(("check, asked again: not supported", "bad"))
            if claim is not None and claim.supported and i < len(claim.needed) and not claim.needed[i]:
                said[id(c)].append(("not needed", "open"))
            if claim is not None and i < len(claim.gold) and claim.gold[i]:
                said[id(c)].append(("expected evidence", "good"))
    return said


# -- choices and the ranking ------------------------------------------------------------


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
        through = next((t for t in found.twins if row.relevant.get(t)), "")
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
        text=text if len(text) <= _CUT else _to_word(text[:_CUT]) + "…",
        facts=tuple(x for x in (p.source, labels.day(p.published)) if x),
        language=language(p.language),
    )


def _missing(row: Row) -> list[str]:
    seen = {d for f in row.found for d in (f.article, f.passage, *f.twins)}
    return [d for d, grade in row.relevant.items() if grade > 0 and d not in seen and d not in row.absent]
