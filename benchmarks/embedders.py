"""The built-in embedding models beside each other: passages per second by each backend, and memory.

    python -m benchmarks.embedders              # the passages are those of corpus/
    python -m benchmarks.embedders FILE ...     # JSON Lines with a "text" in each row

Speed is measured in turns, so that other work slows all alike; the best of three. Memory is that of a process that
embeds questions alone (onnxruntime), and of one that embeds passages by the backend that is fastest here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.process import ROOT
from rag.index.embed import DEFAULT, MULTILINGUAL, BuiltInEmbedder
from rag.machine import processor
from rag.settings import load_settings

MODELS = (DEFAULT, MULTILINGUAL)
_WORDS = 110  # of a passage
_TURNS = 3

_CHILD = """
import json, sys, time
import psutil
from pathlib import Path
from rag.index.embed import BuiltInEmbedder
model, cache, texts = sys.argv[1], Path(sys.argv[2]), json.load(sys.stdin)
started = time.perf_counter()
embedder = BuiltInEmbedder(model, cache=cache)
embedder.query("What happened?")
told = {"first question, s": round(time.perf_counter() - started, 1)}
if texts:
    embedder.measure(texts)
    embedder.embed(texts)
told["MB"] = round(psutil.Process().memory_info().rss / 1e6)
print(json.dumps(told))
"""


def passages(files: Sequence[Path], most: int) -> list[str]:
    """Passages of 110 words, of the texts of JSON Lines or of plain text files, one after the other."""
    words: list[str] = []
    for file in files:
        content = file.read_text("utf-8")
        rows = content.splitlines() if ".jsonl" in file.name else ()
        words += " ".join(json.loads(row).get("text", "") for row in rows).split() if rows else content.split()
    starts = range(0, len(words) - _WORDS, _WORDS)
    return [" ".join(words[n : n + _WORDS]) for n in starts][:most]


def speeds(texts: Sequence[str], cache: Path) -> dict[tuple[str, str], float]:
    """Passages per second by model and backend."""
    models = {name: BuiltInEmbedder(name, cache=cache) for name in MODELS}
    best: dict[tuple[str, str], float] = {}
    for turn in range(_TURNS + 1):
        for name, model in models.items():
            for backend in model.backends:
                some = texts if turn else texts[:4]  # the first turn loads
                started = time.perf_counter()
                model.by(backend, some)
                if turn:
                    rate = len(some) / (time.perf_counter() - started)
                    best[name, backend] = max(best.get((name, backend), 0.0), rate)
    return best


def likeness(name: str, backend: str, texts: Sequence[str], cache: Path) -> tuple[float, float]:
    """Cosines of a backend's vectors to those of single precision: their mean, and the least of them."""
    model = BuiltInEmbedder(name, cache=cache)
    cosines = (model.by(backend, texts) * model.by("torch-fp32", texts)).sum(axis=1)
    return float(cosines.mean()), float(cosines.min())


def memory(name: str, cache: Path, texts: Sequence[str]) -> dict[str, float]:
    """Of a process of its own: resident MB, and seconds to its first question."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, name, str(cache)],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.embedders", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("files", nargs="*", type=Path, help="where passages come from [default: corpus/*.md]")
    parser.add_argument("--passages", type=int, default=64, help="how many [default: 64]")
    options = parser.parse_args(arguments)
    texts = passages(options.files or sorted((ROOT / "corpus").glob("*.md")), options.passages)
    cache = load_settings().cache.expanduser()
    print(f"{processor()}; {len(texts)} passages of {_WORDS} words")
    for (name, backend), rate in speeds(texts, cache).items():
        mean, least = likeness(name, backend, texts, cache)
        print(f"{name:<17} {backend:<11} {rate:6.1f} passages/s; cosine to torch-fp32 {mean:.4f}, at least {least:.4f}")
    for name in MODELS:
        for what, some in (("questions", []), ("passages", texts)):
            told = ", ".join(f"{key} {value:g}" for key, value in memory(name, cache, some).items())
            print(f"{name:<17} {what:<11} {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
