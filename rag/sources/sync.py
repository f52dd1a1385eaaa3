"""Syncs: sources are read by threads of their own, and what they bring is stored here, some articles at a time.

Fetching and reading run ahead of embedding, no further than a queue of bounded length. The write lock is held while a
batch is stored, and once more while it is compared with what is there; what models make of it is computed before. So
others can write in between, and a search finds what is new some seconds after it was read.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveLocked, FetchCancelled
from rag.index.lock import SYNC
from rag.index.stores import Stores
from rag.ingest import pipeline
from rag.ingest.backfill import find_quotes
from rag.sources.ahead import Ahead
from rag.sources.crawl import Crawl, Read
from rag.sources.fetch import Fetcher
from rag.sources.store import SourceStore
from rag.sources.values import Source, SourceReport, SyncReport
from rag.types import QuoteSpan, Sentence

_THREADS = 8
"""Sources that are read at the same time; each host is asked by one at a time."""
_AHEAD = 64
"""Entries that may wait for being stored."""
_BATCH = 64
"""Articles that are stored together, at most."""
_SOON = 2.0
"""Seconds after which what has come is stored, however little it is."""
_PIECE = 128
"""Passages embedded between two looks at whether the sync was stopped."""
_LAST = 1.0
"""Seconds that a model may go on computing when a sync is stopped, before it is left alone."""
_TOLD = 50
"""Errors of a source that are kept."""
_LOCK = 600.0
"""Seconds for which another writer is waited for."""

Progress = Callable[[SourceReport], None]
"""Called with a source's figures so far, whenever they have changed."""


