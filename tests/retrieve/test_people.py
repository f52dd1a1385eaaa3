"""Who is one person: by full name, by hand, and no longer than articles name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import fill, row
from said import put_quotes

from rag import Archive
from rag.errors import UsageError
from rag.retrieve import people
from rag.testing import FakeEmbeddings

ONE = row("one", "Ties are low, he said. Ties will mend, he said.", published="2023-01-02", source="Post")
TWO = row("two", "Steel is dear, he said. Rain is near, he said.", published="2023-03-04", source="Herald")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as made:
        fill(made, ONE, TWO)
        put_quotes(
            made,
            "one",
            ("Ties are low", "Qin Gang", {"role": "foreign minister"}),
            ("Ties will mend", "John Smith", {"role": "actor"}),
        )
        put_quotes(
            made,
            "two",
            ("Steel is dear", "Qin", {"role": None}),
            ("Rain is near", "Mr John Smith", {"role": "officer"}),
        )
        yield made


def names(archive: Archive) -> list[tuple[str, int]]:
    return sorted((p.name, p.quotes) for p in people.people(archive.stores.catalog))


def key(archive: Archive, name: str) -> str:
    return next(p.key for p in people.people(archive.stores.catalog) if p.name == name)


def words(archive: Archive, **asked: str) -> list[str]:
    return [q.quote for q in archive.quotes(**asked)]  # type: ignore[arg-type]


def test_a_full_name_is_one_person_and_a_surname_nobody_else(archive: Archive) -> None:
    assert names(archive) == [("John Smith", 2), ("Qin", 1), ("Qin Gang", 1)]
    assert words(archive, speaker="Qin Gang") == ["Ties are low"]


def test_names_are_put_together_by_hand_and_found_by_either(archive: Archive) -> None:
    store = archive.stores.catalog
    people.put_together(store, [key(archive, "Qin Gang"), key(archive, "Qin")])
    assert ("Qin Gang", 2) in names(archive)
    assert words(archive, speaker="Qin Gang") == ["Steel is dear", "Ties are low"]
    assert {q.person for q in archive.quotes(speaker="Qin Gang")} == {"Qin Gang"}
    assert words(archive, person=key(archive, "Qin Gang"), order="oldest") == ["Ties are low", "Steel is dear"]
    people.as_found(store, key(archive, "Qin Gang"))
    assert ("Qin Gang", 1) in names(archive) and ("Qin", 1) in names(archive)


def test_two_people_of_one_name_are_taken_apart(archive: Archive) -> None:
    store = archive.stores.catalog
    (both,) = [p for p in people.people(store) if p.quotes == 2]
    officer = next((name, role) for name, role, _ in both.forms if role == "officer")
    people.take_apart(store, both.key, officer)
    (other,) = [p for p in people.people(store) if (officer[0], "officer", 1) in p.forms]
    assert words(archive, person=other.key) == ["Rain is near"]
    assert sorted(words(archive, speaker="John Smith")) == ["Rain is near", "Ties will mend"], "either may be meant"
    put_quotes(archive, "two", ("Rain is near", "John Smith", {"role": "sculptor"}))
    (new,) = [p for p in people.people(store) if ("John Smith", "sculptor", 1) in p.forms]
    assert len(new.forms) == 1, "a third office may be either's, or nobody's so far"
    with pytest.raises(UsageError, match="nothing to take apart"):
        people.take_apart(store, key(archive, "Qin Gang"), ("Qin Gang", "foreign minister"))
    with pytest.raises(UsageError, match="Search again"):
        people.forms_of(store, "hand:99")


def test_no_name_outlives_its_last_article(archive: Archive) -> None:
    store = archive.stores.catalog
    people.put_together(store, [key(archive, "Qin Gang"), key(archive, "Qin")])
    archive.delete("two")
    assert set(store.speaker_groups()) == {("Qin Gang", "foreign minister")}
    archive.delete("one")
    assert store.speaker_groups() == {}


def test_quotes_are_listed_by_date_both_ways(archive: Archive) -> None:
    assert words(archive)[:2] == ["Steel is dear", "Rain is near"] == words(archive, order="newest")[:2]
    assert words(archive, order="oldest")[:2] == ["Ties are low", "Ties will mend"]
    about = {order: words(archive, about="ties", order=order) for order in ("newest", "oldest")}
    days = {"Ties are low": 1, "Ties will mend": 1, "Steel is dear": 2, "Rain is near": 2}
    assert [days[w] for w in about["oldest"]] == sorted(days[w] for w in about["oldest"])
    assert [days[w] for w in about["newest"]] == sorted((days[w] for w in about["newest"]), reverse=True)
    with pytest.raises(UsageError, match="best, newest, oldest"):
        words(archive, order="random")
