"""The HTTP API, in this process."""

from __future__ import annotations

import io
import json
import logging
import re
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from helpers import assert_cited, assert_sound, fill, many, row, write_rows
from said import forget_quotes, put_quotes
from starlette.testclient import TestClient

from rag import Archive, errors
from rag.service.access import Access
from rag.service.api_docs import reference_page
from rag.service.body_limit import LARGEST_CALL
from rag.service.error_responses import STATUS
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeChat
from rag.types import Answer

HOME = "http://127.0.0.1:8000"
QUESTION = "How many boats had storm0002 damaged?"
REPLY = "A storm named storm0002 had damaged 12 boats. [1]"
TOKEN = "the-right-token"


@pytest.fixture
def filled(archive: Archive, chat: FakeChat, tmp_path: Path) -> Archive:
    chat.replies = [REPLY]
    fill(archive, *many(5))
    return archive


@pytest.fixture
def scheduler(archive: Archive) -> Iterator[RequestScheduler]:
    made = RequestScheduler(archive, workers=1, queue_size=2)
    yield made
    made.close(shutdown_grace=0)


@pytest.fixture
def web(scheduler: RequestScheduler) -> Iterator[TestClient]:
    with client(create_app(scheduler, Access(), max_upload=2_000_000)) as opened:
        yield opened


def client(app: FastAPI, **options: Any) -> TestClient:
    return TestClient(app, base_url=HOME, follow_redirects=False, **options)


