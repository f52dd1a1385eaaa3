"""The tab Search in a real browser: words marked, counts that narrow, collections, and questions to one article."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import row

from tests.browser.conftest import Site
from tests.browser.contrast import CONTRAST
from tests.browser.harbour import IN_VIEW, MARKED, harbour

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]
MORE = [
    row(
        "strike",
        "Dock workers of the harbour began a strike.",
        title="Strike",
        source="Coast Radio",
        published="2021-06-02",
    ),
    row("rumour", "The bridge is said to close if 3 < 4.", title="Rumour & <3", published=None),
]


def look(tab: Any, query: str, told: str) -> None:
    """Search, and wait for what is told of it."""
    tab.fill("#search-query input", query)
    tab.click("#find-words")
    tab.wait_for_selector(f"#search-list :has-text({json.dumps(told)})")


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (360, 800, "dark")])
def test_articles_are_found_narrowed_collected_and_asked(
    site: Serve, tmp_path: Path, width: int, height: int, scheme: str
) -> None:
    archive = harbour(tmp_path, *MORE)
    looked_at = site(archive)
    tab = looked_at.tab(width, height, scheme)
    tab.click("button[role=tab]:has-text('Search')")
    tab.wait_for_selector("#search-list :has-text('Finds the articles that hold the words')")
    look(tab, "bridge OR strike", "4 articles, best match first.")
    assert tab.locator(".found .hit").count() == 4
    assert "Rumour & <3" in tab.inner_text(".found") and "if 3 < 4" in tab.inner_text(".found")
    assert {m.lower() for m in tab.locator(".found mark").all_inner_texts()} == {"bridge", "strike"}
    assert tab.locator(".histogram button:enabled").count() == 2
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    seen = tab.evaluate(CONTRAST)
    assert seen["low"] == [], seen["low"]

    tab.click(".facets button:has-text('Coast Radio')")
    tab.wait_for_selector("#search-list :has-text('2 articles, best match first.')")
    assert tab.input_value("#search-query input") == '(bridge OR strike) outlet:"Coast Radio"'
    for label in ("CSV", "JSON"):
        with tab.expect_download() as download:
            tab.click(f"#search-list .exports >> text={label}")
        told = Path(download.value.path()).read_text("utf-8")
        outlets = {r["outlet"] for r in csv.DictReader(told.splitlines())} if label == "CSV" else {
            hit["article"]["source"] for hit in json.loads(told)["found"]
        }  # fmt: skip
        assert outlets == {"Coast Radio"}

    tab.fill("#collect-name", "The harbour")
    tab.press("#collect-name", "Enter")
    tab.wait_for_selector("#search-note :has-text('2 articles added to The harbour, which has 2 articles.')")
    look(tab, '"harbour bridge"', "1 article, best match first.")
    opens = tab.locator(".found .hit >> nth=0").locator("text=Open article")
    opens.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-article #cited")
    tab.wait_for_function(IN_VIEW)
    assert tab.evaluate(MARKED) == "harbour bridge"
    tab.keyboard.press("Escape")
    assert "Open Harbour bridge closed" in tab.evaluate("document.activeElement.ariaLabel")

    tab.click("text=Ask about this one")
    tab.wait_for_selector("#chips:has-text('Only: Harbour bridge closed')")
    tab.fill("#question textarea", "How much will the repairs of the harbour bridge cost?")
    tab.press("#question textarea", "Enter")
    tab.wait_for_selector("#live .turn .answer, #live .turn blockquote")
    assert {h.text_content() for h in tab.locator("#panel .hit h3").all()} == {"Harbour bridge closed"}
    tab.click("#chips button:has-text('Only: Harbour bridge closed')")
    tab.wait_for_selector("#chips:not(:has-text('Only'))", state="attached")

    look_again = looked_at.tab(width, height, scheme)
    look_again.click("button[role=tab]:has-text('Search')")
    look(look_again, '"bridge', "A quotation mark is not closed")
    look(look_again, "zebra", "No article holds this.")
    assert looked_at.odd == []
