"""Arms, embedders and rewriters of other packages, and what each of our arms is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers import many, row, write_rows

from rag import Archive, Query, registry
from rag.retrieve.fusion import Candidates
from rag.settings import Settings
from rag.testing import FakeEmbeddings

Register = Callable[[registry.Kind, str, Any], None]


@pytest.fixture
def register() -> Iterator[Register]:
    """Registers a plug-in for one test."""
    done: list[tuple[registry.Kind, str]] = []

    def put(kind: registry.Kind, name: str, thing: Any) -> None:
        registry.register(kind, name, thing)
        done.append((kind, name))

    yield put
    for kind, name in done:
        registry.unregister(kind, name)


class LastArm:
    """Gives the passages of all articles, the last ingested first."""

    def __init__(self, stores: Any, weight: float = 50.0) -> None:
        self._stores, self._weight, self.asked = stores, weight, 0

    def weight(self, query: Query) -> float:
        return self._weight

    def search(self, query: Query, depth: int) -> Sequence[str]:
        self.asked += 1
        return ["nobody:0", *(r.id for r in reversed(self._stores.catalog.rows(limit=depth)))]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(
            write_rows(
                tmp_path / "a.jsonl",
                *many(3),
                row("zebra", "Zebras were seen.", published="2023-05-05", source="Zoo", language="en"),
                row("kebra", "Kebras were seen.", source="Zoo"),
            )
        )
    return tmp_path / "x"


def opened(place: Path, **settings: Any) -> Archive:
    return Archive.open(place, embeddings=FakeEmbeddings(), settings=Settings(**settings))


def test_another_arm_is_fused_by_its_weight(place: Path, register: Register) -> None:
    arms: list[LastArm] = []
    register("arms", "last", lambda stores: arms.append(LastArm(stores)) or arms[-1])
    with opened(place) as archive:
        hits = archive.search("storm0001")
        archive.search("storm0002")
        assert hits[0].passage.article_id == archive.get("kebra").id and hits[0].found_by == "hybrid"
        assert len(arms) == 1 and arms[0].asked == 2, "made once"


def test_what_another_arm_alone_has_found_says_so(place: Path, register: Register) -> None:
    register("arms", "last", LastArm)
    with opened(place) as archive:
        archive.retriever._own.clear()  # type: ignore[attr-defined]
        assert {h.found_by for h in archive.search("zebras")} == {"other"}


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"sources": ["zoo"]}, {"zebra", "kebra"}),
        ({"articles": ["zebra"]}, {"zebra"}),
        ({"language": "tr"}, set()),
        ({"after": "2023-05-05", "undated": False}, {"zebra"}),
        ({"before": "2023-05-05", "undated": False}, set()),
        ({"after": "2023-05-06", "sources": ["Zoo"]}, {"kebra"}),
    ],
)
def test_filters_hold_for_an_arm_that_does_not_know_them(
    place: Path, register: Register, filters: Any, keys: set[str]
) -> None:
    from datetime import date

    register("arms", "last", LastArm)
    given = {n: date.fromisoformat(v) if n in ("after", "before") else v for n, v in filters.items()}
    with opened(place) as archive:
        hits = archive.search("Zebras and kebras", k=20, **given)
        assert {archive.get(h.passage.article_id).key.rpartition("/")[2] for h in hits} == keys


def test_an_arm_without_weight_is_not_asked_nor_any_where_one_alone_is_set(place: Path, register: Register) -> None:
    arms: list[LastArm] = []
    register("arms", "last", lambda stores: arms.append(LastArm(stores, 0.0)) or arms[-1])
    with opened(place) as archive:
        archive.search("zebras")
        assert [a.asked for a in arms] == [0]
    with opened(place, retriever="lexical") as archive:
        archive.search("zebras")
        assert len(arms) == 1, "not even made"


def test_ranks_are_fused() -> None:
    candidates = Candidates()
    candidates.add("dense", ["a", "b"], 1.0)
    candidates.add("lexical", ["b"], 0.5)
    candidates.admit("lexical", ["a", "c"])
    assert candidates.scores == {"a": 1 / 11, "b": 1 / 12 + 0.5 / 11, "c": 0.0}
    assert candidates.found == {"a": {"dense"}, "b": {"dense", "lexical"}, "c": {"lexical"}}
    assert candidates.order() == ["b", "a", "c"]
    assert candidates.order(["c", "a"]) == ["a", "c"]


class CountedEmbedder:
    """All texts alike."""

    def __init__(self, setting: str, settings: Settings) -> None:
        self.name = f"counted {setting}"

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.tile(np.array([1, 0], np.float32), (len(texts), 1))

    def query(self, text: str) -> npt.NDArray[np.float32]:
        return np.array([1, 0], np.float32)


@pytest.mark.parametrize("setting", ["counted", "counted:two"])
def test_the_setting_names_an_embedder_of_another_package(tmp_path: Path, register: Register, setting: str) -> None:
    register("embedders", "counted", CountedEmbedder)
    with Archive.open(tmp_path / "x", embeddings=setting) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(2)))
        assert archive.fingerprint.startswith(f"counted {setting} | ")
        assert archive.search("storm0001")[0].passage.title == "Storm at Port 1"


class Spelt:
    """Spells a nickname out."""

    def rewrite(self, question: str, history: Sequence[tuple[str, str]]) -> str:
        return question.replace("the Stripy", "zebras") if "Stripy" in question else ""


def test_a_rewriter_changes_what_is_searched(place: Path, register: Register) -> None:
    register("rewriters", "spelt", Spelt())
    with opened(place) as archive:
        found = archive.retrieve("Was the Stripy seen?")
        assert (found.query.text, found.query.standalone) == ("Was the Stripy seen?", "Was zebras seen?")
        assert "Zebras" in found.hits[0].passage.text
        assert archive.retrieve("Was it seen?").query.standalone == "Was it seen?"
