"""Full-text search: the articles that hold the words, with their places; everything else is left out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import examples, fill, row
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Archive
from rag.errors import ArchiveMismatch, UsageError
from rag.finding import as_csv
from rag.retrieve.fulltext import marks
from rag.testing import FakeEmbeddings
from rag.text.boolean import parse, positives

ROWS = (
    row(
        "port",
        "The port authority said on Monday that the strike would end. Two ferries were late.",
        title="Strike at the port",
        source="Harbour Post",
        author="Ana Reyes",
        published="2023-06-01",
        section="Business",
    ),
    row(
        "ferry",
        "A ferry struck the quay. The authority of the port was not asked.",
        "Ferry hits quay",
        source="Harbour Post",
        author="Bo Li",
        published="2023-06-20",
    ),
    row(
        "tariff",
        "U.S. tariffs on steel rose. The tariff hit the port of Müllheim.",
        "Tariffs rise",
        source="The Trade Wire",
        published="2022-01-05T23:30:00-05:00",
    ),
    row("undated", "Nobody knows when the port was built. 中国外交部 said nothing.", "An old port"),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Four articles."""
    with Archive.open(tmp_path_factory.mktemp("fulltext") / "archive", embeddings=FakeEmbeddings()) as made:
        fill(made, *ROWS)
        yield made


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("port", "port ferry tariff undated"),
        ("tariff", "tariff"),
        ('"tariff"', "tariff"),
        ('"tariffs hit"', ""),
        ('"tariff hit"', "tariff"),
        ("ferri*", "port"),
        ("ferry", "port ferry"),
        ("port AND strike", "port"),
        ("ferry OR tariff", "port ferry tariff"),
        ("port NOT ferry", "tariff undated"),
        ("NOT ferry", "tariff undated"),
        ("NOT (ferry OR tariff)", "undated"),
        ('"port authority"', "port"),
        ("port NEAR/3 authority", "port ferry"),
        ("authority NEAR/1 port", "port"),
        ('"the auth*"', "ferry"),
        ("title:port", "port undated"),
        ("outlet:harbour", "port ferry"),
        ('outlet:"trade wire"', "tariff"),
        ("author:reyes", "port"),
        ("section:business", "port"),
        ("date:2023-06", "port ferry"),
        ("date:2022-01-05", "tariff"),
        ("before:2023-06-20", "port tariff"),
        ("after:2023-06-20 port", "ferry"),
        ("us", "tariff"),
        ("mullheim", "tariff"),
        ("外交部", "undated"),
        ("nothing-of-the-kind", ""),
    ],
)
def test_what_is_found(archive: Archive, query: str, keys: str) -> None:
    """Each form of a query finds what it means, and no more."""
    found = archive.find(query)
    assert {f.article.key for f in found.found} == set(keys.split())
    assert found.total == len(found.found)


def test_counts_are_over_all_that_match_and_pages_follow_one_another(archive: Archive) -> None:
    """Outlets with most articles first, months in order, undated under an empty name."""
    first = archive.find("port", order="newest", limit=3)
    rest = archive.find("port", order="newest", limit=3, offset=3)
    assert [f.article.key for f in (*first.found, *rest.found)] == ["ferry", "port", "tariff", "undated"]
    assert [f.article.key for f in archive.find("port", order="oldest").found] == ["tariff", "port", "ferry", "undated"]
    assert first.total == 4
    assert first.sources == (("Harbour Post", 2), ("", 1), ("The Trade Wire", 1))
    assert first.months == (("", 1), ("2022-01", 1), ("2023-06", 2))


def test_filters_are_those_of_questions(archive: Archive) -> None:
    """Outlets in any case; undated articles pass a date filter unless they are left out."""
    import datetime

    def keys(**filters: object) -> set[str]:
        return {f.article.key for f in archive.find("port", **filters).found}  # type: ignore[arg-type]

    assert keys(sources=["harbour post"]) == {"port", "ferry"}
    assert keys(articles=["tariff"]) == {"tariff"}
    day = datetime.date(2023, 1, 1)
    assert keys(after=day, undated=False) == {"port", "ferry"}
    assert keys(after=day) == {"port", "ferry", "undated"}
    assert keys(before=day, undated=False) == {"tariff"}


def test_marks_stand_at_the_words(archive: Archive) -> None:
    """In title and excerpts, as offsets in the article."""
    (hit,) = archive.find('"port authority" strike').found
    text = archive.get(hit.article.id).text
    (excerpt,) = hit.excerpts
    assert (
        excerpt.text
        == text[excerpt.start : excerpt.end]
        == "The port authority said on Monday that the strike would end."
    )
    assert [text[a:b] for a, b in excerpt.marks] == ["port authority", "strike"]
    assert [hit.article.title[a:b] for a, b in hit.title_marks] == ["Strike"]
    assert hit.places == 2


def test_what_is_taken_down_or_changed_is_found_no_more(tmp_path: Path) -> None:
    """And what is new at once."""
    from helpers import write_rows

    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *ROWS)
        archive.delete("ferry")
        assert not archive.find("quay").total
        archive.ingest(
            write_rows(tmp_path / "b.jsonl", row("port", "The strike is over.", "Over", source="Harbour Post"))
        )
        assert not archive.find("ferries").total
        assert [f.article.title for f in archive.find("strike").found] == ["Over"]
        archive.reindex()
        assert [f.article.title for f in archive.find("strike").found] == ["Over"]


def test_an_archive_of_an_older_program_says_what_to_do(tmp_path: Path) -> None:
    """And the next writer brings its indexes up to date."""
    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *ROWS)
        archive.stores.catalog.set_meta("index_format", "3")
        with pytest.raises(ArchiveMismatch, match="doctor --repair"):
            archive.find("port")
        archive.delete("ferry")
        assert archive.find("port").total == 3


@pytest.mark.parametrize(
    ("query", "options", "told"),
    [
        ("", {}, "empty"),
        ("port", {"order": "best"}, "`order` is 'best'"),
        ("port", {"limit": 1001}, "limit is 1001"),
        ("port", {"offset": -1}, "offset is -1"),
    ],
)
def test_bad_options_are_told(archive: Archive, query: str, options: dict[str, object], told: str) -> None:
    """By name."""
    with pytest.raises(UsageError, match=told):
        archive.find(query, **options)  # type: ignore[arg-type]


def test_csv_runs_no_formula(tmp_path: Path) -> None:
    """A title that begins like a formula is text in every program that opens the file."""
    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings()) as archive:
        fill(archive, row("f", "The port is closed.", "=1+1"))
        lines = as_csv(archive.find("port")).splitlines()
    assert lines[0].startswith("title,outlet") and lines[1].startswith("'=1+1,")


@given(
    st.text(alphabet="abc .中国'’é", max_size=60),
    st.sampled_from(["a", "ab*", '"a b"', "a NEAR/2 c", "中国", '"b c a"~3']),
)
@settings(max_examples=examples(300))
def test_marks_are_in_order_and_never_overlap(text: str, query: str) -> None:
    """Whatever the text."""
    found = marks(text, positives(parse(query)))
    assert all(a < b for a, b in found)
    assert all(x[1] <= y[0] for x, y in itertools.pairwise(found))
