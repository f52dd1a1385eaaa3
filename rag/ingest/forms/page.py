"""Pages inside other files: of web archives and saved mail; read as pages are, with the address that is known."""

from __future__ import annotations

import re

from rag.ingest.forms.base import Source
from rag.ingest.readers.html import HtmlReader
from rag.text.urls import canonical, host, is_web, original
from rag.types import RawArticle, Skipped

_TOLD = r"(?:<meta\b[^>]*|<time\b[^>]*|[\"']date\w*[\"']\s*:\s*[\"'])"
"""Where a page tells its day: in its head, in an element for times, or in its data."""


def _tells(raw: bytes, found: RawArticle) -> bool:
    """Whether the day that was found is one that the page tells, not one that happens to stand in it."""
    day = f"{found.published:%Y-%m-%d}" if found.published else ""
    return bool(day) and re.search((_TOLD + day).encode(), raw, re.IGNORECASE) is not None


def page_article(source: Source, number: int | None, raw: bytes, address: str) -> RawArticle | Skipped:
    """The article of a page that was kept under an address."""
    found = HtmlReader().article(source.path, raw)
    if isinstance(found, Skipped):
        return source.skipped(found.reason, number)
    if found.published is not None and not _tells(raw, found):
        found = found.model_copy(update={"published": None})
    address = original(address)
    if not is_web(address):
        key = found.key if found.url else (source.key if number is None else f"{source.key}#{number}")
        return found.model_copy(update={"key": key, "origin": source.place(number)})
    return found.model_copy(
        update={
            "key": canonical(address),
            "url": address,
            "source": found.source or host(address),
            "origin": source.place(number),
        }
    )
