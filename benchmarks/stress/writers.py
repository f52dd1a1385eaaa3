"""Processes that write, begun from a server process in which the program is loaded, which has used no archive."""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import time
from pathlib import Path

from benchmarks.stress import child

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["chromadb", "tantivy", "rag.archive", "rag.service.scheduler", "rag.testing", "benchmarks.stress.child"]
)


class Writer:
    """A process that writes."""

    def __init__(self, *arguments: str | Path) -> None:
        """Begin; returns when the process says that it is ready."""
        read, write = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_begin, args=(write, *map(str, arguments)), daemon=True)
        self._process.start()
        write.close()
        self._out = os.fdopen(os.dup(read.fileno()), encoding="utf-8")
        read.close()
        self.said = self._out.readline()
        self.told: list[str] = []
        """The lines that it said after that, once it has ended."""

    def kill_after(self, seconds: float) -> None:
        """Kill -9, unless it is done before."""
        self._process.join(seconds)
        if self._process.exitcode is None and self._process.pid:
            os.kill(self._process.pid, signal.SIGKILL)
        self.wait()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.exitcode is None

    def wait(self, seconds: float = 120) -> str:
        """Wait for its end; returns the last it said."""
        self._process.join(seconds)
        rest = self._out.read() if select.select([self._out], [], [], 0)[0] else ""
        self._out.close()
        self.told = rest.split("\n")[:-1]  # a line without its end was never said
        return (rest.strip().splitlines() or [self.said.strip()])[-1]


def usual(*arguments: str | Path) -> float:
    """Seconds that a writer takes when nobody kills it."""
    writer = Writer(*arguments)
    started = time.monotonic()
    writer.wait()
    return time.monotonic() - started


def _begin(out: object, *arguments: str) -> None:
    child.forked(out.fileno(), *arguments)  # type: ignore[attr-defined]


__all__ = ["Writer", "usual"]
