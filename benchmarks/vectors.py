"""Search over N vectors in each store: time to write them, p50 and p95 of a search, with and without filters.

    python -m benchmarks.vectors --count 25000 --url embedded --url chroma+http://127.0.0.1:8100 \
        --url postgresql://user@host/db --url qdrant+http://127.0.0.1:6333

Vectors are made by rule from a seed, in clusters as those of news are; recall is told beside comparing them all.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from rag.index.catalog import IndexRow
from rag.index.served import Owner, plain
from rag.index.vector_places import Folder, OnServer, open_index, server_of
from rag.retrieve.query import build_query

_START = datetime(2021, 1, 1, tzinfo=UTC)


def vectors(count: int, dim: int, seed: int) -> Any:
    """Float32, shape (count, dim), rows of length 1, about one of count / 40 centres each."""
    numbers = np.random.default_rng(seed)
    centres = numbers.normal(size=(max(1, count // 40), dim))
    made = centres[numbers.integers(len(centres), size=count)] + numbers.normal(size=(count, dim)) * 0.7
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def rows(made: Any, step: int = 4000) -> Iterator[list[IndexRow]]:
    """Passages of three years and eight outlets, some at a time."""
    for at in range(0, len(made), step):
        yield [
            IndexRow(i + 1, f"{i:020}:0", f"{i:020}", "", "", f"Outlet {i % 8}", _START + timedelta(hours=i % 26_000),
                     "en", made[i])
            for i in range(at, min(at + step, len(made)))
        ]  # fmt: skip


def measure(url: str, made: Any, asked: Any, shards: str, hits: int, folder: Path) -> dict[str, Any]:
    """Write, search, remove."""
    server = server_of(url)
    place = OnServer(server, Owner("benchmark0000000", str(folder), "")) if server else Folder(folder)
    place.drop("vectors-1")
    index = open_index(place, "vectors-1", shards, expected=False)
    try:
        began = time.perf_counter()
        for some in rows(made):
            index.add(some)
        told: dict[str, Any] = {
            "store": plain(url) if server else "embedded",
            "shards": shards,
            "write_s": round(time.perf_counter() - began, 2),
        }
        outlets = ["Outlet 1", "Outlet 5"]
        kinds = {
            "all": None,
            "outlets": build_query("x", k=10, sources=outlets),
            "a_month": build_query("x", k=10, after="2022-03-01", before="2022-04-01", undated=False),
        }
        for name, query in kinds.items():
            index.search(asked[0], hits, query)  # the first one opens what there is to open
            taken, right = [], []
            for vector in asked:
                began = time.perf_counter()
                found = index.search(vector, hits, query)
                taken.append((time.perf_counter() - began) * 1000)
                if query is None:
                    best = np.argpartition(-(made @ vector), hits)[:hits]
                    right.append(len({f"{i:020}:0" for i in best} & {i for i, _ in found}) / hits)
            p50, p95 = np.percentile(taken, [50, 95])
            told[name] = {"p50_ms": round(float(p50), 2), "p95_ms": round(float(p95), 2)}
            if right:
                told[name]["recall"] = round(float(np.mean(right)), 4)
        return told
    finally:
        index.close()
        place.drop("vectors-1")
        place.close()


def main(argv: Sequence[str] | None = None) -> None:
    """A line of JSON for each store."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.vectors",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", action="append", help="as ONRECORD_VECTORS, more than once; by default embedded")
    parser.add_argument("--count", type=int, default=25_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--hits", type=int, default=50)
    parser.add_argument("--shards", choices=["none", "month"], default="none")
    args = parser.parse_args(argv)
    made, asked = vectors(args.count, args.dim, 1), vectors(args.queries, args.dim, 2)
    for url in args.url or ["embedded"]:
        with tempfile.TemporaryDirectory(prefix="onrecord-vectors-") as folder:
            told = measure(url, made, asked, args.shards, args.hits, Path(folder))
        print(json.dumps({"count": args.count, "dim": args.dim, **told}), flush=True)


if __name__ == "__main__":
    main()
