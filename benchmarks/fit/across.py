"""Measures ``rag.retrieve.tongues.ACROSS``: how much each arm counts for passages in another language.

    python -m benchmarks.fit.across ../shared/data

Every sixth question of XQuAD in English, Turkish and Chinese, over whole paragraphs: all of them in one language, and,
mixed, each in one of the three, by its number. Weights were chosen by the pairs zh → en, zh → tr and tr → zh and the
first mix; the other pairs and the second mix show what they are worth.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.index.catalog import IndexRow
from rag.index.embed import MULTILINGUAL, BuiltInEmbedder
from rag.index.lexical import LexicalIndex
from rag.retrieve.fusion import share
from rag.settings import load_settings

LANGUAGES = ("en", "tr", "zh")
CHOSEN_BY = ("zh → en", "zh → tr", "tr → zh", "mix 0")
_EVERY = 6
_DEPTH = 100

Ranks = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ranked:
    """What both arms found for a question."""

    dense: Ranks
    lexical: Ranks
    foreign: npt.NDArray[np.bool_]
    """Of each paragraph, whether it is in another language than the question."""
    right: int


def place(found: Ranked, dense: float, lexical: float) -> int:
    """Paragraphs before the right one; words count twice, for passages and for whole articles."""
    scores = np.zeros(len(found.foreign))
    for ranks, factor, weight in ((found.dense, dense, 1.0), (found.lexical, lexical, 2.0)):
        own = np.where(found.foreign[ranks], factor, 1.0)
        scores[ranks] += own * [share(weight, n) for n in range(1, len(ranks) + 1)]
    right = scores[found.right]
    return int((scores > right).sum()) if right else len(scores)


def figures(found: Sequence[Ranked], dense: float, lexical: float) -> tuple[float, float]:
    """hit@10 and nDCG@10."""
    places = np.array([place(one, dense, lexical) for one in found])
    return float((places < 10).mean()), float(np.where(places < 10, 1 / np.log2(places + 2), 0).mean())


def ranked(data: Path) -> dict[str, list[Ranked]]:
    """What was found, by pairs "asked → articles" and by mixes."""
    embedder = BuiltInEmbedder(MULTILINGUAL, cache=load_settings().cache.expanduser())
    texts = {a: _lines(data / f"xquad/beir/{a}/corpus.jsonl") for a in LANGUAGES}
    vectors = {a: embedder.embed([f"{r.get('title') or ''}\n{r['text']}" for r in rows]) for a, rows in texts.items()}
    asked = {a: _questions(data / f"xquad/beir/{a}", texts[a]) for a in LANGUAGES}
    embedded = {a: np.stack([embedder.query(q) for q, _ in some]) for a, some in asked.items()}
    number = len(texts["en"])
    archives = {a: [a] * number for a in LANGUAGES}
    archives |= {f"mix {n}": [LANGUAGES[(i * 7 + i // 5 + n) % 3] for i in range(number)] for n in (0, 1)}
    found: dict[str, list[Ranked]] = {}
    for name, of in archives.items():
        rows = np.stack([vectors[a][i] for i, a in enumerate(of)])
        with tempfile.TemporaryDirectory() as folder:
            index = LexicalIndex(Path(folder) / "lexical")
            index.add([_row(i, texts[a][i]) for i, a in enumerate(of)])
            index.refresh(1)
            for a in LANGUAGES:
                key = f"{a} → {name}" if name in LANGUAGES else name
                for (question, right), vector in zip(asked[a], embedded[a], strict=True):
                    dense = np.argsort(-(rows @ vector), kind="stable")[:_DEPTH]
                    words = np.array([int(i) for i, _ in index.search(question, _DEPTH)], np.int64)
                    foreign = np.array([other != a for other in of])
                    found.setdefault(key, []).append(Ranked(dense, words, foreign, right))
            index.close()
    return found


def _questions(folder: Path, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    places = {row["_id"]: n for n, row in enumerate(rows)}
    of = dict(line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:])
    return [(row["text"], places[of[row["_id"]]]) for row in _lines(folder / "queries.jsonl")[::_EVERY]]


def _row(number: int, row: Mapping[str, Any]) -> IndexRow:
    title, nothing = row.get("title") or "", np.zeros(1, np.float32)
    return IndexRow(number, str(number), str(number), title, row["text"], None, None, "", nothing)


def _lines(file: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.across", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("data", type=Path, help="the folder of the sets, ../shared/data")
    found = ranked(parser.parse_args(arguments).data)
    print("dense lexical: " + ", ".join(found) + ": hit@10 / nDCG@10")
    for dense, lexical in product((1, 2, 3, 4), (1, 0.5, 0.3, 0.1, 0)):
        cells = [figures(some, dense, lexical) for some in found.values()]
        print(f"{dense} {lexical}: " + "  ".join(f"{hit:.3f}/{ndcg:.3f}" for hit, ndcg in cells), flush=True)
        chosen = np.mean([c for c, name in zip(cells, found, strict=True) if name in CHOSEN_BY], axis=0)
        print(f"    on what they are chosen by {chosen[0]:.3f}/{chosen[1]:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
