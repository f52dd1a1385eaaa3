"""The tab Timeline: the dated events about something, and the articles that tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from rag.ui import timeline
from rag.ui.tabs.common import IMMEDIATE, NEWEST, collection_choices, date_field, event_data, html, read_days

from rag.errors import UsageError

if TYPE_CHECKING:
    from rag.ui.app import Page

_OLDEST, _NEWEST = "Oldest first", "Newest first"


class TimelineTab:
    """Lists events by the day they tell of."""

    def __init__(self, page: Page) -> None:
        """Build the tab's blocks."""
        self.page = page
        with gr.Row(elem_id="timeline-row"):
            with gr.Column(elem_id="timeline-column"):
                with gr.Row():
                    self.about = gr.Textbox(
                        label="Person, place or story", placeholder="A name, or a story in a few words",
                        elem_id="timeline-about", max_lines=1, max_length=4000, min_width=240, scale=3,
                    )  # fmt: skip
                    self.after = date_field("From", "timeline-from")
                    self.last = date_field("To", "timeline-to")
                with gr.Row():
                    self.order = gr.Radio(
                        [_OLDEST, _NEWEST], value=_OLDEST, show_label=False, label="Order", container=False,
                        elem_id="timeline-order", min_width=220,
                    )  # fmt: skip
                    self.collection = gr.Dropdown(
                        [("whole archive", "")], value="", label="Within", elem_id="timeline-within", min_width=150
                    )
                    self.find = gr.Button("Show", elem_id="find-timeline", scale=0, min_width=90)
                self.events = html("timeline-list")
            with gr.Column(elem_id="timeline-side"):
                self.article = html("timeline-article", value=timeline.no_article())

    def wire(self, tab: gr.Tab) -> None:
        """Connect the events."""
        fields = [self.about, self.after, self.last, self.order, self.collection]
        choices = tab.select(self.choices, None, self.collection, **IMMEDIATE)
        choices.then(self.search, fields, self.events, **IMMEDIATE)
        asked = [
            self.about.submit, self.after.submit, self.last.submit, self.find.click, self.order.input,
            self.collection.input,
        ]  # fmt: skip
        gr.on(asked, self.search, fields, self.events, **NEWEST)
        for place in (self.events, self.article):
            place.cite(self.open, None, self.article, **IMMEDIATE)
        self.article.back(timeline.no_article, None, self.article, **IMMEDIATE)

    def choices(self, request: gr.Request) -> Any:
        """The collections that the user sees."""
        return collection_choices(self.page.session(request))

    def search(self, about: str, after: str, last: str, order: str, collection: str, request: gr.Request) -> str:
        """List the events."""
        try:
            asked = timeline.Asked(
                " ".join((about or "").split()), *read_days(after, last), order == _NEWEST, collection or ""
            )  # fmt: skip
        except UsageError as e:
            return timeline.failed(str(e))
        return self.page.session(request).timeline(asked)

    def open(self, request: gr.Request, event: gr.EventData) -> str:
        """Open an event's article at its sentence."""
        data = event_data(event)
        session = self.page.session(request)
        return session.article(str(data["article"]), int(data["start"]), int(data["end"]), "", back="Close")
