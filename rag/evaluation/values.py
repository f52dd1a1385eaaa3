"""The values of an evaluation: a case, the row of what came of it, and the report over all rows.

All are frozen pydantic models, and all are written to disk as JSON
(``docs/evaluation.md`` shows the files).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from rag.types import Answer, Choice, Value
from rag.value import formerly

SCHEMA = 1
"""Version of the JSON schema of ``Row`` and ``Report``."""

Cause = Literal[
    "error",
    "should have refused",
    "not retrieved",
    "unsupported",
    "refused wrongly",
    "retrieved but not used",
    "wrong answer",
]
"""Why a case failed; ``docs/evaluation.md`` says how it is told."""


LESS_IS_BETTER = frozenset({"wrong", "refused_wrongly", "withheld_right"})
"""Measures that a better run has less of."""


class Turn(Value):
    """One question of a conversation and what was answered."""

    question: str
    answer: str = ""


class Gold(Value):
    """Words of an article that hold the answer."""

    article: str
    """Id, key, URL or alias."""
    quote: str


class Rubric(Value):
    """What an answer is judged by where no words are the accepted ones; ``rag.evaluation.rubric`` says how."""

    false_premise: bool = False
    """The question takes for granted what is not so: to refuse is right, and so is to say what is so."""
    must: tuple[str, ...] = ()
    """Patterns, all of which stand in a right answer or in its quotes."""
    must_not: tuple[str, ...] = ()
    """Patterns, none of which stands in a right answer."""
    correct: str | None = None
    """Of a false premise: a pattern that stands in an answer, or in its quotes, that puts it right."""
    gold: tuple[Gold, ...] = ()
    """Sentences that an answer should cite."""
    gold_mode: Literal["any", "all", "none"] = "any"
    """How many of them: one is enough, all are needed, none is asked for."""


class EvalCase(Value):
    """A question with what is known about its answer."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    """Accepted answers; any of them is right. With ``choices`` it is the right choice's text."""
    choices: tuple[str, ...] = ()
    """Of a multiple-choice question, else empty."""
    choice: int | None = None
    """Which of ``choices`` is right, from 0."""
    evidence: tuple[str, ...] = ()
    """Sentences of articles that hold the answer, word for word."""
    relevant: Mapping[str, int] = Field(default_factory=dict)
    """Article (id, key, URL, alias or file name) or passage id → grade, 1 or more."""
    answerable: bool = True
    """Whether the archive holds the answer."""
    as_of: date | None = None
    """Ask as on that day: articles published later are left out."""
    today: date | None = None
    """The day the question is asked on, which "last week" counts from; None: what the question says of when is ignored.

    Unlike ``as_of`` it leaves no article out.
    """
    history: tuple[Turn, ...] = ()
    """The conversation before the question, which the question is understood by."""
    within: tuple[str, ...] = ()
    """Only these articles (id, key, URL or alias) may be used; empty: all of the archive."""
    rubric: Rubric | None = None
    """Judges the answer by patterns, in place of ``answers``."""
    tags: tuple[str, ...] = ()
    origin: str = ""
    """Where it was read, as in ``questions.jsonl:12``."""


class Found(Value):
    """One place of a ranking; rank is its position."""

    passage: str
    article: str
    """The article's key."""
    title: str = ""
    score: float = 0.0
    duplicates: tuple[str, ...] = Field((), validation_alias=formerly("duplicates"))
    """Keys of articles with a near-identical passage, which stood aside for this one."""


class Claim(Value):
    """What the check says of one sentence of an answer, looked at again after it was written."""

    text: str
    supported: bool
    """Whether the cited words together support it."""
    needed: tuple[bool, ...]
    """For each of its citations: whether it supports the sentence alone, or the rest don't without it."""
    gold: tuple[bool, ...] = ()
    """For each of its citations: whether it quotes one of the case's evidence sentences."""


class Context(Value):
    """What stands around a citation's words in its article."""

    before: str
    after: str
    verbatim: bool
    """Whether the article has exactly the quoted words in that place."""


class Row(Value):
    """What came of one case. Written as soon as it is known."""

    schema_version: int = SCHEMA
    case: EvalCase
    answer: Answer | None = None
    """None in a retrieval-only run, for a multiple-choice case, and where there was an error."""
    choice: Choice | None = None
    """Of a multiple-choice case."""
    found: tuple[Found, ...] = ()
    """The ranking, deeper than what the answer was given, best first."""
    level: Literal["article", "passage"] = "article"
    """What ``relevant`` names."""
    relevant: Mapping[str, int] = Field(default_factory=dict)
    """The case's relevant documents as ``found`` names them: article keys, or passage ids if all are passages."""
    absent: tuple[str, ...] = ()
    """Relevant documents that the archive does not hold; they stay in ``relevant`` as they were given."""
    claims: tuple[Claim, ...] = ()
    """Of the answer's sentences, in order."""
    contexts: tuple[Context, ...] = ()
    """Of the answer's citations, in order."""
    gold_cited: tuple[bool, ...] = ()
    """For each of the case's evidence sentences: whether a citation quotes it."""
    gold_quoted: tuple[bool, ...] = ()
    """For each gold sentence of the case's rubric: whether a citation of the same article shares most of it."""
    error: str | None = None
    """Kind and message of what was raised."""
    timings_ms: Mapping[str, float] = Field(default_factory=dict, validation_alias=formerly("timings_ms"))
    """Wall-clock milliseconds per stage: the answer's own stages, and ``search`` for the ranking."""


