"""Embedding without its libraries, and the cache of vectors; the real model is in tests/integration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.errors import ExtraMissing
from rag.index.embed import BuiltInEmbedder, EmbeddingCache, SentenceTransformerEmbedder


def test_without_sentence_transformers_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sentence_transformers", "torch", "transformers"):
        monkeypatch.setitem(sys.modules, module, None)
    embedder = SentenceTransformerEmbedder(str(tmp_path / "model"), cache=tmp_path)
    with pytest.raises(ExtraMissing) as e:
        embedder.query("What happened?")
    assert str(e.value) == (
        'Embedding needs sentence-transformers, which is not installed. Run: pip install "onrecord[local]"'
    )


@pytest.mark.parametrize("module", ["onnxruntime", "tokenizers"])
def test_without_what_runs_the_exported_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    embedder = BuiltInEmbedder(cache=tmp_path)
    monkeypatch.setattr(Path, "exists", lambda path: path.suffix == ".onnx")  # exported before, by another program
    with pytest.raises(ExtraMissing, match=rf"^Embedding needs {module}, which is not installed\. Run: pip"):
        embedder.query("What happened?")


def test_a_text_is_embedded_once_and_the_least_recently_used_is_dropped() -> None:
    asked: list[str] = []

    def embed(texts: list[str]) -> Any:
        asked.extend(texts)
        return np.array([[float(len(t))] for t in texts], np.float32).reshape(len(texts), 1)

    cached = EmbeddingCache(embed, most=2)
    assert cached(["a", "bb", "a"]).tolist() == [[1.0], [2.0], [1.0]]
    assert cached(["a"]).tolist() == [[1.0]]
    cached(["ccc"])
    assert asked == ["a", "bb", "ccc"]
    cached(["a", "bb"])
    assert asked == ["a", "bb", "ccc", "bb"]
    assert cached([]).shape == (0, 1)
