"""The catalog alone: what it refuses to open, and what it keeps to itself."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers import many, row, write_rows
from hypothesis import given
from hypothesis import strategies as st

from rag import Archive
from rag.errors import ArchiveDamaged, ArchiveMismatch, ArchiveMissing, OnRecordError
from rag.index.catalog import Catalog, Prepared, version_id
from rag.testing import FakeEmbeddings
from rag.types import RawArticle, Sentence


def prepared(key: str, text: str) -> Prepared:
    return Prepared(
        RawArticle(key=key, text=text),
        "en",
        [Sentence(start=0, end=len(text))],
        [(0, 1)],
        np.ones((1, 4), np.float16) / 2,
    )


def test_a_catalog_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(ArchiveMissing):
        Catalog(tmp_path / "catalog.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    Catalog(file, create=True).close()
    with sqlite3.connect(file) as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(ArchiveMismatch, match=r"schema 99.*pip install -U"):
        Catalog(file)
    with sqlite3.connect(file) as db:
        assert db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone() == ("99",)


@pytest.mark.parametrize("content", [b"this is not a database, but it is long enough to be one" * 20, b"\x00" * 5000])
def test_what_is_not_a_database_is_damaged_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "catalog.sqlite"
    file.write_bytes(content)
    with pytest.raises(ArchiveDamaged, match="backup"):
        Catalog(file)
    assert file.read_bytes() == content


def test_another_programs_database_is_damaged_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
        db.execute("INSERT INTO bookmarks VALUES ('x')")
    with pytest.raises(ArchiveDamaged):
        Catalog(file)
    with sqlite3.connect(file) as db:
        assert [r[0] for r in db.execute("SELECT name FROM sqlite_master")] == ["bookmarks"]


def test_a_catalog_damaged_in_the_middle_is_an_error_of_ours(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(60)))
    archive.close()
    file = archive.path / "catalog.sqlite"
    content = bytearray(file.read_bytes())
    for at in range(8192, len(content) - 4096, 4096):
        content[at : at + 200] = b"\xff" * 200
    file.write_bytes(content)
    archive = Archive.open(archive.path, embeddings=FakeEmbeddings())
    for act in (
        lambda: archive.search("harbour storm boats"),
        lambda: list(archive.articles()),
        lambda: archive.get("story-3"),
        lambda: archive.stats(),
    ):
        with pytest.raises(OnRecordError):
            act()
    try:
        problems = archive.doctor()
    except ArchiveDamaged:
        return
    assert "catalog" in {p.store for p in problems}


def test_an_empty_file_is_not_mistaken_for_an_archive(tmp_path: Path) -> None:
    """What a copy that was cut short leaves behind: nothing may pretend that all is well."""
    (tmp_path / "catalog.sqlite").write_bytes(b"")
    catalog = Catalog(tmp_path / "catalog.sqlite")
    assert catalog.counts()["articles"] == 0
    catalog.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite", create=True)
    good, bad = prepared("a", "one"), prepared("b", "two")
    broken = Prepared(bad.draft, bad.language, bad.sentences, [(0, 1), (0, 1)], bad.vectors)
    with pytest.raises(ValueError, match="zip"):
        catalog.store([good, broken])
    assert catalog.counts()["articles"] == 0
    catalog.store([good])
    assert catalog.counts()["articles"] == 1


def test_passages_wait_until_the_indexes_have_them_and_leave_tombstones(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite", create=True)
    catalog.store([prepared("a", "one"), prepared("b", "two")])
    ids = [r.id for r in catalog.rows(limit=10, pending=True)]
    assert len(ids) == 2
    catalog.mark_indexed(ids, [])
    assert catalog.rows(limit=10, pending=True) == []
    assert len(catalog.rows(limit=10)) == 2
    catalog.store([prepared("a", "changed")])
    assert catalog.tombstones() == [ids[0]]
    assert [r.text for r in catalog.rows(limit=10, pending=True)] == ["changed"]
    catalog.store([prepared("a", "one")])
    assert ids[0] not in catalog.tombstones(), "a passage that is back is not let go"
    assert ids[0] in {r.id for r in catalog.rows(limit=10, pending=True)}


def test_rows_are_read_in_steps_without_gaps(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite", create=True)
    catalog.store([prepared(f"k{n}", f"text {n}") for n in range(25)])
    seen, after = [], 0
    while rows := catalog.rows(after=after, limit=7):
        seen += [r.text for r in rows]
        after = rows[-1].number
    assert seen == [f"text {n}" for n in range(25)]


FIELDS = ["key", "title", "text", "url", "source", "author", "language"]


@given(field=st.sampled_from(FIELDS), one=st.text(min_size=1), other=st.text(min_size=1))
def test_an_id_changes_with_everything_shown(field: str, one: str, other: str) -> None:
    a = RawArticle(key="k", text="t").model_copy(update={field: one})
    b = RawArticle(key="k", text="t").model_copy(update={field: other})
    assert (version_id(a) == version_id(b)) == (one == other)
    assert version_id(a.model_copy(update={"origin": "elsewhere", "metadata": {"x": 1}})) == version_id(a)


def test_the_same_words_in_other_fields_are_another_version() -> None:
    assert version_id(RawArticle(key="k", title="a", text="b")) != version_id(RawArticle(key="k", title="ab", text=""))
    assert version_id(RawArticle(key="k", text="t", source="x")) != version_id(
        RawArticle(key="k", text="t", author="x")
    )


def test_many_threads_read_and_close_ends_them_all(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", "One boat sank.")))
    wrong: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(20):
                assert archive.get("a").text == "One boat sank."
        except BaseException as e:
            wrong.append(e)

    threads = [threading.Thread(target=read) for _ in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []
    archive.close()
    with Archive.open(archive.path, embeddings=FakeEmbeddings()) as again:
        assert again.get("a").text == "One boat sank."
