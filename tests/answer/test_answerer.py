"""Answers end to end, with fakes for the models: what is shown and what is refused."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from answer.bridge_texts import QUESTION, TRUE, marked, texts, told, told_of
from helpers import assert_cited, row, write_rows

from rag import Archive, Delta, Finished, Progress, Quoted, Retrieved
from rag.testing import FakeChat, FakeEmbeddings

# -- what is shown ---------------------------------------------------------------------


def test_an_answer_cites_the_words_and_knows_its_origin(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]")
    answer = bridge.ask(QUESTION)
    assert answer.answered
    assert answer.reason is None
    assert answer.summarized
    assert answer.text == marked(TRUE, answer)
    cited, *others = answer.citations
    assert {c.claim for c in others} <= {(0, 0)}, "the other quotes, which no sentence cites"
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
        "read",
        "first_quote",
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


def test_two_statements_share_a_number_where_they_share_a_sentence(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]\nEngineers found cracks in two of the nine bridge piers. [#]")
    answer = bridge.ask(QUESTION)
    first, second, *_ = answer.citations
    assert (first.number, first.quote) == (second.number, second.quote)
    assert first.claim != second.claim
    assert_cited(bridge, answer)


def test_events_come_in_order_and_the_deltas_are_the_text(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told(
        "cracks",
        f"{TRUE} [#]\nThe port authority said the Old Harbour Bridge will close to cars for eleven weeks from 7 June.",
    )
    events = list(bridge.stream(QUESTION))
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[1], Quoted), "before the model has written a word"
    assert isinstance(events[-1], Finished)
    assert [type(e) for e in events].count(Finished) == 1
    assert any(isinstance(e, Progress) for e in events)
    answer = events[-1].answer
    assert texts(events) == answer.text
    assert len([e for e in events if isinstance(e, Delta)]) == 2
    assert events[0].hits == answer.hits
    numbers = {(q.article_id, q.start): q.number for q in events[1].quotes}
    assert list(numbers.values()) == list(range(1, len(numbers) + 1))
    assert all(numbers.get((c.article_id, c.start), c.number) == c.number for c in answer.citations)
    assert numbers.keys() <= {(c.article_id, c.start) for c in answer.citations}, "what was shown is kept"
    assert len(told_of(answer)) == 2, "a statement without a number is given the sentence that supports it"
    assert_cited(bridge, answer)


def test_a_wrong_number_is_put_right(bridge: Archive, chat: FakeChat) -> None:
    for wrong in ("[9999]", "[0]", "[1, 2, 3, 4, 5, 6]", ""):
        chat.replies = [f"{TRUE} {wrong}"]
        answer = bridge.ask(QUESTION)
        assert told_of(answer) == [TRUE], wrong


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


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who won the 2022 World Cup?", "Nothing in the archive clearly answers this question."),
        ("2022 Dünya Kupası'nı kim kazandı?", "Arşivde bu soruyu açıkça yanıtlayan bir şey yok."),
        ("谁赢得了2022年世界杯？", "资料库中没有明确回答该问题的内容。"),
    ],
)
def test_where_nothing_answers_it_is_refused_in_the_questions_language_and_no_model_is_asked(
    bridge: Archive, chat: FakeChat, question: str, text: str
) -> None:
    chat.replies = [f"{TRUE} [1]"]
    events = list(bridge.stream(question))
    assert [type(e) for e in events] == [Retrieved, Finished], "no quote was shown either"
    answer = bridge.ask(question)
    assert (answer.answered, answer.reason, answer.text) == (False, "not_in_archive", text)
    assert (answer.citations, answer.confidence, answer.summarized) == ((), None, False)
    assert answer.hits
    assert chat.seen == []


@pytest.mark.parametrize("reply", ["NOT FOUND", "NOT FOUND.", "not found", "NOT_FOUND", "", "   \n", "**NOT FOUND**"])
def test_the_models_refusal_costs_no_answer(bridge: Archive, chat: FakeChat, reply: str) -> None:
    chat.replies = [reply]
    events = list(bridge.stream(QUESTION))
    answer = events[-1].answer  # type: ignore[union-attr]
    assert (answer.answered, answer.summarized, answer.reason, answer.withheld) == (True, False, None, ())
    (shown,) = (e.quotes for e in events if isinstance(e, Quoted))
    assert answer.text == "\n".join(f"{q.quote} [{q.number}]" for q in shown)
    assert answer.text == texts(events)
    assert told_of(answer) == [q.quote for q in shown]
    assert_cited(bridge, answer)


def test_nothing_is_shown_after_the_model_has_refused(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = [f"NOT FOUND\nCracks were found by engineers. [1]\n{TRUE} [1]"]
    answer = bridge.ask(QUESTION)
    assert answer.answered and not answer.summarized
    assert "Cracks were" not in answer.text


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


@pytest.mark.parametrize("name", ["none", "extractive"])
def test_without_a_model_the_answer_is_the_articles_own_words(bridge: Archive, chat: FakeChat, name: str) -> None:
    answer = bridge.ask("What did engineers find in the piers during an inspection?", chat_model=name)
    assert answer.answered and not answer.summarized
    assert answer.citations[0].quote == TRUE
    assert answer.citations[0].words is not None
    start, end = answer.citations[0].words
    assert "cracks" in bridge.get("bridge").text[start:end]
    assert answer.text.splitlines()[0] == f"{TRUE} [1]"
    assert (answer.model, answer.prompt) == (name, None)
    assert chat.seen == []
    assert_cited(bridge, answer)
    refused = bridge.ask("Who won the 2022 World Cup?", chat_model=name)
    assert not refused.answered
