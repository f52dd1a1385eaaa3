"""Answers end to end, with fakes for the models: what is shown, what is withheld, what is refused, and how it stops."""

from __future__ import annotations

import asyncio
import json
import math
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import assert_cited, examples, fill, many, row, write_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field

from rag import Answer, Archive, Delta, Finished, Progress, Retrieved, registry
from rag.answer.check import confidence
from rag.answer.check.verify import Cited
from rag.errors import ModelFailed, ModelMissing, PluginError, UsageError
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import Event

BRIDGE = (
    "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday. "
    "Engineers found cracks in two of the nine piers during an inspection in March. "
    "“We would rather close it now than be sorry later,” said Maren Holt, the authority’s director."
)
QUESTION = "Why will the Old Harbour Bridge close?"
TRUE = "Engineers found cracks in two of the nine piers during an inspection in March."


@pytest.fixture
def bridge(archive: Archive, tmp_path: Path) -> Archive:
    about = row("bridge", BRIDGE, title="Old Harbour Bridge to close", source="City Herald", published="2021-05-03")
    fill(archive, about, *many(4))
    return archive


def number_of(messages: list[BaseMessage], words: str) -> int:
    """Under which number the model was shown the sentence with these words."""
    shown = str(messages[-1].text)
    line = next(line for line in shown.splitlines() if words in line)
    return int(re.match(r"\[(\d+)\]", line)[1])  # type: ignore[index]


def told(words: str, reply: str) -> Any:
    """A model that writes ``reply`` with ``#`` replaced by the number of the sentence with ``words``."""
    return lambda messages: reply.replace("#", str(number_of(messages, words)))


def texts(events: list[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, Delta))


# -- what is shown ---------------------------------------------------------------------


def test_an_answer_cites_the_words_and_knows_its_origin(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]")
    answer = bridge.ask(QUESTION)
    assert answer.answered
    assert answer.reason is None
    assert answer.text == f"{TRUE} [1]"
    (cited,) = answer.citations
    assert_cited(bridge, answer)
    assert cited.quote == TRUE
    assert answer.text[slice(*cited.claim)] == TRUE
    assert cited.support == "verbatim"
    assert (cited.title, cited.source) == ("Old Harbour Bridge to close", "City Herald")
    assert cited.published is not None
    assert f"{cited.published:%Y-%m-%d}" == "2021-05-03"
    assert answer.model == "fake-chat"
    assert re.fullmatch(r"answer@\d+", answer.prompt or "")
    assert answer.fingerprint == bridge.fingerprint
    assert "hashed-words-64" in answer.fingerprint
    assert answer.usage.input_tokens > 100
    assert answer.usage.output_tokens == len(f"{TRUE} [1]".split())
    assert {
        "retrieve",
        "choose",
        "answer",
        "total",
        "first_token",
        "first_sentence",
        "write",
    } <= answer.timings_ms.keys()
    assert 0 < (answer.confidence or 0) <= 1
    assert answer.question == QUESTION