def failure(answer: Any, status: int, kind: str) -> str:
    """The message of an error that has to be of this kind."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"type", "message", "request_id"} and error["type"] == kind
    assert error["request_id"] == answer.headers["x-request-id"]
    told = kind == "ModelFailed" or re.search(r"[.!?]$|--archive \S+$|doctor$|PATH$|WORDS$", error["message"])
    assert told, error["message"]
    return str(error["message"])


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


def test_the_temperature_reaches_the_model(web: TestClient, filled: Archive, chat: FakeChat) -> None:
    for body in ({"temperature": 0.7}, {}, {"temperature": None}):
        assert web.post("/api/ask", json={"question": QUESTION, **body}).status_code == 200
    assert [o.get("temperature") for o in chat.seen_options] == [0.7, None, None]


def test_the_model_is_the_services_or_extractive(web: TestClient, filled: Archive) -> None:
    for model, told in (("extractive", "extractive"), ("fake-chat", "fake-chat"), (None, "fake-chat")):
        assert web.post("/api/ask", json={"question": QUESTION, "model": model}).json()["model"] == told
    message = failure(web.post("/api/ask", json={"question": QUESTION, "model": "openai:x"}), 422, "UsageError")
    assert '"extractive"' in message


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
        {"question": QUESTION, "history": [{"question": "x", "answer": "y"}] * 51},
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


def test_an_error_in_the_middle_is_an_event(web: TestClient, filled: Archive, chat: FakeChat) -> None:
    chat.replies = [ValueError("the wire is down")]
    told = events(web.post("/api/ask", json={"question": QUESTION, "stream": True}).text)
    assert told[-1][0] == "error" and told[-1][1]["error"]["type"] == "ModelFailed"
    failure(web.post("/api/ask", json={"question": QUESTION}), 502, "ModelFailed")


# -- searching and articles ---------------------------------------------------------------


def test_searching_both_ways(web: TestClient, filled: Archive) -> None:
    expected = [h.model_dump(mode="json") for h in filled.search("storm0003", k=2, sources=["Outlet 0", "Outlet 1"])]
    given = {"question": "storm0003", "k": 2}
    assert web.post("/api/search", json={**given, "sources": ["Outlet 0", "Outlet 1"]}).json() == expected
    assert web.get("/api/search", params={**given, "source": ["Outlet 0", "Outlet 1"]}).json() == expected
    failure(web.get("/api/search"), 422, "UsageError")
    failure(web.get("/api/search", params={**given, "language": "english"}), 422, "UsageError")
    failure(web.get("/api/search", params={**given, "k": 1000}), 422, "UsageError")


def test_the_question_says_of_when_and_need_not(web: TestClient, archive: Archive, tmp_path: Path) -> None:
    rows = [row(f"k{day}", f"The ferry carried {day} people.", published=day) for day in ("2021-05-05", "2021-06-05")]
    archive.ingest(write_rows(tmp_path / "m.jsonl", *rows))

    def days(found: Any) -> set[str]:
        return {hit["passage"]["published"][:10] for hit in found.json()}

    given: dict[str, Any] = {"question": "How many people did the ferry carry last week?", "today": "2021-05-12"}
    every = {"2021-05-05", "2021-06-05"}
    assert days(web.post("/api/search", json=given)) == days(web.get("/api/search", params=given)) == {"2021-05-05"}
    free = {**given, "times": False}
    assert days(web.post("/api/search", json=free)) == days(web.get("/api/search", params=free)) == every
    query = web.post("/api/ask", json={**given, "model": "extractive"}).json()["query"]
    assert query["time"]["phrase"] == "last week" and query["after"] == "2021-05-03T00:00:00Z"
    assert web.post("/api/ask", json={**free, "model": "extractive"}).json()["query"]["time"] is None


def test_quotes_by_speaker_subject_and_filters(web: TestClient, filled: Archive) -> None:
    put_quotes(filled, "story-1", ("had damaged 11 boats", "Maren Holt", {"role": "harbour master"}))
    put_quotes(filled, "story-2", ("was closed on Monday", "Odd Berg", {"direct": False}))
    found = web.get("/api/quotes", params={"speaker": "harbour master", "about": "boats"}).json()
    assert found == [q.model_dump(mode="json") for q in filled.quotes(speaker="harbour master", about="boats")]
    assert [q["speaker"] for q in found] == ["Maren Holt"]
    article = web.get(f"/api/articles/{found[0]['article_id']}").json()
    assert article["text"][found[0]["start"] : found[0]["end"]] == found[0]["quote"]
    assert {q["speaker"] for q in web.get("/api/quotes").json()} == {"Maren Holt", "Odd Berg"}
    assert [q["speaker"] for q in web.get("/api/quotes", params={"source": ["Outlet 2"]}).json()] == ["Odd Berg"]
    assert len(web.get("/api/quotes", params={"limit": 1}).json()) == 1
    for wrong in ({"limit": 0}, {"language": "english"}, {"after": "soon"}, {"speaker": "x" * 201}):
        failure(web.get("/api/quotes", params=wrong), 422, "UsageError")


def test_quotes_of_no_archive_and_of_one_not_looked_through(web: TestClient, archive: Archive, tmp_path: Path) -> None:
    failure(web.get("/api/quotes"), 409, "ArchiveMissing")
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(2)))
    forget_quotes(archive)
    assert "--repair" in failure(web.get("/api/quotes"), 409, "ArchiveMismatch")


def test_articles_come_and_go(web: TestClient, archive: Archive) -> None:
    assert web.get("/api/articles").json() == {"items": [], "total": 0}
    failure(web.post("/api/ask", json={"question": QUESTION}), 409, "ArchiveMissing")
    one = {
        "title": "Ferry",
        "text": "The ferry to Kellmouth sails again.",
        "url": "https://example.com/f",
        "source": "P",
    }
    two = {"title": "Tram", "text": "The tram was approved on Friday.", "published": "2023-06-18", "language": "en"}
    report = web.post("/api/articles", json=one).json()
    assert (report["added"], report["skipped"]) == (1, [])
    assert web.post("/api/articles", json=[one, two]).json()["added"] == 1
    assert web.post("/api/articles", json=[two]).json()["unchanged"] == 1, "known by its words"
    assert web.post("/api/articles", json={**one, "text": "The ferry is sold."}).json()["updated"] == 1
    listed = web.get("/api/articles").json()
    assert listed["total"] == 2 and {i["title"] for i in listed["items"]} == {"Ferry", "Tram"}
    assert web.get("/api/articles", params={"search": "tram"}).json()["total"] == 1
    assert web.get("/api/articles", params={"limit": 1, "offset": 1}).json()["total"] == 2
    tram = next(i for i in listed["items"] if i["title"] == "Tram")
    article = web.get(f"/api/articles/{tram['id']}").json()
    assert article["text"] == two["text"] and article["published"] == "2023-06-18T00:00:00Z"
    assert web.get("/api/articles/https://example.com/f").json()["text"] == "The ferry is sold."
    assert web.delete(f"/api/articles/{tram['id']}").json() == {"deleted": [tram["key"]]}
    failure(web.get(f"/api/articles/{tram['id']}"), 404, "ArticleMissing")
    failure(web.delete(f"/api/articles/{tram['id']}"), 404, "ArticleMissing")
    assert not (archive.path / "uploads").exists()
    assert_sound(archive)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'[{"title": "x"}]', b'{"text": ""}', b'{"text": "x", "key": "y"}', b"\xff"]
)
def test_articles_that_are_none(web: TestClient, filled: Archive, body: bytes) -> None:
    before = filled.generation
    failure(web.post("/api/articles", content=body), 422, "UsageError")
    assert filled.generation == before


def test_files_are_taken_in_and_not_kept(web: TestClient, archive: Archive) -> None:
    rows = write_rows(archive.path.parent / "rows.jsonl", *many(3)).read_bytes()
    files = [
        ("files", ("../../etc/ferry.txt", b"Ferry\n\nThe ferry to Kellmouth sails again from Monday.")),
        ("files", ("rows.jsonl", rows)),
        ("files", ("photo.png", b"\x89PNG")),
        ("files", (".hidden", b"x")),
        ("files", ("x" * 300 + ".txt", b"Something else happened in Kellmouth on Friday.")),
    ]
    report = web.post("/api/articles", files=files).json()
    assert report["added"] == 5
    assert {s["origin"] for s in report["skipped"]} == {"photo.png", "hidden"}
    assert web.post("/api/articles", files=files).json()["unchanged"] == 5
    assert web.get("/api/articles", params={"search": "ferry"}).json()["total"] == 1
    assert not (archive.path / "uploads").exists()
    assert not (archive.path.parent / "etc").exists()
    failure(web.post("/api/articles", files=[("other", ("a.txt", b"x"))]), 422, "UsageError")
    failure(web.post("/api/articles", data={"files": "x"}, files=[("other", ("a.txt", b"x"))]), 422, "UsageError")
    assert_sound(archive)


def test_another_writer_is_named(web: TestClient, filled: Archive) -> None:
    with filled.stores.writing("ingest"):
        for answer in (
            web.post("/api/articles", json={"text": "A tram."}),
            web.delete("/api/articles/story-1"),
        ):
            assert "is writing" in failure(answer, 409, "ArchiveLocked")
            assert int(answer.headers["retry-after"]) > 0
        assert web.post("/api/ask", json={"question": QUESTION}).status_code == 200, "reading goes on"
    assert web.post("/api/articles", json={"text": "A tram."}).json()["added"] == 1


# -- limits -------------------------------------------------------------------------------


def test_too_much_is_refused_announced_or_not(web: TestClient, filled: Archive) -> None:
    def pieces(n: int) -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(n):
            yield b"x" * 10_000
        yield b'"}'

    kind = {"content-type": "application/json"}
    failure(web.post("/api/ask", content=b"x" * (LARGEST_CALL + 1), headers=kind), 413, "TooLarge")
    failure(web.post("/api/ask", content=pieces(150), headers=kind), 413, "TooLarge")
    failure(web.post("/api/articles", content=b"x" * 2_000_001, headers=kind), 413, "TooLarge")
    failure(web.post("/api/articles", content=pieces(300), headers=kind), 413, "TooLarge")
    files = [("files", ("a.txt", io.BytesIO(b"x" * 2_100_000)))]
    failure(web.post("/api/articles", files=files), 413, "TooLarge")
    text = "The ferry to Kellmouth sails again. " * 40_000
    assert web.post("/api/articles", json={"text": text}).status_code == 200


# -- errors, headers, logs ----------------------------------------------------------------


def test_every_error_has_its_status() -> None:
    kinds = {e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.OnRecordError)}
    for kind in kinds:
        assert any(base in STATUS for base in kind.__mro__)
        if kind not in STATUS:
            assert kind in (
                errors.ArchiveError,
                errors.ArchiveDamaged,
                errors.ExtraMissing,
                errors.LexiconError,
                errors.PluginError,
                errors.ModelError,
                errors.PromptError,
            ), kind


def test_what_nobody_expected_tells_nothing(
    web: TestClient, filled: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the secret of the article")

    monkeypatch.setattr(filled, "get", broken)
    caplog.set_level(logging.INFO, "onrecord.service")
    answer = web.get("/api/articles/x")
    message = failure(answer, 500, "InternalError")
    assert "secret" not in message and "secret" not in caplog.text
    line = json.loads(caplog.records[-1].getMessage())
    assert line["error"] == "RuntimeError" and line["at"] and line["status"] == 500
    monkeypatch.setattr(filled, "stats", lambda: (_ for _ in ()).throw(sqlite3.OperationalError("locked")))
    failure(web.get("/api/stats"), 503, "ArchiveBusy")


def test_a_line_for_each_request_without_what_was_asked(
    web: TestClient, filled: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "onrecord.service")
    web.post("/api/ask", json={"question": QUESTION}, headers={"x-request-id": "mine-1"})
    web.get("/api/search", params={"question": QUESTION})
    web.get("/api/quotes", params={"speaker": "harbour master", "about": "damaged"})
    web.get("/api/articles/story-1%0A%22{}")
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "onrecord.service"]
    assert [(x["method"], x["path"], x["status"], x["user"]) for x in lines[:2]] == [
        ("POST", "/api/ask", 200, "local"),
        ("GET", "/api/search", 200, "local"),
    ]
    assert lines[0]["id"] == "mine-1" and lines[1]["id"] != lines[2]["id"]
    assert all(x["ms"] >= 0 for x in lines)
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


# -- the reference ------------------------------------------------------------------------


def test_the_reference_needs_no_network(web: TestClient) -> None:
    page = web.get("/docs").text
    document = web.get("/openapi.json").json()
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://(?!example\.com)", page)
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page
    for name in ("Answer", "Citation", "ErrorResponse", "Question"):
        assert f'id="value-{name}"' in page
    for link in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{link}"' in page, link


def test_the_document_has_examples_and_errors(web: TestClient) -> None:
    document = web.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            assert call.get("summary") and call.get("description"), path
            if path.startswith("/api/"):
                assert "422" in call["responses"] and "401" in call["responses"], (path, method)
                assert call["security"]
            for answer in call["responses"].values():
                assert answer["description"]
    schemas = document["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    for name in ("Question", "Search"):
        assert schemas[name]["examples"]


def test_the_reference_shows_everything_as_text() -> None:
    evil = "<script>alert(1)</script>"
    document = {
        "info": {"title": evil, "version": evil, "description": evil},
        "paths": {f"/{evil}": {"get": {"summary": evil, "responses": {"200": {"description": evil}}}}},
        "components": {"schemas": {evil: {"properties": {evil: {"type": evil}}, "description": evil}}},
    }
    assert "<script>" not in reference_page(document)


# -- tools --------------------------------------------------------------------------------


def test_a_model_finds_who_said_what(scheduler: RequestScheduler, filled: Archive) -> None:
    put_quotes(filled, "story-1", ("had damaged 11 boats", "Maren Holt", {}))
    kinds = {"accept": "application/json, text/event-stream"}

    def call(web: TestClient, method: str, **given: Any) -> Any:
        sent = {"jsonrpc": "2.0", "id": 1, "method": method, "params": given}
        told = web.post("/mcp", json=sent, headers=kinds)
        return json.loads(re.search(r"^data: (.*)$", told.text, re.MULTILINE)[1])["result"]  # type: ignore[index]

    with client(create_app(scheduler, Access(), mcp=True)) as web:
        tools = {t["name"]: t for t in call(web, "tools/list")["tools"]}
        assert set(tools) == {"ask", "search", "quotes"} and tools["quotes"]["description"]
        told = call(web, "tools/call", name="quotes", arguments={"speaker": "Holt"})
        assert call(web, "tools/call", name="quotes", arguments={"limit": 0})["isError"]
    (found,) = told["structuredContent"]["quotes"]
    assert (found["speaker"], found["quote"], found["direct"]) == ("Maren Holt", "had damaged 11 boats", True)


# -- without an extra ---------------------------------------------------------------------


def test_without_the_package_the_tools_say_what_to_install(
    scheduler: RequestScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n == "mcp" or n.startswith("mcp.") or n == "rag.service.mcp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(errors.ModelMissing, match=r"pip install .onrecord\[mcp\]"):
        create_app(scheduler, Access(), mcp=True)
