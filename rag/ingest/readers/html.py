"""Web pages: the article in them, by trafilatura."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rag.extras import require
from rag.ingest.readers.single import PARSER_ERROR_LENGTH, SingleArticleReader
from rag.ingest.values import language_code
from rag.text.dates import parse_date
from rag.text.decode import decode
from rag.text.urls import canonical, host, is_web, original
from rag.types import RawArticle, Skipped

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_SHORTEST = 25
"""Characters an article has at least; less is a menu."""

_LANG = re.compile(r"<html[^>]{0,500}?\slang\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)


class HtmlReader(SingleArticleReader):
    """A saved web page: the article in it, without what stands around it."""

    endings: Sequence[str] = (".html", ".htm", ".xhtml")

    def article(self, path: Path, raw: bytes) -> RawArticle | Skipped:
        """The article in a saved page; Skipped if the page is no text or holds no article."""
        page, note = _decode(raw)
        if page is None:
            return Skipped(origin=str(path), reason="not text")
        require("trafilatura", extra="documents", what="Reading HTML")
        from trafilatura import bare_extraction

        try:
            found = bare_extraction(
                page,
                with_metadata=True,
                include_comments=False,
                include_tables=False,
                deduplicate=False,
            )
        except Exception as error:  # a parser fed with anything may fail in any way
            return Skipped(
                origin=str(path),
                reason=f"the page can't be read: {type(error).__name__}: {error}"[:PARSER_ERROR_LENGTH],
            )
        text = found.text if found is not None and not isinstance(found, dict) else None
        if found is None or isinstance(found, dict) or not text or len(text.strip()) < _SHORTEST:
            return Skipped(origin=str(path), reason="no article found in the page")
        url = original(found.url) if found.url and is_web(found.url) else None
        language = _LANG.search(page[:5000])
        return RawArticle(
            key=canonical(url) if url else path.resolve().as_posix(),
            title=" ".join((found.title or path.name.split(".")[0]).split()),
            text=_spaced(text),
            url=url,
            source=(found.sitename if found.sitename != "web.archive.org" else None) or host(url),
            author=found.author or None,
            published=parse_date(found.date),
            language=language_code(language[1]) if language else None,
            metadata={"decoding": note} if note else {},
            origin=str(path),
        )


def _spaced(text: str) -> str:
    """A blank line between paragraphs: trafilatura gives one line to each."""
    return "\n\n".join(line for line in text.splitlines() if line.strip())


def _decode(raw: bytes) -> tuple[str | None, str]:
    """Strict UTF-8, else what the page declares, else what it looks like."""
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(raw[:4096])
    if declared and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii", "replace").lower()
        name = {
            "iso-8859-1": "cp1252",
            "latin1": "cp1252",
            "iso-8859-9": "cp1254",
            "gb2312": "gb18030",
        }.get(name, name)
        try:
            return raw.decode(name), ""
        except (LookupError, ValueError):
            pass
    decoded = decode(raw)
    return (decoded.text, decoded.note) if decoded else (None, "")
