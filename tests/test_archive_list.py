"""The archive as a list: pages, searching in it, and coverage by month."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from helpers import examples, fill, row, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Archive
from rag.errors import UsageError
from rag.index.catalog import Catalog, Prepared
from rag.types import ArticleSummary, RawArticle, Sentence

ROWS = [
    row("a", "Text of a.", title="Zürich ZOO opens", source="Post", author="Ann Lee", published="2023-06-01"),
    row("b", "Text of bb.", title="100% rain_fall", source="Post", published="2023-06-30T23:59:59.5Z"),
    row("c", "Text of ccc.", title="A second zoo", source="Herald", author="Bo", published="2023-07-01", language="de"),
    row("d", "Undated.", title="Without a date"),
    row("e", "Undated, later.", title="Without a date, too", source="Herald"),
    row("https://example.org/zoo-news", "By its key.", title="Other", published="2022-01-05T00:00:00Z"),
]


@pytest.fixture
def full(archive: Archive, tmp_path: Path) -> Archive:
    fill(archive, *ROWS)
    return archive


def keys(archive: Archive, *args: str, **options: object) -> list[str]:
    return [one.key.rpartition("/")[2] for one in archive.list_articles(*args, **options)[0]]  # type: ignore[arg-type]


def test_the_newest_comes_first_and_what_has_no_date_last(full: Archive) -> None:
    found, total = full.list_articles()
    assert [one.key for one in found] == ["c", "b", "a", "https://example.org/zoo-news", "e", "d"]
    assert total == 6
    first = found[0]
    article = full.get("c")
    assert isinstance(first, ArticleSummary)
    assert first.model_dump(exclude={"characters", "added"}) == {
        name: getattr(article, name) for name in ArticleSummary.model_fields if name not in ("characters", "added")
    }
    assert first.characters == len(article.text) == 12
    assert abs((datetime.now(UTC) - first.added).total_seconds()) < 60


def test_pages_follow_each_other(full: Archive) -> None:
    whole = keys(full)
    assert [full.list_articles(limit=2, offset=n)[1] for n in (0, 2, 4, 99)] == [6] * 4
    assert [k for n in (0, 2, 4, 6) for k in keys(full, limit=2, offset=n)] == whole
    assert full.list_articles(limit=0) == ([], 6)
    for wrong in ({"limit": -1}, {"limit": 1001}, {"offset": -1}):
        with pytest.raises(UsageError, match="from 0"):
            full.list_articles(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("zoo", ["c", "a", "zoo-news"]),
        ("ZÜRICH", ["a"]),
        ("ann", ["a"]),
        ("lee zoo", ["a"]),
        ("  zoo   second ", ["c"]),
        ("100%", ["b"]),
        ("%", ["b"]),
        ("_", ["b"]),
        ("n_f", ["b"]),
        ("100_", []),
        ("text", []),
        ("'; DROP TABLE version; --", []),
        ('"', []),
        ("", ["c", "b", "a", "zoo-news", "e", "d"]),
    ],
)
def test_words_in_title_author_and_key(full: Archive, search: str, expected: list[str]) -> None:
    assert keys(full, search) == expected
    assert full.list_articles(search)[1] == len(expected)


def test_filters(full: Archive) -> None:
    assert keys(full, sources=["Post"]) == ["b", "a"]
    assert keys(full, sources=[""]) == ["zoo-news", "d"]
    assert keys(full, sources=["post", "nobody"]) == ["b", "a"], "in any case, as everywhere"
    assert keys(full, language="de") == ["c"]
    july = datetime(2023, 7, 1)
    assert keys(full, after=july) == ["c"]
    assert keys(full, before=july) == ["b", "a", "zoo-news"]
    assert keys(full, "zoo", before=july, sources=["Post"]) == ["a"]
    assert keys(full, after=datetime(2023, 6, 30, 23, 59, 59, tzinfo=UTC), before=july.replace(tzinfo=UTC)) == ["b"]


def test_only_current_versions_are_listed(full: Archive, tmp_path: Path) -> None:
    full.ingest(write_rows(tmp_path / "b.jsonl", {**ROWS[0], "title": "Renamed"}))
    assert full.list_articles()[1] == 6
    assert keys(full, "renamed") == ["a"]
    assert keys(full, "zürich") == []
    full.delete("a")
    assert full.list_articles()[1] == 5


def test_coverage_by_month_and_outlet(full: Archive) -> None:
    assert full.months() == [("2022-01", "", 1), ("2023-06", "Post", 2), ("2023-07", "Herald", 1)]


def test_an_empty_archive_has_an_empty_list(archive: Archive) -> None:
    assert archive.list_articles("x") == ([], 0)
    assert archive.months() == []
    assert not archive.exists
    with pytest.raises(UsageError):
        archive.list_articles(limit=-1)


@given(st.text(max_size=6))
@settings(max_examples=examples(60), deadline=None)
def test_any_words_find_what_has_them(shared: Catalog, search: str) -> None:
    found, total = shared.listed(search, limit=100)
    expected = {
        d.key
        for d in DRAFTS
        if all(w.casefold() in "\n".join((d.title, d.author or "", d.key)).casefold() for w in search.split())
    }
    assert {one.key for one in found} == expected
    assert total == len(expected)


DRAFTS = [
    RawArticle(key="k%_1", title="Straße", author="İpek", text="x"),
    RawArticle(key="k2", title="a\\b", author=None, text="x"),
    RawArticle(key="k3", title="新闻", author="O'Neil", text="x"),
]


def stored(drafts: list[RawArticle], file: Path) -> Catalog:
    catalog = Catalog(file, create=True)
    vector = np.ones((1, 4), np.float16) / 2
    catalog.store([Prepared(d, "en", [Sentence(start=0, end=len(d.text))], [(0, 1)], vector) for d in drafts])
    return catalog


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return stored(DRAFTS, tmp_path_factory.mktemp("list") / "catalog.sqlite")


def test_a_large_archive_is_listed_without_reading_its_texts(tmp_path: Path) -> None:
    drafts = [
        RawArticle(
            key=f"https://example.org/{n}",
            title=f"Title {n} of many",
            text="x" * 20_000,
            source=f"Outlet {n % 7}",
            published=datetime(2020 + n % 4, 1 + n % 12, 1, tzinfo=UTC) if n % 5 else None,
        )
        for n in range(3000)
    ]
    catalog = stored(drafts, tmp_path / "catalog.sqlite")
    started = time.perf_counter()
    for n in range(5):
        page, total = catalog.listed(f"title {n}", limit=50, offset=100)
        assert len(page) == 50
        assert total > 700
        assert sum(count for _, _, count in catalog.months()) == 2400
    assert time.perf_counter() - started < 2.0
    plan = catalog._db.execute(
        "EXPLAIN QUERY PLAN SELECT number, title, author, key FROM version INDEXED BY version_listed "
        "WHERE current ORDER BY published DESC, number DESC"
    ).fetchall()
    assert [r["detail"] for r in plan] == ["SCAN version USING COVERING INDEX version_listed"]
