"""Indexes of an archive that can only be read are looked at elsewhere, whatever their owner does meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from rag.index.native import seal
from rag.index.readonly import Mirror


def index(folder: Path) -> Path:
    folder.mkdir()
    for name in ("chroma.sqlite3", "graph.bin"):
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize("sealed", [True, False])
def test_a_file_that_goes_away_while_it_is_copied_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: bool
) -> None:
    folder, copied, copy = index(tmp_path / "vectors-1"), list[Any](), shutil.copyfile
    if sealed:
        seal(folder, 1)

    def goes_away(file: Path, to: Path) -> None:
        copied.append(file)
        if len(copied) == 1:
            raise FileNotFoundError(file)
        copy(file, to)

    monkeypatch.setattr("shutil.copyfile", goes_away)
    monkeypatch.setattr("rag.index.readonly._PAUSE", 0)
    mirror = Mirror()
    shown = mirror.of(folder, 1)
    assert {f.name for f in shown.iterdir()} >= {"chroma.sqlite3", "graph.bin"}
    assert (shown / "graph.bin").read_text() == "graph.bin"
    mirror.close()


def test_what_is_being_written_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = index(tmp_path / "vectors-1")

    def owner(_: float) -> None:
        (folder / "graph.bin").write_text("complete")
        seal(folder, 2)

    monkeypatch.setattr("time.sleep", owner)
    mirror = Mirror()
    assert (mirror.of(folder, 2) / "graph.bin").read_text() == "complete"
    mirror.close()


def test_one_that_is_never_complete_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise FileNotFoundError("gone")

    monkeypatch.setattr("shutil.copyfile", never)
    monkeypatch.setattr("rag.index.readonly._PAUSE", 0)
    with pytest.raises(FileNotFoundError):
        Mirror().of(index(tmp_path / "vectors-1"), 1)
