"""Collections: made, filled, asked within, seen by those who may, and gone with what is taken down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import fill, many, row, write_rows

from rag import Archive
from rag.errors import ArticleMissing, CollectionMissing, UsageError
from rag.retrieve.collected import within
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeEmbeddings


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Six storms of three outlets."""
    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings(), chat_model="none") as made:
        fill(made, *many(6))
        yield made


def test_articles_and_outlets_are_added_and_removed(archive: Archive) -> None:
    """By id or key, each once; an outlet brings what it has, and what it will have."""
    made = archive.collections.make("The port story", note="for Sunday")
    assert (made.articles, made.owner, made.note) == (0, "", "for Sunday")
    assert archive.collections.add("the PORT story", "story-1", archive.get("story-2").id, "story-1") == 2
    assert archive.collections.add("The port story", "story-2", sources=["outlet 0"]) == 1
    assert archive.collections.get("The port story").sources == ("Outlet 0",)
    keys = {archive.get(i).key for i in archive.collections.articles("The port story")}
    assert keys == {"story-0", "story-1", "story-2", "story-3"}
    with pytest.raises(UsageError, match="with all of Outlet 0"):
        archive.collections.remove("The port story", "story-0")
    assert archive.collections.remove("The port story", "story-1", sources=["Outlet 0"]) == 2
    assert archive.collections.get("The port story").articles == 1


def test_all_that_a_search_finds_is_added(archive: Archive) -> None:
    """Now; what comes later is not in it."""
    archive.collections.make("c")
    assert archive.collections.add_found("c", "harbour", sources=["Outlet 1"]) == 2
    assert archive.collections.add_found("c", "harbour OR storm0002") == 4


def test_questions_searches_quotes_and_timelines_stay_within(archive: Archive) -> None:
    """And an answer doesn't carry the ids of a collection's articles with it."""
    archive.collections.make("c")
    archive.collections.add("c", "story-1", "story-2")
    there = {archive.get(k).id for k in ("story-1", "story-2")}
    assert {h.passage.article_id for h in archive.search("storm damaged boats", collection="C")} == there
    assert archive.find("storm", collection="c").total == 2
    assert {q.article_id for q in archive.quotes(about="storm", collection="c")} <= there
    assert {e.article_id for e in archive.timeline("storm", collection="c").entries} <= there
    answer = archive.ask("How many boats did storm0002 damage?", collection="c")
    assert {h.passage.article_id for h in answer.hits} == there
    assert (answer.query.collection, answer.query.articles) == ("c", ())
    both = archive.search("storm", collection="c", articles=["story-2", "story-3"])
    assert {h.passage.article_id for h in both} == {archive.get("story-2").id}


def test_an_empty_collection_is_nothing_not_everything(archive: Archive) -> None:
    """It says so."""
    archive.collections.make("c")
    for call in (archive.search, archive.find, archive.ask, archive.timeline):
        with pytest.raises(UsageError, match="'c' has no such article"):
            call("storm", collection="c")  # type: ignore[operator]


def test_what_is_taken_down_leaves_and_what_changes_stays(archive: Archive, tmp_path: Path) -> None:
    """A new version is the same article."""
    archive.collections.make("c")
    archive.collections.add("c", "story-1", "story-2")
    archive.ingest(write_rows(tmp_path / "b.jsonl", row("story-1", "The harbour is open.", source="Outlet 1")))
    assert archive.collections.get("c").articles == 2
    archive.delete("story-2")
    assert [archive.get(i).key for i in archive.collections.articles("c")] == ["story-1"]
    archive.ingest(write_rows(tmp_path / "d.jsonl", *many(6)))
    assert archive.collections.get("c").articles == 1, "an article that comes back is not in it by itself"


def test_a_collection_of_ones_own_is_seen_by_nobody_else(archive: Archive) -> None:
    """Neither listed, nor searched in, nor told by an error."""
    archive.collections.make("plans", owner="ana")
    archive.collections.add("plans", "story-1", user="ana")
    assert [c.name for c in archive.collections.all("ana")] == ["plans"]
    assert archive.collections.all("bo") == []
    scheduler = RequestScheduler(archive)
    assert scheduler.find("storm", user="ana", collection="plans").total == 1
    with pytest.raises(CollectionMissing) as told:
        scheduler.find("storm", user="bo", collection="plans")
    assert "There is none yet" in str(told.value)
    with pytest.raises(CollectionMissing):
        scheduler.search("storm", user="bo", collection=f"#{archive.collections.get('plans', 'ana').id}")
    shared = archive.collections.make("Plans")
    archive.collections.add(f"#{shared.id}", "story-2", "story-3")
    assert scheduler.find("storm", user="ana", collection="plans").total == 1
    assert scheduler.find("storm", user="bo", collection="plans").total == 2


def test_a_question_counts_no_collection(archive: Archive) -> None:
    """A name is looked up twice on the way, by the service and by the search: that must not read every collection."""
    archive.collections.make("ÜBER die See", owner="ana")
    archive.collections.add("über die see", "story-1", user="ana")
    scheduler = RequestScheduler(archive)
    ran: list[str] = []
    archive.stores.catalog._db.set_trace_callback(ran.append)
    found = scheduler.seen_by("ana", {"collection": "Über Die See"})
    assert within(archive.stores, found["collection"], ()) == ((archive.get("story-1").id,), "ÜBER die See")
    assert ran and not any("count(" in statement for statement in ran)


def test_names_are_checked(archive: Archive, tmp_path: Path) -> None:
    """Each error says what to do."""
    archive.collections.make("c")
    for name, told in (("C", "already"), (" ", "needs a name"), ("x" * 101, "needs a name"), ("#1", "needs a name")):
        with pytest.raises(UsageError, match=told):
            archive.collections.make(name)
    archive.collections.make("d")
    with pytest.raises(UsageError, match="already"):
        archive.collections.change("d", to="c")
    assert archive.collections.change("d", to="e", note="n").note == "n"
    with pytest.raises(CollectionMissing, match="There are: c, e"):
        archive.collections.add("d", "story-1")
    with pytest.raises(ArticleMissing):
        archive.collections.add("c", "story-1", "story-99")
    assert archive.collections.get("c").articles == 0
    with pytest.raises(UsageError, match="No article of this archive is from 'Nobody'"):
        archive.collections.add("c", sources=["Nobody"])
    assert archive.collections.drop("c").name == "c"
    with Archive.open(tmp_path / "none", embeddings=FakeEmbeddings()) as empty:
        assert empty.collections.all() == []


def test_many_articles_are_no_trouble(tmp_path: Path) -> None:
    """More than SQLite takes in one statement of an older default, and tantivy and Chroma in one filter."""
    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(1200)))
        archive.collections.make("c")
        archive.collections.add("c", sources=["Outlet 0", "Outlet 1"])
        assert archive.collections.get("c").articles == 800
        assert archive.find("storm", collection="c").total == 800
        found = archive.search("storm damaged boats", collection="c", k=50)
        assert len(found) == 50
        assert {h.passage.source for h in found} <= {"Outlet 0", "Outlet 1"}
