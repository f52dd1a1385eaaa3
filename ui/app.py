"""The page: Gradio's blocks and events, and nothing else. What happens is in sitting.py, how it looks in render.py."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Any

from dateutil import parser as dates
from rag.ui import coverage, lists, quotes
from rag.ui.downloads import downloads
from rag.ui.lists import PAGE, Filters
from rag.ui.session import PageUpdate, TabSession
from rag.ui.starters import StarterQuestions

from rag.answer.models.chat import EXTRACTIVE, is_remote
from rag.errors import OnRecordError, UsageError

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before Gradio is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rag.service.access import Access
    from rag.service.scheduler import RequestScheduler

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_NOW: dict[str, Any] = {**_QUIET, "queue": False, "trigger_mode": "multiple"}
"""For what is answered at once."""
_LONG: dict[str, Any] = {**_QUIET, "concurrency_limit": None}
"""For what streams: the desk decides who waits."""
_LARGEST_UPLOAD = "200mb"
_OWN = "The server's model"


def _file(name: str) -> str:
    return (resources.files("rag.ui") / name).read_text("utf-8")


class Page:
    """The blocks over one desk, and the sittings of the tabs that are open."""

    def __init__(self, desk: RequestScheduler, user_of: Callable[[Any], str]) -> None:
        """Take the desk, and who a request comes from."""
        self._desk = desk
        self._user_of = user_of
        self._beginning = StarterQuestions(desk.archive)
        self._sittings: dict[str, TabSession] = {}
        self._script = _file("page.js")

    # -- sittings ---------------------------------------------------------------

    def _sitting(self, request: gr.Request) -> TabSession:
        tab = str(request.session_hash)
        if tab not in self._sittings:
            self._sittings[tab] = self.sitting(request.request)
        return self._sittings[tab]

    def sitting(self, request: Any) -> TabSession:
        """A new sitting for whoever a request comes from."""
        return TabSession(self._desk, self._user_of(request), self._beginning)

    def _leave(self, request: gr.Request) -> None:
        if (sitting := self._sittings.pop(str(request.session_hash), None)) is not None:
            sitting.stop()

    # -- blocks --------------------------------------------------------------------

    def blocks(self) -> gr.Blocks:
        """Everything on the page."""
        model = self._desk.archive.model
        with gr.Blocks(title="OnRecord", analytics_enabled=False, fill_width=True) as page:
            self.head = self._html("head")
            with gr.Tabs(elem_id="tabs") as self.tabs:
                with gr.Tab("Ask", id="ask"):
                    self._ask_tab()
                with gr.Tab("Quotes", id="quotes") as quotes_tab:
                    self._quotes_tab()
                with gr.Tab("Archive", id="archive") as archive_tab:
                    self._archive_tab()
                with gr.Tab("Settings", id="settings"), gr.Column(elem_id="settings-column"):
                    self._settings_tab(model)
            self._wire(page, archive_tab)
            self._wire_quotes(quotes_tab)
        return page

    def _html(self, name: str, value: str = "") -> gr.HTML:
        return gr.HTML(value, elem_id=name, elem_classes=["onr"], js_on_load=self._script, apply_default_css=False)

    def _ask_tab(self) -> None:
        with gr.Row(elem_id="ask-row"):
            with gr.Column(elem_id="left", scale=0):
                self.new = gr.Button("New conversation", size="sm")
                self.find = gr.Textbox(
                    label="Search conversations",
                    show_label=False,
                    placeholder="Search conversations",
                    elem_id="find",
                    container=False,
                )
                self.list = self._html("list")
                self.exports = self._html("exports")
            with gr.Column(elem_id="talk", scale=1):
                with gr.Column(elem_id="scroll"):
                    self.past = self._html("past")
                    self.live = self._html("live")
                with gr.Column(elem_id="composer"):
                    self.chips = self._html("chips")
                    self.question = gr.Textbox(
                        label="Question", show_label=False, container=False, placeholder="Ask the archive …", lines=1, max_lines=4, max_length=4000,
                        elem_id="question", submit_btn="Ask", stop_btn=False, autofocus=True,
                    )  # fmt: skip
                    with gr.Accordion("Filters", open=False, elem_id="filters"), gr.Row():
                        self.sources = gr.Dropdown(
                            [], label="Outlets", multiselect=True, elem_id="f-sources", min_width=110
                        )
                        self.language = gr.Dropdown(
                            [("any", "")], value="", label="Language", elem_id="f-language", min_width=110
                        )
                        self.after = gr.Textbox(
                            label="From", placeholder="2023-06-01", elem_id="f-after", min_width=110
                        )
                        self.before = gr.Textbox(
                            label="Before", placeholder="2023-07-01", elem_id="f-before", min_width=110
                        )
            with gr.Column(elem_id="side", scale=0):
                self.side = self._html("panel")

    def _quotes_tab(self) -> None:
        with gr.Row(elem_id="quotes-row"):
            with gr.Column(elem_id="voices"):
                with gr.Row():
                    self.who = gr.Textbox(
                        label="Who",
                        placeholder="Name or office",
                        elem_id="who",
                        max_lines=1,
                        max_length=200,
                        min_width=140,
                    )
                    self.about = gr.Textbox(
                        label="About",
                        placeholder="Subject",
                        elem_id="about",
                        max_lines=1,
                        max_length=4000,
                        min_width=140,
                    )
                    self.look = gr.Button("Find", elem_id="look", scale=0, min_width=90)
                self.quotes = self._html("quotes-list")
            with gr.Column(elem_id="quotes-side"):
                self.beside = self._html("quoted", value=quotes.beside())

    def _archive_tab(self) -> None:
        with gr.Row(elem_id="archive-row"):
            with gr.Column(elem_id="shelf"):
                with gr.Row():
                    self.words = gr.Textbox(
                        label="Search articles", placeholder="Words of the title, author or address", elem_id="words"
                    )
                    self.outlet = gr.Dropdown([("all", "")], value="", label="Outlet", elem_id="outlet")
                self.articles = self._html("articles")
                self.offset = gr.State(0)
            with gr.Column(elem_id="desk"):
                self.upload = gr.File(
                    label="Upload articles (txt, md, html, pdf, docx, jsonl, json, csv)",
                    file_count="multiple",
                    elem_id="upload",
                )
                self.folder = gr.UploadButton("Upload a folder", file_count="directory", size="sm", elem_id="folder")
                self.result = self._html("result")
                self.plot = self._html("plot")
                self.reader = self._html("reader")

    def _settings_tab(self, model: str) -> None:
        own = [(f"{_OWN} ({model})", "")]
        other = (
            [("Extractive: the best sentences word for word, no language model", EXTRACTIVE)]
            if model != EXTRACTIVE
            else []
        )
        settings = self._desk.archive.settings
        gr.Markdown("These hold for this browser tab, until it is closed.")
        self.model = gr.Radio([*own, *other], value="", label="Who writes answers", elem_id="s-model")
        self.k = gr.Slider(1, 30, value=settings.k, step=1, label="Passages to retrieve", elem_id="s-k")
        self.temperature = gr.Slider(
            0, 1.5, value=settings.temperature, step=0.1, elem_id="s-temperature",
            label="Temperature (0: the same answer every time)",
        )  # fmt: skip
        self.theme = gr.Radio(
            [("As the system", "system"), ("Light", "light"), ("Dark", "dark")],
            value="system",
            label="Theme",
            elem_id="s-theme",
        )

    # -- wiring -----------------------------------------------------------------------

    def _wire(self, page: gr.Blocks, archive_tab: gr.Tab) -> None:
        filters: list[Any] = [self.sources, self.after, self.before, self.language]
        options = [self.model, self.k, self.temperature]
        shown = [self.past, self.live, self.side, self.question, self.list, self.exports, self.chips]
        self._shown = shown
        around = [self.head, self.sources, self.language, self.outlet, *shown]
        page.load(self._load, None, around, **_NOW).then(self._greet, None, self.past, **_LONG)
        page.unload(self._leave)

        self.question.submit(self._ask, [self.question, *filters, *options], shown, **_LONG)
        self.question.stop(self._stop, None, None, **_NOW)
        for place in (self.past, self.live):
            place.cite(self._cite, None, self.side, **_NOW)
            place.rate(self._rate, None, shown, **_NOW)
            place.why(self._rate, None, shown, **_NOW)
            place.edit(self._edit, None, [self.question, self.chips], **_NOW)
            place.redo(self._press, [*filters, *options], shown, **_LONG)
            place.example(self._press, [*filters, *options], shown, **_LONG)
            place.sample(self._sample, None, around, **_LONG)
        self.side.cite(self._cite, None, self.side, **_NOW)
        self.side.back(self._back, None, self.side, **_NOW)

        for field in filters:
            field.change(self._chips, filters, self.chips, **_NOW)
        self.chips.unfilter(self._unfilter, filters, [*filters, self.chips], **_NOW)

        self.new.click(self._new, None, [*shown], **_NOW).then(self._greet, None, self.past, **_LONG)
        self.find.change(self._conversations, self.find, self.list, **_NOW)
        self.list.open(self._open, None, shown, **_NOW)
        self.list.remove(self._remove, self.find, shown, **_NOW)
        self.list.rename(self._rename, self.find, self.list, **_NOW)

        shelf = [self.articles, self.offset, self.plot, self.outlet, self.sources, self.language, self.head]
        archive_tab.select(self._shelf, [self.words, self.outlet], shelf, **_NOW)
        for box in (self.words, self.outlet):
            box.change(self._list, [self.words, self.outlet], [self.articles, self.offset], **_NOW)
        self.articles.turnpage(self._turn, [self.words, self.outlet], [self.articles, self.offset], **_NOW)
        self.articles.read(self._read, None, self.reader, **_NOW)
        self.articles.takedown(
            self._takedown,
            [self.words, self.outlet, self.offset],
            [*shelf, self.result, self.reader, *shown[:3]],
            **_NOW,
        )
        self.reader.back(lambda: "", None, self.reader, **_NOW)
        self.reader.cite(self._read, None, self.reader, **_NOW)
        taken = [self.result, *shelf, self.upload, *shown[:3]]
        self.upload.upload(self._upload, [self.upload, self.words, self.outlet], taken, **_LONG)
        self.folder.upload(self._upload, [self.folder, self.words, self.outlet], taken, **_LONG)
        self.theme.change(None, self.theme, None, js=_THEME, api_visibility="private")

    def _wire_quotes(self, tab: gr.Tab) -> None:
        asked = [self.who, self.about]
        tab.select(self._quotes, asked, self.quotes, **_NOW)
        for event in (self.who.submit, self.about.submit, self.look.click):
            event(self._quotes, asked, self.quotes, **_NOW)
        for place in (self.quotes, self.beside):
            place.cite(self._open_quote, None, self.beside, **_NOW)
        self.beside.back(quotes.beside, None, self.beside, **_NOW)

    # -- asking ---------------------------------------------------------------------------

    def _changes(self, sitting: TabSession, view: PageUpdate) -> dict[Any, Any]:
        """A view as Gradio takes it: only what changed."""
        found: dict[Any, Any] = {}
        for place, html in ((self.past, view.past), (self.live, view.live), (self.side, view.side)):
            if html is not None:
                found[place] = html
        if view.busy is not None:
            found[self.question] = gr.update(
                submit_btn=False if view.busy else "Ask", stop_btn="Stop" if view.busy else False
            )
        if view.listed:
            found[self.list] = self._listing(sitting, "")
            found[self.exports] = self._export_links(sitting)
        return found or {self.live: gr.skip()}

    def _ask(
        self, question: str, sources: Sequence[str], after: str, before: str, language: str,
        model: str, k: float, temperature: float, request: gr.Request, times: bool = True,
    ) -> Iterator[dict[Any, Any]]:  # fmt: skip
        sitting = self._sitting(request)
        try:
            filters = _filters(sources, after, before, language)
        except UsageError as e:
            raise gr.Error(str(e), print_exception=False) from e
        options: dict[str, Any] = {"k": int(k), "times": times}
        if model:
            options["chat_model"] = model
        if temperature != self._desk.archive.settings.temperature:
            options["temperature"] = float(temperature)
        editing = sitting.editing is not None
        first = True
        views = sitting.ask(question, filters, **options)
        with contextlib.closing(views):
            for view in views:
                changes = self._changes(sitting, view)
                if first:
                    changes[self.question] = gr.update(value="", submit_btn=False, stop_btn="Stop")
                    if editing:
                        changes[self.chips] = lists.chips(filters)
                    first = False
                yield changes

    def _stop(self, request: gr.Request) -> None:
        self._sitting(request).stop()

    def _press(
        self, sources: Sequence[str], after: str, before: str, language: str,
        model: str, k: float, temperature: float, request: gr.Request, event: gr.EventData,
    ) -> Iterator[dict[Any, Any]]:  # fmt: skip
        """A question that stands on a button: an example, or one that is asked again, with its times or without."""
        data = _data(event)
        if data.get("turn"):
            self._sitting(request).editing = int(data["turn"])
        question, times = str(data["question"]), data.get("times") != "off"
        yield from self._ask(question, sources, after, before, language, model, k, temperature, request, times)

    def _edit(self, request: gr.Request, event: gr.EventData) -> tuple[Any, str]:
        data = _data(event)
        self._sitting(request).editing = int(data["turn"])
        return gr.update(value=str(data["question"])), lists.chips(Filters(), editing="yes")

    # -- clicks -------------------------------------------------------------------------------

    def _cite(self, request: gr.Request, event: gr.EventData) -> str:
        data = _data(event)
        return self._sitting(request).open_article(
            str(data["article"]), int(data["start"]), int(data["end"]), str(data.get("number", ""))
        )

    def _back(self, request: gr.Request) -> str:
        return self._sitting(request).side()

    def _rate(self, request: gr.Request, event: gr.EventData) -> dict[Any, Any]:
        data = _data(event)
        sitting = self._sitting(request)
        view = sitting.rate(
            int(data["turn"]), data["good"] == "1", str(data.get("why", ""))[:500], data.get("on") == "1"
        )
        return self._changes(sitting, view)

    def _chips(self, sources: Sequence[str], after: str, before: str, language: str, request: gr.Request) -> Any:
        try:
            filters = _filters(sources, after, before, language)
        except UsageError:
            return gr.skip()  # a date that is still being typed
        return lists.chips(filters, "yes" if self._sitting(request).editing is not None else "")

    def _unfilter(
        self, sources: Sequence[str], after: str, before: str, language: str, request: gr.Request, event: gr.EventData
    ) -> tuple[Any, ...]:
        what, value = _data(event)["what"], str(_data(event).get("value", ""))
        if what == "editing":
            self._sitting(request).editing = None
        sources = [s for s in sources or [] if not (what == "source" and s == value)]
        after, before = ("" if what == name else given for name, given in (("after", after), ("before", before)))
        language = "" if what == "language" else language
        return (
            sources,
            after,
            before,
            language,
            lists.chips(
                _filters(sources, after, before, language), "yes" if self._sitting(request).editing is not None else ""
            ),
        )

    # -- the quotes tab ---------------------------------------------------------------------------

    def _quotes(self, who: str, about: str, request: gr.Request) -> str:
        return self._sitting(request).quotes(who, about)

    def _open_quote(self, request: gr.Request, event: gr.EventData) -> str:
        data = _data(event)
        sitting = self._sitting(request)
        return sitting.article(str(data["article"]), int(data["start"]), int(data["end"]), "", back="Close")

    # -- conversations ---------------------------------------------------------------------------

    def _listing(self, sitting: TabSession, search: str) -> str:
        if not sitting.archive.exists:
            return lists.conversations([], None, "")
        return lists.conversations(
            sitting.archive.conversations.list(sitting.user, search), sitting.conversation, search
        )

    def _export_links(self, sitting: TabSession) -> str:
        rated = any(t.feedback for t in sitting.turns())
        return lists.exports(sitting.conversation, rated)

    def _conversations(self, search: str, request: gr.Request) -> str:
        return self._listing(self._sitting(request), search)

    def _new(self, request: gr.Request) -> dict[Any, Any]:
        sitting = self._sitting(request)
        return self._changes(sitting, sitting.open_conversation(None))

    def _open(self, request: gr.Request, event: gr.EventData) -> dict[Any, Any]:
        sitting = self._sitting(request)
        return self._changes(sitting, sitting.open_conversation(str(_data(event)["id"])))

    def _remove(self, search: str, request: gr.Request, event: gr.EventData) -> dict[Any, Any]:
        sitting = self._sitting(request)
        ident = str(_data(event)["id"])
        sitting.archive.conversations.delete(ident, sitting.user)
        if sitting.conversation == ident:
            return self._changes(sitting, sitting.open_conversation(None))
        return {self.list: self._listing(sitting, search)}

    def _rename(self, search: str, request: gr.Request, event: gr.EventData) -> str:
        sitting = self._sitting(request)
        sitting.archive.conversations.rename(str(_data(event)["id"]), sitting.user, str(_data(event)["title"])[:200])
        return self._listing(sitting, search)

    # -- the archive tab --------------------------------------------------------------------------

    def _load(self, request: gr.Request) -> dict[Any, Any]:
        sitting = self._sitting(request)
        view = sitting.open_conversation(sitting.conversation)
        changes = {**self._around(), **self._changes(sitting, view)}
        changes[self.list] = self._listing(sitting, "")
        changes[self.chips] = ""
        return changes

    def _greet(self, request: gr.Request) -> Any:
        greeting = self._sitting(request).greeting()
        return gr.skip() if greeting is None else greeting

    def _around(self) -> dict[Any, Any]:
        """The masthead and the choices of the filters, as the archive is now."""
        archive = self._desk.archive
        stats = archive.stats() if archive.exists else None
        model = archive.model
        outlets = [(s or "without an outlet", s) for s in stats.sources] if stats else []
        languages = [("any", ""), *((x, x) for x in (stats.languages if stats else ()))]
        return {
            self.head: lists.masthead(stats, model, is_remote(model)),
            self.sources: gr.update(choices=outlets),
            self.language: gr.update(choices=languages),
            self.outlet: gr.update(choices=[("all", ""), *outlets]),
        }

    def _page_of(self, words: str, outlet: str, offset: int) -> str:
        found, total = self._desk.archive.list_articles(words, source=outlet or None, limit=PAGE, offset=offset)
        return lists.articles(found, total, offset, words)

    def _list(self, words: str, outlet: str) -> tuple[str, int]:
        return self._page_of(words, outlet, 0), 0

    def _turn(self, words: str, outlet: str, event: gr.EventData) -> tuple[str, int]:
        offset = max(0, int(_data(event)["offset"]))
        return self._page_of(words, outlet, offset), offset

    def _shelf(self, words: str, outlet: str) -> dict[Any, Any]:
        return {
            **self._around(),
            self.articles: self._page_of(words, outlet, 0),
            self.offset: 0,
            self.plot: coverage.coverage_chart(self._desk.archive.months()),
        }

    def _read(self, request: gr.Request, event: gr.EventData) -> str:
        return self._sitting(request).article(str(_data(event)["article"]), 0, 0, "", back="Close")

    def _takedown(
        self, words: str, outlet: str, offset: int, request: gr.Request, event: gr.EventData
    ) -> dict[Any, Any]:
        sitting = self._sitting(request)
        try:
            self._desk.delete([str(_data(event)["article"])])
        except OnRecordError as e:
            return {self.result: lists.failed(str(e))}
        view = sitting.redrawn()
        return {
            **self._shelf(words, outlet),
            **{k: v for k, v in self._changes(sitting, view).items() if k in self._shown[:3]},
            self.side: sitting.side(),
            self.result: "",
            self.reader: "",
        }

    def _intake(self, work: Iterator[Any]) -> Iterator[str]:
        """An ingest as HTML: signs of life, then the result."""
        try:
            for told in work:
                if isinstance(told[1], int):
                    yield lists.working("Taking in articles", told[0], told[1] or None)
                else:
                    yield lists.intake(*told)
        except OnRecordError as e:
            yield lists.failed(str(e))

    def _upload(self, files: Any, words: str, outlet: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        sitting = self._sitting(request)
        paths = [str(f) for f in (files if isinstance(files, list) else [files] if files else [])]
        html = ""
        for html in self._intake(sitting.take_in(paths)):
            yield {self.result: html}
        view = sitting.redrawn()
        changes = {k: v for k, v in self._changes(sitting, view).items() if k in self._shown[:3]}
        yield {**self._shelf(words, outlet), **changes, self.result: html, self.upload: None}

    def _sample(self, request: gr.Request) -> Iterator[dict[Any, Any]]:
        sitting = self._sitting(request)
        html = ""
        for html in self._intake(sitting.take_sample()):
            yield {self.past: html}
        self._beginning.questions()
        view = sitting.redrawn()
        if html.startswith('<div class="failed"'):
            yield {self.past: html + lists.first_run()}
        else:
            yield {**self._around(), **self._changes(sitting, view)}


# Gradio's own way of being dark is a class on the body.
_THEME = """(theme) => {
  const dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.body.classList.toggle('dark', dark);
}"""


def mount(app: FastAPI, desk: RequestScheduler, access: Access) -> FastAPI:
    """Put the page at / of an app, and what it lets one download beside it.

    Args:
        app: The service's; its own routes come first.
        desk: Who answers.
        access: Who is asking.
    """
    page = Page(desk, access.user)
    app.include_router(downloads(page.sitting))
    gr.mount_gradio_app(
        app,
        page.blocks(),
        path="/",
        # In the head as it is: what is handed over as css is taken apart at commas and scoped.
        head=f'<meta name="color-scheme" content="light dark"><style>{_file("page.css")}</style>',
        theme=_theme(),
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
    return app


def _theme() -> gr.themes.Base:
    """Gradio's plain theme in the page's colours; no font is fetched."""
    fonts = ["system-ui", "Segoe UI", "Roboto", "Noto Sans", "Helvetica Neue", "Arial", "sans-serif"]
    return gr.themes.Base(font=fonts, font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#fcfbf8", body_background_fill_dark="#171614",
        body_text_color="#1d1c1a", body_text_color_dark="#e8e4db",
        block_background_fill="#fcfbf8", block_background_fill_dark="#171614",
        block_label_text_color="#5d5952", block_label_text_color_dark="#aca69a",
        block_border_color="#d6d1c5", block_border_color_dark="#3d3a34",
        input_background_fill="#ffffff", input_background_fill_dark="#211f1c",
        color_accent="#1d4f7c", color_accent_soft="#f3f1ea", color_accent_soft_dark="#211f1c",
        border_color_accent="#1d4f7c", border_color_accent_dark="#97c0e6",
        slider_color="#1d4f7c", slider_color_dark="#97c0e6",
        checkbox_background_color_selected="#1d4f7c", checkbox_background_color_selected_dark="#1d4f7c",
        checkbox_border_color_selected="#1d4f7c", checkbox_border_color_selected_dark="#97c0e6",
        block_title_text_color="#5d5952", block_title_text_color_dark="#aca69a",
        input_placeholder_color="#6f6a61", input_placeholder_color_dark="#aca69a",
        input_border_color="#8f897d", input_border_color_dark="#6b665c",
        button_primary_background_fill="#1d4f7c", button_primary_background_fill_dark="#97c0e6",
        button_primary_text_color="#ffffff", button_primary_text_color_dark="#10202f",
        button_secondary_background_fill="#f3f1ea", button_secondary_background_fill_dark="#211f1c",
        button_secondary_text_color="#1d1c1a", button_secondary_text_color_dark="#e8e4db",
    )  # fmt: skip


def _data(event: gr.EventData) -> dict[str, Any]:
    data = event._data
    return data if isinstance(data, dict) else {}


def _filters(sources: Sequence[str] | None, after: str, before: str, language: str) -> Filters:
    return Filters(tuple(sources or ()), _date(after, "From"), _date(before, "Before"), language or None)


def _date(text: str | None, name: str) -> date | None:
    if not (text or "").strip():
        return None
    try:
        return dates.isoparse(str(text).strip()).date()
    except ValueError:
        raise UsageError(f"{name}: {text!r} is not a date. Write it as 2023-06-01.") from None


__all__ = ["mount"]
