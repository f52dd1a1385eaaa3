"""In a real browser: addresses of tabs and conversations, and the browser's Back, Forward and reload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Site, ask
from tests.browser.harbour import harbour

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]
COST = "What will the repairs of the harbour bridge cost?"
ASK = "button[role=tab]:has-text('Ask')"


def test_back_and_forward_go_through_tabs_conversations_and_articles(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    tab = site(archive).tab()
    tab.wait_for_function("() => location.hash === '#ask'")
    ask(tab, COST)
    tab.wait_for_function("() => location.hash.startsWith('#ask/')")
    conversation = tab.evaluate("() => location.hash")
    tab.click("#live .quoted button:has-text('Open') >> nth=0")
    tab.wait_for_selector("#cited")
    tab.wait_for_timeout(400)
    tab.click("button[role=tab]:has-text('Search')")
    tab.wait_for_function("() => location.hash === '#search'")

    tab.go_back()
    tab.wait_for_selector(f"{ASK}[aria-selected=true]")
    assert tab.evaluate("() => location.hash") == conversation
    tab.wait_for_selector("#cited:visible")
    tab.go_back()
    tab.wait_for_selector("#panel .evidence:visible")
    assert tab.locator("#cited").count() == 0, "the article is closed, the conversation is there"
    assert tab.locator(".turn").count() == 1
    tab.go_back()
    tab.wait_for_function("() => document.querySelectorAll('.turn').length === 0")
    assert tab.evaluate("() => location.hash") == "#ask"

    tab.go_forward()
    tab.wait_for_selector(".turn")
    tab.go_forward()
    tab.wait_for_selector("#cited:visible")
    tab.go_forward()
    tab.wait_for_function("() => location.hash === '#search'")
    tab.wait_for_selector("#search-query:visible")


def test_a_reload_and_a_bookmark_come_back_to_a_conversation(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    place = site(archive)
    tab = place.tab()
    ask(tab, COST)
    tab.wait_for_function("() => location.hash.startsWith('#ask/')")
    conversation = tab.evaluate("() => location.hash")
    tab.reload()
    tab.wait_for_selector(".turn")
    assert tab.evaluate("() => location.hash") == conversation

    place.tab(at="#quotes").wait_for_selector("#speaker:visible")
    other = place.tab(at="#ask/1234-of-nobody")
    ask(other, COST)
    other.wait_for_function(f"() => location.hash.startsWith('#ask/') && location.hash !== '{conversation}'")
    assert len(archive.conversations.list("local")) == 2, "what isn't there is a new conversation"
