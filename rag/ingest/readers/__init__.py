"""Readers: files to articles. The ending of a file's name decides which reader reads it.

A new format is a new reader: an object as ``rag.protocols.Reader`` describes, added by an entry point of the group
``onrecord.readers`` or by ``rag.registry.register``. Nothing here has to be changed for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from rag import registry
from rag.errors import PluginError
from rag.ingest.readers.docx import DocxReader
from rag.ingest.readers.html import HtmlReader
from rag.ingest.readers.markdown import MarkdownReader
from rag.ingest.readers.pdf import PdfReader
from rag.ingest.readers.rows import RowReader
from rag.ingest.readers.text import TextReader
from rag.protocols import Reader

BUILT_IN: Mapping[str, Reader] = {
    "text": TextReader(),
    "markdown": MarkdownReader(),
    "html": HtmlReader(),
    "pdf": PdfReader(),
    "docx": DocxReader(),
    "jsonl": RowReader("jsonl", ".jsonl", ".ndjson"),
    "json": RowReader("json", ".json"),
    "csv": RowReader("csv", ".csv"),
    "tsv": RowReader("tsv", ".tsv"),
}
"""The readers that come with OnRecord, by name."""


@runtime_checkable
class CountsArticles(Protocol):
    """A reader that can estimate how many articles a file holds; files of the others count as one article."""

    def count(self, path: Path, *, packed: bool) -> int | None:
        """Estimate how many articles a file has, without reading all of it.

        Args:
            path: The file.
            packed: Whether it is gzipped.

        Returns:
            None where that can't be told.

        Raises:
            OSError, EOFError, zlib.error: The file can't be read; it counts as one article.
        """


def readers() -> dict[str, Reader]:
    """All readers by the ending that they read, as in ".pdf". An added reader takes precedence over a built-in one.

    Raises:
        PluginError: An added reader can't be loaded, or two of them read the same ending.
    """
    by_ending = {ending: reader for reader in BUILT_IN.values() for ending in reader.endings}
    owners: dict[str, str] = {}
    for name, reader in registry.readers().items():
        for ending in reader.endings:
            if ending in owners:
                raise PluginError(
                    f"Two plug-ins of onrecord.readers, {owners[ending]!r} and {name!r}, read files that end in "
                    f"{ending}. Uninstall one of them."
                )
            owners[ending] = name
            by_ending[ending] = reader
    return by_ending


__all__ = ["BUILT_IN", "CountsArticles", "readers"]
