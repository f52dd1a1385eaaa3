"""Web pages: the article in them, with what the page tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.errors import ExtraMissing
from rag.ingest.pages.body import SHORTEST, text_of
from rag.ingest.pages.facts import facts
from rag.ingest.pages.linked import Linked
from rag.ingest.pages.tree import Page, PageRefused
from rag.ingest.readers.single import SingleArticleReader, stem
from rag.ingest.values import language_code
from rag.text.urls import canonical, host
from rag.types import RawArticle, Skipped


class HtmlReader(SingleArticleReader):
    """A saved web page: the article in it, without what stands around it."""

    endings: Sequence[str] = (".html", ".htm", ".xhtml")

    def article(self, path: Path, raw: bytes, address: str = "") -> RawArticle | Skipped:
        """The article in a saved page.

        Args:
            path: Where it was read from.
            raw: The page.
            address: Where the page comes from, if that is known from outside it.

        Returns:
            Skipped if the page is no text or holds no article.

        Raises:
            ExtraMissing: A library that pages need is not installed.
        """
        try:
            page = Page(raw, address)
            linked = Linked(page)
            text = text_of(page, linked)
            told = facts(page, linked)
        except PageRefused as refusal:
            return Skipped(origin=str(path), reason=str(refusal))
        except (ExtraMissing, MemoryError):
            raise
        except Exception:  # a parser fed with anything may fail in any way
            return Skipped(
                origin=str(path),
                reason="the page can't be read: it is broken; save it anew",
            )
        if len(text.strip()) < SHORTEST:
            return Skipped(origin=str(path), reason="no article found in the page")
        known = {
            "decoding": page.note,
            "modified": told.modified.when.isoformat() if told.modified else "",
            "section": told.section,
        }
        return RawArticle(
            key=canonical(page.address) if page.address else path.resolve().as_posix(),
            title=told.title or stem(path),
            text=text,
            url=page.address,
            source=told.outlet or host(page.address),
            author=", ".join(told.authors) or None,
            published=told.published.when if told.published else None,
            language=language_code(page.language),
            metadata={name: value for name, value in known.items() if value},
            origin=str(path),
        )
