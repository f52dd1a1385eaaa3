"""A browser, and a service to point it at."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
PATIENCE = 90_000
"""Milliseconds that something may take to appear: on a busy machine the page alone takes half a minute."""
_LEFT = ("AbortError", "Unexpected error Connection errored out")
"""What Gradio says of requests that were on their way when a page was left; one that failed otherwise is noted itself."""
# Without these it looks things up in the background, which a closed network refuses and the console reports.
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, headless; no longer than a module, since Playwright keeps an event loop running meanwhile."""
    if CHROMIUM is None:
        pytest.skip("chromium is not there")
    from playwright.sync_api import sync_playwright

    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=[*sandbox, *QUIET])
        yield opened
        opened.close()


@dataclass
class Site:
    """A running service and the tabs that look at it."""

    address: str
    scheduler: Any
    browser: Any
    odd: list[str] = field(default_factory=list)
    """What a console complained of, and requests that went elsewhere."""
    contexts: list[Any] = field(default_factory=list)
    ours: tuple[str, ...] = ()
    """Beginnings of other addresses that may be asked for, such as those of a proxy before the service."""

    def tab(self, width: int = 1440, height: int = 900, scheme: str = "light", at: str = "", **more: Any) -> Any:
        """A fresh browser's tab on the page, at an address within it."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, accept_downloads=True, **more
        )
        self.contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.wait_for_function = partial(until, tab)
        tab.on("console", self._complained)
        tab.on("pageerror", lambda e: self.odd.append(str(e)))
        tab.on("dialog", lambda d: d.accept())
        tab.on("request", lambda r: self._elsewhere(r.url))
        tab.on("requestfailed", self._failed)
        tab.goto(f"{self.ours[0] if self.ours else self.address}{at and f'/{at}'}")
        tab.wait_for_selector(".masthead h1")
        return tab

    def _complained(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith(_LEFT):
            self.odd.append(message.text)

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.odd.append(f"{request.url}: {request.failure}")

    def _elsewhere(self, url: str) -> None:
        if not url.startswith((*(self.ours or (self.address,)), "data:", "blob:")):
            self.odd.append(f"asked for {url}")


@pytest.fixture
def site(browser: Any) -> Iterator[Callable[..., Site]]:
    """A function that serves an archive and gives the site; everything ends with the test, and nothing odd was seen."""
    from rag.ui.app import mount

    from rag.service.access import Access
    from rag.service.http import create_app
    from rag.service.scheduler import RequestScheduler
    from rag.service.server import Server, address, bind

    ends: list[Callable[[], None]] = []
    sites: list[Site] = []

    def serve(
        archive: Any, *, path_prefix: str = "", trusted_proxies: Sequence[str] = (), access: Any = None, **options: Any
    ) -> Site:
        scheduler = RequestScheduler(archive, **options)
        listening = bind("127.0.0.1", 0)
        app = create_app(
            scheduler,
            access or Access(),
            mount_page=mount,
            path_prefix=path_prefix,
            trusted_proxies=trusted_proxies,
        )
        server = Server(app, scheduler, shutdown_grace=1.0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        made = Site(address(listening), scheduler, browser)
        sites.append(made)

        def end() -> None:
            for context in made.contexts:
                context.close()
            server.stop()
            thread.join(20)
            scheduler.close(0)
            assert not thread.is_alive()
            archive.close()  # a page may ask for something to its last moment

        ends.append(end)
        return made

    yield serve
    for end in ends:
        end()
    for made in sites:
        assert made.odd == []


def until(tab: Any, expression: str, arg: Any = None, timeout: float = PATIENCE) -> None:
    """As Playwright's ``wait_for_function``, which evaluates text within the page, and the page's policy forbids that."""
    end = time.monotonic() + timeout / 1000
    while not tab.evaluate(expression, arg):
        assert time.monotonic() < end, f"never so: {expression}"
        tab.wait_for_timeout(20)


def ask(tab: Any, question: str) -> Any:
    """Type a question, press Enter, and wait for the end of its answer; gives the question's part of the page."""
    before = tab.locator(".turn").count()
    tab.fill("#question textarea", question)
    tab.press("#question textarea", "Enter")
    tab.wait_for_function("n => document.querySelectorAll('.turn').length === n", arg=before + 1)
    last = tab.locator("#live .turn")
    last.locator(".tools").wait_for()
    return last


def write(folder: Path, name: str, text: str) -> Path:
    """A file to upload."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path
