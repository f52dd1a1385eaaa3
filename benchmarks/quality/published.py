"""Retrieval in the way the published figures were made: one vector, or one bag of words, for each whole document.

The product's own way, passages and both arms, is in ``sets``; this shows that its parts are what they should be.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality.runs import Figure, say
from rag.evaluation import measures, statistics
from rag.evaluation.cases import load_cases
from rag.evaluation.values import EvalCase, Found, Row
from rag.index.catalog import IndexRow
from rag.index.embed import BuiltInEmbedder
from rag.index.lexical import LexicalIndex
from rag.settings import load_settings

_DEPTH = 100
WAYS = ("dense, whole documents", "lexical, whole documents")


def figures(name: str, folder: Path) -> list[Figure]:
    """nDCG@10 and recall@10 of both arms over whole documents, title and text.

    Args:
        name: Of the set.
        folder: A BEIR folder.
    """
    cases = load_cases(folder, format="beir")
    documents = _documents(folder / "corpus.jsonl")
    found = []
    for way, ranked in zip(WAYS, (_dense(cases, documents), _lexical(cases, documents)), strict=True):
        rows = [
            Row(case=c, relevant=c.relevant, found=tuple(Found(passage=i, article=i) for i in ids))
            for c, ids in zip(cases, ranked, strict=True)
        ]
        names = measures.parse(("ndcg@10", "recall@10", "hit@1"))
        for s in statistics.summarise(measures.results(rows, names), names):
            found.append(Figure(name, way, s.name, s.value, s.low, s.high, s.cases))
    return found


def _documents(file: Path) -> dict[str, tuple[str, str]]:
    import json

    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    return {r["_id"]: (r.get("title") or "", r["text"]) for r in rows}


def _dense(cases: Sequence[EvalCase], documents: Mapping[str, tuple[str, str]]) -> list[list[str]]:
    embedder = BuiltInEmbedder(cache=load_settings().cache.expanduser())
    say(f"  embedding {len(documents)} documents ...")
    ids = list(documents)
    vectors = embedder.embed([" ".join(documents[i]).strip() for i in ids])
    asked = embedder.embed([c.question for c in cases])
    return [[ids[n] for n in np.argsort(-row, kind="stable")[:_DEPTH]] for row in asked @ vectors.T]


def _lexical(cases: Sequence[EvalCase], documents: Mapping[str, tuple[str, str]]) -> list[list[str]]:
    nothing = np.zeros(1, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        index = LexicalIndex(Path(folder) / "lexical")
        index.add(
            [
                IndexRow(n, i, i, title, text, None, None, "", nothing)
                for n, (i, (title, text)) in enumerate(documents.items())
            ]
        )
        index.refresh(1)
        ranked = [[i for i, _ in index.search(c.question, _DEPTH)] for c in cases]
        index.close()
    return ranked
