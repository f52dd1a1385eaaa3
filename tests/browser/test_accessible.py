"""Every tab in a real browser, light and dark, wide and on a phone: it fits, can be read, and axe finds nothing serious."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import row
from said import put_quotes

from tests.browser.axe import serious
from tests.browser.conftest import Site, ask
from tests.browser.contrast import CONTRAST
from tests.browser.fitting import FITTING
from tests.browser.harbour import HOLT, harbour

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (360, "light"), (360, "dark")])
def test_every_tab_fits_can_be_read_and_passes_axe(site: Serve, tmp_path: Path, width: int, scheme: str) -> None:
    rows = [
        row(
            "rtl",
            "أغلق الجسر يوم الاثنين بسبب شقوق في دعامتين.",
            title="إغلاق جسر الميناء",
            language="ar",
            source="صحيفة المدينة",
        ),
        row("cjk", "港口大桥星期一关闭，因为工程师在两个桥墩上发现了裂缝。" * 9, title="港口大桥关闭", language="zh"),
        row(
            "long",
            "Donaudampfschifffahrtsgesellschaftskapitänswitwenrente" * 4 + " closed the harbour bridge.",
            title="X" * 200,
        ),
    ]
    archive = harbour(tmp_path, *rows)
    put_quotes(
        archive,
        "bridge",
        (HOLT, "Maren Holt", {}),
        ("cracks in two piers", "M" * 90, {"role": "N" * 90, "direct": False}),
    )
    archive.collections.make("The bridge", note="for Sunday")
    archive.collections.add("The bridge", "bridge", sources=["City Herald"])
    tab = site(archive).tab(width, 844, scheme)
    ask(tab, "Why was the harbour bridge closed in May 2021?")
    ask(tab, "Who painted the ceiling of the opera house in 1911?")
    tab.click("#filters > button")
    for name, show in STATES.items():
        tab.click(f"button[role=tab]:has-text('{name}')")
        show(tab)
        time.sleep(0.4)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, name
        assert tab.evaluate(FITTING) == [], name
        low = tab.evaluate(CONTRAST)["low"]
        assert low == [], (name, low)
        assert serious(tab) == [], name
    tab.click("button[role=tab]:has-text('Archive')")
    tab.locator(".articles .open:visible", has_text="إغلاق").click()
    tab.wait_for_selector("#reader .reading")
    assert tab.evaluate("getComputedStyle(document.querySelector('#reader .text p')).direction") == "rtl"


def search(tab: Any) -> None:
    """A list, and an article beside it."""
    tab.fill("#search-query input", "bridge")
    tab.click("#find-words")
    tab.click("#search-list .hit >> nth=0 >> text=Open article")
    tab.wait_for_selector("#search-article #cited")


def quotes(tab: Any) -> None:
    """A list of a person's."""
    tab.click("#quotes-filters > button")
    tab.fill("#speaker input", "Holt")
    tab.press("#speaker input", "Enter")
    tab.wait_for_selector(".quote")


def timeline(tab: Any) -> None:
    """Events."""
    tab.fill("#timeline-about input", "bridge")
    tab.press("#timeline-about input", "Enter")
    tab.wait_for_selector(".event")


def collection(tab: Any) -> None:
    """An opened one, to be added to."""
    tab.click("#shelf .open")
    tab.wait_for_selector("#sets-list li")
    tab.locator("#sets-place input").nth(1).check()
    tab.wait_for_selector("#sets-list button:has-text('Add the ticked')")
    tab.locator("#sets-list input.tick").first.check()


STATES: dict[str, Callable[[Any], Any]] = {
    "Ask": lambda tab: None,
    "Search": search,
    "Quotes": quotes,
    "Timeline": timeline,
    "Archive": lambda tab: tab.wait_for_selector(".coverage rect"),
    "Collections": collection,
    "Sources": lambda tab: tab.wait_for_selector("#source-list p"),
    "Settings": lambda tab: tab.wait_for_selector("#s-theme"),
}


def test_what_is_looked_for_is_found(site: Serve, tmp_path: Path) -> None:
    """The checks above see what they are there to see: text without room, pale text, a field without a name."""
    archive = harbour(tmp_path)
    tab = site(archive).tab()
    tab.click("button[role=tab]:has-text('Quotes')")
    tab.click("#quotes-filters > button")
    tab.wait_for_selector("#quotes-order label")
    assert tab.evaluate(FITTING) == [] and serious(tab) == []
    sabotage = "#quotes-list p { color: #ccc !important }"
    tab.add_style_tag(content=sabotage + " #quotes-order .selected span { display: block; width: 1rem }")
    tab.evaluate("document.querySelector('#quotes-list').append(document.createElement('select'))")
    two = "<div>words below<span style='margin-left: -4rem'>words above</span></div>"
    tab.evaluate("two => document.querySelector('#quotes-list').insertAdjacentHTML('afterbegin', two)", two)
    assert {"wider than its box", "over"} <= {what for what, *_ in tab.evaluate(FITTING)}
    assert tab.evaluate(CONTRAST)["low"] != []
    assert {"color-contrast", "select-name"} <= {f["rule"] for f in serious(tab)}
