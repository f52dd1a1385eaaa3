"""Where the model finds nothing that stands: the articles' own words."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answer.bridge_texts import BRIDGE, QUESTION
from helpers import assert_cited, many, row, write_rows
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from rag import Archive
from rag.answer.check import confidence
from rag.testing import FakeChat, FakeEmbeddings

# -- where the model finds nothing that stands -----------------------------------------


class Doubting(FakeChat):
    """Tells the alternatives to its first token, as the local model does."""

    doubt: float = 0.5

    def _stream(self, *args: Any, **kwargs: Any) -> Any:
        first = {"token": "NOT", "logprob": math.log(self.doubt)}
        told = {"logprobs": {"content": [{"top_logprobs": [first]}]}}
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=told))
        yield from super()._stream(*args, **kwargs)


@pytest.fixture
def fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeChat], Archive]:
    """Opens an archive that the fitted confidence is used for, whatever its embedder is."""
    monkeypatch.setattr("rag.retrieve.retriever.CALIBRATED_MODEL", "FakeEmbeddings")
    Archive.open(tmp_path / "archive", chat_model="extractive", embeddings=FakeEmbeddings()).ingest(
        write_rows(tmp_path / "a.jsonl", row("bridge", BRIDGE, published="2021-05-03"), *many(4))
    )
    return lambda chat: Archive.open(tmp_path / "archive", chat_model=chat, embeddings=FakeEmbeddings())


@pytest.mark.parametrize(("reply", "withheld"), [("NOT FOUND", 0), ("It closes because of 77 ghosts. [1]", 1)])
def test_the_articles_own_words_stand_in_where_they_are_likely_enough(
    fitted: Callable[[FakeChat], Archive], monkeypatch: pytest.MonkeyPatch, reply: str, withheld: int
) -> None:
    archive = fitted(Doubting([reply], doubt=0.3))
    asked: list[tuple[float | None, bool]] = []

    def chance(found: Any, bears: Any, doubt: float | None = None, *, extractive: bool = False) -> float:
        asked.append((doubt, extractive))
        return likely

    monkeypatch.setattr(confidence, "p_answers", chance)
    likely = 0.9
    answer = archive.ask(QUESTION)
    assert answer.answered
    assert answer.citations[0].support == "verbatim"
    assert answer.text == f"{' '.join(answer.citations[0].quote.split())} [1]"
    assert len(answer.withheld) == withheld
    assert asked == [(pytest.approx(0.3), True)]
    assert_cited(archive, answer)

    likely = 0.1
    refused = archive.ask(QUESTION)
    assert not refused.answered
    assert refused.reason == ("not_supported" if withheld else "not_in_archive")
    assert len(refused.withheld) == withheld, "our own tries are nobody's claims"


def test_a_model_that_tells_no_doubt_is_taken_at_its_word(
    fitted: Callable[[FakeChat], Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confidence, "p_answers", lambda *a, **b: 0.99)
    assert fitted(FakeChat(["NOT FOUND"])).ask(QUESTION).reason == "not_in_archive"
