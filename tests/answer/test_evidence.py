"""Which sentences a model gets to read."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import row, write_rows

from rag import Archive
from rag.answer.evidence import choose
from rag.testing import FakeEmbeddings


@pytest.fixture
def long(tmp_path: Path) -> Archive:
    """Articles of many short sentences, every second of which leans on the one before it."""
    rows = [
        row(
            f"talks-{n}",
            " ".join(
                f"Minister Aro{n} met envoy number {i} in the {place}. "
                f"He called the fishing quota a matter of {thing} {i}."
                for i, (place, thing) in enumerate([("harbour", "pride"), ("palace", "trade"), ("garden", "law")] * 8)
            ),
        )
        for n in range(4)
    ]
    archive = Archive.open(tmp_path / "x", chat_model="extractive", embeddings=FakeEmbeddings())
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    return archive


@pytest.mark.parametrize("tokens", [60, 320, 2000])
def test_a_leaning_sentence_brings_the_one_before_it(long: Archive, tokens: int) -> None:
    asked = "What did the minister call the fishing quota?"
    hits = long.search(asked, k=8)
    assert sum(len(h.passage.sentences) for h in hits) > 40, "more than are looked at closely"
    found = choose(asked, hits, embed=long.stores.embed, tokens=tokens, catalog=long.stores.catalog)
    assert [e.number for e in found] == list(range(1, len(found) + 1))
    for before, e in zip([None, *found], found, strict=False):
        assert long.get(e.article_id).text[e.start : e.end] == e.text
        if e.text.startswith("He ") and e.start > e.passage.start:
            assert before is not None and before.end <= e.start and before.article_id == e.article_id
    long.close()
