"""Several processes on one archive, and what happens to its folder from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import writer
from forked import Forked
from helpers import assert_cited, assert_sound, fill, many, onrecord, row, write_rows

from rag import Archive
from rag.errors import ArchiveDamaged, ArchiveError, ArchiveLocked, ArchiveMismatch, OnRecordError
from rag.testing import FakeEmbeddings

pytestmark = pytest.mark.slow

NEW = "The tram to Kellmouth was approved on Friday."


def opened(folder: Path, dim: int = 64) -> Archive:
    return Archive.open(folder, embeddings=FakeEmbeddings(dim=dim))


def write(*args: str | Path) -> None:
    process = Forked(writer.main, *args)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


def texts(archive: Archive, question: str) -> list[str]:
    return [h.passage.text for h in archive.search(question, k=50)]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    with opened(tmp_path / "x") as archive:
        fill(archive, *many(12))
    return tmp_path / "x"


# -- two processes ---------------------------------------------------------------------


def test_a_reader_sees_what_another_process_writes_and_deletes(built: Path, tmp_path: Path) -> None:
    with opened(built) as reader:
        assert NEW not in texts(reader, "Kellmouth tram approved")
        gone = next(t for t in texts(reader, "storm0005") if "storm0005" in t)
        source = write_rows(tmp_path / "b.jsonl", row("tram", NEW), *many(30, first=100))
        write("ingest", built, source)
        found = texts(reader, "Kellmouth tram approved")
        assert found[0] == NEW
        hits = reader.search("Kellmouth tram approved")
        assert hits[0].found_by == "hybrid", "both indexes have it"
        assert sum("storm" in t for t in texts(reader, "harbour storm boats")) == 42
        answer = reader.ask("When was the tram to Kellmouth approved?", chat_model="extractive")
        assert answer.citations[0].quote == NEW
        write("delete", built, "story-5", "tram")
        assert NEW not in texts(reader, "Kellmouth tram approved")
        assert gone not in texts(reader, "storm0005")
        assert sum("storm" in t for t in texts(reader, "harbour storm boats")) == 41
        write("repair", built)
        assert sum("storm" in t for t in texts(reader, "harbour storm boats")) == 41
        assert_sound(reader)
        # And it may write itself now.
        reader.ingest(source)
        assert texts(reader, "Kellmouth tram approved")[0] == NEW
        assert_sound(reader)


def test_reading_goes_on_while_another_process_writes(built: Path, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "b.jsonl", *many(300, first=100))
    with opened(built) as reader:
        reader.ingest(write_rows(tmp_path / "tram.jsonl", row("tram", NEW)))
        process = Forked(writer.main, "ingest", built, source)
        rounds = 0
        while process.poll() is None:
            answer = reader.ask("When was the tram to Kellmouth approved?", chat_model="extractive")
            assert_cited(reader, answer)
            assert [c.quote for c in answer.citations][:1] == [NEW], (answer.text, answer.confidence, answer.hits)
            assert any("storm0002" in t for t in texts(reader, "How many boats had storm0002 damaged?"))
            assert len(texts(reader, "harbour storm boats")) >= 12
            rounds += 1
        assert process.returncode == 0
        assert rounds >= 2
        assert_sound(reader)
        for n in range(2):
            deleting = Forked(writer.main, "delete", built, f"story-{100 + n}")
            while deleting.poll() is None:
                assert len(texts(reader, "harbour storm boats")) == 50
            assert deleting.returncode == 0
        assert_sound(reader)


def test_a_second_writer_is_told_who_is_writing(built: Path, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "b.jsonl", row("tram", NEW))
    process = Forked(writer.main, "hold", built, source)
    try:
        assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "holding\n"]
        with opened(built) as archive:
            for act in (lambda: archive.ingest(source), lambda: archive.delete("story-1"), lambda: archive.reindex()):
                with pytest.raises(ArchiveLocked, match=rf"Process {process.pid} on .*ingest"):
                    act()
            assert len(texts(archive, "harbour storm boats")) == 12, "reading goes on"
        done = onrecord("delete", "story-1", "--yes", "--archive", built)
        assert done.returncode == 1
        assert f"Process {process.pid}" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    finally:
        process.kill()
        process.wait()
    with opened(built) as archive:
        archive.ingest(source)
        assert_sound(archive)


def test_a_second_writer_in_the_same_process_is_told_too(built: Path, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "b.jsonl", *many(3, first=50))
    begun, go_on = threading.Event(), threading.Event()

    class Slow(FakeEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            begun.set()
            assert go_on.wait(20)
            return super().embed_documents(texts)

    Slow.__name__ = "FakeEmbeddings"
    with Archive.open(built, embeddings=Slow()) as archive:
        thread = threading.Thread(target=archive.ingest, args=(source,))
        thread.start()
        try:
            assert begun.wait(20)
            with opened(built) as other, pytest.raises(ArchiveLocked, match=f"Process {os.getpid()}"):
                other.delete("story-1")
            with pytest.raises(ArchiveLocked, match=f"Process {os.getpid()}"):
                archive.delete("story-1")
        finally:
            go_on.set()
            thread.join(30)
        assert archive.stats().articles == 15
        assert_sound(archive)


def test_a_fork_does_not_share_connections(built: Path) -> None:
    """A child is told at once what to do, and the parent reads on."""
    code = (
        "import os, sys, warnings\nwarnings.simplefilter('ignore')\n"
        "from rag import Archive, ArchiveForked\nfrom rag.testing import FakeEmbeddings\n"
        "a = Archive.open(sys.argv[1], embeddings=FakeEmbeddings())\n"
        "n = len(list(a.articles()))\n"
        "pid = os.fork()\n"
        "if not pid:\n    try:\n        list(a.articles())\n    except ArchiveForked as e:\n"
        "        os._exit(0 if 'Open it after the fork' in str(e) else 1)\n    os._exit(2)\n"
        "assert len(list(a.articles())) == n\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(built)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


# -- the folder ------------------------------------------------------------------------


def test_a_folder_that_was_moved_or_copied_works(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "copy with spaces é")
    shutil.move(built, tmp_path / "moved")
    for place in (tmp_path / "copy with spaces é", tmp_path / "moved"):
        with opened(place) as archive:
            assert len(texts(archive, "harbour storm boats")) == 12
            archive.ingest(write_rows(tmp_path / "b.jsonl", row("tram", NEW)))
            assert texts(archive, "Kellmouth tram")[0] == NEW
            assert_sound(archive)
    with opened(tmp_path / "moved") as one:
        one.delete("tram")
    with opened(tmp_path / "copy with spaces é") as other:
        assert texts(other, "Kellmouth tram")[0] == NEW, "they have nothing in common any more"


def test_another_archive_put_in_a_folders_place_is_noticed(built: Path, tmp_path: Path) -> None:
    """Restoring a backup under a process that has closed its archive."""
    shutil.copytree(built, tmp_path / "backup")
    with opened(built) as archive:
        archive.ingest(write_rows(tmp_path / "b.jsonl", row("tram", NEW)))
        assert texts(archive, "Kellmouth tram")[0] == NEW
    shutil.rmtree(built)
    shutil.copytree(tmp_path / "backup", built)
    with opened(built) as archive:
        assert NEW not in texts(archive, "Kellmouth tram")
        assert_sound(archive)


@pytest.mark.parametrize("kind", ["vectors", "lexical"])
@pytest.mark.parametrize("harm", ["deleted", "emptied", "rubbish", "truncated"])
def test_a_damaged_index_is_named_and_repaired(built: Path, kind: str, harm: str) -> None:
    folder = next(built.glob(f"{kind}-*"))
    if harm == "deleted":
        shutil.rmtree(folder)
    elif harm == "emptied":
        shutil.rmtree(folder)
        folder.mkdir()
    else:
        for file in folder.rglob("*"):
            if file.is_file() and file.stat().st_size:
                file.write_bytes(
                    b"\x00rubbish" * 200 if harm == "rubbish" else file.read_bytes()[: file.stat().st_size // 2]
                )
    with opened(built) as archive:
        problems = archive.doctor()
        assert kind in {p.store for p in problems}
        assert all(p.what for p in problems)
        try:
            found = texts(archive, "harbour storm boats")
        except ArchiveDamaged as e:
            assert "onrecord doctor --repair" in str(e)  # noqa: PT017  either is right
        else:
            assert len(set(found)) == len(found) <= 12
        archive.reindex()
        assert archive.doctor() == []
        assert len(texts(archive, "harbour storm boats")) == 12
        assert archive.search("storm0003")[0].found_by == "hybrid"


def test_an_index_that_holds_too_much_or_too_little_is_named_and_repaired(built: Path) -> None:
    with opened(built) as archive:
        catalog = archive.stores.catalog
        vectors, lexical = archive.stores.indexes()
        rows = catalog.rows(limit=2)
        vectors.remove([rows[0].id])
        lexical.add([type(rows[0])(**{**vars(rows[0]), "id": "stranger:0"})])
        found = {(p.store, p.what) for p in archive.doctor()}
        assert found == {("vectors", "1 passages are missing"), ("lexical", "1 passages are left over")}
        assert "stranger:0" not in {h.passage.id for h in archive.search(rows[0].text)}
        archive.reindex()
        assert_sound(archive)


def test_repairing_with_the_wrong_model_is_refused_or_harmless(built: Path) -> None:
    with opened(built, dim=32) as stranger:
        stranger.reindex()
        with pytest.raises(ArchiveMismatch):
            stranger.search("storm")
    with opened(built) as archive:
        assert_sound(archive)
        assert len(texts(archive, "harbour storm boats")) == 12


def test_a_read_only_folder_can_be_read_or_says_why_not(built: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root ignores permissions")
    for path in [built, *built.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with opened(built) as archive:
            try:
                assert len(texts(archive, "harbour storm boats")) == 12
            except OnRecordError as e:
                assert str(built) in str(e)  # noqa: PT017  either is right
    finally:
        for path in [built, *built.rglob("*")]:
            path.chmod(0o755)


# -- a full disk -----------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        for _ in range(20):
            if not subprocess.run(["umount", str(folder)], capture_output=True, check=False).returncode:
                break
            time.sleep(0.1)
        else:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


def test_a_full_disk_is_a_clear_error_and_loses_nothing(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.index import native
    from rag.ingest import pipeline

    monkeypatch.setattr(pipeline, "_BATCH", 64)
    monkeypatch.setattr(pipeline, "_SYNC", 256)
    monkeypatch.setattr(native, "ROOM", 0)  # as if somebody else filled the disk between the look and the write
    with opened(small_disk / "x") as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(5)))
        source = write_rows(tmp_path / "b.jsonl", *many(5000, first=100))
        with pytest.raises(ArchiveError, match="disk is full") as caught:
            archive.ingest(source)
        assert "\n" not in str(caught.value)
    with opened(small_disk / "x") as archive:
        stored = {a.key for a in archive.articles()}
        assert stored >= {r["key"] for r in many(5)}
        assert archive.get("story-1").text == many(2)[1]["text"]
        # With room again it goes on where it stopped.
        subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
        few = write_rows(tmp_path / "b.jsonl", *many(300, first=100))
        archive.ingest(few)
        assert stored | {r["key"] for r in many(300, first=100)} == {a.key for a in archive.articles()}
        assert_sound(archive)


@pytest.mark.parametrize("where", ["catalog", "vectors", "lexical"])
def test_a_store_that_finds_the_disk_full_loses_nothing(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    import errno
    import sqlite3

    from rag.index.catalog import Catalog
    from rag.index.lexical import LexicalIndex
    from rag.index.vectors import VectorIndex

    def full(*_: object, **__: object) -> None:
        if where == "catalog":
            raise sqlite3.OperationalError("database or disk is full")
        if where == "lexical":
            raise ValueError("An IO error occurred: 'No space left on device (os error 28)'")
        raise RuntimeError(
            "Error updating collection: error returned from database: (code: 13) database or disk is full"
        )

    home, method = {"catalog": (Catalog, "_store"), "vectors": (VectorIndex, "add"), "lexical": (LexicalIndex, "add")}[
        where
    ]
    source = write_rows(tmp_path / "b.jsonl", row("tram", NEW))
    with opened(built) as archive:
        with monkeypatch.context() as patch:
            patch.setattr(home, method, full)
            with pytest.raises(ArchiveError, match="disk is full"):
                archive.ingest(source)
        assert archive.stats().articles in (12, 13)
        archive.ingest(source)
        assert texts(archive, "Kellmouth tram")[0] == NEW
        assert_sound(archive)
    assert errno.ENOSPC == 28
