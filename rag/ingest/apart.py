"""Files read in a process of their own, which may take so much time and memory, and may die.

Libraries that read PDF, Word, pages and the like can hang, take all memory or end the process they run in. So a child
reads such files: it is started at the first of them, serves one file after the other, and ends by itself when nothing
is asked of it. What it finds comes back article by article; what ends it becomes the reason for that file alone.
"""

from __future__ import annotations

import atexit
import json
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.ingest.packed import Limits

_STARTING = 120.0
"""Seconds that a child may take to start on a busy machine."""
_MOST_DEATHS = 10
"""Children that one archive of files may end before the rest of it is left out."""
_PIECE = 1_000_000
_START = (
    "import sys, pickle; sys.path[:], kind = pickle.load(sys.stdin.buffer); "
    "from rag.ingest.reader_process import main; main(kind)"
)
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
"""What keeps a child's address space to what it uses, so that a bound on it is one on memory."""

Reply = tuple[str, Any]
"""One line of a child: its kind, and what it says; see ``rag.ingest.reader_process``."""


class Died(Exception):
    """The child is gone, or was ended; the message is the reason for the file that it read."""


class CannotStart(Exception):
    """There is no child to be had: files are read in this process."""


def possible() -> bool:
    """Whether files can be read in a child on this system."""
    return os.name == "posix" and bool(sys.executable)


def read(
    path: Path,
    fields: Mapping[str, str],
    limits: Limits,
    added: Mapping[str, Any],
    content: bytes | None = None,
    by_ending: bool = False,
) -> Iterator[Reply]:
    """Read a file in a child.

    Args:
        path: The file.
        fields: As for ``rag.ingest.load.load``.
        limits: What it may take.
        added: Readers that this program registered, which the child is to know.
        content: The file's bytes, where it is not on disk.
        by_ending: As for ``rag.ingest.load.read``.

    Yields:
        ("item", {...}) for each article and each reason, and
        ("ended", {"place", "reason", "rest"}) where the child died; ``rest`` is whether other files come after.

    Raises:
        CannotStart: No child could be started, or it doesn't know the added readers. Nothing was yielded then.
    """
    request = {
        "path": str(path),
        "cwd": _here(),
        "fields": dict(fields),
        "limits": list(limits),
        "size": None if content is None else len(content),
        "by_ending": by_ending,
    }
    begun = 0
    for deaths in range(1, _MOST_DEATHS + 1):
        place, at, items = str(path), begun, 0
        try:
            for kind, value in _replies(request | {"pass": begun}, content, limits, added):
                if kind == "begins":
                    at, place, items = value["number"], value["place"], 0
                else:
                    items += kind == "item"
                    yield kind, value
            return
        except Died as death:
            inner = place != str(path) and at >= begun
            rest = inner and deaths < _MOST_DEATHS
            reason = f"{death}; the rest of it is left out after {items}" if items else str(death)
            yield "ended", {"place": place, "reason": reason, "rest": rest}
            if inner and not rest:
                why = f"reading ended {_MOST_DEATHS} times in this archive; the rest of it is left out"
                yield "ended", {"place": str(path), "reason": why, "rest": False}
            if not rest:
                return
            begun = at + 1


def _replies(
    request: Mapping[str, Any], content: bytes | None, limits: Limits, added: Mapping[str, Any]
) -> Iterator[Reply]:
    """What a child answers to one request; whatever doesn't end well ends the child."""
    child = _asked(request, content, limits, added)
    whole = False
    try:
        while True:
            kind, value = child.reply(limits.seconds)
            if kind == "done":
                whole = True
                return
            if kind == "memory":
                raise Died(f"reading needed more than {limits.megabytes:,} MB of memory")
            if kind != "beat":
                yield kind, value
    finally:
        if whole:
            _give_back(child)
        else:
            child.end()


