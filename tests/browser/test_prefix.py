"""The page under a path prefix, behind a real nginx, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from rag.service.access import Access
from tests.browser.conftest import Site, ask, until
from tests.browser.harbour import MARKED, harbour
from tests.browser.nginx import NGINX, nginx

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NGINX is None, reason="nginx is not there")]

Serve = Callable[..., Site]


@pytest.mark.parametrize(
    ("strip", "tell", "setting"),
    [(True, True, ""), (True, False, ""), (False, True, ""), (False, False, "/news")],
    ids=["stripped, told", "stripped, neither told nor set", "kept, told", "kept, set"],
)
def test_the_page_works_under_a_prefix(site: Serve, tmp_path: Path, strip: bool, tell: bool, setting: str) -> None:
    made = site(
        harbour(tmp_path),
        path_prefix=setting,
        trusted_proxies=["127.0.0.1"] if tell else [],
        access=Access(token="a-long-enough-token"),
    )
    with nginx(tmp_path / "nginx", made.address, strip=strip, tell=tell) as page:
        context = made.browser.new_context(accept_downloads=True)
        made.contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(30_000)
        tab.wait_for_function = partial(until, tab)
        asked: list[str] = []
        context.on("request", lambda r: asked.append(r.url))
        context.on("response", lambda r: made.odd.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        tab.on("pageerror", lambda e: made.odd.append(str(e)))
        tab.goto(page)
        assert "/news/login" in tab.url
        tab.fill("#secret", "a-long-enough-token")
        tab.click("text=Sign in >> nth=-1")
        tab.wait_for_selector(".masthead h1")
        assert tab.url.partition("#")[0] == page

        ask(tab, "Why was the harbour bridge closed?")
        tab.click("#live .quoted button:has-text('Open') >> nth=0")
        tab.wait_for_selector("#cited")
        assert "cracks in two piers" in tab.evaluate(MARKED)
        with tab.expect_download() as saved:
            tab.click("#exports a:has-text('Markdown')")
        assert "harbour bridge" in saved.value.path().read_text("utf-8")

        # The API, the reference and the way out by the same address.
        assert context.request.get(f"{page}api/stats").json()["archive"]["articles"] == 2
        reference = context.new_page()  # a page that just sent a file may break off where it is sent next
        reference.goto(f"{page}docs")
        reference.click("text=/openapi.json")
        assert reference.url == f"{page}openapi.json"
        out = context.request.post(f"{page}logout", headers={"Origin": page.removesuffix("/news/")})
        assert out.url.endswith("/news/login"), out.url
        outside = [a for a in asked if not a.startswith((page, "data:", "blob:"))]
        assert outside == []
