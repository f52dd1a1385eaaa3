"""The archive in LangChain and LangGraph: what the runnable takes and tells, and the tool."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from typing import Annotated, Any, TypedDict

import pytest
from helpers import fill, many
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from rag import Answer, Archive, ModelFailed, Quoted, Retrieved, UsageError
from rag.langchain import ArchiveTool
from rag.testing import FakeChat

LINE = "A storm named storm0002 had damaged 12 boats."
QUESTION = "How many boats did storm0002 damage?"


@pytest.fixture
def ports(archive: Archive, chat: FakeChat) -> Archive:
    chat.replies = [f"{LINE} [1]"]
    fill(archive, *many(6))
    return archive


class State:
    """A state that is no dictionary."""

    def __init__(self) -> None:
        self.messages = [HumanMessage(QUESTION)]


@pytest.mark.parametrize(
    "asked",
    [
        QUESTION,
        {"question": QUESTION},
        {"input": QUESTION},
        {"question": [HumanMessage(QUESTION)]},
        HumanMessage(QUESTION),
        [SystemMessage("Be brief."), HumanMessage(QUESTION)],
        [("system", "Be brief."), ("user", QUESTION)],
        [{"role": "user", "content": QUESTION}],
        [HumanMessage([{"type": "text", "text": QUESTION}])],
        ChatPromptTemplate.from_messages([("human", "{q}")]).invoke({"q": QUESTION}),
    ],
)
def test_it_takes_a_question_however_it_is_given(ports: Archive, asked: Any) -> None:
    answer = ports.as_runnable().invoke(asked)
    assert isinstance(answer, Answer)
    assert (answer.question, answer.text) == (QUESTION, f"{LINE} [1]")


@pytest.mark.parametrize("state", [{"messages": [HumanMessage(QUESTION)], "other": 5}, State()])
def test_of_a_state_it_makes_an_update(ports: Archive, state: Any) -> None:
    update = ports.as_runnable().invoke(state)
    (said,) = update["messages"]
    assert isinstance(said, AIMessage)
    assert said.text.startswith(f"{LINE} [1]\n\n[1] “{LINE}” Storm at Port 2 · Outlet 2")
    assert said.additional_kwargs["citations"][0]["quote"] == LINE
    assert said.additional_kwargs["answered"] is True
    json.dumps(said.additional_kwargs)  # nothing a checkpoint would have to know
    refusal = ports.as_runnable(sources=["Nowhere"]).invoke(state)["messages"][0]
    assert (refusal.additional_kwargs["answered"], refusal.additional_kwargs["reason"]) == (False, "no_evidence")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (5, "type int"),
        (None, "type NoneType"),
        ({"text": "x"}, "dictionary with 'text'"),
        ({}, "dictionary with nothing"),
        ([], "last of the messages"),
        ([AIMessage("Well")], "last of the messages"),
        ([HumanMessage("")], "last of the messages"),
        ([5], "messages can't be read"),
        ({"messages": None}, "messages"),
        ({"question": {"a": 1}}, "type dict"),
        ({"question": " "}, "The question is empty"),
        (" ?! ", "has no words"),
    ],
)
def test_what_is_no_question_is_told(ports: Archive, asked: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ports.as_runnable().invoke(asked)


def test_options_beside_the_question_count_as_bound_ones_do(ports: Archive) -> None:
    runnable = ports.as_runnable(chat_model="extractive")
    asked = {"question": QUESTION, "sources": ["Outlet 2"], "k": 2, "after": None}
    answer = runnable.invoke(asked)
    assert (answer.query.sources, answer.query.k) == (("Outlet 2",), 2)
    assert answer.hits == runnable.bind(sources=["Outlet 2"], k=2).invoke(QUESTION).hits
    assert not runnable.invoke({"question": QUESTION, "sources": ["Nowhere"]}).answered
    with pytest.raises(TypeError, match=r"`(k|sources)` is bound"):
        runnable.bind(k=3, sources=["Nowhere"]).invoke(asked)
    assert not runnable.invoke({"input": QUESTION, "after": "2030-01-01", "undated": False}).answered
    followed = {"question": "And what about storm0004?", "history": [(QUESTION, LINE)]}
    assert runnable.invoke(followed).query.standalone != followed["question"]
    with pytest.raises(UsageError, match="`after` is 'soon'"):
        runnable.invoke({"question": QUESTION, "after": "soon"})


@pytest.mark.parametrize(
    ("key", "says"), [("aftr", "'aftr'.*mean `after`"), ("source", "mean `sources`"), ("chat_model", "'chat_model'")]
)
def test_another_key_beside_the_question_is_refused_as_by_bind(ports: Archive, key: str, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        ports.as_runnable().invoke({"question": QUESTION, key: "extractive"})
    with pytest.raises(TypeError, match=says):
        asyncio.run(ports.as_runnable().ainvoke({"question": QUESTION, key: "extractive"}))


def test_the_other_keys_of_a_state_are_its_graphs_own(ports: Archive) -> None:
    state = {"messages": [HumanMessage(QUESTION)], "sources": ["Nowhere"], "documents": [5], "aftr": 1}
    (said,) = ports.as_runnable().invoke(state)["messages"]
    assert said.additional_kwargs["answered"] is True
    assert ports.as_runnable().invoke({**state, "question": QUESTION}).answered


def test_messages_before_the_last_are_the_conversation(ports: Archive) -> None:
    before = [HumanMessage(QUESTION), AIMessage(f"{LINE} [1]"), ToolMessage("x", tool_call_id="1")]
    runnable = ports.as_runnable(chat_model="extractive")
    answer = runnable.invoke([*before, HumanMessage("And what about storm0004?")])
    assert answer.query.text == "And what about storm0004?"
    assert answer.query.standalone != answer.query.text
    given = runnable.bind(history=[]).invoke([*before, HumanMessage("And what about storm0004?")])
    assert given.query.standalone == given.query.text


def test_it_streams_step_by_step(ports: Archive) -> None:
    pieces = list(ports.as_runnable().stream(QUESTION))
    assert isinstance(pieces[0], Retrieved) and isinstance(pieces[1], Quoted) and isinstance(pieces[-1], Answer)
    chain = ports.as_runnable() | (lambda a: a.text)
    assert list(chain.stream(QUESTION))[-1] == f"{LINE} [1]"
    (update,) = ports.as_runnable().stream({"messages": [HumanMessage(QUESTION)]})
    assert update["messages"][0].text.startswith(LINE)


@pytest.mark.asyncio
async def test_the_usual_events_are_seen(ports: Archive) -> None:
    runnable = ports.as_runnable().with_config(run_name="news", tags=["desk"])
    events = [e async for e in runnable.astream_events(QUESTION, version="v2")]
    names = [e["event"] for e in events]
    order = ["on_chain_start", "on_retriever_start", "on_retriever_end", "on_chat_model_start", "on_chat_model_stream",
             "on_chat_model_end", "on_chain_end"]  # fmt: skip
    assert [n for n in dict.fromkeys(names) if n != "on_chain_stream"] == order
    first = {e["event"]: e for e in reversed(events)}
    assert all("desk" in e["tags"] for e in events)
    assert (first["on_chain_start"]["name"], first["on_retriever_start"]["data"]["input"]["query"]) == (
        "news",
        QUESTION,
    )
    assert LINE in first["on_retriever_end"]["data"]["output"][0].page_content
    assert first["on_chat_model_stream"]["data"]["chunk"].text == f"{LINE} [1]"
    answer = first["on_chain_end"]["data"]["output"]
    assert isinstance(answer, Answer) and answer.citations[0].quote == LINE
    assert first["on_retriever_start"]["parent_ids"] == [first["on_chain_start"]["run_id"]]
    quoting = [e async for e in ports.as_runnable(chat_model="extractive").astream_events(QUESTION, version="v2")]
    assert not any(e["event"].startswith("on_chat_model") for e in quoting), "nobody writes"


@pytest.mark.asyncio
async def test_what_fails_the_check_is_shown_to_no_callback(ports: Archive, chat: FakeChat) -> None:
    chat.replies = [f"{LINE} [1] It sank 99 ships in 1812. [1]"]
    events = [e async for e in ports.as_runnable().astream_events(QUESTION, version="v2")]
    (answer,) = [e["data"]["output"] for e in events if e["event"] == "on_chain_end"]
    assert [s.text for s in answer.withheld] == ["It sank 99 ships in 1812."]
    written = [str(e["data"]) for e in events if e["event"].startswith("on_chat_model")]
    assert written and not any("99 ships" in w for w in written)


class Recorder(BaseCallbackHandler):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_chain_start(self, serialized: Any, inputs: Any, *, metadata: Any = None, **kwargs: Any) -> None:
        self.seen.append(f"chain {kwargs.get('name')} {(metadata or {}).get('desk')}")

    def on_retriever_start(self, *_: Any, **__: Any) -> None:
        self.seen.append("retriever")

    def on_retriever_error(self, error: BaseException, **_: Any) -> None:
        self.seen.append(f"retriever error {type(error).__name__}")

    def on_llm_error(self, error: BaseException, **_: Any) -> None:
        self.seen.append(f"model error {type(error).__name__}")

    def on_chain_error(self, error: BaseException, **_: Any) -> None:
        self.seen.append(f"chain error {type(error).__name__}")

    def on_llm_new_token(self, token: str, **_: Any) -> None:
        self.seen.append(f"token {token}")


def test_config_callbacks_bind_and_batch_are_honoured(ports: Archive, chat: FakeChat) -> None:
    recorder = Recorder()
    config: RunnableConfig = {"callbacks": [recorder], "metadata": {"desk": "ports"}, "run_name": "ask"}
    assert ports.as_runnable().invoke(QUESTION, config).answered
    assert recorder.seen == ["chain ask ports", "retriever", f"token {LINE} [1]"]
    assert ports.as_runnable().bind(chat_model="extractive").invoke(QUESTION).model == "extractive"
    assert ports.as_runnable(k=3).invoke(QUESTION, k=2).query.k == 2
    with pytest.raises(TypeError, match="'kk'"):
        ports.as_runnable().invoke(QUESTION, kk=2)
    with pytest.raises(TypeError, match="'kk'"):
        ports.as_runnable(kk=2)  # type: ignore[call-arg]
    answers = ports.as_runnable().batch([QUESTION, {"question": QUESTION}], {"max_concurrency": 2})
    assert [a.text for a in answers] == [f"{LINE} [1]"] * 2
    chat.replies = [RuntimeError("it broke")]
    recorder.seen.clear()
    with pytest.raises(ModelFailed):
        ports.as_runnable().invoke(QUESTION, config)
    assert recorder.seen[-2:] in (
        ["model error ModelFailed", "chain error ModelFailed"],
        ["retriever", "chain error ModelFailed"],  # it broke before its first word
    )
    recorder.seen.clear()
    with pytest.raises(UsageError):
        ports.as_runnable().invoke(QUESTION, config, k=0)
    assert recorder.seen == ["chain ask ports", "retriever", "retriever error UsageError", "chain error UsageError"]


@pytest.mark.asyncio
async def test_cancelling_stops_the_answer(ports: Archive, chat: FakeChat) -> None:
    chat.replies, chat.delay = ["word " * 400], 0.05
    stop = threading.Event()
    task = asyncio.create_task(ports.as_runnable().ainvoke(QUESTION, cancel=stop))
    await asyncio.sleep(0.4)
    began = time.perf_counter()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - began < 5
    assert stop.is_set()


def test_it_composes_with_others(ports: Archive) -> None:
    runnable: Runnable[Any, Any] = ports.as_runnable()
    assert (runnable | (lambda a: a.model)).invoke(QUESTION) == "fake-chat"
    assert runnable.with_retry(stop_after_attempt=2).invoke(QUESTION).answered
    assert runnable.pick is not None and runnable.get_name() == "onrecord"


# -- LangGraph ----------------------------------------------------------------------------


def _graph(node: Any, saver: Any = None) -> Any:
    from langgraph.graph import END, START, MessagesState, StateGraph

    graph = StateGraph(MessagesState)
    graph.add_node("news", node)
    graph.add_edge(START, "news")
    graph.add_edge("news", END)
    return graph.compile(checkpointer=saver)


def test_a_node_of_a_graph_with_checkpoints(ports: Archive, caplog: pytest.LogCaptureFixture) -> None:
    from langgraph.checkpoint.memory import InMemorySaver

    graph = _graph(ports.as_runnable(), InMemorySaver())
    thread: RunnableConfig = {"configurable": {"thread_id": "1"}}
    with caplog.at_level(logging.WARNING):
        graph.invoke({"messages": [HumanMessage(QUESTION)]}, thread)
        done = graph.invoke({"messages": [HumanMessage("And what about storm0004?")]}, thread)
        kept = graph.get_state(thread).values["messages"]
    assert [type(m).__name__ for m in done["messages"]] == ["HumanMessage", "AIMessage"] * 2
    assert kept[1].additional_kwargs["citations"][0]["quote"] == LINE
    assert "unregistered" not in caplog.text and caplog.records == []


def test_a_graph_streams_the_sentences(ports: Archive) -> None:
    graph = _graph(ports.as_runnable())
    asked = {"messages": [HumanMessage(QUESTION)]}
    pieces = [m for m, _ in graph.stream(asked, stream_mode="messages")]
    assert [p.text for p in pieces if isinstance(p, AIMessageChunk)] == [f"{LINE} [1]"]
    assert len([p for p in pieces if not isinstance(p, AIMessageChunk)]) <= 1, "the whole message is no second answer"
    (update,) = graph.stream(asked, stream_mode="updates")
    assert update["news"]["messages"][0].name == "onrecord"


def test_an_answer_in_a_state_of_ones_own(ports: Archive, caplog: pytest.LogCaptureFixture) -> None:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.graph import END, START, StateGraph

    from rag.langchain import CHECKPOINTED

    class Own(TypedDict):
        question: str
        answer: Annotated[Any, "an Answer"]

    graph: Any = StateGraph(Own)
    told = {"news": lambda state: {"answer": ports.as_runnable().invoke(state)},
            "again": ports.as_runnable() | (lambda answer: {"answer": answer})}  # fmt: skip
    for name, node in told.items():
        graph.add_node(name, node)
    graph.add_edge(START, "news")
    graph.add_edge("news", "again")  # by now the state has a key beside the question
    graph.add_edge("again", END)
    saver = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED))
    compiled = graph.compile(checkpointer=saver)
    thread: RunnableConfig = {"configurable": {"thread_id": "1"}}
    with caplog.at_level(logging.WARNING):
        compiled.invoke({"question": QUESTION}, thread)
        kept = compiled.get_state(thread).values["answer"]
    assert isinstance(kept, Answer) and kept.citations[0].quote == LINE
    assert caplog.records == []


# -- the tool -------------------------------------------------------------------------------


def test_the_tool_answers_with_quotes(ports: Archive) -> None:
    tool = ports.as_tool()
    assert sorted(tool.args) == ["after", "before", "question", "sources"]
    said = tool.invoke({"type": "tool_call", "id": "1", "name": tool.name, "args": {"question": QUESTION}})
    assert isinstance(said, ToolMessage) and isinstance(said.artifact, Answer)
    assert f"[1] “{LINE}” Storm at Port 2" in str(said.content)
    assert "no" in tool.invoke({"question": QUESTION, "sources": ["Nowhere"]}).lower()
    bound = ports.as_tool(name="ports", description="Ask.", sources=["Outlet 1"])
    assert (bound.name, bound.description) == ("ports", "Ask.")
    again = bound.invoke(
        {"type": "tool_call", "id": "1", "name": "ports", "args": {"question": QUESTION, "sources": ["x"]}}
    )
    assert {h.passage.source for h in again.artifact.hits} == {"Outlet 1"}, "what is fixed stays"


class _Ports:
    @pytest.fixture(autouse=True)
    def _folder(self, ports: Archive) -> None:
        type(self)._archive = ports  # type: ignore[attr-defined]

    @property
    def tool_constructor(self) -> type[ArchiveTool]:
        return ArchiveTool

    @property
    def tool_constructor_params(self) -> dict[str, Any]:
        return {"archive": type(self)._archive}  # type: ignore[attr-defined]

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"question": QUESTION, "after": "2020"}


class TestToolUnit(_Ports, ToolsUnitTests):
    """LangChain's own suite."""


class TestToolIntegration(_Ports, ToolsIntegrationTests):
    """The same, with calls."""

    # It counts on pytest-asyncio's automatic mode.
    test_async_invoke_matches_output_schema = pytest.mark.asyncio(
        ToolsIntegrationTests.test_async_invoke_matches_output_schema
    )
    test_async_invoke_no_tool_call = pytest.mark.asyncio(ToolsIntegrationTests.test_async_invoke_no_tool_call)
