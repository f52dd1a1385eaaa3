"""What runs in the process that reads files apart: requests come in as lines of JSON, and so do the answers go out.

Answers are ``[kind, value]``: "ready" once, "taken" for each request, then "begins" before each file that is read,
"item" for each article and each reason, "beat" while a long file brings neither, and "done", or "memory" where it was
too much. The process ends when its parent is gone, or after a while in which nothing was asked.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import select
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

from rag import registry
from rag.ingest.forms.base import FormReader
from rag.ingest.load import Found, Wanted, Watch, read_alone
from rag.ingest.packed import Limits
from rag.types import RawArticle, Skipped

_IDLE = 20.0
"""Seconds after which a process ends of which nothing is asked."""
_STEP = 4_000_000
"""Bytes of a file after which a sign of life is due, so that a long file without articles is not taken for a hang."""
_AGAIN = 3
"""How often a file may be read over for that; a reader that goes round in circles gives no sign of life."""


def main(kind: tuple[float, int, bytes]) -> None:
    """Serve requests until none comes.

    Args:
        kind: Seconds without an answer after which the process ends itself, were its parent gone; megabytes that a
            file may take; further readers by name, pickled.
    """
    seconds, megabytes, added = kind
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and says what becomes of this one
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)  # what a library prints must not come between the answers
    service = _Service(out, seconds, megabytes)
    try:
        for name, reader in pickle.loads(added).items():  # noqa: S301 - from the parent process
            registry.register("readers", name, reader)
    except Exception as e:
        service.answer("unable", f"a reader of the program can't be used here: {type(e).__name__}: {e}")
        return
    service.answer("ready", None)
    service.serve(sys.stdin.buffer)


class _Service:
    """Answers the requests of one parent."""

    def __init__(self, out: BinaryIO, seconds: float, megabytes: int) -> None:
        self._out, self._seconds, self._megabytes = out, seconds, megabytes
        self._at_start = _pages(1)

    def serve(self, requests: Any) -> None:
        """Read what is asked for, one after the other."""
        self._alarm(0)
        while select.select([requests], [], [], _IDLE)[0]:
            line = requests.readline()
            if not line:
                return
            self.answer("taken", None)
            request = json.loads(line)
            try:
                self._read(request, requests)
            except MemoryError:
                self.answer("memory", None)
                return  # what a library had half done is not to be relied on
            self.answer("done", None)
            self._alarm(0)
            if self._megabytes and _pages(1) - self._at_start > self._megabytes * 500_000:
                return  # what libraries have kept would count against the next file

    def answer(self, kind: str, value: Any) -> None:
        """Send a line. While it waits for a busy parent no time runs; then it does."""
        self._alarm(0)
        view = memoryview(json.dumps([kind, value]).encode("ascii") + b"\n")
        try:
            while view:
                view = view[self._out.write(view) :]
        except OSError:
            os._exit(0)  # the parent is gone
        self._alarm(self._seconds + 1)

    @staticmethod
    def _alarm(seconds: float) -> None:
        """End the process by then, even where a library hangs and the parent is gone."""
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _read(self, request: dict[str, Any], requests: Any) -> None:
        if request["cwd"] and request["cwd"] != os.getcwd():
            os.chdir(request["cwd"])
        content = None
        if request["size"] is not None:
            content = io.BytesIO(requests.read(request["size"]))
        self._bound()
        path = Path(request["path"])
        watch = _Progress(self, request["pass"], path, content)
        limits, as_named = Limits(*request["limits"]), request["by_ending"]
        for found in read_alone(path, request["fields"], limits, watch, content, by_ending=as_named):
            try:
                told = _told(found)
            except (ValueError, RecursionError) as e:
                told = _told(
                    Found(found.file, found.reader, Skipped(origin=str(found.file), reason=f"not to be told: {e}"))
                )
            self.answer("item", told)

    def _bound(self) -> None:
        """Bound the address space to what is taken now and the megabytes."""
        if not self._megabytes:
            return
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _pages(0) + self._megabytes * 1_000_000
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        try:
            resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
        except (OSError, ValueError):  # a system that knows no such bound
            self._megabytes = 0


class _Progress(Watch):
    """Tells the parent how far it is, and passes over what an earlier process has read of an archive."""

    def __init__(self, service: _Service, begun: int, path: Path, content: BinaryIO | None) -> None:
        self._service, self._begun = service, begun
        self._number = -1
        self._since = self._beats = 0
        size = len(content.getbuffer()) if isinstance(content, io.BytesIO) else _size(path)
        self._most = _AGAIN * (size // _STEP + 1)

    def begins(self, place: Path) -> Wanted:
        """Number the files in the order in which they are met; the one that ended the last process is left out."""
        self._number += 1
        if self._number < self._begun:
            return "nothing" if self._number == self._begun - 1 else "inside"
        self._service.answer("begins", {"number": self._number, "place": str(place)})
        return "all"

    def bytes_read(self, count: int) -> None:
        """Called for what is read of the file on disk."""
        self._since += count
        if self._since >= _STEP and self._beats < self._most:
            self._since = 0
            self._beats += 1
            self._service.answer("beat", None)


def _told(found: Found) -> dict[str, Any]:
    """A find as JSON has it."""
    reader = found.reader
    name = reader.name if isinstance(reader, FormReader) else None
    item = found.item
    values = item.model_dump(mode="json", exclude={"metadata"})
    if isinstance(item, RawArticle):
        values["metadata"] = json.loads(json.dumps(dict(item.metadata), default=str))  # as the catalog stores it
    return {
        "file": str(found.file),
        "form": name,
        "ending": None if reader is None or name else reader.endings[0],
        "article": isinstance(item, RawArticle),
        "item": values,
    }


def _pages(which: int) -> int:
    """Bytes that this process takes: of addresses (0), or of memory (1); 0 where the system doesn't tell."""
    try:
        with open("/proc/self/statm", "rb") as told:
            return int(told.read().split()[which]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


__all__ = ["main"]
