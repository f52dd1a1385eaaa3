"""One fair queue for the questions of all users to one archive.

Questions go to one of three worker pools, by the model that answers them. A
pool answers a fixed number at once: one with the local model, several with a
remote model or the extractive engine, so that short work never waits behind
long work. Within a pool users take turns, and each user's questions are
answered in the order they came.

A worker thread answers a question while the caller only waits on a queue. So
the caller gets a heartbeat at least twice a second, however silent the archive
is, and a caller that leaves is noticed just as quickly.
"""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar

from rag.errors import ArchiveLocked, OnRecordError, ServiceBusy
from rag.ingest.uploads import file_name
from rag.intake import FileResult
from rag.service.roles import Desk
from rag.service.spool import Spool, client_report
from rag.text.counting import count
from rag.types import Delta, Event, Finished, Hit, IngestReport, Progress, Quote, Quoted, Retrieved, Waiting

if TYPE_CHECKING:
    from rag.archive import Archive
    from rag.finding import Findings
    from rag.timelines import Timeline

HEARTBEAT = 0.4
"""Seconds of silence after which a heartbeat event is sent."""
STOPPING = 1.5
"""Seconds that cancelled work gets to return what it has so far."""

PoolName = Literal["extractive", "local", "remote"]
T = TypeVar("T")


