"""The sets: which archive, which questions, which measures, and what others have published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.evaluation.cases import load_cases, sample
from rag.evaluation.measures import RUBRIC
from rag.evaluation.values import EvalCase
from rag.index.embed import DEFAULT, MULTILINGUAL

LOCAL = 100
"""Cases the local model is asked, of each set."""


@dataclass(frozen=True)
class Published:
    """A figure somebody else has published."""

    who: str
    measure: str
    value: float


@dataclass(frozen=True)
class Set:
    """Questions over an archive."""

    name: str
    archive: str
    """Name of the archive; one can serve several sets."""
    corpus: str
    """What is ingested, below the data folder."""
    cases: Callable[[Path], Sequence[EvalCase]]
    measures: tuple[str, ...]
    """What is shown."""
    retrieval: bool = False
    published: tuple[Published, ...] = ()
    note: str = ""
    local: int = LOCAL
    """Cases the local model is asked."""
    whole: bool = False
    """The local model is asked every case."""
    embeddings: str = DEFAULT
    """The setting that the archive is built with."""

    def some(self, data: Path) -> Sequence[EvalCase]:
        """The cases that the local model is asked: always the same."""
        cases = self.cases(data)
        if self.whole:
            return cases
        refusable = [c for c in cases if not c.answerable and not c.choices]
        if not refusable:
            return sample(cases, self.local)
        # As many that can be answered as can't.
        return (*sample([c for c in cases if c.answerable], self.local // 2), *sample(refusable, self.local // 2))


def _relevant(path: str, **options: str) -> Callable[[Path], Sequence[EvalCase]]:
    return lambda data: [c for c in load_cases(data / path, **options) if c.relevant]  # type: ignore[arg-type]


def _all(*paths: str, **options: str) -> Callable[[Path], Sequence[EvalCase]]:
    return lambda data: [c for p in paths for c in load_cases(data / p, **options)]  # type: ignore[arg-type]


def _xquad(language: str, minilm: float, bm25: float, others: tuple[Published, ...]) -> Set:
    return Set(
        f"xquad-{language}",
        f"xquad-{language}",
        f"xquad/beir/{language}/corpus.jsonl",
        _all(f"xquad/beir/{language}"),
        ("ndcg@10", "recall@10", "hit@1"),
        retrieval=True,
        published=(
            Published("all-MiniLM-L6-v2", "ndcg@10", minilm),
            Published("BM25", "ndcg@10", bm25),
            *others,
        ),
    )


def _multilingual(asked: str, articles: str) -> Set:
    """Questions in one language over paragraphs in another, or the same: XQuAD's are translations of each other."""
    same = asked == articles
    return Set(
        f"xquad-{asked}-multilingual" if same else f"xquad-{asked}-to-{articles}",
        f"xquad-{articles}-multilingual",
        f"xquad/beir/{articles}/corpus.jsonl",
        _all(f"xquad/beir/{asked}"),
        ("ndcg@10", "recall@10", "hit@1", "hit@10"),
        retrieval=True,
        note="" if same else f"questions in {asked}, articles in {articles}",
        embeddings=MULTILINGUAL,
    )


def _others(bge: float, e5: float) -> tuple[Published, ...]:
    return Published("bge-small-en", "ndcg@10", bge), Published("multilingual-e5-large", "ndcg@10", e5)


def _unseen(task: Set, data: Path) -> list[EvalCase]:
    """The cases that the local model is not asked, where refusing was tuned on those that it is."""
    seen = {c.id for c in task.some(data)}
    return [c for c in task.cases(data) if c.id not in seen]


_ARTICLES = "realtimeqa-2023/articles.jsonl.gz"
_QUIZ = "realtimeqa-2023/questions.jsonl"
_GPT3 = (
    Published("GPT-3 with web search", "choice_accuracy", 0.579),
    Published("GPT-3 alone", "choice_accuracy", 0.436),
)
_GENERATED = ("exact_match", "f1", "contains", "answered", "citation_recall", "quote_verbatim")

