"""The tab Collections: named sets of articles, made, filled, shared and forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr
from rag.ui import collected
from rag.ui.html import fill
from rag.ui.tabs.common import IMMEDIATE, NEWEST, Changes, date_field, event_data, html, read_days

from rag.errors import OnRecordError

if TYPE_CHECKING:
    from rag.ui.app import Page
    from rag.ui.session import TabSession

_INSIDE, _ADDING = "In it", "Add to it"


class CollectionsTab:
    """Lists collections, and shows and changes the opened one."""

    def __init__(self, page: Page) -> None:
        """Build the tab's blocks."""
        self.page = page
        self.opened = gr.State(None)
        with gr.Row(elem_id="sets-row"):
            with gr.Column(elem_id="sets-column"):
                self.shelf = html("shelf")
                with gr.Column(visible=False, elem_id="sets-fields") as self.fields:
                    self.place = gr.Radio(
                        [_INSIDE, _ADDING], value=_INSIDE, show_label=False, label="Articles", container=False,
                        elem_id="sets-place",
                    )  # fmt: skip
                    with gr.Row():
                        self.words = gr.Textbox(
                            label="Articles", placeholder="Words of the title, author or address",
                            elem_id="sets-words", max_lines=1, max_length=200, min_width=200, scale=2,
                        )  # fmt: skip
                        self.outlet = gr.Dropdown(
                            [("all", "")], value="", label="Outlet", elem_id="sets-outlet", min_width=130
                        )
                        self.after = date_field("From", "sets-from")
                        self.last = date_field("To", "sets-to")
                self.listed = html("sets-list")
            with gr.Column(elem_id="sets-side"):
                self.article = html("sets-article", value=fill("collected", "no_article"))

    def wire(self, tab: gr.Tab, tabs: gr.Tabs) -> None:
        """Connect the events.

        Args:
            tab: This one.
            tabs: All of them; "Ask within" and the like go to another.
        """
        page = self.page
        fields: list[Any] = [self.opened, self.place, self.words, self.outlet, self.after, self.last]
        shown: list[Any] = [self.opened, self.shelf, self.fields, self.place, self.outlet, self.listed]
        tab.select(self.show, fields, shown, **IMMEDIATE)
        asked = [self.words.change, self.outlet.input, self.place.input, self.after.submit, self.last.submit]
        gr.on(asked, self.search, fields, self.listed, **NEWEST)
        for name in ("makeset", "openset", "renameset", "shareset", "dropset", "dropoutlet"):
            getattr(self.shelf, name)(getattr(self, name), fields, shown, **IMMEDIATE)
        for name in ("tickadd", "tickremove", "addall", "addoutlet"):
            getattr(self.listed, name)(getattr(self, name), fields, shown, **IMMEDIATE)
        self.listed.turnpage(self.turn, fields, self.listed, **IMMEDIATE)
        self.listed.read(self.read, None, self.article, **IMMEDIATE)
        self.article.back(lambda: fill("collected", "no_article"), None, self.article, **IMMEDIATE)
        self.article.cite(self.read, None, self.article, **IMMEDIATE)
        self.within = {
            "ask": page.ask.collection, "search": page.search.collection, "quotes": page.quotes.collection,
            "timeline": page.timeline.collection,
        }  # fmt: skip
        self.tabs = tabs
        self.shelf.useset(self.use, None, [tabs, *self.within.values()], **IMMEDIATE)

    # -- what is shown ----------------------------------------------------------------------

    def show(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str, request: gr.Request
    ) -> Changes:
        """The collections, and the opened one's articles."""
        return self._drawn(opened, (place, words, outlet, after, last), request)

    def search(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str, request: gr.Request
    ) -> str:
        """The articles that the fields ask for."""
        return self._list(opened, (place, words, outlet, after, last), request)

    def turn(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> str:  # fmt: skip
        """Another page of them."""
        offset = max(0, int(event_data(event)["offset"]))
        return self._list(opened, (place, words, outlet, after, last), request, offset)

    def read(self, request: gr.Request, event: gr.EventData) -> str:
        """Open an article."""
        return self.page.session(request).article(str(event_data(event)["article"]), 0, 0, "", back="Close")

    def use(self, request: gr.Request, event: gr.EventData) -> Changes:
        """Go to another tab, where this collection alone is asked, searched or listed."""
        data = event_data(event)
        session = self.page.session(request)
        name = session.archive.collections.get(str(data["id"]), session.user).name
        choices = [(n, n) for n in (c.name for c in session.collections())]
        to = self.within[str(data["to"])]
        first = ("all", "") if data["to"] in ("ask", "quotes") else ("whole archive", "")
        return {self.tabs: gr.update(selected=data["to"]), to: gr.update(choices=[first, *choices], value=name)}

    def _list(self, opened: str | None, fields: tuple[str, ...], request: gr.Request, offset: int = 0) -> str:
        try:
            place, words, outlet, after, last = fields
            wanted = _wanted(place, words, outlet, after, last, offset)
            return collected.articles(self.page.session(request), opened, wanted)
        except OnRecordError as e:
            return collected.failed(str(e))

    def _drawn(
        self, opened: str | None, fields: tuple[str, ...], request: gr.Request, told: str = "", wrong: str = ""
    ) -> Changes:
        """All of the tab again, with what has been done, or why it has not."""
        session = self.page.session(request)
        there = {f"#{c.id}" for c in session.collections()}
        opened = opened if opened in there else None
        stats = session.stats()
        outlets = [(s, s) for s in (stats.sources if stats else ()) if s]
        return {
            self.opened: opened,
            self.shelf: (collected.failed(wrong) if wrong else "") + collected.shelf(session, opened, told),
            self.fields: gr.update(visible=opened is not None),
            self.place: gr.update(value=fields[0]),
            self.outlet: gr.update(choices=[("all", ""), *outlets]),
            self.listed: self._list(opened, fields, request),
        }

    # -- collections ------------------------------------------------------------------------

    def makeset(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> Changes:  # fmt: skip
        """Make one, and open it to be filled."""
        fields = (place, words, outlet, after, last)
        session = self.page.session(request)
        try:
            made, told = collected.make(session, str(event_data(event).get("why", "")))
        except OnRecordError as e:
            return self._drawn(opened, fields, request, wrong=str(e))
        return self._drawn(made, (_INSIDE, *fields[1:]), request, told)

    def openset(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> Changes:  # fmt: skip
        """Open one."""
        return self._drawn(str(event_data(event)["id"]), (_INSIDE, words, outlet, after, last), request)

    def renameset(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> Changes:  # fmt: skip
        """Rename one."""
        data = event_data(event)
        return self._done(
            opened,
            (place, words, outlet, after, last),
            request,
            lambda session: collected.rename(session, str(data["id"]), str(data.get("title", ""))),
        )

    def shareset(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> Changes:  # fmt: skip
        """Show one to everybody, or to this user alone."""
        data = event_data(event)
        return self._done(
            opened,
            (place, words, outlet, after, last),
            request,
            lambda session: collected.share(session, str(data["id"]), data["on"] == "1"),
        )

    def dropset(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> Changes:  # fmt: skip
        """Forget one."""
        data = event_data(event)
        return self._done(
            opened,
            (place, words, outlet, after, last),
            request,
            lambda session: collected.drop(session, str(data["id"])),
        )

    # -- what is in the opened one ------------------------------------------------------------

    def tickadd(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> Changes:  # fmt: skip
        """Put the ticked articles into it."""
        ticked = [str(i) for i in event_data(event).get("ticked") or ()]
        return self._done(
            opened,
            (place, words, outlet, after, last),
            request,
            lambda session: collected.put(session, str(opened), ticked),
        )

    def tickremove(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> Changes:  # fmt: skip
        """Take the ticked articles out of it."""
        ticked = [str(i) for i in event_data(event).get("ticked") or ()]
        return self._done(
            opened,
            (place, words, outlet, after, last),
            request,
            lambda session: collected.take_out(session, str(opened), ticked),
        )

    def addall(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str, request: gr.Request
    ) -> Changes:
        """Put all articles into it that the fields ask for."""
        fields = (place, words, outlet, after, last)
        return self._done(
            opened, fields, request, lambda session: collected.put_all(session, str(opened), _wanted(*fields))
        )

    def addoutlet(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str, request: gr.Request
    ) -> Changes:
        """Put the outlet into it, with what it will have."""
        fields = (place, words, outlet, after, last)
        return self._done(opened, fields, request, lambda session: collected.put_outlet(session, str(opened), outlet))

    def dropoutlet(
        self, opened: str | None, place: str, words: str, outlet: str, after: str, last: str,
        request: gr.Request, event: gr.EventData,
    ) -> Changes:  # fmt: skip
        """Take an outlet out of it."""
        named = [str(event_data(event)["outlet"])]
        return self._done(
            opened,
            (place, words, outlet, after, last),
            request,
            lambda session: collected.take_out(session, str(opened), (), named),
        )

    def _done(
        self, opened: str | None, fields: tuple[str, ...], request: gr.Request, work: Callable[[TabSession], str]
    ) -> Changes:
        """Do something, and show the tab as it is then."""
        try:
            told = work(self.page.session(request))
        except OnRecordError as e:
            return self._drawn(opened, fields, request, wrong=str(e))
        return self._drawn(opened, fields, request, told)


def _wanted(place: str, words: str, outlet: str, after: str, last: str, offset: int = 0) -> collected.Wanted:
    """What the fields ask for.

    Raises:
        UsageError: A date can't be read.
    """
    return collected.Wanted(place == _ADDING, words or "", outlet or "", *read_days(after, last), offset)


__all__ = ["CollectionsTab"]
