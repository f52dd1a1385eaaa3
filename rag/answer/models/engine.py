"""The engine under the embedded language model: llama.cpp, its worker threads and its saved prompt states.

The only module that talks to xllamacpp. ``rag/answer/models/local.py`` draws how a call goes through.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import hashlib
import http.client
import importlib.util
import json
import math
import os
import platform
import queue
import secrets
import shutil
import socket
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from rag.errors import ModelFailed, ModelMissing, UsageError
from rag.machine import limit_openmp_spin

KEPT_STATES = 8
"""Prompt states kept on disk, the most recently used ones (about 28 KB a token)."""


class Warmth(NamedTuple):
    """What `ChatLocal.warm` did."""

    tokens: int
    """Prompt tokens that need not be read again."""
    restored: bool
    """Taken from disk instead of read."""
    seconds: float


# ------------------------------------------------------------------ the engine


class EngineClosed(Exception):
    """The engine was closed; get another."""


class Handle:
    """One user of an engine; lives as long as its ChatLocal."""


class End:
    """The last event of every job."""


END = End()
EngineEvent = dict[str, Any] | BaseException | Warmth | End | None
Work = Callable[["Engine", "Job"], None]


class Job:
    """One request: its work, its events, and whether anybody still wants it."""

    def __init__(self, work: Work, wake: Callable[[], None] | None) -> None:
        self.work = work
        self.events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
        self.cancelled = threading.Event()
        self._wake = wake

    def put(self, event: EngineEvent) -> None:
        self.events.put(event)
        if self._wake is not None:
            self._wake()


class Key(NamedTuple):
    """What makes two engines different."""

    path: Path
    n_ctx: int
    n_threads: int
    n_parallel: int
    n_batch: int
    prompt_cache_mib: int
    states: Path | None


class Engine:
    """A loaded model and the threads that feed it."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.users: weakref.WeakSet[Handle] = weakref.WeakSet()
        self._secret = secrets.token_urlsafe(32)
        self._folder: Path | None = Path(tempfile.mkdtemp(prefix="onrecord-"))  # mode 0700
        try:
            self._server = self._start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._address = str(self._server.listening_address)
        self._warmed: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._open: set[Job] = set()
        self._threads = [
            threading.Thread(target=self._run, name=f"llama-{i}", daemon=True) for i in range(key.n_parallel)
        ]
        for thread in self._threads:
            thread.start()

    def _start(self) -> Any:
        x = _xllamacpp()
        if not self.key.path.is_file():
            raise ModelMissing(f"There is no model file {self.key.path}: check the path.")
        params = x.CommonParams()
        params.model.path = str(self.key.path)
        params.model_alias = {self.key.path.name}
        params.n_parallel = self.key.n_parallel
        params.n_ctx = self.key.n_ctx * self.key.n_parallel
        params.n_batch = params.n_ubatch = self.key.n_batch
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.key.n_threads
        params.cache_ram_mib = self.key.prompt_cache_mib
        params.warmup = False
        params.verbosity = -1  # not a line on stdout or stderr
        params.ui = params.endpoint_slots = False
        params.endpoint_props = params.endpoint_metrics = False
        params.cors_origins = "localhost"
        params.api_keys = [self._secret]
        params.port = 0
        params.n_threads_http = 2
        sock = f"{self._folder}/llama.sock"
        if os.name == "posix" and len(os.fsencode(sock)) < 100:  # the system's limit is 104–108
            params.hostnames = [sock]
        if self.key.states is not None and _made(self.key.states):
            params.slot_save_path = f"{self.key.states}{os.sep}"
        try:
            return x.Server(params)
        except (RuntimeError, ValueError) as e:
            raise ModelFailed(
                f"llama.cpp can't load {self.key.path} ({e}): the file may be damaged or of a newer "
                "kind, or memory short; check it, or lower n_ctx."
            ) from e

    # ---- jobs

    def submit(self, work: Work, wake: Callable[[], None] | None = None) -> Job:
        """Queue work; its events end with `END`."""
        job = Job(work, wake)
        with self._lock:
            if self._closed:
                raise EngineClosed
            self._open.add(job)
            self._jobs.put(job)
        return job

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if not job.cancelled.is_set():
                    job.work(self, job)
            except BaseException as e:
                job.put(e)
            finally:
                with self._lock:
                    self._open.discard(job)
                job.put(END)
            del job

    def chat(self, request: dict[str, Any], job: Job) -> None:
        """Run one chat completion, its chunks to the job's events."""

        def callback(chunk: dict[str, Any]) -> bool:
            job.put(chunk)
            return job.cancelled.is_set()

        try:
            self._server.handle_chat_completions(request, callback)
        except RuntimeError as e:  # a C++ exception: a request the template or parser refuses
            raise ModelFailed(f"The local model refused the request ({e}): check its messages.") from e

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask llama.cpp's server what has no function call."""
        if self._closed:
            raise EngineClosed
        connection = _connect(self._address)
        try:
            connection.request(
                "POST",
                path,
                json.dumps(body),
                {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"},
            )
            reply = connection.getresponse()
            data = json.loads(reply.read())
        except (OSError, ValueError, http.client.HTTPException) as e:
            raise ModelFailed(f"The local model does not answer ({e}): try again.") from e
        finally:
            connection.close()
        if reply.status != 200 or not isinstance(data, dict):
            raise failure(data.get("error") if isinstance(data, dict) else data)
        return data

    # ---- prompt states

    def warm(self, prompt: list[dict[str, str]], job: Job) -> None:
        """Get a prompt's beginning into slot 0, from disk or by reading it."""
        name = self._state_name(prompt)
        if name in self._warmed:
            job.put(Warmth(0, False, 0.0))
            return
        tokens = self._restore(name)
        if tokens:
            self._warmed.add(name)
            job.put(Warmth(tokens, True, 0.0))
            return
        failed: list[Any] = []
        usage: dict[str, Any] = {}

        def callback(chunk: dict[str, Any]) -> bool:
            if "error" in chunk or "choices" not in chunk:
                failed.append(chunk.get("error") or chunk)
            usage.update(chunk.get("usage") or {})
            return job.cancelled.is_set()

        self._server.handle_chat_completions(
            {
                "messages": prompt,
                "max_tokens": 1,
                "temperature": 0.0,
                "add_generation_prompt": False,
                "continue_final_message": False,
                "cache_prompt": True,
                "id_slot": 0,
                "stream": True,
                "stream_options": {"include_usage": True},
                "return_progress": True,
            },
            callback,
        )
        if failed:
            raise failure(failed[0])
        if usage:
            self._warmed.add(name)
            self._save(name)
        job.put(Warmth(int(usage.get("prompt_tokens", 0)), False, 0.0))

    def _state_name(self, prompt: list[dict[str, str]]) -> str:
        """Changes with everything that the state depends on."""
        stat = self.key.path.stat()
        about = [
            str(self.key.path),
            stat.st_size,
            stat.st_mtime_ns,
            metadata.version("xllamacpp"),
            platform.machine(),
            prompt,
        ]
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]

    def _restore(self, name: str) -> int:
        """Tokens restored, 0 if there is no such state, or not a sound one."""
        if self.key.states is None:
            return 0
        file = self.key.states / f"{name}.state"
        try:
            noted = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
            if hashlib.sha256(file.read_bytes()).hexdigest() != noted["sha256"]:
                return 0
            done = self.post("/slots/0?action=restore", {"filename": file.name})
            os.utime(file)
            return int(done["n_restored"])
        except (OSError, ValueError, KeyError, ModelFailed):
            return 0

    def _save(self, name: str) -> None:
        """Keep slot 0's state. Failing to costs time in the next process, not function."""
        if self.key.states is None:
            return
        file = self.key.states / f"{name}.state"
        temporary = file.with_name(f"{name}.{os.getpid()}.part")
        try:
            self.post("/slots/0?action=save", {"filename": temporary.name})
            noted = {"sha256": hashlib.sha256(temporary.read_bytes()).hexdigest()}
            os.replace(temporary, file)
            note = temporary.with_suffix(".note")
            note.write_text(json.dumps(noted), encoding="utf-8")
            os.replace(note, file.with_suffix(".json"))
            kept = sorted(self.key.states.glob("*.state"), key=lambda f: -f.stat().st_mtime)
            for old in kept[KEPT_STATES:]:
                old.with_suffix(".json").unlink(missing_ok=True)
                old.unlink(missing_ok=True)
        except (OSError, ModelFailed):
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    # ---- the end

    def close(self, timeout: float = 30.0) -> None:
        """Stop what runs, wait for the workers, unload the model.

        Args:
            timeout: Seconds to wait for the batch being computed. A server whose worker
                still runs then is left alone: tearing it down would abort the process.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for job in self._open:
                job.cancelled.set()
            for _ in self._threads:
                self._jobs.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            self.forget()
        self._server = None  # the last reference: its destructor stops and joins its own thread
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def forget(self) -> None:
        """Never run the server's destructor, not even at exit."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._server))
        self._folder = None


