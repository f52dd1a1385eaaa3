"""The official client of OpenAI, and LangChain's over it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import openai
import pytest
from clients.running import Running
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

QUESTION = "How many boats did storm0002 damage?"


@pytest.fixture
def client(service: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{service.url}/v1", api_key=service.token) as made:
        yield made


def test_models_and_an_answer_with_citations(client: openai.OpenAI, service: Running) -> None:
    assert [m.id for m in client.models.list()] == ["fake-chat", "none"]
    assert client.models.retrieve("none").owned_by == "onrecord"
    done = client.chat.completions.create(model="fake-chat", messages=[{"role": "user", "content": QUESTION}])
    message = done.choices[0].message
    assert message.content is not None and "12 boats" in message.content and message.refusal is None
    assert message.annotations and done.usage is not None
    for annotation in message.annotations:
        cited = annotation.url_citation
        assert message.content[cited.start_index : cited.end_index] in ("[1]", "[2]", "[3]", "[4]")
        assert cited.url.startswith(f"{service.url}/api/articles/") and cited.title
    same = client.chat.completions.with_raw_response.create(
        model="none", messages=[{"role": "user", "content": QUESTION}], extra_body={"sources": ["Outlet 2"]}
    )
    assert "Outlet 2" in (same.parse().choices[0].message.content or "") and same.headers["x-request-id"]


def test_a_stream(client: openai.OpenAI) -> None:
    asked = {"role": "user", "content": QUESTION}
    whole = client.chat.completions.create(model="fake-chat", messages=[asked])  # type: ignore[list-item]
    with client.chat.completions.stream(
        model="fake-chat",
        messages=[asked],  # type: ignore[list-item]
        stream_options={"include_usage": True},
    ) as stream:
        assert sum(event.type == "content.delta" for event in stream) >= 2
        done = stream.get_final_completion()
    assert done.choices[0].message.content == whole.choices[0].message.content
    assert done.usage is not None


def test_refusals_and_errors(client: openai.OpenAI, service: Running) -> None:
    def ask(question: str, **more: object) -> str | None:
        given = {"model": "fake-chat", **more}
        made = client.chat.completions.create(messages=[{"role": "user", "content": question}], **given)  # type: ignore[call-overload]
        refusal: str | None = made.choices[0].message.refusal
        return refusal

    service.chat.replies, before = ["NOT FOUND"], service.chat.replies
    try:
        assert ask("Who won the regatta of Kellmouth?")
    finally:
        service.chat.replies = before
    with pytest.raises(openai.NotFoundError, match="GET /v1/models"):
        ask(QUESTION, model="gpt-5")
    with pytest.raises(openai.BadRequestError, match="one answer"):
        ask(QUESTION, n=2)
    with pytest.raises(openai.BadRequestError, match="no tools"):
        ask(QUESTION, tools=[{"type": "function", "function": {"name": "x", "parameters": {}}}])
    with (
        openai.OpenAI(base_url=f"{service.url}/v1", api_key="wrong-token") as stranger,
        pytest.raises(openai.AuthenticationError, match="not a right token"),
    ):
        stranger.models.list()


def test_a_client_that_goes_stops_the_work(client: openai.OpenAI, service: Running) -> None:
    service.chat.delay, service.chat.replies, before = 0.2, ["word " * 200], service.chat.replies
    try:
        stream = client.chat.completions.create(
            model="fake-chat", messages=[{"role": "user", "content": QUESTION}], stream=True
        )
        next(iter(stream))
        until = time.monotonic() + 5
        while not service.scheduler.running and time.monotonic() < until:
            time.sleep(0.02)
        assert service.scheduler.running
        stream.close()
        while service.scheduler.running and time.monotonic() < until:
            time.sleep(0.02)
        assert service.scheduler.running == 0
    finally:
        service.chat.delay, service.chat.replies = 0.0, before


def test_langchain(service: Running) -> None:
    model = ChatOpenAI(model="fake-chat", base_url=f"{service.url}/v1", api_key=service.token)  # type: ignore[arg-type]
    answer = model.invoke([SystemMessage("Be brief."), HumanMessage(QUESTION)])
    assert "12 boats" in answer.text and "Sources:" in answer.text
    assert answer.usage_metadata is not None and answer.usage_metadata["total_tokens"] >= 0
    pieces = list(model.stream([HumanMessage(QUESTION)]))
    assert "".join(p.text for p in pieces) == answer.text
    again = model.invoke(
        [HumanMessage(QUESTION), AIMessage(answer.text), HumanMessage("And which harbour was closed?")]
    )
    assert again.text
