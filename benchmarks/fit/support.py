"""Trains ``rag/answer/check/support.json``: how likely it is that cited words support a sentence.

    python -m benchmarks.fit.support ../shared/data                  # prints the figures; minutes
    python -m benchmarks.fit.support ../shared/data --write          # and writes the file
    python -m benchmarks.fit.support ../shared/data --local 200      # asks the local model too, which takes long

Data: the development sets of AttributionBench (1,198 claims, half of them attributable) and WiCE (349 claims with the
oracle chunks of their references; partial support is none). The shipped weights are trained on both.
Figures are cross-validated, with folds by question (AttributionBench) and by article (WiCE), so that no claim is judged
by weights trained on it or on another claim of its group. Intervals are 95 %, by bootstrap over claims. The same data
give the same file.

``model`` combines the cross-validated log-odds of the text features with those of the local model's yes, on fixed
claims.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.quality import check
from benchmarks.quality.runs import say
from rag.answer.check import support
from rag.settings import load_settings

FILE = Path(support.__file__).with_name("support.json")
NAMES = tuple(support.SupportFeatures.__dataclass_fields__)
SETS = {"attributionbench": check.attributionbench, "wice": check.wice}


@dataclass(frozen=True)
class Data:
    """A set, ready to fit on."""

    cases: list[check.Claimed]
    x: np.ndarray
    """Signs of nearness, shape (claims, len(NAMES))."""

    @property
    def y(self) -> np.ndarray:
        """Labels."""
        return check.labels(self.cases)

    @property
    def groups(self) -> np.ndarray:
        """Groups of claims that stay together."""
        return check.groups(self.cases)

    @property
    def both(self) -> tuple[np.ndarray, np.ndarray]:
        """Signs and labels."""
        return self.x, self.y


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print, and write if asked to."""
    options = _parse(arguments)
    embed = check.embedder()
    sets = {name: _read(read(options.data), embed) for name, read in SETS.items()}
    fitted: dict[str, Any] = {"data": " ".join((__doc__ or "").partition("Data: ")[2].split())}
    fitted["words"] = _words(sets["attributionbench"], sets["wice"])
    old = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    if options.local:
        fitted["model"] = _model(sets["attributionbench"], sets["wice"], options.local)
    elif "model" in old:
        fitted["model"] = old["model"]
    if options.write:
        FILE.write_text(json.dumps(fitted, indent=1, ensure_ascii=False) + "\n", "utf-8")
        say(f"written: {FILE}")
    return 0


def _read(cases: list[check.Claimed], embed: check.Embed) -> Data:
    return Data(cases, check.signs(cases, embed))


def _words(bench: Data, wice: Data) -> dict[str, Any]:
    """The weights, and how well ones fitted alike do on claims they haven't seen."""
    told = check.crossed(*bench.both, bench.groups, beside=wice.both)
    sources = np.array([c.source for c in bench.cases])
    figures = {
        "attributionbench": measured(told, bench.y),
        **{
            f"attributionbench, {s}": measured(told[sources == s], bench.y[sources == s])
            for s in sorted(set(sources.tolist()))
        },
        "attributionbench, fitted without wice": measured(check.crossed(*bench.both, bench.groups), bench.y),
        "attributionbench, fitted on wice": measured(check.fit(*wice.both)(bench.x), bench.y),
        "wice": measured(check.crossed(*wice.both, wice.groups, beside=bench.both), wice.y),
        "wice, fitted without attributionbench": measured(check.crossed(*wice.both, wice.groups), wice.y),
        "wice, fitted on attributionbench": measured(check.fit(*bench.both)(wice.x), wice.y),
    }
    _print(figures)
    all_ = check.fit(np.r_[bench.x, wice.x], np.r_[bench.y, wice.y])
    return _as_json(all_, NAMES) | {"figures": figures}


def _model(bench: Data, wice: Data, number: int) -> dict[str, Any]:
    """As ``_words``, with the local model's yes beside the words, on so many claims of AttributionBench."""
    chosen = random.Random(0).sample(range(len(bench.cases)), number)
    odds = [support.logit(p) for p in check.crossed(*bench.both, bench.groups, beside=wice.both)[chosen]]
    said = asked_locally([bench.cases[n] for n in chosen])
    x = np.c_[odds, [support.logit(p) for p in said]]
    y, groups = bench.y[chosen], bench.groups[chosen]
    figures = {
        "words alone": measured(1 / (1 + np.exp(-x[:, 0])), y),
        "model alone": measured(check.crossed(x[:, 1:], y, groups), y),
        "both": measured(check.crossed(x, y, groups), y),
    }
    _print(figures)
    return _as_json(check.fit(x, y), ("words", "model")) | {"figures": figures}


def asked_locally(cases: Sequence[check.Claimed]) -> list[float]:
    """The local model's probability of yes, against no, to ``support.question``."""
    from langchain_core.messages import HumanMessage, SystemMessage

    from rag.answer.models.chat import chat_model

    chat: Any = chat_model("local", load_settings())
    found, started = [], time.perf_counter()
    for n, case in enumerate(cases, 1):
        prompt = support.question(case.claim, check.reference(case), title=case.title, asked=case.question)
        told = chat.first_token_logprobs([SystemMessage(support.INSTRUCTION), HumanMessage(prompt)])
        found.append(support.p_yes(told))
        if n % 20 == 0:
            say(f"  {n} of {len(cases)} asked, {(time.perf_counter() - started) / n:.1f} s each")
    chat.close()
    return found


def measured(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Macro-F1 with its interval, F1 of "supported" and accuracy at one half; area under the curve."""
    said = p >= 0.5
    low, high = check.interval(check.macro, y, said)
    told = {
        "macro_f1": check.macro(y, said),
        "low": low,
        "high": high,
        "f1_supported": 2 * float((said & y).sum()) / max(1, int(said.sum() + y.sum())),
        "accuracy": float((said == y).mean()),
        "auc": float(roc_auc_score(y, p)),
        "claims": float(len(y)),
    }
    return {name: round(value, 3) for name, value in told.items()}


def _as_json(fitted: check.Fitted, names: Sequence[str]) -> dict[str, Any]:
    if not math.isfinite(fitted.bias):
        raise ValueError("The fit has no solution: are all labels the same?")
    weights = {n: round(float(w), 3) for n, w in zip(names, fitted.weights, strict=True)}
    return {"bias": round(fitted.bias, 3), "weights": weights}


def _print(figures: dict[str, dict[str, float]]) -> None:
    for name, told in figures.items():
        say(f"  {name:40s} " + "  ".join(f"{k} {v:g}" for k, v in told.items()))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.support", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("data", type=Path, help="the folder of the sets, ../shared/data")
    parser.add_argument("--local", type=int, default=0, metavar="N", help="ask the local model about so many claims")
    parser.add_argument("--write", action="store_true", help="write the file")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
