"""What is too large, and errors: each with its status, and nothing told that nobody expected."""

from __future__ import annotations

import io
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from service.calls import client, failure
from starlette.testclient import TestClient

from rag import Archive, errors
from rag.service.access import Access
from rag.service.body_limit import LARGEST_CALL
from rag.service.error_responses import STATUS
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler


@pytest.mark.slow
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
    text = f"The ferry to Kellmouth{' ' * 1_100_000}sails again."  # more than a call may have, less than an upload
    assert len(text) > LARGEST_CALL
    assert web.post("/api/articles", json={"text": text}).status_code == 200


def test_every_error_has_its_status() -> None:
    kinds = {e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.OnRecordError)}
    for kind in kinds:
        assert any(base in STATUS for base in kind.__mro__)
        if kind not in STATUS:
            assert kind in (
                errors.ArchiveError,
                errors.ArchiveDamaged,
                errors.ClusterError,
                errors.ExtraMissing,
                errors.LexiconError,
                errors.PluginError,
                errors.ModelError,
                errors.PromptError,
                errors.FetchError,
                errors.AddressRefused,
                errors.FetchCancelled,
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
    assert caplog.records[-1].levelno == logging.ERROR
    line = json.loads(caplog.records[-1].getMessage())
    assert line["error"] == "RuntimeError" and line["at"] and line["status"] == 500
    monkeypatch.setattr(filled, "stats", lambda: (_ for _ in ()).throw(sqlite3.OperationalError("locked")))
    failure(web.get("/api/stats"), 503, "ArchiveBusy")


def test_a_body_that_is_no_json_is_told_in_a_sentence(web: TestClient, filled: Archive) -> None:
    right = json.dumps({"question": "Which boats?"}).encode()
    kind = {"content-type": "application/json"}
    for headers in ({}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}):
        message = failure(web.post("/api/ask", content=right, headers=headers), 422, "UsageError")
        assert "Content-Type: application/json" in message
    for body in (b"{", b'{"question": "x",}', b"question=x"):
        assert "not valid JSON" in failure(web.post("/api/ask", content=body, headers=kind), 422, "UsageError")
        assert "not valid JSON" in failure(web.post("/api/articles", content=body), 422, "UsageError")
    assert "no body" in failure(web.post("/api/ask"), 422, "UsageError")


@pytest.mark.parametrize("page", [False, True])
def test_nothing_and_another_method_have_the_same_form(
    scheduler: RequestScheduler, filled: Archive, page: bool
) -> None:
    def mount(app: FastAPI, *_: Any) -> None:
        """As Gradio is mounted: another application at /, with a route of its own and errors of its own."""
        inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        inner.add_api_route("/", lambda: "the page", methods=["GET"])
        inner.add_api_route("/refused", _refuse, methods=["GET"])
        app.mount("/", inner)

    with client(create_app(scheduler, Access(), mount_page=mount if page else None)) as web:
        for path in ("/nothing", "/api/nothing", "/api/ask/x/y", "/healthzz"):
            for method in ("GET", "POST", "DELETE", "PATCH"):
                assert "/docs" in failure(web.request(method, path), 404, "NotFound"), (method, path)
        for method, path, allowed in (
            ("GET", "/api/ask", "POST"),
            ("DELETE", "/api/stats", "GET"),
            ("PUT", "/api/articles", "GET, POST"),
            ("POST", "/healthz", "GET"),
            ("POST", "/docs", "GET"),
            ("POST", "/openapi.json", "GET, HEAD"),
        ):
            answer = web.request(method, path)
            failure(answer, 405, "MethodNotAllowed")
            assert set(allowed.split(", ")) <= set(answer.headers["allow"].split(", ")), path
        if page:
            assert web.get("/").json() == "the page"
            assert web.get("/refused").json() == {"detail": "not you"}, "what the page says itself is left as it is"


@pytest.mark.parametrize("page", [True, False])
def test_where_tools_are_not_offered_it_says_how(scheduler: RequestScheduler, page: bool) -> None:
    from rag.ui.app import mount

    with client(create_app(scheduler, Access(), mount_page=mount if page else None)) as web:
        for path in ("/mcp", "/mcp/"):
            for method in ("POST", "GET"):
                assert "started with --mcp" in failure(web.request(method, path), 404, "NotFound")
        assert "--mcp" not in failure(web.get("/mcp/more"), 404, "NotFound")


