"""Trains ``rag/answer/check/confidence.json``: which sentence answers, and whether the archive does.

    python -m benchmarks.fit.confidence ../shared/data                  # prints the figures; minutes
    python -m benchmarks.fit.confidence ../shared/data --write          # and writes the file
    python -m benchmarks.fit.confidence ../shared/data --only across    # questions in another language alone

Data: the questions on news that ``benchmarks/fit/news_questions.jsonl`` keeps for this, of which the reader has learnt
nothing, over the articles they were written for and 140 others; 240 of CLAPNQ's 600 development questions over its pool
of 597 passages, half of which no passage answers; 40 questions of XQuAD in each of English, Turkish and Chinese over
its 240 paragraphs, each asked a second time with the passages left out that answer. ``sentence`` ranks the sentences of
a question that can be answered: those that hold gold words against the others. ``answers`` decides whether to refuse,
by what speaks for the first sentence: whether a gold sentence is among the first three. Each is fitted with the cosines
of the built-in embedding model, on English, and without them, on everything that is asked in the articles' language.
``…_across`` are fitted on the questions on news in another language and on 60 of XQuAD's in each of Turkish and
Chinese over its paragraphs in English, asked by a bridge (``benchmarks/fit/bridge.py``), with and without the passages
that answer; there a sentence's cosine is the multilingual model's, of the question and the sentence with its headline.
Figures are cross-validated, with folds by question.
The file is written only with ``--write``.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from benchmarks.fit import news
from benchmarks.quality.runs import archive_of, say
from benchmarks.quality.sets import SETS, Set
from rag.answer import quoting, reader
from rag.answer.check import confidence
from rag.answer.evidence import states
from rag.archive import Archive
from rag.evaluation.cases import load_cases, sample
from rag.settings import Settings
from rag.text.detect import detect_question
from rag.text.normalize import contains

FILE = Path(confidence.__file__).with_name("confidence.json")
NAMES = tuple(confidence.Signs.__dataclass_fields__)
COSINES = ("likeness", "ahead", "above")
PLAIN = tuple(name for name in NAMES if name not in COSINES)
XQUAD = 40
ABROAD = 60
"""Questions in each other language over articles in English."""
CLAPNQ = 240
NEWS = 1.5
"""How often the questions on news count."""
_FOLDS = 5
_CAUTIONS = (0.3, 0.4, 0.5, 0.6)


@dataclass
class Asked:
    """A question as it was read."""

    set: str
    group: str
    fit: confidence.Fit
    """Which weights it is for."""
    answerable: bool
    signs: list[dict[str, float]]
    """Of its likeliest sentences, as many as an answer looks at."""
    gold: list[bool]
    """Which of them hold words that answer."""


@dataclass(frozen=True)
class Question:
    """A question with what answers it."""

    id: str
    text: str
    gold: tuple[str, ...]
    answers: tuple[str, ...]
    answerable: bool = True
    history: tuple[tuple[str, str], ...] = ()


def _clapnq(task: Set, data: Path) -> Iterator[Question]:
    for case in sample(task.cases(data), CLAPNQ):
        # its answers are retold, and in no article word for word
        yield Question(case.id, case.question, tuple(case.evidence), (), case.answerable)


def _news(data: Path) -> Iterator[Question]:
    texts = news.archived(data)
    for n, row in enumerate(news.asked("confidence")):
        text = texts[row["article"]]
        gold = tuple(text[start:end] for start, end in row["gold"])
        history = tuple((question, answer) for question, answer in row.get("history", ()))
        yield Question(f"news-{n}", row["question"], gold, (), bool(gold), history)


def _read(archive: Archive, of: str, asked: Question, *, without: bool = False) -> Asked | None:
    """What the reader makes of a question; None where nothing is found."""
    found = archive.retrieve(asked.text, k=archive.settings.k + 4, times=False, history=asked.history)
    hits = [h for h in found.hits if not (without and _holds(h.passage.text, asked))][: archive.settings.k]
    if not hits:
        return None
    hits = [h.model_copy(update={"rank": n}) for n, h in enumerate(hits, 1)]
    query = found.query.looked_for
    readings = reader.read_best(found.query.read_as, hits, states)
    retriever = archive.retriever
    alike = retriever.alike(found.query)
    tries = readings[: quoting.looked_at(alike)]
    if not tries:
        return None
    fit, embed = retriever.fit(found.query), retriever.embed(found.query)
    near = None
    if fit != "any":
        near = confidence.retrieval_features(query, hits, embed=embed, catalog=archive.stores.catalog)
    signs = quoting.signs_of(query, tries, readings, embed=embed, retrieval=near, alike=alike)
    gold = [not without and _holds(r.text, asked) for r in tries]
    kind = f"{of}-without" if without else of
    answerable = asked.answerable and not without
    return Asked(kind, asked.id, fit, answerable, [asdict(s) for s in signs], gold)


def _holds(text: str, asked: Question) -> bool:
    """Whether words of an article answer: a gold sentence, or most of one, or given words."""
    plain = " ".join(text.split())
    for gold in asked.gold:
        words = " ".join(gold.split())
        if (plain in words and len(plain) > len(words) / 3) or words in plain:
            return True
    return any(contains(plain, a) for a in asked.answers)


def _abroad(data: Path, language: str) -> Iterator[Question]:
    """XQuAD's questions in a language, with the answers that its English paragraphs have."""
    articles = json.loads((data / "xquad" / "xquad.en.json").read_text("utf-8"))["data"]
    asked = [q for a in articles for p in a["paragraphs"] for q in p["qas"]]
    answers = {q["id"]: tuple(a["text"] for a in q["answers"]) for q in asked}
    for case in sample(load_cases(data / "xquad" / f"xquad.{language}.json"), ABROAD):
        yield Question(case.id, case.question, (), answers[case.id])


