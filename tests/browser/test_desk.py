"""In a real browser: a shared conversation, dates, people put together, an empty archive, and a service at rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import ROOT, fill, row
from said import put_quotes

from rag import Archive
from rag.testing import FakeEmbeddings
from tests.browser.conftest import Site, ask
from tests.browser.harbour import harbour

pytestmark = pytest.mark.slow

CORPUS = ("blinken-qin-talks.md", "tram-extension-approved.md", "velle-fever-vaccine.md")
Serve = Callable[..., Site]


def test_a_conversation_is_shared_and_dates_are_picked_and_told(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    made = site(archive)
    tab = made.tab(360, 760)
    ask(tab, "Why was the harbour bridge closed?")
    assert "in 10 answers" in tab.inner_text("#live .sure")
    tab.click("text=Share by link")
    tab.wait_for_selector("text=Take the link back")
    other = tab.context.new_page()
    other.goto(f"{made.address}/{tab.get_attribute('.share a', 'href')}")
    assert "engineers found cracks" in other.inner_text("main") and other.locator("button:visible").count() == 0
    tab.click("text=Take the link back")
    tab.wait_for_selector("text=Share by link")
    made.odd.clear()  # the console tells of the page that is no more
    assert other.reload().status == 404
    other.close()

    tab.click("#filters > button")
    tab.fill("#f-after input", "the day before")
    tab.wait_for_selector(".wrong-date:has-text('is not a date')")
    tab.wait_for_timeout(1500)
    assert tab.locator(".wrong-date").count() == 1, "it stays"
    picker = tab.locator("#f-after .calendar-place input")
    picker.evaluate("(e) => { e.value = '2021-04-01'; e.dispatchEvent(new Event('change')); }")
    tab.wait_for_selector(".chip:has-text('From 1 April 2021')")
    assert tab.locator(".wrong-date").count() == 0
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


def test_names_are_put_together_and_apart_on_the_page(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    put_quotes(archive, "bridge", ("The harbour bridge was closed", "Maren Holt", {"role": "port director"}))
    put_quotes(archive, "ferry", ("Three more ferries will run", "Holt", {"direct": False}))
    tab = site(archive).tab(360, 760)
    tab.click("button[role=tab]:has-text('Quotes')")
    tab.wait_for_selector(".quote >> nth=1")
    tab.fill("#speaker input", "Holt")
    tab.press("#speaker input", "Enter")
    tab.wait_for_selector(".people summary:has-text('2 people')")
    tab.click(".people button:has-text('Same as')")
    tab.wait_for_selector(".people summary:has-text('1 person')")
    tab.locator(".people").evaluate("(e) => { e.dataset.before = 'the next search'; }")
    tab.fill("#speaker input", "Maren Holt")
    tab.press("#speaker input", "Enter")
    tab.wait_for_selector(".people:not([data-before])")
    tab.wait_for_function("document.querySelectorAll('.quote').length === 2")
    tab.locator(".people").evaluate("(e) => { e.open = true; }")
    tab.click("text=As in the articles")
    tab.wait_for_function("document.querySelectorAll('.quote').length === 1")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_empty_archive_leads_to_an_upload_and_its_questions(site: Serve, tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "none", chat_model="extractive", embeddings=FakeEmbeddings())
    tab = site(archive).tab()
    tab.fill("#question textarea", "Why was the bridge closed?")
    tab.press("#question textarea", "Enter")
    tab.click("#live button:has-text('Upload articles')")
    tab.wait_for_selector("#upload input[type=file]", state="attached")
    tab.click("button[role=tab]:has-text('Ask')")
    tab.click("text=New conversation")
    tab.click("button[role=tab]:has-text('Archive')")
    tab.set_input_files("#upload input[type=file]", [ROOT / "corpus" / name for name in CORPUS])
    tab.wait_for_selector(".ingest-result")
    tab.click("button[role=tab]:has-text('Ask')")
    tab.wait_for_selector(".examples button", timeout=60_000)


def test_a_service_at_rest_takes_next_to_nothing(site: Serve, tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "a", chat_model="extractive", embeddings=FakeEmbeddings())
    fill(archive, row("a", "The harbour bridge was closed on Monday."))
    tab = site(archive).tab()
    tab.wait_for_timeout(3000)
    # The least of several moments: what other tests left running in this process only adds to them.
    assert min(_spent(2.0) for _ in range(4)) < 0.06, "more than 3 percent of a slow core"


def _spent(seconds: float) -> float:
    """Processor time of this process, in seconds, while it waits that long."""
    before = time.process_time()
    time.sleep(seconds)
    return time.process_time() - before
