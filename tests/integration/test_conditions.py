"""Archives where something is in the way: no right to write, no room on the disk, a process forked from another."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import onlooker
import pytest
from forked import Forked
from helpers import assert_sound, fill, many, python, write_rows

from rag import Archive
from rag.errors import ArchiveError, DiskFull
from rag.index import native
from rag.index.lexical import LexicalIndex
from rag.index.vectors import VectorIndex
from rag.testing import FakeEmbeddings


def opened(folder: Path) -> Archive:
    return Archive.open(folder, embeddings=FakeEmbeddings())


# -- read-only -------------------------------------------------------------------------


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can get at, which pytest's are not."""
    folder = Path(tempfile.mkdtemp(prefix="onrecord-test-"))
    folder.chmod(0o755)
    (folder / "home").mkdir()
    (folder / "home").chmod(0o777)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(folder)


def lock_away(archive: Path) -> None:
    """Take away everybody's right to write."""
    for path in archive.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    archive.chmod(0o555)


def content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_everything_that_reads_works_without_the_right_to_write(open_folder: Path) -> None:
    folder = open_folder / "x"
    with opened(folder) as archive:
        fill(archive, *many(6))
    lock_away(folder)
    before = content(folder)
    looking = Forked(onlooker.look, folder, open_folder / "home")
    out, err = looking.communicate(timeout=60)
    assert looking.returncode == 0, err
    told = json.loads(out)
    assert (told["search"], told["list"], told["stats"], told["turns"], told["backup"]) == (6, 6, 6, 1, 6)
    assert told["ask"] and told["show"] == "Storm at Port 1" and told["sources"] == 0
    assert told["doctor"] == [] and told["left"] == []
    assert told["kept"].startswith(str(open_folder / "home"))
    for what in ("ingest", "delete", "repair"):
        assert told[what].startswith("ArchiveReadOnly: ") and "read-only" in told[what]
    assert err.count(f"{folder} is read-only; conversations and ratings are kept in") == 1, "said once"
    assert content(folder) == before


def test_a_log_that_was_not_written_back_is_read(open_folder: Path) -> None:
    folder = open_folder / "x"
    with opened(open_folder / "y") as archive:
        fill(archive, *many(4))
        archive.ingest(write_rows(open_folder / "a.jsonl", *many(2, first=4)))
        shutil.copytree(open_folder / "y", folder)  # a snapshot
    assert (folder / "catalog.sqlite-wal").stat().st_size
    (folder / "catalog.sqlite-shm").unlink()
    lock_away(folder)
    looking = Forked(onlooker.look, folder, open_folder / "home")
    out, err = looking.communicate(timeout=60)
    assert looking.returncode == 0, err
    assert json.loads(out)["search"] == 6


def test_what_its_owner_adds_is_seen(open_folder: Path) -> None:
    folder = open_folder / "x"
    os.umask(0o022)
    with opened(folder) as archive:
        fill(archive, *many(4))
        looking = Forked(onlooker.follow, folder, open_folder / "home")
        first = looking.stdout.readline()
        assert first == "4\n", looking.communicate(timeout=30)[1]
        archive.ingest(write_rows(open_folder / "a.jsonl", *many(4, first=4)))
        assert looking.stdout.readline() == "8\n"
        looking.communicate(timeout=30)


# -- a full disk -----------------------------------------------------------------------


def test_room_is_looked_for_before_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "x") as archive:
        fill(archive, *many(3))
        monkeypatch.setattr(native, "ROOM", 10**18)
        with pytest.raises(DiskFull, match=r"Free some space"):
            archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3, first=3)))
        assert len(archive.search("storm boats harbour", k=20)) == 3
        assert archive.delete("story-0"), "what makes room is allowed"
        monkeypatch.undo()
        assert archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3, first=3))).added == 3
        assert_sound(archive)


@pytest.mark.parametrize("store", [VectorIndex, LexicalIndex])
def test_a_write_that_finds_no_room_is_an_error_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: type
) -> None:
    with opened(tmp_path / "x") as archive:
        fill(archive, *many(3))

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(store, "add", full)
        with pytest.raises(ArchiveError, match="disk is full"):
            archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3, first=3)))
        monkeypatch.undo()
    with opened(tmp_path / "x") as archive:
        assert len(list(archive.articles())) == 6
        archive.search("storm")
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3, first=3)))
        assert_sound(archive)


SMALL = """
import resource, signal, sys
sys.path[:0] = sys.argv[3:]
from rag import Archive
from rag.errors import OnRecordError
from rag.testing import FakeEmbeddings
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Archive.open(sys.argv[1], embeddings=FakeEmbeddings()) as archive:
    archive.search("storm")
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]) * 1024, resource.RLIM_INFINITY))
    try:
        archive.ingest(sys.argv[1] + ".jsonl")
        print("taken in")
    except Exception as e:
        print(type(e).__name__, e)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [96, 360, 700])
def test_files_that_can_not_grow(tmp_path: Path, kilobytes: int) -> None:
    folder = tmp_path / "x"
    with opened(folder) as archive:
        fill(archive, *many(20))
    write_rows(tmp_path / "x.jsonl", *many(150, first=20))
    done = python(SMALL, folder, str(kilobytes))
    assert done.returncode in (0, -25), done.stderr
    with opened(folder) as archive:
        keys = {a.key for a in archive.articles()}
        assert {r["key"] for r in many(20)} <= keys
        if done.stdout.startswith("taken in"):
            assert len(keys) == 170
        archive.ingest(tmp_path / "x.jsonl")
        assert_sound(archive)


# -- forks -----------------------------------------------------------------------------

FORK = """
import os, sys, signal
from rag import Archive
from rag.errors import OnRecordError
from rag.testing import FakeEmbeddings

def opened():
    return Archive.open(sys.argv[1], embeddings=FakeEmbeddings(), chat_model="extractive")

def child(work):
    sys.stdout.flush()
    if not (pid := os.fork()):
        signal.alarm(20)
        try:
            print(work(), flush=True)
        except OnRecordError as e:
            print(type(e).__name__, e, flush=True)
        os._exit(0)
    print("status", os.waitpid(pid, 0)[1], flush=True)

archive = opened()
child(lambda: len(archive.search("storm")))
print(len(archive.search("storm")))
child(lambda: len(archive.search("storm")))
child(lambda: archive.ask("How many boats had storm0001 damaged?").answered)
child(lambda: len(opened().search("storm")))
child(lambda: archive.delete("story-1"))
child(archive.close)
print(len(archive.search("storm")))
archive.close()
"""


@pytest.mark.slow
def test_after_a_fork_it_works_or_says_at_once_what_to_do(tmp_path: Path) -> None:
    with opened(tmp_path / "x") as archive:
        fill(archive, *many(3))
    done = python(FORK, tmp_path / "x")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("status")] == ["status 0"] * 6, lines
    said = [line.partition(" ")[0] for line in lines if not line.startswith("status")]
    forked = "ArchiveForked"  # one opened in the child searches: Chroma, which a fork breaks, is not asked for so few
    assert said == ["3", "3", forked, forked, "3", forked, "None", "3"]
    assert all("forkserver" in line for line in lines if line.startswith("ArchiveForked"))
