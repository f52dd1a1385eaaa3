"""How long a full-text search takes: ``python -m benchmarks.finding [ARTICLES.jsonl.gz]``.

An archive of the articles is made with stand-in vectors and without looking for quotes, which a full-text search
doesn't use. Then searches of several kinds, made of words drawn from the articles, are timed one after the other: with
the first twenty hits, their excerpts and the counts over all hits.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

from benchmarks import machine
from rag import Archive
from rag.errors import UsageError
from rag.testing import FakeEmbeddings
from rag.text.tokens import places

DATA = Path("../shared/data/realtimeqa-2023/articles.jsonl.gz")
_EACH = 100  # searches of a kind


def searches(texts: Sequence[str], seed: int) -> Iterator[tuple[str, str]]:
    """(kind, query), ``_EACH`` of a kind."""
    draw = random.Random(seed)
    for _ in range(_EACH):
        words = [word for _, _, word in places(draw.choice(texts)) if word.isalpha()]
        if len(words) < 40:
            continue
        at = draw.randrange(len(words) - 8)
        long = [w for w in words if len(w) > 4] or words
        one, two, three = (draw.choice(long) for _ in range(3))
        yield "one word", one
        yield "three words", f"{one} {two} {three}"
        yield "either of three", f"{one} OR {two} OR {three}"
        yield "phrase of four", '"' + " ".join(words[at : at + 4]) + '"'
        yield "frequent words", "the government said"
        yield "prefix", f"{one[:3]}*"
        yield "near", f"{words[at]} NEAR/5 {words[at + 4]}"
        yield "field, month, without", f"outlet:news date:2023-02 NOT {two}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m benchmarks.finding", description=__doc__, formatter_class=form)
    parser.add_argument("data", type=Path, nargs="?", default=DATA, help="JSON lines of articles, gzipped")
    parser.add_argument(
        "--articles", type=int, help="the first so many of the file; 1,430 of the default are 25,000 passages"
    )
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    if not args.data.exists():
        print(f"No articles in {args.data}.", file=sys.stderr)
        return 1
    with gzip.open(args.data, "rt", encoding="utf-8") as lines:
        rows = list(itertools.islice(lines, args.articles))
    texts = [json.loads(row).get("text") or "" for row in rows]
    with tempfile.TemporaryDirectory() as folder, Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        (Path(folder) / "in.jsonl").write_text("".join(rows), encoding="utf-8")
        nothing = mock.patch("rag.ingest.backfill.find_quotes", lambda articles: [[] for _ in articles])
        with nothing, mock.patch("rag.record.linker.link"):
            archive.ingest(Path(folder) / "in.jsonl")
        size = archive.stats()
        took: dict[str, list[float]] = {}
        found: dict[str, list[int]] = {}
        for kind, query in searches(texts, args.seed):
            began = time.perf_counter()
            try:
                total = archive.find(query).total
            except UsageError:
                continue
            took.setdefault(kind, []).append((time.perf_counter() - began) * 1000)
            found.setdefault(kind, []).append(total)
    print("\n".join(machine.lines(machine.describe(Path(folder)))))
    print(f"Archive    {size.articles} articles, {size.passages} passages\n")
    print("| search | articles found, median | ms p50 | ms p95 |\n|---|---|---|---|")
    every = [ms for its in took.values() for ms in its]
    for kind, its in [*took.items(), ("all", every)]:
        median = f"{statistics.median(found[kind]):.0f}" if kind in found else ""
        print(f"| {kind} | {median} | {statistics.median(its):.0f} | {statistics.quantiles(its, n=20)[-1]:.0f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
