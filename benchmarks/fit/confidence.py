"""Trains ``rag/answer/check/confidence.json``: how likely it is that a sentence answers the question.

    python -m benchmarks.fit.confidence ../shared/data             # the extractive engine's sentences
    python -m benchmarks.fit.confidence ../shared/data --local 200 # the local model's, on top; takes long

Data: CLAPNQ's 600 development questions over its pool of 597 passages, half of which no passage answers; 450 fixed
questions of XQuAD (English) over its 240 paragraphs, each asked a second time with its own paragraph left out. The
models are trained on the features of the first sentence that passed the support check; the labels are whether the
question can be answered (``evidence``, ``model``) and whether the sentence is the right one (``right``,
``model_right``). Figures are cross-validated, with folds by question. The file is written only with ``--write``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from benchmarks.quality.runs import archive_of, say
from benchmarks.quality.sets import SETS
from rag import Archive
from rag.answer.check import confidence, regression
from rag.evaluation.cases import sample
from rag.evaluation.values import EvalCase
from rag.settings import Settings
from rag.text.normalize import contains

FILE = Path(confidence.__file__).with_name("confidence.json")
_XQUAD = 450
_FOLDS = 10
_CAUTIONS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55)
NAMES = ("ahead", "above", "covered", "likeness", "share", "missing")


@dataclass(frozen=True)
class Example:
    """The first sentence that was to be shown for a question."""

    set: str
    group: str
    features: dict[str, float]
    doubt: float | None
    quoted: bool
    answerable: bool
    right: bool


@contextmanager
def _recording() -> Iterator[list[tuple[dict[str, float], float | None, bool]]]:
    """Everything that passes the support check is shown, and what decides about it is noted."""
    seen: list[tuple[dict[str, float], float | None, bool]] = []
    true = confidence.p_answers, confidence.p_correct

    def chance(found: Any, bears: Any, doubt: float | None = None, *, quoted: bool = False) -> float:
        seen.append((confidence.feature_values(found, bears), doubt, quoted))
        return 1.0

    confidence.p_answers, confidence.p_correct = chance, lambda p, **_: p
    try:
        yield seen
    finally:
        confidence.p_answers, confidence.p_correct = true


def _asked(archive: Archive, case: EvalCase, of: str, *, without: Sequence[str] = ()) -> Example | None:
    """An example, or None where nothing passed the support check: a refusal whatever the weights are."""
    left_out = {archive.get(i).id for i in without}
    filters = {"articles": [a.id for a in archive.articles() if a.id not in left_out]} if left_out else {}
    with _recording() as seen:
        answer = archive.ask(case.question, times=False, **filters)
    if not seen:
        return None
    answerable = case.answerable and not left_out
    quotes = [" ".join(c.quote.split()) for c in answer.citations]
    gold = [" ".join(e.split()) for e in case.evidence]
    by_place = any(q in g or g in q for q in quotes for g in gold)
    right = by_place or any(contains(q, a) for q in quotes for a in case.answers)
    return Example(of, case.id, *seen[0], answerable, answerable and right)


def _examples(
    data: Path, model: str, clapnq: Sequence[EvalCase], xquad: Sequence[EvalCase], kept: Path | None = None
) -> list[Example]:
    """What was shown first for each question; what stands in ``kept`` is not asked again."""
    found: list[Example] = []
    rows = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept and kept.exists() else []
    asked = {row["case"]: row["example"] for row in rows}
    for name, cases in (("clapnq", clapnq), ("xquad-en-answers", xquad)):
        if not cases:
            continue
        folder = archive_of(next(s for s in SETS if s.name == name), data)
        with Archive.open(settings=Settings(archive=folder), chat_model=model) as archive:
            for n, case in enumerate(cases, 1):
                if case.id in asked:
                    found += [Example(**asked[case.id])] if asked[case.id] else []
                    continue
                example = _asked(archive, case, name)
                found += [example] if example else []
                if kept:
                    with kept.open("a", encoding="utf-8") as file:
                        row = {"case": case.id, "example": asdict(example) if example else None}
                        file.write(json.dumps(row) + "\n")
                if name != "clapnq":
                    without = list(case.relevant) or [archive.search(case.question, k=1)[0].passage.article_id]
                    found += [e for e in (_asked(archive, case, name, without=without),) if e]
                if n % 50 == 0 or model == "local":
                    say(f"  {name} {model}: {n} of {len(cases)}")
    return found


def _fit(x: np.ndarray, y: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """Weights for features as they come: the scaling is taken into them."""
    mean, scale = x.mean(0), x.std(0) + 1e-9
    model = LogisticRegression(C=0.3, max_iter=2000).fit((x - mean) / scale, y)
    weights = model.coef_[0] / scale
    bias = float(model.intercept_[0] - (weights * mean).sum())
    return {"bias": round(bias, 4), "weights": {n: round(float(w), 4) for n, w in zip(names, weights, strict=True)}}


def _crossed(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> np.ndarray:
    x = (x - x.mean(0)) / (x.std(0) + 1e-9)
    model = LogisticRegression(C=0.3, max_iter=2000)
    told: np.ndarray = cross_val_predict(model, x, y, cv=GroupKFold(_FOLDS), groups=groups, method="predict_proba")
    return told[:, 1]


def _figures(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    answered, refused = float((p >= 0.5)[y].mean()), float((p < 0.5)[~y].mean())
    told = {
        "auc": float(roc_auc_score(y, p)),
        "balanced_accuracy": (answered + refused) / 2,
        "answered": answered,
        "refused": refused,
        "brier": float(brier_score_loss(y, p)),
        "examples": float(len(y)),
    }
    return {name: round(value, 3) for name, value in told.items()}


def _stage(
    name: str, examples: Sequence[Example], x: np.ndarray, y: np.ndarray, names: Sequence[str]
) -> dict[str, Any]:
    groups = np.array([e.group for e in examples])
    p = _crossed(x, y, groups)
    figures = {"all": _figures(p, y)}
    for of in dict.fromkeys(e.set for e in examples):
        mine = np.array([e.set == of for e in examples])
        figures[of] = _figures(p[mine], y[mine])
    for of, told in figures.items():
        print(f"{name:<9} {of:<17} " + "  ".join(f"{k} {v:g}" for k, v in told.items()))
        mine = np.array([of in ("all", e.set) for e in examples])
        for caution in _CAUTIONS:
            answered, refused = float((p >= caution)[mine & y].mean()), float((p < caution)[mine & ~y].mean())
            print(
                f"{'':<9} caution {caution:<4} answered {answered:.3f}  refused {refused:.3f}  "
                f"balanced {(answered + refused) / 2:.3f}"
            )
    return _fit(x, y, names) | {"cross_validated": figures}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the weights where that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.confidence", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("data", type=Path, help="the folder of the sets, ../shared/data")
    parser.add_argument("--local", type=int, default=0, help="the local model's: so many of CLAPNQ's questions")
    parser.add_argument("--keep", type=Path, help="with --local: a file of what was asked, to go on from")
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name}")
    options = parser.parse_args(arguments)
    sets = {s.name: s for s in SETS}
    clapnq = sets["clapnq"].cases(options.data)
    xquad = sample(sets["xquad-en-answers"].cases(options.data), _XQUAD)
    fitted: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    fitted["data"] = " ".join((__doc__ or "").split("Data: ")[1].split())
    if options.local:
        half = options.local // 2
        kinds = [sample([c for c in clapnq if c.answerable is kind], half) for kind in (True, False)]
        examples = _examples(
            options.data, "local", [c for pair in zip(*kinds, strict=True) for c in pair], (), options.keep
        )
        odds = [regression.log_odds(e.features, fitted["evidence"]) for e in examples]
        told = [confidence.with_llm(o, e.doubt or 0.0, e.quoted) for o, e in zip(odds, examples, strict=True)]
        names = tuple(told[0])
        x = np.array([[t[n] for n in names] for t in told])
        fitted["model"] = _stage("model", examples, x, np.array([e.answerable for e in examples]), names)
        odds = [regression.log_odds(t, fitted["model"]) for t in told]
        right = np.array([e.right for e in examples])
        fitted["model_right"] = _stage("right", examples, np.array(odds)[:, None], right, ("odds",))
    else:
        examples = _examples(options.data, "extractive", clapnq, xquad)
        x = np.array([[e.features[n] for n in NAMES] for e in examples])
        fitted["evidence"] = _stage("evidence", examples, x, np.array([e.answerable for e in examples]), NAMES)
        odds = np.array([regression.log_odds(e.features, fitted["evidence"]) for e in examples])
        right = np.array([e.right for e in examples])
        fitted["right"] = _stage("right", examples, odds[:, None], right, ("odds",))
    if options.write:
        FILE.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")
        say(f"written: {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
