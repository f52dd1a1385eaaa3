"""The desk: everybody's questions to one archive, taken in turn.

Questions go to one of three lanes, by who answers them. A lane answers so many
at once: one where the local model writes, several for a model elsewhere and
for the extractive engine, so that its short work never stands behind a long
one. In a lane the users take turns, each with the oldest of their questions.

A question is worked on by one of its lane's threads, and whoever asked only
waits on a queue: however silent the archive is, a sign of life comes out twice
a second, and walking away is noticed as soon.
"""

from __future__ import annotations

import hashlib
import os
import queue
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar

from rag.errors import ArchiveLocked, OnRecordError, ServiceBusy
from rag.types import Delta, Event, Finished, Hit, IngestReport, Progress, Quote, Retrieved, Waiting

if TYPE_CHECKING:
    from rag.archive import Archive

HEARTBEAT = 0.4
"""Seconds of silence after which a sign of life is given."""
STOPPING = 1.5
"""Seconds that work which was told to stop has to say how far it came."""

LaneName = Literal["extractive", "local", "remote"]
T = TypeVar("T")


class RequestScheduler:
    """One archive, and the questions of many users to it. Safe to use from several threads."""

    def __init__(
        self, archive: Archive, *, workers: int | None = None, waiting: int = 64, patience: float = 120.0
    ) -> None:
        """Take the archive; nothing is loaded and no thread is started before the first question.

        Args:
            archive: Stays the caller's to close, after the desk.
            workers: How many questions a model answers at once; by default 1 for a local one, 8 for one elsewhere.
            waiting: How many questions may wait in a lane. The last quarter is for users who have none waiting.
            patience: Seconds that a question waits for its turn, or an ingest for another one to end.
        """
        self.archive = archive
        self.patience = patience
        several = max(2, os.cpu_count() or 2)
        self._lanes: dict[LaneName, _WorkerPool] = {
            "extractive": _WorkerPool("extractive", several, waiting),
            "local": _WorkerPool("local", workers or 1, waiting),
            "remote": _WorkerPool("remote", workers or 8, waiting),
        }
        self._writer = threading.Lock()
        self._closing = False

    # -- asking --------------------------------------------------------------------

    def stream(
        self, question: str, *, user: str, cancel: threading.Event | None = None, **options: Any
    ) -> Iterator[Waiting | Event]:
        """Answer a question in its turn: ``Waiting`` while others are answered, then the events of ``Archive.stream``.

        Some event comes at least every half second: the position again while it
        waits, ``Progress`` again while the archive is silent.

        Args:
            question: In any words.
            user: Whose it is; users take turns.
            cancel: Set it to stop; closing the iterator early sets it. A question that is still waiting then just ends,
                without an event; one that is being answered ends with ``Finished`` if that comes soon.
            options: As for ``Archive.stream``.

        Raises:
            ServiceBusy: At the first event: too many are waiting, or the desk is closing. Later: it has waited too
                long, or the desk was closed.
            OnRecordError: What ``Archive.stream`` raises.
        """
        cancel = cancel or threading.Event()
        lane = self._lanes[_pool(str(options.get("chat_model") or self.archive.model))]
        job = _Job(user, lambda: self.archive.stream(question, cancel=cancel, **options), cancel)
        sign: Event = Progress(stage="loading")
        for event in self._follow(lane, job):
            if event is None:
                event = sign
            elif isinstance(event, Progress):
                sign = event
            elif isinstance(event, Retrieved):
                sign = Progress(stage="reading")
            elif isinstance(event, Delta):
                sign = Progress(stage="writing")
            elif isinstance(event, Finished):
                job.finished = True
            yield event

    def search(self, question: str, *, user: str, **options: Any) -> list[Hit]:
        """The passages nearest to a question, in its turn; see ``Archive.search``.

        Raises:
            ServiceBusy: Too many are waiting, or the desk is closing.
            OnRecordError: What ``Archive.search`` raises.
        """
        return self._found(user, lambda: self.archive.search(question, **options))

    def quotes(self, *, user: str, **options: Any) -> list[Quote]:
        """Who said what, in its turn; see ``Archive.quotes``.

        Raises:
            ServiceBusy: Too many are waiting, or the desk is closing.
            OnRecordError: What ``Archive.quotes`` raises.
        """
        return self._found(user, lambda: self.archive.quotes(**options))

    def _found(self, user: str, look: Callable[[], list[T]]) -> list[T]:
        """What is found where no model is asked, in its turn."""
        job = _Job(user, lambda: iter([look()]), threading.Event())
        for found in self._follow(self._lanes["extractive"], job):
            if isinstance(found, list):
                job.finished = True
                return found
        raise ServiceBusy(f"The search was stopped. {_LATER}")

    def _follow(self, lane: _WorkerPool, job: _Job) -> Iterator[Any]:
        """What the job has to say, ``Waiting`` before its turn, and None for every while that it says nothing."""
        lane.submit(job)
        given_up = time.monotonic() + self.patience
        stopped: float | None = None
        try:
            while True:
                try:
                    said = job.said.get(timeout=HEARTBEAT)
                except queue.Empty:
                    said = Waiting(position=job.position) if job.waiting else None
                if said is _END:
                    return
                if isinstance(said, BaseException):
                    raise said
                now = time.monotonic()
                if job.cancel.is_set():
                    stopped = stopped or now
                    if lane.leave(job) or now > stopped + STOPPING:
                        return
                elif job.waiting and now > given_up and lane.leave(job):
                    raise ServiceBusy(f"The question has waited {self.patience:.0f} s for its turn. {_LATER}")
                yield said
        finally:
            job.abandoned = True
            if not job.finished:
                job.cancel.set()
            lane.leave(job)

    # -- the archive's other side --------------------------------------------------

    def ingest(self, *sources: str | Path, **options: Any) -> IngestReport:
        """Take articles in; see ``Archive.ingest``. Another ingest or deletion of this service is waited for.

        Raises:
            ArchiveLocked: Another process is writing, or this one for too long.
        """
        with self._writing():
            return self.archive.ingest(*sources, **options)

    def upload(self, files: Sequence[tuple[str, BinaryIO]], **options: Any) -> IngestReport:
        """Take in what somebody sends: names of files and their bytes; see ``ingest``.

        The same file again is the same article, and another one of that name
        is another article. The files themselves are not kept.
        """
        folder = self.archive.path / "uploads"
        places: list[Path] = []
        half = folder / f"{uuid.uuid4().hex}.part"
        with self._writing():
            try:
                for name, content in files:
                    digest = hashlib.sha256()
                    folder.mkdir(parents=True, exist_ok=True)
                    with half.open("wb") as out:
                        while piece := content.read(1_000_000):
                            digest.update(piece)
                            out.write(piece)
                    place = folder / digest.hexdigest()[:16] / _file_name(name)
                    place.parent.mkdir(exist_ok=True)
                    half.replace(place)
                    places.append(place)
                report = self.archive.ingest(*dict.fromkeys(places), **options)
            finally:
                half.unlink(missing_ok=True)
                for place in places:
                    place.unlink(missing_ok=True)
                for empty in (*(p.parent for p in places), folder):
                    with suppress(OSError):
                        empty.rmdir()
        # A sender knows nothing of our folders.
        skipped = [s.model_copy(update={"origin": _sent(s.origin, folder)}) for s in report.skipped]
        return report.model_copy(update={"skipped": tuple(skipped)})

    def delete(self, idents: Sequence[str]) -> list[str]:
        """Take articles down; see ``Archive.delete``. Waits as ``ingest`` does."""
        with self._writing():
            return self.archive.delete(*idents)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._closing:
            raise ServiceBusy(f"The service is shutting down. {_LATER}")
        if not self._writer.acquire(timeout=self.patience):
            raise ArchiveLocked("This service has been taking articles in for a while. Try again when that is done.")
        try:
            yield
        finally:
            self._writer.release()

    # -- state ---------------------------------------------------------------------

    @property
    def running(self) -> int:
        """How many questions are being answered."""
        return sum(lane.running for lane in self._lanes.values())

    @property
    def waiting(self) -> int:
        """How many questions are waiting for their turn."""
        return sum(lane.waiting for lane in self._lanes.values())

    @property
    def closing(self) -> bool:
        """Whether nothing is taken any more."""
        return self._closing

    def obstacle(self) -> str | None:
        """What keeps questions from being answered, if anything; loads what the first of them needs."""
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

    def close(self, grace: float = 10.0) -> None:
        """Take nothing any more, tell those who wait, and let what is being answered or taken in be finished.

        Args:
            grace: Seconds for that. Answers that are not done then are stopped and say so; an ingest is left
                alone, and if the process ends under it, the next one completes it.
        """
        self._closing = True
        for lane in self._lanes.values():
            lane.close()
        until = time.monotonic() + grace
        while self.running and time.monotonic() < until:
            time.sleep(0.02)
        if self._writer.acquire(timeout=max(0.0, until - time.monotonic())):
            self._writer.release()
        for lane in self._lanes.values():
            lane.stop()
        until = time.monotonic() + STOPPING
        while self.running and time.monotonic() < until:
            time.sleep(0.02)


