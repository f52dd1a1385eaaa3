"""The tab Sources: what keeps coming, what came of it, and errors in words.

Only web addresses can be added here, and only what the settings allow is fetched: nothing that a page sends changes
that. Folders, buckets and credentials are for whoever runs the service (``onrecord sources add``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gradio as gr
from rag.ui import sources
from rag.ui.tabs.common import IMMEDIATE, STREAMING, Changes, event_data, html

from rag.errors import OnRecordError
from rag.service.syncing import GivesWay

if TYPE_CHECKING:
    from rag.ui.app import Page

    from rag.sources.values import SourceReport


class SourcesTab:
    """Adds, reads, pauses and removes sources."""

    def __init__(self, page: Page) -> None:
        """Build the tab's blocks."""
        self.page = page
        with gr.Column(elem_id="sources-column"):
            with gr.Row():
                self.address = gr.Textbox(
                    label="Address", placeholder="https://… of a feed, a sitemap, a page or a news site",
                    elem_id="source-address", max_lines=1, max_length=2000, scale=3, min_width=240,
                )  # fmt: skip
                self.withdrawn = gr.Checkbox(
                    label="Delete here what it withdraws", elem_id="source-remove", min_width=240
                )
                self.add_button = gr.Button("Add", elem_id="add-source", scale=0, min_width=90)
                self.read_button = gr.Button("Read all now", elem_id="sync-sources", scale=0, min_width=150)
            self.result = html("source-result")
            self.list = html("source-list")

    def wire(self, tab: gr.Tab) -> None:
        """Connect the events."""
        page = self.page
        shown = [self.result, self.list]
        tab.select(self.show, None, shown, **IMMEDIATE)
        given = [self.address, self.withdrawn]
        for event in (self.address.submit, self.add_button.click):
            event(self.add, given, [*shown, self.address], **STREAMING)
        after = [*shown, *page.overview_parts]
        self.read_button.click(self.read_all, None, after, **STREAMING)
        self.list.syncsource(self.read_one, None, after, **STREAMING)
        self.list.pausesource(self.pause, None, shown, **IMMEDIATE)
        self.list.removesource(self.remove, None, shown, **IMMEDIATE)

    def show(self) -> tuple[str, str]:
        """The sources as they are now, and no result."""
        return "", self._listed()

    def _listed(self) -> str:
        kept = self.page.scheduler.archive.sources
        return sources.source_list(kept.all(), kept.daily(sources.DAYS), datetime.now(UTC).date())

    def add(self, address: str, withdrawn: bool, request: gr.Request) -> tuple[str, str, str]:
        """Keep a web address; it is looked at once."""
        if not address.strip():
            return "", self._listed(), ""
        try:
            self._check(request)
            self.page.scheduler.archive.sources.add(address, remove=bool(withdrawn), local=False)
        except OnRecordError as e:
            return sources.failed(str(e)), self._listed(), address
        return "", self._listed(), ""

    def read_all(self, request: gr.Request) -> Iterator[Changes]:
        """Sync all sources."""
        yield from self._sync([], request)

    def read_one(self, request: gr.Request, event: gr.EventData) -> Iterator[Changes]:
        """Sync one source."""
        yield from self._sync([str(event_data(event)["source"])], request)

    def _sync(self, names: list[str], request: gr.Request) -> Iterator[Changes]:
        """Sync in a thread of its own, which goes on when the browser tab is closed; its figures as they change."""
        try:
            self._check(request)
        except OnRecordError as e:
            yield {self.result: sources.failed(str(e))}
            return
        archive = self.page.scheduler.archive
        told: dict[str, SourceReport] = {}
        problems: list[str] = []
        give_way = GivesWay(self.page.scheduler, threading.Event())

        def work() -> None:
            try:
                archive.sources.sync(names, progress=lambda r: told.__setitem__(r.source, r), give_way=give_way)
            except OnRecordError as e:
                problems.append(str(e))

        running = threading.Thread(target=work, name="onrecord-page-sync", daemon=True)
        running.start()
        while running.is_alive():
            yield {self.result: sources.syncing(list(told.values()))}
            running.join(0.5)
        result = sources.failed(problems[0]) if problems else ""
        yield {**self.page.overview(request), self.result: result, self.list: self._listed()}

    def pause(self, request: gr.Request, event: gr.EventData) -> tuple[str, str]:
        """Leave a source out, or take it in again."""
        data: dict[str, Any] = event_data(event)
        return self._change(request, lambda: self._sources.pause(str(data["source"]), paused=bool(data["paused"])))

    def remove(self, request: gr.Request, event: gr.EventData) -> tuple[str, str]:
        """Forget a source; its articles stay."""
        return self._change(request, lambda: self._sources.remove(str(event_data(event)["source"])))

    @property
    def _sources(self) -> Any:
        return self.page.scheduler.archive.sources

    def _check(self, request: gr.Request) -> None:
        self.page.scheduler.desk.check(self.page.session(request).user, "sources")

    def _change(self, request: gr.Request, change: Any) -> tuple[str, str]:
        try:
            self._check(request)
            change()
        except OnRecordError as e:
            return sources.failed(str(e)), self._listed()
        return "", self._listed()
