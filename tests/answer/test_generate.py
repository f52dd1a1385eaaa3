"""Asking models: temperatures, models that fail or are of another package, and how they stop."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pytest
from answer.bridge_texts import QUESTION, TRUE, marked, texts, told
from pydantic import Field

from rag import Archive, Delta, Progress
from rag.errors import ModelFailed, ModelMissing, UsageError
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import Event, Quoted


class Warm(FakeChat):
    """A model with a temperature of its own, as most providers' are; some of these take none with a call."""

    temperature: float = 0.2
    used: list[float] = Field(default_factory=list)

    def _stream(self, *args: Any, **kwargs: Any) -> Any:
        assert "temperature" not in kwargs
        self.used.append(self.temperature)
        yield from super()._stream(*args, **kwargs)


def test_the_temperature_reaches_the_model(bridge: Archive, chat: FakeChat) -> None:
    for _ in bridge.stream(QUESTION, temperature=0.7):
        pass
    bridge.ask(QUESTION, temperature=0.0)
    bridge.ask(QUESTION)
    assert [o.get("temperature") for o in chat.seen_options] == [0.7, 0.0, None]


def test_a_model_with_a_temperature_of_its_own_keeps_it_for_other_questions(bridge: Archive) -> None:
    warm = Warm()
    with Archive.open(bridge.path, chat_model=warm, embeddings=FakeEmbeddings()) as archive:
        for temperature in (None, 0.7, 0.0, None):
            archive.ask(QUESTION, temperature=temperature)
    assert warm.used == [0.2, 0.7, 0.0, 0.2]
    assert warm.temperature == 0.2


# -- models that fail ------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [RuntimeError("no such luck\nsecond line"), ValueError(""), KeyError("x"), TimeoutError(), SystemExit(3)]
)
def test_a_models_error_is_one_line(bridge: Archive, chat: FakeChat, error: BaseException) -> None:
    chat.replies = [error]
    with pytest.raises(ModelFailed) as caught:
        bridge.ask(QUESTION)
    message = str(caught.value)
    assert "fake-chat" in message
    assert "\n" not in message
    assert caught.value.__cause__ is error


def test_a_models_error_half_way(bridge: Archive, chat: FakeChat) -> None:
    class Breaks(FakeChat):
        def _stream(self, *args: Any, **kwargs: Any) -> Any:
            yield from super()._stream(*args, **kwargs)
            raise ConnectionError("cut")

    with Archive.open(bridge.path, chat_model=Breaks([f"{TRUE}\n"]), embeddings=FakeEmbeddings()) as archive:
        shown: list[Event] = []
        with pytest.raises(ModelFailed, match="cut"):
            shown.extend(archive.stream(QUESTION))
        assert texts(shown).startswith(TRUE)


def test_an_unknown_model_is_a_usage_error_and_a_missing_one_says_so(
    bridge: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)  # as where it is not installed
    with pytest.raises(UsageError, match="none"):
        bridge.ask(QUESTION, chat_model="nonsense")
    with pytest.raises(ModelMissing, match="onrecord\\[openai\\]"):
        bridge.ask(QUESTION, chat_model="openai:gpt-5")
    with pytest.raises(ModelMissing):
        bridge.ask(QUESTION, chat_model="nobody:nothing")


@pytest.mark.parametrize(
    ("name", "command"),
    [("openai:gpt-5", 'pip install "onrecord[openai]"'), ("groq:llama", "pip install langchain")],
)
def test_without_langchain_one_line_has_the_command(
    bridge: Archive, monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "langchain", None)
    monkeypatch.setitem(sys.modules, "langchain.chat_models", None)
    with pytest.raises(ModelMissing) as caught:
        bridge.ask(QUESTION, chat_model=name)
    assert str(caught.value) == f"The model '{name}' needs a package that is not installed. Run: {command}"


def test_a_chat_engine_of_another_package_answers_to_its_name(bridge: Archive, add: Any) -> None:
    made: list[tuple[str, float]] = []

    def engine(name: str, settings: Any) -> FakeChat:
        made.append((name, settings.temperature))
        if name.endswith(":bad"):
            raise RuntimeError("no key\nsecond line")
        return FakeChat(told("cracks", f"{TRUE} [#]"), model_name="parrot-1")

    add("chat_engines", "parrot", engine)
    assert bridge.ask(QUESTION, chat_model="parrot").model == "parrot"
    assert bridge.ask(QUESTION, chat_model="parrot:grey").text.startswith(f"{TRUE} [")
    assert made == [("parrot", 0.0), ("parrot:grey", 0.0)]
    with pytest.raises(ModelMissing, match=r"'parrot:bad' can't be used: no key$"):
        bridge.ask(QUESTION, chat_model="parrot:bad")


# -- stopping --------------------------------------------------------------------------


def model_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "onrecord-model"]


def gone(within: float) -> bool:
    end = time.monotonic() + within
    while model_threads() and time.monotonic() < end:
        time.sleep(0.02)
    return not model_threads()


def test_an_event_stops_a_slow_model(bridge: Archive, chat: FakeChat) -> None:
    chat.replies, chat.delay = ["word " * 1000], 0.1
    cancel = threading.Event()
    events, started = [], 0.0
    for event in bridge.stream(QUESTION, cancel=cancel):
        events.append(event)
        if isinstance(event, Quoted):
            started = time.monotonic()
            threading.Timer(0.3, cancel.set).start()
    assert time.monotonic() - started < 2.4
    answer = events[-1].answer  # type: ignore[union-attr]
    assert answer.quotes and not answer.summarized, "what was quoted by then stays the answer"
    assert gone(within=2)


def test_what_was_shown_before_stopping_stays_an_answer(bridge: Archive, chat: FakeChat) -> None:
    chat.replies, chat.delay = [f"{TRUE}\n" + "word " * 1000], 0.01
    cancel = threading.Event()
    events = []
    for event in bridge.stream(QUESTION, cancel=cancel):
        events.append(event)
        if isinstance(event, Delta):
            cancel.set()
    answer = events[-1].answer
    assert answer.answered
    assert texts(events) == answer.text == marked(TRUE, answer)
    assert gone(within=2)


def test_closing_the_iterator_stops_a_slow_model(bridge: Archive, chat: FakeChat) -> None:
    chat.replies, chat.delay = ["word " * 1000], 0.1
    events = bridge.stream(QUESTION)
    while not isinstance(next(events), Progress):
        pass
    assert model_threads()
    started = time.monotonic()
    events.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 2
    assert gone(within=2)


def test_an_iterator_that_is_dropped_stops_the_model_too(bridge: Archive, chat: FakeChat) -> None:
    chat.replies, chat.delay = ["word " * 1000], 0.1
    for event in bridge.stream(QUESTION):
        if isinstance(event, Progress):
            break
    del event
    assert gone(within=2)


def test_an_event_set_beforehand_asks_no_model(bridge: Archive, chat: FakeChat) -> None:
    chat.replies, chat.delay = ["word " * 1000], 0.1
    cancel = threading.Event()
    cancel.set()
    assert bridge.ask(QUESTION, cancel=cancel).reason == "cancelled"
    assert gone(within=2)
