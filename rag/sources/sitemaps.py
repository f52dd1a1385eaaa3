"""Sitemaps: lists of pages, news sitemaps with times and titles, and indexes of sitemaps (sitemaps.org).

The libraries that read sitemaps fetch them themselves, past the guard; so the few elements are read here, by lxml,
without entities and without a network.
"""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urljoin

from rag.ingest.forms.markup import line, local, xml_elements
from rag.ingest.values import language_code
from rag.sources.feeds import Listed
from rag.sources.instants import read_instant
from rag.sources.roots import root
from rag.sources.values import Hints
from rag.text.urls import is_web

_MOST = 50_000
"""Entries that a sitemap may have, as its definition says."""


def is_sitemap(raw: bytes) -> bool:
    """Whether a document is a sitemap, or an index of them."""
    return root(raw) in ("urlset", "sitemapindex")


def read_sitemap(raw: bytes, url: str) -> Listed:
    """What a sitemap lists, or what has been read of it where it is broken.

    Args:
        raw: The document.
        url: Where it came from.
    """
    listed = Listed()
    try:
        for element in xml_elements(io.BytesIO(raw), "url", "sitemap", lenient=True):
            if len(listed.entries) + len(listed.more) >= _MOST:
                break
            _take(listed, element, url)
    except (SyntaxError, ValueError):  # lxml's XMLSyntaxError is a SyntaxError
        listed.passed["broken rest"] += 1
    return listed


def _take(listed: Listed, element: Any, base: str) -> None:
    told: dict[str, str] = {}
    for part in element.iter():
        name = local(part)
        if name in ("loc", "lastmod", "publication_date", "title", "name", "language") and (words := line(part)):
            # A picture's or video's title and address stand in elements of their own kind.
            if part.getparent() is element or local(part.getparent()) in ("news", "publication"):
                told.setdefault(name, words)
    try:
        address = urljoin(base, told.get("loc", "").strip())
    except ValueError:
        address = ""
    if not is_web(address):
        listed.passed["entry without an address"] += 1
    elif local(element) == "sitemap":
        listed.more.append((address, told.get("lastmod", "")))
    else:
        listed.entries.append(
            Hints(
                url=address,
                title=told.get("title"),
                published=read_instant(told.get("publication_date"), address),
                updated=read_instant(told.get("lastmod"), address),
                language=language_code(told.get("language")),
                outlet=told.get("name"),
                stamp=told.get("lastmod", ""),
            )
        )


__all__ = ["is_sitemap", "read_sitemap"]
