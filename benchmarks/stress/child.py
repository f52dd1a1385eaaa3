"""What a process that writes to an archive in small steps does, to be killed."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from benchmarks.stress.common import opened
from rag import Archive
from rag.ingest import pipeline
from rag.service.scheduler import RequestScheduler
from rag.service.spool import Spool


def main(action: str, folder: str, *arguments: str) -> None:
    """Say "ready", write, say "done"."""
    pipeline._BATCH, pipeline._SYNC = 8, 24
    with opened(Path(folder)) as archive:
        if archive.exists and action != "rebuild":  # a half rebuilt one can't be searched until it is finished
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
        elif action == "upload":
            _upload(archive, Path(arguments[0]))
        elif action == "sync":
            archive.sources.sync()
        else:
            archive.reindex(embed_again=action == "rebuild")
        print("done", flush=True)
    sys.stdout.flush()
    os._exit(0)


def _upload(archive: Archive, files: Path) -> None:
    """Take files in one by one as the service does, and say which are acknowledged."""
    scheduler = RequestScheduler(archive)
    scheduler.spool = Spool(archive.path.parent / "uploads")
    scheduler.sweep()
    for file in sorted(files.iterdir()):
        with file.open("rb") as content:
            scheduler.upload([(file.name, content)])
        print(file.stem, flush=True)
    scheduler.close()


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
