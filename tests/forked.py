"""Processes of their own that begin at once: forked from one that has the program loaded already.

A process that starts Python and imports the program needs two seconds of a processor before it does anything. For tests
of what happens when a process is killed, or when two of them meet, it makes no difference how they came to be.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "chromadb",
        "tantivy",
        "langchain_core.language_models",
        "rag.archive",
        "rag.answer.answerer",
        "rag.cli",
        "rag.evaluation.report",
        "rag.evaluation.run",
        "rag.testing",
    ]
)


class Forked:
    """A function in a process of its own, with the methods of ``subprocess.Popen`` that tests use.

    Its standard output is ``stdout``, to be read line by line; the rest of it and the standard error come from
    ``communicate``.
    """

    def __init__(self, main: Callable[..., Any], *args: str | Path, env: Mapping[str, str] | None = None) -> None:
        """Start ``main`` with its arguments as strings, with this process's environment and working folder.

        ``env`` is added to the environment. What Python itself reads when it starts (PYTHON...) has no effect.
        """
        self._errors = Path(tempfile.mkdtemp()) / "stderr"
        reader, writer = _CONTEXT.Pipe(duplex=False)
        given = (main, list(map(str, args)), writer, str(self._errors), {**os.environ, **(env or {})}, str(Path.cwd()))
        self._process = _CONTEXT.Process(target=_run, args=given, daemon=True)
        self._process.start()
        writer.close()
        self.stdout = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
        reader.close()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, once it has ended; minus the signal's number when one has ended it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """As ``returncode``."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended.

        Raises:
            subprocess.TimeoutExpired: It has not, within the seconds given.
        """
        self._process.join(timeout)
        if (code := self.returncode) is None:
            raise subprocess.TimeoutExpired(str(self._process), timeout or 0.0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait until it has ended, and give what it wrote: standard output from here on, and standard error."""
        said: list[str] = []
        reading = threading.Thread(target=lambda: said.append(self.stdout.read()), daemon=True)
        reading.start()
        self.wait(timeout)
        reading.join(timeout)
        self.stdout.close()
        return "".join(said), self._errors.read_text("utf-8") if self._errors.exists() else ""

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ended in between, and its server has seen to it
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


def _run(
    main: Callable[..., Any], args: list[str], out: Any, errors: str, environment: dict[str, str], folder: str
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    os.dup2(out.fileno(), 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)
    out.close()
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    time.tzset()
    main(*args)


__all__ = ["Forked"]
