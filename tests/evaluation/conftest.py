"""An archive of storms and a bridge, for the tests that run cases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers import many, row, write_rows

from rag import Archive
from rag.testing import FakeChat, FakeEmbeddings

from .storms import BRIDGE, says


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of eight storms and a bridge, to be copied."""
    folder = tmp_path_factory.mktemp("built")
    bridge = row("bridge", BRIDGE, title="Old Harbour Bridge to close", source="City Herald", published="2021-05-03")
    with Archive.open(folder / "archive", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(folder / "ports.jsonl", *many(8), bridge))
    return folder / "archive"


@pytest.fixture
def ports(built: Path, archive: Archive, chat: FakeChat) -> Archive:
    """A copy of it, with a model that knows what is in it."""
    chat.replies = says
    shutil.copytree(built, archive.path)
    return archive
