"""What stores promise, as tests to inherit: the catalog of articles, the index of vectors, the index of words.

Also to be had from ``rag.testing.contracts``. This module needs pytest, which OnRecord itself doesn't.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rag.errors import ArticleMissing
from rag.index.catalog import Catalog, IndexRow, Prepared
from rag.index.lexical import LexicalIndex
from rag.index.links import Link
from rag.index.vectors import VectorIndex
from rag.retrieve.query import build_query
from rag.types import QuoteSpan, RawArticle, Sentence


def index_row(
    ident: str,
    text: str = "A storm damaged boats.",
    *,
    vector: Sequence[float] = (1.0, 0.0, 0.0, 0.0),
    source: str | None = None,
    published: datetime | None = None,
    language: str = "en",
) -> IndexRow:
    """A passage as indexes take it, of an article of its own; ``ident`` has to be "ARTICLE:0"."""
    article = ident.partition(":")[0]
    made: npt.NDArray[np.float32] = np.asarray(vector, np.float32) / np.float32(np.linalg.norm(vector))
    return IndexRow(1, ident, article, "", text, source, published, language, made, text)


class _IndexContract:
    """What both indexes promise. Fixture: ``open_index``, which gives an index on a folder."""

    @pytest.fixture
    def open_index(self) -> Callable[[Path], Any]:
        """A function from a folder to an index on it."""
        raise NotImplementedError

    @pytest.fixture
    def index(self, open_index: Callable[[Path], Any], tmp_path: Path) -> Any:
        """An empty index, closed after the test."""
        made = open_index(tmp_path / "index")
        yield made
        made.close()

    def find(self, index: Any, n: int = 10, filters: Any = None, only: Sequence[str] | None = None) -> list[str]:
        """Ids for a search that ``index_row`` as it comes answers best."""
        raise NotImplementedError

    def test_an_empty_index_finds_nothing(self, index: Any) -> None:
        """And has no ids; looking makes no error."""
        assert self.find(index) == [] and index.ids() == set()

    def test_what_was_added_is_found_and_what_was_removed_is_not(self, index: Any) -> None:
        """At once."""
        index.add([index_row("a:0"), index_row("b:0")])
        assert index.ids() == set(self.find(index)) == {"a:0", "b:0"}
        index.remove(["a:0"])
        assert index.ids() == set(self.find(index)) == {"b:0"}

    def test_what_is_added_again_takes_the_place(self, index: Any) -> None:
        """A writer that was interrupted adds all of it once more."""
        for _ in range(2):
            index.add([index_row("a:0"), index_row("b:0")])
        assert sorted(self.find(index)) == ["a:0", "b:0"]

    def test_unknown_ids_are_no_error(self, index: Any) -> None:
        """Whether removed or looked for."""
        index.remove(["nobody:0"])
        index.add([index_row("a:0")])
        index.remove(["nobody:0"])
        assert self.find(index, only=["nobody:0"]) == []

    def test_no_more_than_was_asked_for(self, index: Any) -> None:
        """And none where none was."""
        index.add([index_row(f"a{n}:0") for n in range(5)])
        assert len(self.find(index, n=3)) == 3

    def test_only_these(self, index: Any) -> None:
        """None of them is none, not all."""
        index.add([index_row(f"a{n}:0") for n in range(5)])
        assert set(self.find(index, only=["a1:0", "a3:0"])) == {"a1:0", "a3:0"}
        assert self.find(index, only=[]) == []

    def test_filters(self, index: Any) -> None:
        """By outlet, language and date, of which the end is not within."""
        may, june = datetime(2023, 5, 1, tzinfo=UTC), datetime(2023, 6, 1, tzinfo=UTC)
        index.add(
            [
                index_row("may:0", source="Post", published=may),
                index_row("june:0", source="Herald", published=june, language="de"),
                index_row("never:0"),
            ]
        )
        ask = "storm boats"
        assert self.find(index, filters=build_query(ask, k=10, sources=["Post"])) == ["may:0"]
        assert self.find(index, filters=build_query(ask, k=10, language="de")) == ["june:0"]
        assert set(self.find(index, filters=build_query(ask, k=10, after=june, undated=False))) == {"june:0"}
        assert set(self.find(index, filters=build_query(ask, k=10, before=june, undated=False))) == {"may:0"}
        assert set(self.find(index, filters=build_query(ask, k=10, before=june))) == {"may:0", "never:0"}

    def test_it_is_kept(self, open_index: Callable[[Path], Any], tmp_path: Path) -> None:
        """In its folder, which nothing else has to be known of."""
        first = open_index(tmp_path / "index")
        first.add([index_row("a:0")])
        first.close()
        second = open_index(tmp_path / "index")
        assert self.find(second) == ["a:0"]
        second.close()

    def test_it_is_refreshed_to_what_another_has_written(
        self, open_index: Callable[[Path], Any], tmp_path: Path
    ) -> None:
        """Once the generation has gone up."""
        one, two = open_index(tmp_path / "index"), open_index(tmp_path / "index")
        one.add([index_row("a:0")])
        two.refresh(1)
        assert self.find(two) == ["a:0"]
        one.add([index_row("b:0")])
        two.refresh(2)
        assert sorted(self.find(two)) == ["a:0", "b:0"]
        one.close()
        two.close()

    def test_several_threads_may_search(self, index: Any) -> None:
        """While another adds."""
        index.add([index_row("a:0")])
        done = threading.Event()

        def look() -> bool:
            found = True
            while found and not done.is_set():
                found = "a:0" in self.find(index)
            return found

        with ThreadPoolExecutor(3) as pool:
            looks = [pool.submit(look) for _ in range(3)]
            for n in range(5):
                index.add([index_row(f"b{n}:0")])
            done.set()
            assert all(each.result(timeout=60) for each in looks)


class VectorStoreContract(_IndexContract):
    """What an index of vectors promises, of four numbers each here. Fixture: ``open_index``, folder → index."""

    def find(
        self, index: VectorIndex, n: int = 10, filters: Any = None, only: Sequence[str] | None = None
    ) -> list[str]:
        """Ids of the nearest."""
        return [i for i, _ in index.search(np.array([1, 0, 0, 0], np.float32), n, filters, only)]

    def test_the_nearest_first_with_its_cosine(self, index: VectorIndex) -> None:
        """Whatever order they came in."""
        rows = [((0, 1, 0, 0), "c:0"), ((1, 0, 0, 0), "a:0"), ((1, 1, 0, 0), "b:0")]
        index.add([index_row(ident, vector=vector) for vector, ident in rows])
        found = index.search(np.array([1, 0, 0, 0], np.float32), 10)
        assert [i for i, _ in found] == ["a:0", "b:0", "c:0"]
        assert [s for _, s in found] == pytest.approx([1.0, 0.5**0.5, 0.0], abs=1e-4)


class LexicalStoreContract(_IndexContract):
    """What an index of words promises. Fixture: ``open_index``, folder → index."""

    def find(
        self, index: LexicalIndex, n: int = 10, filters: Any = None, only: Sequence[str] | None = None
    ) -> list[str]:
        """Ids of those with the words."""
        return [i for i, _ in index.search("storm boats", n, filters, only)]

    def test_rarer_words_count_more(self, index: LexicalIndex) -> None:
        """And what has none of them is not found."""
        index.add([index_row(f"a{n}:0", "A storm blew.") for n in range(5)])
        index.add([index_row("b:0", "A regatta was held."), index_row("c:0", "Nothing at all.")])
        found = [i for i, _ in index.search("storm regatta", 10)]
        assert found[0] == "b:0" and "c:0" not in found

    def test_words_in_any_form(self, index: LexicalIndex) -> None:
        """Large or small, of one or of many."""
        index.add([index_row("a:0", "The STORMS were over.")])
        assert [i for i, _ in index.search("storm", 10)] == ["a:0"]

    def test_articles_are_found_by_their_whole_text(self, index: LexicalIndex) -> None:
        """Each once."""
        index.add([index_row("a:0"), index_row("b:0", "Rain fell.")])
        assert [i for i, _ in index.articles("storm", 10)] == ["a"]


class CatalogContract:
    """What the store of articles promises. Fixture: ``open_catalog``, (folder, create) → an open catalog."""

    @pytest.fixture
    def open_catalog(self) -> Callable[[Path, bool], Catalog]:
        """A function that opens the catalog of a folder."""
        raise NotImplementedError

    @pytest.fixture
    def catalog(self, open_catalog: Callable[[Path, bool], Catalog], tmp_path: Path) -> Any:
        """An empty one, closed after the test."""
        made = open_catalog(tmp_path, True)
        yield made
        made.close()

    @staticmethod
    def prepared(key: str, text: str = "A storm damaged boats.", **more: Any) -> Prepared:
        """An article of one sentence and one passage."""
        vector = np.full((1, 4), 0.5, np.float16)
        sentences = [Sentence(start=0, end=len(text))]
        return Prepared(RawArticle(key=key, text=text, **more), "en", sentences, [(0, 1)], vector)

    def test_an_article_is_given_back_as_it_was_stored(self, catalog: Catalog) -> None:
        """By its key and by its id."""
        catalog.store([self.prepared("one", title="Storm", source="Post")])
        article = catalog.article("one")
        assert (article.key, article.title, article.source) == ("one", "Storm", "Post")
        assert catalog.article(article.id) == article
        assert [a.key for a in catalog.articles()] == ["one"]

    def test_what_is_not_there_is_an_error(self, catalog: Catalog) -> None:
        """Of ours."""
        with pytest.raises(ArticleMissing):
            catalog.article("nobody")

    def test_a_changed_article_is_a_new_version(self, catalog: Catalog) -> None:
        """And the older one can still be read."""
        catalog.store([self.prepared("one")])
        before = catalog.article("one")
        catalog.store([self.prepared("one", "A storm damaged nothing.")])
        after = catalog.article("one")
        assert after.id != before.id and catalog.versions("one") == [after.id, before.id]
        assert catalog.article(before.id).text == before.text
        assert catalog.status(RawArticle(key="one", text=after.text)) == "current"

    def test_what_is_stored_waits_to_be_indexed(self, catalog: Catalog) -> None:
        """And what is replaced leaves a mark, until both are taken off."""
        catalog.store([self.prepared("one"), self.prepared("two")])
        pending = [r.id for r in catalog.rows(limit=10, pending=True)]
        assert set(pending) == catalog.passage_ids() and len(pending) == 2
        catalog.mark_indexed(pending, [])
        assert list(catalog.rows(limit=10, pending=True)) == []
        catalog.delete(["one"])
        assert catalog.tombstones() == [i for i in pending if i not in catalog.passage_ids()]
        catalog.mark_indexed([], catalog.tombstones())
        assert catalog.tombstones() == []

    def test_passages_have_their_words_and_vectors(self, catalog: Catalog) -> None:
        """And unknown ids are left out."""
        catalog.store([self.prepared("one")])
        (ident,) = catalog.passage_ids()
        passages = catalog.passages([ident, "nobody:0"])
        assert [p.text for p in passages.values()] == ["A storm damaged boats."]
        assert catalog.vectors([ident])[ident].tolist() == [0.5] * 4

    def test_a_deleted_article_is_gone(self, catalog: Catalog) -> None:
        """With all its versions."""
        catalog.store([self.prepared("one"), self.prepared("two")])
        catalog.store([self.prepared("one", "A storm damaged nothing.")])
        gone = catalog.versions("one")
        catalog.delete(["one"])
        assert [a.key for a in catalog.articles()] == ["two"]
        assert set(catalog.exists(gone)) & set(gone) == set()

    def test_it_is_kept(self, open_catalog: Callable[[Path, bool], Catalog], tmp_path: Path) -> None:
        """From one program to the next."""
        first = open_catalog(tmp_path, True)
        first.store([self.prepared("one")])
        first.close()
        second = open_catalog(tmp_path, False)
        assert second.article("one").text == "A storm damaged boats."
        second.close()

    def test_any_of_its_names_finds_an_article(self, catalog: Catalog) -> None:
        """Id and its beginning, key, alias, address, file name; odd characters are characters."""
        key = "https://example.org/a/b's%20?x=1&y=:2"
        catalog.store([self.prepared(key, url=key, aliases=("guid-1",)), self.prepared("/folder/file.txt", "Rain.")])
        one, two = catalog.article(key), catalog.article("file.txt")
        catalog.add_aliases(key, ["guid-2", "guid-1"])
        for name in (one.id, one.id[:8], "guid-1", "guid-2"):
            assert catalog.article(name).key == key
        assert sorted(catalog.article(key).aliases) == ["guid-1", "guid-2"]
        assert two.key == "/folder/file.txt"
        for name in ("ile.txt", "guid-", "%", one.id[:5]):
            with pytest.raises(ArticleMissing):
                catalog.article(name)

    def test_an_older_version_comes_back(self, catalog: Catalog) -> None:
        """With its id, to be indexed again, though its passages had been let go of."""
        catalog.store([self.prepared("one")])
        before = catalog.article("one").id
        catalog.mark_indexed([r.id for r in catalog.rows(limit=9, pending=True)], [])
        catalog.store([self.prepared("one", "A storm damaged nothing.")])
        assert catalog.status(RawArticle(key="one", text="A storm damaged boats.")) == "older"
        catalog.mark_indexed([r.id for r in catalog.rows(limit=9, pending=True)], catalog.tombstones())
        catalog.store([self.prepared("one")])
        assert catalog.article("one").id == before
        assert [r.id for r in catalog.rows(limit=9, pending=True)] == [f"{before}:0"]
        assert f"{before}:0" not in catalog.tombstones() and len(catalog.tombstones()) == 1

    def test_lists_are_in_order_and_counted(self, catalog: Catalog) -> None:
        """Newest first, undated last, byte by byte where dates are the same text; filters and words hold."""
        days = (None, datetime(2023, 5, 2, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))
        catalog.store(
            [
                self.prepared(f"k{n}", f"Text {n}.", title=title, source=source, published=days[n % 3])
                for n, (title, source) in enumerate(
                    [("Größe", "Post"), ("zeal", None), ("Äpfel", "Post"), ("apple", "abc"), ("Zeal", "Abc")]
                )
            ]
        )
        page, total = catalog.listed(limit=10)
        assert [a.key for a in page] == ["k2", "k4", "k1", "k3", "k0"] and total == 5
        assert [a.key for a in catalog.listed(limit=2, offset=1)[0]] == ["k4", "k1"]
        assert [a.key for a in catalog.listed("ZEAL", limit=9)[0]] == ["k4", "k1"]
        assert [a.key for a in catalog.listed("GRÖSSE", limit=9)[0]] == ["k0"]
        assert catalog.listed("nowhere", limit=9) == ([], 0)
        assert [a.key for a in catalog.listed(source="Post", limit=9)[0]] == ["k2", "k0"]
        assert [a.key for a in catalog.listed(source="", limit=9)[0]] == ["k1"]
        assert [a.key for a in catalog.listed(before=days[2], limit=9)[0]] == ["k4", "k1"]
        assert catalog.months() == [("2023-05", "", 1), ("2023-05", "Abc", 1), ("2024-01", "Post", 1)]
        coverage = catalog.coverage()
        assert list(coverage["sources"].items()) == [("Post", 2), ("", 1), ("Abc", 1), ("abc", 1)]
        assert coverage["undated"] == 2 and coverage["languages"] == {"en": 5}
        assert catalog.resolve_outlet("The POST") == "Post"
        assert catalog.summaries([]) == {} and catalog.vectors([]) == {}

    def test_quotes_are_found_by_speaker_and_place_and_go_with_their_version(self, catalog: Catalog) -> None:
        """A speaker without a role is not one with a role."""
        text = "The storm is over, Ann Lee said."
        quotes = [
            QuoteSpan(start=0, end=17, direct=False, speaker="Ann Lee", role=role, verb="said", mention=(19, 26))
            for role in (None, "mayor")
        ]
        for key in ("one", "two"):
            catalog.store([self.prepared(key, text, source=key)])
            catalog.set_quotes([(catalog.article(key).id, quotes), ("nobody", quotes)])
        assert catalog.count_without_quotes() == 0
        assert sorted(catalog.speakers(), key=str) == sorted([("Ann Lee", None, 2), ("Ann Lee", "mayor", 2)], key=str)
        assert len(catalog.quotes(limit=9)) == 4
        found = catalog.quotes(speakers=[("Ann Lee", "mayor")], sources=["one"], limit=9)
        assert [(q.quote, q.role, q.direct) for q in found] == [("The storm is over", "mayor", False)]
        ident = catalog.article("two").id
        assert len(catalog.quotes(speakers=[("Ann Lee", None)], passages=[f"{ident}:0"], limit=9)) == 1
        catalog.group_speakers([[("Ann Lee", None), ("Ann Lee", "mayor")]])
        catalog.group_speakers([[("Ann Lee", "mayor")]])
        assert len(set(catalog.speaker_groups().values())) == 2
        catalog.delete(["one", "two"])
        assert catalog.quotes(limit=9) == [] and catalog.speaker_groups() == {}

    def test_links_go_with_either_side(self, catalog: Catalog) -> None:
        """And are replaced where the same words change the same."""
        catalog.store([self.prepared("one"), self.prepared("two", "It damaged none.")])
        one, two = (catalog.article(k).id for k in ("one", "two"))
        for confidence in (0.5, 0.75):
            catalog.set_linked([one, two], [(two, 0, 16)], [Link((one, 0, 22), (two, 0, 16), "corrected", confidence)])
        assert [(k.of, k.by, k.kind, k.confidence) for k in catalog.links()] == [
            ((one, 0, 22), (two, 0, 16), "corrected", 0.75)
        ]
        assert catalog.links_of((one, 2, 3)) == catalog.links_by((two, 2, 3)) == catalog.links(limit=1)
        assert catalog.count_without_links() == 0 and catalog.words((two, 0, 2)) == "It"
        catalog.store([self.prepared("two", "It damaged some.")])
        assert catalog.links() == [] and [a.key for a in catalog.without_links(9)] == ["two"]

    def test_collections_and_withdrawals(self, catalog: Catalog) -> None:
        """Names are the same in any case; what is in one twice is in it once; what is deleted leaves."""
        assert catalog.withdrawn() == {} and catalog.collections() == []
        catalog.store(
            [self.prepared("one", source="Post"), self.prepared("two"), self.prepared("three", source="Post")]
        )
        made = catalog.make_collection("Storms", "", "")
        assert made is not None and catalog.make_collection("STORMS", "", "") is None
        other = catalog.make_collection("storms", "ann", "hers")
        assert other is not None and catalog.change_collection(made, name="storms", note="n", owner="")
        assert catalog.make_collection("rain", "", "") is not None
        assert catalog.change_collection(made, name="RAIN", note="", owner="") is False
        assert catalog.collect(made, "article", ["two", "two", "one"]) == 2
        assert catalog.collect(made, "outlet", ["Post"]) == 1 and catalog.collect(made, "outlet", ["Post"]) == 0
        assert catalog.collected(made) == [catalog.article(k).id for k in ("one", "two", "three")]
        assert catalog.uncollect(made, "article", ["two", "nobody"]) == 1
        catalog.delete(["one"])
        assert catalog.collected_by_hand(made, ["one", "two"]) == set()
        assert [c.articles for c in catalog.collections() if c.id == made] == [1]
        when = datetime(2023, 5, 1, tzinfo=UTC)
        assert catalog.withdraw(["short", "urn:news:0001"], None) == ["urn:news:0001"]
        catalog.withdraw(["urn:news:0001"], when)
        assert catalog.withdrawn() == {"urn:news:0001": when}

    def test_what_was_taken_down_is_told_until_conversations_have_forgotten_it(self, catalog: Catalog) -> None:
        """All versions."""
        catalog.store([self.prepared("one")])
        catalog.store([self.prepared("one", "A storm damaged nothing.")])
        gone = catalog.versions("one")
        catalog.delete(["one"])
        assert sorted(catalog.pending_erasure()) == sorted(gone) and catalog.meta("purge") == "1"
        catalog.erased(gone)
        catalog.set_meta("purge", "0")
        assert catalog.pending_erasure() == [] and catalog.meta("purge") == "0"

    def test_what_fails_halfway_leaves_nothing(self, catalog: Catalog) -> None:
        """A batch is stored as a whole or not at all, and the catalog goes on."""
        with pytest.raises(AttributeError):
            catalog.store([self.prepared("one"), None])  # type: ignore[list-item]
        assert catalog.counts()["articles"] == 0
        catalog.store([self.prepared("one")])
        assert catalog.counts()["articles"] == 1

    def test_several_threads_may_read_while_one_writes(self, catalog: Catalog) -> None:
        """They see what was stored before, whole."""
        catalog.store([self.prepared("k0")])

        def look() -> bool:
            return all(catalog.article(a.id) == a and catalog.passages_of([a.id]) for a in catalog.articles())

        with ThreadPoolExecutor(4) as pool:
            seen = [pool.submit(look) for _ in range(8)]
            for n in range(1, 6):
                catalog.store([self.prepared(f"k{n}", f"Storm {n}.")])
            assert all(s.result() for s in seen)
        assert catalog.counts()["articles"] == 6
