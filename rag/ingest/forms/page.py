"""Pages inside other files: of web archives and saved mail; read as pages are, with the address that is known."""

from __future__ import annotations

from rag.ingest.forms.base import Source
from rag.ingest.readers.html import HtmlReader
from rag.types import RawArticle, Skipped


def page_article(source: Source, number: int | None, raw: bytes, address: str) -> RawArticle | Skipped:
    """The article of a page that was kept under an address."""
    found = HtmlReader().article(source.path, raw, address)
    if isinstance(found, Skipped):
        return source.skipped(found.reason, number)
    key = found.key if found.url or number is None else f"{source.key}#{number}"
    return found.model_copy(update={"key": key, "origin": source.place(number)})
