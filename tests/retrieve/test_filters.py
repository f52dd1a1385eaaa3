"""What a search may look at and through which arm: articles, one arm alone, languages, twins, names of articles."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from helpers import examples, many, row, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Archive, Settings
from rag.errors import ArchiveMismatch, ArticleMissing, UsageError
from rag.index.catalog import INDEX_FORMAT, IndexRow
from rag.index.lexical import LexicalIndex
from rag.index.vectors import VectorIndex
from rag.testing import FakeEmbeddings
from rag.text.detect import detect_language

Arm = Literal["hybrid", "dense", "lexical"]
ARMS: tuple[Arm, ...] = ("hybrid", "dense", "lexical")
STORM = "How many boats had storm0002 damaged?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven storms, a long article of several passages, and one that has changed since."""
    place = tmp_path_factory.mktemp("ports")
    long = " ".join(f"The dam{i:03} of valley {i} holds {i + 3} million litres of water this year." for i in range(80))
    rows = [
        *many(7),
        row("dams", long, source="Hill Post", published="2023-06-05"),
        row("early", "A storm damaged boats long ago.", published="2020-01-01", source="Hill Post", id="wire-1"),
    ]
    with Archive.open(place / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(place / "a.jsonl", row("changed", "A storm damaged one boat of the old kind.")))
        archive.ingest(write_rows(place / "a.jsonl", *rows, row("changed", "No boat of the old kind is left.")))
    return place / "x"


@pytest.fixture(params=ARMS)
def arm(request: pytest.FixtureRequest, folder: Path) -> Iterator[Archive]:
    """The archive, searched through each arm."""
    with through(folder, request.param) as archive:
        yield archive


def through(folder: Path, arm: Arm, embeddings: Any = None) -> Archive:
    return Archive.open(
        settings=Settings(archive=folder, retriever=arm), embeddings=embeddings or FakeEmbeddings(), chat_model=None
    )


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
        refused = archive.ask(STORM, chat_model="extractive", articles=["story-3"])
        assert not refused.answered
        assert {h.passage.article_id for h in refused.hits} == {archive.get("story-3").id}
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


# -- one arm alone ---------------------------------------------------------------------


def test_the_setting_says_which_arm_finds(folder: Path) -> None:
    found = {}
    for name in ARMS:
        with through(folder, name) as archive:
            hits = archive.search(STORM, k=20)
            found[name] = {h.found_by for h in hits}
            assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
            assert hits[0].score == pytest.approx({"dense": 1, "lexical": 2, "hybrid": 3}[name] / 11)
    assert found["dense"] == {"dense"}
    assert found["lexical"] == {"lexical"}
    assert "hybrid" in found["hybrid"]


def test_what_one_arm_alone_can_and_can_not_find(folder: Path) -> None:
    with through(folder, "lexical") as archive:
        assert archive.search("zzz qqq") == []
    with through(folder, "dense") as archive:
        assert len(archive.search("zzz qqq")) == archive.settings.k, "there is always something nearest"


def test_the_lexical_arm_alone_needs_no_vectors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(VectorIndex, "search", lambda *a, **b: asked.append("vectors") or [])
    with through(folder, "lexical") as archive:
        assert archive.search(STORM)
    assert asked == []
    monkeypatch.setattr(LexicalIndex, "search", lambda *a, **b: asked.append("words") or [])
    with through(folder, "dense") as archive:
        archive.search(STORM)
    assert asked == ["vectors"]


def test_there_are_three_ways_to_search(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.settings import load_settings

    monkeypatch.setenv("ONRECORD_RETRIEVER", "lexical")
    assert load_settings().retriever == "lexical"
    assert load_settings(retriever="dense").retriever == "dense"
    monkeypatch.setenv("ONRECORD_RETRIEVER", "psychic")
    with pytest.raises(UsageError, match="'retriever'"):
        load_settings()


# -- twins -----------------------------------------------------------------------------


def test_a_hit_names_the_articles_that_stood_aside(archive: Archive, tmp_path: Path) -> None:
    wire = "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday."
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("one", wire, source="City Herald"),
            row("two", f"{wire} More follows.", source="Coast Radio"),
            row("three", wire, source="City Herald"),
            row("other", "The Old Harbour Bridge has a museum of its own since last year.", source="North"),
            *many(3),
        )
    )
    hits = archive.search("When will the Old Harbour Bridge close?", k=5)
    first = hits[0]
    ids = {archive.get(k).id for k in ("one", "two", "three")}
    assert {first.passage.article_id, *first.duplicates} == ids
    assert len(first.duplicates) == 2
    assert first.passage.article_id not in first.duplicates
    assert not ids & {h.passage.article_id for h in hits[1:]}
    assert all(h.duplicates == () for h in hits[1:])
    assert len(hits) == 5, "whoever stands aside leaves room"
    assert [h.rank for h in hits] == [1, 2, 3, 4, 5]
    alone = archive.search("When will the Old Harbour Bridge close?", articles=["two"])
    assert [h.duplicates for h in alone] == [()]


