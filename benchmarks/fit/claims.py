"""Trains ``rag/answer/check/claims.json``: what each difference between a claim and the words it cites is worth.

    python -m benchmarks.fit.claims ../shared/data --near NEAR.jsonl            # prints the figures
    python -m benchmarks.fit.claims ../shared/data --near NEAR.jsonl --write    # and writes the file

Data: claims of open collections with their evidence (training/open-en.jsonl.xz, a fixed sample of each; its INDEX.md
has the licences), and a fixed sample of near misses made from sentences of news by changing one thing (lines with
claim, ev, prev, next, title, date, question, y and kind), which weigh as much as all the others together.
AttributionBench and WiCE dev join with --bench. The claims made by hand (claims/dev.jsonl, cases/claims.json) are
measured on and never fitted on. Figures are cross-validated, with folds by evidence. Right and false claims weigh the
same, and a claim is supported from a probability of one half on. A difference may only speak against a claim: one that
would speak for it is left out.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from benchmarks.quality import check
from benchmarks.quality.runs import say
from rag.answer.check import judge, regression, support
from rag.answer.check.objections import Cited
from rag.text import parser
from rag.text.dates import parse_date
from rag.text.split import sentences

FILE = Path(judge.__file__).with_name("claims.json")
SAMPLED = {
    "sanli-wiki": 330, "fever-symmetric": 200, "feverous-text": 240, "fm2": 240, "fm2/other": 60, "conjnli": 240,
    "med": 160, "negation-nli": 200, "nli-dev/mnli": 150, "breaking-nli": 60, "wice-train-tokens": 120,
    "fever-athnlp": 200, "summedits/news": 200,
}  # fmt: skip
"""Claims that are taken of each open collection, as evenly over the labels as there are."""
FREE = frozenset(("words", "copied"))
"""Features that may speak for a claim."""
_THRESHOLD = 0.5
_STRENGTH = 0.3
_LONGEST = 900, 300
"""Letters of evidence and claim from which one of an open collection is left out."""
_SENTENCES = 6
_FOLDS = 8
_AT_ONCE = 256


@dataclass(frozen=True)
class Row:
    """A claim with its evidence, and what people found."""

    claim: str
    cited: Cited
    label: str
    """S supported, C contradicted, O left open, N one of these two."""
    source: str
    kind: str = ""
    question: str = ""

    @property
    def group(self) -> str:
        """What it shares with claims that are in the same fold."""
        return self.cited.said


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print, and write if asked to."""
    options = _parse(arguments)
    rows = [*near(options.near, options.most), *opened(options.data / "training/open-en.jsonl.xz")]
    rows += benched(options.data) if options.bench else []
    x = matrix(rows, check.embedder())
    fitted = fit(rows, x)
    if options.write:
        FILE.write_text(json.dumps(fitted, indent=1, ensure_ascii=False) + "\n", "utf-8")
        say(f"written: {FILE}")
    return 0


# -- data ------------------------------------------------------------------------------------


