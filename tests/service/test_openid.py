"""Signing in by OpenID Connect, against a provider that these tests run themselves."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey
from service.calls import HOME, QUESTION
from service.provider import CLIENT, SECRET, Provider, running
from starlette.testclient import TestClient

from rag import Archive, Settings
from rag.errors import UsageError
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.openid import OpenID
from rag.service.scheduler import RequestScheduler
from rag.settings import load_settings

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    with running(Provider()) as made:
        yield made


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    fresh = Provider()
    for name in ("claims", "lies", "key", "refuse", "asked"):
        setattr(_provider, name, getattr(fresh, name))
    return _provider


def openid(provider: Provider, **options: Any) -> OpenID:
    return OpenID(provider.issuer, CLIENT, **{"secret": SECRET, **options})


def browser(scheduler: RequestScheduler, by: OpenID, peer: str = "127.0.0.1", **options: Any) -> TestClient:
    app = create_app(scheduler, Access(openid=by, hosts=["news.example.org"]), **options)
    return TestClient(app, base_url=HOME, follow_redirects=False, client=(peer, 1), headers=HTML)


def to_provider(web: TestClient, start: str = "/login/oidc?next=/docs", **headers: str) -> str:
    """Where the provider sends the browser back to."""
    sent = web.get(start, headers=headers)
    assert sent.status_code == 303, sent.text
    return httpx.get(sent.headers["location"]).headers["location"]


def back(web: TestClient, address: str, **headers: str) -> httpx.Response:
    parts = urlsplit(address)
    return web.get(f"{parts.path}?{parts.query}", headers=headers)


def said(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    found = re.search(r'role="alert">([^<]+)<', answer.text)
    assert found and "onrecord" not in " ".join(answer.headers.get_list("set-cookie")).replace("-oidc", "")
    return html.unescape(found[1])


def test_somebody_signs_in_asks_and_signs_out(scheduler: RequestScheduler, filled: Archive, provider: Provider) -> None:
    with browser(scheduler, openid(provider)) as web:
        asked = web.get("/docs")
        assert asked.status_code == 303 and asked.headers["location"] == "./login?next=/docs"
        page = web.get("/login?next=/docs").text
        assert 'href="./login/oidc?next=/docs"' in page and urlsplit(provider.issuer).netloc in page
        assert "password" not in page  # nothing else signs in here
        signed_in = back(web, to_provider(web))
        assert signed_in.status_code == 200 and 'content="0;url=../../docs"' in signed_in.text
        cookie = next(c for c in signed_in.headers.get_list("set-cookie") if "-oidc" not in c)
        assert {"HttpOnly", "SameSite=Strict", "Max-Age=43200", "Path=/"} <= set(cookie.split("; "))
        assert web.get("/docs").status_code == 200
        assert web.post("/api/ask", json={"question": QUESTION}).status_code == 200
        assert web.post("/api/articles", json=[]).status_code == 403  # a reader
        assert web.post("/logout").status_code == 303
        assert web.get("/docs").status_code == 303


@pytest.mark.parametrize(
    ("claims", "options", "name", "role"),
    [
        ({}, {}, "ada@example.org", "reader"),
        ({"groups": ["staff", "desk"]}, {"editors": ["desk"]}, "ada@example.org", "editor"),
        ({"groups": "chiefs"}, {"editors": ["desk"], "admins": ["chiefs"]}, "ada@example.org", "admin"),
        ({"groups": [["chiefs"], 3]}, {"admins": ["chiefs"]}, "ada@example.org", "reader"),
        (
            {"realm": {"roles": ["chiefs"]}},
            {"admins": ["chiefs"], "role_claim": "realm.roles"},
            "ada@example.org",
            "admin",
        ),
        ({}, {"name_claim": "sub"}, "u1", "reader"),
        ({"preferred_username": "ada:admin:1"}, {"name_claim": "preferred_username"}, "ada:admin:1", "reader"),
        ({}, {"domains": ["example.org"]}, "ada@example.org", "reader"),
    ],
)
def test_name_and_role_come_from_claims(
    scheduler: RequestScheduler, filled: Archive, provider: Provider, claims: Any, options: Any, name: str, role: str
) -> None:
    provider.claims.update(claims)
    by = openid(provider, **{"role_claim": "groups", **options})
    access = Access(openid=by)
    with TestClient(create_app(scheduler, access), base_url=HOME, follow_redirects=False) as web:
        assert back(web, to_provider(web)).status_code == 200
        user = access.signed_in({"cookie": "; ".join(f"{n}={v}" for n, v in web.cookies.items())})
        assert user == f"oidc:{name}" and access.role(user) == role
        fresh = Access(openid=by)
        assert fresh.role(user) == "reader"  # nobody becomes an admin by being forgotten


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "somebody else"}, "aud"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "azp"),
        ({"iss": "http://127.0.0.1:1"}, "iss"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": None}, "exp"),
        ({"at_hash": "of another token"}, "at_hash"),
    ],
)
def test_a_statement_that_does_not_hold_signs_nobody_in(
    scheduler: RequestScheduler, provider: Provider, lies: Any, why: str
) -> None:
    provider.lies = lies
    with browser(scheduler, openid(provider)) as web:
        message = said(back(web, to_provider(web)), 401)
        assert "does not hold" in message and why in message
        assert web.get("/docs").status_code == 303


def test_only_the_providers_keys_sign(scheduler: RequestScheduler, provider: Provider) -> None:
    for key in (ECKey.generate_key("P-256"), OctKey.import_key(SECRET)):
        provider.key = key
        with browser(scheduler, openid(provider)) as web:
            assert "does not hold" in said(back(web, to_provider(web)), 401)


@pytest.mark.parametrize(
    ("claims", "options", "words"),
    [
        ({"email_verified": False}, {}, "not verified"),
        ({"email": "ada@example.org.evil.example"}, {"domains": ["example.org"]}, "domain"),
        ({"email_verified": False}, {"name_claim": "sub", "domains": ["example.org"]}, "not verified"),
        ({"email": ""}, {}, "does not say your email"),
        ({}, {"name_claim": "nickname"}, "does not say your nickname"),
    ],
)
def test_who_may_not_come_in_is_told_why(
    scheduler: RequestScheduler, provider: Provider, claims: Any, options: Any, words: str
) -> None:
    provider.claims.update(claims)
    with browser(scheduler, openid(provider, **options)) as web:
        assert words in said(back(web, to_provider(web)), 403)


def test_an_answer_holds_once_and_in_the_browser_that_asked(scheduler: RequestScheduler, provider: Provider) -> None:
    with browser(scheduler, openid(provider)) as web, browser(scheduler, openid(provider)) as other:
        address = to_provider(web)
        assert "another browser" in said(back(other, address), 400)
        to_provider(other)
        assert "not to this sign-in" in said(back(other, address), 400)
        assert "another provider" in said(back(web, f"{address}&iss=https://evil.example"), 400)
        assert back(web, address).status_code == 200
        assert "another browser" in said(back(web, address), 400)
    with browser(scheduler, openid(provider, secret="wrong")) as web:
        assert "invalid_client" in said(back(web, to_provider(web)), 401)
    provider.refuse = "access_denied"
    with browser(scheduler, openid(provider)) as web:
        assert "access_denied" in said(back(web, to_provider(web)), 401)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/%0d%0aX: y"])
def test_nobody_is_sent_to_another_site(scheduler: RequestScheduler, provider: Provider, target: str) -> None:
    with browser(scheduler, openid(provider)) as web:
        assert "evil" not in (page := back(web, to_provider(web, f"/login/oidc?next={target}"))).text
        assert 'content="0;url=../../"' in page.text


def test_under_a_prefix_behind_a_proxy(scheduler: RequestScheduler, provider: Provider) -> None:
    by_proxy = {
        "x-forwarded-proto": "https", "x-forwarded-host": "news.example.org", "x-forwarded-prefix": "/archive"
    }  # fmt: skip
    with browser(scheduler, openid(provider), trusted_proxies=["127.0.0.1"]) as web:
        address = to_provider(web, "/login/oidc?next=/docs", **by_proxy)
        assert address.startswith("https://news.example.org/archive/login/oidc/callback?")
        query = urlsplit(address).query
        cookies = "; ".join(f"{n}={v}" for n, v in web.cookies.items())
        signed_in = web.get(f"/login/oidc/callback?{query}", headers={**by_proxy, "cookie": cookies})
        assert signed_in.status_code == 200
        assert all("Path=/archive/" in c and "Secure" in c for c in signed_in.headers.get_list("set-cookie"))
    with browser(scheduler, openid(provider)) as web:  # nobody trusts these headers
        assert to_provider(web, "/login/oidc", **by_proxy).startswith(f"{HOME}/login/oidc/callback?")


def test_sessions_end_with_their_time_and_with_what_they_depend_on(
    scheduler: RequestScheduler, provider: Provider
) -> None:
    key = b"k" * 32
    by = openid(provider, hours=1)
    access = Access(openid=by, session_key=key)
    with TestClient(create_app(scheduler, access), base_url=HOME, follow_redirects=False) as web:
        assert back(web, to_provider(web)).status_code == 200
        headers = {"cookie": f"{access.cookie}={web.cookies[access.cookie]}"}
        assert Access(openid=by, session_key=key).signed_in(headers) == "oidc:ada@example.org"  # after a restart
        other = openid(provider, domains=["elsewhere.example"])
        assert Access(openid=other, session_key=key).signed_in(headers) is None
        assert Access(token="the-right-token", session_key=key).signed_in(headers) is None
        with pytest.MonkeyPatch.context() as patch:
            later = time.time() + 3601
            patch.setattr("rag.service.access.time.time", lambda: later)
            assert access.signed_in(headers) is None


def test_a_provider_that_is_down_is_told_and_asked_again(scheduler: RequestScheduler) -> None:
    made = Provider()
    with running(made):
        by = openid(made)
    with browser(scheduler, by) as web:
        message = said(web.get("/login/oidc"), 503)
        assert "can't sign you in now" in message and "Try again later." in message and "\n" not in message
        with running(made):
            by.issuer = made.issuer  # it has come back, at another port
            address = to_provider(web)
        assert "can't sign you in now" in said(back(web, address), 503)


def test_the_provider_is_who_it_says(scheduler: RequestScheduler, provider: Provider) -> None:
    by = openid(provider)
    by.issuer = provider.issuer.replace("127.0.0.1", "localhost")
    with browser(scheduler, by) as web:
        assert "calls itself" in said(web.get("/login/oidc"), 502)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"oidc_issuer": "http://login.example.org", "oidc_client": "x"}, "no https address"),
        ({"oidc_issuer": "login.example.org", "oidc_client": "x"}, "no https address"),
        ({"oidc_issuer": "https://login.example.org"}, "ONRECORD_OIDC_CLIENT"),
        ({"oidc_issuer": "https://a.example", "oidc_client": "x", "oidc_admins": ("a",)}, "ONRECORD_OIDC_ROLE_CLAIM"),
    ],
)
def test_settings_that_make_no_sense_are_told(values: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Access.of(Settings(**values))


def test_the_secret_comes_from_the_environment_alone(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "onrecord.toml"
    file.write_text('oidc_issuer = "https://login.example.org"\noidc_client = "x"\n', "utf-8")
    monkeypatch.setenv("ONRECORD_CONFIG", str(file))
    monkeypatch.setenv("ONRECORD_OIDC_SECRET", "hush")
    access = Access.of(load_settings())
    assert access.openid is not None and access.openid.secret == "hush" and "hush" not in repr(access.openid)
    assert not access.open
    file.write_text('oidc_secret = "hush"\n', "utf-8")
    with pytest.raises(UsageError, match="Set ONRECORD_OIDC_SECRET instead"):
        load_settings()
