"""Who said what: quotes as a list, each ready to paste and to open. Pure, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ui.markup import attrs, byline, copy_button, esc, link, number, opener, origin, quoted

from rag.types import Quote

SHOWN = 50
"""Quotes in the list."""
_REPORTED = "The article tells in its own words what was said"


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
    rows = "".join(_row(q) for q in found)
    return f'<p class="muted" role="status">{esc(head)}, {order}</p><ul class="quotes" aria-label="Quotes">{rows}</ul>'


def nothing(asked: bool) -> str:
    """What to do when there is no quote.

    Args:
        asked: Whether a speaker or a subject was given.
    """
    advice = (
        "Try a surname alone, or what somebody is called (“foreign minister”), or leave one of the fields empty."
        if asked
        else "Articles are looked through for them as they are taken in, under Archive."
    )
    return (
        '<div class="notice" role="status"><p><strong>No quote found.</strong></p>'
        f"<p>{advice} Quotes are found in English articles only.</p></div>"
    )


def beside() -> str:
    """What stands beside the list before an article is opened."""
    return '<p class="muted">The article of a quote opens here, at its words.</p>'


def failed(message: str) -> str:
    """Why quotes can't be shown, and what to do about it."""
    return f'<div class="notice" role="alert"><p dir="auto">{esc(message)}</p></div>'


def pasted(q: Quote) -> str:
    """A quote ready to paste. Reported speech is not put into its speaker's mouth: it has no quotation marks."""
    if q.direct:
        return f"{quoted(q.quote)}\n{origin(q.title, q.source, q.published, q.url, _who(q))}"
    words = " ".join(q.quote.split())
    return f"{_who(q)}, as reported: {words}\n{origin(q.title, q.source, q.published, q.url)}"


def _who(q: Quote) -> str:
    return ", ".join(x for x in (q.speaker, q.role) if x)


def _row(q: Quote) -> str:
    words = quoted(q.quote) if q.direct else " ".join(q.quote.split())
    kind = (
        '<span class="badge verbatim">word for word</span>'
        if q.direct
        else f"<span {attrs(class_='badge', title=_REPORTED)}>reported</span>"
    )
    role = f'<small dir="auto">{esc(q.role)}</small>' if q.role else ""
    also = f'<small dir="auto">also printed by {esc(", ".join(q.also_printed_by))}</small>' if q.also_printed_by else ""
    open_ = opener("Open article", q.article_id, q.start, q.end, name=f"Open {q.title} at the words of {q.speaker}")
    copy = copy_button("Copy quote", pasted(q), name=f"Copy the words of {q.speaker}")
    return (
        f'<li class="said"><p class="who" dir="auto"><strong>{esc(q.speaker)}</strong> {role}</p>'
        f'<blockquote dir="auto">{esc(words)}</blockquote>'
        f'<div class="by"><span dir="auto">{link(q.url, q.title)}</span>'
        f'<small dir="auto">{esc(byline(q.source, q.published))}</small>{also}</div>'
        f'<div class="row">{kind}{open_}{copy}</div></li>'
    )
