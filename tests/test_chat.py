"""A conversation: what is remembered, and what a follow-up is taken to mean."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from helpers import fill, many

from rag import Answer, Archive, Chat, Finished
from rag.errors import UsageError
from rag.testing import FakeChat

LINE = "A storm named storm0002 had damaged 12 boats."
ASKED = "How many boats had storm0002 damaged?"


@pytest.fixture
def ports(archive: Archive, chat: FakeChat, tmp_path: Path) -> Archive:
    chat.replies = [f"{LINE} [1]"]
    fill(archive, *many(6))
    return archive


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Completes a question with the one before, and notes what it was given."""
    from rag.retrieve import rewrite

    seen = []

    def standalone(question: str, history: Any) -> str:
        seen.append((question, tuple(history)))
        return f"{question} (after: {history[-1][0]})"

    monkeypatch.setattr(rewrite, "condense", standalone)
    return seen


def test_a_question_is_asked_with_those_before(ports: Archive, chat: FakeChat, completed: list[Any]) -> None:
    talk = ports.chat()
    assert isinstance(talk, Chat)
    first = talk.ask(ASKED)
    assert first.answered
    assert first.query.standalone == first.query.text == ASKED
    assert completed == [], "nothing to take up yet"
    second = talk.ask(" and  in port 3? ")
    assert completed == [("and in port 3?", ((ASKED, first.text),))]
    assert second.question == second.query.text == "and in port 3?"
    assert second.query.standalone == f"and in port 3? (after: {ASKED})"
    assert second.query.standalone in str(chat.seen[-1][-1].content), "the model reads the whole question"
    assert [q for q, _ in talk.history] == [ASKED, "and in port 3?"]
    talk.clear()
    assert talk.history == ()
    talk.ask(ASKED)
    assert len(completed) == 1


def test_a_refusal_is_remembered_without_its_words(ports: Archive, chat: FakeChat) -> None:
    other = "Who won the 2022 World Cup?"
    talk = ports.chat()
    answer = talk.ask(other)
    assert not answer.answered
    assert answer.text
    assert talk.history == ((other, ""),)


def test_what_was_stopped_is_remembered_and_what_failed_is_not(ports: Archive, chat: FakeChat) -> None:
    talk = ports.chat()
    stop = threading.Event()
    stop.set()
    assert talk.ask(ASKED, cancel=stop).reason == "cancelled"
    assert talk.history == ((ASKED, ""),)
    events = talk.stream(ASKED)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert talk.history == ((ASKED, ""),) * 2
    chat.replies = [RuntimeError("out of order")]
    for question in (ASKED, "", " "):
        with pytest.raises(Exception, match=r"out of order|empty"):
            talk.ask(question)
    assert len(talk.history) == 2
    chat.replies = [f"{LINE} [1]"]
    events = talk.stream(ASKED)
    answers = [e.answer for e in events if isinstance(e, Finished)]
    assert talk.history[2:] == ((ASKED, answers[0].text),), "once"


def test_options_are_for_all_questions_and_can_be_overridden(ports: Archive) -> None:
    talk = ports.chat(sources=["Outlet 1"], k=3, chat_model="extractive")
    one = talk.ask(ASKED)
    assert (one.query.sources, one.query.k, one.model) == (("Outlet 1",), 3, "extractive")
    other = talk.ask(ASKED, sources=["Outlet 2"])
    assert (other.query.sources, other.query.k) == (("Outlet 2",), 3)


def test_a_history_of_ones_own(ports: Archive, completed: list[Any]) -> None:
    history = [("Who?", "Nobody. [1]")]
    hits = ports.search("and boats?", history=history)
    assert hits
    assert completed[-1] == ("and boats?", tuple(history))
    answer = ports.ask("and boats?", history=history, chat_model="extractive")
    assert isinstance(answer, Answer)
    assert answer.query.standalone == "and boats? (after: Who?)"
    chosen = ports.choose("and boats?", ["12", "13"], history=history, chat_model="extractive")
    assert chosen.query.standalone == answer.query.standalone
    with pytest.raises(UsageError):
        ports.ask("", history=history)


def test_a_follow_up_finds_what_is_meant(ports: Archive) -> None:
    talk = ports.chat(chat_model="extractive")
    talk.ask("How many boats had storm0002 damaged?")
    again = talk.ask("And storm0004?")
    assert again.question == "And storm0004?"
    assert "A storm named storm0004 had damaged 14 boats." in [c.quote for c in again.quotes]
