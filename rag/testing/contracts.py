"""What the parts of OnRecord promise one another, as tests to inherit: for a part of your own, or another store.

    from rag.testing.contracts import ReaderContract

    class TestRst(ReaderContract):
        @pytest.fixture
        def reader(self):
            return RstReader()

        @pytest.fixture
        def whole(self):
            return b"Title\\n=====\\n\\nThe bridge is closed.\\n"

Each contract names the fixtures that it needs. This module needs pytest, which OnRecord itself doesn't.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.protocols import Arm, Check, Embedder, Reader
from rag.retrieve.query import build_query
from rag.testing.store_contracts import CatalogContract, LexicalStoreContract, VectorStoreContract, index_row
from rag.types import RawArticle, Skipped

_ODD_BYTES = (
    b"",
    b" \n\t ",
    b"\x00" * 64,
    b"\xff\xfe\x00\xd8",
    "\u202e\ufffd\U0001f642".encode(),
    b"<" * 500,
    b"[" * 500,
    b'{"text": ',
    b"%PDF-1.7\n%%EOF",
    b"PK\x03\x04" + b"\x00" * 60,
)


class ReaderContract:
    """What a reader of files promises: ``rag.protocols.Reader``.

    Fixtures: ``reader``, and ``whole``: the bytes of a file with at least one article.
    """

    @pytest.fixture
    def reader(self) -> Reader:
        """The reader."""
        raise NotImplementedError

    @pytest.fixture
    def whole(self) -> bytes:
        """A file with at least one article."""
        raise NotImplementedError

    def _read(self, reader: Reader, folder: Path, content: bytes, name: str = "file") -> list[RawArticle | Skipped]:
        path = folder / f"{name}{reader.endings[0]}"
        return list(reader.read(path, io.BytesIO(content), {}))

    def test_endings_are_small_and_begin_with_a_dot(self, reader: Reader) -> None:
        """So they are found by the ending of a file's name, whatever its case."""
        assert reader.endings
        assert all(e.startswith(".") and len(e) > 1 and e == e.casefold() for e in reader.endings)
        assert reader.max_bytes is None or reader.max_bytes > 0

    def test_a_whole_file_has_articles(self, reader: Reader, tmp_path: Path, whole: bytes) -> None:
        """With a key and a text each, from the place that was read."""
        found = [a for a in self._read(reader, tmp_path, whole) if isinstance(a, RawArticle)]
        assert found
        assert all(a.key and a.text.strip() for a in found)
        assert all(str(tmp_path / "file") in a.origin for a in found)

    def test_reading_again_reads_the_same(self, reader: Reader, tmp_path: Path, whole: bytes) -> None:
        """Or articles would be new at each ingest."""
        assert self._read(reader, tmp_path, whole) == self._read(reader, tmp_path, whole)

    def test_other_files_have_other_keys(self, reader: Reader, tmp_path: Path, whole: bytes) -> None:
        """Unless the articles themselves say what they are."""
        keys = [
            [a.key for a in self._read(reader, tmp_path, whole, name) if isinstance(a, RawArticle)]
            for name in ("one", "two")
        ]
        path = (tmp_path / "one").resolve().as_posix()
        assert all(a != b for a, b in zip(*keys, strict=True) if a.startswith(path))

    @pytest.mark.parametrize("content", _ODD_BYTES, ids=range(len(_ODD_BYTES)))
    def test_nothing_that_a_file_holds_makes_it_raise(self, reader: Reader, tmp_path: Path, content: bytes) -> None:
        """What can't be read is skipped, with a reason of one line."""
        for found in self._read(reader, tmp_path, content):
            assert isinstance(found, RawArticle | Skipped)
            if isinstance(found, Skipped):
                assert found.reason.strip() and "\n" not in found.reason

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_half_a_file_does_not_make_it_raise(
        self, reader: Reader, tmp_path: Path, whole: bytes, share: float
    ) -> None:
        """A download may have been cut."""
        for found in self._read(reader, tmp_path, whole[: int(len(whole) * share)]):
            assert isinstance(found, RawArticle | Skipped)

    def test_an_empty_file_has_no_article(self, reader: Reader, tmp_path: Path) -> None:
        """Nor does one of white space."""
        for content in (b"", b" \n"):
            assert not [a for a in self._read(reader, tmp_path, content) if isinstance(a, RawArticle)]


