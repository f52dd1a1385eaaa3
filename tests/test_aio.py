"""An archive for asyncio: nothing blocks, and a task that is cancelled stops the answer."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from helpers import fill, many

from rag import Archive, ArchiveClosed, AsyncArchive, Finished, Retrieved, UsageError
from rag.chat import Chat
from rag.testing import FakeChat, FakeEmbeddings

LINE = "A storm named storm0002 had damaged 12 boats."
QUESTION = "How many boats did storm0002 damage?"

pytestmark = pytest.mark.asyncio


@pytest.fixture
def ports(archive: Archive, chat: FakeChat) -> AsyncArchive:
    chat.replies = [f"{LINE} [1]"]
    fill(archive, *many(6))
    return AsyncArchive(archive)


async def test_every_method_is_there_with_the_same_arguments() -> None:
    left_out = {"open", "in_memory", "close", "chat", "stream", "articles", "as_retriever", "as_runnable", "as_tool"}
    apart = {"found", "preview", "close_sources", "list", "standing", "check", "repair", "backup", "migrate",
             "migrate_catalog", "healed", "salvage"}  # fmt: skip
    for name, method in inspect.getmembers(Archive, inspect.isfunction):
        if name.startswith("_") or name in apart | left_out:
            continue
        twin = getattr(AsyncArchive, name)
        assert inspect.iscoroutinefunction(twin), name
        theirs, ours = (inspect.signature(m) for m in (method, twin))
        assert [(p.name, p.kind, p.default) for p in theirs.parameters.values()] == [
            (p.name, p.kind, p.default) for p in ours.parameters.values()
        ], name


async def test_it_answers_as_the_archive_does(ports: AsyncArchive, tmp_path: Path) -> None:
    answer, hits = await asyncio.gather(ports.ask(QUESTION), ports.search(QUESTION, k=2))
    assert answer.text == f"{LINE} [1]"
    assert len(hits) == 2
    events = [event async for event in ports.stream(QUESTION)]
    assert isinstance(events[0], Retrieved) and isinstance(events[-1], Finished)
    assert (await ports.retrieve(QUESTION)).query.text == QUESTION
    assert (await ports.choose(QUESTION, ["12", "99"], chat_model="extractive")).choice in (0, 1)
    article = await ports.get("story-2")
    assert (await ports.passage(hits[0].passage.id)).article_id == hits[0].passage.article_id
    assert article.id in [a.id async for a in ports.articles()]
    assert (await ports.list_articles(sources=["Outlet 1"]))[1] == 2
    assert (await ports.stats()).articles == 6
    assert (await ports.timeline("storm0002")).entries == ()
    assert await ports.doctor() == []
    assert (await ports.versions("story-2"), await ports.articles_exist([article.id])) == (
        [article.id],
        {article.id: True},
    )
    assert (await ports.sentences(article.id)) == ports.sync.sentences(article.id)
    assert (await ports.months()) == ports.sync.months()
    assert (await ports.supports(LINE, answer.citations)).ok
    assert await ports.export(tmp_path / "all.jsonl") == 6
    assert (await ports.as_runnable().ainvoke(QUESTION)).text == answer.text
    assert len(await ports.as_retriever(k=2).ainvoke(QUESTION)) == 2
    assert LINE in await ports.as_tool(sources=["Outlet 2"]).ainvoke({"question": QUESTION})
    assert await ports.delete("story-5") == ["story-5"]
    await ports.reindex()
    await ports.prepare()
    with pytest.raises(UsageError, match="k is 0"):
        await ports.search(QUESTION, k=0)
    with pytest.raises(UsageError, match="empty"):
        await ports.ask(" ")


async def test_a_conversation(ports: AsyncArchive) -> None:
    talk = ports.chat(chat_model="extractive")
    await talk.ask(QUESTION)
    assert [e async for e in talk.stream("And storm0004?")][-1].answer.question == "And storm0004?"  # type: ignore[union-attr]
    assert [q for q, _ in talk.history] == [QUESTION, "And storm0004?"]
    talk.clear()
    assert talk.history == ()
    for name in ("ask", "stream", "clear"):
        assert list(inspect.signature(getattr(type(talk), name)).parameters) == list(
            inspect.signature(getattr(Chat, name)).parameters
        )


async def test_articles_are_added_and_an_archive_in_memory_goes(tmp_path: Path) -> None:
    async with AsyncArchive.in_memory(embeddings=FakeEmbeddings(), chat_model="none") as archive:
        assert (await archive.add(many_texts(3))).added == 3
        assert (await archive.quotes()) is not None
        folder = archive.sync.path.parent
    assert not folder.exists()
    with pytest.raises(ArchiveClosed):
        await archive.search("storm")
    with pytest.raises(ArchiveClosed):
        await archive.ask("storm")
    opened = await AsyncArchive.open(tmp_path / "a", embeddings=FakeEmbeddings())
    (tmp_path / "one.txt").write_text(LINE)
    assert (await opened.ingest(tmp_path / "one.txt")).added == 1
    await opened.close()


def many_texts(n: int) -> list[dict[str, Any]]:
    return [{"title": r["title"], "text": r["text"], "key": r["key"]} for r in many(n)]


@pytest.mark.parametrize("how", ["ask", "stream", "chat", "timeout"])
async def test_cancelling_stops_the_answer_at_once(ports: AsyncArchive, chat: FakeChat, how: str) -> None:
    chat.replies, chat.delay = ["word " * 400], 0.05
    stop = threading.Event()
    writing = asyncio.Event()

    async def stream() -> None:
        async for event in ports.stream(QUESTION, cancel=stop):
            if getattr(event, "stage", "") == "writing":
                writing.set()

    if how == "timeout":
        began = time.perf_counter()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ports.ask(QUESTION, cancel=stop), 0.5)
        assert time.perf_counter() - began < 5
    else:
        calls = {"ask": ports.ask, "chat": ports.chat().ask}
        task = asyncio.create_task(stream() if how == "stream" else calls[how](QUESTION, cancel=stop))
        await (writing.wait() if how == "stream" else asyncio.sleep(0.5))
        began = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.perf_counter() - began < 5
    assert stop.is_set()
    deadline = time.monotonic() + 15
    while any(t.name == "onrecord-async" for t in threading.enumerate()):
        assert time.monotonic() < deadline, "the answer goes on"
        await asyncio.sleep(0.02)


async def test_an_answer_that_ended_leaves_the_callers_event_alone(ports: AsyncArchive) -> None:
    stop = threading.Event()
    assert (await ports.ask(QUESTION, cancel=stop)).answered
    assert not stop.is_set()


async def test_the_loop_goes_on_while_a_model_writes(ports: AsyncArchive, chat: FakeChat) -> None:
    chat.delay = 0.02
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    beside = asyncio.create_task(tick())
    await ports.ask(QUESTION)
    beside.cancel()
    assert ticks >= 10


async def test_a_cancelled_ingest_stops_and_the_next_goes_on(archive: Archive) -> None:
    opened = AsyncArchive(archive)
    seen: list[int] = []
    at_two = threading.Event()
    go = threading.Event()

    def step(n: int, _: str) -> None:
        seen.append(n)
        if n == 2:
            at_two.set()
            go.wait(5)

    task = asyncio.create_task(opened.add(many_texts(6), progress=step))
    while not at_two.is_set():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    report = await opened.add(many_texts(6))
    assert report.read == 6
    assert seen == [1, 2]
    assert await opened.doctor() == []


async def test_closing_stops_what_is_being_written(ports: AsyncArchive, chat: FakeChat) -> None:
    chat.replies, chat.delay = ["word " * 400], 0.05
    task = asyncio.create_task(ports.ask(QUESTION))
    await asyncio.sleep(0.5)
    began = time.perf_counter()
    await ports.close()
    assert time.perf_counter() - began < 5
    assert (await task).reason in (None, "cancelled")
