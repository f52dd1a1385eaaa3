"""Arms and checks as a package of one's own would add them, and ours through the same contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from helpers import fill, many

from rag import Archive
from rag.answer.check.verify import Cited, supports
from rag.protocols import Arm, Check
from rag.retrieve.arms import DenseArm, LexicalArm
from rag.retrieve.tongues import Tongues
from rag.testing import FakeEmbeddings
from rag.testing.contracts import ArmContract, CheckContract

ARMS: dict[str, Callable[[Archive], Arm]] = {
    "dense": lambda archive: DenseArm(archive.stores, Tongues(archive.stores)),
    "lexical": lambda archive: LexicalArm(archive.stores),
}


class TestArms(ArmContract):
    @pytest.fixture
    def archive(self, tmp_path: Path) -> Iterator[Archive]:
        with Archive.open(tmp_path / "archive", embeddings=FakeEmbeddings()) as archive:
            fill(archive, *many(6))
            yield archive

    @pytest.fixture(params=ARMS)
    def arm(self, request: pytest.FixtureRequest, archive: Archive) -> Arm:
        return ARMS[request.param](archive)

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
