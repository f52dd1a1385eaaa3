"""A process that syncs an archive from the site of a test, in small steps, for tests that kill it."""

from __future__ import annotations

from pathlib import Path

from sources.site import QUICK

from rag import Archive
from rag.sources import sync
from rag.sources.manager import FetchOptions, Sources
from rag.testing import FakeEmbeddings


def options(port: int) -> FetchOptions:
    """How a test fetches."""
    return FetchOptions("OnRecordTests/1.0", allow=("127.0.0.1",), ports=(port,), delay=0.0, limits=QUICK)


def main(folder: str, port: str) -> None:
    """Sync once; batches are small, so that there are many moments to be killed between."""
    sync._BATCH = 5
    sync.find_quotes = lambda articles: [[] for _ in articles]  # type: ignore[assignment]
    with Archive.open(Path(folder), embeddings=FakeEmbeddings()) as archive:
        archive.__dict__["sources"] = Sources(archive.stores, options(int(port)))
        print("ready", flush=True)
        archive.sources.sync()
        print("done", flush=True)
