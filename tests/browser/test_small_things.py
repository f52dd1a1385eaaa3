"""In a real browser: small things that users noted, each looked at where it was noted."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import many
from said import put_quotes

from rag import Archive
from rag.service.access import Access
from rag.testing import FakeEmbeddings
from tests.browser.conftest import Site, ask
from tests.browser.harbour import harbour

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]
TOKEN = "a-long-enough-token"


def test_the_head_of_an_article_stays_on_a_phone(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    tab = site(archive).tab(360, 760)
    ask(tab, "What will the repairs of the harbour bridge cost?")
    tab.click("#live .quoted button:has-text('Open') >> nth=0")
    tab.wait_for_selector("#cited")
    tab.wait_for_timeout(300)
    bar = tab.locator(".reading .bar").bounding_box()
    mark = tab.locator("#cited").bounding_box()
    assert bar and mark and bar["y"] >= 0 and bar["y"] + bar["height"] <= mark["y"]


def test_an_empty_archive_offers_an_upload_and_asks_nothing(site: Serve, tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "none", chat_model="extractive", embeddings=FakeEmbeddings())
    tab = site(archive).tab()
    tab.fill("#question textarea", "Why was the bridge closed?")
    tab.press("#question textarea", "Enter")
    tab.wait_for_selector("#live button:has-text('Upload articles')")
    assert tab.locator("#question button:has-text('Stop')").count() == 0, "nothing is going on"
    assert tab.input_value("#question textarea") == "Why was the bridge closed?", "to be asked again"
    tab.click("#live button:has-text('Upload articles')")
    tab.wait_for_selector("#upload:visible")


def test_fields_are_seen_above_a_long_list_and_arrows_point_where_they_open(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path, *many(40))
    for n in range(40):
        put_quotes(archive, f"story-{n}", ("damaged", f"Speaker {n}", {}))
    tab = site(archive).tab(1440, 700)
    tab.click("button[role=tab]:has-text('Quotes')")
    tab.wait_for_selector(".quote >> nth=30")
    box = tab.locator("#quotes-filters").bounding_box()
    assert box and box["height"] >= 24, "pressed flat"
    arrow = "() => new DOMMatrix(getComputedStyle(document.querySelector('#quotes-filters .icon')).transform).b"
    assert round(tab.evaluate(arrow)) == -1, "to the right while it is closed"
    tab.click("#quotes-filters > button")
    tab.wait_for_function(f"async () => Math.round(({arrow})()) === 0")
    calendar, field = (
        tab.locator(f"#quotes-from {what}").bounding_box() for what in (".calendar", "input:not([type=date])")
    )
    assert calendar and field
    assert abs(calendar["y"] + calendar["height"] / 2 - field["y"] - field["height"] / 2) < 4, (
        "beside its field's middle"
    )


def test_who_has_signed_in_signs_out_on_the_page(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    made = site(archive, access=Access(token=TOKEN))
    context = made.browser.new_context()
    made.contexts.append(context)
    tab = context.new_page()
    tab.set_default_timeout(30_000)
    tab.goto(made.address)
    tab.fill("#secret", TOKEN)
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".masthead :has-text('Signed in by token')")
    tab.click(".masthead button:has-text('Sign out')")
    tab.wait_for_selector("#secret")
    tab.goto(made.address)
    assert tab.locator("#secret").count() == 1, "the session is over"
    context.close()


def test_ticked_articles_of_a_search_are_set_by_hand(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path, *many(3))
    tab = site(archive).tab(360, 760)
    tab.click("button[role=tab]:has-text('Search')")
    tab.fill("#search-query input", "damaged")
    tab.press("#search-query input", "Enter")
    tab.wait_for_selector("#search-list .hit >> nth=2")
    tab.click("#search-list button:has-text('Tick all here')")
    tab.click("#search-list button:has-text('Set by hand for the ticked')")
    tab.wait_for_function("document.activeElement.closest('#mend-title') !== null")
    tab.fill("#mend-outlet input", "Coast Radio")
    tab.click("#mend-set")
    tab.wait_for_selector("#mended:has-text('3 articles changed')")
    assert {archive.get(f"story-{n}").source for n in range(3)} == {"Coast Radio"}
    tab.locator("#articles input.tick").nth(1).check()
    tab.click("#articles button:has-text('Set by hand for the ticked')")
    tab.wait_for_function("document.querySelectorAll('#mended li').length === 1")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


def late(monkeypatch: pytest.MonkeyPatch, room: Any, name: str, wanted: str) -> None:
    """From now on a method answers late for every value but one."""
    prompt = getattr(room, name)

    @functools.wraps(prompt)
    def slow(self: Any, *given: Any, **more: Any) -> Any:
        if wanted not in given:
            time.sleep(0.5)
        return prompt(self, *given, **more)

    monkeypatch.setattr(room, name, slow)


def test_what_is_shown_is_of_the_newest_state_of_a_field(
    site: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.ui.tabs.archive import ArchiveTab
    from rag.ui.tabs.ask import AskTab

    late(monkeypatch, AskTab, "show_chips", "2021-05-01")
    late(monkeypatch, ArchiveTab, "search", "ferry no")
    tab = site(harbour(tmp_path)).tab()
    tab.click("#filters > button")
    tab.locator("#f-after input[type=text]").press_sequentially("2021-05-01", delay=30)
    tab.wait_for_selector("#chips .chip:has-text('From 1 May 2021')")
    tab.click("button[role=tab]:has-text('Archive')")
    tab.locator("#article-search :is(input, textarea)").press_sequentially("ferry no", delay=30)
    tab.wait_for_selector("#articles:has-text('No article')")
    tab.wait_for_timeout(1500)
    assert tab.locator("#chips .chip:has-text('From 1 May 2021')").count() == 1
    assert "No article" in tab.inner_text("#articles")
