"""Every tab's actions with the keyboard alone: Tab, Enter, Space and arrows; what has the focus is seen each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import many
from said import put_quotes

from rag.service.access import Access
from tests.browser.conftest import Site, write
from tests.browser.harbour import HOLT, harbour

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]
TOKEN = "a-long-enough-token"
_MOST = 400
"""Presses of Tab, after which something counts as out of reach."""

FOCUSED = """(wanted) => {
  const e = document.activeElement;
  if (!e || e === document.body || !e.matches(wanted)) return null;
  const box = e.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const marked = [e, e.parentElement, e.closest('#question'), e.closest('.block'), e.nextElementSibling].some((x) => {
    const style = x && getComputedStyle(x);
    return style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  });
  return { inside, marked, text: e.textContent.trim().slice(0, 60), label: e.getAttribute('aria-label') || '' };
}"""


def reach(tab: Any, selector: str, text: str = "", back: bool = False) -> None:
    """Press Tab until something has the focus; it is in the window, and seen to have it."""
    for _ in range(_MOST):
        found = tab.evaluate(FOCUSED, selector)
        if found and (not text or text in found["text"] or text in found["label"]):
            assert found["inside"] and found["marked"], (selector, text, found)
            return
        tab.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"not to be reached: {selector} {text}")


def press(tab: Any, selector: str, text: str = "", key: str = "Enter", back: bool = False) -> None:
    """Reach something, and press a key on it."""
    reach(tab, selector, text, back)
    tab.keyboard.press(key)


def go(tab: Any, name: str) -> None:
    """Go to another tab of the page."""
    press(tab, "button[role=tab]", name)
    tab.wait_for_selector(f"button[role=tab][aria-selected=true]:has-text('{name}')")


def fill(tab: Any, selector: str, text: str, key: str = "Enter") -> None:
    """Reach a field, and write into it."""
    reach(tab, selector)
    tab.keyboard.press("Control+A")
    tab.keyboard.type(text)
    if key:
        tab.keyboard.press(key)


def begun(site: Serve, tmp_path: Path) -> tuple[Any, Any]:
    """An archive, and a browser's tab on its page."""
    archive = harbour(tmp_path, *many(3))
    put_quotes(archive, "bridge", (HOLT, "Maren Holt", {}), ("Paragraph 7 says nothing", "Jo Lund", {}))
    tab = site(archive).tab(1280, 800)
    tab.wait_for_function("document.activeElement.closest('#question') !== null")
    return archive, tab


def test_asking_reading_rating_keeping_and_sharing(site: Serve, tmp_path: Path) -> None:
    _, tab = begun(site, tmp_path)
    fill(tab, "#question textarea", "Why was the harbour bridge closed?")
    tab.wait_for_selector("#live .tools button:has-text('Good')")
    press(tab, "#live .quoted button", "Open quote 1")
    tab.wait_for_function("document.activeElement.id === 'cited'")
    tab.keyboard.press("Escape")
    reach(tab, "#live .quoted button", "Open quote 1")
    press(tab, "#side .reading button", "Back to evidence")
    tab.wait_for_selector("#side .evidence")
    press(tab, ".evidence button", "Open")
    tab.wait_for_selector("#side .reading")
    press(tab, "#live .tools button", "Good answer")
    tab.wait_for_selector("#live button[aria-pressed=true]:has-text('Good')")
    fill(tab, "#live .tools input", "clear")

    press(tab, "#filters > button")
    fill(tab, "#f-after input", "2021-05-01", "Tab")
    tab.wait_for_selector("#chips .chip:has-text('From 1 May 2021')")
    reach(tab, "#f-after .calendar", back=True)
    reach(tab, "#f-language input")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    press(tab, "#chips button", "From 1 May 2021")
    tab.wait_for_selector("#chips .chip:has-text('From')", state="detached")

    press(tab, "#list button", "Rename")  # the browser's own question is answered with Enter
    with tab.expect_download() as sent:
        press(tab, "#exports a", "Markdown")
    assert "City Herald, 3 May 2021" in Path(sent.value.path()).read_text("utf-8")
    press(tab, "#exports button", "Share by link")
    tab.wait_for_selector("#exports :has-text('Take the link back')")
    press(tab, "#left button", "New conversation")
    tab.wait_for_selector("#live .turn", state="detached")
    press(tab, "#list button.open")
    tab.wait_for_selector("#live .turn")
    fill(tab, "#find input, #find textarea", "zeppelin", "")
    tab.wait_for_selector("#list :has-text('No conversation has these words.')")
    fill(tab, "#find input, #find textarea", "bridge", "")
    press(tab, "#list button", "Delete")
    tab.wait_for_selector("#list :has-text('Conversations are kept here.'), #list :has-text('No conversation has')")


