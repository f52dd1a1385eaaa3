"""Where a model's summary fails, the quotes stand in for it; and what decides whether there are any."""

from __future__ import annotations

from typing import Any

import pytest
from answer.bridge_texts import QUESTION, WHY
from helpers import assert_cited

from rag import Archive, Quoted
from rag.answer.check import confidence
from rag.testing import FakeChat

GHOSTS = "It closes because of 77 ghosts. [1]"


@pytest.mark.parametrize(("reply", "withheld"), [("NOT FOUND", 0), (GHOSTS, 1)])
@pytest.mark.parametrize("calibrated", ["FakeEmbeddings", "another"])
def test_the_articles_own_words_stand_in_where_they_are_likely_enough(
    bridge: Archive, chat: FakeChat, monkeypatch: pytest.MonkeyPatch, reply: str, withheld: int, calibrated: str
) -> None:
    monkeypatch.setattr("rag.retrieve.retriever.CALIBRATED_MODEL", calibrated)
    asked: list[str] = []

    def chance(found: confidence.Signs, *, fit: confidence.Fit) -> float:
        asked.append(fit)
        return likely

    monkeypatch.setattr(confidence, "p_answers", chance)
    chat.replies = [reply]
    likely = 0.9
    answer = bridge.ask(WHY)
    assert (answer.answered, answer.summarized, answer.confidence) == (True, False, 0.9)
    assert {c.support for c in answer.citations} == {"verbatim"}
    assert answer.text.splitlines()[0] == f"{' '.join(answer.citations[0].quote.split())} [1]"
    assert len(answer.withheld) == withheld
    assert asked == ["english" if calibrated == "FakeEmbeddings" else "any"], "cosines count where they were fitted"
    assert_cited(bridge, answer)

    likely = 0.1
    refused = bridge.ask(WHY)
    assert not refused.answered
    assert refused.reason == "not_in_archive"
    assert (refused.withheld, refused.citations, refused.confidence) == ((), (), None)


@pytest.mark.parametrize(("caution", "answered"), [(0.69, True), (0.7, True), (0.71, False)])
def test_caution_is_what_refusing_is_decided_by(
    bridge: Archive, chat: FakeChat, monkeypatch: pytest.MonkeyPatch, caution: float, answered: bool
) -> None:
    monkeypatch.setattr(confidence, "p_answers", lambda *_, **__: 0.7)
    bridge.settings = bridge.settings.model_copy(update={"caution": caution})
    events: list[Any] = list(bridge.stream(QUESTION))
    assert events[-1].answer.answered == answered
    assert any(isinstance(e, Quoted) for e in events) == answered
    assert bool(chat.seen) == answered, "a model is asked only to sum up what is quoted"
