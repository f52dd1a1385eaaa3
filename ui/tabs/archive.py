"""The tab Archive: the articles, uploads, and what dates and outlets are covered."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.utils import get_upload_folder
from rag.ui import coverage, lists
from rag.ui.lists import PAGE
from rag.ui.tabs.common import IMMEDIATE, NEWEST, STREAMING, Changes, event_data, html
from rag.ui.tabs.mending import MendingForm

from rag.errors import OnRecordError
from rag.ingest.preview import Preview
from rag.types import IngestReport

if TYPE_CHECKING:
    from rag.ui.app import Page


class ArchiveTab:
    """Lists, shows and deletes articles, and ingests files."""

    def __init__(self, page: Page) -> None:
        """Build the tab's blocks."""
        self.page = page
        with gr.Row(elem_id="archive-row"):
            with gr.Column(elem_id="archive-list"):
                with gr.Row():
                    self.words = gr.Textbox(
                        label="Search articles",
                        placeholder="Words of the title, author or address",
                        elem_id="article-search",
                    )
                    self.outlet = gr.Dropdown([("all", "")], value="", label="Outlet", elem_id="outlet")
                self.articles = html("articles")
                self.offset = gr.State(0)
            with gr.Column(elem_id="archive-side"):
                self.upload = gr.File(
                    label="Upload articles: pages, documents, tables, exports, agency files, mail",
                    file_count="multiple",
                    elem_id="upload",
                )
                self.folder = gr.UploadButton("Upload a folder", file_count="directory", size="sm", elem_id="folder")
                self.result = html("result")
                self.plot = html("plot")
                self.reader = html("reader")
                self.form = MendingForm(page)

    def wire(self, tab: gr.Tab) -> None:
        """Connect the events."""
        page = self.page
        search: list[Any] = [self.words, self.outlet]
        listed = [self.articles, self.offset]
        form = self.form
        overview = [*listed, self.plot, form.box, form.log, *page.overview_parts]
        conversation = [page.ask.past, page.ask.live, page.ask.side]
        tab.select(self.show, search, overview, **IMMEDIATE)
        gr.on([box.change for box in search], self.search, search, listed, **NEWEST)
        self.articles.turnpage(self.turn_page, search, listed, **IMMEDIATE)
        self.articles.read(self.read, None, [self.reader, form.which, form.told], **IMMEDIATE)
        after = [*overview, self.result, self.reader, *conversation]
        gone = self.articles.takedown(self.delete, search, after, **IMMEDIATE)
        gone.then(page.greet, None, page.ask.past, **STREAMING)
        self.reader.back(lambda: "", None, self.reader, **IMMEDIATE)
        self.reader.cite(self.read, None, [self.reader, form.which, form.told], **IMMEDIATE)
        asked, mended = [*form.asked, *search], [form.told, self.reader, *overview, *conversation]
        form.tried.click(self.try_mending, asked, form.told, **IMMEDIATE)
        form.set.click(self.mend, asked, mended, **IMMEDIATE)
        for place in (form.told, form.log):
            place.undomending(self.undo_mending, search, mended, **IMMEDIATE)
        self.articles.tickmend(self.tick, None, form.filled, **IMMEDIATE)
        after = [form.chosen, form.which, form.told, self.result, *overview, self.upload, *conversation]
        for source in (self.upload, self.folder):
            done = source.upload(self.ingest, [source, *search], after, **STREAMING)
            done.then(page.greet, None, page.ask.past, **STREAMING)  # its example questions, which take seconds

    # -- the list -------------------------------------------------------------------------

    def show(self, words: str, outlet: str, request: gr.Request) -> Changes:
        """The first page of the list, what is covered, and the masthead and filters as the archive is now."""
        return {
            **self.page.overview(request),
            self.articles: self._page_of(words, outlet, 0, request),
            self.offset: 0,
            self.plot: coverage.coverage_chart(self.page.scheduler.archive.months()),
            **self.form.shown(self.page.session(request)),
        }

    def search(self, words: str, outlet: str, request: gr.Request) -> tuple[str, int]:
        """The first page of the articles that match."""
        return self._page_of(words, outlet, 0, request), 0

    def turn_page(self, words: str, outlet: str, request: gr.Request, event: gr.EventData) -> tuple[str, int]:
        """Another page of the list."""
        offset = max(0, int(event_data(event)["offset"]))
        return self._page_of(words, outlet, offset, request), offset

    def _page_of(self, words: str, outlet: str, offset: int, request: gr.Request) -> str:
        found, total = self.page.scheduler.archive.list_articles(
            words, sources=[outlet] if outlet else (), limit=PAGE, offset=offset
        )
        user, desk = self.page.session(request).user, self.page.scheduler.desk
        kept = {a.id for a in found if not desk.may(user, "delete", a.key)}
        return lists.articles(found, total, offset, words, kept, ticks=desk.may(user, "mend"))

    # -- an article -----------------------------------------------------------------------

    def read(self, request: gr.Request, event: gr.EventData) -> Changes:
        """Open an article."""
        session, ident = self.page.session(request), str(event_data(event)["article"])
        return {self.reader: session.article(ident, 0, 0, "", back="Close"), **self.form.opened(session, ident)}

    def tick(self, request: gr.Request, event: gr.EventData) -> Changes:
        """Fill the form with the ticked articles, to be set by hand."""
        ticked = [str(i) for i in event_data(event).get("ticked") or ()]
        return self.form.ticked(self.page.session(request), ticked)

    def try_mending(
        self, which: str | None, chosen: Any, title: str, outlet: str, author: str, published: str, language: str,
        url: str, section: str, words: str, shown: str, request: gr.Request,
    ) -> str:  # fmt: skip
        """What would change."""
        values = (title, outlet, author, published, language, url, section)
        return self.form.mend(self.page.session(request), which, chosen, values, dry=True)[0]

    def mend(
        self, which: str | None, chosen: Any, title: str, outlet: str, author: str, published: str, language: str,
        url: str, section: str, words: str, shown: str, request: gr.Request,
    ) -> Changes:  # fmt: skip
        """Set by hand what is said of articles."""
        values = (title, outlet, author, published, language, url, section)
        told, changed = self.form.mend(self.page.session(request), which, chosen, values, dry=False)
        return self._mended(told, changed, words, shown, request)

    def undo_mending(self, words: str, outlet: str, request: gr.Request, event: gr.EventData) -> Changes:
        """Take back what was set by hand."""
        told, changed = self.form.undo(self.page.session(request), event)
        return self._mended(told, changed, words, outlet, request)

    def _mended(self, told: str, changed: bool, words: str, outlet: str, request: gr.Request) -> Changes:
        if not changed:
            return {self.form.told: told}
        shown = self.show(words, outlet, request)
        return {**shown, self.form.told: told, self.reader: ""}

    def delete(self, words: str, outlet: str, request: gr.Request, event: gr.EventData) -> Changes:
        """Delete an article, here and in conversations."""
        session = self.page.session(request)
        try:
            self.page.scheduler.desk.delete(session.user, [str(event_data(event)["article"])])
        except OnRecordError as e:
            return {self.result: lists.failed(str(e))}
        return {
            **self.show(words, outlet, request),
            **self.page.ask.redrawn(session),
            self.page.ask.side: session.side(),
            self.result: "",
            self.reader: "",
        }

    # -- uploads --------------------------------------------------------------------------

    def ingest(self, files: Any, words: str, outlet: str, request: gr.Request) -> Iterator[Changes]:
        """Ingest uploaded files."""
        session = self.page.session(request)
        paths = [str(f) for f in (files if isinstance(files, list) else [files] if files else [])]
        result = ""
        reports: list[IngestReport] = []
        with _UPLOADS.using(paths):
            for result, ended in ingest_events(_noting(session.ingest_files(paths), reports)):
                if not ended:
                    yield {self.result: result}
        # In one update with the list and the masthead, so that no number on the page contradicts the result.
        yield {
            **self.show(words, outlet, request),
            **self.page.ask.redrawn(session),
            self.result: result,
            self.upload: None,
            **self.form.lacking(session, reports[0] if reports else None),
        }


