"""The tab Search: the articles that hold some words, with counts that narrow the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from rag.ui import search
from rag.ui.tabs.common import IMMEDIATE, NEWEST, Changes, collection_choices, date_field, event_data, html, read_days

from rag.errors import UsageError

if TYPE_CHECKING:
    from rag.ui.app import Page

_ORDERS = [("Best match", "relevance"), ("Newest", "newest"), ("Oldest", "oldest")]


class SearchTab:
    """Searches the full text."""

    def __init__(self, page: Page) -> None:
        """Build the tab's blocks."""
        self.page = page
        with gr.Row(elem_id="search-row"):
            with gr.Column(elem_id="search-column"):
                with gr.Row():
                    self.query = gr.Textbox(
                        label="Words in the articles", placeholder='"port authority" strik* NOT ferry',
                        elem_id="search-query", max_lines=1, max_length=1000,
                    )  # fmt: skip
                with gr.Row():
                    self.after = date_field("From", "search-from")
                    self.last = date_field("To", "search-to")
                    self.collection = gr.Dropdown(
                        [("whole archive", "")],
                        value="",
                        label="Within",
                        elem_id="search-within",
                        min_width=190,
                        scale=2,
                    )
                with gr.Row():
                    self.order = gr.Dropdown(
                        _ORDERS, value="relevance", label="Order", elem_id="search-order", min_width=180, scale=0
                    )
                    self.find = gr.Button("Search", elem_id="find-words", scale=0, min_width=90)
                self.note = html("search-note")
                self.results = html("search-list")
            with gr.Column(elem_id="search-side"):
                self.article = html("search-article", value=search.no_article())

    def wire(self, tab: gr.Tab, tabs: gr.Tabs, chips: Any) -> None:
        """Connect the events.

        Args:
            tab: This one.
            tabs: All of them; "Ask about this one" goes to Ask, setting by hand to Archive.
            chips: Where Ask shows what a question is restricted to.
        """
        self.tabs = tabs
        fields = [self.query, self.after, self.last, self.order, self.collection]
        shown = [self.results, self.note]
        tab.select(self.choices, None, self.collection, **IMMEDIATE).then(self.search, fields, shown, **IMMEDIATE)
        asked = [
            self.query.submit, self.after.submit, self.last.submit, self.find.click, self.order.input,
            self.collection.input,
        ]  # fmt: skip
        gr.on(asked, self.search, fields, shown, **NEWEST)
        self.results.turnpage(self.turn, fields, shown, **IMMEDIATE)
        self.results.narrow(self.narrow, fields, [self.query, *shown], **IMMEDIATE)
        self.results.collect(self.collect, fields, [self.note, self.collection], **IMMEDIATE)
        self.results.askabout(self.ask_about, None, [tabs, chips], **IMMEDIATE)
        self.results.tickmend(self.mend, None, [tabs, *self.page.archive.form.filled], **IMMEDIATE)
        for place in (self.results, self.article):
            place.cite(self.open, None, self.article, **IMMEDIATE)
        self.article.back(search.no_article, None, self.article, **IMMEDIATE)

    def choices(self, request: gr.Request) -> Any:
        """The collections that the user sees."""
        return collection_choices(self.page.session(request))

    def search(
        self, query: str, after: str, last: str, order: str, collection: str, request: gr.Request, offset: int = 0
    ) -> tuple[str, str]:
        """List what is found."""
        try:
            wanted = search.Wanted(
                " ".join((query or "").split()), order, *read_days(after, last), collection or "", offset,
            )  # fmt: skip
        except UsageError as e:
            return search.failed(str(e)), ""
        return search.find(self.page.session(request), wanted), ""

    def turn(
        self, query: str, after: str, last: str, order: str, collection: str, request: gr.Request, event: gr.EventData
    ) -> tuple[str, str]:
        """Another page of the same."""
        return self.search(query, after, last, order, collection, request, int(event_data(event)["offset"]))

    def narrow(
        self, query: str, after: str, last: str, order: str, collection: str, request: gr.Request, event: gr.EventData
    ) -> tuple[str, str, str]:
        """Search in one outlet or month alone: what says so is put into the query, where it can be taken away."""
        term = str(event_data(event)["term"])
        whole = f"({query})" if " OR " in query else query
        narrowed = query if term in query else f"{whole} {term}"
        return narrowed, *self.search(narrowed, after, last, order, collection, request)

    def collect(
        self, query: str, after: str, last: str, order: str, collection: str, request: gr.Request, event: gr.EventData
    ) -> tuple[str, Any]:
        """Put the ticked articles, or all that is found, into a collection; one that isn't there is made."""
        try:
            wanted = search.Wanted(" ".join((query or "").split()), order, *read_days(after, last), collection or "")
        except UsageError as e:
            return search.failed(str(e)), gr.skip()
        data = event_data(event)
        ticked = [str(i) for i in data.get("ticked") or ()]
        told = search.collect(self.page.session(request), wanted, str(data.get("why", "")), ticked)
        return told, self.choices(request)

    def ask_about(self, request: gr.Request, event: gr.EventData) -> tuple[Any, str]:
        """Go to Ask, where the next questions are asked of one article alone."""
        data = event_data(event)
        session = self.page.session(request)
        session.only = (str(data["article"]), str(data["title"]))
        return gr.update(selected="ask"), self.page.ask.chips_for(session)

    def mend(self, request: gr.Request, event: gr.EventData) -> Changes:
        """Go to Archive, where what is said of the ticked articles is set by hand."""
        ticked = [str(i) for i in event_data(event).get("ticked") or ()]
        filled = self.page.archive.form.ticked(self.page.session(request), ticked)
        return {self.tabs: gr.update(selected="archive"), **filled}

    def open(self, request: gr.Request, event: gr.EventData) -> str:
        """Open an article at its first marked words."""
        data = event_data(event)
        session = self.page.session(request)
        return session.article(str(data["article"]), int(data["start"]), int(data["end"]), "", back="Close")


__all__ = ["SearchTab"]
