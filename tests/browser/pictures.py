"""``python -m tests.browser.pictures DIR``: pictures of the page for the docs: sample corpus, local model.

With ``extractive`` after it, no model is asked: the same pictures in a minute, for a look at the rest.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright
from rag.ui.app import mount

from rag import Archive, Settings
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.service.server import Server, address, bind
from tests.browser.conftest import QUIET, ask
from tests.helpers import ROOT


def main(folder: Path, model: str = "local") -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as work:
        archive = Archive.open(settings=Settings(archive=Path(work) / "archive", model=model))
        archive.ingest(ROOT / "corpus")
        scheduler = RequestScheduler(archive)
        listening = bind("127.0.0.1", 0)
        server = Server(create_app(scheduler, Access(), mount_page=mount), scheduler, shutdown_grace=1.0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--force-device-scale-factor=1", *QUIET]
            )
            for name, width, height, scheme in (
                ("light", 1440, 900, "light"),
                ("dark", 1440, 900, "dark"),
                ("phone", 390, 844, "light"),
            ):
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                tab = context.new_page()
                tab.set_default_timeout(900_000)
                tab.goto(address(listening))
                tab.wait_for_selector(".hero")
                story(tab, folder, name)
                context.close()
            browser.close()
        server.stop()
        thread.join(20)
        scheduler.close(0)
        archive.close()


def story(tab: Any, folder: Path, name: str) -> None:
    """The states worth a picture."""

    def picture(what: str) -> None:
        time.sleep(0.6)
        tab.screenshot(path=folder / f"page-{what}-{name}.png")

    picture("start")
    ask(tab, "what did Qin Gang say about relations?")
    if name == "light":
        tab.fill("#question textarea", "how much will the Kellmouth tram cost?")
        tab.press("#question textarea", "Enter")
        tab.wait_for_selector("#live .progress-line")
        tab.wait_for_selector("#side .hit:has-text('Kellmouth')")
        tab.wait_for_selector("#live .quoted")
        picture("writing")
        tab.wait_for_selector("#live .tools")
        picture("disagree")
    else:
        ask(tab, "how much will the Kellmouth tram cost?")
    tab.click("#past .quoted button:has-text('Open') >> nth=0")
    tab.wait_for_selector("#cited")
    tab.mouse.move(5, 5)
    if name != "phone":
        tab.evaluate("document.querySelector('#past .turn').scrollIntoView()")
    picture("cited")
    ask(tab, "who won the 2022 World Cup?")
    picture("refusal")
    ask(tab, "what did Qin Gang say about relations in June 2023?")
    picture("when")
    tab.click("button[role=tab]:has-text('Quotes')")
    tab.fill("#speaker input", "Qin")
    tab.fill("#about input", "relations")
    tab.press("#about input", "Enter")
    tab.wait_for_selector("#quotes-list :has-text('best match first')")
    tab.click(".quote >> nth=0 >> text=Open article")
    tab.wait_for_selector("#quote-article #cited")
    picture("quotes")
    tab.click("button[role=tab]:has-text('Timeline')")
    tab.fill("#timeline-about input", "Qin Gang")
    tab.press("#timeline-about input", "Enter")
    tab.wait_for_selector(".event")
    picture("timeline")
    tab.click("button[role=tab]:has-text('Archive')")
    tab.wait_for_selector(".coverage rect")
    picture("archive")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
