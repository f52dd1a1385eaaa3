"""The page: its tabs put together, the sessions of open browser tabs, and how it is mounted on the service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before Gradio is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr
from rag.ui import lists
from rag.ui.downloads import downloads, shared
from rag.ui.endpoints import add_endpoints
from rag.ui.session import TabSession
from rag.ui.shell import PageShell
from rag.ui.starters import StarterQuestions
from rag.ui.tabs.archive import ArchiveTab, ingest_events
from rag.ui.tabs.ask import AskTab
from rag.ui.tabs.collections import CollectionsTab
from rag.ui.tabs.common import IMMEDIATE, STREAMING, Changes, html, page_file
from rag.ui.tabs.quotes import QuotesTab
from rag.ui.tabs.search import SearchTab
from rag.ui.tabs.settings import SettingsTab
from rag.ui.tabs.sources import SourcesTab
from rag.ui.tabs.timeline import TimelineTab
from rag.ui.theme import theme
from rag.ui.visits import Visits

from rag.answer.models.chat import is_remote

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rag.service.access import Access
    from rag.service.roles import Deed
    from rag.service.scheduler import RequestScheduler

_LARGEST_UPLOAD = "200mb"
_MOST_TABS = 500
"""Tabs whose fields Gradio remembers; those used longest ago begin anew."""
_SWEEP, _STALE = 600, 6 * 3600
"""Seconds between sweeps of uploads that nobody took in, and after which they are deleted."""
_FINISHED = 100
"""Finished events that Gradio keeps for a view of its own that is off here; by itself ten thousand."""
_QUEUE_PAUSE = 0.05
"""Seconds between two looks at Gradio's queue while it is empty. By itself it looks every millisecond, which takes 3 to
4 percent of a core for as long as the service runs."""


class Page:
    """The blocks over one scheduler, and the sessions of the browser tabs that are open."""

    def __init__(self, scheduler: RequestScheduler, access: Access) -> None:
        """Take the scheduler, and who knows which user a request comes from."""
        self.scheduler = scheduler
        self._user_of, self._signed_in = access.user, access.signed_in
        self._starters = StarterQuestions(scheduler.archive)
        self.visits = Visits(self._let_go)
        self._blocks: gr.Blocks | None = None

    # -- sessions ------------------------------------------------------------------

    def session(self, request: gr.Request) -> TabSession:
        """The session of the browser tab that a request comes from."""
        session = self.visits.session(str(request.session_hash), lambda: self.new_session(request.request))
        if session.user != self._user_of(request.request):  # the tab's name is the browser's to choose
            raise gr.Error("Somebody else has signed in meanwhile. Load the page again.", print_exception=False)
        if self._blocks and (kept := self._blocks.state_holder.session_data.get(str(request.session_hash))):
            kept.config_values.clear()  # a copy of every component's settings, for deep links, which there are none of
        return session

    def new_session(self, request: Any) -> TabSession:
        """A new session for the user that a request comes from."""
        return TabSession(self.scheduler, self._user_of(request), self._starters)

    def _let_go(self, tab: str) -> None:
        """Delete what Gradio keeps for a tab: a megabyte, for as long as the server runs."""
        if self._blocks is None:
            return
        for kept in (
            self._blocks.state_holder.session_data,
            self._blocks.state_holder.time_last_used,
            self._blocks._queue.pending_messages_per_session,
            self._blocks._queue.pending_event_ids_session,
        ):
            kept.pop(tab, None)

    # -- blocks --------------------------------------------------------------------

    def blocks(self) -> gr.Blocks:
        """Everything on the page."""
        with gr.Blocks(
            title="OnRecord", analytics_enabled=False, fill_width=True, delete_cache=(_SWEEP, _STALE)
        ) as blocks:
            self.head = html("head")
            with gr.Tabs(elem_id="tabs") as tabs:
                with gr.Tab("Ask", id="ask") as ask_tab:
                    self.ask = AskTab(self)
                with gr.Tab("Search", id="search") as search_tab:
                    self.search = SearchTab(self)
                with gr.Tab("Quotes", id="quotes") as quotes_tab:
                    self.quotes = QuotesTab(self)
                with gr.Tab("Timeline", id="timeline") as timeline_tab:
                    self.timeline = TimelineTab(self)
                with gr.Tab("Archive", id="archive") as archive_tab:
                    self.archive = ArchiveTab(self)
                with gr.Tab("Collections", id="collections") as sets_tab:
                    self.collections = CollectionsTab(self)
                with gr.Tab("Sources", id="sources") as sources_tab:
                    self.sources = SourcesTab(self)
                with gr.Tab("Settings", id="settings"), gr.Column(elem_id="settings-column"):
                    self.settings = SettingsTab(self)
            add_endpoints(self)  # before the page's own events, which would have the names first
            everything = [*self.overview_parts, *self.ask.shown]
            self.by_role: dict[Any, Deed] = {
                sources_tab: "sources",
                self.archive.upload: "upload",
                self.archive.folder: "upload",
            }
            loaded = [*everything, self.ask.collection, *self.by_role]
            blocks.load(self._load, None, loaded, **IMMEDIATE).then(self.greet, None, self.ask.past, **STREAMING)
            for place in (self.ask.past, self.ask.live):
                place.sample(self._ingest_sample, None, everything, **STREAMING)
            self.ask.wire(self.settings.options)
            ask_tab.select(self.ask.collections, None, self.ask.collection, **IMMEDIATE)
            self.search.wire(search_tab, tabs, self.ask.chips)
            self.quotes.wire(quotes_tab)
            self.timeline.wire(timeline_tab)
            self.archive.wire(archive_tab)
            self.collections.wire(sets_tab, tabs)
            self.sources.wire(sources_tab)
        blocks.state_session_capacity = _MOST_TABS
        self._blocks = blocks
        return blocks

    # -- what concerns several tabs ------------------------------------------------

    @property
    def overview_parts(self) -> list[Any]:
        """The components that ``overview`` changes."""
        return [self.head, self.ask.sources, self.ask.language, self.archive.outlet]

    def overview(self, request: gr.Request) -> Changes:
        """The masthead and the choices of the filters, as the archive is now."""
        archive = self.scheduler.archive
        stats = archive.stats() if archive.exists else None
        model = archive.model
        outlets = [(s or "without an outlet", s) for s in stats.sources] if stats else []
        languages = [("any", ""), *((x, x) for x in (stats.languages if stats else ()))]
        return {
            self.head: lists.masthead(stats, model, is_remote(model), self._signed_in(request.headers) or ""),
            self.ask.sources: gr.update(choices=outlets),
            self.ask.language: gr.update(choices=languages),
            self.archive.outlet: gr.update(choices=[("all", ""), *outlets]),
        }

    def greet(self, request: gr.Request) -> Any:
        """Example questions, once they have been tried."""
        greeting = self.session(request).greeting()
        return gr.skip() if greeting is None else greeting

    def _load(self, request: gr.Request) -> Changes:
        session = self.session(request)
        update = session.open_conversation(session.conversation)
        changes = {**self.overview(request), **self.ask.changes(session, update)}
        changes[self.ask.list] = self.ask.conversation_list(session, "")
        changes[self.ask.chips] = ""
        changes[self.ask.collection] = self.ask.collections(request)
        may = self.scheduler.desk.may
        changes.update({part: gr.update(visible=may(session.user, deed)) for part, deed in self.by_role.items()})
        return changes

    def _ingest_sample(self, request: gr.Request) -> Iterator[Changes]:
        """Ingest the sample corpus, from the welcome of an empty archive."""
        session = self.session(request)
        result = ""
        for result, _ in ingest_events(session.ingest_sample()):
            yield {self.ask.past: result}
        self._starters.questions()
        update = session.redrawn()
        if result.startswith('<div class="failed"'):
            yield {self.ask.past: result + lists.first_run()}
        else:
            yield {**self.overview(request), **self.ask.changes(session, update)}


def mount(app: FastAPI, scheduler: RequestScheduler, access: Access) -> FastAPI:
    """Put the page at / of an application, and its downloads beside it.

    Args:
        app: The service's; its own routes come first.
        scheduler: Asks the archive.
        access: Knows which user a request comes from.
    """
    # Gradio keeps uploads in files of its own, which are to go with the service's.
    os.environ["GRADIO_TEMP_DIR"] = str(scheduler.spool.folder() / "page")
    page = Page(scheduler, access)
    app.include_router(downloads(page.new_session))
    app.include_router(shared(page.new_session))
    blocks = page.blocks()
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        # In the head as it is: what is handed over as css is taken apart at commas and scoped.
        head=f'<meta name="color-scheme" content="light dark"><style>{page_file("page.css")}</style>',
        theme=theme(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        show_error=True,
        max_file_size=_LARGEST_UPLOAD,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    app.add_middleware(PageShell, visits=page.visits)
    blocks._queue.sleep_when_free = _QUEUE_PAUSE
    blocks._queue.ANALYTICS_MAX_EVENTS = _FINISHED
    return app


__all__ = ["Page", "mount"]
