"""The tab Timeline in a real browser: events by their days, opened at their sentence, as files, and where there are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import row

from rag import Archive
from rag.testing import FakeEmbeddings
from tests.browser.conftest import Site
from tests.browser.contrast import CONTRAST
from tests.browser.harbour import IN_VIEW, MARKED, harbour

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]

CLOSED = "The harbour bridge was closed on Monday because engineers found cracks in two piers."
REOPENED = "The harbour bridge reopened yesterday after two years."
MORE = [
    row("again", REOPENED, title="Harbour bridge open again", source="Coast Radio", published="2023-06-20"),
    row("lost", "The old lighthouse fell on Friday.", title="Old lighthouse falls", published=None),
]


def look(tab: Any, about: str, after: str = "", last: str = "") -> None:
    """Ask for a timeline."""
    tab.fill("#timeline-about input", about)
    tab.fill("#timeline-from input", after)
    tab.fill("#timeline-to input", last)
    tab.click("#find-timeline")


def events(tab: Any, count: int) -> list[str]:
    """The days of the events, once there are so many."""
    tab.wait_for_function("n => document.querySelectorAll('.event').length === n", arg=count)
    return [time.get_attribute("datetime") for time in tab.locator(".event time").all()]


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (360, 800, "dark")])
def test_events_stand_by_their_day_and_open_at_their_sentence(
    site: Serve, tmp_path: Path, width: int, height: int, scheme: str
) -> None:
    archive = harbour(tmp_path, *MORE)
    tab = site(archive).tab(width, height, scheme)
    tab.click("button[role=tab]:has-text('Timeline')")
    tab.wait_for_selector("#timeline-list :has-text('Name a person, a place or a story')")
    look(tab, "Harbour bridge")
    assert events(tab, 2) == ["2021-05-03", "2023-06-19"]
    assert tab.locator(".year").all_inner_texts() == ["2021", "2023"]
    tab.wait_for_selector(".axis circle >> nth=1", state="attached")
    assert "“yesterday”, counted from 20 June 2023" in tab.inner_text(".event >> nth=1")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    seen = tab.evaluate(CONTRAST)
    assert seen["low"] == [], seen["low"]

    tab.click("#timeline-order label:has-text('Newest first')")
    tab.wait_for_selector("#timeline-list [role=status]:has-text('newest first')")
    assert events(tab, 2) == ["2023-06-19", "2021-05-03"]
    opens = tab.locator(".event >> nth=0").locator("text=Open article")
    opens.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#timeline-article #cited")
    tab.wait_for_function(IN_VIEW)
    assert tab.evaluate(MARKED) == REOPENED
    tab.keyboard.press("Escape")
    assert "Open Harbour bridge open again" in tab.evaluate("document.activeElement.ariaLabel")

    look(tab, "Harbour bridge", "2021-01-01", "2021-05-03")
    assert events(tab, 1) == ["2021-05-03"]
    tab.wait_for_selector("#timeline-list [role=status]:has-text('1 event lies outside of this time')")
    for label, needed in (("CSV", "2021-05-03,,"), ("Markdown", "**3 May 2021**"), ("JSON", CLOSED)):
        with tab.expect_download() as download:
            tab.click(f"#timeline-list .exports >> text={label}")
        told = Path(download.value.path()).read_text("utf-8")
        assert needed in told and REOPENED not in told
        assert download.value.suggested_filename.startswith("harbour-bridge-timeline.")
    assert json.loads(told)["outside"] == 1


def test_where_there_is_no_event_it_is_said_why(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path, *MORE)
    tab = site(archive).tab()
    tab.click("button[role=tab]:has-text('Timeline')")
    for about, after, said in (
        ("Nobody Atall", "", "No article tells of “Nobody Atall”. Try a surname alone"),
        ("old lighthouse", "", "1 article has no date, so that its “yesterday” or “on Sunday” can’t be dated."),
        (
            "Harbour bridge",
            "2030-01-01",
            "Nothing is told of “Harbour bridge” in this time; 2 events lie outside of it.",
        ),
        (
            "Harbour bridge",
            "the day after",
            "“From” is 'the day after', which is not a date. Write it as 2023-06-18 or",
        ),
        ("Harbour bridge", "2021-05-04", "1 event"),
    ):
        look(tab, about, after, "2021-05-01" if said == "1 event" else "")
        if said == "1 event":  # the end before the beginning
            tab.wait_for_selector("#timeline-list .notice:has-text('is not before')")
        else:
            tab.wait_for_selector(f"#timeline-list .notice:has-text({json.dumps(said, ensure_ascii=False)})")
        assert tab.locator(".event").count() == 0
    look(tab, "")
    tab.wait_for_selector("#timeline-list :has-text('Name a person, a place or a story')")


def test_an_empty_archive_says_so(site: Serve, tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "empty", chat_model="extractive", embeddings=FakeEmbeddings())
    tab = site(archive).tab()
    tab.click("button[role=tab]:has-text('Timeline')")
    tab.wait_for_selector("#timeline-list .notice:has-text('The archive is empty.')")
    look(tab, "Harbour bridge")
    tab.wait_for_selector("#timeline-list .notice:has-text('Add articles under Archive')")
