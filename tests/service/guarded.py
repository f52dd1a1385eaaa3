"""Something behind the guard, credentials for it, and where it sends a browser."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urljoin

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.service.access import Access, Guard
from rag.service.passwords import hash_password

HOME = "http://127.0.0.1:8000"
HTML = {"accept": "text/html,*/*"}
KEY = b"k" * 32
ADA, BO = "ada's secret", "bo's secret"
HASHES = {password: hash_password(password, cost=4) for password in (ADA, BO, "another secret")}


def client(access: Access, base: str = HOME, **options: Any) -> TestClient:
    async def whoami(request: Request) -> PlainTextResponse:
        return PlainTextResponse(access.user(request))

    async def alive(_: Request) -> PlainTextResponse:
        return PlainTextResponse("alive")

    routes = [Route(path, whoami, methods=["GET", "POST"]) for path in ("/", "/api/ask", "/deep/er")]
    routes.append(Route("/healthz", alive))
    app = Starlette(routes=routes)
    app.add_middleware(Guard, access=access)
    return TestClient(app, base_url=base, follow_redirects=False, **options)


def sent_to(answer: Any) -> str:
    """Where an answer sends the browser, without the host."""
    location = answer.headers["location"]
    assert location.startswith("."), "relative: it holds under every prefix"
    there = urljoin(str(answer.url), location)
    assert there.startswith(HOME)
    return there.removeprefix(HOME)


def bearer(token: str) -> dict[str, bytes]:
    return {"authorization": f"Bearer {token}".encode()}


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
