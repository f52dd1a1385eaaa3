"""The tab Quotes: who said what, by whom, when and where, and the article it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr
from rag.ui import quotes
from rag.ui.tabs.common import IMMEDIATE, NEWEST, Changes, collection_choices, date_field, event_data, html, read_days

from rag.errors import UsageError
from rag.retrieve.quote_search import ORDERS

if TYPE_CHECKING:
    from rag.ui.app import Page

_ORDERS = [("Best match, or newest", ""), ("Newest first", "newest"), ("Oldest first", "oldest")]


class QuotesTab:
    """Finds quotes by speaker, subject, date, outlet and language."""

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
                with gr.Accordion("Dates, outlets, collection, order", open=False, elem_id="quotes-filters"):
                    with gr.Row():
                        self.after = date_field("From", "quotes-from")
                        self.last = date_field("To", "quotes-to")
                        self.outlets = gr.Dropdown(
                            [], label="Outlets", multiselect=True, elem_id="quotes-outlets", min_width=160
                        )
                        self.language = gr.Dropdown(
                            [("any", "")], value="", label="Language", elem_id="quotes-language", min_width=160
                        )
                        self.collection = gr.Dropdown(
                            [("all", "")], value="", label="Collection", elem_id="quotes-within", min_width=160
                        )
                    self.order = gr.Radio(
                        _ORDERS,
                        value="",
                        show_label=False,
                        label="Order",
                        container=False,
                        elem_id="quotes-order",
                    )
                self.quotes = html("quotes-list")
            with gr.Column(elem_id="quotes-side"):
                self.article = html("quote-article", value=quotes.no_article())

    def wire(self, tab: gr.Tab) -> None:
        """Connect the events."""
        fields: list[Any] = [
            self.speaker, self.about, self.after, self.last, self.outlets, self.language, self.order,
            self.collection,
        ]  # fmt: skip
        tab.select(self.show, fields, [self.quotes, self.outlets, self.language, self.collection], **IMMEDIATE)
        asked = [
            self.speaker.submit, self.about.submit, self.find.click, self.order.input, self.after.submit,
            self.last.submit, self.outlets.input, self.language.input, self.collection.input,
        ]  # fmt: skip
        gr.on(asked, self.search, fields, self.quotes, **NEWEST)
        self.quotes.person(self.choose, fields, self.quotes, **IMMEDIATE)
        self.quotes.together(self.together, fields, self.quotes, **IMMEDIATE)
        self.quotes.apart(self.apart, fields, self.quotes, **IMMEDIATE)
        self.quotes.asfound(self.as_found, fields, self.quotes, **IMMEDIATE)
        for place in (self.quotes, self.article):
            place.cite(self.open, None, self.article, **IMMEDIATE)
        self.article.back(quotes.no_article, None, self.article, **IMMEDIATE)

    # -- searching -------------------------------------------------------------------------

    def show(
        self, speaker: str, about: str, after: str, last: str, outlets: list[str], language: str, order: str,
        collection: str, request: gr.Request,
    ) -> Changes:  # fmt: skip
        """The quotes, and the outlets and languages there are to choose from."""
        archive = self.page.scheduler.archive
        stats = archive.stats() if archive.exists else None
        choices = [(s or "without an outlet", s) for s in stats.sources] if stats else []
        languages = [("any", ""), *((x, x) for x in (stats.languages if stats else ()))]
        return {
            self.quotes: self.search(speaker, about, after, last, outlets, language, order, collection, request),
            self.outlets: gr.update(choices=choices),
            self.language: gr.update(choices=languages),
            self.collection: collection_choices(self.page.session(request), "all"),
        }

    def search(
        self, speaker: str, about: str, after: str, last: str, outlets: list[str], language: str, order: str,
        collection: str, request: gr.Request,
    ) -> str:  # fmt: skip
        """Find quotes."""
        return self._listed((speaker, about, after, last, outlets, language, order, collection), request)

    # -- people ----------------------------------------------------------------------------

    def choose(
        self, speaker: str, about: str, after: str, last: str, outlets: list[str], language: str, order: str,
        collection: str, request: gr.Request, event: gr.EventData,
    ) -> str:  # fmt: skip
        """Show the quotes of one person, or of all again."""
        fields = (speaker, about, after, last, outlets, language, order, collection)
        return self._listed(fields, request, str(event_data(event)["person"]))

    def together(
        self, speaker: str, about: str, after: str, last: str, outlets: list[str], language: str, order: str,
        collection: str, request: gr.Request, event: gr.EventData,
    ) -> str:  # fmt: skip
        """Make one person of two."""
        data = event_data(event)
        fields = (speaker, about, after, last, outlets, language, order, collection)
        return self._changed(
            fields,
            request,
            "together",
            str(data["other"]),
            str(data["person"]),
        )

    def apart(
        self, speaker: str, about: str, after: str, last: str, outlets: list[str], language: str, order: str,
        collection: str, request: gr.Request, event: gr.EventData,
    ) -> str:  # fmt: skip
        """Make a name of a person someone else's."""
        data = event_data(event)
        fields = (speaker, about, after, last, outlets, language, order, collection)
        return self._changed(
            fields,
            request,
            "apart",
            str(data["person"]),
            str(data["name"]),
            str(data["role"]),
        )

    def as_found(
        self, speaker: str, about: str, after: str, last: str, outlets: list[str], language: str, order: str,
        collection: str, request: gr.Request, event: gr.EventData,
    ) -> str:  # fmt: skip
        """Undo what was put together or apart of a person."""
        fields = (speaker, about, after, last, outlets, language, order, collection)
        return self._changed(
            fields,
            request,
            "as_found",
            str(event_data(event)["person"]),
        )

    def _changed(self, fields: Sequence[Any], request: gr.Request, what: str, *told: str) -> str:
        try:
            self.page.session(request).change_people(what, *told)
        except UsageError as e:
            return quotes.failed(str(e)) + self._listed(fields, request)
        return self._listed(fields, request)

    def _listed(self, fields: Sequence[Any], request: gr.Request, person: str = "") -> str:
        """The quotes that the fields ask for, or what is wrong with one of them."""
        try:
            asked = replace(_asked(*fields), person=person)
        except UsageError as e:
            return quotes.failed(str(e))
        return self.page.session(request).quotes(asked)

    def open(self, request: gr.Request, event: gr.EventData) -> str:
        """Open a quote's article at its words."""
        data = event_data(event)
        session = self.page.session(request)
        return session.article(str(data["article"]), int(data["start"]), int(data["end"]), "", back="Close")


def _asked(
    speaker: str, about: str, after: str, last: str, outlets: Sequence[str] | None, language: str, order: str,
    collection: str,
) -> quotes.Asked:  # fmt: skip
    """What the fields ask for.

    Raises:
        UsageError: A date can't be read.
    """
    first, end = read_days(after, last)
    return quotes.Asked(
        speaker=" ".join((speaker or "").split()),
        about=" ".join((about or "").split()),
        after=first,
        last=end,
        outlets=tuple(outlets or ()),
        language=language or "",
        order=next((o for o in ORDERS if o == order), None),
        collection=collection or "",
    )
