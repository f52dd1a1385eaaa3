"""This program beside another checkout of it, in turn on one machine: ingest, search, first sentence, memory.

python -m benchmarks.versus ../other-checkout ../shared/data/wikinews/articles.jsonl --runs 3

Each checkout is run by the Python of its own ``.venv``. Medians of the runs are printed, and how the two compare.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.process import ROOT
from rag.machine import processor

_CHILD = """
import json, resource, statistics, sys, time
started = time.perf_counter()
import rag
imported = time.perf_counter() - started
folder, articles, model, number = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
archive = rag.Archive.open(folder, chat_model=model)
archive.ingest("corpus")  # loads the models
started = time.perf_counter()
report = archive.ingest(articles)
ingest = time.perf_counter() - started
asked = [json.loads(line)["question"] for line in open("corpus/questions.jsonl", encoding="utf-8")]
asked = [q for q in asked if q.isascii()]
searches = []
for question in asked * 3:
    started = time.perf_counter()
    archive.search(question, k=8)
    searches.append(time.perf_counter() - started)
firsts = []
for question in asked[: number + 1]:
    started = time.perf_counter()
    for event in archive.stream(question):
        if type(event).__name__ in ("Delta", "Finished"):
            firsts.append(time.perf_counter() - started)
            break
print(json.dumps({
    "import rag, ms": imported * 1000,
    "ingest, words/s": report.words / ingest,
    "search, ms": statistics.median(searches[len(asked):]) * 1000,
    "first sentence or refusal, s": statistics.median(firsts[1:]),
    "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
archive.close()
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versus", description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="the other checkout")
    parser.add_argument("articles", type=Path, help="what is ingested: a file or folder")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--model", default="local")
    parser.add_argument("--questions", type=int, default=4, help="asked of the model, in each run")
    args = parser.parse_args(arguments)
    trees = {"other": args.other.resolve(), "this": ROOT}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for run in range(args.runs):
        for name, tree in trees.items():
            found[name].append(_run(tree, args.articles.resolve(), args.model, args.questions))
            print(f"run {run + 1} of {args.runs}, {name}: {found[name][-1]}", file=sys.stderr)
    print(f"Medians of {args.runs} runs each, in turn, on {processor()}.\n")
    print("| | other | this | this / other |\n|---|---|---|---|")
    for figure in found["this"][0]:
        other, this = (statistics.median(run[figure] for run in found[name]) for name in ("other", "this"))
        print(f"| {figure} | {other:.3g} | {this:.3g} | {this / other:.2f} |")
    return 0


def _run(tree: Path, articles: Path, model: str, questions: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [str(tree / ".venv/bin/python"), "-c", _CHILD, f"{folder}/archive", str(articles), model, str(questions)],
            cwd=tree, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{tree} failed:\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
