"""Collections as the page's tab shows and changes them, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import fill, many
from rag.ui import collected, search
from rag.ui.collected import Wanted
from rag.ui.session import TabSession
from rag.ui.starters import StarterQuestions

from rag import Archive
from rag.errors import ArticleMissing, CollectionMissing, NotAllowed, UsageError
from rag.service.roles import Desk
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeEmbeddings

ROLES = {"ada": "editor", "bo": "editor", "rea": "reader"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Six storms of three outlets."""
    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings(), chat_model="none") as made:
        fill(made, *many(6))
        yield made


def of(archive: Archive, user: str) -> TabSession:
    scheduler = RequestScheduler(archive)
    scheduler.desk = Desk(scheduler, SimpleNamespace(role=ROLES.__getitem__))  # type: ignore[arg-type]
    return TabSession(scheduler, user, StarterQuestions(archive))


def test_one_is_made_filled_emptied_renamed_and_forgotten(archive: Archive) -> None:
    ada = of(archive, "ada")
    ident, told = collected.make(ada, " The  port <story> ")
    assert told.startswith("Made The port <story>.")
    assert "No article is in it yet" in collected.articles(ada, ident, Wanted())
    one, two = (archive.get(f"story-{n}").id for n in (1, 2))
    assert collected.put(ada, ident, [one, two, one]) == "2 articles added."
    with pytest.raises(ArticleMissing):
        collected.put(ada, ident, ["gone"])
    listed = collected.articles(ada, ident, Wanted())
    assert "1–2 of 2 articles" in listed and listed.count('class="tick"') == 2
    adding = collected.articles(ada, ident, Wanted(adding=True))
    assert (
        "of 6 articles" in adding and adding.count('class="tick"') == 4 and adding.count("in it already</small>") == 2
    )
    assert collected.put_all(ada, ident, Wanted(True, outlet="Outlet 0")) == "2 articles added."
    assert collected.put_outlet(ada, ident, "Outlet 1").startswith("All of Outlet 1 is in it")
    shelf = collected.shelf(ada, ident)
    assert "The port &lt;story&gt;" in shelf and "5 articles · shared" in shelf and "All of Outlet 1 ×" in shelf
    assert "<story>" not in shelf
    with pytest.raises(UsageError, match="with all of Outlet 1"):
        collected.take_out(ada, ident, [archive.get("story-4").id])
    assert collected.take_out(ada, ident, (), ["Outlet 1"]) == "Outlet 1 is taken out."
    assert collected.take_out(ada, ident, [one]) == "1 article taken out."
    assert collected.rename(ada, ident, "Ports") == "Renamed to Ports."
    assert collected.drop(ada, ident).startswith("Deleted Ports.")
    with pytest.raises(CollectionMissing):
        collected.drop(ada, ident)
    assert "A collection is a named set" in collected.shelf(ada, ident)
    assert archive.stats().articles == 6


def test_who_sees_and_may_change_one(archive: Archive) -> None:
    """Others see what is shared, and readers change what is theirs alone."""
    ada, bo, rea = (of(archive, name) for name in ROLES)
    ident, _ = collected.make(ada, "ports")
    collected.put(bo, ident, [archive.get("story-1").id])
    assert "seen by you alone" in collected.share(ada, ident, on=False)
    assert "ports" not in collected.shelf(bo, ident)
    for change in (
        collected.drop,
        lambda s, i: collected.put(s, i, ["story-2"]),
        lambda s, i: collected.share(s, i, on=True),
    ):
        with pytest.raises(CollectionMissing):
            change(bo, ident)
    other, _ = collected.make(bo, "Ports")
    with pytest.raises(UsageError, match="already"):
        collected.share(ada, ident, on=True)
    for change in (
        collected.drop,
        lambda s, i: collected.rename(s, i, "x"),
        lambda s, i: collected.share(s, i, on=False),
    ):
        with pytest.raises(NotAllowed, match="role of an editor"):
            change(rea, other)
    assert "Delete" not in collected.shelf(rea, other)
    own, _ = collected.make(rea, "mine")
    assert archive.collections.get(own).owner == "rea"
    assert "Delete" in collected.shelf(rea, own) and "Share" not in collected.shelf(rea, own)
    told = search.collect(rea, search.Wanted("storm"), "Ports", [archive.get("story-3").id])
    assert "role of an editor" in told and archive.collections.get(other).articles == 0


def test_the_ticked_ones_of_a_search_are_collected(archive: Archive) -> None:
    ada = of(archive, "ada")
    assert "1 article added to" in search.collect(ada, search.Wanted("storm"), "c", [archive.get("story-3").id])
    assert [archive.get(i).key for i in archive.collections.articles("c")] == ["story-3"]
    assert "5 articles added to" in search.collect(ada, search.Wanted("storm"), "c")


def test_a_list_is_kept_to_a_collection(archive: Archive) -> None:
    """By name, sorted in each way, with other filters."""
    archive.collections.make("c")
    archive.collections.add("c", "story-1", "story-2", sources=["Outlet 0"])
    for sort in ("newest", "title"):
        found, total = archive.list_articles(collection="C", order=sort, limit=3)  # type: ignore[arg-type]
        assert (len(found), total) == (3, 4)
    found, total = archive.list_articles(collection="c", sources=["Outlet 1"])
    assert [a.key for a in found] == ["story-1"] and total == 1
    with pytest.raises(CollectionMissing):
        archive.list_articles(collection="d")
