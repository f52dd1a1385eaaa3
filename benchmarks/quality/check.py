"""The citation check on other people's claims: does the reference support the claim?

Three ways to say yes, beside saying it always:

``score, cross-validated``
    What the signs of nearness are worth: weights fitted on the other folds, yes from one half on. No claim is judged by
    weights that have seen it or another claim of its question. **This is the honest figure.**
``score, fitted``
    The same by the weights that are shipped, which have seen these claims.
``check``
    ``verify.supports`` as the product uses it: the exact checks have a veto, and the threshold is the product's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GroupKFold

from benchmarks.quality.runs import Figure, say
from rag.answer.check import support, verify
from rag.index.embed import BuiltInEmbedder, EmbeddingCache
from rag.settings import load_settings
from rag.text.split import sentences
from rag.text.tokens import query_terms, terms

Embed = Callable[[Sequence[str]], np.ndarray]
FOLDS = 10
_RESAMPLES = 1000
_STRENGTH = 0.1
"""Inverse strength of the regression's penalty (C)."""
_AT_ONCE = 512
_TITLE = re.compile(r"\ATitle: (.+?)\n+(?:Section: (.+?)\n+)?(?:Text: )?")
_LINK = re.compile(r"\A\[\d+\] \S+\n+")
_MARK = re.compile(r"\s*\[\d+\]")


@dataclass(frozen=True)
class Claimed:
    """A claim, what it refers to, and whether people found that it supports it."""

    claim: str
    references: tuple[tuple[str, ...], ...]
    """Alternatives, each in sentences; one that supports the claim is enough."""
    supported: bool
    question: str = ""
    title: str = ""
    """Of what it refers to."""
    group: str = ""
    """What it shares with claims that must not be judged by weights fitted on it; empty: the claim."""
    source: str = ""
    """Which collection it comes from."""


def attributionbench(folder: Path) -> list[Claimed]:
    """Claims of four sources, half of them attributable; titles, addresses and citation marks taken off."""
    return [_attributed(r) for r in _rows(folder / "attributionbench/dev_all_subset_balanced.jsonl")]


def _attributed(row: dict[str, Any]) -> Claimed:
    titles, said = [], []
    for reference in row["references"]:
        if head := _TITLE.match(reference):
            titles.append(" ".join(g for g in head.groups() if g))
        text = _LINK.sub("", reference[head.end() if head else 0 :])
        said += [text[s.start : s.end] for s in sentences(text, "en")]
    return Claimed(
        claim=_MARK.sub("", row["claim"]).strip(),
        references=(tuple(said),),
        supported=row["attribution_label"] == "attributable",
        question=row.get("question") or "",
        title=" ".join(titles),
        group=row.get("question") or "",
        source=row["src_dataset"],
    )


def wice(folder: Path) -> list[Claimed]:
    """Claims of Wikipedia with the chunks of their references that hold the evidence; partial support is none."""
    claims: dict[str, Claimed] = {}
    for r in _rows(folder / "wice/oracle_chunks_claim_dev.jsonl"):
        ident, before = r["meta"]["id"], claims.get(r["meta"]["id"])
        chunk = tuple(s for s in r["evidence"] if s.strip())
        chunks = (*(before.references if before else ()), chunk)
        claims[ident] = Claimed(
            r["claim"], chunks, r["label"] == "supported", group=r["meta"]["claim_title"], source="WiCE"
        )
    return list(claims.values())


def figures(name: str, cases: Sequence[Claimed], embed: Embed | None = None) -> list[Figure]:
    """Macro-F1, F1 of "supported" and accuracy of the ways above.

    Args:
        name: Of the set.
        cases: The claims.
        embed: Texts to unit vectors; by default the product's model.
    """
    embed = embed or embedder()
    x, truth = signs(cases, embed), labels(cases)
    say(f"  checking {len(cases)} claims ...")
    ways = {
        "score, cross-validated": crossed(x, truth, groups(cases)) >= 0.5,
        "score, fitted": np.array([support.p_supported(support.SupportFeatures(*row)) >= 0.5 for row in x.tolist()]),
        "check": np.array([_shown(c, embed) for c in cases]),
        "always yes": np.ones_like(truth),
    }
    found = []
    for system, answers in ways.items():
        for measure, value in _MEASURES.items():
            low, high = interval(value, truth, answers)
            found.append(Figure(name, system, measure, value(truth, answers), low, high, len(cases)))
    return found


