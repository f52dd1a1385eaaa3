"""The tab Ask: conversations at the left, questions and answers in the middle, evidence at the right."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
from rag.ui import lists
from rag.ui.session import PageUpdate, TabSession
from rag.ui.tabs.common import (
    IMMEDIATE,
    NEWEST,
    STREAMING,
    Changes,
    collection_choices,
    date_field,
    event_data,
    html,
    read_filters,
)

from rag.errors import OnRecordError, UsageError
from rag.protocols import FilterArgs

if TYPE_CHECKING:
    from rag.ui.app import Page


_ASK = "Ask the archive …"


class AskTab:
    """Asks questions, and shows answers, evidence and conversations."""

    def __init__(self, page: Page) -> None:
        """Build the tab's blocks."""
        self.page = page
        with gr.Row(elem_id="ask-row"):
            self._build_conversations()
            with gr.Column(elem_id="conversation", scale=1):
                with gr.Column(elem_id="scroll"):
                    self.past = html("past")
                    self.live = html("live")
                with gr.Column(elem_id="composer"):
                    self._build_composer()
            with gr.Column(elem_id="side", scale=0):
                self.side = html("panel")
        self.filters: list[Any] = [self.sources, self.after, self.before, self.language, self.collection]
        self.shown = [self.past, self.live, self.side, self.question, self.list, self.exports, self.chips]

    def _build_conversations(self) -> None:
        with gr.Column(elem_id="left", scale=0):
            self.new = gr.Button("New conversation", size="sm", elem_id="new-conversation")
            self.find = gr.Textbox(
                label="Search conversations",
                show_label=False,
                placeholder="Search conversations",
                elem_id="find",
                container=False,
            )
            self.list = html("list")
            self.exports = html("exports")

    def _build_composer(self) -> None:
        self.chips = html("chips")
        self.question = gr.Textbox(
            label="Question", show_label=False, container=False, placeholder=_ASK, lines=1, max_lines=4,
            max_length=4000, elem_id="question", submit_btn="Ask", stop_btn=False, autofocus=True,
        )  # fmt: skip
        with gr.Accordion("Filters", open=False, elem_id="filters"), gr.Row():
            self.sources = gr.Dropdown([], label="Outlets", multiselect=True, elem_id="f-sources", min_width=160)
            self.language = gr.Dropdown([("any", "")], value="", label="Language", elem_id="f-language", min_width=160)
            self.collection = gr.Dropdown(
                [("all", "")], value="", label="Collection", elem_id="f-collection", min_width=160
            )
            self.after = date_field("From", "f-after")
            self.before = date_field("Before", "f-before")

    def wire(self, options: list[Any]) -> None:
        """Connect the events.

        Args:
            options: The settings that a question is asked with: model, number of passages, temperature.
        """
        shown, filters = self.shown, self.filters
        self.question.submit(self.ask, [self.question, *filters, *options], shown, **STREAMING)
        self.question.stop(self.stop, None, None, **IMMEDIATE)
        for place in (self.past, self.live):
            place.cite(self.cite, None, self.side, **IMMEDIATE)
            place.earlier(self.show_earlier, None, self.past, **IMMEDIATE)
            place.rate(self.rate, None, shown, **IMMEDIATE)
            place.why(self.rate, None, shown, **IMMEDIATE)
            place.evidence(self.evidence, None, self.side, **IMMEDIATE)
            place.edit(self.edit, None, [self.question, self.chips], **IMMEDIATE)
            place.redo(self.ask_again, [*filters, *options], shown, **STREAMING)
            place.example(self.ask_again, [*filters, *options], shown, **STREAMING)
        self.exports.sharelink(self.share, None, self.exports, **IMMEDIATE)
        self.exports.unsharelink(self.unshare, None, self.exports, **IMMEDIATE)
        self.side.cite(self.cite, None, self.side, **IMMEDIATE)
        self.side.back(self.back, None, self.side, **IMMEDIATE)

        gr.on([field.change for field in filters], self.show_chips, filters, self.chips, **NEWEST)
        self.chips.unfilter(self.unfilter, filters, [*filters, self.chips], **IMMEDIATE)

        self.new.click(self.begin, None, shown, **IMMEDIATE).then(self.page.greet, None, self.past, **STREAMING)
        self.find.change(self.search, self.find, self.list, **NEWEST)
        self.list.open(self.open, None, shown, **IMMEDIATE)
        self.list.remove(self.remove, self.find, shown, **IMMEDIATE)
        self.list.rename(self.rename, self.find, self.list, **IMMEDIATE)

    # -- what changes ---------------------------------------------------------------------

    def changes(self, session: TabSession, update: PageUpdate) -> Changes:
        """An update as Gradio takes it: only what changed."""
        found: Changes = {}
        for place, content in ((self.past, update.past), (self.live, update.live), (self.side, update.side)):
            if content is not None:
                found[place] = content
        if update.busy is not None:
            found[self.question] = gr.update(**_composer(update.busy))
        if update.listed:
            found[self.list] = self.conversation_list(session, "")
            found[self.exports] = session.exports()
        return found or {self.live: gr.skip()}

    def redrawn(self, session: TabSession) -> Changes:
        """The conversation and the side again, after the archive has changed."""
        changes = self.changes(session, session.redrawn())
        return {k: v for k, v in changes.items() if k in (self.past, self.live, self.side)}

    @staticmethod
    def conversation_list(session: TabSession, search: str) -> str:
        """The user's conversations that have some words."""
        if not session.archive.exists:
            return lists.conversations([], None, "")
        found = session.archive.conversations.list(session.user, search)
        return lists.conversations(found, session.conversation, search, session.pending)

    # -- asking ---------------------------------------------------------------------------

    def ask(
        self, question: str, sources: Sequence[str], after: str, before: str, language: str, collection: str,
        model: str, k: float, temperature: float, request: gr.Request, times: bool = True,
    ) -> Iterator[Changes]:  # fmt: skip
        """Answer a question, event by event."""
        session = self.page.session(request)
        try:
            filters = read_filters(sources, after, before, language, collection)
        except UsageError as e:
            raise gr.Error(str(e), print_exception=False) from e
        if session.only:
            filters["articles"] = [session.only[0]]
        options: dict[str, Any] = {"k": int(k), "times": times}
        if model:
            options["chat_model"] = model
        if temperature != self.page.scheduler.archive.settings.temperature:
            options["temperature"] = float(temperature)
        editing = session.editing is not None
        first = True
        updates = session.ask(question, filters, **options)
        with contextlib.closing(updates):
            for update in updates:
                changes = self.changes(session, update)
                if first:
                    busy = update.busy is not False
                    # Where nothing was asked, it stays to be asked again.
                    changes[self.question] = gr.update(value="" if busy else question, **_composer(busy))
                    if editing:
                        changes[self.chips] = self.chips_for(session, filters)
                    first = False
                yield changes

    def ask_again(
        self, sources: Sequence[str], after: str, before: str, language: str, collection: str,
        model: str, k: float, temperature: float, request: gr.Request, event: gr.EventData,
    ) -> Iterator[Changes]:  # fmt: skip
        """Ask a button's question: an example, or one that is asked again, with its dates or without."""
        data = event_data(event)
        if data.get("turn"):
            self.page.session(request).editing = int(data["turn"])
        question, times = str(data["question"]), data.get("times") != "off"
        yield from self.ask(
            question, sources, after, before, language, collection, model, k, temperature, request, times
        )

    def stop(self, request: gr.Request) -> None:
        """Stop the question that is being answered."""
        self.page.session(request).stop()

    def edit(self, request: gr.Request, event: gr.EventData) -> tuple[Any, str]:
        """Put an earlier question into the field, to be replaced."""
        data = event_data(event)
        self.page.session(request).editing = int(data["turn"])
        return gr.update(value=str(data["question"])), self.chips_for(self.page.session(request))

    # -- the evidence ---------------------------------------------------------------------

    def cite(self, request: gr.Request, event: gr.EventData) -> str:
        """Open an article at the cited words."""
        data = event_data(event)
        return self.page.session(request).open_article(
            str(data["article"]), int(data["start"]), int(data["end"]), str(data.get("number", ""))
        )

    def evidence(self, request: gr.Request, event: gr.EventData) -> str:
        """Show the evidence of an earlier question."""
        return self.page.session(request).evidence_of(int(event_data(event)["turn"]))

    def share(self, request: gr.Request) -> str:
        """Make the conversation's link."""
        return self.page.session(request).share(True)

    def unshare(self, request: gr.Request) -> str:
        """Take the conversation's link back."""
        return self.page.session(request).share(False)

    def back(self, request: gr.Request) -> str:
        """Go back from an article to the evidence."""
        return self.page.session(request).side()

    def show_earlier(self, request: gr.Request, event: gr.EventData) -> str:
        """Show older questions of the conversation."""
        return self.page.session(request).show_earlier(event_data(event).get("all") == "1")

    def rate(self, request: gr.Request, event: gr.EventData) -> Changes:
        """Store feedback on an answer, or its reason, or take it back."""
        data = event_data(event)
        session = self.page.session(request)
        update = session.rate(
            int(data["turn"]), data["good"] == "1", str(data.get("why", ""))[:500], data.get("on") == "1"
        )
        return self.changes(session, update)

    # -- filters --------------------------------------------------------------------------

    def collections(self, request: gr.Request) -> Any:
        """The collections that the user sees, to choose from."""
        return collection_choices(self.page.session(request), "all")

    @staticmethod
    def chips_for(session: TabSession, filters: FilterArgs | None = None, wrong: str = "") -> str:
        """The filters in force, that one article alone is asked, and that a question is being edited."""
        only = session.only[1] if session.only else ""
        return lists.chips(filters or FilterArgs(), session.editing is not None, only, wrong)

    def show_chips(
        self, sources: Sequence[str], after: str, before: str, language: str, collection: str, request: gr.Request
    ) -> Any:
        """Show the filters in force."""
        try:
            filters = read_filters(sources, after, before, language, collection)
        except UsageError as e:  # it stays there until the date is right
            return self.chips_for(self.page.session(request), wrong=str(e))
        return self.chips_for(self.page.session(request), filters)

    def unfilter(
        self, sources: Sequence[str], after: str, before: str, language: str, collection: str,
        request: gr.Request, event: gr.EventData,
    ) -> tuple[Any, ...]:  # fmt: skip
        """Remove a filter, or stop editing."""
        what, value = event_data(event)["what"], str(event_data(event).get("value", ""))
        session = self.page.session(request)
        if what == "editing":
            session.editing = None
        if what == "only":
            session.only = None
        sources = [s for s in sources or [] if not (what == "source" and s == value)]
        after, before = ("" if what == name else given for name, given in (("after", after), ("before", before)))
        language = "" if what == "language" else language
        collection = "" if what == "collection" else collection
        chips = self.chips_for(session, read_filters(sources, after, before, language, collection))
        return sources, after, before, language, collection, chips

    # -- conversations --------------------------------------------------------------------

    def search(self, search: str, request: gr.Request) -> str:
        """Search the conversations."""
        return self.conversation_list(self.page.session(request), search)

    def begin(self, request: gr.Request) -> Changes:
        """Begin a new conversation."""
        session = self.page.session(request)
        return self.changes(session, session.open_conversation(None))

    def open(self, request: gr.Request, event: gr.EventData) -> Changes:
        """Open a conversation; one that is gone, or another user's, as a bookmark may tell: a new one."""
        session = self.page.session(request)
        ident = str(event_data(event)["id"])
        try:
            session.archive.conversations.get(ident, session.user)
        except OnRecordError:
            return self.changes(session, session.open_conversation(None))
        return self.changes(session, session.open_conversation(ident))

    def remove(self, search: str, request: gr.Request, event: gr.EventData) -> Changes:
        """Delete a conversation."""
        session = self.page.session(request)
        conversation = str(event_data(event)["id"])
        session.archive.conversations.delete(conversation, session.user)
        if session.conversation == conversation:
            return self.changes(session, session.open_conversation(None))
        return {self.list: self.conversation_list(session, search)}

    def rename(self, search: str, request: gr.Request, event: gr.EventData) -> str:
        """Rename a conversation."""
        session = self.page.session(request)
        data = event_data(event)
        session.archive.conversations.rename(str(data["id"]), session.user, str(data["title"])[:200])
        return self.conversation_list(session, search)


def _composer(busy: bool) -> dict[str, Any]:
    """The field for questions, while one is being answered or not: Enter asks nothing then, and the field says so."""
    if busy:
        return {"submit_btn": False, "stop_btn": "Stop", "placeholder": "Being answered: Stop first to ask another …"}
    return {"submit_btn": "Ask", "stop_btn": False, "placeholder": _ASK}
