"""Who said what: quotes as a list of HTML, each ready to paste and to open."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ui.html import fill
from rag.ui.text import number, one_line, origin, quoted

from rag.types import Quote

SHOWN = 50
"""Quotes in the list."""


def quotes(found: Sequence[Quote], speaker: str = "", about: str = "") -> str:
    """Quotes, best first.

    Args:
        found: At most ``SHOWN``.
        speaker: Whose words were asked for.
        about: What they were to be about.
    """
    if not found:
        return nothing(bool(speaker.strip() or about.strip()))
    order = "best match first" if about.strip() else "newest first"
    head = f"The first {SHOWN} quotes" if len(found) == SHOWN else number(len(found), "quote")
    rows = [
        {"quote": q, "words": quoted(q.quote) if q.direct else one_line(q.quote), "copied": quote_text(q)}
        for q in found
    ]
    return fill("quotes", "quotes", f"{head}, {order}", rows)


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
    """A quote ready to paste. Reported speech gets no quotation marks, since they are not the speaker's words."""
    who = ", ".join(x for x in (q.speaker, q.role) if x)
    if q.direct:
        return f"{quoted(q.quote)}\n{origin(q.title, q.source, q.published, q.url, who)}"
    return f"{who}, as reported: {one_line(q.quote)}\n{origin(q.title, q.source, q.published, q.url)}"
