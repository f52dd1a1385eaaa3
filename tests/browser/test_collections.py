"""The tab Collections in a real browser, by keyboard alone and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import many
from said import put_quotes

from tests.browser.conftest import Site, ask
from tests.browser.harbour import harbour

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]


QUIET = """() => new Promise(done => {
    let timer = setTimeout(done, 300);
    const seen = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 300); });
    seen.observe(document.body, {childList: true, subtree: true});
    setTimeout(done, 5000);
})"""
"""Waits until nothing on the page has changed for a moment: what is pressed while a list comes anew is lost with it."""


def press(tab: Any, selector: str, key: str = "Enter") -> None:
    """Focus something as the keyboard does, and press a key on it."""
    tab.locator(selector).first.focus()
    tab.keyboard.press(key)


def to_tab(tab: Any, name: str) -> None:
    """Go to a tab, by the menu behind the last ones where it stands there."""
    tab.evaluate(
        "n => [...document.querySelectorAll('button[role=tab]')].find(b => b.textContent.trim() === n).click()", name
    )
    tab.evaluate(QUIET)


@pytest.mark.parametrize("width", [1440, 360])
def test_a_collection_is_made_filled_used_shared_and_deleted(site: Serve, tmp_path: Path, width: int) -> None:
    archive = harbour(tmp_path, *many(3))
    put_quotes(archive, "bridge", ("The harbour bridge was closed", "Maren Holt", {}))
    put_quotes(archive, "story-1", ("damaged", "Jo Lund", {}))
    tab = site(archive).tab(width, 800)
    to_tab(tab, "Collections")
    tab.wait_for_selector("#shelf :has-text('A collection is a named set')")
    assert not tab.locator("#sets-fields").is_visible()
    tab.fill("#new-set", "The bridge")
    tab.press("#new-set", "Enter")
    tab.wait_for_selector("#shelf :has-text('Made The bridge.')")
    tab.fill("#new-set", "the BRIDGE")
    press(tab, "button:has-text('Make')")
    tab.wait_for_selector("#shelf :has-text('already')")

    press(tab, "#sets-place input >> nth=1", "Space")
    tab.wait_for_selector("#sets-list :has-text('1–5 of 5 articles')")
    tab.fill("#sets-words input", "harbour bridge")
    tab.wait_for_selector("#sets-list :has-text('1–1 of 1 article')")
    press(tab, "#sets-list button:has-text('Add the ticked')")
    assert tab.evaluate("document.activeElement.className") == "tick", "it says what to do first"
    tab.keyboard.press("Space")
    press(tab, "#sets-list button:has-text('Add the ticked')")
    tab.wait_for_selector("#shelf :has-text('1 article added.')")
    tab.wait_for_selector("#sets-list li:has-text('in it already')")
    tab.fill("#sets-words input", "")
    tab.wait_for_selector("#sets-list :has-text('1–5 of 5 articles')")
    press(tab, "#sets-list button:has-text('Tick all here')")
    assert tab.locator("input.tick:checked").count() == 4
    press(tab, "#sets-list button:has-text('Add the ticked')")
    tab.wait_for_selector("#shelf :has-text('4 articles added.')")
    press(tab, "#sets-place input >> nth=0", "Space")
    tab.wait_for_selector("#sets-list button:has-text('Take the ticked out')")
    assert tab.locator("input.tick:checked").count() == 0
    for name in ("Harbour bridge closed", "story-1", "story-2"):
        row = tab.locator("#sets-list li", has=tab.locator(f"[data-article='{archive.get(KEYS.get(name, name)).id}']"))
        row.locator("input").check()
    press(tab, "#sets-list button:has-text('Take the ticked out')")
    tab.wait_for_selector("#shelf :has-text('3 articles taken out.')")
    tab.locator("#sets-list li").first.locator(".open").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#sets-article .reading")
    tab.keyboard.press("Escape")
    assert "open" in tab.evaluate("document.activeElement.className"), "back where it was"
    assert tab.evaluate("document.documentElement.scrollWidth") <= width

    press(tab, "#shelf button:has-text('Ask within')")
    tab.wait_for_selector("#chips:has-text('Within: The bridge')")
    ask(tab, "Why was the harbour bridge closed?")
    keys = {archive.get(str(h.get_attribute("data-article"))).key for h in tab.locator("#panel [data-article]").all()}
    assert keys <= {"ferry", "story-0"}
    to_tab(tab, "Collections")
    press(tab, "#shelf button:has-text('Quotes')")
    tab.wait_for_selector("#quotes-list :has-text('No quote found')")
    to_tab(tab, "Collections")
    press(tab, "#shelf button:has-text('Timeline')")
    tab.fill("#timeline-about input", "bridge")
    tab.press("#timeline-about input", "Enter")
    tab.wait_for_selector("#timeline-list :has-text('event'):visible")
    assert tab.locator("#timeline-list .event:not(:has-text('ferries'))").count() == 0

    to_tab(tab, "Collections")
    press(tab, "#shelf button:has-text('Make it mine alone')")
    tab.wait_for_selector("#shelf :has-text('yours alone')")
    assert archive.collections.get("The bridge").owner == "local"
    press(tab, "#shelf button:has-text('Share with everybody')")
    tab.wait_for_selector("#shelf :has-text('shared with everybody now')")
    press(tab, "#shelf .opened button:has-text('Delete')")
    tab.wait_for_selector("#shelf :has-text('Deleted The bridge.')")
    assert archive.collections.all() == [] and archive.stats().articles == 5


KEYS = {"Harbour bridge closed": "bridge"}
