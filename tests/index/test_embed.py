"""Embedding without its libraries, and the cache of vectors; the real model is in tests/integration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import Archive
from rag.errors import ArchiveMismatch, ExtraMissing, ModelFailed, ModelMissing
from rag.index.embed import BuiltInEmbedder, EmbeddingCache, SentenceTransformerEmbedder
from rag.testing import FakeEmbeddings


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


@pytest.mark.parametrize("named", ["foo", "nobody/foo", "all-MiniLM-l6-v3", "no/such/folder", "a b"])
def test_a_model_that_isnt_here_is_told_as_that(tmp_path: Path, named: str) -> None:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        archive.add([{"title": "Fog", "text": "Fog lay over the harbour."}])
    with Archive.open(tmp_path / "x", embeddings=named) as archive:
        for call in lambda: archive.search("fog"), lambda: archive.add([{"title": "Rain", "text": "Rain fell."}]):
            with pytest.raises(ModelMissing, match=f"no embedding model '{named}'.*There are all-MiniLM-L6-v2, multi"):
                call()


def test_one_that_is_here_is_another_than_the_archives(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        archive.add([{"title": "Fog", "text": "Fog lay over the harbour."}])
    for named in "multilingual", str(tmp_path / "model"):
        with (
            Archive.open(tmp_path / "x", embeddings=named) as archive,
            pytest.raises(ArchiveMismatch, match="doctor --rebuild"),
        ):
            archive.search("fog")


def test_a_model_that_failed_at_once_leaves_no_mark(tmp_path: Path) -> None:
    class Broken(FakeEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise RuntimeError("no such model")

    fog = {"title": "Fog", "text": "Fog lay over the harbour."}
    with Archive.open(tmp_path / "x", embeddings=Broken()) as archive, pytest.raises(ModelFailed):
        archive.add([fog])
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        assert archive.search("fog") == [] and archive.add([fog]).added == 1
    with Archive.open(tmp_path / "x", embeddings=Broken()) as archive, pytest.raises(ArchiveMismatch):
        archive.search("fog")
