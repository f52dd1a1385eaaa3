"""The report in a real browser: nothing is fetched, nothing scrolls sideways, everything can be read and reached."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from rag.evaluation import report
from tests.browser.contrast import CONTRAST
from tests.evaluation.report_pages import make_comparison, make_report, make_row, mixed, searched

pytestmark = pytest.mark.slow

VIEWS = list(product((1280, 390), ("light", "dark")))
PAGES = ("report", "retrieval", "comparison")
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrente" * 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("report")
    rows = [
        *mixed(),
        make_row(f"long-{LONG}", f" {LONG}", url=f"ftp://{LONG}/{LONG}", tags=(LONG, "一二三四五六七八九十" * 4)),
    ]
    report.write(here, make_report(rows, archive=f"/{LONG}", commit=LONG), rows)
    only = [searched(row) for row in rows]
    (here / "retrieval.html").write_text(report.html(make_report(only, model=None), only, detailed=3), "utf-8")
    (here / "comparison.html").write_text(report.comparison_html(make_comparison(f" {LONG}")), "utf-8")
    return here


def opened(browser: Any, folder: Path, name: str, width: int, scheme: str, **more: Any) -> tuple[Any, list[str]]:
    """A page, and what it complained of or asked for."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, **more)
    tab = context.new_page()
    file = (folder / f"{name}.html").as_uri()
    odd: list[str] = []
    tab.on("console", lambda message: odd.append(message.text))
    tab.on("pageerror", lambda error: odd.append(str(error)))
    tab.on("request", lambda request: odd.append(request.url) if request.url not in (file, "data:,") else None)
    tab.goto(file)
    return tab, odd


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_a_page_fits_and_can_be_read(browser: Any, folder: Path, name: str, width: int, scheme: str) -> None:
    tab, odd = opened(browser, folder, name, width, scheme)
    tab.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    contrast = tab.evaluate(CONTRAST)
    assert contrast["seen"] > 50
    assert contrast["low"] == []
    assert odd == []
    tab.context.close()


def test_light_and_dark_differ(browser: Any, folder: Path) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        tab, _ = opened(browser, folder, "report", 1280, scheme)
        grounds.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
        tab.context.close()
    assert len(grounds) == 2


@pytest.mark.parametrize("width", [1280, 390])
def test_a_case_opens_by_keyboard(browser: Any, folder: Path, width: int) -> None:
    tab, _ = opened(browser, folder, "report", width, "light")
    case = tab.locator("details.case:not([open])").first
    number = case.get_attribute("id")
    case.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert tab.locator(f"#{number}").get_attribute("open") is not None
    tab.context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("script", [True, False])
def test_a_number_brings_the_cited_words_into_view(browser: Any, folder: Path, width: int, script: bool) -> None:
    tab, _ = opened(browser, folder, "report", width, "light", java_script_enabled=script)
    ref = tab.locator("details[open] .text a.ref").first
    mark = tab.locator(str(ref.get_attribute("href")))
    ref.click()
    box = mark.bounding_box()
    assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 844
    tab.context.close()


def test_the_keyboard_shows_where_it_is(browser: Any, folder: Path) -> None:
    tab, _ = opened(browser, folder, "report", 1280, "light")
    for _ in range(12):
        tab.keyboard.press("Tab")
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert tab.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
    tab.context.close()


def test_the_filter(browser: Any, folder: Path) -> None:
    tab, _ = opened(browser, folder, "report", 1280, "light")
    cases = tab.locator("details.case:visible")
    everything = cases.count()
    tab.select_option(".filter select", "Wrong answer")
    assert 0 < cases.count() < everything
    assert set(cases.evaluate_all("all => all.map((c) => c.dataset.verdict)")) == {"Wrong answer"}
    tab.select_option(".filter select", "")
    tab.fill(".filter input", "ABOUT BROKEN")
    assert cases.count() == 1
    assert tab.locator(".filter output").text_content() == f"1 of {everything} cases"
    assert tab.locator(".group:visible").count() == 1
    tab.context.close()


def test_all_is_there_without_scripts(browser: Any, folder: Path) -> None:
    tab, odd = opened(browser, folder, "report", 390, "light", java_script_enabled=False)
    assert tab.locator("details.case:visible").count() == tab.locator("details.case").count()
    assert not tab.locator(".filter").is_visible()
    assert odd == []
    tab.context.close()


def test_printed_cases_are_unfolded(browser: Any, folder: Path) -> None:
    tab, _ = opened(browser, folder, "report", 794, "dark")
    tab.emulate_media(media="print")
    assert all(box.bounding_box()["height"] > 0 for box in tab.locator("details.case .body").all())
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.context.close()
