"""Makes ``rag/index/bridge.npz``: questions of a hundred languages in the default embedding model's space.

    python -m benchmarks.fit.bridge ../shared/data            # measures; some minutes
    python -m benchmarks.fit.bridge ../shared/data --write

A ridge regression from the multilingual model's vectors of English questions to the default model's of the same
questions. Data: 20,000 questions of ``training/open-en.jsonl.xz``, whose sets and licences its ``INDEX.md`` names; no
question in another language, and no translation. What comes of it is measured on XQuAD: its questions in Turkish and
Chinese over the paragraphs in English, of which nothing was learnt; beside them its English ones, by the map and by the
default model itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.quality.runs import say
from rag.index.bridge import FILE, across
from rag.index.embed import BuiltInEmbedder
from rag.index.encoder import MultilingualE5, Runner
from rag.settings import load_settings

Vectors = npt.NDArray[np.float32]
QUESTIONS = 20_000
PENALTY = 2.0
"""Of the squares of the map's weights: of 1 to 30, on rows of length 1, what finds most."""
_LONGEST = 200


def questions(data: Path) -> list[str]:
    """English questions that are open to training."""
    there: set[str] = set()
    with lzma.open(data / "training" / "open-en.jsonl.xz", "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            if row["task"] in ("qa", "yn") and row.get("q") and len(row["q"]) < _LONGEST:
                there.add(row["q"])
    return random.Random(1).sample(sorted(there), min(QUESTIONS, len(there)))


def fitted(asked: Vectors, wanted: Vectors) -> Vectors:
    """The map that takes ``asked``, (n, 384), nearest to ``wanted``, (n, 384): float32, shape (385, 384)."""
    x = np.c_[asked, np.ones(len(asked))].astype(np.float64)
    penalty = PENALTY * np.eye(x.shape[1])
    found: Vectors = np.linalg.solve(x.T @ x + penalty, x.T @ wanted).astype(np.float32)
    return found


def figures(embedder: BuiltInEmbedder, runner: Runner, bridge: Vectors, data: Path) -> str:
    """How often the right one of XQuAD's English paragraphs is among the first ten."""
    lines = []
    paragraphs: list[str] = []
    for language in ("en", "tr", "zh"):
        articles = json.loads((data / "xquad" / f"xquad.{language}.json").read_text("utf-8"))["data"]
        texts = [p["context"] for a in articles for p in a["paragraphs"]]
        paragraphs = paragraphs or texts
        in_order = [p for a in articles for p in a["paragraphs"]]
        asked = [(q["question"], n) for n, p in enumerate(in_order) for q in p["qas"]]
        there = embedder.embed(paragraphs)
        ways = {"map": across(runner.run("onnx", [q for q, _ in asked], query=True), bridge)}
        if language == "en":
            ways["default model"] = np.stack([embedder.query(q) for q, _ in asked])
        for way, vectors in ways.items():
            order = np.argsort(-(vectors @ there.T), axis=1)
            place = np.array([list(row).index(n) for row, (_, n) in zip(order, asked, strict=True)])
            told = "  ".join(f"hit@{k} {np.mean(place < k):.3f}" for k in (1, 3, 10))
            lines.append(f"{language} → en, {way}: {told}  ({len(asked)} questions)")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and measure, and write the map where that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.bridge",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="the folder of the sets, ../shared/data")
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name}")
    options = parser.parse_args(arguments)
    cache = load_settings().cache.expanduser()
    embedder = BuiltInEmbedder(cache=cache)
    runner = Runner(MultilingualE5("multilingual-e5-small", cache), cache)
    asked = questions(options.data)
    say(f"{len(asked)} questions: the default model ...")
    wanted = embedder.embed(asked)
    say("the multilingual model ...")
    vectors = runner.run("onnx", asked, query=True)
    bridge = fitted(vectors, wanted).astype(np.float16)
    near = (across(vectors, bridge.astype(np.float32)) * wanted).sum(1)
    print(f"cosine with the default model's vector: {near.mean():.3f}")
    print(figures(embedder, runner, bridge.astype(np.float32), options.data))
    if options.write:
        np.savez(FILE, bridge=bridge)
        say(f"written: {FILE}, SHA-256 {hashlib.sha256(FILE.read_bytes()).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