def embedder() -> Embed:
    """The product's embedding model; no text is embedded twice."""
    inner = BuiltInEmbedder(cache=load_settings().cache.expanduser())
    return EmbeddingCache(inner.embed, most=100_000)


def signs(cases: Sequence[Claimed], embed: Embed) -> np.ndarray:
    """Signs of nearness, shape (claims, signs), of each claim and the reference that has most of its words."""
    parts = [list(reference(c)) for c in cases]
    texts = list(dict.fromkeys(t for p, c in zip(parts, cases, strict=True) for t in (c.claim, *p)))
    for at in range(0, len(texts), _AT_ONCE):  # many at once are embedded faster, and short ones together
        embed(sorted(texts, key=len)[at : at + _AT_ONCE])
        say(f"  {min(at + _AT_ONCE, len(texts))} of {len(texts)} texts embedded") if at % (8 * _AT_ONCE) == 0 else None
    rows = []
    for case, part in zip(cases, parts, strict=True):
        near = f"{case.title} {' '.join(part)}"
        found = support.support_features(case.claim, part, near, embed=embed)
        rows.append(list(support.feature_values(found).values()))
    return np.array(rows)


def reference(case: Claimed) -> tuple[str, ...]:
    """Of a claim's alternatives the one that has most of its content words."""
    content = query_terms(case.claim)
    return max(case.references, key=lambda r: sum(w in set(terms(" ".join(r))) for w in content))


def labels(cases: Sequence[Claimed]) -> np.ndarray:
    """Whether each is supported, bool."""
    return np.array([c.supported for c in cases])


def groups(cases: Sequence[Claimed]) -> np.ndarray:
    """What each must not be separated from."""
    return np.array([c.group or c.claim for c in cases])


@dataclass(frozen=True)
class Fitted:
    """A logistic regression over features as they come: the scaling is taken into the weights."""

    bias: float
    weights: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Probabilities, shape (rows,)."""
        odds: np.ndarray = 1 / (1 + np.exp(-(x @ self.weights + self.bias)))
        return odds


def fit(x: np.ndarray, y: np.ndarray) -> Fitted:
    """Fit it so that either answer weighs the same, however many there are of each."""
    mean, scale = x.mean(0), x.std(0) + 1e-9
    model = LogisticRegression(C=_STRENGTH, max_iter=2000, class_weight="balanced").fit((x - mean) / scale, y)
    weights = model.coef_[0] / scale
    return Fitted(float(model.intercept_[0] - (weights * mean).sum()), weights)


def crossed(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, beside: tuple[np.ndarray, np.ndarray] | None = None
) -> np.ndarray:
    """Probabilities of each row by weights fitted on the folds without its group; one half where that can't be done.

    Args:
        x: Features, shape (rows, features).
        y: Labels.
        group: Rows of one group are in one fold.
        beside: More rows to fit on, and their labels.
    """
    told = np.full(len(y), 0.5)
    folds = min(FOLDS, len(set(group)))
    if folds < 2:
        return told
    for train, test in GroupKFold(folds, shuffle=True, random_state=0).split(x, y, group):
        more_x, more_y = beside or (x[:0], y[:0])
        if len(set(y[train])) == 2:
            told[test] = fit(np.r_[x[train], more_x], np.r_[y[train], more_y])(x[test])
    return told


def macro(truth: np.ndarray, said: np.ndarray) -> float:
    """Macro-F1."""
    return float(f1_score(truth, said, average="macro", zero_division=0))


_MEASURES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "macro_f1": macro,
    "f1_supported": lambda truth, said: float(f1_score(truth, said, zero_division=0)),
    "accuracy": lambda truth, said: float(accuracy_score(truth, said)),
}


def _shown(case: Claimed, embed: Embed) -> bool:
    cited = (verify.Cited(list(r), " ".join(r), case.title) for r in case.references)
    return any(verify.supports(case.claim, c, embed=embed, asked=case.question).ok for c in cited)


def interval(
    value: Callable[[np.ndarray, np.ndarray], float], truth: np.ndarray, said: np.ndarray
) -> tuple[float, float]:
    """Of a measure, 95 %, by drawing claims again."""
    dice = np.random.default_rng(0)
    drawn = [dice.integers(0, len(truth), len(truth)) for _ in range(_RESAMPLES)]
    low, high = np.percentile([value(truth[d], said[d]) for d in drawn], [2.5, 97.5])
    return float(low), float(high)


def _rows(file: Path) -> Iterable[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