class Uploads:
    """Deletes uploaded files once they are taken in; Gradio would keep them, out of a takedown's reach.

    The same file uploaded twice is one file to Gradio, so that it goes with its last use.
    """

    def __init__(self) -> None:
        """Begin with none in use."""
        self._used: Counter[Path] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def using(self, paths: Iterable[str]) -> Iterator[None]:
        """Delete these files afterwards; files outside Gradio's folder are left alone."""
        folder = Path(get_upload_folder()).resolve()
        ours = [p for p in map(Path, paths) if folder in p.resolve().parents]
        with self._lock:
            self._used.update(ours)
        try:
            yield
        finally:
            with self._lock:
                self._used.subtract(ours)
                for path in ours:
                    if self._used[path] <= 0:
                        del self._used[path]
                        path.unlink(missing_ok=True)


_UPLOADS = Uploads()


def _noting(work: Iterator[Any], reports: list[IngestReport]) -> Iterator[Any]:
    """The events of an ingest; its report is put into a list too."""
    for event in work:
        if isinstance(event, tuple) and isinstance(event[1], IngestReport):
            reports.append(event[1])
        yield event


def ingest_events(work: Iterator[Any]) -> Iterator[tuple[str, bool]]:
    """An ingest as HTML, each with whether it has ended: its progress, then its result, both
    above the table of what the files are taken for."""
    table = ""
    try:
        for event in work:
            if isinstance(event, Preview):
                table = lists.preview(event)
            elif isinstance(event[1], int):
                yield lists.working("Taking in articles", event[0], event[1] or None) + table, False
            else:
                yield lists.ingest_result(*event) + table, True
    except OnRecordError as e:
        yield lists.failed(str(e)), True
