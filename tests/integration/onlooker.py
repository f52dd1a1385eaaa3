"""A process of a user who may read an archive and not write to it. Fakes for the models, everything else real."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NOBODY = 65534


def give_up_rights(folder: str, home: str) -> None:
    """Be a user who owns nothing.

    Everything is done once before, on a copy: Python itself may be where that user can't load more of it from.
    """
    os.environ.update(dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), home))
    tempfile.tempdir = home
    if os.getuid() == 0:
        import encodings.ascii
        import encodings.idna
        import encodings.latin_1  # noqa: F401

        before = Path(tempfile.mkdtemp(prefix="before-"))
        shutil.copytree(folder, before / "x")
        shutil.copytree(folder, before / "y")
        _all(before / "x", before)
        _all(before / "y", before / "home", kept=True)
        shutil.rmtree(before)
        shutil.rmtree(Path(home) / "onrecord", ignore_errors=True)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _all(folder: Path, home: Path, *, kept: bool = False) -> dict[str, Any]:
    """Read the archive in every way."""
    from rag import Archive
    from rag.errors import OnRecordError
    from rag.index import readonly
    from rag.testing import FakeEmbeddings

    told: dict[str, Any] = {}
    true = readonly.is_read_only
    if kept:  # the copy is read as if it could not be written to
        from rag.index import sqlite, stores

        for module in (readonly, sqlite, stores):
            module.is_read_only = lambda file: file.exists() and folder in file.parents  # type: ignore[attr-defined]
    with Archive.open(folder, embeddings=FakeEmbeddings(), chat_model="extractive") as archive:
        told["search"] = len(archive.search("storm boats harbour", k=20))
        answer = archive.ask("How many boats had storm0001 damaged?")
        told["ask"] = [c.quote for c in answer.citations]
        told["list"] = archive.list_articles()[1]
        told["show"] = archive.get("story-1").title
        told["stats"] = archive.stats().articles
        told["doctor"] = [p.what for p in archive.doctor()]
        told["sources"] = len(archive.sources.all())
        told["timeline"] = type(archive.timeline("storm0001")).__name__
        kept_one = archive.conversations.create("me", "Storms")
        archive.conversations.append(kept_one.id, "me", "How many?", answer)
        told["kept"] = str(archive.conversations.file)
        told["turns"] = len(archive.conversations.turns(kept_one.id, "me"))
        for what, write in (
            ("ingest", lambda: archive.ingest(Path(home) / "none.jsonl")),
            ("delete", lambda: archive.delete("story-1")),
            ("repair", archive.reindex),
        ):
            try:
                write()
            except OnRecordError as e:
                told[what] = f"{type(e).__name__}: {e}"
        told["backup"] = archive.backup(Path(home) / "backup")["articles"]
    if kept:
        for module in (readonly, sqlite, stores):
            module.is_read_only = true  # type: ignore[attr-defined]
    return told


def look(folder: str, home: str) -> None:
    """Read the archive in every way, and print what came of it as JSON."""
    Path(home, "none.jsonl").write_text("{}\n", "utf-8")
    give_up_rights(folder, home)
    told = _all(Path(folder), Path(home))
    told["left"] = [f for f in os.listdir(home) if f.startswith("onrecord-")]
    print(json.dumps(told))
    sys.stdout.flush()
    os._exit(0)


def follow(folder: str, home: str) -> None:
    """Read, wait until the archive's owner has added something, read again."""
    give_up_rights(folder, home)
    from rag import Archive
    from rag.testing import FakeEmbeddings

    with Archive.open(Path(folder), embeddings=FakeEmbeddings()) as archive:
        print(len(archive.search("storm boats harbour", k=50)), flush=True)
        until = time.monotonic() + 30
        while time.monotonic() < until and len(archive.search("storm boats harbour", k=50)) < 8:
            time.sleep(0.1)
        print(len(archive.search("storm boats harbour", k=50)), flush=True)
    os._exit(0)