class RequestScheduler:
    """Queues the questions of many users to one archive. Safe to use from several threads."""

    def __init__(
        self, archive: Archive, *, workers: int | None = None, queue_size: int = 64, queue_timeout: float = 120.0
    ) -> None:
        """Take the archive; nothing is loaded and no thread is started before the first question.

        Args:
            archive: The archive to ask; the caller closes it, after the scheduler.
            workers: How many questions a model answers at once; by default 1 for a local one, 8 for a remote one.
            queue_size: How many questions may wait in a pool. The last quarter is for users with none waiting yet.
            queue_timeout: Seconds that a question may wait for its turn, and an ingest for another one to end.
        """
        self.archive = archive
        self.queue_timeout = queue_timeout
        several = max(2, os.cpu_count() or 2)
        self._pools: dict[PoolName, _WorkerPool] = {
            "extractive": _WorkerPool("extractive", several, queue_size),
            "local": _WorkerPool("local", workers or 1, queue_size),
            "remote": _WorkerPool("remote", workers or 8, queue_size),
        }
        self.desk = Desk(self)
        """What users may do, and what is noted of it; ``create_app`` sets one that knows their roles."""
        self.on_busy: Callable[[], None] = lambda: None
        """Called when a question is turned away, or has waited too long."""
        self._writer = threading.Lock()
        self._closing = False
        self.spool = Spool(archive.settings.cache / "uploads")
        """Where uploads lie until they are read."""

    # -- asking --------------------------------------------------------------------

    def stream(
        self, question: str, *, user: str, cancel: threading.Event | None = None, **options: Any
    ) -> Iterator[Waiting | Event]:
        """Answer a question in its turn: ``Waiting`` while others are answered, then the events of ``Archive.stream``.

        An event comes at least every half second: the position again while the
        question waits, ``Progress`` again while the archive is silent.

        Args:
            question: In any words.
            user: Who asks; users take turns.
            cancel: Set it to stop; closing the iterator early sets it. A question that is still waiting then ends
                without an event; one that is being answered ends with ``Finished`` if that comes soon.
            options: As for ``Archive.stream``.

        Raises:
            ServiceBusy: At the first event: the queue is full, or the scheduler is closing. Later: the question has
                waited too long, or the scheduler was closed.
            OnRecordError: What ``Archive.stream`` raises.
        """
        self.desk.note(user, "asked", question=question)
        cancel = cancel or threading.Event()
        pool = self._pools[_pool_name(str(options.get("chat_model") or self.archive.model))]
        options = self.seen_by(user, options)
        job = _Job(user, lambda: self.archive.stream(question, cancel=cancel, **options), cancel)
        heartbeat: Event = Progress(stage="loading")
        for event in self._events(pool, job):
            if event is None:
                event = heartbeat
            elif isinstance(event, Progress):
                heartbeat = event
            elif isinstance(event, Retrieved | Quoted):
                heartbeat = Progress(stage="reading")
            elif isinstance(event, Delta):
                heartbeat = Progress(stage="writing")
            elif isinstance(event, Finished):
                job.finished = True
            yield event

    def search(self, question: str, *, user: str, **options: Any) -> list[Hit]:
        """The passages nearest to a question, in its turn; see ``Archive.search``.

        Raises:
            ServiceBusy: The queue is full, or the scheduler is closing.
            OnRecordError: What ``Archive.search`` raises.
        """
        self.desk.note(user, "searched", question=question)
        return self._run_search(user, lambda: self.archive.search(question, **self.seen_by(user, options)))

    def quotes(self, *, user: str, **options: Any) -> list[Quote]:
        """Who said what, in its turn; see ``Archive.quotes``.

        Raises:
            ServiceBusy: The queue is full, or the scheduler is closing.
            OnRecordError: What ``Archive.quotes`` raises.
        """
        asked = " ".join(str(options[name]) for name in ("speaker", "about") if options.get(name))
        self.desk.note(user, "looked for quotes", question=asked)
        return self._run_search(user, lambda: self.archive.quotes(**self.seen_by(user, options)))

    def timeline(self, about: str, *, user: str, **options: Any) -> Timeline:
        """The dated events about something, in its turn; see ``Archive.timeline``.

        Raises:
            ServiceBusy: The queue is full, or the scheduler is closing.
            OnRecordError: What ``Archive.timeline`` raises.
        """
        self.desk.note(user, "made a timeline", question=about)
        (found,) = self._run_search(user, lambda: [self.archive.timeline(about, **self.seen_by(user, options))])
        return found

    def find(self, query: str, *, user: str, **options: Any) -> Findings:
        """Full-text search, in its turn; see ``Archive.find``.

        Raises:
            ServiceBusy: The queue is full, or the scheduler is closing.
            OnRecordError: What ``Archive.find`` raises.
        """
        self.desk.note(user, "searched", question=query)
        (found,) = self._run_search(user, lambda: [self.archive.find(query, **self.seen_by(user, options))])
        return found

    def seen_by(self, user: str, options: dict[str, Any]) -> dict[str, Any]:
        """Options with the collection that its name means for a user, who must not see another's.

        Raises:
            CollectionMissing: The user sees none of that name.
        """
        if options.get("collection") is None:
            return options
        return {**options, "collection": self.archive.collections.named(options["collection"], user)}

    def _run_search(self, user: str, search: Callable[[], list[T]]) -> list[T]:
        """Run a search that needs no model in the extractive pool."""
        job = _Job(user, lambda: iter([search()]), threading.Event())
        for found in self._events(self._pools["extractive"], job):
            if isinstance(found, list):
                job.finished = True
                return found
        raise ServiceBusy(f"The search was stopped. {_LATER}")

    def _events(self, pool: _WorkerPool, job: _Job) -> Iterator[Any]:
        """A job's output: ``Waiting`` before its turn, then its events, and None for each silent interval."""
        try:
            pool.submit(job)
        except ServiceBusy:
            self.on_busy()
            raise
        deadline = time.monotonic() + self.queue_timeout
        cancelled: float | None = None
        try:
            while True:
                try:
                    event = job.output.get(timeout=HEARTBEAT)
                except queue.Empty:
                    event = Waiting(position=job.position) if job.waiting else None
                if event is _END:
                    return
                if isinstance(event, BaseException):
                    raise event
                now = time.monotonic()
                if job.cancel.is_set():
                    cancelled = cancelled or now
                    if pool.withdraw(job) or now > cancelled + STOPPING:
                        return
                elif job.waiting and now > deadline and pool.withdraw(job):
                    self.on_busy()
                    raise ServiceBusy(f"The question has waited {self.queue_timeout:.0f} s for its turn. {_LATER}")
                yield event
        finally:
            job.abandoned = True
            if not job.finished:
                job.cancel.set()
            pool.withdraw(job)

    # -- writing -------------------------------------------------------------------

    def ingest(self, *sources: str | Path, **options: Any) -> IngestReport:
        """Ingest articles; see ``Archive.ingest``. Waits for another ingest or deletion of this service.

        Raises:
            ArchiveLocked: Another process is writing, or this one has been for longer than ``queue_timeout``.
        """
        with self.writing():
            return self.archive.ingest(*sources, **options)

    def upload(self, files: Sequence[tuple[str, BinaryIO]], **options: Any) -> IngestReport:
        """Ingest uploaded files, given as names and content; see ``ingest``.

        The same file uploaded again is the same article; another file of the
        same name is another article. The files themselves are not kept.
        """
        folder = self.spool.folder()
        paths: list[Path] = []
        part = folder / f"{uuid.uuid4().hex}.part"
        counts: dict[Path, Counter[str]] = {}

        def count(origin: str, what: str) -> None:
            for path in counts:
                if origin.startswith(str(path)) and origin[len(str(path)) :][:1] in ("", ":", os.sep):
                    counts[path][what] += 1
                    return

        with self.writing():
            try:
                for name, content in files:
                    digest = hashlib.sha256()
                    with part.open("wb") as out:
                        while chunk := content.read(1_000_000):
                            digest.update(chunk)
                            out.write(chunk)
                    path = folder / digest.hexdigest()[:16] / file_name(name)
                    path.parent.mkdir(exist_ok=True)
                    part.replace(path)
                    paths.append(path)
                    counts[path] = Counter()
                report = self.archive.ingest(*counts, outcome=count, spool=folder, **options)
            finally:
                self.spool.forget([part, *paths])
        told = tuple(FileResult(file=path.name, **counts[path]) for path in paths)
        return client_report(report, folder).model_copy(update={"files": told})

    def sweep(self) -> None:
        """Remove what killed services have left of uploads, here and where the release before put them."""
        self.spool.sweep()
        shutil.rmtree(self.archive.path / "uploads", ignore_errors=True)

    def delete(self, idents: Sequence[str]) -> list[str]:
        """Delete articles; see ``Archive.delete``. Waits as ``ingest`` does."""
        with self.writing():
            return self.archive.delete(*idents)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writes at a time; others wait for their turn."""
        if self._closing:
            raise ServiceBusy(f"The service is shutting down. {_LATER}")
        if not self._writer.acquire(timeout=self.queue_timeout):
            raise ArchiveLocked("This service has been taking articles in for a while. Try again when that is done.")
        try:
            yield
        finally:
            self._writer.release()

    # -- state ---------------------------------------------------------------------

    @property
    def running(self) -> int:
        """How many questions are being answered now."""
        return sum(pool.running for pool in self._pools.values())

    @property
    def waiting(self) -> int:
        """How many questions wait for their turn."""
        return sum(pool.waiting for pool in self._pools.values())

    def load(self) -> list[tuple[str, int, int]]:
        """Of each pool its name, how many questions are being answered in it now, and how many wait."""
        return [(pool.name, pool.running, pool.waiting) for pool in self._pools.values()]

    @property
    def closing(self) -> bool:
        """Whether new work is refused because the scheduler is closing."""
        return self._closing

    def readiness_problem(self) -> str | None:
        """Why questions can't be answered, or None if they can; loads what the first question needs."""
        if self._closing:
            return "The service is shutting down."
        try:
            self.archive.prepare()
            if self.archive.exists:
                self.archive.search("ready", k=1)
        except OnRecordError as e:
            return str(e)
        except sqlite3.Error as e:
            return f"The archive's catalog can't be read ({e}). Run: onrecord doctor"
        return None

    def close(self, shutdown_grace: float = 10.0) -> None:
        """Refuse new work, end what waits with an error, and let running work finish.

        Args:
            shutdown_grace: Seconds to finish in. Answers that are not done then are cancelled and say so; an ingest
                is left alone, and if the process ends under it, the next ingest completes it.
        """
        self._closing = True
        for pool in self._pools.values():
            pool.close()
        until = time.monotonic() + shutdown_grace
        while self.running and time.monotonic() < until:
            time.sleep(0.02)
        if self._writer.acquire(timeout=max(0.0, until - time.monotonic())):
            self._writer.release()
            self.spool.close()  # not under an ingest that is left to itself: the next service sweeps what it leaves
        for pool in self._pools.values():
            pool.stop()
        until = time.monotonic() + STOPPING
        while self.running and time.monotonic() < until:
            time.sleep(0.02)


