"""Applications, clients and what they are answered, for the tests of the service."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

HOME = "http://127.0.0.1:8000"
QUESTION = "How many boats had storm0002 damaged?"
REPLY = "A storm named storm0002 had damaged 12 boats. [1]"


def client(app: FastAPI, **options: Any) -> TestClient:
    return TestClient(app, base_url=HOME, follow_redirects=False, **options)


def failure(answer: Any, status: int, kind: str) -> str:
    """The message of an error that has to be of this kind."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"type", "message", "request_id"} and error["type"] == kind
    assert error["request_id"] == answer.headers["x-request-id"]
    told = kind == "ModelFailed" or re.search(r"[.!?]$|--archive \S+$|doctor$|PATH$|WORDS$|NAME$", error["message"])
    assert told, error["message"]
    return str(error["message"])
