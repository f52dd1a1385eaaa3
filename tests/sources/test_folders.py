"""Folders, mailboxes and buckets as sources."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from sources.site import Site
from sources.test_sync import opened, sync

from rag.errors import SourceError, UsageError

LETTER = """From: Harbour Letter <letter@news.example>
Subject: {0}
Date: Mon, 19 Jun 2023 08:00:00 +0000
Message-ID: <{0}@news.example>

The harbour bridge was closed on Monday after engineers had found cracks in it. Number {0}.
"""


@pytest.fixture
def archive(site: Site, tmp_path: Path) -> Any:
    """An archive, which fetches nothing here."""
    with opened(tmp_path / "archive", site) as made:
        yield made


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("remove", [True, False])
def test_a_folder_is_read_again_as_it_changes(archive: Any, tmp_path: Path, remove: bool) -> None:
    folder = tmp_path / "articles"
    for n in range(3):
        write(folder, f"{n}.txt", f"Story {n}\n\nThe harbour of Port {n} was closed on Monday.")
    assert archive.sources.add(str(folder), remove=remove).kind == "folder"
    assert sync(archive).new == 3
    told = sync(archive)
    assert (told.new, told.changed, told.unchanged) == (0, 0, 0)
    write(folder, "1.txt", "Story 1\n\nThe harbour of Port 1 was open on Monday, as it turned out.")
    write(folder, "deep/3.txt", "Story 3\n\nThe harbour of Port 3 was closed on Tuesday.")
    (folder / "2.txt").unlink()
    told = sync(archive)
    assert (told.new, told.changed, told.gone, told.removed) == (1, 1, 1, int(remove))
    assert archive.stats().articles == (3 if remove else 4)
    if remove:  # what comes back is taken in again
        write(folder, "2.txt", "Story 2\n\nThe harbour of Port 2 was closed on Monday.")
        assert sync(archive).new == 1


def test_a_folder_that_is_not_mounted_takes_nothing_down(archive: Any, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    write(folder, "1.txt", "Story 1\n\nThe harbour of Port 1 was closed on Monday.")
    archive.sources.add(str(folder), remove=True)
    sync(archive)
    (folder / "1.txt").unlink()
    told = sync(archive)
    assert not told.read and "mounted" in told.errors[0]
    shutil.rmtree(folder)
    told = sync(archive)
    assert not told.read and "no folder" in told.errors[0]
    assert archive.stats().articles == 1


def test_a_mailbox_is_read_letter_by_letter_and_flags_change_nothing(archive: Any, tmp_path: Path) -> None:
    box = tmp_path / "mail"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    write(box / "new", "1700000001.M1.host", LETTER.format("one"))
    write(box / "new", "1700000002.M2.host", LETTER.format("two"))
    write(box / "tmp", "1700000003.M3.host", LETTER.format("three"))
    assert archive.sources.add(str(box), remove=True).kind == "maildir"
    assert sync(archive).new == 2
    os.rename(box / "new/1700000001.M1.host", box / "cur/1700000001.M1.host:2,S")
    told = sync(archive)
    assert (told.new, told.changed, told.gone) == (0, 0, 0)
    told = sync(archive, look_at_all=True)
    assert (told.unchanged, told.failed) == (2, 0)
    (box / "new/1700000002.M2.host").unlink()
    assert sync(archive).removed == 1
    assert [article.title for article in archive.articles()] == ["one"]


def test_a_bucket_is_read_object_by_object(archive: Any) -> None:
    import fsspec

    bucket = fsspec.filesystem("memory")
    bucket.store.clear()
    bucket.pipe("/news/a.txt", b"Story A\n\nThe harbour of Port A was closed on Monday.")
    bucket.pipe("/news/deep/b.txt", b"Story B\n\nThe harbour of Port B was closed on Monday.")
    assert archive.sources.add("memory://news", remove=True).kind == "bucket"
    assert sync(archive).new == 2
    assert sync(archive).new == 0
    bucket.pipe("/news/a.txt", b"Story A\n\nThe harbour of Port A was open on Monday, as it turned out.")
    bucket.rm("/news/deep/b.txt")
    told = sync(archive)
    assert (told.changed, told.removed, told.failed) == (1, 1, 0), told


def test_what_is_no_source_is_told(archive: Any, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        archive.sources.add(str(tmp_path / "none"))
    with pytest.raises(SourceError, match="can't be a source"):
        archive.sources.add("sftp://host/path")
    with pytest.raises(UsageError, match="--kind"):
        archive.sources.add(str(tmp_path), kind="shelf")
    with pytest.raises(SourceError, match="Maildir"):
        archive.sources.add(str(tmp_path), kind="maildir")
    with pytest.raises(UsageError, match="Only http"):
        archive.sources.add(str(tmp_path), local=False)
