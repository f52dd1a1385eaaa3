"""Which links an archive of real articles gets, for reading: how many of them are right is judged by a person.

    python -m benchmarks.quality.links --articles 1500 --draw 100 --out links.jsonl

Articles are taken in the order of publication, so that stories go on. Story likeness is told here by hashed words, each
once, in place of the embedding model, which takes most of an ingest's time; the decision over two sentences is the
product's own.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.process import ROOT
from rag import Archive
from rag.index.links import Link
from rag.ingest import pipeline
from rag.ingest.load import load
from rag.record import linker
from rag.testing import FakeEmbeddings
from rag.text.tokens import query_terms
from rag.types import RawArticle

DATA = ROOT.parent / "shared/data/realtimeqa-2023/articles.jsonl.gz"
DIM = 512
LIKE = 0.3
"""Least cosine of hashed words of one story: lower than that of the embedding model, so that more is compared."""


class HashedWords(FakeEmbeddings):
    """Each content word once, hashed."""

    def _vector(self, text: str) -> list[float]:
        vector = np.zeros(self.dim)
        for word in query_terms(text):
            vector[int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=4).digest(), "big") % DIM] = 1.0
        length = float(np.linalg.norm(vector))
        if not length:
            vector[0] = length = 1.0
        made: list[float] = (vector / length).tolist()
        return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the archive, find the links, write some of them for reading.

    Returns:
        1 where the data are not there.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.links", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="articles, in a form that ingest reads")
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--first", type=int, default=0, help="how many of them are left out before, as 2500")
    parser.add_argument("--since", default="", help="only articles from this day on, as 2023-01-01")
    parser.add_argument("--draw", type=int, default=100, help="how many links are drawn at random")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--whole", action="store_true", help="embed with the product's model, to tell linking's share")
    parser.add_argument("--out", type=Path, help="where the drawn links are written, a JSON object a line")
    options = parser.parse_args(arguments)
    if not options.data.exists():
        print(f"There are no articles in {options.data}. Name a file: --data PATH", file=sys.stderr)
        return 1
    found = [d for d in load([options.data], None) if isinstance(d, RawArticle)]
    dated = sorted(
        (d for d in found if d.published and f"{d.published:%Y-%m-%d}" >= options.since), key=lambda d: str(d.published)
    )
    embeddings, like = (None, linker.LIKE) if options.whole else (HashedWords(DIM), LIKE)
    with tempfile.TemporaryDirectory() as folder, Archive.open(folder, embeddings=embeddings) as archive:
        stores = archive.stores
        with stores.writing("ingest"):
            stores.claim_fingerprint()
            started = time.process_time()
            pipeline.run(
                dated[options.first : options.first + options.articles],
                catalog=stores.catalog,
                embed=_embed(archive),
                settle=stores.index_pending,
            )
            stored = time.process_time()
            linker.link(stores, like=like)
            linked = time.process_time()
        links = stores.catalog.links()
        counts = stores.catalog.counts()
        each = 1000 * (linked - stored) / max(1, counts["articles"])
        share = (linked - stored) / (linked - started)
        print(
            f"{counts['articles']} articles, {counts['passages']} passages: {len(links)} links, "
            f"{each:.1f} ms of a processor an article ({linked - stored:.1f} s, {share:.1%}; "
            f"storing {stored - started:.1f} s)"
        )
        print(", ".join(f"{kind}: {n}" for kind, n in Counter(k.kind for k in links).most_common()))
        drawn = random.Random(options.seed).sample(links, min(options.draw, len(links)))
        rows = [_row(archive, k) for k in drawn]
    if options.out:
        options.out.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return 0


def _embed(archive: Archive) -> Any:
    def embed(texts: list[str]) -> npt.NDArray[np.float32]:
        return archive.stores.embed(texts)

    return embed


def _row(archive: Archive, found: Link) -> dict[str, Any]:
    """A link with what a reader needs to judge it."""
    of, by = (archive.get(place[0]) for place in (found.of, found.by))
    return {
        "kind": found.kind,
        "confidence": found.confidence,
        "old": of.text[found.of[1] : found.of[2]][:600],
        "old_title": of.title,
        "old_day": str(of.published)[:10],
        "new": by.text[found.by[1] : found.by[2]],
        "new_title": by.title,
        "new_day": str(by.published)[:10],
    }


if __name__ == "__main__":
    sys.exit(main())
