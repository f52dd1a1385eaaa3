"""A process that writes to an archive, for tests that kill it or look on. Fakes for the models, everything else real.

python writer.py ACTION ARCHIVE [ARGUMENT ...]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rag import Archive
from rag.ingest import pipeline
from rag.testing import FakeEmbeddings


class Held(FakeEmbeddings):
    """Says that it is at work, and stays there."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        print("holding", flush=True)
        time.sleep(60)
        return super().embed_documents(texts)


Held.__name__ = "FakeEmbeddings"


def main(action: str, folder: str, *arguments: str) -> None:
    """Do one thing, in small steps, so that there are many moments to be killed between."""
    pipeline._BATCH = 8
    pipeline._SYNC = 24
    model = Held() if action == "hold" else FakeEmbeddings(dim=int(arguments[0]) if action == "rebuild" else 64)
    with Archive.open(Path(folder), embeddings=model) as archive:
        print("ready", flush=True)
        if action in ("ingest", "hold"):
            archive.ingest(*arguments)
        elif action == "delete":
            archive.delete(*arguments)
        elif action == "repair":
            archive.reindex()
        elif action == "rebuild":
            archive.reindex(embed_again=True)
        print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
