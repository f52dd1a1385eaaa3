"""In a real browser: what an upload lacks is told, set by hand for all of it, and taken back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import row, write_rows

from tests.browser.conftest import Site
from tests.browser.harbour import harbour

pytestmark = pytest.mark.slow


def test_an_upload_without_dates_is_mended_and_that_is_undone(site: Callable[..., Site], tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    tab = site(archive).tab(360, 760)
    tab.click("button[role=tab]:has-text('Archive')")
    new = [row("kite", "A kite rose over Kellmouth."), row("drum", "A drum was heard.", published="2023-06-01")]
    tab.set_input_files("#upload input[type=file]", [write_rows(tmp_path / "new.jsonl", *new)])
    tab.wait_for_selector("#mended:has-text('1 has no date, 2 have no outlet')")
    picture(tab, "lacks")
    tab.fill("#mend-date input", "the day before")
    tab.click("#mend-set")
    tab.wait_for_selector("#mended [role=alert]:has-text('is not a date')")
    tab.fill("#mend-date input", "3 June 2023")
    tab.click("#mend-try")
    tab.wait_for_selector("#mended:has-text('1 article would change')")
    assert archive.get("kite").published is None
    tab.click("#mend-set")
    tab.wait_for_selector("#mended:has-text('1 article changed')")
    assert f"{archive.get('kite').published:%Y-%m-%d}" == "2023-06-03"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.locator("#mend-log details").first.evaluate("(e) => { e.open = true; }")
    picture(tab, "done")
    tab.once("dialog", lambda d: d.accept())
    tab.click("#mend-log button:has-text('Undo')")
    tab.wait_for_selector("#mended:has-text('Undone: 1 article')")
    assert archive.get("kite").published is None


def picture(tab: object, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        tab.screenshot(path=f"{folder}/mending-{name}.png", full_page=True)  # type: ignore[attr-defined]
