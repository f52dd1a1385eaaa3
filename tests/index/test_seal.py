"""Seals of large indexes: files that stay as they are aren't read again, and no other is missed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rag.errors import ArchiveDamaged
from rag.index import native
from rag.index.native import check_seal, seal, unseal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of three files, written an hour ago."""
    index = tmp_path / "lexical-1"
    for name in ("one", "two", "deep/three"):
        file = index / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode() * 1000)
        os.utime(file, ns=(time.time_ns() - 3600 * 10**9,) * 2)
    return index


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read to be summed up."""
    names: list[str] = []
    true = native._checksum
    monkeypatch.setattr(native, "_checksum", lambda file: (names.append(file.name), true(file))[1])
    return names


def test_what_has_not_changed_is_not_read_again(folder: Path, read: list[str]) -> None:
    seal(folder)
    assert sorted(read) == ["one", "three", "two"]
    read.clear()
    unseal(folder)
    (folder / "two").write_bytes(b"another")
    (folder / "four").write_bytes(b"new")
    seal(folder)
    assert sorted(read) == ["four", "two"]
    check_seal("lexical", folder, thorough=True)
    (folder / "one").write_bytes(b"ONE" * 1000)
    with pytest.raises(ArchiveDamaged, match="one is not what was written"):
        check_seal("lexical", folder, thorough=True)


def test_what_may_have_changed_unseen_is_read_again(folder: Path, read: list[str]) -> None:
    """A clock of files ticks slowly: one that was just written may be written again within the same tick."""
    file = folder / "two"
    file.write_bytes(b"a" * 50)
    before = file.stat()
    seal(folder)
    file.write_bytes(b"b" * 50)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    read.clear()
    unseal(folder)
    seal(folder)
    assert read == ["two"]
    check_seal("lexical", folder, thorough=True)


@pytest.mark.parametrize("content", ["", "[]", '{"at": 1}', '{"at": 9e99, "files": {"one": 3, "two": [1]}}', "\x00"])
def test_without_what_was_known_everything_is_read(folder: Path, read: list[str], content: str) -> None:
    seal(folder)
    (folder / native._SUMS).write_text(content)
    read.clear()
    unseal(folder)
    seal(folder)
    assert sorted(read) == ["one", "three", "two"]
    check_seal("lexical", folder, thorough=True)
