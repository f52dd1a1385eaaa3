"""What a search may look at: articles by name, passages, languages."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import many, row, write_rows
from retrieve.searching import ARMS, STORM, Arm, through

from rag import Archive
from rag.errors import ArchiveMismatch, ArticleMissing, UsageError
from rag.index.catalog import INDEX_FORMAT, IndexRow
from rag.index.lexical import LexicalIndex
from rag.index.vectors import VectorIndex
from rag.testing import FakeEmbeddings


def keys(archive: Archive, *args: Any, **options: Any) -> list[str]:
    return [archive.get(h.passage.article_id).key for h in archive.search(*args, **options)]


# -- only these articles ---------------------------------------------------------------


def test_only_the_articles_named_are_searched(arm: Archive) -> None:
    assert len(set(keys(arm, STORM, k=20))) > 5
    assert keys(arm, STORM, k=20, articles=["story-2"]) == ["story-2"]
    assert set(keys(arm, STORM, k=20, articles=["story-2", "story-5", "story-2"])) == {"story-2", "story-5"}
    assert keys(arm, STORM, k=1, articles=["story-2", "story-5"]) == ["story-2"]
    assert len(keys(arm, STORM, k=20, articles=[])) > 5, "none named: all"


def test_articles_by_any_of_their_names(arm: Archive) -> None:
    article = arm.get("wire-1")
    for name in (article.id, article.id[:10], article.key, "wire-1"):
        assert keys(arm, "storm boats", articles=[name]) == ["early"]
    assert set(keys(arm, "dam001 valley", articles=[arm.get("dams").id, "dams"])) == {"dams"}


def test_all_passages_of_an_article_are_searched(arm: Archive) -> None:
    article = arm.get("dams")
    whole = [h.passage for h in arm.search("dam valley water litres", k=50, articles=["dams"])]
    assert len(whole) > 3
    assert {p.article_id for p in whole} == {article.id}
    assert sorted(p.start for p in whole)[0] == 0
    assert max(p.end for p in whole) == len(article.text)
    for number in (3, 41, 77):
        (hit,) = arm.search(f"dam{number:03}", k=1, articles=["dams"])
        if arm.settings.retriever != "dense":
            assert f"dam{number:03}" in hit.passage.text


def test_an_article_that_is_not_there_is_an_error(arm: Archive) -> None:
    with pytest.raises(ArticleMissing, match="'nobody'"):
        arm.search(STORM, articles=["story-2", "nobody"])


def test_articles_go_together_with_the_other_filters(arm: Archive) -> None:
    two = ["dams", "early"]
    june = datetime(2023, 6, 1, tzinfo=UTC)
    question = "dam001 storm boats valley"
    assert set(keys(arm, question, articles=two)) == {"dams", "early"}
    assert set(keys(arm, question, articles=two, after=june)) == {"dams"}
    assert set(keys(arm, question, articles=two, before=june)) == {"early"}
    assert keys(arm, question, articles=two, sources=["Outlet 1"]) == []
    assert set(keys(arm, question, articles=[*two, "story-1"], sources=["Outlet 1"])) == {"story-1"}


def test_only_the_newest_version_is_searched(arm: Archive) -> None:
    old = arm.versions("changed")[1]
    assert arm.search("boat of the old kind", articles=[old]) == []
    (hit,) = arm.search("boat of the old kind", articles=["changed"])
    assert "No boat" in hit.passage.text


def test_a_word_that_the_article_does_not_have(folder: Path) -> None:
    with through(folder, "lexical") as archive:
        assert archive.search("storm0002", articles=["dams"]) == []
    with through(folder, "dense") as archive:
        assert keys(archive, "storm0002", k=1, articles=["dams"]) == ["dams"]


def test_answers_keep_to_the_articles(folder: Path) -> None:
    with through(folder, "hybrid") as archive:
        answer = archive.ask(STORM, chat_model="extractive", articles=["story-2"])
        assert answer.answered
        assert answer.query.articles == (archive.get("story-2").id,)
        other = archive.ask(STORM, chat_model="extractive", articles=["story-3"])
        assert {h.passage.article_id for h in other.hits} == {archive.get("story-3").id}
        assert {c.article_id for c in other.citations} <= {archive.get("story-3").id}
        found = archive.as_retriever(articles=["story-2", "story-3"]).invoke(STORM)
        assert len(found) == 2


def stores(folder: Path) -> tuple[VectorIndex, LexicalIndex, list[str]]:
    """Both indexes over 30 passages that differ in one word."""
    chance = np.random.default_rng(1)
    rows = []
    for n in range(30):
        vector = chance.normal(size=8).astype(np.float32)
        vector /= np.linalg.norm(vector)
        rows.append(IndexRow(n + 1, f"p{n}", f"a{n}", "", f"storm number w{n}", None, None, "en", vector))
    vectors, lexical = VectorIndex(folder / "vectors-1"), LexicalIndex(folder / "lexical-1")
    vectors.add(rows)
    lexical.add(rows)
    return vectors, lexical, [r.id for r in rows]


def test_each_index_keeps_to_the_passages_named(tmp_path: Path) -> None:
    vectors, lexical, ids = stores(tmp_path)
    asked = np.ones(8, np.float32) / np.float32(np.sqrt(8))
    for search in (
        lambda n, only: vectors.search(asked, n, None, only),
        lambda n, only: lexical.search("storm w7", n, None, only),
    ):
        everything = [i for i, _ in search(30, None)]
        assert sorted(everything) == sorted(ids)
        some = ["p20", "p3", "p7"]
        ranked = search(10, some)
        assert sorted(i for i, _ in ranked) == some
        assert [s for _, s in ranked] == sorted((s for _, s in ranked), reverse=True)
        assert [i for i, _ in search(2, some)] == [i for i, _ in ranked][:2]
        assert search(5, []) == []
    assert lexical.search("storm w7", 1, None, ["p3", "p7"])[0][0] == "p7"
    assert [i for i, _ in lexical.search("storm w7", 5, None, ["p3", "not there"])] == ["p3"]
    assert [s for _, s in vectors.search(asked, 30, None, ids)] == pytest.approx(
        [s for _, s in vectors.search(asked, 30)], abs=1e-5
    )
    vectors.close()
    lexical.close()


# -- articles in one language ----------------------------------------------------------


@pytest.fixture
def tongues(tmp_path: Path) -> Path:
    """Three of each of two languages, and one of a third, all with a word in common."""
    rows = [
        row(f"{code}{n}", f"{word} zebra{n} zoo.", language=code, published=f"2023-0{n + 1}-01")
        for code, word in (("en", "animals"), ("de", "tiere"))
        for n in range(3)
    ]
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *rows, row("tr0", "hayvanlar zoo", language="tr")))
    return tmp_path / "x"


@pytest.mark.parametrize("arm", ARMS)
def test_only_articles_in_one_language(tongues: Path, arm: Arm) -> None:
    with through(tongues, arm) as archive:
        assert len(keys(archive, "zoo", k=20)) == 7
        assert sorted(keys(archive, "zoo", k=20, language="de")) == ["de0", "de1", "de2"]
        assert sorted(keys(archive, "zoo", k=20, language="EN")) == ["en0", "en1", "en2"]
        assert keys(archive, "zoo", k=20, language="fr") == []
        february = datetime(2023, 2, 1, tzinfo=UTC)
        assert sorted(keys(archive, "zoo", k=20, language="de", after=february)) == ["de1", "de2"]
        assert keys(archive, "zoo", k=20, language="de", articles=["de1", "en1"]) == ["de1"]
        archive.ingest(write_rows(tongues.parent / "b.jsonl", row("de9", "tiere zoo", language="de")))
        assert "de9" in keys(archive, "zoo", k=20, language="de")


def test_an_answer_and_a_choice_keep_to_the_language(tongues: Path) -> None:
    with through(tongues, "hybrid", caution=0.0) as archive:
        answer = archive.ask("tiere zebra1 zoo", chat_model="extractive", language="de")
        assert answer.answered
        assert answer.query.language == "de"
        assert {h.passage.language for h in answer.hits} == {"de"}
        chosen = archive.choose("zoo", ["zebra1", "zebra2"], chat_model="extractive", language="en")
        assert {h.passage.language for h in chosen.hits} == {"en"}
        assert archive.as_retriever(language="tr").invoke("zoo")[0].page_content == "hayvanlar zoo"
        assert archive.ask("zoo", chat_model="extractive", language="fr").reason == "no_evidence"


@pytest.mark.parametrize("code", ["english", "e", "", "e1", "en-US", "ён"])
def test_what_is_no_language_is_an_error(tongues: Path, code: str) -> None:
    with through(tongues, "hybrid") as archive:
        with pytest.raises(UsageError, match="two or three letters"):
            archive.search("zoo", language=code)
        with pytest.raises(UsageError, match="two or three letters"):
            archive.list_articles(language=code)


def make_old(folder: Path) -> None:
    """Turn an archive into one of a program that knew no languages: catalog, dense and lexical index."""
    import sqlite3

    import tantivy

    from rag.index import lexical

    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        passages = archive.stores.catalog.rows(limit=99)
        vectors, _ = archive.stores.indexes()
        with vectors._index._handle.exclusive() as collection:
            collection.delete(ids=[r.id for r in passages])
            bare = [{"published": 0, "has_date": False, "source": ""} for _ in passages]
            collection.add(ids=[r.id for r in passages], embeddings=[r.vector for r in passages], metadatas=bare)
    (place,) = folder.glob("lexical-*")
    shutil.rmtree(place)
    place.mkdir()
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("source", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_boolean_field("has_date", indexed=True)
    builder.add_integer_field("published", indexed=True, fast=True)
    writer = tantivy.Index(builder.build(), path=str(place)).writer()
    for r in passages:
        writer.add_document(tantivy.Document(id=[r.id], body=[" ".join(lexical.terms(r.text))], has_date=[False]))
    writer.commit()
    writer.wait_merging_threads()
    with sqlite3.connect(folder / "catalog.sqlite") as db:
        db.execute("DROP TABLE taken_down")
        for table in ("quote", "link", "change", "amendment", "mending"):
            db.execute(f"DROP TABLE {table}")
        for column in ("quoted", "linked", "as_read"):
            db.execute(f"ALTER TABLE version DROP COLUMN {column}")
        db.execute("DROP INDEX version_listed")
        db.execute("DELETE FROM meta WHERE name = 'index_format'")
        db.execute("UPDATE meta SET value = '1' WHERE name = 'schema'")
    db.close()


def test_an_older_archive_is_read_and_says_what_it_can_not(tongues: Path) -> None:
    make_old(tongues)
    for arm in ARMS:
        with through(tongues, arm) as archive:
            assert len(keys(archive, "zoo", k=20)) == 7
            with pytest.raises(ArchiveMismatch, match=r"onrecord doctor --repair --archive .*x$"):
                archive.search("zoo", language="de")
            assert archive.list_articles(language="de")[1] == 3, "the catalog has always known"
    with through(tongues, "hybrid") as archive:
        archive.reindex()
        assert len(keys(archive, "zoo", k=20, language="de")) == 3


@pytest.mark.parametrize("how", ["ingest", "delete"])
def test_the_next_writer_brings_an_older_archive_up_to_date_and_embeds_nothing(
    tongues: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(tongues)
    new = write_rows(tongues.parent / "b.jsonl", row("de9", "tiere zoo", language="de"))
    with through(tongues, "hybrid") as looking, through(tongues, "hybrid") as archive:
        assert len(keys(looking, "zoo", k=20)) == 7
        embedded: list[str] = []
        true = FakeEmbeddings.embed_documents
        monkeypatch.setattr(FakeEmbeddings, "embed_documents", lambda s, t: embedded.extend(t) or true(s, t))
        if how == "ingest":
            archive.ingest(new)
            assert len(embedded) == 1
        else:
            archive.delete("de0")
            assert embedded == []
        expected = {"ingest": ["de0", "de1", "de2", "de9"], "delete": ["de1", "de2"]}[how]
        for one in (archive, looking):
            assert sorted(keys(one, "zoo", k=20, language="de")) == expected
        assert archive.doctor() == []
        assert archive.stores.catalog.index_format == INDEX_FORMAT


# -- what once failed ------------------------------------------------------------------


def test_passages_that_the_indexes_do_not_have_yet_are_not_found_and_no_damage(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.ingest import pipeline

    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
    run = pipeline.run

    def interrupted() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # stored, and stopped before the indexes were brought up to it
        patch.setattr(pipeline, "run", lambda found, **rest: run(found, **{**rest, "settle": interrupted}))
        with pytest.raises(KeyboardInterrupt):
            archive.ingest(write_rows(tmp_path / "b.jsonl", row("new", "The ferry sank.")))
    assert archive.stats().pending == 1
    assert "story-1" in keys(archive, "ferry", articles=["new", "story-1"])
    assert archive.search("ferry", articles=["new"]) == []


def test_half_a_surrogate_pair_of_a_model_can_be_written_as_json(archive: Archive, chat: Any, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
    chat.replies = ["A storm \ud83d sank 99 boats. [1]"]
    assert archive.ask("How many boats had storm0001 damaged?").model_dump_json()
