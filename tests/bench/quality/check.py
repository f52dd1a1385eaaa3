"""The citation check on other people's claims: does the reference support the claim?"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from rag.answer import verify
from rag.index.embed import SentenceTransformerEmbedder
from rag.settings import load_settings
from tests.bench.quality.runs import Figure, say

_RESAMPLES = 1000


@dataclass(frozen=True)
class Claimed:
    """A claim, what it refers to, and whether people found that it supports it."""

    claim: str
    references: tuple[tuple[str, ...], ...]
    """Alternatives, each in sentences; one that supports the claim is enough."""
    supported: bool
    question: str = ""


def attributionbench(folder: Path) -> list[Claimed]:
    """Claims of four sources, half of them attributable."""
    rows = _rows(folder / "attributionbench/dev_all_subset_balanced.jsonl")
    return [
        Claimed(
            r["claim"], (tuple(r["references"]),), r["attribution_label"] == "attributable", r.get("question") or ""
        )
        for r in rows
    ]


def wice(folder: Path) -> list[Claimed]:
    """Claims of Wikipedia with the chunks of their references that hold the evidence; partial support is none."""
    claims: dict[str, Claimed] = {}
    for r in _rows(folder / "wice/oracle_chunks_claim_dev.jsonl"):
        ident, before = r["meta"]["id"], claims.get(r["meta"]["id"])
        chunks = (*(before.references if before else ()), tuple(r["evidence"]))
        claims[ident] = Claimed(r["claim"], chunks, r["label"] == "supported")
    return list(claims.values())


def figures(name: str, cases: Sequence[Claimed]) -> list[Figure]:
    """Macro-F1, F1 of "supported" and accuracy of the check, beside saying yes to everything."""
    embedder = SentenceTransformerEmbedder(cache=load_settings().cache.expanduser())
    kept: dict[str, np.ndarray] = {}

    def embed(texts: Sequence[str]) -> np.ndarray:
        if new := [t for t in dict.fromkeys(texts) if t not in kept]:
            kept.update(zip(new, embedder.embed(new), strict=True))
        return np.stack([kept[t] for t in texts])

    embed([*(c.claim for c in cases), *(" ".join(r) for c in cases for r in c.references)])
    say(f"  checking {len(cases)} claims ...")
    truth = np.array([c.supported for c in cases])
    said = np.array([any(_holds(c, reference, embed) for reference in c.references) for c in cases])
    found = []
    for system, answers in (("check", said), ("always yes", np.ones_like(truth))):
        for measure, value in _MEASURES.items():
            low, high = _interval(value, truth, answers)
            found.append(Figure(name, system, measure, value(truth, answers), low, high, len(cases)))
    return found


_MEASURES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "macro_f1": lambda truth, said: float(f1_score(truth, said, average="macro", zero_division=0)),
    "f1_supported": lambda truth, said: float(f1_score(truth, said, zero_division=0)),
    "accuracy": lambda truth, said: float(accuracy_score(truth, said)),
}


def _holds(case: Claimed, reference: Sequence[str], embed: Callable[[Sequence[str]], np.ndarray]) -> bool:
    cited = verify.Cited(list(reference), " ".join(reference), "")
    return verify.supports(case.claim, cited, embed=embed, asked=case.question).ok


def _interval(
    value: Callable[[np.ndarray, np.ndarray], float], truth: np.ndarray, said: np.ndarray
) -> tuple[float, float]:
    dice = np.random.default_rng(0)
    drawn = [dice.integers(0, len(truth), len(truth)) for _ in range(_RESAMPLES)]
    low, high = np.percentile([value(truth[d], said[d]) for d in drawn], [2.5, 97.5])
    return float(low), float(high)


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
