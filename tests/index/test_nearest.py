"""Searching vectors one by one: what it finds is what multiplying them out gives, whatever the filters."""

from __future__ import annotations

import errno
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import numpy.typing as npt
import pytest
from helpers import examples, fill, many, python, row, write_rows
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from rag import Archive
from rag.index import nearest
from rag.index.catalog import Catalog, Prepared
from rag.index.held import exact, made, read
from rag.index.nearest import Nearest
from rag.index.schema import StoreClosed
from rag.index.vectors import VectorIndex
from rag.retrieve.query import build_query
from rag.testing import FakeEmbeddings
from rag.types import RawArticle, Sentence

DIM = 24
FIRST = datetime(2023, 5, 1, 23, 30, tzinfo=UTC)


def prepared(chance: np.random.Generator, n: int, passages: int) -> Prepared:
    """An article of an outlet and a day by its number; every seventh has none."""
    text = " ".join(f"Sentence {i}." for i in range(passages))
    starts = [text.index(f"Sentence {i}.") for i in range(passages)]
    places = [Sentence(start=a, end=a + len(f"Sentence {i}.")) for i, a in enumerate(starts)]
    vectors = chance.normal(size=(passages, DIM))
    vectors[: passages // 4] = vectors[0]  # twins of one another
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    draft = RawArticle(
        key=f"a{n}",
        title=f"Article {n}",
        text=text,
        source=("Herald", "Radio", None)[n % 3],
        published=FIRST + timedelta(days=n) if n % 7 else None,
    )
    runs = [(i, i + 1) for i in range(passages)]
    return Prepared(draft, ("en", "de")[n % 2], places, runs, vectors.astype(np.float16))


class Loud:
    """An index that nobody is to ask."""

    def search(self, *args: Any) -> list[tuple[str, float]]:
        raise AssertionError("the index was asked")

    def refresh(self, generation: int) -> None:
        self.generation = generation

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(params=[16, 8])
def catalog(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Its vectors are held in so many bits."""
    if request.param == 8:
        monkeypatch.setattr(nearest, "WHOLE", 0)
    made = Catalog(tmp_path / "catalog.sqlite", create=True)
    chance = np.random.default_rng(3)
    made.store([prepared(chance, n, 5 + n % 9) for n in range(60)])
    settle(made)
    yield made
    made.close()


def settle(catalog: Catalog) -> None:
    """Say that the indexes hold what is there."""
    catalog.mark_indexed([r.id for r in catalog.rows(limit=10_000, pending=True)], [])


def opened(catalog: Catalog, generation: int = 1) -> Nearest:
    made = Nearest(Loud(), catalog)  # type: ignore[arg-type]
    made.refresh(generation)
    return made


def multiplied(catalog: Catalog, asked: npt.NDArray[np.float32]) -> dict[str, float]:
    """The cosine of every passage, in 64 bits."""
    rows = catalog.rows(limit=10_000)
    one = asked.astype(np.float64) / np.linalg.norm(asked.astype(np.float64))
    return {r.id: float(r.vector.astype(np.float64) @ one / np.linalg.norm(r.vector.astype(np.float64))) for r in rows}


def asked_with(seed: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=DIM).astype(np.float32)


@pytest.mark.parametrize("seed", range(25))
def test_the_nearest_are_those_that_multiplying_out_gives(catalog: Catalog, seed: int) -> None:
    asked, n = asked_with(seed), (1, 7, 100, 10_000)[seed % 4]
    truth = multiplied(catalog, asked)
    found = opened(catalog).search(asked, n)
    assert [truth[i] for i, _ in found] == pytest.approx(sorted(truth.values(), reverse=True)[:n], abs=1e-6)
    assert len({i for i, _ in found}) == min(n, len(truth))
    assert [c for _, c in found] == pytest.approx([truth[i] for i, _ in found], abs=2e-6)


@pytest.mark.parametrize(
    "filters",
    [
        {"sources": ["Herald"]},
        {"sources": ["Radio", "Nobody"], "language": "de"},
        {"after": "2023-05-20"},
        {"after": "2023-05-20", "before": "2023-06-01"},
        {"before": "2023-05-10", "undated": True, "language": "en"},
        {"sources": ["Nobody"]},
    ],
)
def test_filters_let_through_what_chroma_lets_through(
    catalog: Catalog, tmp_path: Path, filters: dict[str, Any]
) -> None:
    index = VectorIndex(tmp_path / "vectors-1")
    index.add(catalog.rows(limit=10_000))
    looking = opened(catalog)
    query, asked = build_query("x", k=10, **filters), asked_with(7)
    theirs = index.search(asked, 10_000, query)
    mine = looking.search(asked, 10_000, query)
    assert {i for i, _ in mine} == {i for i, _ in theirs}
    assert [c for _, c in mine] == pytest.approx([c for _, c in theirs], abs=1e-5)
    some = [i for i, _ in theirs[::3]] + ["nobody:0"]
    assert [i for i, _ in looking.search(asked, 5, query, some)] == [i for i, _ in mine if i in some][:5]
    assert looking.search(asked, 5, query, []) == []
    index.close()


def test_what_has_changed_is_read_and_nothing_else(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    looking, asked, read = opened(catalog), asked_with(1), list[int]()
    looking.search(asked, 5)
    passages = Nearest._passages
    monkeypatch.setattr(
        Nearest, "_passages", lambda self, new, *how, **more: read.append(len(new)) or passages(self, new, *how, **more)
    )
    chance = np.random.default_rng(9)
    catalog.store([prepared(chance, 100, 6)])
    catalog.delete(["a3", "a4"])
    looking.refresh(2)
    assert len(looking.search(asked, 10_000)) == len(multiplied(catalog, asked)) - 6, "the indexes do not have them yet"
    assert read == []
    settle(catalog)
    looking.refresh(3)
    assert {i for i, _ in looking.search(asked, 10_000)} == set(multiplied(catalog, asked))
    assert read == [6]
    looking.search(asked, 5)
    looking.refresh(4)
    looking.search(asked, 5)
    assert read == [6], "nothing has"
    catalog.delete([f"a{n}" for n in range(101)])
    looking.refresh(5)
    assert looking.search(asked, 5) == []


@hypothesis.settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), min_size=1, max_size=8), seed=st.integers(0))
def test_whatever_comes_and_goes_the_nearest_are_found(catalog: Catalog, steps: list[Any], seed: int) -> None:
    looking, chance = opened(catalog, 0), np.random.default_rng(seed)
    asked = asked_with(seed)
    for generation, (come, go) in enumerate(steps, start=1):
        there = sorted(a.key for a in catalog.articles())
        first = 1 + max((int(key[1:]) for key in there), default=0)
        catalog.store([prepared(chance, first + n, 1 + n % 9) for n in range(come)])
        catalog.delete(chance.permutation(there)[:go].tolist())
        settle(catalog)
        looking.refresh(generation)
        truth = multiplied(catalog, asked)
        for n in (9, 10_000):
            found = looking.search(asked, n)
            assert [truth[i] for i, _ in found] == pytest.approx(sorted(truth.values(), reverse=True)[:n], abs=1e-6)
            assert len({i for i, _ in found}) == min(n, len(truth))


def test_of_very_many_nothing_large_is_copied_when_an_article_comes_or_goes(
    many_kept: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, chance = opened(many_kept), np.random.default_rng(9)
    looking.search(asked_with(1), 3)

    def first() -> Any:
        assert looking._read is not None and looking._read[1]
        return looking._read[1][0].vectors

    before = first()
    for generation in range(2, 5):
        many_kept.store([prepared(chance, 100 + generation, 1)])
        many_kept.delete([f"a{100 + generation - 1}"] if generation == 4 else [])
        settle(many_kept)
        looking.refresh(generation)
        looking.search(asked_with(1), 3)
        assert first() is before
    many_kept.store([prepared(chance, 200 + n, 9) for n in range(3)])  # more than a fiftieth
    settle(many_kept)
    looking.refresh(9)
    looking.search(asked_with(1), 3)
    assert len(first()) == len(many_kept.passage_ids())


def test_a_search_does_not_wait_for_the_index_to_be_written(catalog: Catalog, tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "vectors-1")
    looking, found = Nearest(index, catalog), list[int]()

    def search() -> None:
        looking.refresh(2)
        found.append(len(looking.search(asked_with(1), 5)))

    with index._handle.lock:  # as while it reads its graph, or adds passages
        other = threading.Thread(target=search, daemon=True)
        other.start()
        other.join(20)
        assert found == [5]
    assert looking.count() == 0
    assert index._handle.generation == 2, "it is told when it is used"
    looking.close()


def test_what_was_read_ahead_is_not_read_again(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    looking, read = opened(catalog), list[int]()
    passages = Nearest._passages
    monkeypatch.setattr(
        Nearest, "_passages", lambda self, new, *how, **more: read.append(len(new)) or passages(self, new, *how, **more)
    )
    looking.read_ahead()
    assert len(read) == 1
    assert looking.search(asked_with(1), 5) == opened(catalog).search(asked_with(1), 5)
    looking.read_ahead()
    assert len(read) == 2, "once by each of the two that have searched"
    catalog.delete([f"a{n}" for n in range(60)])
    opened(catalog).read_ahead()  # of nothing


@pytest.mark.parametrize("whole", [0, 300, 10_000])
def test_held_in_few_bits_or_many_the_same_is_found(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, whole: int
) -> None:
    asked, truth = asked_with(3), multiplied(catalog, asked_with(3))
    monkeypatch.setattr(nearest, "WHOLE", whole)
    looking = opened(catalog)
    first = looking.search(asked, 20)
    assert [truth[i] for i, _ in first] == pytest.approx(sorted(truth.values(), reverse=True)[:20], abs=1e-6)
    catalog.delete([f"a{n}" for n in range(0, 60, 2)])  # so that it may be held otherwise from here on
    looking.refresh(2)
    left = multiplied(catalog, asked)
    found = looking.search(asked, 10_000)
    assert {i for i, _ in found} == set(left)
    assert [left[i] for i, _ in found] == pytest.approx(sorted(left.values(), reverse=True), abs=1e-6)


def test_a_vector_of_another_model_is_not_looked_at(catalog: Catalog) -> None:
    looking = opened(catalog)
    assert looking.search(np.ones(DIM, np.float32), 3)
    assert looking.search(np.ones(8, np.float32), 3) == []
    assert looking.search(np.zeros(DIM, np.float32), 3), "one without direction is as far from all"


def test_with_more_passages_than_are_looked_at_the_index_is_asked(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "MOST", 50)
    with pytest.raises(AssertionError, match="the index was asked"):
        opened(catalog).search(asked_with(1), 3)


def test_a_search_after_it_was_closed_says_so(catalog: Catalog) -> None:
    looking = opened(catalog)
    looking.search(asked_with(1), 3)
    looking.close()
    with pytest.raises(StoreClosed):
        looking.search(asked_with(1), 3)


@pytest.fixture
def many_kept(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """With a file, since it counts as one of very many passages."""
    monkeypatch.setattr(nearest, "WHOLE", 0)
    opened(catalog).keep()
    return catalog


def kept_file(catalog: Catalog) -> Path:
    (file,) = catalog.path.parent.glob("nearest-*")
    return file


def test_very_many_are_opened_from_a_file_that_reads_none_of_them(
    many_kept: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_with(2)
    chance = np.random.default_rng(9)
    many_kept.store([prepared(chance, 100, 6)])
    settle(many_kept)
    read = list[int]()
    passages = Nearest._passages
    monkeypatch.setattr(
        Nearest, "_passages", lambda self, new, *how, **more: read.append(len(new)) or passages(self, new, *how, **more)
    )
    truth = multiplied(many_kept, asked)
    found = opened(many_kept).search(asked, 30)
    assert [truth[i] for i, _ in found] == pytest.approx(sorted(truth.values(), reverse=True)[:30], abs=1e-6)
    assert read == [6], "those that have come since"


def test_of_what_was_taken_down_nothing_stays_in_the_file(many_kept: Catalog) -> None:
    held, file = read(kept_file(many_kept)), kept_file(many_kept)
    assert held is not None
    gone = many_kept.article("a3")
    numbers = {r.number for r in many_kept.rows(limit=10_000) if r.article_id == gone.id}
    rows = np.flatnonzero(np.isin(held.numbers, list(numbers)))
    taken = [held.vectors[n].tobytes() for n in rows]
    assert len(taken) == len(numbers) > 3 and all(t in file.read_bytes() for t in taken)
    many_kept.delete(["a3"])
    looking = opened(many_kept, 2)
    looking.erase()
    assert not any(t in file.read_bytes() for t in taken)
    for again in (looking, opened(many_kept, 3)):
        asked = asked_with(4)
        truth = multiplied(many_kept, asked)
        found = again.search(asked, 10_000)
        assert [i for i, _ in found[:9]] == [i for i, _ in opened(many_kept, 4).search(asked, 9)]
        assert {i for i, _ in found} == set(truth)


def test_the_file_is_written_anew_when_much_has_come_and_only_then(many_kept: Catalog) -> None:
    first, chance = kept_file(many_kept), np.random.default_rng(9)
    many_kept.store([prepared(chance, 100, 5)])
    settle(many_kept)
    opened(many_kept, 2).keep()
    assert kept_file(many_kept) == first
    many_kept.store([prepared(chance, 200 + n, 6) for n in range(3)])
    settle(many_kept)
    opened(many_kept, 3).keep()
    assert kept_file(many_kept) != first
    assert {i for i, _ in opened(many_kept, 4).search(asked_with(1), 10_000)} == many_kept.passage_ids()


def test_where_there_is_no_room_for_the_file_nothing_else_is_lost(
    many_kept: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_file(many_kept).unlink()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        opened(many_kept, 2).keep()
    assert not list(many_kept.path.parent.glob("nearest-*"))
    assert {i for i, _ in opened(many_kept, 3).search(asked_with(1), 10_000)} == many_kept.passage_ids()


@pytest.mark.parametrize("damage", ["gone", "short", "head", "empty"])
def test_a_file_that_is_damaged_counts_for_nothing(many_kept: Catalog, damage: str) -> None:
    file, asked = kept_file(many_kept), asked_with(6)
    content = file.read_bytes()
    file.write_bytes({"short": content[:-9], "head": b"?" + content[1:], "empty": b""}.get(damage, content))
    if damage == "gone":
        file.unlink()
    truth = multiplied(many_kept, asked)
    found = opened(many_kept).search(asked, 12)
    assert [truth[i] for i, _ in found] == pytest.approx(sorted(truth.values(), reverse=True)[:12], abs=1e-6)
    opened(many_kept, 2).keep()
    assert read(kept_file(many_kept)) is not None


def test_of_very_many_the_nearest_are_among_those_with_the_same_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(5)
    about = chance.normal(size=(60, 384))  # as texts, of which some are about the same
    rows = (about[chance.integers(0, 60, 30_000)] + 0.7 * chance.normal(size=(30_000, 384))).astype(np.float16)
    kept = made(range(1, 30_001), np.ones(30_000), rows, [], whole=False)
    monkeypatch.setattr("rag.index.held._AT_LEAST", 1500)
    hits = []
    for one in about[:20] + 0.7 * chance.normal(size=(20, 384)):
        asked = (one / np.linalg.norm(one)).astype(np.float32)
        some, cosines, unsure = kept.likely(asked, None)
        true = exact(asked, rows)
        assert np.abs(cosines - true[some]).max() < unsure
        best = set(np.argsort(-true)[:50].tolist())
        hits.append(len(best & set(some.tolist())) / 50)
        allowed = np.flatnonzero(np.arange(30_000) % 30 == 0)
        assert set(kept.likely(asked, allowed)[0].tolist()) == set(allowed.tolist()), "few enough to look at each"
    assert np.mean(hits) > 0.98


def test_an_archive_follows_another_program_that_adds_and_takes_down(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(12))
        assert len(archive.search("storm harbour", k=50)) == 12
        write_rows(tmp_path / "more.jsonl", row("late", "The storm came to the harbour at last.", title="Late"))
        done = python(
            f"""
from rag import Archive
from rag.testing import FakeEmbeddings
with Archive.open({str(tmp_path / "x")!r}, embeddings=FakeEmbeddings()) as archive:
    archive.ingest({str(tmp_path / "more.jsonl")!r})
    archive.delete("story-3")
"""
        )
        assert done.returncode == 0, done.stderr
        titles = {h.passage.title for h in archive.search("storm harbour", k=50)}
        assert len(titles) == 12 and "Late" in titles and "Storm at Port 3" not in titles


def test_searching_loads_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(3))
    done = python(
        f"""
import sys
from rag import Archive
from rag.testing import FakeEmbeddings
with Archive.open({str(tmp_path / "x")!r}, embeddings=FakeEmbeddings()) as archive:
    assert len(archive.search("harbour")) == 3
told = ("chromadb", "rag.text.opinion", "rag.text.boolean", "rag.index.fulltext", "sentencex", "filelock")
assert not sys.modules.keys() & set(told), sys.modules.keys() & set(told)
assert not any("compiled" in vars(shape) for shape in sys.modules["rag.retrieve.timeref_english"].ENGLISH)
"""
    )
    assert done.returncode == 0, done.stderr
