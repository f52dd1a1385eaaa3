"""Small pieces of HTML. Everything that comes from articles, models and users goes through ``esc`` or ``attrs``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape

from rag.text.timespan import day

_WEB = re.compile(r"https?://", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def esc(text: object) -> str:
    """Text as it may stand in an element or in a quoted attribute: never markup, never a control character."""
    return escape(_CONTROL.sub("\ufffd", str(text)), quote=True)


def attrs(**values: object) -> str:
    """Attributes, escaped; None and False are left out, ``True`` stands alone, ``data_x`` becomes ``data-x``."""
    found = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        found.append(name if value is True else f'{name}="{esc(value)}"')
    return " ".join(found)


def button(label: str, event: str, *, kind: str = "", name: str | None = None, **data: object) -> str:
    """A button that page.js turns into an event of the page; ``label`` is escaped.

    Args:
        label: What it says.
        event: The event's name, of those that page.js knows.
        kind: CSS classes.
        name: What a screen reader says, where the label alone doesn't do.
        data: What the event carries, and ``confirm``: a question asked first.
    """
    carried = {f"data_{key}": value for key, value in data.items()}
    return f"<button {attrs(type='button', class_=kind or None, aria_label=name, data_event=event, **carried)}>{esc(label)}</button>"


def opener(label: str, article: str, start: int, end: int, *, name: str | None = None, cited: object = "") -> str:
    """A button that opens an article with the words from ``start`` to ``end`` marked.

    Args:
        label: What it says.
        article: The version's id.
        start: Of the words, in code points.
        end: Their end.
        name: What a screen reader says.
        cited: The number of the citation they are; empty for other words.
    """
    return button(label, "cite", kind="quiet", name=name, article=article, start=start, end=end, number=cited)


def copy_button(label: str, text: str, *, kind: str = "quiet", name: str | None = None) -> str:
    """A button that puts ``text`` on the clipboard."""
    return f"<button {attrs(type='button', class_=kind, aria_label=name, data_copy=text)}>{esc(label)}</button>"


def link(url: str | None, label: str) -> str:
    """A link, where the address is one of the web; else the label alone."""
    if not url or not _WEB.match(url):
        return esc(label)
    return f"<a {attrs(href=url, target='_blank', rel='noopener noreferrer')}>{esc(label)}</a>"


def byline(source: str | None, published: datetime | None, *more: str | None) -> str:
    """Outlet · date · more, as text."""
    return " · ".join(x for x in (source, day(published), *more) if x)


def number(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 article, 1,200 articles."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def citation_text(quote: str, title: str, source: str | None, published: datetime | None, url: str | None) -> str:
    """A quote ready to paste: the words, then where and when they stood."""
    return f"{quoted(quote)}\n{origin(title, source, published, url)}"


def origin(title: str, source: str | None, published: datetime | None, url: str | None, speaker: str = "") -> str:
    """Whose words they are, if that is known, and where and when they stood; ready to paste below them."""
    where = ", ".join(x for x in (source, title, day(published) if published else None) if x)
    return f"— {f'{speaker}; ' if speaker else ''}{where}" + (f"\n{url}" if url else "")


def quoted(text: str) -> str:
    """Words on one line in quotation marks: their own, where they bring some."""
    words = " ".join(text.split())
    return words if words[:1] in tuple('“"«「') and words[-1:] in tuple('”"»」') else f"“{words}”"


def joined(parts: Sequence[str]) -> str:
    """Pieces of HTML, one a line; empty ones are left out."""
    return "\n".join(p for p in parts if p)
