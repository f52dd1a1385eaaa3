"""What is too large, and errors: each with its status, and nothing told that nobody expected."""

from __future__ import annotations

import io
import json
import logging
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
    text = "The ferry to Kellmouth sails again. " * 31_000  # more than a call may have, less than an upload
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


def _refuse() -> None:
    raise HTTPException(403, "not you")
