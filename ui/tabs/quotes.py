"""The tab Quotes: who said what, and the article it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
from rag.ui import quotes
from rag.ui.tabs.common import IMMEDIATE, event_data, html

if TYPE_CHECKING:
    from rag.ui.app import Page


class QuotesTab:
    """Finds quotes by speaker and subject."""

    def __init__(self, page: Page) -> None:
        """Build the tab's blocks."""
        self.page = page
        with gr.Row(elem_id="quotes-row"):
            with gr.Column(elem_id="quotes-column"):
                with gr.Row():
                    self.speaker = gr.Textbox(
                        label="Who", placeholder="Name or office", elem_id="speaker", max_lines=1, max_length=200,
                        min_width=140,
                    )  # fmt: skip
                    self.about = gr.Textbox(
                        label="About", placeholder="Subject", elem_id="about", max_lines=1, max_length=4000,
                        min_width=140,
                    )  # fmt: skip
                    self.find = gr.Button("Find", elem_id="find-quotes", scale=0, min_width=90)
                self.quotes = html("quotes-list")
            with gr.Column(elem_id="quotes-side"):
                self.article = html("quote-article", value=quotes.no_article())

    def wire(self, tab: gr.Tab) -> None:
        """Connect the events."""
        fields = [self.speaker, self.about]
        tab.select(self.search, fields, self.quotes, **IMMEDIATE)
        for event in (self.speaker.submit, self.about.submit, self.find.click):
            event(self.search, fields, self.quotes, **IMMEDIATE)
        for place in (self.quotes, self.article):
            place.cite(self.open, None, self.article, **IMMEDIATE)
        self.article.back(quotes.no_article, None, self.article, **IMMEDIATE)

    def search(self, speaker: str, about: str, request: gr.Request) -> str:
        """Find quotes."""
        return self.page.session(request).quotes(speaker, about)

    def open(self, request: gr.Request, event: gr.EventData) -> str:
        """Open a quote's article at its words."""
        data = event_data(event)
        session = self.page.session(request)
        return session.article(str(data["article"]), int(data["start"]), int(data["end"]), "", back="Close")
