"""Embedding models keep the contract: the one for tests, and the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.index.embed import BuiltInEmbedder, LangChainEmbedder
from rag.protocols import Embedder
from rag.testing import FakeEmbeddings
from rag.testing.contracts import EmbedderContract


class TestFake(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return LangChainEmbedder(FakeEmbeddings())


@pytest.mark.models
class TestMiniLM(EmbedderContract):
    @pytest.fixture(scope="class")
    def embedder(self, shared_cache: Path) -> Embedder:
        return BuiltInEmbedder(cache=shared_cache)


@pytest.mark.models
class TestMultilingual(EmbedderContract):
    @pytest.fixture(scope="class")
    def embedder(self, shared_cache: Path) -> Embedder:
        return BuiltInEmbedder("multilingual", cache=shared_cache)