# -- names of articles -----------------------------------------------------------------


def test_an_article_by_its_file_name(archive: Archive, tmp_path: Path) -> None:
    for name, text in (
        ("north/ferry.txt", "The ferry sank off the coast."),
        ("south/ferry.txt", "The ferry was raised again."),
        ("south/tram.txt", "The tram stopped in the snow."),
        ("south/big tram.txt", "The big tram went on."),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n", "utf-8")
    archive.ingest(
        tmp_path / "north",
        tmp_path / "south",
        write_rows(tmp_path / "a.jsonl", row("https://example.org/news/eclipse", "An eclipse was seen."), *many(2)),
    )
    assert archive.get("tram.txt").text.startswith("The tram")
    assert archive.get("big tram.txt").text.startswith("The big tram")
    assert archive.get("eclipse").key == "https://example.org/news/eclipse"
    with pytest.raises(ArticleMissing, match="more than one"):
        archive.get("ferry.txt")
    for key in (archive.get("tram.txt").key, "story-1"):
        assert archive.get(key).key == key
    for name in ("ram.txt", "south/tram.txt", "TRAM.TXT", "%.txt", "tram.tx_", "", "/", ".txt", "news"):
        with pytest.raises(ArticleMissing):
            archive.get(name)
    archive.delete(next(a.key for a in archive.articles() if a.key.endswith("north/ferry.txt")))
    assert archive.get("ferry.txt").text.startswith("The ferry was raised"), "one is left"


def test_keys_and_aliases_go_before_file_names(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("report", "The plain key."),
            row("https://example.org/report", "The key of a place.", id="memo"),
            row("https://example.org/memo", "Another place."),
        )
    )
    assert archive.get("report").text == "The plain key."
    assert archive.get("memo").text == "The key of a place."


def test_the_file_name_of_what_has_changed_is_its_newest_version(archive: Archive, tmp_path: Path) -> None:
    for text in ("The tram will cost 40 million.", "The tram will cost 45 million."):
        archive.ingest(write_rows(tmp_path / "a.jsonl", row("https://example.org/tram", text)))
    assert archive.get("tram").text == "The tram will cost 45 million."


# -- languages -------------------------------------------------------------------------

TURKISH = (
    "Merkez Bankası politika faizini yüzde 15’e çıkardı ve kararı perşembe günü duyurdu.",
    "Belediye yeni tramvay hattı için ihale açtı; inşaat sonbaharda başlayacak.",
    "Le Monde gazetesi Paris’teki toplantıyı yazdı, bakan bu konuda konuşmadı.",
)


class _Named(FakeEmbeddings):
    """Has the built-in model's name, and so what the archive thinks of it."""


_Named.__name__ = "all-MiniLM-L6-v2"


def turkish(place: Path, *more: dict[str, Any]) -> Path:
    rows = [row(f"tr{n}", text, title=f"Haber {n}") for n, text in enumerate(TURKISH)]
    with Archive.open(place / "x", embeddings=_Named()) as archive:
        archive.ingest(write_rows(place / "a.jsonl", *rows, *more))
    return place / "x"


@pytest.mark.parametrize("question", ["Le Monde ne yazdı?", "Paris de la Rue belediye?"])
def test_a_few_words_are_not_taken_for_a_language_that_the_archive_has_not(tmp_path: Path, question: str) -> None:
    assert detect_language(question) == "fr"
    with through(turkish(tmp_path), "hybrid", _Named()) as archive:
        assert archive.retriever.language(question) == "tr"
        assert archive.retriever.language("What did the bank decide?") == "tr"
        assert archive.retriever.language("Banka ne zaman karar verdi ve neden?") == "tr"
        assert archive.retriever.language("") == "tr"


def test_a_language_that_the_archive_has_is_believed(tmp_path: Path) -> None:
    french = row("fr", "Le gouvernement a annoncé hier que la réforme des retraites est dans une impasse.", title="Le")
    english = row("en", "The minister said that the talks with the bank were over and that it was late.", title="The")
    with through(turkish(tmp_path, french, english), "hybrid", _Named()) as archive:
        language = archive.retriever.language
        assert language("Le Monde ne yazdı?") == "fr"
        assert language("What did the minister say?") == "en"
        assert language("¿Qué dijo el ministro sobre la reforma?") == "tr", "the commonest, where it has none"
        archive.delete("fr")
        assert language("Le Monde ne yazdı?") == "tr", "it has changed since"
        archive.delete("tr0", "tr1", "tr2")
        assert language("Le Monde ne yazdı?") == "en"
        archive.delete("en")
        assert language("Le Monde ne yazdı?") == "fr", "an empty archive knows nothing better"


