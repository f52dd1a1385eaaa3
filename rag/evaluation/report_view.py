"""A report put in the order and the words in which a page shows it. Nothing here knows HTML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from rag.evaluation import labels, measures
from rag.evaluation.case_view import CaseView
from rag.evaluation.citation_view import Kind
from rag.evaluation.values import LESS_IS_BETTER, Report, Result, Row, Score
from rag.text.counting import count

_OPEN = 3
"""Failures that are unfolded from the start."""

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
_HEADLINES = (
    "right", "choice_accuracy", "wrong", "refused_rightly", "refused_wrongly", "contains", "citation_recall", "recall",
)  # fmt: skip
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
class Group:
    """Cases with the same outcome."""

    label: str
    about: str
    kind: Kind
    views: list[CaseView] = field(default_factory=list)


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    count: int
    of: int
    low: float
    high: float
    """The 95 % interval of the share; of no width where all are alike."""

    @property
    def counted(self) -> str:
        """ "37 of 100"."""
        return f"{self.count} of {self.of}"

    @property
    def share(self) -> str:
        """ "0.37"."""
        return f"{self.count / self.of:.2f}"

    @property
    def interval(self) -> str:
        """ "0.28–0.47"."""
        return f"{self.low:.2f}–{self.high:.2f}"


@dataclass(frozen=True)
class Outcomes:
    """How the cases of one type came out, of those with a rubric."""

    label: str
    """The type, which is a tag; or all."""
    shares: tuple[Share | None, ...]
    """One for each of ``measures.RUBRIC``; None where no case counts."""


def outcomes(report: Report) -> list[Outcomes]:
    """How cases came out: over all, then by type; empty where no case has a rubric, for whose sets types are made."""
    if all(report.score(name) is None for name in set(measures.RUBRIC) - set(measures.OUTCOMES)):
        return []
    found = [_outcomes(label, scores) for label, scores in (("all", report.scores), *report.by_tag.items())]
    return [row for row in found if any(row.shares)]


def _outcomes(label: str, scores: Sequence[Score]) -> Outcomes:
    named = {score.name: score for score in scores}
    return Outcomes(label, tuple(_share(named.get(name)) for name in measures.RUBRIC))


def _share(score: Score | None) -> Share | None:
    if score is None or score.value is None or score.low is None or score.high is None:
        return None
    return Share(round(score.value * score.cases), score.cases, score.low, score.high)


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


def headline(report: Report) -> str:
    """How the cases came out, in a line: what was answered is looked at, by the gold. Empty where nothing tells."""
    named = {score.name: score for score in report.scores if score.value is not None}
    right, wrong, rightly, wrongly = (_number(named.get(name)) for name in measures.OUTCOMES)
    if "right" not in named or not right.of:
        return ""
    parts = [f"{right.count - rightly.count} answered rightly", f"{wrong.count} answered wrongly"]
    parts += [f"{rightly.count} refused rightly"] if rightly.of else []
    parts += [f"{wrongly.count} refused wrongly"] if wrongly.of else []
    parts += [count(report.errors, "error")] if report.errors else []
    return f"Of {count(right.of, 'case')}: {', '.join(parts)}."


def _number(score: Score | None) -> Share:
    if score is None or score.value is None:
        return Share(0, 0, 0.0, 0.0)
    return Share(round(score.value * score.cases), score.cases, 0.0, 0.0)


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
    said = f"{count(round(known.get('input', 0)), 'token')} read"
    said += f", {cached:,.0f} of them from the cache" if (cached := known.get("cached")) else ""
    said += f"; {known.get('output', 0):,.0f} written"
    return said + (f", {rate:.1f} a second." if (rate := known.get("per_second")) else ".")


def summary_line(ordered: Sequence[CaseView], *, retrieval: bool) -> str:
    """The run in a sentence or two."""
    cases = len(ordered)
    if not cases:
        return "There were no cases."
    errors = sum(v.result.cause == "error" for v in ordered)
    if retrieval:
        said = f"{count(cases, 'question')} searched for and none answered: a run of retrieval only."
        return said + (f" {count(errors, 'case')} ended in an error." if errors else "")
    right, wrong = (sum(v.kind == kind for v in ordered) for kind in ("good", "bad"))
    judged = right + wrong
    if not judged:
        return f"{count(cases, 'case')}, and nothing tells which of them came out right."
    said = f"{right:,} of {count(judged, 'case')} came out as {'it' if judged == 1 else 'they'} should"
    said += f"; {wrong:,} did not." if wrong else "."
    return said + (f" {count(cases - judged, 'case')} can’t be judged." if cases > judged else "")


def samples(rows: Sequence[Row]) -> dict[str, list[float]]:
    """Milliseconds of every case, by stage."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for stage, millis in row.timings_ms.items():
            found[stage].append(millis)
    return dict(found)


def views(report: Report, rows: Sequence[Row]) -> list[CaseView]:
    """The cases, worst first, numbered from 1."""
    ordered = sorted(_joined(report.results, rows), key=lambda v: (_severity(v.result), v.mean))
    return [replace(v, number=n, open=v.kind == "bad" and n <= _OPEN) for n, v in enumerate(ordered, 1)]


def groups(ordered: Sequence[CaseView]) -> list[Group]:
    """Cases in a row with the same verdict."""
    found: list[Group] = []
    for view in ordered:
        if not found or found[-1].label != view.verdict:
            found.append(Group(view.verdict, view.about, view.kind))
        found[-1].views.append(view)
    return found


def _joined(results: Sequence[Result], rows: Sequence[Row]) -> Iterator[CaseView]:
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


def _view(result: Result, row: Row | None) -> CaseView:
    shares = [
        1 - points / of if name in LESS_IS_BETTER else points / of for name, (points, of) in result.values.items() if of
    ]
    mean = sum(shares) / len(shares) if shares else 1.0
    return CaseView(result, row, *_verdict(result, row), mean=mean)


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
    if row is not None and not row.case.answerable and not (row.answer and row.answer.answered):
        return "Rightly refused", "good", "The archive doesn’t hold the answer, and that is what was said."
    return "Right", "good", "It came out as it should."


def _severity(result: Result) -> int:
    if result.cause is not None:
        return _WORST.index(result.cause)
    return len(_WORST) + {False: 0, None: 1, True: 2}[result.right]
