"""The benchmark of a large archive, at a small size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers import assert_sound, many, row, write_rows

from benchmarks import large
from rag import Archive
from rag.testing import FakeEmbeddings

SAID = (
    'The harbour of Port Wren was closed on 14 May. "We wait for the storm to pass," said Ann Lee, the mayor, who had '
    "closed it at 7:30. About 120 boats stayed outside. "
)


def built(tmp_path: Path, passages: int) -> Archive:
    articles = write_rows(
        tmp_path / "in.jsonl", *many(6), row("long", SAID * 9, source="Post", published="2023-05-01T10:00:00Z")
    )
    large.build(tmp_path / "a", passages, articles, base=7, embeddings=FakeEmbeddings())
    return Archive.open(tmp_path / "a", chat_model="none", embeddings=FakeEmbeddings())


def test_copies_are_others_of_the_same_shape(tmp_path: Path) -> None:
    """Going on gives what going through would have given; every passage is found in all three stores."""
    with built(tmp_path, 30) as archive:
        first = {a.key: a.text for a in archive.articles()}
        assert archive.stats().passages >= 30
    with built(tmp_path, 60) as archive:
        every = {a.key: a for a in archive.articles()}
        assert archive.stats().passages >= 60 and len(every) == len({a.id for a in every.values()})
        assert {key: a.text for key, a in every.items() if key in first} == first
        copies = {key: a for key, a in every.items() if "#copy" in key}
        for key, copy in copies.items():
            original = every[key.rpartition("#copy")[0]]
            assert len(copy.text) == len(original.text)
            assert [len(s) for s in copy.text.split(". ")] == [len(s) for s in original.text.split(". ")]
        assert len({a.text for a in copies.values()}) > len(copies) // 2
        assert archive.stores.catalog.count_without_quotes() == 0, "nothing is left that an ingest would go through"
        assert archive.stores.catalog.without_links(1) == []
        assert_sound(archive)


@pytest.mark.slow
def test_it_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(tmp_path, 40).close()
    monkeypatch.setattr(large, "_EMBEDDINGS", FakeEmbeddings())
    monkeypatch.setattr(large, "_WATCH", large._WATCH.replace("large._EMBEDDINGS", "FakeEmbeddings()").replace(
        "from benchmarks import large", "from rag.testing import FakeEmbeddings"))  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (large.Path(large.__file__).parents[1],))))
    folder = tmp_path / "a"
    told = large._searching(folder, 5) | large._changing(folder, 5) | large._meanwhile(folder, 5)
    assert told["problems"] == 0 and told["passages"] >= 40
    assert all(told[name] > 0 for name in (*large._TARGETS, "longest_search_meanwhile_s"))
    lines = large.table(told)
    assert len(lines) == 3 + len(told) and any("≤ 60" in line for line in lines)
