"""Files of the derived indexes cut, flipped, gone or replaced: one clear line, and the next writer mends them."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
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
                if file.parent.name.startswith("lexical") or file.parent.parent.name.startswith("lexical"):
                    with pytest.raises(ArchiveDamaged, match=r"doctor --repair --archive") as told:
                        archive.search("storm harbour boats")
                    assert "\n" not in str(told.value)
                elif there.exists():  # so few vectors are read from the catalog
                    assert len(archive.search("storm harbour boats", k=20)) == 12
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


# -- files of different moments, as power failures and copies of a folder in use leave them ---------------------------


def _moments(folder: Path, tmp_path: Path) -> Path:
    """Have the archive go on: of its articles one changes, one goes, one is new; returns the folder as it was."""
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        changed = {**many(1, first=3)[0], "text": "The harbour of Port 3 is open. A storm named storm0003 is over."}
        archive.ingest(write_rows(tmp_path / "later.jsonl", changed, *many(1, first=30)))
        archive.delete("story-5")
    return before


def _mixed(catalog: Path, indexes: dict[str, Path], to: Path) -> None:
    """An archive of files of two moments: each index under the name that the catalog knows it by."""
    shutil.copytree(catalog, to, ignore=shutil.ignore_patterns(*(f"{kind}-*" for kind in indexes)))
    for kind, source in indexes.items():
        (there,) = source.glob(f"{kind}-*")
        (named,) = catalog.glob(f"{kind}-*")
        shutil.copytree(there, to / named.name)


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("kinds", [("lexical",), ("vectors",), ("lexical", "vectors")], ids="+".join)
@pytest.mark.parametrize("newer", ["indexes", "catalog"])
def test_files_of_different_moments_agree_after_the_next_writer(
    sound: Path, tmp_path: Path, newer: str, kinds: tuple[str, ...], sealed: bool
) -> None:
    shutil.copytree(sound, later := tmp_path / "later")
    before = _moments(later, tmp_path)
    catalog, other = (later, before) if newer == "catalog" else (before, later)
    _mixed(catalog, dict.fromkeys(kinds, other), folder := tmp_path / "x")
    if not sealed:
        for file in folder.rglob("seal.json"):
            file.unlink()
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "more.jsonl", *many(1, first=50)))
        assert_sound(archive)
        assert {event["store"] for event in archive.healed()} == set(kinds)
        assert len(archive.search("storm harbour boats", k=20)) == 13
        told = archive.healed()
        archive.delete("story-50")
        assert archive.healed() == told, "mended once"


def test_ids_are_compared_once_after_that_only_numbers(sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, folder := tmp_path / "x")
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        archive.reindex()
    asked: list[str] = []
    for n in range(3):
        with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
            for store in archive.stores.indexes():
                store.ids = lambda store=store, ids=store.ids: asked.append(type(store).__name__) or ids()  # type: ignore
            archive.ingest(write_rows(tmp_path / "more.jsonl", *many(1, first=50 + n)))
            archive.search("storm")
    assert sorted(asked) == ["LexicalIndex", "Nearest"], "each once, by the first of the three"


def test_articles_too_many_are_told_and_mended(sound: Path, tmp_path: Path) -> None:
    shutil.copytree(sound, folder := tmp_path / "x")
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        lexical = archive.stores.indexes()[1]
        row = archive.stores.catalog.rows(limit=1)[0]
        lexical.add([replace(row, id=f"{'0' * 32}:0", article_id="0" * 32)])
        lexical.remove([f"{'0' * 32}:1"])  # takes the article, and leaves its passage
        assert [p.what for p in archive.doctor()] == ["1 passages are left over"]
        lexical.add([replace(row, id=f"{'1' * 32}:0", article_id="1" * 32)])
        assert "1 full texts are left over" in [p.what for p in archive.doctor()]
        archive.ingest(write_rows(tmp_path / "more.jsonl", *many(1, first=50)))
        assert_sound(archive)
        assert [event["store"] for event in archive.healed()] == ["lexical"]
