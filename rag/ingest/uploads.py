"""Uploaded files: what their articles are called, and that the same file by two ways is one article.

An upload has no place of its own, so its articles are named by its content and its name. Where the same file has come
in from a folder, by its name and its words, it is that article; and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rag.types import RawArticle, Skipped
from rag.value import UPLOADED, shown_key

if TYPE_CHECKING:
    from rag.index.catalog import Catalog

_UPLOADED = re.compile(UPLOADED.pattern + r"uploads/[0-9a-f]{16}/")
"""In the key of an article that was uploaded: what stands before the file's name."""


def file_name(name: str) -> str:
    """The last part of a path, safe as a file name on any system; the extension, which tells the format, is kept."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(c if c.isalnum() or c in "-_. ()" else "_" for c in last).strip(". ")
    return plain.encode("utf-8", "replace").decode()[-100:] or "article"


def named_by_content(found: Iterable[RawArticle | Skipped], spool: Path) -> Iterator[RawArticle | Skipped]:
    """Articles of uploaded files under keys that don't depend on where the files lie meanwhile, nor on the archive's.

    Args:
        found: Read from ``spool/HASH/name``; known as ``uploads/HASH/name`` from then on.
        spool: Where uploads lie.
    """
    before, after = spool.resolve().as_posix() + "/", "uploads/"
    for item in found:
        if isinstance(item, RawArticle) and item.key.startswith(before):
            yield item.model_copy(update={"key": after + item.key.removeprefix(before)})
        else:
            yield item


def known_as(draft: RawArticle, catalog: Catalog) -> RawArticle:
    """A cleaned article under the key that it has already, where the same file came in by upload or from a folder.

    Args:
        draft: Identified by its file; others are returned as they are.
        catalog: What is there.
    """
    uploaded = _UPLOADED.search(draft.key)
    if "://" in draft.key or "/" not in draft.key or catalog.has_key(draft.key):
        return draft
    if not uploaded:  # its file was uploaded before, and read from a folder since
        there = next((key for key in catalog.keys_of([draft.key]) if _UPLOADED.search(key)), None)
        if there is not None:
            return draft.model_copy(update={"key": there})
    for key in catalog.keys_of_text(draft.text):
        if uploaded and shown_key(key) == shown_key(draft.key):  # by the release before, or in another folder
            return draft.model_copy(update={"key": key})
        if uploaded:
            if not _UPLOADED.search(key) and _is_file(draft.key, key):
                return draft.model_copy(update={"key": key})
        elif _UPLOADED.search(key) and _is_file(key, draft.key):
            aliases = tuple(dict.fromkeys((draft.key, *draft.aliases)))
            return draft.model_copy(update={"key": key, "aliases": aliases})
    return draft


_ROW = re.compile(r"(.*?)([#:][^#:]*)?", re.DOTALL)
"""A file's name in a key, and the mark of a row behind it."""


def _is_file(uploaded: str, key: str) -> bool:
    """Whether the key of an upload names the file of another key: ".../a b_c.csv#7" and "/home/ann/a b&c.csv#7"."""
    found = _UPLOADED.search(uploaded)
    parts = uploaded[found.end() :].split("/") if found else []
    theirs = key.split("/")[-len(parts) :]
    if "://" in key or not parts or len(theirs) < len(parts) or theirs[1:] != parts[1:]:
        return False
    row = _ROW.fullmatch(theirs[0])
    apart = file_name(row[1]) + (row[2] or "") if row else ""
    return parts[0] in (theirs[0], file_name(theirs[0]), apart)


__all__ = ["file_name", "known_as", "named_by_content"]
