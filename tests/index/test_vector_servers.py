"""Vectors on servers: the same hits as from the archive's folder, whole archives on each, what goes wrong, moving."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import assert_sound, command_line, many, write_rows
from pydantic import SecretStr
from vector_servers import KINDS, archive_at, dated, found, free_port, vector_rows

from rag import Settings
from rag.errors import ArchiveDamaged, ArchiveError, ArchiveMismatch
from rag.index.catalog import IndexRow
from rag.index.served import Owner, ServedVectors, plain
from rag.index.shards import passes
from rag.index.vector_places import AT, ID, Folder, OnServer, open_index, server_of
from rag.retrieve.query import build_query

slow = pytest.mark.slow


# -- the same hits ---------------------------------------------------------------------------


ROWS = vector_rows(200)
FILTERS: list[dict[str, Any]] = [
    {},
    {"sources": ["Post"]},
    {"sources": ["Post", "Herald"], "language": "de"},
    {"language": "en"},
    {"after": "2023-03-01"},
    {"after": "2023-02-10", "undated": False},
    {"before": "2023-02-01", "undated": False},
    {"before": "2023-04-15"},
    {"after": "2023-02-01", "before": "2023-03-01", "undated": False, "sources": ["Herald"]},
]


def allowed(one: IndexRow, filters: dict[str, Any]) -> bool:
    """The filters once more, as plainly as can be."""
    if filters.get("sources") and one.source not in filters["sources"]:
        return False
    if filters.get("language") and one.language != filters["language"]:
        return False
    if not filters.keys() & {"after", "before"}:
        return True
    if one.published is None:
        return bool(filters.get("undated", True))
    day = f"{one.published:%Y-%m-%d}"
    return filters.get("after", "") <= day < filters.get("before", "9")


@pytest.mark.parametrize("shards", ["none", "month"])
@pytest.mark.parametrize("kind", ["folder", *(pytest.param(kind, marks=slow) for kind in KINDS)])
def test_every_store_gives_the_same_hits(url_of: Callable[[str], str], tmp_path: Path, kind: str, shards: str) -> None:
    """As comparing all vectors does, in this order."""
    server = server_of(url_of(kind))
    owner = Owner("0123456789abcdef" + shards, str(tmp_path), "onrecord doctor --repair")
    place = OnServer(server, owner) if server else Folder(tmp_path)
    index = open_index(place, "vectors-1", shards, expected=False)
    index.add(ROWS)
    some = [r.id for r in ROWS[20:90]]
    asked = np.random.default_rng(8)
    for filters in FILTERS:
        for only in (None, [*some, "nobody:0"]):
            vector = asked.normal(size=24).astype(np.float32)
            vector /= np.linalg.norm(vector)
            query = build_query("x", k=10, **filters) if filters else None
            hits = index.search(vector, 25, query, only)
            passing = [r for r in ROWS if allowed(r, filters) and (only is None or r.id in only)]
            true = {r.id: float(r.vector @ vector / np.linalg.norm(r.vector)) for r in passing}
            best = sorted(true, key=lambda i: -true[i])[:25]
            assert len(best) >= 2
            assert [i for i, _ in hits] == best, (filters, only is None)
            assert [s for _, s in hits] == pytest.approx([true[i] for i in best], abs=1e-5)
    assert len(place.names()) == (6 if shards == "month" else 1)
    index.remove([r.id for r in ROWS[:150]])
    assert index.ids() == {r.id for r in ROWS[150:]} and index.count() == 50
    assert index.vectors([ROWS[0].id, ROWS[160].id]).keys() == {ROWS[160].id}
    index.close()
    place.drop("vectors-1")
    assert place.names() == []
    place.close()


def test_months_that_the_filters_exclude_are_not_asked() -> None:
    def asked(**filters: Any) -> list[str]:
        query = build_query("x", k=1, **filters) if filters else None
        return [m for m in ("202301", "202302", "202303", "undated") if passes(m, query)]

    assert asked() == asked(language="en") == ["202301", "202302", "202303", "undated"]
    assert asked(after="2023-02-15") == ["202302", "202303", "undated"]
    assert asked(after="2023-02-01", undated=False) == ["202302", "202303"]
    assert asked(before="2023-02-01", undated=False) == ["202301"]
    assert asked(before="2023-02-02", undated=False) == ["202301", "202302"]


# -- whole archives -----------------------------------------------------------------------------


@slow
@pytest.mark.parametrize("shards", ["none", "month"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_on_a_server(url_of: Callable[[str], str], tmp_path: Path, kind: str, shards: str) -> None:
    """Finds what it finds in its folder; deletes completely, is rebuilt, and is there again for the next program."""
    url = url_of(kind)
    file = write_rows(tmp_path / "a.jsonl", *dated(30))
    with archive_at(tmp_path / "here") as here, archive_at(tmp_path / "there", url, vector_shards=shards) as there:
        for archive in (here, there):
            assert archive.ingest(file).added == 30
        assert not list((tmp_path / "there").glob("vectors-*"))
        for filters in ({}, {"sources": ["Outlet 1"]}, {"after": "2023-03-02", "undated": False}):
            assert found(there, **filters) == found(here, **filters) != []
        ask = "Which boats did storm0007 damage?"
        assert there.search(ask)[0].passage.title == here.search(ask)[0].passage.title == "Storm at Port 7"
        assert_sound(there)
        there.delete("story-7", "story-8")
        index = there.stores.indexes()[0]
        assert index.ids() == there.stores.catalog.passage_ids() and index.count() == 28
        before = there.stores.vector_place().names()
        there.reindex()
        assert not {*before} & {*there.stores.vector_place().names()}
        assert_sound(there)
        kept = found(there)
    with archive_at(tmp_path / "there", url, vector_shards=shards) as again:
        assert found(again) == kept
        assert again.ingest(write_rows(tmp_path / "b.jsonl", *many(1, first=90))).added == 1
        assert_sound(again)


@slow
def test_a_reader_goes_on_while_another_rebuilds(url_of: Callable[[str], str], tmp_path: Path) -> None:
    """The old index is gone then, and the reader takes the new one."""
    url = url_of("chroma")
    file = write_rows(tmp_path / "a.jsonl", *many(8))
    with archive_at(tmp_path / "x", url) as writer, archive_at(tmp_path / "x", url) as reader:
        writer.ingest(file)
        before = [h.passage.id for h in reader.search("storm0003 boats")]
        writer.reindex()
        assert [h.passage.id for h in reader.search("storm0003 boats")] == before != []


@slow
@pytest.mark.parametrize("kind", KINDS)
def test_an_index_that_somebody_removed_is_told_and_mended(
    url_of: Callable[[str], str], tmp_path: Path, kind: str
) -> None:
    url = url_of(kind)
    with archive_at(tmp_path / "x", url) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(5)))
        archive.stores.vector_place().drop("vectors-1")
    with archive_at(tmp_path / "x", url) as archive:
        (problem,) = archive.doctor()
        assert problem.store == "vectors" and "gone" in problem.what and "doctor --repair" in problem.what
        archive.ingest(write_rows(tmp_path / "b.jsonl", *many(1, first=9)))
        assert_sound(archive)
        assert "gone" in archive.healed()[0]["why"]


@slow
def test_two_archives_on_one_server_do_not_meet(url_of: Callable[[str], str], tmp_path: Path) -> None:
    """Nor does a copy of one, which gets vectors of its own by a repair."""
    url = url_of("pgvector")
    with archive_at(tmp_path / "x", url) as one, archive_at(tmp_path / "y", url) as two:
        one.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
        two.ingest(write_rows(tmp_path / "b.jsonl", *many(3, first=50)))
        assert one.stores.catalog.meta(ID) != two.stores.catalog.meta(ID)
        assert not one.stores.indexes()[0].ids() & two.stores.indexes()[0].ids()
        assert_sound(one)
    shutil.copytree(tmp_path / "x", tmp_path / "copy")
    more = write_rows(tmp_path / "c.jsonl", *many(1, first=80))
    with archive_at(tmp_path / "copy", url) as copy, archive_at(tmp_path / "x", url) as one:
        assert copy.search("storm0001")  # looking is no harm
        with pytest.raises(ArchiveMismatch, match=r"was copied or moved.*doctor --repair"):
            copy.ingest(more)
        copy.reindex()
        assert copy.ingest(more).added + copy.ingest(more).unchanged == 1
        copy.delete("story-1")
        assert_sound(copy)
        assert_sound(one)
        assert one.search("storm0001")[0].passage.title == "Storm at Port 1"
        backup = one.backup(tmp_path / "b")
        assert backup["articles"] == 3
    from rag.upkeep import restore

    restore(tmp_path / "b", Settings(archive=tmp_path / "z", vectors=SecretStr(url)))
    with archive_at(tmp_path / "z", url) as restored, archive_at(tmp_path / "x", url) as one:
        restored.delete("story-2")
        assert_sound(restored)
        assert_sound(one)


# -- moving -----------------------------------------------------------------------------------------


@slow
def test_vectors_move_from_place_to_place_and_back(
    url_of: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, chat: Any
) -> None:
    """With the same digest everywhere, and nothing left behind."""
    run = command_line(monkeypatch, capsys, chat)
    folder = tmp_path / "x"
    monkeypatch.setenv("ONRECORD_ARCHIVE", str(folder))
    assert run("ingest", write_rows(tmp_path / "a.jsonl", *dated(20))).code == 0
    with archive_at(folder) as archive:
        before = found(archive)
    digests = set()
    for kind in (*KINDS, "embedded"):
        url = url_of(kind) if kind != "embedded" else "embedded"
        done = run("migrate", "--to-vectors", url, "--json")
        assert done.code == 0, done.err
        told = json.loads(done.out)
        assert told["passages"] == 20 and told["left"] == "" and "of-the-tests" not in done.out
        digests.add(told["digest"])
        refused = run("ingest", tmp_path / "a.jsonl")
        assert refused.code == 1 and "onrecord migrate --to-vectors" in refused.err
        monkeypatch.setenv("ONRECORD_VECTORS", url)
        assert run("doctor").out == "All three stores agree.\n"
        with archive_at(folder, url) as archive:
            assert found(archive) == before
            assert len(archive.stores.vector_place().names()) == 1
    assert len(digests) == 1
    assert [f.name for f in folder.glob("vectors-*")] == ["vectors-5"]
    server = server_of(url_of("chroma"))
    assert server is not None
    with archive_at(folder) as archive:
        assert server.names(f"onrecord_{archive.stores.catalog.meta(ID)}") == []
    assert "already" in run("migrate", "--to-vectors", "embedded").err


@slow
def test_what_comes_out_otherwise_changes_nothing(
    url_of: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One number of one vector is enough."""
    url = url_of("chroma")
    with archive_at(tmp_path / "x") as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(6)))
        before = found(archive)
        true = ServedVectors.add

        def add(self: ServedVectors, rows: list[IndexRow]) -> None:
            rows[3].vector[5] += 0.01
            true(self, rows)

        monkeypatch.setattr(ServedVectors, "add", add)
        with pytest.raises(ArchiveDamaged, match="Nothing was changed"):
            archive.migrate(url)
        assert_sound(archive)
        assert found(archive) == before
        ident = archive.stores.catalog.meta(ID)
    server = server_of(url)
    assert server is not None and server.names(f"onrecord_{ident}") == []


def test_away_from_a_server_that_is_gone(tmp_path: Path) -> None:
    """Nothing but the vectors was there, and the catalog has them."""
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
    url = f"qdrant+file:{tmp_path / 'points'}"
    with archive_at(tmp_path / "x", url) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(4)))
        archive.stores.catalog.set_meta(AT, plain(gone := f"chroma+http://127.0.0.1:{free_port()}"))
    with archive_at(tmp_path / "x", gone) as archive:
        with pytest.raises(ArchiveError, match="can't be reached"):
            archive.migrate("embedded")
        moved = archive.migrate("embedded", leave_old=True)
        assert moved.passages == 4 and moved.left
        assert_sound(archive)
