"""Starts a process, times it and watches its memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".bench"
"""Everything the benchmark writes; git ignores it."""

STARTED = "ONRECORD_BENCH_STARTED"
"""Environment: when the process was started, in seconds since 1970."""

RESULT = "RESULT "
"""A child's last line begins so; JSON follows."""

_ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_LOOK = 0.05  # seconds between looks at the memory


class ChildFailed(Exception):
    """A measured process ended with an error."""


@dataclass(frozen=True)
class Ended:
    """A process that has ended; times in seconds from its start."""

    code: int
    seconds: float
    first_output: float | None
    """When the first visible character came on stdout."""
    stdout: str
    peak_mb: float
    """Largest resident memory seen, with its children, in MB (10⁶ bytes)."""

    @property
    def result(self) -> Any:
        """What a child of ours reported."""
        lines = [line for line in self.stdout.splitlines() if line.startswith(RESULT)]
        if not lines:
            raise ChildFailed(f"no result in: {self.stdout[-500:]}")
        return json.loads(lines[-1][len(RESULT) :])


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def environment(cache: Path) -> dict[str, str]:
    """The environment of all children: our defaults, whatever the user has set; no network."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith("ONRECORD_")}
    return {
        **kept,
        "ONRECORD_CACHE": str(cache),
        "ONRECORD_CONFIG": str(WORK / "no-settings.toml"),
        "HF_HUB_OFFLINE": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "PYTHONWARNINGS": "ignore",
    }


def run(
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    terminal: bool = False,
    codes: Sequence[int] = (0,),
    watch: bool = False,
    show: bool = False,
    cwd: Path = ROOT,
) -> Ended:
    """Run a program to its end.

    Args:
        command: Program and arguments.
        env: Its whole environment.
        terminal: Give it a terminal as stdout, as a user would, so that a line is seen when it is printed.
        codes: Exit codes that are no failure.
        watch: Look at its memory while it runs.
        show: Let its stderr through.
        cwd: Where it runs.

    Raises:
        ChildFailed: Another exit code; with the end of its stderr.
    """
    read_end, write_end = _pair(terminal)
    said = tempfile.TemporaryFile()  # noqa: SIM115  closed below, read in between
    peak = [0.0]
    over = threading.Event()
    try:
        started = time.time()
        process = subprocess.Popen(
            list(command),
            stdout=write_end,
            stderr=None if show else said,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            env={**env, STARTED: repr(started)},
        )
        os.close(write_end)
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, over), daemon=True) if watch else None
        if watcher:
            watcher.start()
        try:
            output, first = _read(read_end, started)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            over.set()
        seconds = time.time() - started
        if watcher:
            watcher.join()
        if code not in codes:
            said.seek(0)
            tail = said.read().decode("utf-8", "replace").strip()[-2000:] or "nothing on stderr"
            raise ChildFailed(f"{tail.splitlines()[-1]} (exit code {code})\n{' '.join(command)[:200]}\n{tail}")
    finally:
        os.close(read_end)
        said.close()
    return Ended(code, seconds, first, output.decode("utf-8", "replace"), peak[0])


def child(name: str, env: Mapping[str, str], *, argument: Mapping[str, Any], **options: Any) -> Ended:
    """Run one of the programs in ``child.py``."""
    command = [sys.executable, "-m", "benchmarks.child", name, json.dumps(dict(argument))]
    return run(command, env, **options)


def _pair(terminal: bool) -> tuple[int, int]:
    if terminal:
        with suppress(ImportError, OSError):  # no terminals on Windows: a pipe then
            import pty

            return pty.openpty()
    return os.pipe()


def _read(end: int, started: float) -> tuple[bytes, float | None]:
    output, first = b"", None
    while True:
        try:
            piece = os.read(end, 65536)
        except OSError:  # how a terminal says that nobody writes any more
            piece = b""
        if not piece:
            return output, first
        output += piece
        if first is None and _ESCAPE.sub(b"", output).strip():
            first = time.time() - started


def _watch(pid: int, peak: list[float], over: threading.Event) -> None:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        while not over.wait(_LOOK):
            resident = process.memory_info().rss
            for other in process.children(recursive=True):
                with suppress(psutil.Error):
                    resident += other.memory_info().rss
            peak[0] = max(peak[0], resident / 1e6)