def test_searching_collecting_quotes_and_timelines(site: Serve, tmp_path: Path) -> None:
    _, tab = begun(site, tmp_path)
    go(tab, "Search")
    fill(tab, "#search-query input, #search-query textarea", "bridge OR damaged")
    tab.wait_for_selector("#search-list .hit >> nth=3")
    with tab.expect_download():
        press(tab, "#search-list .exports a", "CSV")
    press(tab, "#search-list .found input.tick", key="Space")
    fill(tab, "#collect-name", "The bridge")
    tab.wait_for_selector("#search-note :has-text('The bridge')")
    press(tab, "#search-list .found button", "Open")
    tab.wait_for_selector("#search-article .reading")
    press(tab, "#search-article button", "Close")
    press(tab, "#search-list .facets button")
    tab.wait_for_function("document.querySelector('#search-query :is(input, textarea)').value.includes('outlet:')")
    press(tab, "#search-list .found button", "Ask about")
    tab.wait_for_selector("#chips .chip:has-text('Only')")

    go(tab, "Quotes")
    tab.wait_for_selector(".quote")
    press(tab, "#quotes-filters > button")
    fill(tab, "#speaker input, #speaker textarea", "Holt")
    tab.wait_for_function("document.querySelectorAll('.quote').length === 1")
    press(tab, ".quote button", "Open article")
    tab.wait_for_selector("#quote-article #cited")
    tab.keyboard.press("Escape")
    press(tab, ".quote button", "Copy quote")

    go(tab, "Timeline")
    fill(tab, "#timeline-about input, #timeline-about textarea", "bridge")
    tab.wait_for_selector(".event")
    press(tab, "#timeline-order input[value='Newest first']", key="Space")
    tab.wait_for_selector("#timeline-list :has-text('newest first')")
    press(tab, ".event button", "Open article")
    tab.wait_for_selector("#timeline-side .reading")

    go(tab, "Collections")
    press(tab, "#shelf button.open")
    tab.wait_for_selector("#sets-list input.tick")
    press(tab, "#sets-list button", "Tick all here")
    press(tab, "#sets-list button", "Take the ticked")
    tab.wait_for_selector("#shelf :has-text('1 article taken out.')")
    press(tab, "#shelf button", "Search within", back=True)
    tab.wait_for_selector("button[role=tab][aria-selected=true]:has-text('Search')")


def test_uploading_mending_deleting_and_settings(site: Serve, tmp_path: Path) -> None:
    archive, tab = begun(site, tmp_path)
    go(tab, "Archive")
    tab.wait_for_selector("#articles .open")
    with tab.expect_file_chooser() as asked:
        press(tab, "#upload button")
    asked.value.set_files([str(write(tmp_path, "kite.txt", "Kite\n\nA kite rose over Kellmouth."))])
    tab.wait_for_selector(".ingest-result:has-text('1 added')")
    fill(tab, "#article-search input, #article-search textarea", "kite", "")
    tab.wait_for_function("document.querySelectorAll('#articles .open').length === 1")
    press(tab, "#articles input.tick", key="Space")
    press(tab, "#articles button", "Set by hand")
    tab.wait_for_function("document.activeElement.closest('#mend-title') !== null")
    fill(tab, "#mend-outlet input, #mend-outlet textarea", "Coast Radio", "")
    press(tab, "#mend-set")
    tab.wait_for_selector("#mended:has-text('1 article changed')")
    press(tab, "#mend-log summary")
    press(tab, "#mend-log button", "Undo")
    tab.wait_for_selector("#mended:has-text('Undone: 1 article')")
    press(tab, "#articles button.open")
    tab.wait_for_selector("#reader .reading")
    press(tab, "#reader button", "Close")
    before = archive.stats().articles
    press(tab, "#articles button", "Delete")
    tab.wait_for_function("document.querySelectorAll('#articles .open').length === 0")
    assert archive.stats().articles == before - 1

    go(tab, "Sources")
    fill(tab, "#source-address input, #source-address textarea", "ftp://example.com/")
    tab.wait_for_selector("#source-result .failed")
    reach(tab, "#add-source")
    reach(tab, "#sync-sources")

    go(tab, "Settings")
    reach(tab, "#s-k input[type=range]")
    tab.keyboard.press("ArrowRight")
    press(tab, "#s-theme label:last-of-type input", key="Space")
    tab.wait_for_function("document.body.classList.contains('dark')")


def test_signing_in_and_out(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    made = site(archive, access=Access(token=TOKEN))
    context = made.browser.new_context()
    made.contexts.append(context)
    tab = context.new_page()
    tab.set_default_timeout(30_000)
    tab.goto(made.address)
    fill(tab, "#secret", TOKEN)
    tab.wait_for_selector("#question")
    press(tab, ".masthead button", "Sign out")
    tab.wait_for_selector("#secret")
    context.close()
