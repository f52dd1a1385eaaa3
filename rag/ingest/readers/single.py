"""What the readers of files with one article share: how a file is read whole, decoded and named."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from rag.errors import ExtraMissing
from rag.text.decode import Decoded, decode
from rag.types import RawArticle, Skipped

LARGEST_TEXT = 20_000_000
"""Bytes that a text file of one article may have."""

LARGEST_DOCUMENT = 200_000_000
"""Bytes that a PDF or Word file may have."""


class SingleArticleReader(ABC):
    """Reads files that hold one article each, whole; see ``rag.protocols.Reader``."""

    endings: Sequence[str] = ()
    max_bytes: int | None = LARGEST_TEXT

    def read(self, path: Path, stream: BinaryIO, fields: Mapping[str, str]) -> Iterator[RawArticle | Skipped]:
        """Read the one article; see ``rag.protocols.Reader.read``. Fields are for formats of rows."""
        raw = stream.read()
        if not raw.strip():
            yield Skipped(origin=str(path), reason="empty")
            return
        try:
            yield self.article(path, raw)
        except ExtraMissing as e:  # the other files of the same run may not need that library
            yield Skipped(origin=str(path), reason=str(e))

    @abstractmethod
    def article(self, path: Path, raw: bytes) -> RawArticle | Skipped:
        """The article in a file.

        Args:
            path: Where it was read from.
            raw: Its bytes; not only white space.

        Returns:
            Skipped, with the reason, if there is no article in it.

        Raises:
            ExtraMissing: A library that this format needs is not installed.
        """


def stem(path: Path) -> str:
    """The file's name without its endings."""
    name = re.sub(r"\.(?:gz|xz|bz2)$", "", path.name, flags=re.IGNORECASE)
    return name.rsplit(".", 1)[0] or name


def decode_file(path: Path, raw: bytes) -> Decoded | Skipped:
    """The text of a file whose encoding nothing declares."""
    decoded = decode(raw)
    if decoded is None:
        return Skipped(origin=str(path), reason="not text")
    if not decoded.text.strip():
        return Skipped(origin=str(path), reason="empty")
    return decoded


def title_line(text: str) -> str | None:
    """A first line that looks like a title: short, a blank line and more text after it."""
    lines = text.lstrip("\ufeff \t\r\n").split("\n", 2)
    first = " ".join(lines[0].split())
    if len(lines) < 3 or lines[1].strip() or not lines[2].strip() or not 2 < len(first) <= 200:
        return None
    return None if first.endswith((".", "。", ":", ",")) and not first.endswith(("...", "…")) else first
