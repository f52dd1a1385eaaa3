"""A conversation as a Word file."""

from __future__ import annotations

import io
import re
from typing import Any

from rag.ui.document import Document, Section, Source
from rag.ui.text import readable_address

from rag.extras import require

_UNFIT = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML has no place for."""


def word(doc: Document) -> bytes:
    """A conversation as a Word file (docx): questions as headings, quotes with their numbers, and the sources.

    Raises:
        ExtraMissing: The library that writes it is not installed.
    """
    docx = require("docx", extra="documents", what="Writing Word files", package="python-docx")
    made = docx.Document()
    made.core_properties.title = _fit(doc.title)[:250]
    made.core_properties.author = ""
    made.core_properties.comments = ""
    made.add_heading(_fit(doc.title), 0)
    made.add_paragraph(doc.made)
    for section in doc.sections:
        _add_section(made, section)
    if doc.references:
        made.add_heading("Sources", 1)
        for runs in doc.references:
            paragraph = made.add_paragraph(style="List Bullet")
            for text, italic in runs:
                paragraph.add_run(_fit(readable_address(text) or text)).italic = italic
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _add_section(made: Any, section: Section) -> None:
    made.add_heading(_fit(section.question), 1)
    made.add_paragraph().add_run(section.asked).italic = True
    for line in section.refused:
        made.add_paragraph().add_run(_fit(line)).italic = True
    if section.head:
        made.add_paragraph().add_run(_fit(f"{section.head}:")).italic = True
    for line in section.told:
        made.add_paragraph(_fit(line))
    for source in section.sources:
        _add_source(made, source)
    for line in section.against:
        made.add_paragraph(_fit(line), style="Intense Quote")


def _add_source(made: Any, source: Source) -> None:
    """A quote in one paragraph: its number, the words, and under them where they stand."""
    paragraph = made.add_paragraph()
    paragraph.paragraph_format.left_indent = 228600  # a quarter of an inch
    before, words, after = source.pieces
    paragraph.add_run(f"[{source.number}] “{_fit(before)}")
    paragraph.add_run(_fit(words)).bold = True
    paragraph.add_run(f"{_fit(after)}”")
    for line in (*source.notes, source.where, readable_address(source.url)):
        if line:
            paragraph.add_run().add_break()
            paragraph.add_run(_fit(line))


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)


__all__ = ["word"]
