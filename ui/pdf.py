"""A conversation as a PDF file, set in fonts of this computer."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

from rag.ui.document import Document, Section, Source
from rag.ui.fonts import Fonts, fonts_for, scripts
from rag.ui.text import readable_address

from rag.errors import ExtraMissing, OnRecordError
from rag.extras import require
from rag.text.normalize import printable

_SIZES = {"title": 18.0, "question": 13.0, "text": 10.5, "small": 9.0}
_ABSENT = "\ufffd"
_SECONDS = 120
_MISSING = 3  # exit code


def pdf(doc: Document) -> bytes:
    """A conversation as a PDF file (A4): questions as headings and bookmarks, quotes with numbers, and the sources.

    Letters that no font of this computer has stand as a mark, and a note at the end says which scripts they are of.
    It is set in a process of its own: what shapes Arabic and Indian scripts (uharfbuzz) and what runs the local model
    (xllamacpp) can't be loaded into one, since both bring parts of Cython of the same name.

    Raises:
        ExtraMissing: The library that writes it is not installed.
        OnRecordError: It could not be set.
    """
    command = [sys.executable, "-c", "from rag.ui.pdf import main; main()"]
    try:
        done = subprocess.run(command, input=pickle.dumps(doc), capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - this program itself
    except subprocess.TimeoutExpired as e:
        raise OnRecordError(f"Setting the PDF took more than {_SECONDS} s. Take Word or HTML.") from e
    if done.returncode == _MISSING:
        raise ExtraMissing(done.stderr.decode("utf-8", "replace").strip().splitlines()[-1])
    if done.returncode:
        why = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it ended"])[-1]
        raise OnRecordError(f"The PDF could not be set ({why[:200]}). Take Word or HTML.")
    return done.stdout


def main() -> None:
    """The process that ``pdf`` begins: the document on standard input, the file on standard output."""
    doc = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that began this one
    try:
        made = _set(doc)
    except ExtraMissing as e:
        sys.stderr.write(f"{e}\n")
        sys.exit(_MISSING)
    sys.stdout.buffer.write(made)


def _set(doc: Document) -> bytes:
    fpdf = require("fpdf", extra="documents", what="Writing PDF", package="fpdf2")
    logging.getLogger("fpdf").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    fonts = fonts_for("\n".join(_words(doc)).replace(_ABSENT, ""))
    page = _Page(fpdf.FPDF(format="A4"), fonts)
    page.begin(doc)
    for section in doc.sections:
        page.section(section)
    if doc.references:
        page.heading("Sources")
        for runs in doc.references:
            page.write([(readable_address(t) or t, "I" if italic else "") for t, italic in runs], indent=6)
    if fonts.missing:
        page.write([(_told_missing(fonts), "")], size="small")
    return bytes(page.pdf.output())


def _told_missing(fonts: Fonts) -> str:
    return (
        f"No font of the computer that made this file has its {'; '.join(scripts(fonts.missing))} letters: each "
        "stands as a mark. The conversation as Markdown, Word or HTML has them all."
    )


class _Page:
    """The file as it grows."""

    def __init__(self, pdf: Any, fonts: Fonts) -> None:
        self.pdf = pdf
        self._fonts = fonts
        self._family = "helvetica"
        self._hidden = {ord(c): (_ABSENT if fonts.base else "?") for c in fonts.missing}
        pdf.set_auto_page_break(True, margin=18)
        pdf.set_margins(20, 18)
        if fonts.base is None:
            pdf.core_fonts_encoding = "windows-1252"
            return
        self._family = "text"
        for style, file in (("", fonts.base), ("B", fonts.bold), ("I", fonts.italic)):
            pdf.add_font("text", style, file or fonts.base)
        for n, file in enumerate(fonts.more):
            for style in ("", "B", "I"):
                pdf.add_font(f"more{n}", style, file)
        if fonts.more:
            pdf.set_fallback_fonts([f"more{n}" for n in range(len(fonts.more))], exact_match=False)
        pdf.set_text_shaping(True)

    def begin(self, doc: Document) -> None:
        self.pdf.set_title(self._fit(doc.title)[:250])
        self.pdf.set_creator("OnRecord")
        self.pdf.add_page()
        self.write([(doc.title, "B")], size="title")
        self.write([(doc.made, "")], size="small")

    def heading(self, text: str) -> None:
        self.pdf.ln(3)
        self.pdf.start_section(self._fit(text)[:200] or "Question")
        self.write([(text, "B")], size="question")

    def section(self, section: Section) -> None:
        self.heading(section.question)
        self.write([(section.asked, "")], size="small")
        for line in section.refused:
            self.write([(line, "I")])
        if section.head:
            self.write([(f"{section.head}:", "")], size="small")
        for line in section.told:
            self.write([(line, "")])
        for source in section.sources:
            self._source(source)
        for line in section.against:
            self.write([(line, "")], indent=8)

    def _source(self, source: Source) -> None:
        before, words, after = source.pieces
        self.write([(f"[{source.number}] “{before}", ""), (words, "B"), (f"{after}”", "")], indent=6, space=0.5)
        for line in (*source.notes, source.where):
            self.write([(line, "")], indent=12, size="small", space=0.2)
        if source.url:
            self.write([(readable_address(source.url), "")], indent=12, size="small", link=source.url)
        self.pdf.ln(1)

    def write(
        self, runs: list[tuple[str, str]], *, size: str = "text", indent: float = 0, space: float = 1.5, link: str = ""
    ) -> None:
        """A paragraph of pieces, each with its style; one that begins in Arabic or Hebrew stands at the right."""
        points = _SIZES[size]
        height = points * 0.5
        text = self._fit("".join(t for t, _ in runs))
        if not text:
            return
        if _rightwards(text):  # pieces of one line can't be set from right to left one after the other
            self.pdf.set_font(self._family, "", points)
            self.pdf.set_x(self.pdf.l_margin)
            self.pdf.multi_cell(
                self.pdf.epw - indent, height, text, align="R", new_x="LMARGIN", new_y="NEXT", link=link
            )
            self.pdf.ln(space)
            return
        margin = self.pdf.l_margin
        self.pdf.set_left_margin(margin + indent)
        self.pdf.set_x(margin + indent)
        for piece, style in runs:
            self.pdf.set_font(self._family, style, points)
            self.pdf.write(height, self._fit(piece, strip=False), link)
        self.pdf.set_left_margin(margin)
        self.pdf.ln(height + space)

    def _fit(self, text: str, *, strip: bool = True) -> str:
        """A text on one line that the fonts can set."""
        text = printable(" ".join(text.split()) if strip else text.replace("\n", " ")).translate(self._hidden)
        return text if self._fonts.base else text.encode("cp1252", "replace").decode("cp1252")


def _rightwards(text: str) -> bool:
    """Whether the first letter that has a direction goes from right to left."""
    return next((d != "L" for c in text if (d := unicodedata.bidirectional(c)) in ("L", "R", "AL")), False)


def _words(doc: Document) -> Iterator[str]:
    yield f"{doc.title}\n{doc.made} Sources [0123456789] “” …"
    for section in doc.sections:
        yield from (section.question, section.asked, section.head, *section.refused, *section.told, *section.against)
        for source in section.sources:
            yield from (*source.pieces, *source.notes, source.where, source.url)
            yield readable_address(source.url)
    for runs in doc.references:
        yield from (text for text, _ in runs)


__all__ = ["pdf"]
