"""What can be said with a question, former names, and what chats and chains may stand on instead of an archive."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Unpack

import pytest
from helpers import many, write_rows

from rag import Answer, Archive, Chat, Finished, Hit, Query, Retrieved
from rag.langchain import ArchiveRetriever
from rag.protocols import AskOptions, SearchOptions, SupportsAsk, SupportsSearch, search_options
from rag.runnable import ArchiveRunnable
from rag.types import Event

ASKED = "How many boats had storm0002 damaged?"


@pytest.fixture
def ports(archive: Archive, tmp_path: Path) -> Archive:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(4)))
    return archive


def test_retrieve_is_search_with_its_query(ports: Archive) -> None:
    found = ports.retrieve(ASKED, k=2, sources=["outlet 2"])
    assert isinstance(found, Retrieved)
    assert (found.query.k, found.query.sources) == (2, ("Outlet 2",))
    assert list(found.hits) == ports.search(ASKED, k=2, sources=["outlet 2"])


def test_an_option_that_is_none_is_refused_at_once(ports: Archive) -> None:
    wrong: Any = {"afterwards": None}
    for call in (ports.search, ports.retrieve, ports.stream, ports.ask):
        with pytest.raises(TypeError, match=r"'afterwards'; there are .*after.*"):
            call(ASKED, **wrong)
    with pytest.raises(TypeError, match="'afterwards'"):
        ports.choose(ASKED, ["1", "2"], **wrong)
    with pytest.raises(TypeError, match="'afterwards'"):
        ports.quotes(speaker="Qin", **wrong)
    for option in ("cancel", "brief", "temperature", "chat_model"):
        with pytest.raises(TypeError, match=option):
            ports.search(ASKED, **{option: None})  # type: ignore[arg-type]


def test_options_of_answering_are_told_from_those_of_searching() -> None:
    options: AskOptions = {"k": 3, "after": None, "brief": True, "cancel": threading.Event(), "chat_model": "x"}
    assert search_options(options) == {"k": 3, "after": None}


def test_former_names_still_work_and_say_so(ports: Archive) -> None:
    calls = {
        "list_articles": lambda: ports.list(limit=2),
        "articles_exist": lambda: ports.standing([ports.get("story-1").id]),
        "doctor": lambda: ports.check(),
        "reindex": lambda: ports.repair(),
    }
    told = {}
    for name, call in calls.items():
        with pytest.warns(DeprecationWarning, match=name):
            told[name] = call()
    assert told["list_articles"] == ports.list_articles(limit=2)
    assert list(told["articles_exist"].values()) == [True]
    assert told["doctor"] == []
    assert ports.doctor() == []


class Parrot:
    """Answers everything with its own words; an archive to a chat or a chain."""

    def __init__(self, ports: Archive) -> None:
        self.ports, self.seen = ports, list[AskOptions]()

    def stream(self, question: str, **options: Unpack[AskOptions]) -> Iterator[Event]:
        self.seen.append(options)
        query = Query(text=question, standalone=question)
        answer = Answer(question=question, query=query, text="Yes.", answered=True, model="parrot", fingerprint="x")
        yield Finished(answer=answer)

    def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        (event,) = self.stream(question, **options)
        assert isinstance(event, Finished)
        return event.answer

    def search(self, question: str, **options: Unpack[SearchOptions]) -> list[Hit]:
        return self.ports.search(question, **options)[:1]


def test_a_chat_and_a_chain_stand_on_anything_that_answers(ports: Archive) -> None:
    parrot = Parrot(ports)
    assert isinstance(parrot, SupportsAsk) and isinstance(ports, SupportsAsk) and isinstance(parrot, SupportsSearch)
    talk = Chat(parrot, {"k": 3})
    assert [talk.ask("One?").text, talk.ask("Two?", k=4).text] == ["Yes.", "Yes."]
    assert parrot.seen == [{"k": 3, "history": ()}, {"k": 4, "history": (("One?", "Yes."),)}]
    assert ArchiveRunnable(parrot, {"brief": True}).invoke("Three?").model == "parrot"
    assert len(ArchiveRetriever(archive=parrot, k=3).invoke(ASKED)) == 1
    with pytest.raises(ValueError, match="SupportsSearch"):
        ArchiveRetriever(archive="no archive")  # type: ignore[arg-type]