def _file_name(name: str) -> str:
    """The last part of a path, fit to be a file's name anywhere; its endings say the format."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(c if c.isalnum() or c in "-_. ()" else "_" for c in last).strip(". ")
    return plain.encode("utf-8", "replace").decode()[-100:] or "article"


def _sent(origin: str, folder: Path) -> str:
    """An origin as its sender knows it: ``folder/HASH/name.csv:3`` is ``name.csv:3``."""
    return origin.removeprefix(f"{folder}{os.sep}").partition(os.sep)[2] or origin


class _Job:
    """Something to do for a user, and what it has said so far."""

    def __init__(self, user: str, work: Callable[[], Iterator[Any]], cancel: threading.Event) -> None:
        self.user = user
        self.work = work
        self.cancel = cancel
        self.said: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.position = 0
        self.waiting = True
        self.finished = False
        self.abandoned = False


_END = object()
_LATER = "Try again in a little while."


class _WorkerPool:
    """Jobs of one kind: so many at once, users in turn, each user's in their order."""

    def __init__(self, name: str, places: int, bound: int) -> None:
        self.name = name
        self._places = places
        self._bound = bound
        self._lock = threading.Lock()
        self._waiting: list[_Job] = []  # as they came
        self._running: set[_Job] = set()
        self._ready: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = 0
        self._turns = 0
        self._last: dict[str, int] = {}  # the turn a user had last, since the lane was last idle
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
            if len(self._running) >= self._places:
                anybody = self._bound - self._bound // 4
                of_user = sum(j.user == job.user for j in self._waiting)
                if len(self._waiting) >= (anybody if of_user else self._bound):
                    raise ServiceBusy(f"{len(self._waiting)} questions are waiting already. {_LATER}")
            self._waiting.append(job)
            self._grant()

    def leave(self, job: _Job) -> bool:
        """Whether it was waiting, and is not any more."""
        with self._lock:
            if not job.waiting:
                return False
            job.waiting = False
            self._waiting.remove(job)
            self._grant()
            return True

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for job in self._waiting:
                job.waiting = False
                job.said.put(ServiceBusy(f"The service is shutting down. {_LATER}"))
            self._waiting.clear()
            for _ in range(self._threads):
                self._ready.put(None)

    def stop(self) -> None:
        with self._lock:
            for job in self._running:
                job.cancel.set()

    # -- within, with the lock held --------------------------------------------------

    def _grant(self) -> None:
        """Give free places away, and tell the others where they stand now."""
        order = self._order()
        free = self._places - len(self._running)
        for job in order[:free]:
            self._waiting.remove(job)
            job.waiting = False
            self._running.add(job)
            self._turns += 1
            self._last[job.user] = self._turns
            self._ready.put(job)
            if self._threads < len(self._running):
                self._threads += 1
                # Daemons: a thread that is stuck in a model must not keep the process.
                threading.Thread(target=self._work, name=f"desk-{self.name}-{self._threads}", daemon=True).start()
        for position, job in enumerate(order[free:], 1):
            if job.position != position:
                job.position = position
                job.said.put(Waiting(position=position))
        if not self._waiting and not self._running:
            self._last.clear()

    def _order(self) -> list[_Job]:
        """The waiting ones as they will be taken, if nobody else comes: next is whoever's last turn is longest ago."""
        left, last, order = list(self._waiting), dict(self._last), []
        for turn in range(self._turns + 1, self._turns + 1 + len(left)):
            job = min(left, key=lambda j: last.get(j.user, 0))
            left.remove(job)
            last[job.user] = turn
            order.append(job)
        return order

    # -- the threads -----------------------------------------------------------------

    def _work(self) -> None:
        while (job := self._ready.get()) is not None:
            try:
                self._run(job)
            except BaseException as e:  # handed over to whoever asked
                job.said.put(e)
            finally:
                job.said.put(_END)
                with self._lock:
                    self._running.discard(job)
                    self._grant()

    @staticmethod
    def _run(job: _Job) -> None:
        if job.abandoned:
            return
        events = job.work()
        try:
            for event in events:
                job.said.put(event)
                if job.abandoned:
                    return
        finally:
            if close := getattr(events, "close", None):
                close()


def _pool(model: str) -> LaneName:
    from rag.answer.models.chat import EXTRACTIVE, is_remote

    return "extractive" if model == EXTRACTIVE else "remote" if is_remote(model) else "local"


__all__ = ["HEARTBEAT", "RequestScheduler"]
