"""What is too large, and errors: each with its status, and nothing told that nobody expected."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from service.calls import failure
from starlette.testclient import TestClient

from rag import Archive, errors
from rag.service.body_limit import LARGEST_CALL
from rag.service.error_responses import STATUS


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
