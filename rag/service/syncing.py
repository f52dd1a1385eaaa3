"""Syncs of sources within the service: a loop beside the questions, which come first."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rag.errors import ArchiveLocked, OnRecordError
from rag.service.request_log import LOGGER

if TYPE_CHECKING:
    from rag.service.scheduler import RequestScheduler
    from rag.sources.values import SyncReport

_WAY = 20.0
"""How many times as long as the last batch of articles took the next one waits for questions, where they never cease:
then one answer in twenty has to share the processor. After that it is stored beside them, or it would never be."""
_SHORTEST_WAY, _LONGEST_WAY = 20.0, 300.0
"""Seconds that it waits at least, and at most, while questions are answered without a pause."""


class GivesWay:
    """Waits while questions are being answered, so that they have the processor for themselves."""

    def __init__(self, scheduler: RequestScheduler, cancel: threading.Event) -> None:
        """Take the queue of questions, and what stops the wait."""
        self._scheduler, self._cancel = scheduler, cancel
        self._began: float | None = None

    def __call__(self) -> None:
        """Wait, not endlessly."""
        now = time.monotonic()
        took = now - self._began if self._began is not None else 0.0
        until = now + min(max(_WAY * took, _SHORTEST_WAY), _LONGEST_WAY)
        while self._scheduler.running and time.monotonic() < until and not self._cancel.wait(0.05):
            pass
        self._began = time.monotonic()


class SyncLoop:
    """Syncs all sources of an archive, again and again, in a thread of its own."""

    def __init__(self, scheduler: RequestScheduler, pause: float) -> None:
        """Nothing runs yet.

        Args:
            scheduler: The service's; its archive is synced.
            pause: Seconds from the beginning of one sync to that of the next.
        """
        self._scheduler, self._pause = scheduler, pause
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, name="onrecord-sync", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End: what is being stored is left for the next run."""
        self._cancel.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        archive = self._scheduler.archive
        give_way = GivesWay(self._scheduler, self._cancel)
        while not self._cancel.is_set():
            began = time.monotonic()
            try:
                if archive.exists and archive.sources.all():
                    _log(archive.sources.sync(cancel=self._cancel, give_way=give_way))
            except ArchiveLocked:
                pass  # somebody else is at it
            except OnRecordError as e:
                LOGGER.warning(json.dumps({"sync": str(e)}))
            except Exception as e:  # whatever it is: the loop goes on, or nothing new would ever come
                LOGGER.error(json.dumps({"sync": f"{type(e).__name__}: {e}"}))
            self._cancel.wait(max(1.0, self._pause - (time.monotonic() - began)))


def _log(report: SyncReport) -> None:
    """A line for a sync that brought something, or failed to."""
    told = {
        source.source: {"new": source.new, "changed": source.changed, "gone": source.gone, "failed": source.failed}
        for source in report.sources
        if source.new or source.changed or source.gone or source.failed or not source.read
    }
    if told:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        LOGGER.info(json.dumps({"time": now, "sync": told, "seconds": report.seconds}, ensure_ascii=False))


@contextmanager
def syncing(scheduler: RequestScheduler, pause: float) -> Iterator[None]:
    """Sync in a loop, as long as the block lasts.

    Args:
        scheduler: The service's.
        pause: Seconds from one sync to the next; 0: there are none.
    """
    if not pause:
        yield
        return
    loop = SyncLoop(scheduler, pause)
    loop.start()
    try:
        yield
    finally:
        loop.stop()


__all__ = ["GivesWay", "SyncLoop", "syncing"]
