"""Plain text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.ingest.readers.single import SingleArticleReader, decode_file, stem, title_line
from rag.types import RawArticle, Skipped


class TextReader(SingleArticleReader):
    """Plain text; a short first line followed by a blank one is the title."""

    endings: Sequence[str] = (".txt", ".text")

    def article(self, path: Path, raw: bytes) -> RawArticle | Skipped:
        """The article in a text file."""
        decoded = decode_file(path, raw)
        if isinstance(decoded, Skipped):
            return decoded
        return RawArticle(
            key=path.resolve().as_posix(),
            title=title_line(decoded.text) or stem(path),
            text=decoded.text,
            metadata={"decoding": decoded.note} if decoded.note else {},
            origin=str(path),
        )
