"""Which quotes are about something: a list of them ends, and is empty where nothing is about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers import row, write_rows
from said import put_quotes

from rag import Archive
from rag.retrieve import quote_search
from rag.retrieve.about import NEAR, SURE, only_about
from rag.types import Quote

Embed = Callable[[Sequence[str]], np.ndarray]
STEP = 0.01


def quote(start: int, words: str, title: str = "News") -> Quote:
    return Quote(
        speaker="Ann Lee", direct=True, quote=words, article_id="a", start=start, end=start + len(words),
        sentence=f"“{words},” she said.", title=title,
    )  # fmt: skip


def like(cosines: dict[str, float]) -> Embed:
    """Vectors that have a cosine to what is asked for by a word in the text; 0 without one."""

    def embed(texts: Sequence[str]) -> np.ndarray:
        found = [next((c for word, c in cosines.items() if word in t), 0.0) for t in texts]
        return np.array([[c, math.sqrt(1 - c * c)] for c in found], np.float32)

    return lambda texts: np.array([[1.0, 0.0]], np.float32) if texts == ["the boats"] else embed(texts)


def kept(cosines: dict[str, float], *quotes: Quote) -> list[int]:
    found = only_about(quotes, "the boats", passage_of={}, stored={}, embed=like(cosines))
    return [q.start for q in found]


@pytest.mark.parametrize(("best", "listed"), [(SURE + STEP, [0]), (SURE - STEP, [])])
def test_nothing_is_listed_where_nothing_is_likely_about_it(best: float, listed: list[int]) -> None:
    assert kept({"ferry": best}, quote(0, "The ferry is late"), quote(1, "It rains")) == listed


@pytest.mark.parametrize(("other", "listed"), [(NEAR + STEP, [0, 1]), (NEAR - STEP, [0])])
def test_what_is_listed_is_near_it(other: float, listed: list[int]) -> None:
    cosines = {"ferry": SURE + STEP, "harbour": other}
    assert kept(cosines, quote(0, "The ferry is late"), quote(1, "The harbour is shut")) == listed


def test_words_count_where_meaning_tells_little() -> None:
    assert kept({}, quote(0, "Boats are slow"), quote(1, "It rains"), quote(2, "Why?", title="Boat race")) == [0, 2]


@pytest.mark.parametrize(("about", "listed"), [("slow boats", [0, 3]), ("slow blue painted wooden boats", [])])
def test_a_word_of_several_is_not_all_of_them(about: str, listed: list[int]) -> None:
    quotes = [quote(n, f"{w} today") for n, w in enumerate(("Boats are slow", "Trains are slow", "I am slow", "Boats"))]
    found = only_about(quotes, about, passage_of={}, stored={}, embed=lambda texts: np.zeros((len(texts), 2), "f4"))
    assert [q.start for q in found] == listed


def test_a_passage_counts_for_its_quotes() -> None:
    passage = {"p": np.array([SURE + STEP, 0.0], np.float32)}
    found = only_about(
        [quote(0, "It is late")], "the boats", passage_of={("a", 0): "p"}, stored=passage, embed=like({})
    )
    assert len(found) == 1
    assert only_about([], "the boats", passage_of={}, stored={}, embed=like({})) == []


def test_an_archive_lists_none_about_what_nobody_speaks_of(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.ingest(write_rows(tmp_path / "r.jsonl", row("ferry", "“The ferry is late,” said Ann Lee.", title="Ferry")))
    put_quotes(archive, "ferry", ("The ferry is late,", "Ann Lee", {"verb": "said"}))
    assert [q.speaker for q in archive.quotes(about="zebras")] == ["Ann Lee"]  # the bounds are not this model's
    monkeypatch.setattr(quote_search, "CALIBRATED_MODEL", archive.stores.embedder.name)
    monkeypatch.setattr(quote_search, "only_about", lambda quotes, about, **_: [q for q in quotes if about in q.quote])
    assert archive.quotes(about="zebras") == []
    assert [q.speaker for q in archive.quotes(about="ferry")] == ["Ann Lee"]
    assert archive.quotes() != []