# ------------------------------------------------------------------ engines of this process

LOCK = threading.RLock()
ENGINES: dict[Key, Engine] = {}


def close_all() -> None:
    """Unload every model of this process. Runs by itself at exit."""
    with LOCK:
        engines = list(ENGINES.values())
        ENGINES.clear()
    for engine in engines:
        engine.close()


def _after_fork() -> None:
    """A forked child has none of the threads: it must not touch the parent's engines."""
    global LOCK
    LOCK = threading.RLock()
    for engine in ENGINES.values():
        engine.forget()
    ENGINES.clear()


atexit.register(close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def failure(error: Any) -> ModelFailed | UsageError:
    """The exception for an error of llama.cpp."""
    if not isinstance(error, dict):
        error = {"message": str(error)}
    message = str(error.get("message", "no reason given"))
    if error.get("type") == "exceed_context_size_error":
        return ModelFailed(
            f"The prompt has {error.get('n_prompt_tokens', 'too many')} tokens and the model's "
            f"context holds {error.get('n_ctx', 'fewer')}: send fewer passages, or raise n_ctx."
        )
    if "grammar" in message:
        return UsageError(f"llama.cpp can't use this grammar ({message}): check its GBNF.")
    return ModelFailed(f"The local model failed ({message}): try again, or check the request.")


# ------------------------------------------------------------------ small things


def _xllamacpp() -> Any:
    """The package, imported with the spinning of OpenMP's threads limited."""
    try:
        with limit_openmp_spin():
            try:
                import xllamacpp
            except ImportError as e:
                if "libgomp" not in str(e) or not _load_torchs_openmp():
                    raise
                import xllamacpp
    except ImportError as e:
        if "libgomp" in str(e):
            raise ModelMissing(
                "The local model needs the system library libgomp: install it "
                "(Debian and Ubuntu: apt install libgomp1; Fedora: dnf install libgomp)."
            ) from e
        raise ModelMissing(
            f'The package that runs local models, xllamacpp, is not installed ({e}): pip install "onrecord[local]"'
        ) from e
    return xllamacpp


def _load_torchs_openmp() -> bool:
    """Load the OpenMP library that torch brings along, where the system has none."""
    spec = importlib.util.find_spec("torch")  # does not import it
    for folder in (spec.submodule_search_locations or []) if spec else []:
        with contextlib.suppress(OSError):
            ctypes.CDLL(str(Path(folder) / "lib" / "libgomp.so.1"), mode=ctypes.RTLD_GLOBAL)
            return True
    return False


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def cores() -> int:
    """Physical cores that this process may use."""
    try:
        allowed = os.sched_getaffinity(0)
    except AttributeError:  # not on macOS and Windows
        return max(1, (os.cpu_count() or 2) // (1 if platform.machine() == "arm64" else 2))
    cores = set()
    for cpu in allowed:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii"))
        except OSError:
            cores.add(str(cpu))
    count = len(cores)
    with contextlib.suppress(OSError, ValueError):  # a container's share of the processor
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        count = min(count, math.ceil(int(quota) / int(period)))
    return max(1, count)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


def _connect(address: str) -> http.client.HTTPConnection:
    scheme, _, where = address.partition("://")
    return _UnixConnection(where) if scheme == "unix" else http.client.HTTPConnection(where)
