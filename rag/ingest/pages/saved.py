"""Pages that a browser saved "complete": a page, and beside it a folder of pictures, frames and scripts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

from rag.ingest.opened import open_regular

_ENDINGS = (".html", ".htm", ".xhtml")
_READ = 2_000_000
"""Bytes of a page in which its folder's name is looked for."""


def is_page(name: str) -> bool:
    """Whether a file is a page by its name."""
    return name.lower().endswith(_ENDINGS)


def saved_beside(folder: Path, pages: Collection[str]) -> bool:
    """Whether a folder holds what belongs to a saved page.

    Browsers name it after the page, with a word of their own language behind ("Talks_files", "Talks-Dateien"), so the
    page itself is asked: its pictures lie in that folder.

    Args:
        folder: The folder.
        pages: Names of the pages beside it.
    """
    for name in pages:
        page = name.rpartition(".")[0]
        rest = folder.name.removeprefix(page)
        if not page or rest == folder.name or len(rest) < 2 or rest[0].isalnum() or not rest[1:].isalpha():
            continue
        try:
            with open_regular(folder.parent / name) as opened:
                text = opened.read(_READ)
        except OSError:
            continue
        if any(f"{told}/".encode() in text for told in (folder.name, quote(folder.name))):
            return True
    return False