WORDS = (
    "banka faiz karar bakan meclis seçim tramvay köprü liman gemi fırtına deprem kurul dolar lira bütçe vergi okul "
    "hastane yangın orman deniz köy şehir yol hava maç takım gol hakem lig ödül film kitap müze sergi"
).split()


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety short Turkish articles of few words, many of which have any one of them."""
    place = tmp_path_factory.mktemp("news")
    chance = random.Random(3)
    rows = [
        row(f"n{n}", f"{' '.join(chance.choices(WORDS, k=chance.randint(4, 30)))} için bir karar ve bu oldu.", title="")
        for n in range(90)
    ]
    with Archive.open(place / "x", embeddings=_Named()) as archive:
        archive.ingest(write_rows(place / "a.jsonl", *rows))
        assert archive.stats().languages == {"tr": 90}
    return place / "x"


@pytest.fixture(scope="module")
def two_arms(news: Path) -> Iterator[tuple[Archive, Archive]]:
    with through(news, "hybrid", _Named()) as hybrid, through(news, "lexical", _Named()) as lexical:
        yield hybrid, lexical


@settings(max_examples=examples(80), deadline=None)
@given(
    asked=st.lists(st.sampled_from([*WORDS, "ne", "hangi", "the", "what", "de", "la"]), min_size=1, max_size=8),
    k=st.integers(1, 30),
)
def test_a_model_that_knows_english_only_reorders_nothing_elsewhere(
    two_arms: tuple[Archive, Archive], asked: list[str], k: int
) -> None:
    hybrid, lexical = two_arms
    question = " ".join(asked)
    found = [h.passage.id for h in hybrid.search(question, k=k)]
    words = [h.passage.id for h in lexical.search(question, k=k)]
    top = min(10, len(words))
    assert found[:top] == words[:top]
    assert len(found) >= len(words), "it may add to what words have found"


def test_elsewhere_it_fills_up_what_words_have_found(two_arms: tuple[Archive, Archive]) -> None:
    hybrid, lexical = two_arms
    assert lexical.search("yok böyle kelime") == []
    filled = hybrid.search("yok böyle kelime", k=8)
    assert len(filled) == 8
    assert {h.found_by for h in filled} == {"dense"}


def test_other_models_and_english_have_both_arms_alike(news: Path, tmp_path: Path) -> None:
    rows = [row(f"n{n}", f"{' '.join(random.Random(n).choices(WORDS, k=12))} karar oldu.", title="") for n in range(60)]
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    with through(tmp_path / "x", "hybrid") as hybrid, through(tmp_path / "x", "lexical") as lexical:
        moved = [
            [h.passage.id for h in hybrid.search(w, k=10)] != [h.passage.id for h in lexical.search(w, k=10)]
            for w in WORDS[:10]
        ]
        assert any(moved), "a model of another name is not blind"
        assert hybrid.search("banka faiz")[0].score > 2 / 11
    english = many(6)
    with Archive.open(tmp_path / "y", embeddings=_Named()) as archive:
        archive.ingest(write_rows(tmp_path / "b.jsonl", *english))
        assert archive.search(STORM)[0].score == pytest.approx(3 / 11), "nor is this one in English"
    with through(news, "hybrid", _Named()) as archive:
        assert archive.search("banka faiz")[0].score < 2.02 / 11


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
    with through(tongues, "hybrid") as archive:
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
        with vectors._handle.exclusive() as collection:
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
        db.execute("DROP TABLE quote")
        db.execute("ALTER TABLE version DROP COLUMN quoted")
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


def test_an_article_by_the_url_it_came_with(archive: Archive, tmp_path: Path) -> None:
    url = "http://www.example.org/news/t.html?utm_source=x#y"
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            {"title": "T", "text": "A tunnel was dug under the river.", "url": url},
            {"key": "own-key", "title": "U", "text": "A bridge spans it.", "url": "https://example.org/u"},
        )
    )
    assert archive.get(url).title == "T"
    assert archive.get("https://example.org/u").title == "U"
    with pytest.raises(ArticleMissing):
        archive.get("https://example.org/v")


def test_half_a_surrogate_pair_of_a_model_can_be_written_as_json(archive: Archive, chat: Any, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
    chat.replies = ["A storm \ud83d sank 99 boats. [1]"]
    assert archive.ask("How many boats had storm0001 damaged?").model_dump_json()


def test_the_weight_of_a_blind_arm_is_less_than_a_place_among_the_first() -> None:
    from rag.retrieve.arms import BLIND
    from rag.retrieve.fusion import _RRF

    for rank in range(1, 17):
        assert 1 / (_RRF + rank) > 1 / (_RRF + rank + 1) + BLIND / (_RRF + 1), rank
