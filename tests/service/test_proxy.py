"""What a proxy says is believed from trusted addresses only; the prefix is stripped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from service.calls import client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.errors import UsageError
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.proxy import Proxy, parse_networks, parse_prefix, relative
from rag.service.scheduler import RequestScheduler

SAID = {
    "x-forwarded-for": "6.6.6.6, 203.0.113.9, 10.0.0.2",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "news.example.org",
    "x-forwarded-prefix": "/news",
    "x-gradio-server": "https://elsewhere.example",
    "forwarded": "for=1.2.3.4",
}


def asked(
    sender: str, path: str = "/a/b", headers: Any = None, prefix: str = "", trusted: Sequence[str] = ()
) -> dict[str, Any]:
    async def tell(request: Request) -> JSONResponse:
        scope = request.scope
        kept = {n: v for n, v in request.headers.items() if n.startswith(("x-", "forwarded"))}
        told = {"client": scope["client"][0], "scheme": scope["scheme"], "path": scope["path"], "kept": kept}
        return JSONResponse({**told, "host": request.headers["host"], "prefix": scope["onrecord.prefix"]})

    app = Starlette(routes=[Route("/{path:path}", tell)])
    app.add_middleware(Proxy, prefix=parse_prefix(prefix), trusted=parse_networks(trusted))
    web = TestClient(app, base_url="http://here:8000", client=(sender, 5), follow_redirects=False)
    answer = web.get(path, headers=headers or {})
    told: dict[str, Any] = json.loads(answer.text) if answer.status_code == 200 else dict(answer.headers)
    return told


def test_a_trusted_proxy_is_believed() -> None:
    told = asked("10.0.0.1", headers=SAID, trusted=["10.0.0.0/8", "::1"])
    assert told["client"] == "203.0.113.9", "the last that is no proxy of ours, not what the client made up"
    assert (told["scheme"], told["host"], told["prefix"]) == ("https", "news.example.org", "/news")
    assert told["path"] == "/a/b", "stripped by the proxy already"
    assert asked("10.0.0.1", "/news/a/b", SAID, trusted=["10.0.0.0/8"])["path"] == "/a/b"
    assert asked("::ffff:10.0.0.1", headers=SAID, trusted=["10.0.0.0/8"])["client"] == "203.0.113.9"


def test_others_are_not() -> None:
    told = asked("10.0.0.1", headers=SAID, trusted=["10.9.0.0/16"])
    assert (told["client"], told["scheme"], told["host"]) == ("10.0.0.1", "http", "here:8000")
    assert told["prefix"] == "" and set(told["kept"]) == {"x-gradio-server"}
    assert told["kept"]["x-gradio-server"] == "http://here:8000", "ours"
    assert asked("10.0.0.1", headers=SAID)["client"] == "10.0.0.1"


@pytest.mark.parametrize("said", ["unknown", "", "1.2.3.4:80, x", "<b>", "evil", "[::1]"])
def test_what_is_no_address_is_not_taken_for_one(said: str) -> None:
    assert asked("10.0.0.1", headers={"x-forwarded-for": said}, trusted=["10.0.0.1"])["client"] == "10.0.0.1"


@pytest.mark.parametrize("said", ["//evil.example", "/a/../b", "https://x", '/"><script>', "/a b", "/a;b", "/é"])
def test_odd_prefixes_and_hosts_are_passed_over(said: str) -> None:
    headers = {"x-forwarded-prefix": said, "x-forwarded-host": f"x/{said}", "x-forwarded-proto": said}
    raw = {n: v.encode() for n, v in headers.items()}
    told = asked("10.0.0.1", headers=raw, trusted=["10.0.0.1"], prefix="set")
    assert told["scheme"] == "http" and told["host"] == "here:8000"
    # A network path is read as the plain path that it names.
    assert told["prefix"] == ("/evil.example" if said.startswith("//") else "/set")


def test_the_prefix_is_stripped_and_its_own_address_gets_the_slash() -> None:
    assert asked("x", "/news/a", prefix="/news/")["path"] == "/a"
    assert asked("x", "/newsletter", prefix="news")["path"] == "/newsletter"
    assert asked("x", "/a", prefix="news")["path"] == "/a"
    assert asked("x", "/deep/news", prefix="/deep/news")["location"] == "./news/"
    assert asked("x", "/news?q=1", prefix="/news")["location"] == "./news/?q=1"


def test_relative_addresses() -> None:
    assert relative("/", "/login?next=/") == "./login?next=/"
    assert relative("/a/b/c", "/login") == "../../login"
    assert relative("/login", "/") == "./"
    assert relative("/login", "/javascript:alert(1)") == "./javascript:alert(1)"
    assert relative("/login", "/\\evil.example") == "./evil.example"


def test_settings_that_cannot_be_read_are_refused() -> None:
    assert parse_prefix("") == parse_prefix("/") == ""
    assert [str(n) for n in parse_networks(["10.0.0.7", " fd00::/8", "10.1.2.3/16"])] == [
        "10.0.0.7/32",
        "fd00::/8",
        "10.1.0.0/16",
    ]
    with pytest.raises(UsageError, match="no address or network"):
        parse_networks(["proxy.example"])
    with pytest.raises(UsageError, match="no plain path"):
        parse_prefix("/a/../b")


def test_tries_are_counted_by_the_forwarded_address(scheduler: RequestScheduler) -> None:
    app = create_app(scheduler, Access(token="the-right-token"), trusted_proxies=["10.0.0.1"], path_prefix="/news")

    def knock(address: str, token: str, sender: str = "10.0.0.1") -> int:
        with client(app, client=(sender, 5)) as web:
            headers = {"authorization": f"Bearer {token}", "x-forwarded-for": address}
            return web.get("/news/openapi.json", headers=headers).status_code

    assert [knock("203.0.113.1", "wrong") for _ in range(11)] == [401] * 10 + [429]
    assert knock("203.0.113.2", "the-right-token") == 200
    assert knock("203.0.113.1", "the-right-token") == 429
    # Who is no trusted proxy can't be another by saying so.
    assert [knock(f"203.0.114.{n}", "wrong", "192.0.2.7") for n in range(11)] == [401] * 10 + [429]