def test_the_model_is_sent_numbered_sentences_as_the_archive_holds_them(bridge: Archive, chat: FakeChat) -> None:
    bridge.ask(QUESTION)
    (messages,) = chat.seen
    assert [m.type for m in messages][:2] == ["system", "human"]
    last = str(messages[-1].text)
    assert f"Question: {QUESTION}" in last
    assert 'From "Old Harbour Bridge to close" (City Herald, 3 May 2021)' in last
    numbers = [int(n) for n in re.findall(r"^\[(\d+)\] ", last, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert re.search(rf"^\[\d+\] {re.escape(TRUE)}$", last, re.MULTILINE)


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


def test_two_statements_share_a_number_where_they_share_a_sentence(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]\nEngineers found cracks in two of the nine bridge piers. [#]")
    answer = bridge.ask(QUESTION)
    assert [c.number for c in answer.citations] == [1, 1]
    assert_cited(bridge, answer)


def test_events_come_in_order_and_the_deltas_are_the_text(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told(
        "cracks", f"{TRUE} [#]\nThe Old Harbour Bridge will close to cars for eleven weeks from 7 June."
    )
    events = list(bridge.stream(QUESTION))
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-1], Finished)
    assert [type(e) for e in events].count(Finished) == 1
    assert any(isinstance(e, Progress) for e in events)
    answer = events[-1].answer
    assert texts(events) == answer.text
    assert len([e for e in events if isinstance(e, Delta)]) == 2
    assert events[0].hits == answer.hits
    assert len(answer.citations) == 2, "a statement without a number is given the sentence that supports it"
    assert_cited(bridge, answer)


def test_a_wrong_number_is_put_right(bridge: Archive, chat: FakeChat) -> None:
    for wrong in ("[9999]", "[0]", "[1, 2, 3, 4, 5, 6]", ""):
        chat.replies = [f"{TRUE} {wrong}"]
        answer = bridge.ask(QUESTION)
        assert [c.quote for c in answer.citations] == [TRUE], wrong


def test_the_first_sentence_is_shown_before_the_model_is_done(bridge: Archive, chat: FakeChat) -> None:
    gate = threading.Event()

    class Slow(FakeChat):
        def _stream(self, *args: Any, **kwargs: Any) -> Any:
            yield from super()._stream(*args, **kwargs)
            assert gate.wait(10)

    slow = Slow([f"{TRUE}\n"])
    with Archive.open(bridge.path, chat_model=slow, embeddings=FakeEmbeddings()) as archive:
        for event in archive.stream(QUESTION):
            if isinstance(event, Delta):
                assert not gate.is_set()
                gate.set()
    assert gate.is_set()


# -- what is not -----------------------------------------------------------------------

WRONG = [
    "Engineers found cracks in three of the nine piers during an inspection in March. [#]",
    "Engineers found cracks in two of the nine piers during an inspection in April. [#]",
    "Engineers found no cracks in the nine piers during an inspection in March. [#]",
    "Maren Holt found cracks in two of the nine piers of Sydney during an inspection in March. [#]",
    "Maren Holt called the bridge “a danger to every driver”. [#]",
    "The United States won the 2022 World Cup. [#]",
    "“We would rather close it later than be sorry now,” said Maren Holt. [#]",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_fails_the_check_is_never_in_a_delta(bridge: Archive, chat: FakeChat, wrong: str) -> None:
    chat.replies = told("cracks", f"{wrong}\n{TRUE} [#]\n{wrong}")
    events = list(bridge.stream(QUESTION))
    answer = events[-1].answer  # type: ignore[union-attr]
    claim = wrong.removesuffix(" [#]")
    assert claim not in texts(events)
    assert claim not in answer.text
    assert answer.answered
    assert [w.text for w in answer.withheld] == [claim], "once, though it was said twice"
    assert answer.withheld[0].why
    assert_cited(bridge, answer)
    chat.replies = told("cracks", wrong)
    refused = bridge.ask(QUESTION)
    assert not refused.answered
    assert refused.reason == "not_supported"
    assert refused.citations == ()
    assert refused.confidence is None
    assert claim not in refused.text
    assert refused.hits, "the nearest passages"


def test_text_between_typographic_quotes_stands_in_the_cited_sentence(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told(
        "sorry later", "Maren Holt said “We would rather close it now than be sorry later” of the bridge. [#]"
    )
    answer = bridge.ask("What did Maren Holt say of the Old Harbour Bridge?")
    assert answer.answered, answer.withheld
    (span,) = re.findall("“([^”]*)”", answer.text)
    assert span in answer.citations[0].quote


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (QUESTION, "The archive does not answer this question."),
        ("Old Harbour köprüsü neden kapanacak ve bu ne kadar sürecek?", "Arşivde bu sorunun yanıtı yok."),
        ("老港大桥为什么要关闭？", "资料库中没有这个问题的答案。"),
    ],
)
@pytest.mark.parametrize("reply", ["NOT FOUND", "NOT FOUND.", "not found", "NOT_FOUND", "", "   \n", "**NOT FOUND**"])
def test_the_models_refusal_is_a_refusal_in_the_questions_language(
    bridge: Archive, chat: FakeChat, question: str, text: str, reply: str
) -> None:
    chat.replies = [reply]
    answer = bridge.ask(question)
    assert (answer.answered, answer.reason, answer.text) == (False, "not_in_archive", text)
    assert answer.hits


def test_nothing_is_shown_after_the_model_has_refused(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = [f"NOT FOUND\n{TRUE} [1]"]
    answer = bridge.ask(QUESTION)
    assert not answer.answered
    assert TRUE not in answer.text


def test_reasons_of_refusals(archive: Archive, chat: FakeChat, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", row("a", "The ferry sank.", source="North"))
    archive.ingest(source)
    nothing = archive.ask("What happened to the ferry?", sources=["South"])
    assert (nothing.answered, nothing.reason) == (False, "no_evidence")
    assert chat.seen == [], "a model has nothing to say without evidence"
    archive.delete("a")
    empty = archive.ask("What happened to the ferry?")
    assert (empty.answered, empty.reason) == (False, "empty_archive")
    assert chat.seen == []


def test_a_name_the_articles_do_not_hold_is_not_answered_about(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]")
    answer = bridge.ask("Why will the Tower Bridge in Londinium close?")
    assert not answer.answered
    assert answer.withheld


def test_the_extractive_engine_answers_word_for_word(bridge: Archive, chat: FakeChat) -> None:
    answer = bridge.ask("What did engineers find in the piers during an inspection?", chat_model="extractive")
    assert answer.answered
    assert answer.citations[0].quote == TRUE
    assert answer.text == f"{TRUE} [1]"
    assert (answer.model, answer.prompt) == ("extractive", None)
    assert chat.seen == []
    refused = bridge.ask("Who won the 2022 World Cup?", chat_model="extractive")
    assert not refused.answered


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


def test_an_unknown_model_is_a_usage_error_and_a_missing_one_says_so(bridge: Archive) -> None:
    with pytest.raises(UsageError, match="extractive"):
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


# -- what other packages add -----------------------------------------------------------


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[registry.Kind, str, Any], None]]:
    added: list[tuple[registry.Kind, str]] = []

    def register(kind: registry.Kind, name: str, thing: Any) -> None:
        registry.register(kind, name, thing)
        added.append((kind, name))

    yield register
    for kind, name in added:
        registry.unregister(kind, name)


class NoEngineers:
    """A check of another package."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.asked: list[tuple[str, Cited, str]] = []
        self.error = error

    def check(self, statement: str, cited: Cited, question: str) -> str | None:
        self.asked.append((statement, cited, question))
        if self.error:
            raise self.error
        return "engineers are not to be named" if "ngineers" in statement else None


def test_a_check_of_another_package_can_reject(bridge: Archive, chat: FakeChat, add: Any) -> None:
    check = NoEngineers()
    add("checks", "no-engineers", check)
    closes = (
        "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday."
    )
    wrong = "Engineers found cracks in three of the nine piers. [1]"
    chat.replies = told("cracks", f"{TRUE} [#]\n{closes}\n{wrong}")
    answer = bridge.ask(QUESTION)
    assert answer.text == f"{closes} [1]"
    assert answer.withheld[0].text == TRUE and answer.withheld[0].why == "engineers are not to be named"
    assert [(s, q) for s, _, q in check.asked] == [(TRUE, QUESTION), (closes, QUESTION)], "only of what has passed"
    cited = check.asked[0][1]
    assert cited.texts == [TRUE] and "Old Harbour Bridge to close" in cited.label and TRUE in cited.around


def test_a_check_that_fails_is_named(bridge: Archive, chat: FakeChat, add: Any) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]")
    check = NoEngineers(ZeroDivisionError("division by zero"))
    add("checks", "no-engineers", check)
    with pytest.raises(PluginError, match=r"no-engineers.*ZeroDivisionError: division by zero"):
        bridge.ask(QUESTION)
    check.error = ModelFailed("It can't be told.")
    with pytest.raises(ModelFailed, match="told"):
        bridge.ask(QUESTION)


def test_a_chat_engine_of_another_package_answers_to_its_name(bridge: Archive, add: Any) -> None:
    made: list[tuple[str, float]] = []

    def engine(name: str, settings: Any) -> FakeChat:
        made.append((name, settings.temperature))
        if name.endswith(":bad"):
            raise RuntimeError("no key\nsecond line")
        return FakeChat(told("cracks", f"{TRUE} [#]"), model_name="parrot-1")

    add("chat_engines", "parrot", engine)
    assert bridge.ask(QUESTION, chat_model="parrot").model == "parrot"
    assert bridge.ask(QUESTION, chat_model="parrot:grey").text == f"{TRUE} [1]"
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
    threading.Timer(0.4, cancel.set).start()
    started = time.monotonic()
    events = list(bridge.stream(QUESTION, cancel=cancel))
    assert time.monotonic() - started < 2.4
    answer = events[-1].answer  # type: ignore[union-attr]
    assert (answer.answered, answer.reason) == (False, "cancelled")
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
    assert texts(events) == answer.text == f"{TRUE} [1]"
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


# -- the schema ------------------------------------------------------------------------


def test_the_json_of_an_answer_round_trips_and_has_the_documented_names(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]\nNobody knows why it will cost 90 million. [#]")
    answer = bridge.ask(QUESTION)
    text = answer.model_dump_json()
    assert Answer.model_validate_json(text) == answer
    assert Answer.model_validate_json(text).model_dump_json() == text
    data = json.loads(text)
    assert data.keys() == {
        "schema",
        "question",
        "query",
        "text",
        "citations",
        "hits",
        "answered",
        "reason",
        "confidence",
        "withheld",
        "model",
        "prompt",
        "fingerprint",
        "usage",
        "millis",
        "brief",
        "unanswered",
    } | ({"conflicts"} & data.keys())
    assert data["schema"] == 1
    assert data["answered"] is True
    assert data["citations"][0].keys() >= {
        "number",
        "article_id",
        "title",
        "source",
        "published",
        "url",
        "quote",
        "start",
        "end",
        "claim",
        "support",
        "also_printed_by",
    }
    assert data["query"].keys() >= {"text", "standalone", "k", "after", "before", "sources"}
    assert data["hits"][0].keys() >= {"passage", "score", "rank", "found_by"}
    assert data["withheld"][0].keys() == {"text", "why"}
    assert data["usage"].keys() >= {"input_tokens", "output_tokens"}


def test_values_are_frozen_and_take_no_unknown_fields(bridge: Archive) -> None:
    from pydantic import ValidationError

    answer = bridge.ask(QUESTION)
    with pytest.raises(ValidationError):
        answer.text = "other"
    with pytest.raises(ValidationError):
        Answer.model_validate({**answer.model_dump(), "extra": 1})


# -- any text, any model ---------------------------------------------------------------

NASTY = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "👩‍👩‍👧‍👦 marched. 🇹🇷🇨🇳 agreed!",
            "e\u0301le\u0301ment a\u0308o\u0308u\u0308. Cafe\u0301 closed.",
            "Line one.\r\nLine two.\rLine three.\r\n\r\nNew paragraph.",
            "zero\u200bwidth\u200djoin\ufeffmark. Soft\u00adhyphen.",
            "\u202eright to left\u202c. مرحبا بالعالم. שלום עולם.",
            "“Quoted,” he said. «Autre.» 「他说。」 \"Plain\" 'single'",
            "U.S. officials met Dr. A. B. Smith at 4.30 p.m. on Jan. 5. Then they left.",
            "习近平在北京会见布林肯。王毅说：“根本原因是错误认知。”",
            "İstanbul’da ılık bir gün. Iğdır’ın valisi “olmaz” dedi.",
            "[1] [2] 【3】 (4) NOT FOUND $evidence ${question} $$ %s {0}",
            "\x00\x01\x1b[31m red \x07\x7f\x85\u2028\u2029 end.",
            "𝕸𝖆𝖙𝖍 𐍈 \U0010ffff. ﷺ ﬁn Ǆ ß ŉ.",
            "5 million dollars; 3.14, 1,000,000 and 10%.",
        ]
    ),
)


@st.composite
def article_texts(draw: st.DrawFn) -> str:
    parts = draw(st.lists(NASTY, min_size=1, max_size=8))
    text = draw(st.sampled_from([" ", "\n", "\r\n", "\n\n", ". ", ""])).join(parts)
    if draw(st.integers(0, 9)) == 0:
        text += draw(st.sampled_from(["x" * 100_000, "long line, " * 9_000, "长" * 100_000, "e\u0301" * 50_000]))
    return text


JUNK = st.one_of(
    st.text(max_size=40),
    st.builds("[{}]".format, st.integers(-5, 10**6)),
    st.builds("【{}】".format, st.integers(0, 20)),
    st.builds("[{}, {}]".format, st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from(
        [
            "\n",
            "\n\n- ",
            "1. ",
            "“",
            "”",
            '"',
            "NOT FOUND",
            "**bold**",
            "```\n",
            "[",
            "]",
            "<script>",
            "$x",
            "\\1",
            "(?P<",
        ]
    ),
)


PIECE = st.tuples(st.integers(0, 30), st.floats(0, 1), st.integers(0, 4), JUNK)


@settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bodies=st.lists(article_texts(), min_size=1, max_size=2),
    question=st.one_of(st.none(), st.text(min_size=1, max_size=60).filter(str.strip)),
    plan=st.lists(PIECE, min_size=1, max_size=6),
    glue=st.sampled_from(["", " ", "\n"]),
)
def test_every_citation_is_verbatim_for_any_text_and_any_model(
    tmp_path_factory: pytest.TempPathFactory,
    bodies: list[str],
    question: str | None,
    plan: list[tuple[int, float, int, str]],
    glue: str,
) -> None:
    folder = tmp_path_factory.mktemp("any")

    def reply(messages: list[BaseMessage]) -> str:
        """What a model might make of what it was shown: true sentences, halves of them, and anything else."""
        shown = re.findall(r"^\[\d+\] (.*)$", str(messages[-1].text), re.MULTILINE) or [""]
        pieces = []
        for which, part, kind, junk in plan:
            sentence = shown[which % len(shown)]
            cut = int(part * len(sentence))
            piece = [sentence, sentence[:cut], sentence[cut:], f"He said “{sentence[cut : cut + 20]}”", ""][kind]
            pieces.append(piece + junk)
        return glue.join(pieces)

    asked = question or "what is said of " + bodies[0][:60].strip()
    with Archive.open(folder / "archive", chat_model=FakeChat(reply), embeddings=FakeEmbeddings()) as archive:
        report = archive.ingest(write_rows(folder / "a.jsonl", *(row(f"k{i}", b) for i, b in enumerate(bodies))))
        assert report.added + report.unchanged + report.updated + len(report.skipped) == len(bodies)
        if not archive.stats().passages:
            return
        for passage in archive.search(asked, k=20):
            p = passage.passage
            assert archive.get(p.article_id).text[p.start : p.end] == p.text
            assert all(p.start <= s.start < s.end <= p.end for s in p.sentences)
        for model in (None, "extractive"):
            events = list(archive.stream(asked, chat_model=model))
            answer = events[-1].answer  # type: ignore[union-attr]
            assert_cited(archive, answer)
            assert answer.answered == bool(answer.citations)
            if answer.answered:
                assert texts(events) == answer.text
            else:
                assert texts(events) == ""
            claims = [answer.text[slice(*c.claim)] for c in answer.citations]
            for withheld in answer.withheld:
                assert withheld.text not in claims
            for cited in answer.citations:
                claim = answer.text[slice(*cited.claim)]
                whole = " ".join(" ".join(archive.get(cited.article_id).text.split()).split())
                for span in re.findall("“([^“”]*)”", claim):
                    assert comparable(span) in comparable(whole), (span, claim)
            assert Answer.model_validate_json(answer.model_dump_json()) == answer


def comparable(text: str) -> str:
    from rag.text.normalize import normalise

    return normalise(text).strip(" .,;:!?。，…")


# -- many at once ----------------------------------------------------------------------


def test_sixteen_threads_ask_and_search_while_one_ingests(bridge: Archive, chat: FakeChat, tmp_path: Path) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]")
    wrong: list[str] = []
    stop = threading.Event()
    rounds = [0]

    def read(n: int) -> None:
        try:
            while not stop.is_set():
                if n % 2:
                    answer = bridge.ask(QUESTION)
                    if answer.text != f"{TRUE} [1]":
                        wrong.append(repr(answer))
                        return
                    assert_cited(bridge, answer)
                else:
                    hits = bridge.search("harbour storm boats", k=20)
                    if len(hits) < 4 or len({h.passage.id for h in hits}) != len(hits):
                        wrong.append(f"{len(hits)} hits")
                        return
                rounds[0] += 1
        except BaseException as e:  # told by the test
            wrong.append(repr(e))

    threads = [threading.Thread(target=read, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for i in range(4):
        bridge.ingest(write_rows(tmp_path / f"more-{i}.jsonl", *many(20, first=100 + 20 * i)))
    bridge.delete("story-100")
    stop.set()
    for thread in threads:
        thread.join(60)
    assert not any(t.is_alive() for t in threads)
    assert wrong == []
    assert rounds[0] >= 16
    assert bridge.doctor() == []


def test_answers_of_different_questions_at_once_do_not_mix(bridge: Archive, chat: FakeChat) -> None:
    def reply(messages: list[BaseMessage]) -> str:
        asked = re.search(r"storm(\d{4})", str(messages[-1].text).rpartition("Question:")[2])
        return f"A storm named {asked[0]} had damaged {int(asked[1]) + 10} boats. [1]" if asked else "NOT FOUND"

    chat.replies, chat.delay = reply, 0.002

    async def ask_all() -> list[Answer]:
        runnable = bridge.as_runnable()
        return await asyncio.gather(*(runnable.ainvoke(f"How many boats had storm000{i} damaged?") for i in range(4)))

    for i, answer in enumerate(asyncio.run(ask_all())):
        assert answer.text == f"A storm named storm000{i} had damaged {i + 10} boats. [1]", answer.withheld
        assert_cited(bridge, answer)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (QUESTION, "An article that this answer rested on has been taken down."),
        (
            "Warum wird die Old Harbour Bridge für Autos geschlossen?",
            "Ein Artikel, auf dem diese Antwort beruhte, ist entfernt worden.",
        ),
    ],
)
def test_an_article_taken_down_while_the_model_writes_is_not_cited(
    bridge: Archive, chat: FakeChat, question: str, text: str
) -> None:
    def reply(messages: list[BaseMessage]) -> str:
        text = told("cracks", f"{TRUE} [#]")(messages)
        bridge.delete("bridge")
        return text  # type: ignore[no-any-return]

    chat.replies = reply
    answer = bridge.ask(question)
    assert answer.citations == ()
    assert not answer.answered
    assert (answer.reason, answer.text) == ("taken_down", text)


def test_the_extractive_engine_says_that_what_it_would_quote_is_taken_down(bridge: Archive) -> None:
    events = bridge.stream("What did engineers find in the piers during an inspection?", chat_model="extractive")
    assert isinstance(next(events), Retrieved)
    bridge.delete("bridge")
    answer = list(events)[-1].answer  # type: ignore[union-attr]
    assert (answer.answered, answer.reason) == (False, "taken_down")


def test_a_takedown_that_no_sentence_rested_on_is_not_the_reason(bridge: Archive, chat: FakeChat) -> None:
    def reply(messages: list[BaseMessage]) -> str:
        text = told("cracks", "Engineers found no cracks in the nine piers in March. [#]")(messages)
        bridge.delete("story-0")
        return text  # type: ignore[no-any-return]

    chat.replies = reply
    answer = bridge.ask(QUESTION)
    assert (answer.answered, answer.reason) == (False, "not_supported")


def test_a_model_that_finds_nothing_is_not_overruled_by_a_takedown(bridge: Archive, chat: FakeChat) -> None:
    def reply(messages: list[BaseMessage]) -> str:
        bridge.delete("bridge")
        return "NOT FOUND"

    chat.replies = reply
    assert bridge.ask(QUESTION).reason == "not_in_archive"


def test_an_article_that_changes_while_the_model_writes_is_cited_as_it_was(
    bridge: Archive, chat: FakeChat, tmp_path: Path
) -> None:
    old = bridge.get("bridge").id

    def reply(messages: list[BaseMessage]) -> str:
        text = told("cracks", f"{TRUE} [#]")(messages)
        bridge.ingest(write_rows(tmp_path / "a.jsonl", row("bridge", "The bridge will stay open after all.")))
        return text  # type: ignore[no-any-return]

    chat.replies = reply
    answer = bridge.ask(QUESTION)
    assert [c.article_id for c in answer.citations] == [old]
    assert_cited(bridge, answer)
    assert not bridge.get(old).current


@pytest.mark.parametrize(("judged", "shown"), [("Yes.", True), ("No", False)])
def test_with_the_slower_check_the_model_is_asked_about_every_sentence_in_other_words(
    bridge: Archive, chat: FakeChat, judged: str, shown: bool
) -> None:
    bridge.settings = bridge.settings.model_copy(update={"check": "model"})
    in_other_words = "During an inspection in March, engineers found cracks in the piers. [#]"

    def reply(messages: Any) -> str:
        asked = str(messages[-1].content)
        return judged if "Answer Yes or No" in asked else told("cracks", in_other_words)(messages)

    chat.replies = reply
    answer = bridge.ask(QUESTION)
    assert answer.answered is shown
    if not shown:
        assert "probability of support" in answer.withheld[0].why


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
