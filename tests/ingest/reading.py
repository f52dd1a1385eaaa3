"""Files to read, and what was read from them."""

from __future__ import annotations

from pathlib import Path

from rag.ingest.load import load
from rag.types import RawArticle, Skipped


def drafts(*sources: str | Path, **fields: str) -> list[RawArticle]:
    found = list(load(sources, fields))
    assert all(isinstance(item, RawArticle) for item in found), found
    return [item for item in found if isinstance(item, RawArticle)]


def reasons(*sources: str | Path, **fields: str) -> list[str]:
    return [item.reason for item in load(sources, fields) if isinstance(item, Skipped)]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
