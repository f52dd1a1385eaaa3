"""The sources of an archive: kept, listed, synced, paused and removed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from rag.arguments import checks_texts
from rag.errors import SourceError, UsageError
from rag.ingest import packed
from rag.sources.guard import Guard, Rules
from rag.sources.values import Kind, Source, SourceReport, SyncReport
from rag.text.urls import host, is_web

if TYPE_CHECKING:
    from rag.index.stores import Stores
    from rag.sources.fetch import Fetcher, Limits
    from rag.sources.store import SourceStore
    from rag.types import RawArticle, Skipped


@dataclass(frozen=True)
class FetchOptions:
    """How addresses are fetched. Settings say so; nothing that a request carries can."""

    agent: str
    allow: tuple[str, ...] = ()
    """Internal hosts and ranges that may be fetched from."""
    ports: tuple[int, ...] = (80, 443)
    delay: float = 1.0
    """Seconds between two requests to one host."""
    pages: int = 1000
    """Answers that one run may fetch."""
    megabytes: int = 500
    """What they may have together."""
    limits: Limits | None = None
    """How much one exchange may take; None: as usual."""
    reading: packed.Limits = packed.LIMITS
    """How much reading a file may take."""


@checks_texts
class Sources:
    """The sources of one archive."""

    def __init__(
        self, stores: Stores, options: FetchOptions, afterwards: Callable[[Stores], None] = lambda stores: None
    ) -> None:
        """Nothing is opened yet.

        Args:
            stores: The archive's.
            options: How addresses are fetched.
            afterwards: Called when a sync has stored some articles, under the write lock.
        """
        self._stores, self._options, self._afterwards = stores, options, afterwards
        self._lock = threading.Lock()
        self._store: SourceStore | None = None

    def close(self) -> None:
        """Close the tables; a later use opens them again."""
        with self._lock:
            if self._store is not None:
                self._store.close()
            self._store = None

    # -- keeping -------------------------------------------------------------------------

    def add(
        self,
        address: str,
        *,
        name: str | None = None,
        kind: str | None = None,
        remove: bool = False,
        since: datetime | None = None,
        auth: str | None = None,
        local: bool = True,
    ) -> Source:
        """Keep a source. A web address is fetched once, to see what it is; a home page stands for its feed.

        Args:
            address: A web address, a folder, a mailbox in Maildir form, or a bucket (``s3://...``).
            name: What it is called; by default its host or folder.
            kind: What it is, where that is known; see ``rag.sources.values.Kind``.
            remove: Take down here what the source withdraws: pages that answer 410, files that are removed.
            since: Pass over articles that are dated before.
            auth: Where its credentials are kept: "env:NAME" or "keyring:NAME".
            local: Whether folders and buckets may be added; not for users of a service.

        Raises:
            UsageError: Its name or address is kept already, or an argument makes no sense.
            SourceError: It can't be read, or is not what it was said to be.
        """
        from rag.sources.credentials import check_place

        if kind is not None and kind not in get_args(Kind):
            raise UsageError(f"--kind {kind!r}: there are {', '.join(get_args(Kind))}.")
        if auth is not None:
            check_place(auth)
        told, found = self._recognised(address.strip(), cast("Kind | None", kind), auth, local)
        store = self._opened(create=True)
        known = {source.name for source in store.sources()}
        base = name or (host(told) if is_web(told) else Path(told).name) or "source"
        chosen = base
        if name is None:
            chosen = next(n for n in (base, *(f"{base}-{i}" for i in range(2, 10_000))) if n not in known)
        return store.add(chosen, told, found, remove=remove, since=since, auth=auth)

    def _recognised(self, address: str, kind: Kind | None, auth: str | None, local: bool) -> tuple[str, Kind]:
        """The address to keep, and what it is."""
        from rag.sources import buckets, folders

        if is_web(address):
            if kind in ("folder", "maildir", "bucket"):
                raise UsageError(f"{address} is a web address, and no {kind}.")
            from rag.sources.credentials import credentials
            from rag.sources.listing import find

            with self.fetcher() as fetcher:
                fetcher.guard.check_url(address)
                found = find(fetcher, address, kind=kind, credentials=credentials(auth, address))
            return found.address, found.kind
        if not local:
            raise UsageError("Only http and https addresses can be added here.")
        if buckets.is_bucket(address):
            next(buckets.list_bucket(address), None)
            return address, "bucket"
        if "://" in address:
            raise SourceError(f"{address} can't be a source: only web addresses, folders and buckets are.")
        folder = Path(address).expanduser().resolve()
        if not folder.is_dir():
            raise SourceError(f"There is no folder {folder}. Give a web address, a folder or a bucket.")
        maildir = kind == "maildir" or (kind is None and folders.is_maildir(folder))
        if maildir and not folders.is_maildir(folder):
            raise SourceError(f"{folder} is no mailbox in Maildir form: it has no folders cur and new.")
        return folder.as_posix(), "maildir" if maildir else "folder"

    def all(self) -> list[Source]:
        """All sources, by name, each with its last run."""
        return self._opened().sources() if self._stores.exists else []

    def get(self, name: str) -> Source:
        """A source by its name or address.

        Raises:
            SourceError: There is none.
        """
        return self._opened().source(name)

    def pause(self, name: str, *, paused: bool = True) -> Source:
        """Leave a source out of syncs, or take it in again.

        Raises:
            SourceError: There is none of that name.
        """
        store = self._opened()
        store.pause(store.source(name), paused)
        return store.source(name)

    def remove(self, name: str, *, articles: bool = False) -> int:
        """Forget a source.

        Args:
            name: Its name or address.
            articles: Take its articles down too, unless another source has them as well.

        Returns:
            How many articles were taken down.

        Raises:
            SourceError: There is none of that name.
            ArchiveLocked: Another process is writing.
        """
        store = self._opened()
        source = store.source(name)
        keys = store.articles_of(source) if articles else []
        store.remove(source)
        if not keys:
            return 0
        with self._stores.writing("delete"):
            kept = store.keys_in_use(keys)
            there = [key for key in keys if key not in kept and self._stores.catalog.versions(key)]
            self._stores.take_down(there)
        return len(there)

    # -- runs ----------------------------------------------------------------------------

    def sync(
        self,
        names: Sequence[str] = (),
        *,
        look_at_all: bool = False,
        cancel: threading.Event | None = None,
        progress: Callable[[SourceReport], None] | None = None,
        give_way: Callable[[], None] = lambda: None,
    ) -> SyncReport:
        """Fetch what is new or has changed, and store it.

        Args:
            names: Of the sources; by default all that are not paused.
            look_at_all: Look again at every page that was read before, not only at those that are due.
            cancel: Set it to stop; what has been stored stays.
            progress: Is told of each source's figures as they change.
            give_way: Called before something heavy; may wait.

        Raises:
            SourceError: There is no source of a name.
            ArchiveLocked: Another sync is running, or another process is writing and doesn't end.
        """
        store = self._opened()
        chosen = [store.source(name) for name in names] or [source for source in store.sources() if not source.paused]
        if not chosen:
            return SyncReport()
        from rag.sources.sync import Sync

        with self._stores.syncing(), self.fetcher(cancel) as fetcher:
            sync = Sync(
                self._stores,
                store,
                fetcher,
                look_at_all=look_at_all,
                progress=progress,
                give_way=give_way,
                afterwards=self._afterwards,
            )
            return sync.run(chosen)

    def log(self, name: str | None = None, limit: int = 20) -> list[SourceReport]:
        """What came of past runs, newest first.

        Raises:
            SourceError: There is no source of that name.
        """
        if not self._stores.exists:
            return []
        store = self._opened()
        return store.runs(store.source(name) if name else None, limit)

    def daily(self, days: int = 30) -> list[tuple[str, str, int]]:
        """(day as "2026-11-28", source's name, articles that came that day) of the last days, in order."""
        since = datetime.now(UTC) - timedelta(days=days - 1)
        return self._opened().daily(f"{since:%Y-%m-%d}") if self._stores.exists else []

    def fetch(self, addresses: Iterable[str]) -> Iterator[RawArticle | Skipped]:
        """The articles at web addresses, to be ingested once.

        Raises:
            AddressRefused: One is no public web address. Raised by this call, before anything is fetched.
            FetchError: One can't be fetched.
        """
        from rag.sources.once import fetch_articles

        wanted = list(addresses)
        fetcher = self.fetcher()
        for address in wanted:
            fetcher.guard.check_url(address)
        return fetch_articles(fetcher, wanted)

    def fetcher(self, cancel: threading.Event | None = None) -> Fetcher:
        """A fetcher for one run.

        Raises:
            ExtraMissing: The libraries for it are not installed.
        """
        from rag.sources.fetch import Budget, Fetcher

        options = self._options
        return Fetcher(
            Guard(Rules.of(options.allow, options.ports)),
            agent=options.agent,
            delay=options.delay,
            limits=options.limits,
            budget=Budget(options.pages, options.megabytes * 1_000_000),
            cancel=cancel,
            reading=options.reading,
        )

    # -- within --------------------------------------------------------------------------

    def _opened(self, *, create: bool = False) -> SourceStore:
        from rag.sources.store import SourceStore

        if create and not self._stores.exists:
            with self._stores.writing("sources"):
                pass
        self._stores.require()
        with self._lock:
            if self._store is None:
                self._store = SourceStore(self._stores.catalog.path, self._stores.new_connections(serial=True))
            return self._store


__all__ = ["FetchOptions", "Sources"]
