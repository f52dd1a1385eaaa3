"""Files of the derived indexes cut, flipped, gone or replaced: one clear line, and the next writer mends them."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from helpers import assert_sound, fill, many, write_rows

from rag import Archive
from rag.errors import ArchiveDamaged
from rag.index.healing import healed
from rag.index.native import guarded, require_room
from rag.testing import FakeEmbeddings


def damage(file: Path, how: str, chance: random.Random) -> None:
    """Do something to a file that no program of ours does."""
    content = file.read_bytes()
    if how == "gone":
        file.unlink()
    elif how == "emptied":
        file.write_bytes(b"")
    elif how == "cut":
        file.write_bytes(content[: chance.randrange(len(content)) if content else 0])
    elif how == "flipped":
        changed = bytearray(content)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        file.write_bytes(bytes(changed))
    else:
        file.write_bytes(chance.randbytes(max(1, len(content))))


def index_files(folder: Path) -> list[Path]:
    """Those that hold something."""
    found = [*folder.glob("vectors-*/**/*"), *folder.glob("lexical-*/**/*")]
    return sorted(f for f in found if f.is_file() and f.stat().st_size and not f.name.endswith((".lock", ".sums")))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "x"
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(12))
        archive.search("storm harbour boats")
    return folder


@pytest.mark.parametrize("how", ["gone", "emptied", "cut", "flipped", "replaced"])
def test_a_damaged_index_is_told_and_mended_by_the_next_writer(sound: Path, tmp_path: Path, how: str) -> None:
    chance = random.Random(how)
    for n, file in enumerate(chance.sample(index_files(sound), 2)):
        folder = tmp_path / str(n)
        shutil.copytree(sound, folder)
        there = folder / file.relative_to(sound)
        before = there.read_bytes()
        damage(there, how, chance)
        if there.exists() and there.read_bytes() == before:
            continue
        with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
            if file.name != "seal.json" or how != "gone":  # without a seal nothing is wrong
                with pytest.raises(ArchiveDamaged, match=r"doctor --repair --archive") as told:
                    archive.search("storm harbour boats")
                assert "\n" not in str(told.value)
                assert archive.doctor() != []
            assert archive.ingest(write_rows(tmp_path / "more.jsonl", *many(1, first=50))).added == 1
            assert_sound(archive)
            assert len(archive.search("storm harbour boats", k=20)) == 13
            assert (file.name == "seal.json" and how == "gone") or healed(archive.stores.catalog)


def test_repair_mends_all_of_them_at_once(sound: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    shutil.copytree(sound, folder)
    for index in [*folder.glob("vectors-*"), *folder.glob("lexical-*")]:
        shutil.rmtree(index)
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        with pytest.raises(ArchiveDamaged, match="gone"):
            archive.search("storm")
        archive.reindex()
        assert_sound(archive)
        assert len(archive.search("storm harbour boats", k=20)) == 12


@pytest.mark.parametrize("how", ["gone", "emptied"])
def test_a_catalog_that_is_gone_is_not_taken_for_a_new_archive(sound: Path, tmp_path: Path, how: str) -> None:
    folder = tmp_path / "x"
    shutil.copytree(sound, folder)
    damage(folder / "catalog.sqlite", how, random.Random(1))
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        with pytest.raises(ArchiveDamaged, match="restore"):
            archive.search("storm")
        with pytest.raises(ArchiveDamaged, match="restore"):
            archive.ingest(write_rows(tmp_path / "more.jsonl", *many(1)))


def test_a_panic_of_a_library_is_an_error_of_ours(tmp_path: Path) -> None:
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(ArchiveDamaged, match="vector index"), guarded("vectors", tmp_path / "vectors-1"):
        raise panic("index out of range\nand more")
    with pytest.raises(KeyboardInterrupt), guarded("vectors", tmp_path):
        raise KeyboardInterrupt
    require_room(tmp_path)