def examples(data: Path, only: str | None = None) -> list[Asked]:
    """Everything that is learnt from; with ``only``, the questions in another language than the articles alone."""
    sets = {s.name: s for s in SETS}
    in_english = archive_of(sets["xquad-en"], data)
    plan = [(f"xquad-{language}-to-en", in_english, _abroad(data, language), True) for language in ("tr", "zh")]
    if only:
        foreign = (q for q in _news(data) if detect_question(q.text) != "en")
        return _read_all([("news", news.ARCHIVE, foreign, False), *plan])
    return _read_all([*_planned(data, sets), *plan])


Planned = tuple[str, Path, Iterator[Question], bool]
"""Its name, the archive's folder, the questions, and whether each is asked without its answers too."""


def _planned(data: Path, sets: Mapping[str, Set]) -> list[Planned]:
    plan: list[Planned] = [
        ("news", news.ARCHIVE, _news(data), False),
        ("clapnq", archive_of(sets["clapnq"], data), _clapnq(sets["clapnq"], data), False),
    ]
    for language in ("en", "tr", "zh"):
        folder = archive_of(sets[f"xquad-{language}"], data)
        cases = sample(load_cases(data / "xquad" / f"xquad.{language}.json"), XQUAD)
        questions = (Question(c.id, c.question, (), tuple(c.answers)) for c in cases)
        plan.append((f"xquad-{language}", folder, questions, True))
    return plan


def _read_all(plan: Sequence[Planned]) -> list[Asked]:
    found: list[Asked] = []
    for name, folder, questions, also_without in plan:
        with Archive.open(settings=Settings(archive=folder), chat_model="extractive") as archive:
            for n, question in enumerate(questions, 1):
                for without in (False, True) if also_without else (False,):
                    if (made := _read(archive, name, question, without=without)) is not None:
                        found.append(made)
                if n % 100 == 0:
                    say(f"  {name}: {n}")
    return found


