"""Texts of the page that are not HTML: bylines, counts, and quotes ready to paste."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import unquote

from rag.text.timespan import day

_WEB = re.compile(r"https?://", re.IGNORECASE)
_ENCODED = re.compile(r"(?:%[89A-F][0-9A-F])+", re.IGNORECASE)
"""Percent-encoded letters beyond ASCII; what is encoded of ASCII has a meaning in an address, and stays."""


def is_web(url: str | None) -> bool:
    """Whether an address is one of the web, which a link may lead to."""
    return bool(url and _WEB.match(url))


def readable_address(url: str | None) -> str:
    """An address as people read it, its letters beyond ASCII decoded; empty where it is none of the web."""
    return _ENCODED.sub(lambda m: _decoded(m[0]), url) if url and is_web(url) else ""


def _decoded(encoded: str) -> str:
    try:
        letters = unquote(encoded, errors="strict")
    except UnicodeDecodeError:
        return encoded
    # A mark that can't be seen, or that turns the direction of writing, could hide where a link leads.
    return letters if all(c.isalnum() or (c.isprintable() and not c.isspace()) for c in letters) else encoded


def one_line(text: str) -> str:
    """A text with every run of white space as one space."""
    return " ".join(text.split())


def byline(source: str | None, published: datetime | None, *more: str | None) -> str:
    """Outlet · date · more."""
    return " · ".join(x for x in (source, day(published), *more) if x)


def citation_text(quote: str, title: str, source: str | None, published: datetime | None, url: str | None) -> str:
    """A quote ready to paste: the words, then where and when they were published."""
    return f"{quoted(quote)}\n{origin(title, source, published, url)}"


def origin(title: str, source: str | None, published: datetime | None, url: str | None, speaker: str = "") -> str:
    """Whose words they are, if that is known, and where and when they were published; ready to paste below them."""
    where = ", ".join(x for x in (source, title, day(published) if published else None) if x)
    return f"— {f'{speaker}; ' if speaker else ''}{where}" + (f"\n{url}" if url else "")


def quoted(text: str) -> str:
    """Words on one line in quotation marks: their own, where they bring some."""
    words = one_line(text)
    return words if words[:1] in tuple('“"«「') and words[-1:] in tuple('”"»」') else f"“{words}”"