class EmbedderContract:
    """What an embedding model promises: ``rag.protocols.Embedder``. Fixture: ``embedder``."""

    texts: Sequence[str] = ("The bridge is closed.", "Rain fell on the harbour.", "", "秦刚会见布林肯", "x" * 5000)

    @pytest.fixture
    def embedder(self) -> Embedder:
        """The model."""
        raise NotImplementedError

    def test_it_has_a_name(self, embedder: Embedder) -> None:
        """Which archives remember."""
        assert embedder.name.strip() and "\n" not in embedder.name

    def test_a_row_of_length_one_for_each_text(self, embedder: Embedder) -> None:
        """In float32, for odd texts too."""
        vectors = embedder.embed(list(self.texts))
        assert vectors.dtype == np.float32 and vectors.ndim == 2 and len(vectors) == len(self.texts)
        assert np.isfinite(vectors).all()
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-3)

    def test_no_texts_have_no_rows(self, embedder: Embedder) -> None:
        """Rather than failing."""
        assert len(embedder.embed([])) == 0

    def test_the_same_text_has_the_same_row_wherever_it_stands(self, embedder: Embedder) -> None:
        """Alone, or among others of other lengths."""
        together = embedder.embed(list(self.texts))
        for n, text in enumerate(self.texts):
            assert float(embedder.embed([text])[0] @ together[n]) == pytest.approx(1.0, abs=2e-3)

    def test_a_question_is_a_vector_as_long_as_the_rows(self, embedder: Embedder) -> None:
        """Of length 1."""
        vector = embedder.query("Why is the bridge closed?")
        assert vector.dtype == np.float32
        assert vector.shape == embedder.embed(["a"]).shape[1:]
        assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-3)

    def test_what_a_question_asks_for_is_nearest(self, embedder: Embedder) -> None:
        """The least that may be asked of a model."""
        rows = embedder.embed(["The bridge is closed for repairs.", "Rain fell all day long."])
        near = rows @ embedder.query("bridge closed")
        assert near[0] > near[1]

    def test_several_threads_may_use_it(self, embedder: Embedder) -> None:
        """At once."""
        alone = embedder.embed(["The bridge is closed."])
        with ThreadPoolExecutor(4) as pool:
            rows = list(pool.map(lambda _: embedder.embed(["The bridge is closed."]), range(8)))
        assert all(float(r[0] @ alone[0]) == pytest.approx(1.0, abs=2e-3) for r in rows)


class ArmContract:
    """What a way to find passages promises: ``rag.protocols.Arm``.

    Fixtures: ``arm``, over stores that hold at least two passages for ``question``; ``known``, all ids of passages.
    """

    question = "How many boats had the storm damaged?"

    @pytest.fixture
    def arm(self) -> Arm:
        """The arm."""
        raise NotImplementedError

    @pytest.fixture
    def known(self) -> set[str]:
        """Ids of all passages of the archive."""
        raise NotImplementedError

    def test_it_has_a_weight(self, arm: Arm) -> None:
        """Which is not negative."""
        assert arm.weight(build_query(self.question, k=20)) >= 0

    def test_ids_that_are_there_each_once(self, arm: Arm, known: set[str]) -> None:
        """Best first."""
        found = list(arm.search(build_query(self.question, k=20), 20))
        assert found and set(found) <= known and len(set(found)) == len(found)

    def test_the_same_question_finds_the_same(self, arm: Arm) -> None:
        """In the same order."""
        query = build_query(self.question, k=20)
        assert list(arm.search(query, 20)) == list(arm.search(query, 20))

    def test_it_keeps_to_filters(self, arm: Arm) -> None:
        """It has to itself."""
        assert list(arm.search(build_query(self.question, k=20, sources=["Nobody's Paper"]), 20)) == []

    @pytest.mark.parametrize("question", ["7?", "的", "x" * 4000, "\u202e a 🙂", 'AND OR NOT ( " * ~ ^2 [a TO b]'])
    def test_odd_questions_make_no_error(self, arm: Arm, known: set[str], question: str) -> None:
        """They find something or nothing."""
        assert set(arm.search(build_query(question, k=20), 20)) <= known


class CheckContract:
    """What a check of statements promises: ``rag.protocols.Check``.

    Fixtures: ``check``; ``cited``: a ``rag.answer.check.verify.Cited``; ``good`` and ``bad``: a statement that the
    check lets through and one that it rejects.
    """

    question = "What happened?"

    @pytest.fixture
    def check(self) -> Check:
        """The check."""
        raise NotImplementedError

    def test_it_lets_through_what_is_supported(self, check: Check, cited: Any, good: str) -> None:
        """Without a word."""
        assert check.check(good, cited, self.question) is None

    def test_it_says_why_it_rejects(self, check: Check, cited: Any, bad: str) -> None:
        """In one line, the same each time."""
        why = check.check(bad, cited, self.question)
        assert why and "\n" not in why and why == why.strip()
        assert check.check(bad, cited, self.question) == why

    @pytest.mark.parametrize("statement", ["", "?", "🙂", "x" * 5000, "秦刚表示", "([{\\"])
    def test_odd_statements_make_no_error(self, check: Check, cited: Any, statement: str) -> None:
        """A model may write anything; and there may be no question."""
        for question in (self.question, ""):
            why = check.check(statement, cited, question)
            assert why is None or why.strip()

    def test_several_threads_may_ask(self, check: Check, cited: Any, good: str, bad: str) -> None:
        """At once."""
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda s: check.check(s, cited, self.question) is None, [good, bad] * 8))
        assert found == [True, False] * 8


__all__ = [
    "ArmContract",
    "CatalogContract",
    "CheckContract",
    "EmbedderContract",
    "LexicalStoreContract",
    "ReaderContract",
    "VectorStoreContract",
    "index_row",
]
