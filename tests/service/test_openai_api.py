"""The addresses that OpenAI's clients know, in this process."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import fill, many, row
from service.calls import QUESTION, client
from starlette.testclient import TestClient

from rag import Archive
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeChat

ASK = "/v1/chat/completions"


def user(question: str) -> dict[str, Any]:
    return {"role": "user", "content": question}


def body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "fake-chat", "messages": list(messages or [user(QUESTION)]), **more}


def refused(answer: Any, status: int) -> str:
    """The message of an error in OpenAI's form."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code", "request_id"}
    assert error["type"].endswith("_error") and error["request_id"] == answer.headers["x-request-id"]
    return str(error["message"])


def chunks(text: str) -> list[dict[str, Any]]:
    parts = [p for p in text.strip().split("\n\n") if not p.startswith(":")]
    assert parts[-1] == "data: [DONE]"
    return [json.loads(p.removeprefix("data: ")) for p in parts[:-1]]


def assert_marks(message: dict[str, Any], archive: Archive) -> None:
    """Every annotation stands at its mark and has the article's words."""
    assert message["annotations"]
    for annotation in message["annotations"]:
        assert annotation["type"] == "url_citation"
        cited = annotation["url_citation"]
        mark = message["content"][cited["start_index"] : cited["end_index"]]
        assert mark == f"[{cited['number']}]"
        assert cited["quote"] in archive.get(cited["article_id"]).text
        assert cited["url"]


def test_an_answer_has_marks_sources_and_annotations(web: TestClient, filled: Archive) -> None:
    told = web.post(ASK, json=body()).json()
    assert told["object"] == "chat.completion" and told["model"] == "fake-chat"
    (choice,) = told["choices"]
    assert choice["finish_reason"] == "stop" and choice["message"]["refusal"] is None
    text, _, sources = choice["message"]["content"].partition("\n\nSources:\n\n")
    same = web.post("/api/ask", json={"question": QUESTION}).json()
    assert text == same["text"]
    assert {int(n) for n in re.findall(r"^\[(\d+)\] ", sources, re.MULTILINE)} == {
        c["number"] for c in same["citations"]
    }
    for c in same["citations"]:
        assert c["source"] in sources and c["title"] in sources
        assert f"http://127.0.0.1:8000/api/articles/{c['article_id']}" in sources
    assert_marks(choice["message"], filled)
    assert told["usage"]["total_tokens"] == told["usage"]["prompt_tokens"] + told["usage"]["completion_tokens"]


def test_quotes_alone_are_not_told_twice(web: TestClient, filled: Archive) -> None:
    message = web.post(ASK, json=body(model="none")).json()["choices"][0]["message"]
    quote = message["annotations"][0]["url_citation"]["quote"]
    assert message["content"].count(" ".join(quote.split())) == 1
    assert_marks(message, filled)


@pytest.mark.parametrize("model", ["fake-chat", "none"])
def test_a_stream_comes_to_the_same(web: TestClient, filled: Archive, model: str) -> None:
    whole = web.post(ASK, json=body(model=model)).json()["choices"][0]["message"]
    answer = web.post(ASK, json=body(model=model, stream=True, stream_options={"include_usage": True, "other": 1}))
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = chunks(answer.text)
    assert {c["object"] for c in told} == {"chat.completion.chunk"} and len({c["id"] for c in told}) == 1
    *parts, last = told
    assert last["choices"] == [] and last["usage"]["total_tokens"] >= 0
    assert all(c["usage"] is None for c in parts)
    deltas = [c["choices"][0]["delta"] for c in parts]
    assert deltas[0]["role"] == "assistant"
    assert "".join(d.get("content", "") for d in deltas) == whole["content"]
    assert [a for d in deltas for a in d.get("annotations", [])] == whole["annotations"]
    assert [c["choices"][0]["finish_reason"] for c in parts if c["choices"][0]["finish_reason"]] == ["stop"]
    plain = chunks(web.post(ASK, json=body(model=model, stream=True)).text)
    assert all("usage" not in c and c["choices"] for c in plain)


def test_a_refusal_is_content_and_refusal(web: TestClient, filled: Archive, chat: FakeChat) -> None:
    chat.replies = ["NOT FOUND"]
    message = web.post(ASK, json=body(user("Who won the regatta?"))).json()["choices"][0]["message"]
    assert message["refusal"] and message["content"] == message["refusal"] and message["annotations"] == []
    deltas = [c["choices"][0]["delta"] for c in chunks(web.post(ASK, json=body(user("Who won?"), stream=True)).text)]
    assert "".join(d.get("content", "") for d in deltas) == "".join(d.get("refusal") or "" for d in deltas) != ""


