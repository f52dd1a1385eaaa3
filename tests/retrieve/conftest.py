"""An archive of storms."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import many, row, write_rows
from retrieve.searching import ARMS, WORDS, Named, through

from rag import Archive
from rag.testing import FakeEmbeddings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven storms, a long article of several passages, and one that has changed since."""
    place = tmp_path_factory.mktemp("ports")
    long = " ".join(f"The dam{i:03} of valley {i} holds {i + 3} million litres of water this year." for i in range(80))
    rows = [
        *many(7),
        row("dams", long, source="Hill Post", published="2023-06-05"),
        row("early", "A storm damaged boats long ago.", published="2020-01-01", source="Hill Post", id="wire-1"),
    ]
    with Archive.open(place / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(place / "a.jsonl", row("changed", "A storm damaged one boat of the old kind.")))
        archive.ingest(write_rows(place / "a.jsonl", *rows, row("changed", "No boat of the old kind is left.")))
    return place / "x"


@pytest.fixture(params=ARMS)
def arm(request: pytest.FixtureRequest, folder: Path) -> Iterator[Archive]:
    """The archive, searched through each arm."""
    with through(folder, request.param) as archive:
        yield archive


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety short Turkish articles of few words, many of which have any one of them."""
    place = tmp_path_factory.mktemp("news")
    chance = random.Random(3)
    rows = [
        row(f"n{n}", f"{' '.join(chance.choices(WORDS, k=chance.randint(4, 30)))} için bir karar ve bu oldu.", title="")
        for n in range(90)
    ]
    with Archive.open(place / "x", embeddings=Named()) as archive:
        archive.ingest(write_rows(place / "a.jsonl", *rows))
        assert archive.stats().languages == {"tr": 90}
    return place / "x"
