"""Finding files: folders, globs, links, and what is not there."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from ingest.reading import drafts, reasons, write

from rag.errors import SourceError
from rag.ingest.load import count, load
from rag.types import RawArticle, Skipped


def test_a_folder_is_read_in_order_without_what_is_no_article(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/b.html.txt"):
        write(tmp_path / name, "Some words here.")
    for name in (
        ".hidden.txt",
        ".git/x.txt",
        "README.md",
        "manifest.json",
        "questions.jsonl",
        "__init__.py",
        "LICENSE",
    ):
        write(tmp_path / name, "Some words here.")
    write(tmp_path / "c.xyz", "Some words here.")
    found = list(load([tmp_path]))
    assert [Path(item.origin).relative_to(tmp_path).as_posix() for item in found] == [
        "a/b.html.txt",
        "a/z.md",
        "b.txt",
        "c.xyz",
    ]
    assert isinstance(found[-1], Skipped)
    assert "unknown format .xyz" in found[-1].reason


def test_globs_and_files_named_twice(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.txt", "One."), write(tmp_path / "x/b.txt", "Two.")
    assert [d.origin for d in drafts(str(tmp_path / "**/*.txt"), a, tmp_path)] == [str(a), str(b)]
    odd = write(tmp_path / "what[1]?.txt", "Three.")
    assert len(drafts(odd)) == 1


def test_what_is_not_there_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "One.")
    for source in (tmp_path / "no.txt", str(tmp_path / "*.pdf"), tmp_path / "no/folder"):
        with pytest.raises(SourceError, match="Check the"):
            load([tmp_path, source])
        with pytest.raises(SourceError):
            count([source])
    for url in ("https://example.com/a.html", "http://x", "HTTPS://X/y", Path("https://example.com/a")):
        with pytest.raises(SourceError, match="not fetched"):
            load([url])


def test_loading_is_lazy(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "One.")
    later = write(tmp_path / "b.txt", "Two.")
    found = load([tmp_path])
    next(found)
    later.unlink()
    assert isinstance(next(found, None), Skipped | None)


def test_a_file_or_folder_without_permission_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.txt", "One.")
    write(tmp_path / "locked/b.txt", "Two.")
    write(tmp_path / "secret.txt", "Three.")
    scandir, opened = os.scandir, os.open

    def scan(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    def open_(path: Path, *args: int, **kwargs: int) -> int:
        if Path(path).name == "secret.txt":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(os, "open", open_)
    found = list(load([tmp_path]))
    assert [type(item) for item in found] == [RawArticle, Skipped, Skipped]
    assert reasons(tmp_path) == ["no permission to read the folder", "no permission to read the file"]


def test_links_that_lead_in_circles_and_pipes(tmp_path: Path) -> None:
    write(tmp_path / "a/a.txt", "One.")
    (tmp_path / "a/loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a/broken.txt").symlink_to(tmp_path / "gone.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    found = list(load([tmp_path]))
    assert len([item for item in found if isinstance(item, RawArticle)]) == 1
    assert sorted(reasons(tmp_path)) == [
        "not a regular file: a named pipe",
        "the file can't be read: No such file or directory",
    ]


def test_count(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "One.")
    write(tmp_path / "b.jsonl", '{"text": "x"}\n' * 5)
    write(tmp_path / "c.csv", 'title,text\na,"two\nlines"\nb,one\n')
    write(tmp_path / "d.jsonl.gz", gzip.compress(b'{"text": "x"}\n{"text": "y"}'))
    assert count([tmp_path]) == 1 + 5 + 2 + 2
    write(tmp_path / "e.json", "[]")
    assert count([tmp_path]) is None


def test_an_archive_among_the_sources_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "archive" / "vectors-1").mkdir(parents=True)
    (tmp_path / "archive" / "catalog.sqlite").write_bytes(b"SQLite format 3\0")
    (tmp_path / "a.txt").write_text("The bridge reopened on Monday, the council said.")
    assert [item.origin for item in load([tmp_path])] == [str(tmp_path / "a.txt")]
