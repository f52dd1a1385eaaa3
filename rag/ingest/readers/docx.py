"""Word documents, by python-docx."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from rag.extras import require
from rag.ingest.pages.tables import in_words
from rag.ingest.readers.single import LARGEST_DOCUMENT, SingleArticleReader, stem, title_line
from rag.ingest.values import one_line
from rag.types import RawArticle, Skipped

_UNPACKED = 300_000_000
"""Bytes that a Word file may unpack to."""


class DocxReader(SingleArticleReader):
    """A Word document: its paragraphs, and the rows of its tables as sentences.

    Its properties tell who made the file, not who wrote the article, so they tell nothing here.
    """

    endings: Sequence[str] = (".docx",)
    max_bytes: int | None = LARGEST_DOCUMENT

    def article(self, path: Path, raw: bytes) -> RawArticle | Skipped:
        """The article in a Word document."""
        require("docx", extra="documents", what="Reading Word documents", package="python-docx")
        import docx
        from docx.table import Table

        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as packed:
                if sum(entry.file_size for entry in packed.infolist()) > _UNPACKED:
                    return Skipped(origin=str(path), reason="unpacks to more than 300 MB")
            document = docx.Document(io.BytesIO(raw))
            blocks: list[str] = []
            heading = None
            for item in document.iter_inner_content():
                if isinstance(item, Table):
                    rows = [[" ".join(cell.text.split()) for cell in row.cells] for row in item.rows]
                    blocks.extend(in_words(rows))
                    continue
                blocks.append(item.text.strip())
                style = (item.style.name or "") if item.style is not None else ""
                if heading is None and style in ("Title", "Heading 1") and item.text.strip():
                    heading = item.text
        except MemoryError:
            raise
        except Exception:  # a parser fed with anything may fail in any way
            return Skipped(
                origin=str(path),
                reason="not a readable Word document: it is broken; open it in Word or LibreOffice and save it anew",
            )
        text = "\n\n".join(block for block in blocks if block)
        if not text:
            return Skipped(origin=str(path), reason="no text")
        return RawArticle(
            key=path.resolve().as_posix(),
            title=one_line(heading) or title_line(text) or stem(path),
            text=text,
            origin=str(path),
        )
