"""Who said what: quotes as a list of HTML, each with how it was said, ready to paste and to open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from rag.ui.html import fill
from rag.ui.text import one_line, origin, quoted

from rag import quote_files
from rag.protocols import FilterArgs
from rag.retrieve.people import Person
from rag.retrieve.quote_search import Order
from rag.text.counting import count
from rag.types import Quote

SHOWN = 200
"""Quotes in the list."""
_PEOPLE = 12
"""Of whom the names that may be meant are listed."""


@dataclass(frozen=True)
class Asked:
    """What was asked for, as it stands in the fields of the tab."""

    speaker: str = ""
    about: str = ""
    after: date | None = None
    last: date | None = None
    """The last day that counts."""
    outlets: tuple[str, ...] = ()
    language: str = ""
    order: Order | None = None
    person: str = ""
    """The key of one of the people whom ``speaker`` may mean."""
    collection: str = ""

    def filters(self) -> FilterArgs:
        """Which articles."""
        found = FilterArgs()
        if self.after:
            found["after"] = self.after
        if self.last:
            found["before"] = self.last + timedelta(days=1)
        if self.outlets:
            found["sources"] = list(self.outlets)
        if self.language:
            found["language"] = self.language
        if self.collection:
            found["collection"] = self.collection
        return found

    def query(self) -> str:
        """The same as the query of an address."""
        values = {
            "speaker": self.speaker, "about": self.about, "after": self.after or "", "last": self.last or "",
            "source": list(self.outlets), "language": self.language, "order": self.order or "", "person": self.person,
            "collection": self.collection,
        }  # fmt: skip
        return urlencode({name: value for name, value in values.items() if value}, doseq=True)


def quotes(found: Sequence[Quote], asked: Asked = Asked(), people: Sequence[Person] = ()) -> str:
    """Quotes, with the people who may be meant above them, and the same as files.

    Args:
        found: At most ``SHOWN``.
        asked: What was asked for.
        people: Who may be meant.
    """
    who = _people(people, asked.person)
    if not found:
        return who + nothing(bool(asked.speaker.strip() or asked.about.strip()))
    order = asked.order or ("best" if asked.about.strip() else "newest")
    told = {"best": "best match first", "newest": "newest first", "oldest": "oldest first"}[order]
    head = f"The first {SHOWN} quotes" if len(found) == SHOWN else count(len(found), "quote")
    kinds = {"CSV": "csv", "JSON": "json", "Markdown": "md"}
    exports = [(name, f"export/quotes/{kind}?{asked.query()}") for name, kind in kinds.items()]
    return who + fill("quotes", "quotes", f"{head}, {told}", [_row(q) for q in found], exports)


def _row(q: Quote) -> dict[str, Any]:
    """A quote as its template takes it. Where its words alone would mislead, it is its sentence, with them marked."""
    words = one_line(q.quote)
    whole = quote_files.words(q)
    before, found, after = whole.partition(words) if words else ("", "", "")
    if quote_files.alone(q) or not found:
        before, words, after = "", quoted(q.quote) if q.direct else words, ""
    return {"quote": q, "before": before, "words": words, "after": after, "copied": quote_text(q)}


def _people(people: Sequence[Person], chosen: str) -> str:
    """Who may be meant, with buttons that put names together and apart; nothing where there is one name alone."""
    if not people or (len(people) == 1 and len(people[0].forms) == 1 and not people[0].by_hand):
        return ""
    return fill("quotes", "people", people[:_PEOPLE], chosen, max(0, len(people) - _PEOPLE))


def nothing(asked: bool) -> str:
    """What to do when there is no quote.

    Args:
        asked: Whether a speaker or a subject was given.
    """
    return fill("quotes", "nothing", asked)


def no_article() -> str:
    """What stands beside the list before an article is opened."""
    return fill("quotes", "no_article")


def failed(message: str) -> str:
    """Why quotes can't be shown, and what to do about it."""
    return fill("quotes", "failed", message)


def quote_text(q: Quote) -> str:
    """A quote ready to paste. Words that are not the speaker's own, or that were denied, refused or supposed, come with
    the whole sentence of the article that tells them: alone they could say what nobody said."""
    who = ", ".join(x for x in (q.speaker, q.role) if x)
    if quote_files.alone(q):
        return f"{quoted(q.quote)}\n{origin(q.title, q.source, q.published, q.url, who)}"
    sentence = f"{who}, as reported: “{quote_files.words(q)}”"
    return f"{sentence}\n{origin(q.title, q.source, q.published, q.url)}"
