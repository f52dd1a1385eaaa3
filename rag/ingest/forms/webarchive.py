"""Web archives: WARC and ARC, extracted text (WET), and WACZ, by warcio, one record at a time.

The day of a capture is no day of publication. Payloads that were sent packed are unpacked.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from rag.extras import require
from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.forms.page import page_article
from rag.text.urls import original
from rag.types import RawArticle, Skipped

LARGEST_PAGE = 20_000_000
"""Bytes that one page may have."""


class Warc(FormReader):
    """WARC, ARC and WET."""

    name = "warc"
    what = "web archive (WARC)"
    endings = (".warc", ".arc", ".wet")
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its first record."""
        return head.raw.lstrip().startswith((b"WARC/", b"filedesc://")) or _packed_head(head.raw).startswith(b"WARC/")

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each page that was sent whole; requests, redirects, pictures and the like are passed over."""
        yield from _records(source, source.stream, 0)


class Wacz(FormReader):
    """WACZ: a ZIP of WARC files."""

    name = "wacz"
    what = "web archive (WACZ)"
    endings = (".wacz",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its files."""
        return "datapackage.json" in head.members and any(m.startswith("archive/") for m in head.members)

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """The pages of each WARC in it."""
        number = 0
        with zipfile.ZipFile(source.stream) as packed:
            for member in packed.namelist():
                if member.startswith("archive/") and member.endswith((".warc", ".warc.gz")):
                    with packed.open(member) as opened:
                        for item in _records(source, opened, number):
                            number += 1
                            yield item


def _records(source: Source, stream: Any, number: int) -> Iterator[RawArticle | Skipped]:
    require("warcio.archiveiterator", extra="forms", what="Reading web archives")
    from warcio.archiveiterator import ArchiveIterator

    for record in ArchiveIterator(stream, arc2warc=True):
        kind = record.rec_type
        if kind == "conversion":
            number += 1
            yield _extracted(source, number, record)
            continue
        if kind not in ("response", "resource"):
            source.pass_over(f"{kind} record")
            continue
        status = record.http_headers.get_statuscode() if record.http_headers else "200"
        form = (record.http_headers or record.rec_headers).get_header("Content-Type") or ""
        if status != "200" or "html" not in form:
            source.pass_over(f"answer with the status {status}" if status != "200" else "file that is no page")
            continue
        number += 1
        raw = record.content_stream().read(LARGEST_PAGE + 1)
        if len(raw) > LARGEST_PAGE:
            yield source.skipped("a page of more than 20 MB", number)
        else:
            yield page_article(source, number, raw, record.rec_headers.get_header("WARC-Target-URI") or "")


def _extracted(source: Source, number: int, record: Any) -> RawArticle | Skipped:
    """Text that somebody extracted from a page: nothing but words and an address is known."""
    text = record.content_stream().read(LARGEST_PAGE).decode("utf-8", "replace")
    address = original(record.rec_headers.get_header("WARC-Target-URI") or "")
    title = text.strip().split("\n", 1)[0][:200] if "\n" in text.strip() else ""
    return source.article(number, title=title, text=text, url=address)


def _packed_head(raw: bytes) -> bytes:
    """The first bytes of a gzipped file whose name doesn't say that it is one; warcio unpacks the records itself."""
    if not raw.startswith(b"\x1f\x8b"):
        return b""
    try:
        return zlib.decompressobj(31).decompress(raw, 100)
    except zlib.error:
        return b""
