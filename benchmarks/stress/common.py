"""What the parts share: articles by rule, an archive with a stand-in for the model, and what has to hold of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rag import Archive
from rag.testing import FakeEmbeddings

DIM = 64


class Failed(Exception):
    """Something did not hold; the message says what."""


def rows(first: int, last: int) -> list[dict[str, Any]]:
    """Articles, each with a word of its own."""
    return [
        {
            "key": f"story-{n}",
            "title": f"Storm at Port {n}",
            "text": f"The harbour of Port {n} was closed on Monday. A storm, storm{n:05}, had damaged {n + 10} boats.",
            "source": f"Outlet {n % 3}",
        }
        for n in range(first, last)
    ]


def write(file: Path, articles: Iterable[dict[str, Any]]) -> Path:
    """A JSON Lines file."""
    file.write_text("".join(json.dumps(a) + "\n" for a in articles), "utf-8")
    return file


def opened(folder: Path) -> Archive:
    """The archive of a folder."""
    return Archive.open(folder, embeddings=FakeEmbeddings(dim=DIM), chat_model="extractive")


_KEPT: dict[tuple[Path, int], Path] = {}


def filled(folder: Path, count: int, templates: Path) -> None:
    """An archive of so many articles, made once and copied from then on."""
    if (templates, count) not in _KEPT:
        made = templates / f"template-{count}"
        with opened(made) as archive:
            archive.ingest(write(templates / f"{count}.jsonl", rows(0, count)))
            archive.search("storm harbour")
        _KEPT[templates, count] = made
    shutil.copytree(_KEPT[templates, count], folder)


def require_reads(archive: Archive, acknowledged: set[str]) -> None:
    """What was acknowledged is there, unchanged, and found."""
    truth = {r["key"]: r["text"] for r in rows(0, 2000)}
    there = {a.key: a.text for a in archive.articles()}
    if lost := acknowledged - there.keys():
        raise Failed(f"{len(lost)} articles are lost")
    if any(truth.get(key, text) != text for key, text in there.items()):
        raise Failed("a text has changed")
    for hit in archive.search("storm harbour boats", k=20):
        if archive.get(hit.passage.article_id).text[hit.passage.start : hit.passage.end] != hit.passage.text:
            raise Failed("a passage is not its article's")


def require_writes(archive: Archive, scratch: Path) -> None:
    """It can be written to without a repair, and is sound afterwards."""
    archive.ingest(write(scratch / "one-more.jsonl", rows(1999, 2000)))
    if problems := archive.doctor():
        raise Failed("; ".join(f"{p.store}: {p.what}" for p in problems))
    if "story-1999" not in {archive.get(h.passage.article_id).key for h in archive.search("storm01999", k=100)}:
        raise Failed("what was added is not found")


__all__ = ["DIM", "Failed", "filled", "opened", "require_reads", "require_writes", "rows", "write"]