class _Signed(LogisticRegression):
    """A logistic regression in which no sign counts the wrong way: one that would is left out, and it is fitted anew.

    Questions that nothing answers were written in the article's own words, and those that it answers in others: by
    these alone a sentence with all the words of a question would be held the less likely to answer it.
    """

    def __init__(self, ways: Sequence[int] = (), C: float = 0.3, max_iter: int = 2000) -> None:  # noqa: N803
        super().__init__(C=C, max_iter=max_iter)
        self.ways = ways
        """Of each sign, 1 or -1."""

    def fit(self, x: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> _Signed:
        kept = np.ones(x.shape[1], bool)
        while True:
            super().fit(x * kept, y, sample_weight)
            good = self.coef_[0] * np.array(self.ways)
            wrong = kept & (good < 0)
            if not wrong.any():
                self.coef_ = self.coef_ * kept
                return self
            kept[np.argmin(np.where(wrong, good, 0))] = False


def _ways(names: Sequence[str]) -> list[int]:
    return [-1 if name == "missing" else 1 for name in names]


def _fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """Weights for features as they come: the scaling is taken into them."""
    mean, scale = x.mean(0), x.std(0) + 1e-9
    model = _Signed(_ways(names)).fit((x - mean) / scale, y, sample_weight=weight)
    weights = model.coef_[0] / scale
    bias = float(model.intercept_[0] - (weights * mean).sum())
    return {"bias": round(bias, 4), "weights": {n: round(float(w), 4) for n, w in zip(names, weights, strict=True)}}


def _crossed(x: np.ndarray, y: np.ndarray, weight: np.ndarray, groups: np.ndarray, names: Sequence[str]) -> np.ndarray:
    x = (x - x.mean(0)) / (x.std(0) + 1e-9)
    told: np.ndarray = cross_val_predict(
        _Signed(_ways(names)), x, y, cv=GroupKFold(_FOLDS), groups=groups, method="predict_proba",
        params={"sample_weight": weight},
    )  # fmt: skip
    return told[:, 1]


def _weights(asked: Sequence[Asked]) -> np.ndarray:
    return np.array([NEWS if a.set == "news" else 1.0 for a in asked])


def _rank(asked: Sequence[Asked], names: Sequence[str]) -> tuple[dict[str, Any], list[list[float]]]:
    """Weights that rank sentences, and the cross-validated score of each sentence of each question."""
    x = np.array([[s[n] for n in names] for a in asked for s in a.signs])
    y = np.array([g for a in asked for g in a.gold])
    learnt = np.array([any(a.gold) for a in asked for _ in a.signs])
    weight = np.repeat(_weights(asked), [len(a.signs) for a in asked]) * learnt
    groups = np.array([f"{a.set.removesuffix('-without')}/{a.group}" for a in asked for _ in a.signs])
    p = _crossed(x, y, weight, groups, names)
    split = np.split(p, np.cumsum([len(a.signs) for a in asked])[:-1])
    return _fit(x[learnt], y[learnt], weight[learnt], names), [list(s) for s in split]


def _stage(asked: Sequence[Asked], names: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    ranking, scores = _rank(asked, names)
    orders = [sorted(range(len(s)), key=lambda i, s=s: -s[i]) for s in scores]  # type: ignore[misc]
    x = np.array([[a.signs[o[0]][n] for n in names] for a, o in zip(asked, orders, strict=True)])
    y = np.array([a.answerable and any(a.gold[i] for i in o[:3]) for a, o in zip(asked, orders, strict=True)])
    groups = np.array([f"{a.set.removesuffix('-without')}/{a.group}" for a in asked])
    p = _crossed(x, y, _weights(asked), groups, names)
    figures: dict[str, dict[str, float]] = {}
    for of in ("all", *dict.fromkeys(a.set.removesuffix("-without") for a in asked)):
        mine = np.array([of in ("all", a.set.removesuffix("-without")) for a in asked])
        can = np.array([a.answerable for a in asked])
        with_gold = [n for n, a in enumerate(asked) if mine[n] and a.answerable]
        at = {k: float(np.mean([any(asked[n].gold[i] for i in orders[n][:k]) for n in with_gold])) for k in (1, 3, 10)}
        figures[of] = {
            "auc": float(roc_auc_score(y[mine], p[mine])),
            "brier": float(brier_score_loss(y[mine], p[mine])),
            **{f"gold_in_{k}": v for k, v in at.items()},
            "questions": float(mine.sum()),
        }
        figures[of] = {k: round(v, 3) for k, v in figures[of].items()}
        print(f"{of:<12} " + "  ".join(f"{k} {v:g}" for k, v in figures[of].items()))
        for caution in _CAUTIONS:
            shown = float((p >= caution)[mine & can].mean())
            refused = float((p < caution)[mine & ~can].mean()) if (mine & ~can).any() else float("nan")
            print(f"{'':<12} caution {caution:<4} answered {shown:.3f}  refused {refused:.3f}")
    return ranking, _fit(x, y, _weights(asked), names) | {"cross_validated": figures}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the weights where that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.confidence", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("data", type=Path, help="the folder of the sets, ../shared/data")
    parser.add_argument("--keep", type=Path, help="a file of what was read, to fit again from")
    parser.add_argument("--only", choices=["across"], help="leave the other weights as they are")
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name}")
    options = parser.parse_args(arguments)
    if options.keep and options.keep.exists():
        found = pickle.loads(options.keep.read_bytes())
    else:
        found = examples(options.data, options.only)
        if options.keep:
            options.keep.write_bytes(pickle.dumps(found))
    fitted: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if options.only else {}
    fitted["data"] = " ".join((__doc__ or "").split("Data: ")[1].split())
    at_home = [a for a in found if a.fit != "across"]
    if not options.only:
        print("with cosines")
        fitted["sentence"], fitted["answers"] = _stage([a for a in at_home if a.fit == "english"], NAMES)
        print("without")
        fitted["sentence_without_cosines"], fitted["answers_without_cosines"] = _stage(at_home, PLAIN)
    print("questions in another language")
    abroad = [a for a in found if a.fit == "across" and a.set != "clapnq"]
    fitted["sentence_across"], fitted["answers_across"] = _stage(abroad, NAMES)
    if options.write:
        FILE.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")
        say(f"written: {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
