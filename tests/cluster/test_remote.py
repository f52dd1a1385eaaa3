"""Ingest on workers gives the archive that one process makes, whoever works when, and whoever dies."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cluster.catalogs import assert_same, dump
from helpers import many, row, write_rows

from rag import Archive, errors
from rag.cluster import pool as pools
from rag.cluster import remote
from rag.cluster.worker import Job, Self, Worker, code
from rag.ingest import pipeline
from rag.testing import FakeEmbeddings


class Here:
    """Workers in this process, whose calls are made late and in any order, and which forget all they keep."""

    def __init__(self, on: pools.On, job: Job, admit: Callable[[Self], None]) -> None:
        self.size = on.local
        self._random = random.Random(self.size)
        self._job = job
        self._workers = [Worker(job) for _ in range(self.size)]
        self.deaths = self.calls = 0
        for worker in self._workers:
            admit(worker.hello())

    def submit(self, method: str, *args: Any, near: Any = None) -> list[Any]:
        self.calls += 1
        return [method, args, None]

    def result(self, ticket: list[Any]) -> Any:
        method, args, _ = ticket
        which = self._random.randrange(self.size)
        if self._random.random() < 0.3:
            self.deaths += 1
            getattr(self._workers[which], method)(*args)  # done, and lost with the worker
            self._workers[which] = Worker(self._job)
        return getattr(self._workers[which], method)(*args)

    def all(self, method: str, *args: Any) -> list[Any]:
        return [getattr(worker, method)(*args) for worker in self._workers]

    def close(self) -> None:
        self._workers = []


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Here]:
    """The pools that were made in place of Ray's; batches are small."""
    made: list[Here] = []

    def make(*args: Any) -> Here:
        made.append(Here(*args))
        return made[-1]

    monkeypatch.setattr(pools, "RayPool", make)
    monkeypatch.setattr(pipeline, "_BATCH", 7)
    monkeypatch.setattr(pipeline, "_SYNC", 20)
    monkeypatch.setattr(remote, "_FILES", 3)
    monkeypatch.setattr(remote, "_ARTICLES", 4)
    return made


def sources(folder: Path) -> Path:
    """A folder of everything that order matters for: versions, aliases, what is no article, files and rows."""
    write_rows(folder / "b.jsonl", *many(30), row("story-3", "The bridge of Port 3 is shut. It was said on Monday."))
    write_rows(folder / "c.jsonl", *many(4, first=28), row("empty", " "), row("again", "The talks began. They ended."))
    for n in range(9):
        (folder / f"a{n}.txt").write_text(f"Talks {n}\n\nThe minister said {n} boats had left. “We wait,” he said.")
    (folder / "a5.txt").write_text("")
    (folder / "d.txt").write_text((folder / "a1.txt").read_text())
    (folder / "e.pdf").write_bytes(b"no pdf")
    (folder / "z.bin").write_bytes(b"\x00\x01")
    write_rows(folder / "zz.jsonl", row("story-5", many(6)[5]["text"], title="Storm at Port 5", source="Outlet 2"))
    return folder


def taken(path: Path, *named: Path | str, on: str | None = None) -> tuple[Any, list[Any]]:
    told: list[Any] = []
    with Archive.open(path, embeddings=FakeEmbeddings()) as archive:
        report = archive.ingest(
            *named, on=on, progress=lambda n, origin: told.append((n, origin)), outcome=lambda *o: told.append(o)
        )
        assert archive.doctor() == []
    return report.model_copy(update={"seconds": 0.0}), told


@pytest.mark.parametrize("workers", [1, 3])
def test_the_archive_is_the_serial_one(tmp_path: Path, here: list[Here], workers: int) -> None:
    folder = sources(tmp_path / "news")
    named = [folder, folder / "b.jsonl"]
    assert taken(tmp_path / "one", *named) == taken(tmp_path / "many", *named, on=f"local:{workers}")
    assert_same(tmp_path / "one", tmp_path / "many")
    assert here[0].deaths > 3 and here[0].calls > 12


def test_again_changes_nothing(tmp_path: Path, here: list[Here]) -> None:
    folder = sources(tmp_path / "news")
    taken(tmp_path / "a", folder, on="local:2")
    before = dump(tmp_path / "a")
    report, _ = taken(tmp_path / "a", folder, on="local:2")
    again, _ = taken(tmp_path / "a", folder)
    assert report == again and (report.added, report.updated) == (0, 0)
    assert dump(tmp_path / "a") == before


def test_files_that_the_machine_lacks_are_sent(
    tmp_path: Path, here: list[Here], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sources(tmp_path / "news")
    monkeypatch.chdir(tmp_path)
    taken(tmp_path / "one", "news")
    place = remote._place
    monkeypatch.setattr(remote, "_place", lambda path: (p := place(path)) and (*p[:4], p[4] + 1))  # another file there
    taken(tmp_path / "many", "news", on="local:2")
    assert_same(tmp_path / "one", tmp_path / "many")
    monkeypatch.setattr(remote, "_LARGEST", 10)
    with pytest.raises(errors.ClusterError, match=r"does not have .*news.*too large"):
        taken(tmp_path / "none", folder, on="local:2")


def test_a_worker_that_differs_is_refused() -> None:
    me = Self("onrecord 1", "model | split", np.array([1.0, 0.0], np.float32), "here", 1)
    remote.require_same(me, me)
    for other, said in (
        (
            Self("onrecord 2", me.model, me.vector, "there", 2),
            "worker on there runs onrecord 2, and this is onrecord 1",
        ),
        (Self(me.code, "other | split", me.vector, "there", 2), "embeds with other | split"),
        (Self(me.code, me.model, np.array([0.9, 0.435], np.float32), "there", 2), "other weights of model"),
        (Self(me.code, me.model, np.array([1.0], np.float32), "there", 2), "other weights of model"),
    ):
        with pytest.raises(errors.ClusterError, match=said):
            remote.require_same(me, other)
    assert code().startswith("onrecord 0.")


@pytest.mark.parametrize("on", ["local", "local:0", "local:x", "ray://host", "http://a:1", "", "auto?workers=0"])
def test_a_place_that_makes_no_sense(tmp_path: Path, on: str) -> None:
    with (
        pytest.raises(errors.UsageError, match="Use local:2"),
        Archive.open(tmp_path / "a", embeddings=FakeEmbeddings()) as archive,
    ):
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(1)), on=on)
    assert not (tmp_path / "a").exists()


def test_places() -> None:
    assert pools.parse("local:2") == (2, "", 0)
    assert pools.parse("ray://head:10001?workers=8") == (0, "ray://head:10001", 8)
    assert pools.parse("auto") == (0, "auto", 0)


def test_a_source_that_is_not_there_reaches_no_worker(tmp_path: Path, here: list[Here]) -> None:
    with pytest.raises(errors.SourceError, match="no file or folder"):
        taken(tmp_path / "a", tmp_path / "nothing", on="local:2")
    assert here == [] and not (tmp_path / "a").exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions")
def test_links_and_what_is_no_file(tmp_path: Path, here: list[Here]) -> None:
    folder = sources(tmp_path / "news")
    (folder / "link.txt").symlink_to(folder / "a1.txt")
    (folder / "gone.txt").symlink_to(folder / "nowhere.txt")
    os.mkfifo(folder / "pipe.txt")
    assert taken(tmp_path / "one", folder) == taken(tmp_path / "many", folder, on="local:2")
    assert_same(tmp_path / "one", tmp_path / "many")
