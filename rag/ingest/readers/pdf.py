"""PDF with a text layer, by pypdf."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from rag.extras import require
from rag.ingest.readers.single import LARGEST_DOCUMENT, PARSER_ERROR_LENGTH, SingleArticleReader, stem, title_line
from rag.ingest.values import one_line
from rag.types import RawArticle, Skipped


class PdfReader(SingleArticleReader):
    """PDF with a text layer; its own title, or a first line that looks like one."""

    endings: Sequence[str] = (".pdf",)
    max_bytes: int | None = LARGEST_DOCUMENT

    def article(self, path: Path, raw: bytes) -> RawArticle | Skipped:
        """The article in a PDF file."""
        require("pypdf", extra="documents", what="Reading PDF")
        import pypdf

        try:
            reader = pypdf.PdfReader(io.BytesIO(raw))
            if reader.is_encrypted and not reader.decrypt(""):
                return Skipped(origin=str(path), reason="encrypted; save a copy without a password")
            pages = [page.extract_text() for page in reader.pages]
            info = reader.metadata
            title, author = (info.title, info.author) if info else (None, None)
        except Exception as error:  # a parser fed with anything may fail in any way
            return Skipped(
                origin=str(path),
                reason=f"not a readable PDF: {type(error).__name__}: {error}"[:PARSER_ERROR_LENGTH],
            )
        text = "\n\n".join(page.strip() for page in pages if page.strip())
        if not text:
            return Skipped(
                origin=str(path),
                reason="no text in the PDF, only images; run it through OCR first",
            )
        return RawArticle(
            key=path.resolve().as_posix(),
            title=one_line(title) or title_line(text) or stem(path),
            text=text,
            author=one_line(author),
            metadata={"pages": len(pages)},
            origin=str(path),
        )
