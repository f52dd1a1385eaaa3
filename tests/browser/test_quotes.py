"""Quotes in a real browser: those that answer, before a model has written, and those of the tab Quotes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from said import forget_quotes, put_quotes

from rag.composing import AnswerText
from rag.types import Citation, Event, Finished, Progress, Quoted
from tests.browser.conftest import Site
from tests.browser.harbour import HOLT, IN_VIEW, MARKED, harbour

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]


def test_quotes_come_first_and_stay_where_they_are_while_the_model_writes(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    asked = "Why was the harbour bridge closed?"
    whole = archive.ask(asked)
    go = [threading.Event() for _ in range(3)]
    monday = "The harbour bridge was closed on Monday because engineers found cracks in two piers."

    def stream(question: str, **_: Any) -> Iterator[Event]:
        found = archive.retrieve(question)
        passage = next(h.passage for h in found.hits if h.passage.title == "Harbour bridge closed")
        text = AnswerText()
        (quote,) = text.quote([
            Citation(
                number=0, article_id=passage.article_id, title=passage.title, source=passage.source, quote=monday, start=0,
                end=len(monday), claim=(0, 0), support="verbatim", words=(40, len(monday) - 1), speaker="Maren Holt",
            )
        ])  # fmt: skip
        yield found
        yield Quoted(quotes=(quote,))
        assert go[0].wait(30)
        for done in range(0, 100, 10):
            yield Progress(stage="reading", done=done, total=100)
        assert go[1].wait(30)
        yield text.add("Engineers had found cracks.", [quote.model_copy(update={"support": "supported"})])
        assert go[2].wait(30)
        update = {"text": text.text, "citations": text.cited, "summarized": True, "answered": True, "reason": None}
        yield Finished(answer=whole.model_copy(update=update))

    archive.stream = stream  # type: ignore[method-assign]
    tab = site(archive).tab()
    tab.fill("#question textarea", asked)
    tab.press("#question textarea", "Enter")
    tab.wait_for_selector("#live .quoted mark")
    assert tab.inner_text("#live .quoted mark") == monday[40:-1]
    assert "Maren Holt" in tab.inner_text("#live .quoted")
    assert tab.inner_text("#side .hit mark") == monday
    quoted = tab.locator("#live .quoted blockquote")
    place = quoted.bounding_box()
    copy = tab.get_by_role("button", name="Copy quote 1")
    copy.focus()
    go[0].set()
    tab.wait_for_selector("#live .progress-line:has-text('Writing a summary')")
    tab.wait_for_selector("#live .progress-line progress")
    assert quoted.bounding_box() == place
    assert tab.evaluate("document.activeElement.ariaLabel") == "Copy quote 1"
    go[1].set()
    tab.wait_for_selector("#live .summary:has-text('Engineers had found cracks.')")
    summary = tab.locator("#live .summary").bounding_box()
    assert summary["y"] + summary["height"] <= quoted.bounding_box()["y"]
    assert tab.evaluate("document.activeElement.ariaLabel") == "Copy quote 1"
    place = quoted.bounding_box()["y"]
    go[2].set()
    tab.wait_for_selector("#live .tools")
    assert abs(quoted.bounding_box()["y"] - place) < 1
    assert tab.locator("#live .progress-line").count() == 0
    tab.click("#live .summary button.cite")
    tab.wait_for_selector("#cited")
    assert tab.evaluate(MARKED) == monday
    del archive.stream


COPIED = (
    f"“{HOLT}”\n— Maren Holt, port director; City Herald, Harbour bridge closed, 3 May 2021\n"
    "https://city-herald.example/bridge"
)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (400, 844)])
def test_quotes_are_found_copied_and_opened_at_their_words(
    site: Serve, tmp_path: Path, width: int, height: int
) -> None:
    archive = harbour(tmp_path)
    cost = "The repairs of the harbour bridge will cost 12 million crowns"
    put_quotes(
        archive, "bridge", (HOLT, "Maren Holt", {"role": "port director"}), (cost, "the authority", {"direct": False})
    )
    put_quotes(archive, "ferry", ("Three more ferries will run", "Odd Berg", {"direct": False}))
    tab = site(archive).tab(width, height, permissions=["clipboard-read", "clipboard-write"])
    tab.click("button[role=tab]:has-text('Quotes')")
    tab.wait_for_function("document.querySelectorAll('.quote').length === 3")
    assert "Odd Berg" in tab.inner_text(".quote >> nth=0")  # the newest first

    tab.fill("#speaker input", "holt")
    tab.press("#speaker input", "Enter")
    tab.wait_for_function("document.querySelectorAll('.quote').length === 1")
    assert "word for word" in tab.inner_text(".quote")
    with tab.expect_download() as download:
        tab.click("#quotes-list .exports a:has-text('CSV')")
    assert "Maren Holt" in Path(download.value.path()).read_text("utf-8")
    tab.click(".quote >> text=Copy quote")
    tab.wait_for_selector(".quote >> text=Copied")
    assert tab.evaluate("navigator.clipboard.readText()") == COPIED

    tab.fill("#speaker input", "")
    tab.fill("#about input", "cost of the repairs")
    tab.click("#find-quotes")
    tab.wait_for_selector(".quote >> nth=0 >> text=the authority")
    opens = tab.locator(".quote", has_text="12 million").locator("text=Open article")
    opens.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#quote-article #cited")
    tab.wait_for_function(IN_VIEW)
    assert tab.evaluate(MARKED) == cost
    tab.keyboard.press("Escape")
    assert "Open Harbour bridge closed" in tab.evaluate("document.activeElement.ariaLabel")
    tab.click("#quote-article >> text=Close")
    tab.wait_for_selector("#quote-article .reading", state="detached")

    tab.fill("#speaker input", "Nobody Atall")
    tab.click("#find-quotes")
    tab.wait_for_selector("#quotes-list .notice:has-text('Try a surname')")
    forget_quotes(archive)
    tab.click("#find-quotes")
    tab.wait_for_selector("#quotes-list .notice:has-text('onrecord doctor --repair')")