_CLAPNQ = Set(
    "clapnq",
    "clapnq",
    "clapnq/dev_pool_beir/corpus.jsonl",
    _all("clapnq/clapnq_dev_answerable.jsonl", "clapnq/clapnq_dev_unanswerable.jsonl"),
    ("balanced_accuracy", "answered", "refusal_recall", "refusal_precision", "gold_hit", "gold_precision"),
    note="each question over all 597 passages",
    local=200,
)

SETS: tuple[Set, ...] = (
    Set(
        "scifact",
        "scifact",
        "scifact/corpus.jsonl",
        _all("scifact"),
        ("ndcg@10", "recall@10", "hit@1"),
        retrieval=True,
        published=(
            Published("all-MiniLM-L6-v2", "ndcg@10", 0.645),
            Published("BM25", "ndcg@10", 0.687),
            Published("bge-small-en", "ndcg@10", 0.713),
            Published("Qwen3-Embedding-8B", "ndcg@10", 0.785),
        ),
    ),
    _xquad("en", 0.944, 0.965, _others(0.953, 0.984)),
    _xquad("tr", 0.400, 0.895, _others(0.660, 0.969)),
    _xquad("zh", 0.242, 0.121, _others(0.446, 0.964)),
    *(_multilingual(language, language) for language in ("en", "tr", "zh")),
    *(_multilingual(*pair) for pair in (("en", "tr"), ("tr", "en"), ("zh", "en"))),
    Set(
        "realtimeqa",
        "realtimeqa-2023",
        _ARTICLES,
        _relevant(_QUIZ),
        ("recall@10", "hit@10", "ndcg@10"),
        retrieval=True,
        note="articles with the right choice word for word (silver)",
    ),
    Set(
        "realtimeqa-choice",
        "realtimeqa-2023",
        _ARTICLES,
        _all(_QUIZ),
        ("choice_accuracy",),
        published=_GPT3,
        note="four choices, over all articles",
        local=200,
    ),
    Set(
        "realtimeqa-choice-closed",
        "realtimeqa-2023",
        _ARTICLES,
        _all(_QUIZ, format="realtimeqa-closed"),
        ("choice_accuracy",),
        published=_GPT3,
        note="over the articles that a web search gave for the question (at most 10)",
    ),
    Set(
        "realtimeqa-generation",
        "realtimeqa-2023",
        _ARTICLES,
        _all(_QUIZ, format="realtimeqa-generation"),
        _GENERATED,
        note="over all articles, against the right choice's words",
    ),
    Set(
        "realtimeqa-generation-closed",
        "realtimeqa-2023",
        _ARTICLES,
        _all(_QUIZ, format="realtimeqa-generation-closed"),
        _GENERATED,
        note="over the articles of the web search",
    ),
    Set(
        "xquad-en-answers",
        "xquad-en",
        "xquad/beir/en/corpus.jsonl",
        _all("xquad/xquad.en.json"),
        (*_GENERATED, "gold_hit", "gold_precision"),
        note="each question over all 240 paragraphs",
    ),
    _CLAPNQ,
    replace(
        _CLAPNQ,
        name="clapnq-unseen",
        cases=lambda data: _unseen(_CLAPNQ, data),
        note="the 400 questions that the local model's part of the confidence was not fitted on",
        local=400,
    ),
    Set(
        "realtimeqa-nota",
        "realtimeqa-2023",
        _ARTICLES,
        _all("realtimeqa-2023/questions_nota.jsonl"),
        ("choice_accuracy", "nota_recall", "nota_false"),
        note="one of the choices is none of the above",
    ),
    Set(
        "newsroom",
        "wikinews",
        "wikinews/articles.jsonl",
        _all("newsroom-questions/dev.jsonl"),
        RUBRIC,
        note="as a newsroom asks; judged by patterns",
        whole=True,
    ),
    Set(
        "newsroom-own",
        "wikinews",
        "wikinews/articles.jsonl",
        lambda _: load_cases(Path(__file__).with_name("newsroom_own.jsonl")),
        RUBRIC,
        note="others, of other articles: nothing is tuned on them",
        whole=True,
    ),
    Set(
        "newsroom-across",
        "wikinews",
        "wikinews/articles.jsonl",
        lambda _: load_cases(Path(__file__).with_name("newsroom_across.jsonl")),
        RUBRIC,
        note="in five other languages; xu… are looked at only when something is done",
        whole=True,
    ),
)
