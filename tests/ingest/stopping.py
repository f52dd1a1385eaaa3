"""The command line in a process of its own that is sent a signal while it embeds its third batch."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from rag import Archive
from rag.cli import main as command_line
from rag.ingest import pipeline
from rag.testing import FakeEmbeddings


class Struck(FakeEmbeddings):
    """Sends its own process a signal at its third batch; 0: never."""

    number = 0
    calls = 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        Struck.calls += 1
        if Struck.calls == 3 and self.number:
            os.kill(os.getpid(), self.number)
        return super().embed_documents(texts)


Struck.__name__ = "FakeEmbeddings"


def main(number: str, *arguments: str) -> None:
    """Run a command by fakes, eight passages a batch."""
    pipeline._BATCH = 8
    Struck.number = int(number)
    usual = Archive.open

    def opened(path: Path | None = None, **rest: Any) -> Archive:
        return usual(path, **{**rest, "embeddings": Struck()})

    Archive.open = opened  # type: ignore[method-assign,assignment]
    sys.argv = ["onrecord", *arguments]
    command_line()
