"""Office files beside Word and PDF: OpenDocument, RTF, Excel, subtitles, EPUB. Properties tell no author or day."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from rag.extras import require
from rag.ingest.forms.base import FormReader, Head, Source, Unreadable
from rag.ingest.forms.markup import every, html_tree, line, local, words, xml_tree
from rag.ingest.forms.rtf import rtf_text
from rag.ingest.readers.rows import FieldMapper
from rag.ingest.readers.single import stem, title_line
from rag.types import RawArticle, Skipped

_LARGEST_MEMBER = 100_000_000
"""Bytes that one file of a document may unpack to."""


def _member(packed: zipfile.ZipFile, name: str) -> bytes:
    if packed.getinfo(name).file_size > _LARGEST_MEMBER:
        raise Unreadable(f"{name} unpacks to more than {_LARGEST_MEMBER // 1_000_000} MB")
    return packed.read(name)


class OpenDocument(FormReader):
    """OpenDocument texts."""

    name = "odt"
    what = "OpenDocument text"
    endings = (".odt",)
    many = False

    def recognises(self, head: Head) -> bool:
        """By the type that it declares."""
        return b"application/vnd.oasis.opendocument.text" in head.raw[:200]

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Its paragraphs and headings; the first heading is the title."""
        with zipfile.ZipFile(io.BytesIO(source.raw)) as packed:
            tree = xml_tree(_member(packed, "content.xml"))
        title, parts = None, []
        for element in tree.iter():
            name = local(element)
            if name in ("h", "p") and not any(local(a) in ("annotation", "note") for a in element.iterancestors()):
                text = " ".join("".join(element.itertext()).split())
                style = element.get("{urn:oasis:names:tc:opendocument:xmlns:text:1.0}style-name") or ""
                if text and title is None and (name == "h" or style == "Title"):
                    title = text
                parts.append(text)
        text = "\n\n".join(part for part in parts if part)
        yield source.article(None, title=title or title_line(text) or stem(source.path), text=text)


class Rtf(FormReader):
    """RTF with one article."""

    name = "rtf"
    what = "RTF document"
    endings = (".rtf",)
    many = False

    def recognises(self, head: Head) -> bool:
        """By its first characters."""
        return head.text.startswith("{\\rtf")

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Its text; a first line like a title is one."""
        lines = (" ".join(told.split()) for told in rtf_text(source.raw).split("\n"))
        text = "\n\n".join(told for told in lines if told)
        yield source.article(None, title=title_line(text) or stem(source.path), text=text)


class Excel(FormReader):
    """Excel workbooks with an article in each row; the first row names the columns."""

    name = "xlsx"
    what = "Excel workbook"
    endings = (".xlsx", ".xlsm")

    def recognises(self, head: Head) -> bool:
        """By its files."""
        return "xl/workbook.xml" in head.members

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each row below the names, of every sheet that has a column of texts."""
        require("openpyxl", extra="forms", what="Reading Excel workbooks")
        import openpyxl

        book = openpyxl.load_workbook(source.stream, read_only=True, data_only=True)
        mapper = FieldMapper(source.path, source.fields)
        number = 0
        for sheet in book.worksheets:
            rows = sheet.iter_rows(values_only=True)
            names = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
            if not any(names):
                continue
            if not mapper.has_text(names):
                told = ", ".join(filter(None, names[:20]))
                yield source.skipped(f"the sheet {sheet.title!r} has no column of texts; its columns are: {told}")
                continue
            for row in rows:
                number += 1
                if any(cell not in (None, "") for cell in row):
                    yield mapper.article(source.place(number), dict(zip(names, row, strict=False)))


_CUE = re.compile(r"^\s*(?:\d+:)?\d{1,2}:\d\d[.,]\d{3}\s+-->\s+(?:\d+:)?\d{1,2}:\d\d[.,]\d{3}")


class Subtitles(FormReader):
    """Subtitles (SRT and WebVTT) as one running text."""

    name = "subtitles"
    what = "subtitle file"
    endings = (".srt", ".vtt")
    many = False

    def recognises(self, head: Head) -> bool:
        """By its first cue."""
        lines = head.text.split("\n", 12)[:12]
        return (head.text.startswith("WEBVTT") or bool(re.match(r"\d+\s*$", lines[0]))) and any(map(_CUE.match, lines))

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """The words of all cues, without numbers, times and marks; a line that is repeated from the cue before goes."""
        parts: list[str] = []
        for block in re.split(r"\n\s*\n", source.text.replace("\r\n", "\n")):
            lines = block.strip().split("\n")
            at = next((n for n, told in enumerate(lines[:3]) if _CUE.match(told)), None)
            if at is None:
                continue
            for told in lines[at + 1 :]:
                text = " ".join(re.sub(r"<[^<>]*>|\{\\[^}]*\}", "", told).split())
                if text and (not parts or parts[-1] != text):
                    parts.append(text)
        yield source.article(None, title=stem(source.path), text=" ".join(parts))


class Epub(FormReader):
    """EPUB books and issues: an article for each chapter, in reading order."""

    name = "epub"
    what = "EPUB book"
    endings = (".epub",)

    def recognises(self, head: Head) -> bool:
        """By the type that it declares."""
        return b"application/epub+zip" in head.raw[:200]

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each chapter; title pages and tables of contents are passed over."""
        with zipfile.ZipFile(io.BytesIO(source.raw)) as packed:
            opf = _package(packed)
            package = xml_tree(_member(packed, opf))
            language = next((line(e) for e in every(package, "language")), None)
            book = next((line(e) for e in every(package, "title")), None)
            places = {e.get("id"): e for e in every(package, "item")}
            front = {unquote(r.get("href") or "").partition("#")[0] for r in every(package, "reference")
                     if r.get("type") in ("toc", "cover", "title-page")}  # fmt: skip
            number = 0
            for reference in every(package, "itemref"):
                item = places.get(reference.get("idref"))
                if item is None:
                    continue
                href = unquote(item.get("href") or "")
                if href in front or "nav" in (item.get("properties") or "").split() or "titlepage" in href:
                    source.pass_over("title page or table of contents")
                    continue
                name = posixpath.normpath(posixpath.join(posixpath.dirname(opf), href))
                tree = html_tree(_member(packed, name))
                if _list_of_links(tree):
                    source.pass_over("title page or table of contents")
                    continue
                number += 1
                yield _chapter(source, number, tree, book, language)


def _list_of_links(tree: Any) -> bool:
    """Whether most of a page's words are links: a table of contents."""
    everything = len(" ".join(tree.text_content().split()))
    linked = sum(len(" ".join(link.text_content().split())) for link in tree.iter("a"))
    return linked > everything * 0.6


def _package(packed: zipfile.ZipFile) -> str:
    if "META-INF/container.xml" in packed.namelist():
        roots = every(xml_tree(_member(packed, "META-INF/container.xml")), "rootfile")
        if roots and (path := roots[0].get("full-path")):
            return str(path)
    return next(name for name in packed.namelist() if name.endswith(".opf"))


def _chapter(source: Source, number: int, tree: Any, book: str | None, language: str | None) -> RawArticle | Skipped:
    headings = [told for h in tree.iter("h1", "h2", "h3") if (told := line(h))]
    title = headings[0] if headings else line(tree.find(".//title"))
    body = tree.find(".//body")
    return source.article(
        number, title=title, text=words(body) if body is not None else "", language=language, metadata={"book": book}
    )
