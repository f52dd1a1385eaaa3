"""Pages that a browser saved "complete": a page, and beside it a folder of pictures, frames and scripts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

_ENDINGS = (".html", ".htm", ".xhtml")
_READ = 2_000_000
"""Bytes of a page in which its folder's name is looked for."""


def saved_beside(folder: Path, names: Collection[str]) -> bool:
    """Whether a folder holds what belongs to a saved page.

    Browsers name it after the page, with a word of their own language behind ("Talks_files", "Talks-Dateien"), so the
    page itself is asked: its pictures lie in that folder.

    Args:
        folder: The folder.
        names: Of all files beside it.
    """
    for name in names:
        page = next((name[: -len(ending)] for ending in _ENDINGS if name.lower().endswith(ending)), "")
        rest = folder.name.removeprefix(page)
        if not page or rest == folder.name or len(rest) < 2 or rest[0].isalnum() or not rest[1:].isalpha():
            continue
        try:
            with (folder.parent / name).open("rb") as opened:
                text = opened.read(_READ)
        except OSError:
            continue
        if any(f"{told}/".encode() in text for told in (folder.name, quote(folder.name))):
            return True
    return False
