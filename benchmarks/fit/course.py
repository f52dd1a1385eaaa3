"""Fits what asks for a course of events, and measures it: ``rag/retrieve/course.json``.

    python -m benchmarks.fit.course

Trained with ``course.jsonl``, forms of questions in six languages, of both kinds, with ``{}`` where the story stands,
and with the ordinary questions of the open sets that the reader is trained on. A story is a run of words of such a
question: so what stories are made of weighs nothing. Measured by cross-validation over the forms, with
``course_unseen.jsonl`` (60 questions about real stories), and with the newsroom questions, none of which asks for a
course of events.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.process import ROOT
from rag.retrieve import course

HERE = Path(__file__).parent
NEWSROOM = ROOT.parent / "shared/data/newsroom-questions/dev.jsonl"
OPEN = ROOT.parent / "shared/data/training"
LANGUAGES = ("en", "de", "fr", "es", "tr", "zh")
MOST = 4000
"""Questions of a language."""
TIMES = 12
"""Stories that a form is filled with."""
OFTEN = 3
"""Questions that a feature stands in at least."""
LEAST = 0.1
"""Weights below it are left out."""
FOLDS = 5
Model = tuple[float, dict[str, float]]


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of JSON."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def ordinary(folder: Path, most: int) -> dict[str, list[str]]:
    """Questions of the open sets by language, each once, at most so many a language."""
    found: dict[str, dict[str, None]] = {language: {} for language in LANGUAGES}
    for name in ("open-en.jsonl.xz", "open-other.jsonl.xz"):
        with lzma.open(folder / name, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if row["task"] == "qa" and row["l"] in found:
                    found[row["l"]][row["q"]] = None
    chance = random.Random(0)
    return {language: chance.sample(sorted(q), min(most, len(q))) for language, q in found.items()}


def filled(forms: Sequence[dict[str, Any]], others: Mapping[str, Sequence[str]], times: int) -> list[tuple[str, bool]]:
    """The forms with stories, runs of words of ordinary questions, and whether they ask for a course of events."""
    chance, made = random.Random(1), []
    for row in forms:
        of_language = others[row["lang"]] or others["en"]
        for _ in range(times if "{}" in row["question"] else 1):
            story = _story(chance.choice(of_language), chance)
            made.append((row["question"].replace("{}", story), row["course"]))
    return made


def _story(question: str, chance: random.Random) -> str:
    spaced = " " in question
    words = question.rstrip("?？ .").split() if spaced else list(question.rstrip("?？"))
    length = chance.randint(1, 4) if spaced else chance.randint(2, 8)
    start = chance.randint(min(2, len(words) - 1), max(2, len(words) - length))
    return (" " if spaced else "").join(words[start : start + length]) or words[-1]


def fit(questions: Sequence[tuple[str, bool]], strength: float) -> Model:
    """A logistic regression over a question's features: its bias, and a weight a feature."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    seen = [course.features(q) for q, _ in questions]
    counts = Counter(f for features in seen for f in features)
    kept = [{f: 1.0 for f in features if counts[f] >= OFTEN} for features in seen]
    vectorizer = DictVectorizer()
    table = vectorizer.fit_transform(kept)
    model = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced").fit(table, [y for _, y in questions])
    weights = dict(zip(vectorizer.get_feature_names_out(), model.coef_[0], strict=True))
    return float(model.intercept_[0]), {str(name): round(float(w), 2) for name, w in weights.items() if abs(w) >= LEAST}


def score(model: Model, question: str) -> float:
    """The log-odds that a question asks for a course of events."""
    bias, weights = model
    return bias + sum(weights.get(f, 0.0) for f in course.features(question))


def cross_validated(
    forms: Sequence[dict[str, Any]], others: Mapping[str, Sequence[str]], strength: float
) -> np.ndarray[Any, Any]:
    """The log-odds of each form, with a story, by a model that has not seen it."""
    scores = np.zeros(len(forms))
    fold = np.random.default_rng(0).permutation(len(forms)) % FOLDS
    asked = [question for question, _ in filled(forms, others, 1)]
    for n in range(FOLDS):
        train = filled([row for row, f in zip(forms, fold, strict=True) if f != n], others, TIMES)
        model = fit([*train, *((q, False) for its in others.values() for q in its)], strength)
        for i in np.flatnonzero(fold == n):
            scores[i] = score(model, asked[i])
    return scores


def share(values: Iterable[bool]) -> str:
    """How many of some are true."""
    listed = list(values)
    return f"{sum(listed)} of {len(listed)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Fit, write, measure."""
    parser = argparse.ArgumentParser("python -m benchmarks.fit.course", description=__doc__)
    parser.add_argument("--strength", type=float, default=0.3, help="C of the regression")
    parser.add_argument("--folds", action="store_true", help="cross-validate too, which takes a minute")
    parser.add_argument("--each", action="store_true", help="print what is taken for the other kind")
    args = parser.parse_args(argv)
    if not OPEN.exists():
        print(f"No open sets in {OPEN}.", file=sys.stderr)
        return 1
    forms, unseen = rows(HERE / "course.jsonl"), rows(HERE / "course_unseen.jsonl")
    others = ordinary(OPEN, MOST)
    print("ordinary questions:", {language: len(found) for language, found in others.items()})
    scores = cross_validated(forms, others, args.strength) if args.folds else np.zeros(0)
    for kind in (True, False):
        of_kind = [s > 0 for s, r in zip(scores, forms, strict=False) if r["course"] is kind]
        print(f"taken for a course, {'course' if kind else 'ordinary'} questions of forms left out: {share(of_kind)}")
    ordinary_ones = [(q, False) for its in others.values() for q in its]
    bias, weights = fit([*filled(forms, others, TIMES), *ordinary_ones], args.strength)
    written = json.dumps(
        {"bias": round(bias, 3), "weights": dict(sorted(weights.items()))}, ensure_ascii=False, indent=0
    )
    (ROOT / "rag/retrieve/course.json").write_text(written + "\n", "utf-8")
    course._model.cache_clear()
    for language in dict.fromkeys(r["lang"] for r in unseen):
        print(f"{language}: {share(course.asks_for_course(r['question']) for r in unseen if r['lang'] == language)}")
    print(f"unseen course questions: {share(course.asks_for_course(r['question']) for r in unseen)}")
    asked = [r["question"] for r in rows(NEWSROOM)] if NEWSROOM.exists() else []
    print(f"newsroom questions taken for one: {share(course.asks_for_course(q) for q in asked)}")
    print(f"of the open sets' questions: {share(course.asks_for_course(q) for q, _ in ordinary_ones)}")
    if args.each:
        wrong = [r["question"] for r, s in zip(forms, scores, strict=False) if (s > 0) is not r["course"]]
        wrong += [r["question"] for r in unseen if not course.asks_for_course(r["question"])]
        print("\n".join(wrong + [q for q in asked if course.asks_for_course(q)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
