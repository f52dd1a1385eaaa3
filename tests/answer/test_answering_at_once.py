"""Answers while others ask, ingest, change articles or take them down."""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path

import pytest
from answer.bridge_texts import QUESTION, TRUE, marked, told, told_of
from helpers import assert_cited, many, row, write_rows
from langchain_core.messages import BaseMessage

from rag import Answer, Archive, Quoted, Retrieved
from rag.testing import FakeChat

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
                    if not answer.answered or answer.text != marked(TRUE, answer):
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
        assert answer.text == marked(f"A storm named storm000{i} had damaged {i + 10} boats.", answer), answer.withheld
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
    bridge.settings = bridge.settings.model_copy(update={"caution": 0.0})
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
    assert (answer.answered, answer.reason) == (True, None)
    assert answer.withheld


def test_of_the_quotes_those_that_are_still_there_are_left(bridge: Archive, chat: FakeChat, tmp_path: Path) -> None:
    told_too = row("second", f"{TRUE} The Old Harbour Bridge will close because of these cracks, the mayor said.")
    bridge.ingest(write_rows(tmp_path / "b.jsonl", told_too))
    bridge.settings = bridge.settings.model_copy(update={"caution": 0.0})

    def reply(messages: list[BaseMessage]) -> str:
        bridge.delete("bridge")
        return "NOT FOUND"

    chat.replies = reply
    events = list(bridge.stream(QUESTION))
    (quotes,) = (e.quotes for e in events if isinstance(e, Quoted))
    answer = events[-1].answer  # type: ignore[union-attr]
    kept = [q.quote for q in quotes if q.article_id == bridge.get("second").id]
    assert 0 < len(kept) < len(quotes)
    assert answer.answered
    assert [c.quote for c in answer.citations] == kept
    assert_cited(bridge, answer)


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
    assert told_of(answer) == [TRUE]
    assert {c.article_id for c in answer.citations} == {old}
    assert_cited(bridge, answer)
    assert not bridge.get(old).current