def _asked(request: Mapping[str, Any], content: bytes | None, limits: Limits, added: Mapping[str, Any]) -> _Child:
    """A child that has taken the request; one that waited may have gone meanwhile."""
    while (child := _waiting(limits, added)) is not None:
        try:
            child.ask(request, content)
            return child
        except (OSError, Died):
            child.end()
    child = _Child(limits, added)
    try:
        child.ask(request, content)
    except (OSError, Died) as e:
        child.end()
        raise CannotStart(str(e)) from e
    return child


class _Child:
    """A process that reads files, one at a time."""

    def __init__(self, limits: Limits, added: Mapping[str, Any]) -> None:
        """Start it.

        Raises:
            CannotStart: It can't be started, or doesn't know the readers.
        """
        self.kind = (limits.seconds, limits.megabytes, dict(added))
        try:
            first = pickle.dumps((sys.path, (limits.seconds, limits.megabytes, pickle.dumps(dict(added)))))
        except Exception as e:  # a reader that is defined within a function, or holds a lock
            raise CannotStart(str(e)) from e
        self._left = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this program's own interpreter
                [sys.executable, "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ENVIRONMENT},
                bufsize=0,
            )
        except OSError as e:
            raise CannotStart(str(e)) from e
        try:
            self._send(first)
            kind, why = self.reply(_STARTING)
        except (OSError, Died) as e:
            self.end()
            raise CannotStart(str(e)) from e
        if kind != "ready":
            self.end()
            raise CannotStart(str(why))

    def ask(self, request: Mapping[str, Any], content: bytes | None) -> None:
        """Give it a file to read.

        Raises:
            OSError, Died: It is gone.
        """
        self._send(json.dumps(request).encode("ascii") + b"\n")
        kind, _ = self.reply(_STARTING)
        if kind != "taken":
            raise Died("the reader answered something else")
        if content is not None:
            self._send(content)

    def _send(self, raw: bytes) -> None:
        assert self._process.stdin is not None
        view = memoryview(raw)
        while view:
            view = view[self._process.stdin.write(view) :]

    def reply(self, seconds: float) -> Reply:
        """Its next line.

        Raises:
            Died: It is gone, or said nothing for so long.
        """
        assert self._process.stdout is not None
        source = self._process.stdout.fileno()
        parts = [self._left]
        ready = select.poll()
        ready.register(source, select.POLLIN | select.POLLHUP)
        until = time.monotonic() + seconds
        while b"\n" not in parts[-1]:
            if not ready.poll(max(0.0, until - time.monotonic()) * 1000):
                raise Died(f"reading took more than {seconds:g} s")
            piece = os.read(source, _PIECE)
            if not piece:
                raise Died(self._cause())
            parts.append(piece)
            until = time.monotonic() + seconds
        line, _, self._left = b"".join(parts).partition(b"\n")
        kind, value = json.loads(line)
        return kind, value

    def _cause(self) -> str:
        """What a process that has closed its pipe died of."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "the reader stopped answering"
        if code < 0:
            name = signal.strsignal(-code) or f"signal {-code}"
            if -code == getattr(signal, "SIGALRM", 0):
                return f"reading took more than {self.kind[0]:g} s"
            return f"the reader died: {name.lower()}"
        return f"the reader died with exit code {code}"

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it, whatever it does."""
        with suppress(OSError):
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)


_lock = threading.Lock()
_idle: list[_Child] = []


def _waiting(limits: Limits, added: Mapping[str, Any]) -> _Child | None:
    """A child of this kind that has nothing to do."""
    with _lock:
        for child in list(_idle):
            if not child.alive:
                _idle.remove(child)
                child.end()
            elif child.kind == (limits.seconds, limits.megabytes, dict(added)):
                _idle.remove(child)
                return child
    return None


def _give_back(child: _Child) -> None:
    with _lock:
        _idle.append(child)


def close() -> None:
    """End the children that wait; those that read are ended with what they read."""
    with _lock:
        while _idle:
            _idle.pop().end()


def _after_fork() -> None:
    """The children are the parent's: a forked process starts its own."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _here() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


__all__ = ["CannotStart", "Died", "close", "possible", "read"]
