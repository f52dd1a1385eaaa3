"""What a process that writes to an archive in small steps does, to be killed."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from benchmarks.stress.common import opened
from rag.ingest import pipeline


def main(action: str, folder: str, *arguments: str) -> None:
    """Say "ready", write, say "done"."""
    pipeline._BATCH, pipeline._SYNC = 8, 24
    with opened(Path(folder)) as archive:
        if archive.exists:
            archive.search("storm")  # what is loaded is loaded
        print("ready", flush=True)
        if action == "small":
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(arguments[1]), resource.RLIM_INFINITY))
            action = "ingest"
        if action == "ingest":
            archive.ingest(arguments[0])
        elif action == "delete":
            archive.delete(*arguments)
        else:
            archive.reindex(embed_again=action == "rebuild")
        print("done", flush=True)
    sys.stdout.flush()
    os._exit(0)


def forked(out: int, *arguments: str) -> None:
    """``main`` in a process that was forked from one in which everything is loaded; what it says goes to ``out``."""
    os.dup2(out, 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    try:
        main(*arguments)
    except BaseException as e:
        print(f"{type(e).__name__}: {e}".replace("\n", " "), flush=True)
        os._exit(1)


__all__ = ["forked", "main"]
