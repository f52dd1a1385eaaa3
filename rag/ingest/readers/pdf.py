"""PDF with a text layer, by PDFium: its letters and their places, put in reading order by ``layout``."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.extras import require
from rag.ingest.readers.layout import Line, heading, paragraphs
from rag.ingest.readers.single import LARGEST_DOCUMENT, SingleArticleReader, stem, title_line
from rag.types import RawArticle, Skipped

_MOST_PAGES = 2_000
_MOST_LETTERS = 20_000_000
_PDFIUM = threading.Lock()
"""PDFium may be used by one thread at a time."""
_LINE_HYPHENS = {"\x02", "\ufffe"}
"""What PDFium gives for a hyphen at the end of a line."""


class _TooLarge(Exception):
    pass


class PdfReader(SingleArticleReader):
    """PDF with a text layer; a headline in larger letters is the title, else a first line that looks like one.

    Its properties tell who made the file, not who wrote the article, so they tell nothing here.
    """

    endings: Sequence[str] = (".pdf",)
    max_bytes: int | None = LARGEST_DOCUMENT

    def article(self, path: Path, raw: bytes) -> RawArticle | Skipped:
        """The article in a PDF file."""
        require("pypdfium2", extra="documents", what="Reading PDF")
        import pypdfium2

        try:
            with _PDFIUM:
                pages = _pages(raw)
        except _TooLarge as error:
            return Skipped(origin=str(path), reason=str(error))
        except MemoryError:
            raise
        except Exception as error:  # a parser fed with anything may fail in any way
            if isinstance(error, pypdfium2.PdfiumError) and "password" in str(error).lower():
                return Skipped(origin=str(path), reason="encrypted; save a copy without a password")
            return Skipped(
                origin=str(path),
                reason="not a readable PDF: it is broken; open it in a PDF viewer and save it anew, or get it again",
            )
        text = "\n\n".join(paragraphs(pages))
        if not text.strip():
            return Skipped(
                origin=str(path),
                reason="no text in the PDF, only images; run it through OCR first",
            )
        title = heading(pages[0]) if pages else None
        return RawArticle(
            key=path.resolve().as_posix(),
            title=title or title_line(text) or stem(path),
            text=text,
            metadata={"pages": len(pages)},
            origin=str(path),
        )


def _pages(raw: bytes) -> list[list[Line]]:
    import pypdfium2

    document = pypdfium2.PdfDocument(raw)
    try:
        if len(document) > _MOST_PAGES:
            raise _TooLarge(f"a PDF of more than {_MOST_PAGES:,} pages")
        pages, letters = [], 0
        for page in document:
            text_page = page.get_textpage()
            letters += text_page.count_chars()
            if letters > _MOST_LETTERS:
                raise _TooLarge(f"a PDF of more than {_MOST_LETTERS // 1_000_000} million letters")
            pages.append(list(_lines(text_page)))
            text_page.close()
            page.close()
        return pages
    finally:
        document.close()


class _Run:
    """Letters that follow each other on a line."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.box: list[float] = []
        self.size = 0.0

    def add(self, letter: str, box: Sequence[float], size: float) -> None:
        left, right, bottom, top = box
        self.text.append(letter)
        self.size = max(self.size, size)
        if not self.box:
            self.box = [left, right, bottom, top]
        else:
            self.box = [
                min(self.box[0], left),
                max(self.box[1], right),
                min(self.box[2], bottom),
                max(self.box[3], top),
            ]

    def goes_on(self, box: Sequence[float]) -> bool:
        """Whether a letter stands on the line, not a column away."""
        left, _, bottom, top = box
        height = max(self.size, top - bottom, 1.0)
        lower = abs((bottom + top) / 2 - (self.box[2] + self.box[3]) / 2) > 0.6 * height
        return not lower and -0.5 * height < left - self.box[1] < 1.3 * max(self.size, 1.0)

    def line(self) -> Line | None:
        text = " ".join("".join(self.text).split())
        if not text or not self.box:
            return None
        left, right, bottom, top = self.box
        return Line(text, left, bottom, right, top, round(self.size, 1))


def _lines(text_page: Any) -> Iterator[Line]:
    """The runs of a page, as PDFium finds its letters."""
    from pypdfium2 import raw as pdfium

    run = _Run()
    place = pdfium.FS_RECTF()
    for at in range(text_page.count_chars()):
        letter = chr(pdfium.FPDFText_GetUnicode(text_page, at))
        if letter in "\r\n":
            if found := run.line():
                yield found
            run = _Run()
            continue
        if letter in _LINE_HYPHENS:
            letter = "-"
        if letter.isspace():
            run.text.append(" ")
            continue
        if not letter.isprintable() and letter != "\u00ad":
            continue
        pdfium.FPDFText_GetLooseCharBox(text_page, at, ctypes.byref(place))
        box = (place.left, place.right, place.bottom, place.top)
        if run.box and not run.goes_on(box):
            if found := run.line():
                yield found
            run = _Run()
        run.add(letter, box, pdfium.FPDFText_GetFontSize(text_page, at))
    if found := run.line():
        yield found
