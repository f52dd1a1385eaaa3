"""Arms and checks as a package of one's own would add them, and ours through the same contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from helpers import fill, many

from rag import Archive, Query, Settings
from rag.answer.check.verify import Cited, supports
from rag.protocols import Arm, Check
from rag.testing import FakeEmbeddings
from rag.testing.contracts import ArmContract, CheckContract


class Searching:
    """An archive's own retriever as an arm."""

    weight = 1.0

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def search(self, query: Query, depth: int) -> Sequence[str]:
        hits = self._archive.search(query.text, k=depth, sources=query.sources)
        return [hit.passage.id for hit in hits]


class TestArms(ArmContract):
    @pytest.fixture(params=["dense", "lexical", "hybrid"])
    def archive(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
        settings = Settings(archive=tmp_path / "archive", retriever=request.param)
        with Archive.open(settings=settings, embeddings=FakeEmbeddings()) as archive:
            fill(archive, *many(6))
            yield archive

    @pytest.fixture
    def arm(self, archive: Archive) -> Arm:
        return Searching(archive)

    @pytest.fixture
    def known(self, archive: Archive) -> set[str]:
        return {f"{a.id}:{n}" for a in archive.articles() for n in range(3)}


class Supported:
    """The built-in check, asked as a further one."""

    def check(self, statement: str, cited: Cited, question: str) -> str | None:
        def embed(texts: Sequence[str]) -> object:
            import numpy as np

            return np.array(FakeEmbeddings().embed_documents(list(texts)), np.float32)

        verdict = supports(statement, cited, embed=embed, asked=question)  # type: ignore[arg-type]
        return verdict.why or None


class TestChecks(CheckContract):
    question = "What did engineers find?"

    @pytest.fixture
    def check(self) -> Check:
        return Supported()

    @pytest.fixture
    def cited(self) -> Cited:
        return Cited(["Engineers found cracks in two of the nine piers."], "", "Bridge closed")

    @pytest.fixture
    def good(self) -> str:
        return "Engineers found cracks in two of the nine piers."

    @pytest.fixture
    def bad(self) -> str:
        return "Engineers found cracks in three of the nine piers."
