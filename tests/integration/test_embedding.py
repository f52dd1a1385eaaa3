"""The ways of embedding give one and the same vectors."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

from rag.index.embed import BuiltInEmbedder
from rag.index.encoder import length_batches
from rag.index.stores import Stores
from rag.machine import multiplies_bytes
from rag.settings import Settings
from rag.weights import MINILM, ensure_in_place

WORDS = (Path(__file__).parents[2] / "README.md").read_text("utf-8").split()


def test_groups_hold_every_text_once() -> None:
    made = random.Random(3)
    for _ in range(200):
        lengths = [made.randint(1, 256) for _ in range(made.randint(0, 60))]
        groups = length_batches(lengths)
        assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
        assert all(groups)


@pytest.mark.models
def test_the_quick_way_gives_the_models_own_vectors(tmp_path: Path) -> None:
    made = random.Random(5)
    texts = [" ".join(made.choices(WORDS, k=made.choice((1, 3, 12, 40, 90, 400)))) for _ in range(60)]
    embedder = BuiltInEmbedder(cache=tmp_path)
    quick = embedder.embed(texts)
    assert embedder.backend == "onnx"
    assert any(tmp_path.glob("*.onnx"))  # it was the graph that gave them
    assert "GOMP_SPINCOUNT" not in os.environ  # it is set while torch is imported
    from sentence_transformers import SentenceTransformer

    folder = ensure_in_place(MINILM, tmp_path).parent
    own = SentenceTransformer(str(folder), device="cpu").encode(texts, normalize_embeddings=True)
    assert float((quick * own).sum(axis=1).min()) > 0.9999
    alone = np.stack([embedder.query(text) for text in texts])
    assert float((alone * own).sum(axis=1).min()) > 0.9999


@pytest.mark.models
def test_in_8_bits_vectors_are_near_and_no_texts_hangs_on_the_others(shared_cache: Path) -> None:
    made = random.Random(7)
    texts = [" ".join(made.choices(WORDS, k=made.choice((12, 40, 90, 200)))) for _ in range(40)]
    embedder = BuiltInEmbedder(cache=shared_cache)
    found, exact = embedder.by("onnx-int8", texts), embedder.by("onnx", texts)
    if not multiplies_bytes():  # the exact way runs in its place, by torch
        assert np.abs(found - exact).max() < 1e-3
        return
    cosines = (found * exact).sum(axis=1)
    assert 0.97 < float(cosines.min()) < 0.9999, "it is the graph in 8 bits that gave them"
    assert np.array_equal(found, np.concatenate([embedder.by("onnx-int8", [text]) for text in texts]))


@pytest.mark.models
def test_sentences_are_weighed_exactly_whatever_embeds_passages(shared_cache: Path, tmp_path: Path) -> None:
    settings = Settings(archive=tmp_path / "x", cache=shared_cache, model="extractive")
    stores = Stores(tmp_path / "x", settings)
    embedder = stores.embedder
    assert isinstance(embedder, BuiltInEmbedder)
    embedder._backend = "onnx-int8"
    told = ["The bridge is closed.", "Rain fell all day."]
    assert np.array_equal(stores.embedding_cache(told), embedder.by("onnx", told))
    assert np.array_equal(stores.embed(told), embedder.by("onnx-int8", told))


@pytest.mark.models
def test_a_damaged_graph_is_made_again(shared_cache: Path, tmp_path: Path) -> None:
    BuiltInEmbedder(cache=shared_cache).query("What happened?")
    for graph in shared_cache.glob("minilm-*.onnx"):
        name = graph.name
        (tmp_path / name).write_bytes(b"cut short" if "int8" in name else graph.read_bytes())
    embedder = BuiltInEmbedder(cache=tmp_path)
    exact = embedder.by("onnx", ["The bridge is closed."])
    assert float((embedder.by("onnx-int8", ["The bridge is closed."]) * exact).sum()) > 0.97
    assert all(graph.stat().st_size > 1000 for graph in tmp_path.glob("*.onnx"))
