"""The vector index: what Chroma's files hold, and that a look at an archive writes nothing."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import examples, python
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Archive
from rag.index import vectors
from rag.index.catalog import IndexRow
from rag.index.healing import healed
from rag.index.vectors import VectorIndex, zero_tail
from rag.testing import FakeEmbeddings

DIM = 16


def rows(n: int, first: int = 0) -> list[IndexRow]:
    found = []
    for i in range(first, first + n):
        vector = np.random.default_rng(i).normal(size=DIM).astype(np.float32)
        vector /= np.linalg.norm(vector)
        found.append(IndexRow(i + 1, f"p{i}", f"a{i}", "", "", None, None, "en" if i % 2 else "de", vector))
    return found


def graph(folder: Path, count: int, room: int, **header: int) -> tuple[Path, Path]:
    """Files as Chroma writes them, full of sevens."""
    place = folder / "some-uuid"
    place.mkdir(parents=True, exist_ok=True)
    known = {"version": 1, "level0": 0, "room": room, "count": count, "size": 40, "label": 32, "data": 12, **header}
    (place / "header.bin").write_bytes(struct.pack("<i6Q", *known.values()) + b"more")
    data, lengths = place / "data_level0.bin", place / "length.bin"
    data.write_bytes(b"\x07" * 40 * room)
    lengths.write_bytes(b"\x07" * 4 * room)
    return data, lengths


@given(count=st.integers(0, 30), more=st.integers(0, 30))
@settings(max_examples=examples(50), deadline=None)
def test_only_what_stands_behind_the_last_element_is_taken_out(
    tmp_path_factory: pytest.TempPathFactory, count: int, more: int
) -> None:
    folder = tmp_path_factory.mktemp("graph")
    data, lengths = graph(folder, count, count + more)
    zero_tail(folder)
    assert data.read_bytes() == b"\x07" * 40 * count + bytes(40 * more)
    assert lengths.read_bytes() == b"\x07" * 4 * count + bytes(4 * more)


@pytest.mark.parametrize(
    "odd",
    [{"version": 2}, {"level0": 8}, {"size": 41}, {"label": 40}, {"data": 0}, {"data": 32}, {"count": 11}],
    ids=str,
)
def test_files_that_look_otherwise_are_left_alone(tmp_path: Path, odd: dict[str, int]) -> None:
    count = odd.pop("count", 2)
    data, lengths = graph(tmp_path, count, 10, **odd)
    zero_tail(tmp_path)
    assert data.read_bytes() == b"\x07" * 400
    assert lengths.read_bytes() == b"\x07" * 40


def test_files_of_other_sizes_are_left_alone(tmp_path: Path) -> None:
    data, lengths = graph(tmp_path, 2, 10)
    data.write_bytes(b"\x07" * 401)
    lengths.write_bytes(b"\x07" * 7)
    zero_tail(tmp_path)
    assert data.read_bytes() == b"\x07" * 401
    assert lengths.read_bytes() == b"\x07" * 7
    (tmp_path / "some-uuid" / "header.bin").write_bytes(b"short")
    zero_tail(tmp_path)
    data.unlink()
    graph(tmp_path, 2, 10)
    data.unlink()
    zero_tail(tmp_path)
    zero_tail(tmp_path / "not there")


def test_the_graph_is_as_good_after_it(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "v")
    index.mark_current(1)
    for step, n in enumerate((5, 200, 1500), 2):
        all_rows = rows(n)
        index.add(all_rows)
        index.refresh(step)  # from the files
        for row in all_rows[:: max(1, n // 20)]:
            assert index.search(row.vector, 1)[0] == (row.id, pytest.approx(1.0, abs=1e-5))
        assert len(index.ids()) == n
    index.remove([f"p{i}" for i in range(1400)])
    index.refresh(9)
    assert index.search(rows(1, 1450)[0].vector, 1)[0][0] == "p1450"
    assert len(index.ids()) == 100
    index.close()


def test_uncleared_memory_is_not_saved(tmp_path: Path) -> None:
    """With an allocator that marks what it hands out (glibc's; others pass anyway)."""
    code = """
import sys
import numpy as np
from rag.index.catalog import IndexRow
from rag.index.vectors import VectorIndex
row = IndexRow(1, "p", "a", "", "", None, None, "en", np.eye(1, 16, dtype=np.float32)[0])
index = VectorIndex(__import__("pathlib").Path(sys.argv[1]))
index.mark_current(1)
index.add([row])
index.refresh(2)
assert index.search(row.vector, 1)[0][0] == "p"
index.close()
"""
    done = python(code, tmp_path / "v", env={"MALLOC_PERTURB_": "165"})
    assert done.returncode == 0, done.stderr
    (data,) = (tmp_path / "v").glob("*/data_level0.bin")
    assert not any(data.read_bytes())
    assert not any(data.with_name("length.bin").read_bytes())


def test_looking_at_what_is_not_there_writes_nothing(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "v")
    assert index.search(rows(1)[0].vector, 3) == []
    assert index.ids() == set()
    index.remove(["p1"])
    index.close()
    assert not (tmp_path / "v").exists()


def test_one_process_does_not_wait_for_another_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    from rag.errors import ArchiveLocked

    index = VectorIndex(tmp_path / "v")
    index.add(rows(3))
    index.mark_current(1)
    index.refresh(2)
    monkeypatch.setattr(vectors, "_LOCK_TIMEOUT", 0.05)
    with FileLock(tmp_path / "v" / "graph.lock"), pytest.raises(ArchiveLocked, match="Wait until"):
        index.search(rows(1)[0].vector, 1)
    assert index.search(rows(1)[0].vector, 1)[0][0] == "p0"
    with FileLock(tmp_path / "v" / "graph.lock"):
        assert index.search(rows(1)[0].vector, 1)[0][0] == "p0", "what is loaded waits for nobody"
    index.close()


@pytest.mark.parametrize("call", ["count", "add", "remove", "ids"])
def test_the_graph_is_first_read_by_a_call_that_stops_no_other_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    from chromadb.api.rust import RustBindingsAPI

    index, calls = VectorIndex(tmp_path / "v"), list[str]()
    index.add(rows(3))
    index.close()
    for method in ("_get", "_count", "_upsert", "_delete", "_query"):
        true = getattr(RustBindingsAPI, method)
        monkeypatch.setattr(
            RustBindingsAPI,
            method,
            lambda self, *args, _name=method, _true=true, **more: calls.append(_name) or _true(self, *args, **more),
        )
    again = VectorIndex(tmp_path / "v")
    getattr(again, call)(*{"add": [rows(2, 7)], "remove": [["p1"]]}.get(call, []))
    assert calls[0] == "_get"
    again.close()


class Stopped:
    """Stops the first call of a method of Chroma's engine as Ctrl-C and SIGTERM do, before or after it has worked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, method: str, *, after: bool) -> None:
        from chromadb.api.rust import RustBindingsAPI

        true, self.times = getattr(RustBindingsAPI, method), 0

        def stopped(engine: Any, *args: Any, **kwargs: Any) -> Any:
            self.times += 1
            if self.times > 1:
                return true(engine, *args, **kwargs)
            if after:
                true(engine, *args, **kwargs)
            raise KeyboardInterrupt

        monkeypatch.setattr(RustBindingsAPI, method, stopped)


@pytest.mark.parametrize("method", ["start", "stop", "get_tenant", "get_or_create_collection", "_get", "_upsert"])
@pytest.mark.parametrize("after", [False, True])
def test_an_index_stopped_while_it_opens_or_closes_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, after: bool
) -> None:
    stopped = Stopped(monkeypatch, method, after=after)

    def use() -> None:
        index = VectorIndex(tmp_path / "vectors-1")
        index.add(rows(3))
        index.close()

    with pytest.raises(KeyboardInterrupt):
        use()
    index = VectorIndex(tmp_path / "vectors-1")
    index.add(rows(3))
    assert index.ids() == {"p0", "p1", "p2"} and len(index.search(rows(1)[0].vector, 2)) == 2
    index.close()
    assert stopped.times > 1


def test_an_ingest_that_is_stopped_as_the_index_opens_rebuilds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Stopped(monkeypatch, "start", after=False)
    fog = {"title": "Fog", "text": "Fog lay over the harbour."}
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        with pytest.raises(KeyboardInterrupt):
            archive.add([fog])
        assert archive.add([fog]).unchanged == 1
        assert healed(archive.stores.catalog) == [] and archive.doctor() == []
        assert archive.stores._index_names()["vectors"] == "vectors-1"
    assert stopped.times > 1
