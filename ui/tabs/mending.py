"""In the tab Archive: what is said of articles, set by hand, of one or of many; with a log, and undo."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
from rag.ui import lists
from rag.ui.html import fill
from rag.ui.tabs.common import date_field, event_data, html, in_labels

from rag.errors import ArticleMissing, OnRecordError
from rag.mending import FIELDS, Mending
from rag.text.counting import count

if TYPE_CHECKING:
    from rag.ui.app import Page
    from rag.ui.session import TabSession

    from rag.types import IngestReport

_LOGGED = 10
"""Mendings that are told."""
_TITLES = 5
"""Of ticked articles that are told."""
_LACKING = {"published": "no date", "source": "no outlet"}
_WITHOUT = tuple((f"All without {'a date' if f == 'published' else 'an outlet'}", f"lacking:{f}") for f in _LACKING)


class MendingForm:
    """Which articles, what is set of them, and what was."""

    def __init__(self, page: Page) -> None:
        """Build its blocks."""
        self.page = page
        self.chosen = gr.State({})  # keys of the last upload's articles, by what they lack, or of those ticked
        with gr.Accordion("Set by hand", open=False, elem_id="mending", visible=False) as self.box:
            self.which = gr.Dropdown(
                [*_WITHOUT], value=None, label="Of which articles", elem_id="mend-which", filterable=False
            )
            with gr.Row():
                self.title = _text("Title", "mend-title", 2000)
                self.source = _text("Outlet", "mend-outlet", 200)
                self.author = _text("Author", "mend-author", 500)
                self.published = date_field("Date", "mend-date")
                self.language = _text("Language", "mend-language", 10, "en")
                self.section = _text("Section", "mend-section", 500)
                self.url = _text("Address", "mend-url", 2000, "https://")
            with gr.Row():
                self.tried = gr.Button("What would change?", size="sm", elem_id="mend-try")
                self.set = gr.Button("Set", size="sm", variant="primary", elem_id="mend-set")
            self.told = html("mended")
            self.log = html("mend-log")

    @property
    def values(self) -> list[Any]:
        """The fields, in the order of ``FIELDS``."""
        return [getattr(self, field) for field in FIELDS]

    @property
    def asked(self) -> list[Any]:
        """What ``mend`` takes."""
        return [self.which, self.chosen, *self.values]

    @property
    def filled(self) -> list[Any]:
        """What ``ticked`` changes."""
        return [self.which, self.chosen, self.box, self.told]

    # -- which articles -------------------------------------------------------------------

    def shown(self, session: TabSession) -> dict[Any, Any]:
        """The form and the log as a user sees them."""
        if not (self._may(session) and session.archive.exists):
            return {self.box: gr.update(visible=False)}
        return {self.box: gr.update(visible=True), self.log: self._log(session)}

    def opened(self, session: TabSession, ident: str) -> dict[Any, Any]:
        """With an article that was opened, of which the values are to be set."""
        if not self._may(session):
            return {}
        article = session.archive.get(ident)
        mine = (f"This article: {article.title}", f"key:{article.key}")
        return {self.which: gr.update(choices=[mine, *_WITHOUT], value=mine[1]), self.told: ""}

    def ticked(self, session: TabSession, idents: Sequence[str]) -> dict[Any, Any]:
        """With the articles that were ticked in a list; those that are gone meanwhile are left out."""
        if not self._may(session):
            return {}
        found = []
        for ident in idents:
            with contextlib.suppress(ArticleMissing):
                found.append(session.archive.get(ident))
        mine = (f"The ticked: {count(len(found), 'article')}", "ticked:")
        titles = [a.title or a.key for a in found]
        return {
            self.chosen: {"": [a.key for a in found]},
            self.which: gr.update(choices=[mine, *_WITHOUT], value=mine[1]),
            self.box: gr.update(open=True, visible=True),
            self.told: fill("mending", "ticked", titles[:_TITLES], max(0, len(titles) - _TITLES)),
        }

    def lacking(self, session: TabSession, report: IngestReport | None) -> dict[Any, Any]:
        """After an upload: with those of its articles that lack a date or an outlet."""
        if report is None or not self._may(session):
            return {}
        keys = {"published": list(report.undated_keys), "source": list(report.no_source_keys)}
        counts = {"published": report.undated, "source": report.no_source}
        choices = [
            (f"Of the upload: {count(counts[field], 'article')} with {what}", f"upload:{field}")
            for field, what in _LACKING.items()
            if keys[field]
        ]
        if not choices:  # what an earlier upload lacked is no longer the choice
            return {self.chosen: {}, self.which: gr.update(choices=[*_WITHOUT], value=None), self.told: ""}
        lacks = [
            f"{counts[f]:,} {'has' if counts[f] == 1 else 'have'} {what}" for f, what in _LACKING.items() if keys[f]
        ]
        told = fill("mending", "lacks", f"Of what was taken in, {', '.join(lacks)}. It can be set here.")
        return {
            self.chosen: keys,
            self.which: gr.update(choices=[*choices, *_WITHOUT], value=choices[0][1]),
            self.box: gr.update(open=True, visible=True),
            self.told: told,
        }

    # -- setting and undoing --------------------------------------------------------------

    def mend(
        self, session: TabSession, which: str | None, chosen: Any, values: Sequence[str], *, dry: bool
    ) -> tuple[str, bool]:
        """Set the values; as HTML what was changed, and whether anything was."""
        given = {field: value.strip() for field, value in zip(FIELDS, values, strict=True) if (value or "").strip()}
        kind, _, what = (which or "").partition(":")
        options: dict[str, Any] = {}
        keys: Sequence[str] = ()
        if kind == "key":
            keys = [what]
        elif kind in ("upload", "ticked"):
            keys = dict(chosen or {}).get(what, [])
        if kind == "lacking" or (keys and kind == "upload"):
            options["lacking"] = what  # of the upload too: some may have been set meanwhile
        if not given:
            return lists.failed("Nothing to change. Fill in what is to be said of the article."), False
        try:
            with in_labels({field: getattr(self, field).label for field in FIELDS}):
                done = session.scheduler.desk.mend(session.user, keys, dry_run=dry, **options, **given)
        except OnRecordError as e:
            return lists.failed(str(e)), False
        return fill("mending", "done", done, count(done.articles, "article"), dry), not dry

    def undo(self, session: TabSession, event: gr.EventData) -> tuple[str, bool]:
        """Take a mending back; as HTML what became of it, and whether anything changed."""
        try:
            done: Mending = session.scheduler.desk.undo_mending(session.user, int(event_data(event)["number"]))
        except OnRecordError as e:
            return lists.failed(str(e)), False
        return fill("mending", "lacks", f"Undone: {count(done.articles, 'article')}."), True

    def _may(self, session: TabSession) -> bool:
        return bool(session.scheduler.desk.may(session.user, "mend"))

    def _log(self, session: TabSession) -> str:
        return fill("mending", "log", session.scheduler.desk.mendings(session.user, limit=_LOGGED))


def _text(label: str, name: str, longest: int, placeholder: str = "") -> gr.Textbox:
    return gr.Textbox(
        label=label, elem_id=name, max_lines=1, max_length=longest, placeholder=placeholder, min_width=130
    )


__all__ = ["MendingForm"]