@dataclass
class _Run:
    """A source's figures while it is read."""

    source: Source
    began: float = field(default_factory=time.monotonic)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    counts: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    read: bool = False
    ended: float | None = None

    def count(self, name: str, n: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + n

    def tell(self, error: str) -> None:
        if len(self.errors) < _TOLD:
            self.errors.append(error)

    def report(self, waiting: int = 0) -> SourceReport:
        return SourceReport(
            source=self.source.name,
            began=self.began_at,
            seconds=round((self.ended or time.monotonic()) - self.began, 3),
            read=self.read,
            waiting=waiting,
            errors=tuple(self.errors),
            **self.counts,
        )


@dataclass(frozen=True)
class _Ended:
    """Said by a thread when a source has been read."""

    problems: Sequence[str]


class Sync:
    """One pass over some sources."""

    def __init__(
        self,
        stores: Stores,
        store: SourceStore,
        fetcher: Fetcher,
        *,
        look_at_all: bool = False,
        progress: Progress | None = None,
        give_way: Callable[[], None] = lambda: None,
        afterwards: Callable[[Stores], None] = lambda stores: None,
    ) -> None:
        """Nothing is read yet.

        Args:
            stores: The archive's, which articles go into.
            store: Where the sources are kept.
            fetcher: What fetches; its ``cancel`` stops the sync, its budget bounds it.
            look_at_all: Look again at all pages that were read before.
            progress: Is told of each source's figures.
            give_way: Called before something heavy; may wait until others have done what is urgent.
            afterwards: Called when a batch of articles has been stored, under the write lock.
        """
        self._stores, self._store, self._fetcher, self._afterwards = stores, store, fetcher, afterwards
        self._look_at_all, self._progress, self._give_way = look_at_all, progress, give_way
        self._came: queue.Queue[tuple[_Run, Read | _Ended]] = queue.Queue(_AHEAD)
        self._stopped = fetcher.cancel

    def run(self, sources: Sequence[Source]) -> SyncReport:
        """Read sources, and store what they bring.

        Args:
            sources: Which.

        Returns:
            What came of each, in the order given; a sync that was stopped tells what was done until then.

        Raises:
            ArchiveLocked: Another process has been writing for ten minutes.
            ArchiveError: The disk is full, or the archive was built otherwise.
        """
        began = time.monotonic()
        runs = [_Run(source) for source in sources]
        todo: queue.SimpleQueue[_Run] = queue.SimpleQueue()
        for run in runs:
            todo.put(run)
        for _ in range(min(_THREADS, len(runs))):
            # Daemons, so that a name server that doesn't answer keeps no process alive.
            threading.Thread(target=self._work, args=(todo,), name="source", daemon=True).start()
        try:
            self._store_all(len(runs))
        except FetchCancelled:
            pass
        except BaseException:
            self._stopped.set()
            raise
        reports = []
        for run in runs:
            reports.append(run.report(self._store.waiting(run.source)))
            self._store.ran(run.source, reports[-1])
        return SyncReport(
            sources=tuple(reports), stopped=self._stopped.is_set(), seconds=round(time.monotonic() - began, 3)
        )

    # -- threads that read ---------------------------------------------------------------

    def _work(self, todo: queue.SimpleQueue[_Run]) -> None:
        while not self._stopped.is_set():
            try:
                run = todo.get_nowait()
            except queue.Empty:
                return
            run.began, run.began_at = time.monotonic(), datetime.now(UTC)
            crawl = Crawl(run.source, self._store, self._fetcher, look_at_all=self._look_at_all)
            try:
                for read in crawl.run():
                    self._hand_over(run, read)
            except FetchCancelled:
                return
            except Exception as e:  # a thread that dies in silence would leave the sync waiting for it
                crawl.problems.append(f"{type(e).__name__}: {e}")
            self._hand_over(run, _Ended(crawl.problems))

    def _hand_over(self, run: _Run, what: Read | _Ended) -> None:
        while True:
            if self._stopped.is_set():
                raise FetchCancelled("stopped")
            try:
                self._came.put((run, what), timeout=0.25)
                return
            except queue.Full:
                continue

    # -- the thread that stores ----------------------------------------------------------

    def _store_all(self, sources: int) -> None:
        ended = 0
        held: list[tuple[_Run, Read]] = []
        since = 0.0
        while ended < sources or held:
            if self._stopped.is_set():
                raise FetchCancelled("stopped")
            try:
                run, what = self._came.get(timeout=0.1 if held else 0.25)
            except queue.Empty:
                if held and (ended == sources or time.monotonic() - since > _SOON):
                    held = self._flush(held)
                continue
            if isinstance(what, _Ended):
                ended += 1
                run.ended = time.monotonic()
                run.read = not what.problems
                for problem in what.problems:
                    run.tell(problem)
                self._tell(run)
                continue
            since = since if held else time.monotonic()
            held.append((run, what))
            articles = sum(len(read.articles) for _, read in held)
            if articles >= _BATCH or len(held) >= 4 * _BATCH or time.monotonic() - since > _SOON:
                held = self._flush(held)

    def _flush(self, held: list[tuple[_Run, Read]]) -> list[tuple[_Run, Read]]:
        """Store what has come, then write down that it has been read; nothing is held any more."""
        if held:
            self._give_way()
            keys = list(dict.fromkeys(article.key for _, read in held for article in read.articles))
            withdrawn = self._withdrawn(held)
            if keys or withdrawn:
                before, after, reasons = self._write(held, keys, withdrawn)
            else:
                before, after, reasons = {}, {}, {}
            for run, read in held:
                self._count(run, read, before, after, reasons, withdrawn)
            self._store.record([read.outcome for _, read in held])
            for run in {id(run): run for run, _ in held}.values():
                self._tell(run)
            if keys:
                with self._lock():
                    self._afterwards(self._stores)
        return []

    def _withdrawn(self, held: list[tuple[_Run, Read]]) -> set[str]:
        """Keys of articles to take down: withdrawn by a source for which that is wanted, and in no other."""
        found: set[str] = set()
        for run, read in held:
            outcome = read.outcome
            if outcome.result == "gone" and run.source.remove and outcome.keys:
                others = self._store.others_with(outcome.entry.id, list(outcome.keys))
                found |= {key for key in outcome.keys if key not in others}
        return found

    def _write(
        self, held: list[tuple[_Run, Read]], keys: list[str], withdrawn: set[str]
    ) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
        """Store the articles of a batch; ids of their versions before and after, and why some are none."""
        catalog = self._stores.catalog
        self._stores.require_fingerprint(for_ingest=True)
        ahead = Ahead(self._embed, self._find_quotes)
        ready = ahead.prepare((article for _, read in held for article in read.articles), catalog)
        with self._lock():
            self._stores.claim_fingerprint()
            before = _current(catalog, keys)
            report = pipeline.run(
                ready,
                catalog=catalog,
                embed=ahead.embed,
                settle=self._stores.index_pending,
                quotes=ahead.quotes,
            )
            after = _current(catalog, keys)
            if withdrawn:
                there = [key for key in withdrawn if catalog.versions(key)]
                self._stores.take_down(there)
        return before, after, {skip.origin: skip.reason for skip in report.skipped}

    def _lock(self) -> Any:
        """The archive's write lock, waited for."""
        from contextlib import ExitStack

        until = time.monotonic() + _LOCK
        while True:
            stack = ExitStack()
            try:
                stack.enter_context(self._stores.writing(SYNC))
                return stack
            except ArchiveLocked:
                if time.monotonic() > until:
                    raise
                if self._stopped.wait(0.5):
                    raise FetchCancelled("stopped") from None

    def _embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Embed in pieces, so that a sync that is stopped ends soon."""
        pieces = []
        for at in range(0, len(texts), _PIECE):
            pieces.append(self._unless_stopped(self._stores.embed, texts[at : at + _PIECE]))
        return np.concatenate(pieces) if pieces else np.zeros((0, 0), np.float32)

    def _find_quotes(self, articles: Sequence[tuple[str, str, Sequence[Sentence]]]) -> list[list[QuoteSpan]] | None:
        found: list[list[QuoteSpan]] = []
        for at in range(0, len(articles), 8):
            piece = self._unless_stopped(find_quotes, articles[at : at + 8])
            if piece is None:
                return None
            found += piece
        return found

    def _unless_stopped(self, work: Callable[[Any], Any], given: Any) -> Any:
        """What a model makes of something; when the sync is stopped meanwhile, nobody waits for it any more.

        A model can't be interrupted, and loading one takes seconds. It runs in a daemon, which only computes.
        """
        made: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        def run() -> None:
            try:
                made.put((True, work(given)))
            except BaseException as e:
                made.put((False, e))

        thread = threading.Thread(target=run, name="sync-model", daemon=True)
        thread.start()
        while True:
            if self._stopped.is_set():
                thread.join(_LAST)  # mostly it is done by then; a process that ends beside it may abort
                raise FetchCancelled("stopped")
            try:
                fine, result = made.get(timeout=0.1)
            except queue.Empty:
                continue
            if not fine:
                raise result
            return result

    # -- figures -------------------------------------------------------------------------

    def _count(
        self,
        run: _Run,
        read: Read,
        before: dict[str, str],
        after: dict[str, str],
        reasons: dict[str, str],
        withdrawn: set[str],
    ) -> None:
        outcome = read.outcome
        if read.fetched:
            run.count("pages")
            run.count("bytes", read.bytes)
        if outcome.result == "read":
            stored = [key for key in outcome.keys if key in after]
            for key in stored:
                kind = "new" if key not in before else "changed" if before[key] != after[key] else "unchanged"
                run.count(kind)
                before[key] = after[key]  # two addresses may lead to one article
            if not stored:
                outcome.result = "none"
                outcome.why = outcome.why or reasons.get(read.articles[0].origin, "") if read.articles else outcome.why
                run.count("skipped")
            outcome.keys = stored
        elif outcome.result == "same":
            run.count("unchanged")
        elif outcome.result == "none":
            run.count("skipped")
        elif outcome.result == "gone":
            run.count("gone")
            run.count("removed", sum(key in withdrawn for key in outcome.keys))
        elif outcome.result == "failed":
            run.count("failed")
            run.tell(f"{outcome.entry.address}: {outcome.why}")

    def _tell(self, run: _Run) -> None:
        if self._progress is not None:
            self._progress(run.report())


def _current(catalog: Any, keys: Sequence[str]) -> dict[str, str]:
    """The current version of each article that is there."""
    found = {key: catalog.versions(key) for key in keys}
    return {key: versions[0] for key, versions in found.items() if versions}


__all__ = ["Progress", "Sync"]
