"""The HTTP API, in this process: asking, headers, logs, state."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import assert_cited, many, write_rows
from service.calls import QUESTION, REPLY, client, failure
from starlette.testclient import TestClient

from rag import Archive
from rag.composing import AnswerText
from rag.service import http
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.service.schemas import HISTORY_READ
from rag.testing import FakeChat
from rag.types import Answer, Finished, Progress, Quoted

TOKEN = "the-right-token"


def events(text: str) -> list[tuple[str, Any]]:
    found = [re.fullmatch(r"event: (\w+)\ndata: (.*)", part) for part in text.strip().split("\n\n")]
    assert all(found), text
    return [(m[1], json.loads(m[2])) for m in found if m]


# -- asking -------------------------------------------------------------------------------


def test_an_answer_is_the_archives(web: TestClient, filled: Archive) -> None:
    body = {"question": QUESTION, "k": 3, "after": "2020-01-01", "sources": ["Outlet 2"], "undated": True}
    answer = Answer.model_validate_json(web.post("/api/ask", json=body).content)
    assert answer.answered and answer.model == "fake-chat"
    assert_cited(filled, answer)
    assert answer.query.k == 3 and answer.query.sources == ("Outlet 2",)
    assert answer.query.after is not None and answer.query.after.isoformat() == "2020-01-01T00:00:00+00:00"
    assert {h.passage.source for h in answer.hits} == {"Outlet 2"}


@pytest.mark.parametrize("way", ["stream", "accept"])
def test_the_events_are_the_archives(web: TestClient, filled: Archive, way: str) -> None:
    body = {"question": QUESTION, "stream": way == "stream"}
    answer = web.post("/api/ask", json=body, headers={"accept": "text/event-stream"} if way == "accept" else {})
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    names = [name for name, _ in told]
    assert names[0] == "evidence" and names[-1] == "answer" and "text" in names
    assert names.count("answer") == 1
    assert "quotes" not in names or names.index("evidence") < names.index("quotes") < names.index("text")
    whole = told[-1][1]
    assert "".join(value["text"] for name, value in told if name == "text") == whole["text"]
    assert_cited(filled, Answer.model_validate(whole))


def test_a_refusal_is_an_answer(web: TestClient, filled: Archive, chat: FakeChat) -> None:
    chat.replies = ["NOT FOUND"]
    answer = web.post("/api/ask", json={"question": "Who won the regatta?"})
    assert answer.status_code == 200 and answer.json()["answered"] is False


def test_the_conversation_is_taken_in(web: TestClient, filled: Archive) -> None:
    history = [{"question": QUESTION, "answer": "A storm named storm0002 had damaged 12 boats."}]
    answer = web.post("/api/ask", json={"question": "And which harbour was closed?", "history": history}).json()
    assert answer["question"] == "And which harbour was closed?"
    assert answer["query"]["text"] != "" and answer["query"]["standalone"]


def test_a_conversation_may_be_long(web: TestClient, filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    stream = RequestScheduler.stream

    def spy(self: RequestScheduler, *args: Any, **options: Any) -> Any:
        read.append(options["history"])
        return stream(self, *args, **options)

    monkeypatch.setattr(RequestScheduler, "stream", spy)
    history = [{"question": f"Question {n}?", "answer": f"Answer {n}."} for n in range(400)]
    for told in (history[:50], history[:51], history):
        answer = web.post("/api/ask", json={"question": QUESTION, "history": told})
        assert answer.status_code == 200 and answer.json()["answered"]
        assert read[-1] == [(h["question"], h["answer"]) for h in told[-HISTORY_READ:]], "the last ones, in their order"
        assert answer.headers.get("x-history-dropped", "0") == str(max(0, len(told) - HISTORY_READ))
    described = web.get("/openapi.json").json()["components"]["schemas"]["Question"]["properties"]["history"]
    assert "maxItems" not in described and f"the last {HISTORY_READ} are read" in described["description"]


def test_the_temperature_reaches_the_model(web: TestClient, filled: Archive, chat: FakeChat) -> None:
    for body in ({"temperature": 0.7}, {}, {"temperature": None}):
        assert web.post("/api/ask", json={"question": QUESTION, **body}).status_code == 200
    assert [o.get("temperature") for o in chat.seen_options] == [0.7, None, None]


def test_the_model_is_the_services_or_none(web: TestClient, filled: Archive) -> None:
    known = ("none", "extractive", "fake-chat")
    for model, told in (*zip(known, known, strict=True), (None, "fake-chat")):
        assert web.post("/api/ask", json={"question": QUESTION, "model": model}).json()["model"] == told
    message = failure(web.post("/api/ask", json={"question": QUESTION, "model": "openai:x"}), 422, "UsageError")
    assert '"none"' in message


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question": ""},
        {"question": "  "},
        {"question": "x" * 4001},
        {"question": 5},
        {"question": QUESTION, "k": 0},
        {"question": QUESTION, "k": 101},
        {"question": QUESTION, "k": "many"},
        {"question": QUESTION, "after": "soon"},
        {"question": QUESTION, "after": "2023-02-01", "before": "2023-01-01"},
        {"question": QUESTION, "language": "english"},
        {"question": QUESTION, "language": "../x"},
        {"question": QUESTION, "sources": "Harbour Post"},
        {"question": QUESTION, "sources": ["x" * 201]},
        {"question": QUESTION, "history": [{"question": "x"}]},
        {"question": QUESTION, "history": [{"question": "x", "answer": "y"}] * 60 + [{"question": "x"}]},
        {"question": QUESTION, "temperature": -0.1},
        {"question": QUESTION, "temperature": 2.1},
        {"question": QUESTION, "temperature": "warm"},
        {"question": QUESTION, "max_tokens": 1},
        {"question": QUESTION, "today": "soon"},
        {"question": QUESTION, "times": "perhaps"},
        [],
        "x",
        None,
    ],
)
def test_what_makes_no_sense_is_said_and_not_repeated(web: TestClient, filled: Archive, body: Any) -> None:
    message = failure(web.post("/api/ask", json=body), 422, "UsageError")
    assert QUESTION not in message and "xxxx" not in message


def test_broken_bodies(web: TestClient, filled: Archive) -> None:
    kind = {"content-type": "application/json"}
    for body in (b"{", b"\xff\xfe", b"", b"[" * 10_000):
        answer = web.post("/api/ask", content=body, headers=kind)
        failure(answer, answer.status_code, "UsageError")
        assert answer.status_code in (400, 422)
    surrogate = b'{"question": "boats \\ud800"}'
    assert web.post("/api/ask", content=surrogate, headers=kind).status_code in (200, 422)


def test_a_full_queue_says_when_to_come_again(
    web: TestClient, filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    held = RequestScheduler(filled, workers=1, queue_size=0)

    class Held(FakeChat):
        def _stream(self, *args: Any, **rest: Any) -> Iterator[Any]:
            assert go.wait(20)
            yield from super()._stream(*args, **rest)

    filled._given_chat = Held([REPLY])
    with client(create_app(held, Access())) as web:
        first = threading.Thread(target=lambda: web.post("/api/ask", json={"question": QUESTION}))
        first.start()
        while not held.running:
            pass
        for body in ({"question": QUESTION}, {"question": QUESTION, "stream": True}):
            answer = web.post("/api/ask", json=body)
            failure(answer, 503, "ServiceBusy")
            assert int(answer.headers["retry-after"]) > 0
        assert web.post("/api/ask", json={"question": QUESTION, "model": "extractive"}).status_code == 200
        go.set()
        first.join(10)
    held.close(0)


@pytest.mark.slow
def test_a_question_may_take_so_long(filled: Archive, chat: FakeChat) -> None:
    chat.delay = 0.3
    chat.replies = ["word " * 100]
    scheduler = RequestScheduler(filled)
    with client(create_app(scheduler, Access(), timeout=0.8)) as web:
        failure(web.post("/api/ask", json={"question": QUESTION}), 504, "TimedOut")
        told = events(web.post("/api/ask", json={"question": QUESTION, "stream": True}).text)
        assert told[0][0] == "evidence" and told[-1][0] == "error" and told[-1][1]["error"]["type"] == "TimedOut"
    scheduler.close(2)
    assert scheduler.running == 0


def test_quotes_come_before_the_summary(web: TestClient, filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    found = filled.retrieve(QUESTION)
    before = filled.ask(QUESTION)
    text = AnswerText()
    quotes = text.quote(c.model_copy(update={"words": (c.start, c.start + 1)}) for c in before.quotes)
    summed_up = text.add("It damaged boats.", quotes[:1])
    whole = before.model_copy(update={"text": text.text, "citations": text.cited, "summarized": True})
    given = [found, Quoted(quotes=quotes), Progress(stage="writing"), summed_up, Finished(answer=whole)]
    monkeypatch.setattr(filled, "stream", lambda *_, **__: iter(given))
    told = events(web.post("/api/ask", json={"question": QUESTION, "stream": True}).text)
    assert [name for name, _ in told] == ["evidence", "quotes", "progress", "text", "answer"]
    assert [c["number"] for c in told[1][1]["quotes"]] == [c.number for c in quotes]
    assert told[1][1]["quotes"][0]["words"] == [quotes[0].start, quotes[0].start + 1]
    assert told[-1][1]["summarized"] is True
    assert_cited(filled, Answer.model_validate(told[-1][1]))


def test_an_error_in_the_middle_is_an_event(web: TestClient, filled: Archive, chat: FakeChat) -> None:
    chat.replies = [ValueError("the wire is down")]
    told = events(web.post("/api/ask", json={"question": QUESTION, "stream": True}).text)
    assert told[-1][0] == "error" and told[-1][1]["error"]["type"] == "ModelFailed"
    failure(web.post("/api/ask", json={"question": QUESTION}), 502, "ModelFailed")


def test_a_line_for_each_request_without_what_was_asked(
    web: TestClient, filled: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "onrecord.service")
    web.post("/api/ask", json={"question": QUESTION}, headers={"x-request-id": "mine-1"})
    web.get("/api/search", params={"question": QUESTION})
    web.get("/api/quotes", params={"speaker": "harbour master", "about": "damaged"})
    web.get("/api/articles/story-1%0A%22{}")
    written = [r for r in caplog.records if r.name == "onrecord.service"]
    assert {r.levelno for r in written} == {logging.INFO}  # what is left out where somebody reads along
    lines = [json.loads(r.getMessage()) for r in written]
    assert [(x["method"], x["path"], x["status"], x["user"]) for x in lines[:2]] == [
        ("POST", "/api/ask", 200, "local"),
        ("GET", "/api/search", 200, "local"),
    ]
    assert lines[0]["id"] == "mine-1" and lines[1]["id"] != lines[2]["id"]
    assert all(x["took_ms"] >= 0 for x in lines)
    told = caplog.text
    for word in ("storm0002", "damaged", "harbour", "Outlet"):
        assert word not in told
    odd = web.get("/healthz", headers={"x-request-id": 'x" y'})
    assert re.fullmatch("[0-9a-f]{32}", odd.headers["x-request-id"])


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/api/stats", "/nothing", "/openapi.json"])
def test_every_answer_has_the_headers(web: TestClient, filled: Archive, path: str) -> None:
    headers = web.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"


def test_the_token_stands_before_every_route(scheduler: RequestScheduler, filled: Archive) -> None:
    app = create_app(scheduler, Access(token=TOKEN), mcp=True)
    seen = set()
    with client(app) as web:
        for route in app.routes:
            path = re.sub(r"\{[^}]*\}", "x", route.path)  # type: ignore[attr-defined]
            for method in getattr(route, "methods", None) or ("GET", "POST"):
                seen.add(path)
                answer = web.request(method, path)
                if path == "/healthz":
                    assert answer.status_code == 200
                elif method == "HEAD":
                    assert answer.status_code == 401
                elif path.startswith("/v1/"):
                    assert answer.status_code == 401 and answer.json()["error"]["code"] == "Unauthorized"
                else:
                    failure(answer, 401, "Unauthorized")
        assert {"/api/ask", "/api/search", "/api/articles/x", "/docs", "/openapi.json", "/mcp", "/readyz"} <= seen
        assert web.get("/nothing").status_code == 401
        right = {"authorization": f"Bearer {TOKEN}"}
        assert web.get("/api/stats", headers=right).status_code == 200


# -- state --------------------------------------------------------------------------------


def test_ready_and_alive(scheduler: RequestScheduler, web: TestClient, archive: Archive, tmp_path: Path) -> None:
    assert web.get("/healthz").json() == {"status": "alive"}
    assert web.get("/readyz").json() == {"status": "ready"}, "an empty archive can be filled"
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(5)))
    assert web.get("/readyz").status_code == 200
    stats = web.get("/api/stats").json()
    assert stats["archive"]["articles"] == 5
    assert (stats["model"], stats["running"], stats["waiting"]) == ("fake-chat", 0, 0)
    scheduler.close(0)
    assert web.get("/readyz").status_code == 503 and "shutting down" in web.get("/readyz").json()["why"]
    assert web.get("/healthz").status_code == 200
    failure(web.post("/api/ask", json={"question": QUESTION}), 503, "ServiceBusy")
    failure(web.post("/api/articles", json={"text": "A tram."}), 503, "ServiceBusy")


def test_not_ready_without_a_model(archive: Archive, tmp_path: Path) -> None:
    from rag.testing import FakeEmbeddings

    missing = Archive.open(tmp_path / "x", chat_model="local:/nowhere/x.gguf", embeddings=FakeEmbeddings())
    scheduler = RequestScheduler(missing)
    with client(create_app(scheduler, Access())) as web:
        answer = web.get("/readyz")
        assert answer.status_code == 503 and "/nowhere/x.gguf" in answer.json()["why"]
    scheduler.close(0)
    missing.close()


def test_freed_memory_is_given_back_while_it_runs(scheduler: RequestScheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    given = threading.Semaphore(0)
    monkeypatch.setattr(http, "_GIVE_BACK", 0.01)
    monkeypatch.setattr(http, "give_back_memory", given.release)
    with client(create_app(scheduler, Access())):
        assert given.acquire(timeout=10) and given.acquire(timeout=10)
    while given.acquire(blocking=False):
        pass
    assert not given.acquire(timeout=0.2), "it goes on after the service has ended"
