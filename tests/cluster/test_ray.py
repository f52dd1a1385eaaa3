"""Ingest on Ray: two local workers, one killed in the middle."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cluster.catalogs import assert_same, dump
from helpers import many, python, write_rows

from rag import Archive, errors
from rag.cluster import pool as pools
from rag.cluster.worker import Job
from rag.testing import FakeEmbeddings


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        with (
            pytest.raises(errors.ClusterError, match=r"ray://127\.0\.0\.1:\d+ can't be reached \(.*refused"),
            Archive.open(tmp_path / "a", embeddings=FakeEmbeddings()) as archive,
        ):
            archive.ingest(write_rows(tmp_path / "a.jsonl", *many(1)), on=f"ray://127.0.0.1:{taken.getsockname()[1]}")
    assert not (tmp_path / "a").exists()


def test_without_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(errors.ExtraMissing, match=r"onrecord\[ray\]"),
        Archive.open(tmp_path / "a", embeddings=FakeEmbeddings()) as archive,
    ):
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(1)), on="local:1")


@pytest.mark.slow
def test_one_of_two_workers_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The archive is that of one process, in every row of every table; a third worker has taken over."""
    monkeypatch.setattr("rag.ingest.pipeline._BATCH", 40)
    monkeypatch.setattr("rag.ingest.pipeline._SYNC", 100)
    folder = tmp_path / "news"
    write_rows(folder / "a.jsonl", *many(300))
    write_rows(folder / "b.jsonl", *many(40, first=280))
    for n in range(20):
        (folder / f"c{n}.txt").write_text(f"Talks {n}\n\nThe minister said {n} boats had left. “We wait,” he said.")
    with Archive.open(tmp_path / "one", embeddings=FakeEmbeddings()) as archive:
        serial = archive.ingest(folder)

    caplog.set_level(logging.INFO, "rag.cluster")
    killed: list[int] = []

    def kill(seen: int, origin: str) -> None:
        if seen >= 150 and not killed:
            killed.append(workers(caplog)[0])
            os.kill(killed[0], signal.SIGKILL)

    with Archive.open(tmp_path / "two", embeddings=FakeEmbeddings()) as archive:
        report = archive.ingest(folder, on="local:2", progress=kill)
        assert archive.doctor() == []
    assert report.model_copy(update={"seconds": serial.seconds}) == serial
    assert "is gone" in caplog.text
    assert len(set(workers(caplog))) >= 2 and killed
    assert_same(tmp_path / "one", tmp_path / "two")


def test_a_worker_starts_threads_for_the_processors_it_was_given() -> None:
    """Not one for each processor of the machine, on which there are other workers."""
    hired: dict[str, Any] = {}

    class Actor:
        """What Ray makes of a class, as far as a worker is hired by it."""

        def options(self, **options: Any) -> Actor:
            hired.update(options)
            return self

        def remote(self, job: Job, processors: int) -> Any:
            hired["processors"] = processors
            return SimpleNamespace(hello=SimpleNamespace(remote=lambda: None))

    pool = pools.RayPool.__new__(pools.RayPool)
    pool._ray, pool._job, pool._coming = SimpleNamespace(remote=lambda _: Actor()), Job("local"), []
    pool._hire()
    assert hired["processors"] == hired["num_cpus"] == 1
    told = python(
        "import os; from rag.cluster.worker import Job, Worker; from rag.machine import processors\n"
        "Worker(Job('local'), 3); names = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'RAYON_NUM_THREADS')\n"
        "print(processors(), *map(os.environ.get, names))"
    )
    assert told.stdout.split() == ["3"] * 4, told.stderr


def workers(caplog: pytest.LogCaptureFixture) -> list[int]:
    """The processes of the workers that have come."""
    return [int(n) for n in re.findall(r"worker on \S+, process (\d+)", caplog.text)]


__all__ = ["dump", "pools"]