def _refuse() -> None:
    raise HTTPException(403, "not you")


JARGON = re.compile(r"pydantic|input should|valid (string|integer|date)|field required|value error", re.IGNORECASE)


@pytest.mark.parametrize(
    ("method", "path", "sent", "told"),
    [
        ("GET", "/api/articles", {"after": "soon"}, ["`after` is 'soon', which is not a date", "18 June 2023"]),
        ("GET", "/api/articles", {"after": "03/04/2023"}, ["`after` is '03/04/2023', which may be 2023-"]),
        ("GET", "/api/articles", {"after": "x", "limit": "x", "offset": -1}, ["`after`", "`limit`", "`offset`"]),
        (
            "GET",
            "/api/search",
            {"language": "english"},
            ["`question` is missing.", "`language` has to be a language's"],
        ),
        ("GET", "/api/find", {"query": "x", "order": "best"}, ["`order` has to be 'relevance', 'newest' or 'oldest'."]),
        ("GET", "/api/timeline", {"about": "", "before": "x"}, ["`about` is empty.", "`before` is 'x'"]),
        ("POST", "/api/ask", {"k": 0, "today": "x", "so": 1}, ["`question`", "`k`", "`today`", "`so`"]),
        (
            "POST",
            "/api/search",
            {"question": 7, "sources": "x"},
            ["`question` has to be a text.", "`sources` has to be a"],
        ),
        ("POST", "/api/ask", {"question": "x", "source": "y"}, ["`source` is no", "Did you mean `sources`?"]),
        ("POST", "/api/search", {"query": "x"}, ["`question` is missing.", "`query` is no", "mean `question`?"]),
        ("POST", "/api/articles", {"text": "x", "outlet": "y"}, ["`outlet` is no", "Did you mean `source`?"]),
        ("POST", "/api/articles", [{"text": "x", "titel": "y"}], ["`0.titel` is no", "Did you mean `title`?"]),
        ("POST", "/api/mendings", {"values": {"outlet": "y"}}, ["`values.outlet` is no", "Did you mean `source`?"]),
        ("POST", "/api/articles", {"text": "", "published": "soon"}, ["`text` is empty.", "`published` is 'soon'"]),
        (
            "POST",
            "/v1/chat/completions",
            {"messages": 3, "n": "x"},
            ["`messages` has to be a list.", "`n` has to be a"],
        ),
    ],
)
def test_wrong_fields_are_told_together_in_sentences(
    web: TestClient, filled: Archive, method: str, path: str, sent: Any, told: list[str]
) -> None:
    answer = web.get(path, params=sent) if method == "GET" else web.post(path, json=sent)
    assert answer.status_code == (400 if path.startswith("/v1") else 422)
    message = answer.json()["error"]["message"]
    assert all(one in message for one in told) and not JARGON.search(message), message


def test_days_are_read_as_people_write_them(web: TestClient, filled: Archive) -> None:
    written = ("2023-06-18", "18 June 2023", "June 18, 2023", "18. Juni 2023", "18/06/2023")
    listed = [web.get("/api/articles", params={"after": day}) for day in (*written, "June 2023", "last week", "2023")]
    assert [answer.status_code for answer in listed] == [200] * len(listed)
    assert len({answer.json()["total"] for answer in listed[: len(written)]}) == 1
    for day in ("18 June 2023", "yesterday", 1_687_046_400):
        sent = {"question": "Which boats?", "before": day, "today": day}
        assert web.post("/api/search", json=sent).status_code == 200
    assert web.get("/api/search", params={"question": "Which boats?", "after": "1 May 2023"}).status_code == 200
    sent = {"text": "A ferry sails again.", "published": "18 June 2023", "url": "https://example.com/ferry"}
    assert web.post("/api/articles", json=sent).status_code == 200
    assert web.get("/api/articles/https://example.com/ferry").json()["published"].startswith("2023-06-18T00:00:00")
