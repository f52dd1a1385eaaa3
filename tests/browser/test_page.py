"""The page in a real browser, doing what a person does."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import row, write_rows
from said import put_quotes

from rag import Archive, Settings
from rag.testing import FakeChat
from tests.browser.conftest import Site, ask, write
from tests.browser.harbour import IN_VIEW, MARKED, SHIFTS, harbour
from tests.conftest import SHARED_CACHE

pytestmark = pytest.mark.slow

Serve = Callable[..., Site]


@pytest.mark.models
def test_from_an_empty_archive_to_an_exported_conversation(site: Serve, tmp_path: Path) -> None:
    archive = Archive.open(settings=Settings(archive=tmp_path / "archive", cache=SHARED_CACHE, model="extractive"))
    tab = site(archive).tab()
    tab.wait_for_selector(".masthead:has-text('archive is empty')")
    tab.click("text=Load the sample articles")
    tab.wait_for_selector(".examples button", timeout=120_000)
    tab.wait_for_selector(".masthead:has-text('18 articles')")

    # An example question: evidence, answer, and the cited words in view.
    tab.evaluate(SHIFTS)
    tab.click(".examples button >> nth=0")
    tab.wait_for_selector("#side .hit")
    tab.wait_for_selector("#live .quoted")
    tab.wait_for_selector("#live .tools")
    assert tab.evaluate("shifts") < 0.1
    quote = tab.inner_text("#live .quoted li[value='1'] blockquote")
    tab.click("#live .quoted li[value='1'] button:has-text('Open')")
    tab.wait_for_selector("#cited")
    assert " ".join(tab.evaluate(MARKED).split()) == quote
    assert tab.evaluate(IN_VIEW)
    tab.click("text=Back to evidence")
    tab.wait_for_selector("#side .hit mark")

    # A conversation: a question, one that leans on it, and one that the archive doesn't answer.
    tab.click("text=New conversation")
    tab.wait_for_selector(".examples")
    first = ask(tab, "what did Qin Gang say about relations?")
    assert "lowest point" in first.locator(".quoted").inner_text()
    assert first.locator(".summary").count() == 0, "nothing is told twice"
    second = ask(tab, "and what did Wang Yi say?")
    assert "Wang Yi" in second.locator(".standalone").inner_text()
    assert second.locator(".quoted li").count() >= 1
    refused = ask(tab, "who won the 2022 World Cup?")
    assert refused.locator(".refusal").count() == 1
    assert refused.locator(".quoted, .cite").count() == 0
    assert "Articles in the archive: 18" in refused.locator(".refusal").inner_text()
    tab.wait_for_selector("#side h2:has-text('Nearest passages')")
    tab.click("#past .turn >> nth=0 >> button:has-text('Evidence')")
    tab.wait_for_selector("#side .evidence[data-turn-number='1'] mark")

    # A filter, shown as a chip, and off again.
    tab.click("#filters > button")
    tab.click("#f-sources input")
    tab.click("[role=option]:has-text('Lakeshore Tribune')")
    tab.keyboard.press("Escape")
    tab.wait_for_selector(".chip:has-text('Lakeshore Tribune')")
    kept = ask(tab, "what did Qin Gang say about relations?")
    assert kept.locator(".by:not(:has-text('Lakeshore Tribune'))").count() == 0
    tab.wait_for_selector("#side .hit small:not(:has-text('Lakeshore'))", state="detached")
    tab.click(".chip:has-text('Lakeshore Tribune')")
    tab.wait_for_selector(".chip", state="detached")

    # A file of one's own, and a question to it.
    mine = write(
        tmp_path,
        "strike.txt",
        "Dockers end strike\n\nThe dockers of Sarrano ended their strike on 3 March 2024 after nine days.\n",
    )
    broken = tmp_path / "picture.bin"
    broken.write_bytes(bytes(range(256)))
    tab.click("button[role=tab]:has-text('Archive')")
    tab.wait_for_selector(".coverage rect")
    tab.set_input_files("#upload input[type=file]", [mine, broken])
    tab.wait_for_selector(".ingest-result")
    result = tab.locator(".ingest-result").inner_text()
    assert "1 added" in result
    assert re.search(r"strike\.txt\s+taken in", result)
    assert re.search(r"picture\.bin\s+skipped: unknown format", result)
    assert str(tmp_path) not in result
    tab.wait_for_selector(".masthead:has-text('19 articles')")
    tab.click("button[role=tab]:has-text('Ask')")
    found = ask(tab, "when did the dockers of Sarrano end their strike?")
    assert "3 March 2024" in found.locator(".quoted").inner_text()

    # What was said of it, and all of it to take away.
    found.locator("text=Good").click()
    found.locator(".tools input").wait_for()
    assert tab.locator("#live [aria-pressed=true]").inner_text() == "Good"
    files = {}
    for label in ("Markdown", "HTML", "Feedback as evaluation cases"):
        with tab.expect_download() as download:
            tab.click(f"#exports a:has-text('{label}')")
        files[label] = Path(download.value.path()).read_text("utf-8")
    assert "lowest point" in files["Markdown"]
    assert "3 March 2024" in files["HTML"]
    (case,) = map(json.loads, files["Feedback as evaluation cases"].splitlines())
    assert case["question"] == "when did the dockers of Sarrano end their strike?"


@pytest.mark.models
def test_the_local_model_answers_in_the_page(site: Serve, sample_archive: Archive, tmp_path: Path) -> None:
    shutil.copytree(sample_archive.path, tmp_path / "archive")
    archive = Archive.open(settings=Settings(archive=tmp_path / "archive", cache=SHARED_CACHE))
    tab = site(archive).tab()
    tab.fill("#question textarea", "what did Qin Gang say about relations?")
    tab.press("#question textarea", "Enter")
    # Asked within the page at every frame: on a busy machine the summary is there before this program looks.
    alone = "const of = name => document.querySelector(`#live ${name}`); return of('.quoted') && !of('.summary')"
    alone = f"() => {{ {alone} && of('.progress-line').checkVisibility() }}"
    tab.wait_for_function(alone, timeout=120_000)  # quotes stand there, and progress, before the first word
    tab.wait_for_selector("#side .hit")
    assert "lowest point" in tab.inner_text("#live .quoted")
    tab.wait_for_selector("#live .tools", timeout=120_000)
    quote = tab.inner_text("#live .quoted blockquote >> nth=0")
    tab.click("#live .quoted button:has-text('Open') >> nth=0")
    tab.wait_for_selector("#cited")
    assert " ".join(tab.evaluate(MARKED).split()) == quote
    assert tab.evaluate(IN_VIEW)


def test_words_far_down_come_into_view_and_the_keyboard_gets_there_and_back(site: Serve, tmp_path: Path) -> None:
    for width, height in ((1440, 900), (390, 844)):
        chat = FakeChat(["The repairs will cost 12 million crowns, the authority said. [1]"])
        archive = harbour(tmp_path / str(width), chat=chat)
        tab = site(archive).tab(width, height)
        last = ask(tab, "How much will the repairs of the harbour bridge cost?")
        cite = last.locator("button.cite").first
        assert "12 million" in str(cite.get_attribute("aria-label"))
        cite.focus()
        assert last.locator(".tip").first.is_visible()
        tab.keyboard.press("Enter")
        tab.wait_for_selector("#cited")
        tab.wait_for_function(IN_VIEW)
        assert (
            tab.evaluate(MARKED) == "The repairs of the harbour bridge will cost 12 million crowns, the authority said."
        )
        assert tab.evaluate("document.activeElement.id") == "cited"
        tab.keyboard.press("Escape")
        assert tab.evaluate("document.activeElement.className") == "cite"
        archive.close()


NASTY = (
    '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 2"> [click](javascript:window.pwned=3) '
    "<gradio-app></gradio-app> ${window.pwned = 4} {{constructor.constructor('window.pwned = 5')()}}"
)


def test_markup_in_articles_questions_and_models_is_text(site: Serve, tmp_path: Path) -> None:
    nasty = row(
        "nasty", f"The lighthouse keeper wrote {NASTY} on the wall.", title=f"Lighthouse {NASTY}", source=f"Outlet {NASTY}",
        author=NASTY, published="2022-01-01", url="https://example.org/\"onmouseover='window.pwned=6'",
    )  # fmt: skip
    chat = FakeChat([f"The lighthouse keeper wrote {NASTY} on the wall. [1]\n{NASTY} [9]"])
    archive = harbour(tmp_path, nasty, chat=chat)
    put_quotes(archive, "nasty", ("wrote", NASTY, {"role": NASTY, "verb": NASTY}))
    tab = site(archive).tab()
    last = ask(tab, f"What did the lighthouse keeper write on the wall? {NASTY}")
    assert NASTY[:20] in last.locator("h3").first.inner_text()
    tab.wait_for_selector("#side .hit")
    tab.click("#side .hit button >> nth=0")
    tab.wait_for_selector(".reading")
    assert NASTY[:40] in tab.inner_text("#side")
    tab.click("button[role=tab]:has-text('Quotes')")
    tab.wait_for_selector(".quote")
    assert NASTY[:40] in tab.inner_text(".quote strong")
    tab.click(".quote >> text=Open article")
    tab.wait_for_selector("#quote-article #cited")
    tab.click("button[role=tab]:has-text('Archive')")
    tab.wait_for_selector(".articles li")
    tab.locator(".articles .open", has_text="Lighthouse").click()
    tab.wait_for_selector("#reader .reading")
    tab.click("button[role=tab]:has-text('Ask')")
    tab.hover(".turn h3")
    time.sleep(0.3)
    assert tab.evaluate("window.pwned") is None
    assert tab.locator(".onr script, .onr img, .onr gradio-app, .onr a[href^='javascript']").count() == 0


def test_stop_retry_edit(site: Serve, tmp_path: Path) -> None:
    slow = FakeChat(["The harbour bridge was closed because engineers found cracks in two piers. [1]"] * 9, delay=1.0)
    archive = harbour(tmp_path, chat=slow)
    made = site(archive)
    tab = made.tab()
    tab.fill("#question textarea", "Why was the harbour bridge closed?")
    tab.press("#question textarea", "Enter")
    tab.wait_for_selector("#question button:has-text('Stop')")
    assert "Stop first" in (tab.get_attribute("#question textarea", "placeholder") or "")
    tab.wait_for_selector("#live .quoted")
    tab.click("#question button:has-text('Stop')")
    tab.wait_for_selector("#live .tools")
    assert tab.locator("#live .quoted").count() > 0, "what was found stays"
    assert made.scheduler.running == 0
    slow.delay = 0.0
    tab.evaluate("document.querySelector('#live .turn').classList.add('stopped')")
    tab.click("#live button:has-text('Retry')")
    tab.wait_for_selector("#live .turn:not(.stopped) .quoted")
    tab.wait_for_selector("#live .turn:not(.stopped) .tools")
    assert tab.locator(".turn").count() == 1
    ask(tab, "How many ferries will run from June?")
    assert tab.locator(".turn").count() == 2
    tab.click(".turn >> nth=0 >> button:has-text('Edit')")
    tab.wait_for_selector(".editing")
    assert tab.input_value("#question textarea") == "Why was the harbour bridge closed?"
    tab.fill("#question textarea", "Why was the bridge of the harbour closed on Monday?")
    tab.press("#question textarea", "Enter")
    tab.wait_for_function("document.querySelectorAll('.turn').length === 1")
    tab.wait_for_selector("#live .tools")
    assert tab.inner_text(".turn h3 >> nth=0") == "Why was the bridge of the harbour closed on Monday?"
    assert tab.locator(".editing").count() == 0
    (conversation,) = archive.conversations.list("local")
    assert conversation.turns == 1


def test_who_leaves_stops_the_work(site: Serve, tmp_path: Path) -> None:
    slow = FakeChat(["The harbour bridge was closed because engineers found cracks. [1]"], delay=5.0)
    archive = harbour(tmp_path, chat=slow)
    made = site(archive)
    tab = made.tab()
    tab.fill("#question textarea", "Why was the harbour bridge closed?")
    tab.press("#question textarea", "Enter")
    tab.wait_for_selector("#side .hit")
    assert made.scheduler.running == 1
    tab.context.close()
    made.contexts.clear()
    left = time.monotonic()
    while made.scheduler.running and time.monotonic() < left + 10:
        time.sleep(0.05)
    assert time.monotonic() - left < 2.0


def test_who_waits_sees_the_place(site: Serve, tmp_path: Path) -> None:
    slow = FakeChat(["The harbour bridge was closed because engineers found cracks in two piers. [1]"] * 3, delay=0.25)
    archive = harbour(tmp_path, chat=slow)
    made = site(archive, workers=1)
    tabs = [made.tab() for _ in range(2)]
    for tab in tabs:
        tab.fill("#question textarea", "Why was the harbour bridge closed?")
        tab.press("#question textarea", "Enter")
        tab.wait_for_selector("#live .progress-line")
    tabs[1].wait_for_selector("#live .progress-line:has-text('You are next')")
    for tab in tabs:
        tab.wait_for_selector("#live .quoted")
        tab.wait_for_selector("#live .tools")


def test_a_takedown_reaches_the_conversation_and_a_change_is_said(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    made = site(archive)
    tab = made.tab()
    ask(tab, "How much will the repairs of the harbour bridge cost?")
    ask(tab, "How many ferries will run from June?")
    archive.ingest(
        write_rows(tmp_path / "new.jsonl", row("ferry", "Four more ferries will run from July.", source="Coast Radio"))
    )
    tab.reload()
    tab.wait_for_selector(".conversations .open")
    tab.click(".conversations .open")
    tab.wait_for_selector("#live .badge:has-text('has changed since')")
    tab.click("#live .quoted button:has-text('Open') >> nth=0")
    tab.wait_for_selector(".notice")
    assert tab.evaluate(MARKED).startswith("Three more ferries")
    tab.click("text=Show the newest")
    tab.wait_for_selector(".reading:has-text('Four more ferries')")

    tab.click("button[role=tab]:has-text('Archive')")
    tab.locator(".articles li", has_text="Harbour bridge closed").locator("text=Delete").click()
    tab.wait_for_selector(".articles li:has-text('Harbour bridge closed')", state="detached")
    tab.click("button[role=tab]:has-text('Ask')")
    tab.wait_for_selector("#past .refusal:has-text('taken down')")
    assert "12 million" not in tab.inner_text("body")
    with tab.expect_download() as download:
        tab.click("#exports a:has-text('Markdown')")
    assert "12 million" not in Path(download.value.path()).read_text("utf-8")


def test_conversations_are_found_renamed_and_deleted(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    tab = site(archive).tab()
    ask(tab, "How much will the repairs of the harbour bridge cost?")
    tab.click("text=New conversation")
    tab.wait_for_selector("#live .turn", state="detached")
    ask(tab, "How many ferries will run from June?")
    tab.wait_for_function("document.querySelectorAll('.conversations li').length === 2")
    tab.fill("#find input, #find textarea", "million crowns")
    tab.wait_for_function("document.querySelectorAll('.conversations li').length === 1")
    tab.wait_for_selector(".conversations li:has-text('repairs')")
    tab.fill("#find input, #find textarea", "")
    tab.wait_for_function("document.querySelectorAll('.conversations li').length === 2")
    tab.click(".conversations .open:has-text('repairs')")
    tab.wait_for_selector("#live .turn:has-text('12 million')")
    store, (found,) = archive.conversations, archive.conversations.list("local", "repairs")
    for _ in range(32):
        store.append(found.id, "local", "And how many ferries will run?", store.turns(found.id, "local")[0].answer)
    tab.click(".conversations .open:has-text('repairs')")
    tab.wait_for_selector(".earlier:has-text('The first 3 questions are not shown')")
    assert tab.locator(".turn").count() == 30
    tab.click(".earlier >> text=Show all 3")
    tab.wait_for_function("document.querySelectorAll('.turn').length === 33")
    tab.locator(".conversations li", has_text="ferries").locator("text=Delete").click()
    tab.wait_for_function("document.querySelectorAll('.conversations li').length === 1")


def test_the_time_of_a_question_is_shown_and_taken_off(site: Serve, tmp_path: Path) -> None:
    june = row(
        "june", "The harbour bridge was closed again because a ship had struck it.", source="Coast Radio",
        published="2021-06-20",
    )  # fmt: skip
    archive = harbour(tmp_path, june)
    tab = site(archive).tab()
    asked = "Why was the harbour bridge closed in May 2021?"
    last = ask(tab, asked)
    assert "2021 first · “in May 2021”" in last.locator(".when").inner_text()
    tab.wait_for_selector("#side .hit small >> nth=0 >> text=May 2021")
    off = last.get_by_role("button", name="Ask again, leaving aside “in May 2021”")
    off.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#live .when", state="detached")
    tab.wait_for_selector("#live .tools")
    assert tab.locator(".turn").count() == 1
    assert tab.inner_text("#live h3") == asked
    tab.wait_for_selector("#side .hit small:has-text('20 June 2021')")
    (conversation,) = archive.conversations.list("local")
    (turn,) = archive.conversations.turns(conversation.id, "local")
    assert turn.answer.query.time is None


def test_where_the_text_goes_is_said(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path, chat=FakeChat(model_name="far-away:model"))
    tab = site(archive).tab()
    tab.wait_for_selector(".masthead:has-text('are sent to far-away:model')")


def test_every_button_has_a_name_and_the_theme_can_be_chosen(site: Serve, tmp_path: Path) -> None:
    archive = harbour(tmp_path)
    tab = site(archive).tab()
    ask(tab, "Why was the harbour bridge closed?")
    nameless = tab.evaluate(
        "() => [...document.querySelectorAll('.onr button, .onr a, .onr input')]"
        ".filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)"
    )
    assert nameless == []
    tab.click("button[role=tab]:has-text('Settings')")
    light = tab.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor")
    tab.click("#s-theme label:has-text('Dark')")
    tab.wait_for_function("document.body.classList.contains('dark')")
    assert tab.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor") != light
    tab.click("#s-theme label:has-text('Light')")
    tab.wait_for_function("!document.body.classList.contains('dark')")