def test_earlier_messages_are_the_conversation(
    web: TestClient, filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    stream = filled.stream

    def noted(question: str, **options: Any) -> Any:
        seen.append((question, options))
        return stream(question, **options)

    monkeypatch.setattr(filled, "stream", noted)
    first = web.post(ASK, json=body()).json()["choices"][0]["message"]
    parts = [{"type": "text", "text": "And which harbour"}, {"type": "text", "text": "was closed?"}]
    messages = [
        {"role": "system", "content": "Answer as a pirate."},
        user(QUESTION),
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": parts},
    ]
    given = body(*messages, temperature=0.3, seed=7, max_tokens=5, sources=["Outlet 2"], k=3, user="x", n=1, tools=[])
    assert web.post(ASK, json=given).status_code == 200
    question, options = seen[-1]
    assert question == "And which harbour\nwas closed?"
    ((asked, answered),) = options["history"]
    assert asked == QUESTION and "Sources:" not in answered and answered == first["content"].partition("\n\nS")[0]
    assert (options["temperature"], options["sources"], options["k"]) == (0.3, ("Outlet 2",), 3)


def test_models(web: TestClient, filled: Archive) -> None:
    listed = web.get("/v1/models").json()
    assert [m["id"] for m in listed["data"]] == ["fake-chat", "none"]
    assert all(m["object"] == "model" and m["created"] > 0 for m in listed["data"])
    assert web.get("/v1/models/none").json()["id"] == "none"
    assert "GET /v1/models" in refused(web.get("/v1/models/gpt-5"), 404)
    message = refused(web.post(ASK, json=body(model="gpt-5")), 404)
    assert '"fake-chat"' in message
    assert web.post(ASK, json={"messages": [user(QUESTION)]}).json()["model"] == "fake-chat"


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": 2},
        {"tools": [{"type": "function", "function": {"name": "x"}}]},
        {"functions": [{"name": "x"}]},
        {"response_format": {"type": "json_object"}},
        {"logprobs": True},
        {"modalities": ["text", "audio"]},
        {"temperature": 3},
        {"messages": []},
        {"messages": [{"role": "assistant", "content": "x"}]},
        {"messages": [{"role": "pirate", "content": "x"}]},
        {"messages": [{"role": "user"}]},
        {"messages": [user("  ")]},
        {"messages": [user("x" * 4001)]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        {"messages": "x"},
        {"stream": "perhaps"},
        *({name: "x"} for name in ("aftre", "befor", "source", "langauge", "undate", "colection", "todya")),
    ],
)
def test_what_would_be_answered_otherwise_is_said(web: TestClient, filled: Archive, wrong: dict[str, Any]) -> None:
    message = refused(web.post(ASK, json={**body(), **wrong}), 400)
    assert "xxxx" not in message and message.endswith(".")


def test_a_misspelt_filter_is_told_and_what_others_send_is_passed_over(web: TestClient, filled: Archive) -> None:
    assert "Did you mean `after`?" in refused(web.post(ASK, json=body(aftre="2023-06-01")), 400)
    theirs = ["store", "stop", "seed", "metadata", "top_k", "top_p", "user", "verbosity", "service_tier", "prediction",
              "moderation", "filters", "files", "include", "prompt_cache_key", "web_search_options"]  # fmt: skip
    assert web.post(ASK, json=body(**dict.fromkeys(theirs, "x"))).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_filters_that_nothing_passes_are_told(web: TestClient, filled: Archive, stream: bool) -> None:
    told = web.post(ASK, json=body(sources=["Outlett 1"], stream=stream)).headers["x-onrecord-warning"]
    assert "'Outlett 1'. Did you mean 'Outlet 1'?" in told
    assert "x-onrecord-warning" not in web.post(ASK, json=body(sources=["outlet 1"], stream=stream)).headers


def test_tools_that_may_not_be_called_change_nothing(web: TestClient, filled: Archive) -> None:
    assert web.post(ASK, json=body(tools=[{}], tool_choice="none", response_format={"type": "text"})).status_code == 200


def test_errors_have_the_form_of_openai(web: TestClient, archive: Archive, scheduler: RequestScheduler) -> None:
    answer = web.post(ASK, json=body())
    refused(answer, 409)
    assert answer.headers["x-should-retry"] == "false"
    refused(web.post(ASK, content=b"{", headers={"content-type": "application/json"}), 400)
    refused(web.get("/v1/nothing"), 404)
    refused(web.get(ASK), 405)
    refused(web.post(ASK, content=b"x" * 1_100_000, headers={"content-type": "application/json"}), 413)
    with client(create_app(scheduler, Access(token="the-right-token"))) as guarded:
        assert refused(guarded.post(ASK, json=body()), 401)
        right = {"authorization": "Bearer the-right-token"}
        assert guarded.get("/v1/models", headers=right).status_code == 200
    scheduler.close(0)
    busy = web.post(ASK, json=body())
    refused(busy, 503)
    assert int(busy.headers["retry-after"]) > 0 and "x-should-retry" not in busy.headers


def test_an_error_in_the_middle_ends_the_stream(web: TestClient, filled: Archive, chat: FakeChat) -> None:
    chat.replies = [ValueError("the wire is down")]
    parts = web.post(ASK, json=body(stream=True)).text.strip().split("\n\n")
    assert json.loads(parts[-1].removeprefix("data: "))["error"]["code"] == "ModelFailed"
    refused(web.post(ASK, json=body()), 502)


def test_a_client_that_goes_cancels_the_question(filled: Archive) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    def slow(_: str, *, cancel: threading.Event, **__: Any) -> Iterator[Any]:
        begun.set()
        if cancel.wait(10):
            cancelled.set()
        return
        yield

    scheduler = RequestScheduler(filled)
    filled.stream = slow  # type: ignore[method-assign, assignment]
    app = create_app(scheduler, Access(), timeout=0.6)
    with client(app) as web:
        assert web.post(ASK, json=body()).status_code == 504
    assert begun.is_set() and cancelled.wait(5)
    scheduler.close(1)
    assert scheduler.running == 0


def test_an_article_brings_no_pictures_links_or_tags(archive: Archive, scheduler: RequestScheduler) -> None:
    evil = "The ferry ![x](https://evil.example/p.png) sailed [home](https://evil.example) <img src=x> on Monday."
    fill(archive, *many(2), row("evil", evil, source="A <b>Post"))
    with client(create_app(scheduler, Access())) as web:
        given = body(user("When did the ferry sail home?"), model="none")
        content = web.post(ASK, json=given).json()["choices"][0]["message"]["content"]
    assert "evil.example" in content
    assert not re.search(r"(?<!\\)!\[|(?<!\\)\]\(|(?<!\\)<[a-z]", content)