class Score(Value):
    """One measure over all cases it applies to."""

    name: str
    value: float | None
    """None where no case counts."""
    low: float | None = None
    high: float | None = None
    """The 95 % interval, by bootstrap over cases."""
    cases: int = 0
    """Cases counted, those without a result among them, with 0."""
    left_out: int = 0
    """Cases it does not apply to."""


class LatencySummary(Value):
    """How a quantity is spread over the cases."""

    p50: float
    p95: float
    cases: int


class CalibrationBin(Value):
    """Answers of like confidence: how many of them were right."""

    low: float
    high: float
    confidence: float
    """Mean of the answers in it."""
    right: float
    """Share of them that were right."""
    cases: int


class Result(Value):
    """One case in the report: its measures, and why it failed."""

    id: str
    question: str
    tags: tuple[str, ...] = ()
    values: Mapping[str, tuple[float, float]] = Field(default_factory=dict)
    """Measure → (points, of how many); a measure's score is the sum of the first over the sum of the second.

    Of ``balanced_accuracy`` its two parts are here.
    """
    right: bool | None = None
    """Whether it came out as it should; None in a retrieval-only run."""
    cause: Cause | None = None
    """Why it did not."""


class Run(Value):
    """What was run: enough to tell whether two reports can be compared, and to run it again."""

    id: str
    """Hash of all below that decides the answers; a folder holds rows of one run."""
    cases: str
    """Where the cases came from."""
    cases_digest: str
    chosen: int
    """How many cases."""
    of: int
    """Of how many in the file."""
    seed: int | None = None
    """Of the sample, where one was drawn."""
    archive: str
    articles: int
    passages: int
    generation: int
    """Of the archive: counts its changes."""
    fingerprint: str
    model: str | None
    """None: retrieval only."""
    prompts: tuple[str, ...] = ()
    """Names and versions, as in "answer@1"."""
    settings: Mapping[str, str | int | float | bool] = Field(default_factory=dict)
    """Those that decide answers."""
    version: str
    code: str
    """Hash of the program's own files that decide answers."""
    commit: str | None = None
    """Of the repository it ran from, with "+" where files were changed; None outside one."""
    machine: str = ""
    """Processor and number of cores."""
    started: datetime


class Report(Value):
    """A run's figures."""

    schema_version: int = SCHEMA
    run: Run
    cases: int
    errors: int
    scores: tuple[Score, ...]
    by_tag: Mapping[str, tuple[Score, ...]] = Field(default_factory=dict)
    causes: Mapping[str, int] = Field(default_factory=dict)
    latency: Mapping[str, LatencySummary] = Field(default_factory=dict)
    """Milliseconds per stage."""
    tokens: Mapping[str, float] = Field(default_factory=dict)
    """``input``, ``cached``, ``output``: sums; ``per_second``: output tokens over the seconds spent writing."""
    reliability: tuple[CalibrationBin, ...] = ()
    depth: tuple[tuple[int, float], ...] = ()
    """(k, recall@k)."""
    notes: tuple[str, ...] = ()
    """What a reader has to know: cases left out, documents the archive doesn't hold."""
    results: tuple[Result, ...] = ()

    def score(self, name: str) -> float | None:
        """A measure's value, or None where it was not measured."""
        return next((s.value for s in self.scores if s.name == name), None)


class Difference(Value):
    """One measure in two runs over the same cases."""

    name: str
    a: float
    b: float
    difference: float
    """b - a."""
    low: float
    high: float
    """The 95 % interval of the difference, by paired bootstrap."""
    p: float
    """Two-sided, by a paired randomisation test."""
    cases: int

    @property
    def worse(self) -> bool:
        """Whether b is worse beyond chance: the whole interval lies below zero, and p below 0.05.

        Of a measure in ``LESS_IS_BETTER`` it lies above zero. The test matters with few cases, of which a bootstrap
        makes too little.
        """
        return (self.low > 0 if self.name in LESS_IS_BETTER else self.high < 0) and self.p < 0.05

    @property
    def better(self) -> bool:
        """Whether b is better beyond chance."""
        return (self.high < 0 if self.name in LESS_IS_BETTER else self.low > 0) and self.p < 0.05


class Flip(Value):
    """A case that came out right in one run and wrong in the other."""

    id: str
    question: str
    cause: Cause | None
    """Why it failed in the run where it failed."""


class Comparison(Value):
    """Two runs side by side; b is the newer."""

    a: Run
    b: Run
    differences: tuple[Difference, ...]
    gained: tuple[Flip, ...] = ()
    """Wrong in a, right in b."""
    lost: tuple[Flip, ...] = ()
    """Right in a, wrong in b."""
    only_a: int = 0
    only_b: int = 0
    """Cases that one run has and the other hasn't; they are left out."""
    notes: tuple[str, ...] = ()
