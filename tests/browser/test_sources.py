"""The tab Sources in a real browser: added, read, told in words, paused and removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sources.newsroom import Newsroom
from sources.site import Answer, serving
from sources.test_sync import opened

from tests.browser.conftest import Site

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]


@pytest.fixture(autouse=True)
def no_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who said what is not looked for: the parser takes seconds to load."""
    monkeypatch.setattr("rag.sources.sync.find_quotes", lambda articles: [[] for _ in articles])


def test_a_source_is_added_read_told_paused_and_removed(site: Serve, tmp_path: Path) -> None:
    with serving() as web, opened(tmp_path / "archive", web) as archive:
        room = Newsroom(web, 6)
        web.pages[room.path(5)] = Answer("", 403)
        tab = site(archive).tab()
        tab.get_by_role("tab", name="Sources").click()
        tab.wait_for_selector("#source-list .muted")
        tab.fill("#source-address input, #source-address textarea", f"{web.url}/")
        tab.click("#add-source")
        tab.wait_for_selector("#source-list .sources h3:has-text('127.0.0.1')")
        assert "feed.xml" in tab.inner_text("#source-list .address")
        tab.click("#sync-sources")
        tab.wait_for_selector("#source-list .daily rect", state="attached")
        shown = tab.inner_text("#source-list .sources")
        assert "6 articles" in shown or "5 articles" in shown
        assert "new articles" in shown
        tab.wait_for_selector(".masthead .facts:has-text('articles from')")
        tab.get_by_role("button", name="Pause 127.0.0.1").click()
        tab.wait_for_selector("#source-list .paused")
        tab.get_by_role("button", name="Resume 127.0.0.1").click()
        tab.wait_for_selector("#source-list li:not(.paused) >> text=Pause")
        tab.get_by_role("button", name="Remove 127.0.0.1").click()
        tab.wait_for_selector("#source-list .muted")
        assert archive.sources.all() == []


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:1/", "fetch_ports"),
        ("http://10.1.2.3/", "not a public address"),
        ("/etc", "Only http and https"),
        ("s3://bucket/news", "Only http and https"),
    ],
)
def test_what_the_settings_do_not_allow_cannot_be_added(site: Serve, tmp_path: Path, address: str, why: str) -> None:
    with serving() as web, opened(tmp_path / "archive", web) as archive:
        options = archive.sources._options
        archive.sources._options = options.__class__(options.agent)  # as the settings are by default
        tab = site(archive).tab()
        tab.get_by_role("tab", name="Sources").click()
        tab.wait_for_selector("#source-list .muted")
        tab.fill("#source-address input, #source-address textarea", address)
        tab.click("#add-source")
        tab.wait_for_selector("#source-result .failed")
        assert why in tab.inner_text("#source-result .failed")
        assert archive.sources.all() == []
        assert web.connections == 0


def test_all_tabs_can_be_reached_on_a_phone(site: Serve, tmp_path: Path) -> None:
    with serving() as web, opened(tmp_path / "archive", web) as archive:
        tab = site(archive).tab(width=390, height=844)
        tab.get_by_role("tab", name="Sources").click()
        tab.wait_for_selector("#source-address")
        assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