def opened(file: Path) -> list[Row]:
    """A fixed sample of the open collections."""
    by: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("task") == "claim" and row["d"] in SAMPLED:
                by.setdefault((row["d"], row["y"]), []).append(row)
    found, dice = [], random.Random(0)
    for name, number in SAMPLED.items():
        keys = [key for key in by if key[0] == name]
        for key in keys:
            held = by[key]
            dice.shuffle(held)
            made = (Row(r["claim"], _cited(_text(r["ev"])), key[1], name) for r in held)
            found += list(islice((r for r in made if _short(r)), number // len(keys)))
    return found


def _short(row: Row) -> bool:
    letters = sum(map(len, row.cited.texts))
    return 0 < len(row.cited.texts) <= _SENTENCES and letters < _LONGEST[0] and len(row.claim) < _LONGEST[1]


def near(file: Path | None, most: int) -> list[Row]:
    """So many near misses of news, always the same."""
    if file is None:
        return []
    found = []
    lines = file.read_text("utf-8").splitlines()
    random.Random(0).shuffle(lines)
    for line in lines[:most]:
        row = json.loads(line)
        around = f"{_text(row.get('prev'))} {_text(row.get('next'))}"
        cited = _cited(_text(row["ev"]), around, row.get("title") or "", row.get("date"))
        found.append(Row(row["claim"], cited, row["y"], "near", row.get("kind", ""), row.get("question") or ""))
    return found


def benched(data: Path) -> list[Row]:
    """AttributionBench and WiCE."""
    found = []
    for name, read in (("attributionbench", check.attributionbench), ("wice", check.wice)):
        for case in read(data):
            texts = list(check.reference(case))
            cited = Cited(texts, " ".join(texts), case.title)
            found.append(Row(case.claim, cited, "S" if case.supported else "N", name))
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else " ".join(value or ())


def _cited(said: str, around: str = "", title: str = "", date: str | None = None) -> Cited:
    when = parse_date(date) if date else None
    texts = [said[s.start : s.end] for s in sentences(said, "en")]
    return Cited(texts, around, title, [when] if when else [])


# -- features --------------------------------------------------------------------------------


def matrix(rows: Sequence[Row], embed: check.Embed) -> np.ndarray:
    """Features, shape (rows, features), in the order of ``names``."""
    found = []
    for at in range(0, len(rows), _AT_ONCE):
        part = rows[at : at + _AT_ONCE]
        texts = list(dict.fromkeys(t for r in part for t in (r.claim, *r.cited.texts)))
        for start in range(0, len(texts), _AT_ONCE):
            embed(sorted(texts, key=len)[start : start + _AT_ONCE])
        found += [list(one(r, embed).values()) for r in part]
        say(f"  {min(at + _AT_ONCE, len(rows))} of {len(rows)} claims compared")
    return np.array(found)


def one(row: Row, embed: check.Embed) -> dict[str, float]:
    """Features of a claim."""
    close = support.support_features(row.claim, row.cited.texts, row.cited.near, embed=embed)
    odds = regression.logit(support.p_supported(close), 1e-5)
    return judge.features(odds, judge.compared(row.claim, row.cited))


def names() -> tuple[str, ...]:
    """The names of the features, in their order."""
    return tuple(judge.features(0.0, None))


# -- fitting ---------------------------------------------------------------------------------


def fit(rows: Sequence[Row], x: np.ndarray) -> dict[str, Any]:
    """Weights of support and of contradiction, the threshold, and how well they do on claims left out."""
    y = np.array([r.label == "S" for r in rows])
    weight = _weights(rows)
    told = crossed(rows, x, y, weight)
    source = np.array([r.source for r in rows])
    threshold = _THRESHOLD
    figures = {
        name: _measured(told[source == name], y[source == name], threshold) for name in dict.fromkeys(source.tolist())
    }
    for name, value in figures.items():
        say(f"  {name:20s} " + "  ".join(f"{k} {v:g}" for k, v in value.items()))
    for kind in sorted({r.kind for r in rows if r.kind}):
        own = np.array([r.kind == kind for r in rows])
        say(f"  {kind:32s} {int((told[own] >= threshold).sum())} of {int(own.sum())} shown, {int(y[own].sum())} right")
    other = np.array([r.label in "CO" for r in rows])
    against = np.array([r.label == "C" for r in rows])
    return {
        "data": " ".join((__doc__ or "").partition("Data: ")[2].split()),
        "words": {
            "supported": _as_json(regress(x, y, weight, FREE)),
            "contradicted": _as_json(regress(x[other], against[other], weight[other], frozenset(names()))),
            "threshold": threshold,
        },
        "figures": figures,
    }


def crossed(rows: Sequence[Row], x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Probabilities by weights fitted on the folds without a row's group."""
    told = np.full(len(y), 0.5)
    group = np.array([r.group for r in rows])
    for train, test in GroupKFold(_FOLDS, shuffle=True, random_state=0).split(x, y, group):
        told[test] = regress(x[train], y[train], weight[train], FREE)(x[test])
    return told


def regress(x: np.ndarray, y: np.ndarray, weight: np.ndarray, free: frozenset[str]) -> check.Fitted:
    """A regression in which only ``free`` features may have a weight above 0."""
    called = names()
    kept = [n for n in range(x.shape[1]) if x[:, n].std() > 0]
    while True:
        mean, scale = x[:, kept].mean(0), x[:, kept].std(0) + 1e-9
        model = LogisticRegression(C=_STRENGTH, max_iter=3000).fit((x[:, kept] - mean) / scale, y, weight)
        weights = model.coef_[0] / scale
        wrong = [n for n, w in zip(kept, weights, strict=True) if w > 0 and called[n] not in free]
        if not wrong:
            whole = np.zeros(x.shape[1])
            whole[kept] = weights
            return check.Fitted(float(model.intercept_[0] - (weights * mean).sum()), whole)
        kept = [n for n in kept if n not in wrong]


def _weights(rows: Sequence[Row]) -> np.ndarray:
    """Near misses as much as the rest; right and false ones of each source the same."""
    count = Counter((r.source == "near", r.label == "S") for r in rows)
    weight = np.array([1 / count[r.source == "near", r.label == "S"] for r in rows])
    return weight / weight.mean()


def _measured(p: np.ndarray, y: np.ndarray, threshold: float) -> dict[str, float]:
    said = p >= threshold
    told = {
        "claims": float(len(y)),
        "false_shown": float(said[~y].mean()) if (~y).any() else 0.0,
        "right_withheld": float((~said)[y].mean()) if y.any() else 0.0,
        "auc": float(roc_auc_score(y, p)) if 0 < y.sum() < len(y) else 0.5,
        "macro_f1_at_half": check.macro(y, p >= 0.5),
    }
    return {name: round(value, 3) for name, value in told.items()}


def _as_json(fitted: check.Fitted) -> dict[str, Any]:
    weights = {n: round(float(w), 3) for n, w in zip(names(), fitted.weights, strict=True) if w}
    return {"bias": round(fitted.bias, 3), "weights": weights}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.claims", description=(__doc__ or "").partition("\n")[0]
    )
    options.add_argument("data", type=Path, help="the folder of the sets, ../shared/data")
    options.add_argument("--near", type=Path, help="near misses of news, as JSON lines")
    options.add_argument("--most", type=int, default=5000, help="so many of the near misses [default: 5000]")
    options.add_argument("--bench", action="store_true", help="fit on AttributionBench and WiCE dev too")
    options.add_argument("--write", action="store_true", help="write the file")
    return options.parse_args(arguments)


if __name__ == "__main__":
    if not parser.available():
        sys.exit('The parser is not installed. Run: pip install "onrecord[quotes]"')
    sys.exit(main())