class _Job:
    """Work for a user, and the queue that its output goes to."""

    def __init__(self, user: str, work: Callable[[], Iterator[Any]], cancel: threading.Event) -> None:
        self.user = user
        self.work = work
        self.cancel = cancel
        self.context = copy_context()  # a trace goes on in the thread that answers
        self.output: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.position = 0
        self.waiting = True
        self.finished = False
        self.abandoned = False


_END = object()
_LATER = "Try again in a little while."


class _WorkerPool:
    """Threads for jobs of one kind: at most ``size`` at once, users in turn, each user's jobs in order."""

    def __init__(self, name: str, size: int, queue_size: int) -> None:
        self.name = name
        self._size = size
        self._queue_size = queue_size
        self._lock = threading.Lock()
        self._waiting: list[_Job] = []  # in order of arrival
        self._running: set[_Job] = set()
        self._ready: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = 0
        self._turns = 0
        self._last: dict[str, int] = {}  # each user's latest turn, since the pool was last idle
        self._closed = False

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, job: _Job) -> None:
        with self._lock:
            if self._closed:
                raise ServiceBusy(f"The service is shutting down. {_LATER}")
            if len(self._running) >= self._size:
                shared = self._queue_size - self._queue_size // 4
                of_user = sum(j.user == job.user for j in self._waiting)
                if len(self._waiting) >= (shared if of_user else self._queue_size):
                    waiting = count(len(self._waiting), "question is", "questions are")
                    raise ServiceBusy(f"{waiting} waiting already. {_LATER}")
            self._waiting.append(job)
            self._dispatch()

    def withdraw(self, job: _Job) -> bool:
        """Take a waiting job out of the queue. False if it was not waiting."""
        with self._lock:
            if not job.waiting:
                return False
            job.waiting = False
            self._waiting.remove(job)
            self._dispatch()
            return True

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for job in self._waiting:
                job.waiting = False
                job.output.put(ServiceBusy(f"The service is shutting down. {_LATER}"))
            self._waiting.clear()
            for _ in range(self._threads):
                self._ready.put(None)

    def stop(self) -> None:
        with self._lock:
            for job in self._running:
                job.cancel.set()

    # -- called with the lock held ---------------------------------------------------

    def _dispatch(self) -> None:
        """Start as many waiting jobs as there are free workers, and tell the others their position."""
        order = self._order()
        free = self._size - len(self._running)
        for job in order[:free]:
            self._waiting.remove(job)
            job.waiting = False
            self._running.add(job)
            self._turns += 1
            self._last[job.user] = self._turns
            self._ready.put(job)
            if self._threads < len(self._running):
                self._threads += 1
                # Daemon threads: one that is stuck in a model must not keep the process alive.
                threading.Thread(target=self._work, name=f"scheduler-{self.name}-{self._threads}", daemon=True).start()
        for position, job in enumerate(order[free:], 1):
            if job.position != position:
                job.position = position
                job.output.put(Waiting(position=position))
        if not self._waiting and not self._running:
            self._last.clear()

    def _order(self) -> list[_Job]:
        """The waiting jobs in the order they will start if no more come: the user served longest ago is next."""
        left, last, order = list(self._waiting), dict(self._last), []
        for turn in range(self._turns + 1, self._turns + 1 + len(left)):
            job = min(left, key=lambda j: last.get(j.user, 0))
            left.remove(job)
            last[job.user] = turn
            order.append(job)
        return order

    # -- worker threads --------------------------------------------------------------

    def _work(self) -> None:
        while (job := self._ready.get()) is not None:
            try:
                job.context.run(self._run, job)
            except BaseException as e:  # raised again in the caller's thread
                job.output.put(e)
            finally:
                job.output.put(_END)
                with self._lock:
                    self._running.discard(job)
                    self._dispatch()

    @staticmethod
    def _run(job: _Job) -> None:
        if job.abandoned:
            return
        events = job.work()
        try:
            for event in events:
                job.output.put(event)
                if job.abandoned:
                    return
        finally:
            if close := getattr(events, "close", None):
                close()


def _pool_name(model: str) -> PoolName:
    from rag.answer.models.chat import WITHOUT_MODEL, is_remote

    return "extractive" if model in WITHOUT_MODEL else "remote" if is_remote(model) else "local"


__all__ = ["HEARTBEAT", "RequestScheduler"]
