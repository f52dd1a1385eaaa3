"""The vector index, in Chroma.

Chroma holds ids, vectors and what filters need, but no text, so that no words of a deleted article are in its files.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveLocked
from rag.index.native import check_seal, damaged, forked, guarded, seal, sealed_at, unseal
from rag.index.schema import IndexRow, StoreClosed
from rag.text.counting import count
from rag.text.local_clock import clock
from rag.types import Query

_COLLECTION = "passages"
CONFIGURATION: Any = {"hnsw": {"space": "cosine", "ef_construction": 128, "ef_search": 128}}
"""How Chroma's graph is built and searched, here and on a server."""
_NOBODY = "-"
"""An id that no passage has."""
_BATCH = 250
"""Rows in one call (Chroma takes at most 5,461), after which other processes get their turn, and other threads of this
one: 0.2 s, where 1000 stop them for 0.7 and take a sixth less time."""
_LOCK_TIMEOUT = 60.0  # seconds that one process waits for another to load or save
_HEADER = struct.Struct("<i6Q")  # the beginning of Chroma's header.bin; the rest is not needed here

# Chroma keeps one engine for each folder in a process. Archives opened on the same folder therefore share a handle, so
# that each of them may reopen it.
_handles: dict[Path, _Handle] = {}
_registry = threading.Lock()
_used_by: set[int] = set()
"""Processes that have used Chroma, whose threads are not there in a fork: this one, or that it was forked from."""


def _same_process() -> None:
    if _used_by - {os.getpid()}:
        raise forked()


class _Handle:
    """A Chroma client on one folder, with the generation of the catalog that it has read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.users = 0
        self.generation = -1
        self.changed = False
        """Whether this process has changed the files since they were sealed."""
        self.loaded = False
        """Whether Chroma has its graph in memory: it then writes to none of its files before the next change."""
        self._client: Any = None
        self._collection: Any = None
        self._file_lock: Any = None

    @property
    def exists(self) -> bool:
        """Whether anything has been written here; searching an empty folder should not create a database in it."""
        return (self.folder / "chroma.sqlite3").exists()

    @contextmanager
    def exclusive(self, *, changes: bool = False) -> Iterator[Any]:
        """The collection, with other processes kept out, for calls in which Chroma may load its graph or save it.

        Chroma does both in readers, too, and doesn't know of other processes. They therefore take turns here, and at
        the end of each turn ``zero_tail`` removes what the files should not hold.

        Args:
            changes: Passages are added or removed, and more turns may follow: ``mark_current`` seals the index.

        Raises:
            ArchiveLocked: Another process still has its turn after a minute.
        """
        with self.lock, self._turn():
            if self._collection is None and not self.changed:
                check_seal("vectors", self.folder)
            at = sealed_at(self.folder)
            unseal(self.folder)
            self.changed = changes or self.changed
            try:
                with guarded("vectors", self.folder):
                    yield self.collection()
            finally:
                zero_tail(self.folder)
            if not self.changed:
                seal(self.folder, at)

    def complete(self, generation: int | None = None) -> None:
        """Seal the files after the last of several changes, as those of a generation if it is known."""
        with self.lock:
            behind = generation is not None and self.exists and sealed_at(self.folder) != generation
            if self.changed or behind:
                with self._turn():
                    seal(self.folder, generation)
                self.changed = False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Other processes are kept out."""
        from filelock import FileLock, Timeout

        self.folder.mkdir(parents=True, exist_ok=True)
        if self._file_lock is None:
            self._file_lock = FileLock(self.folder / "graph.lock")
        try:
            self._file_lock.acquire(timeout=_LOCK_TIMEOUT, poll_interval=0.01)
        except Timeout:
            raise ArchiveLocked(
                f"Another process is busy with the vector index in {self.folder}. Wait until it is done, or stop "
                "it, then run this again."
            ) from None
        try:
            yield
        finally:
            self._file_lock.release()

    def collection(self) -> Any:
        _same_process()
        if self._collection is None:
            _used_by.add(os.getpid())
            import chromadb
            from chromadb.config import Settings

            self.folder.mkdir(parents=True, exist_ok=True)
            with guarded("vectors", self.folder):
                try:
                    self._client = chromadb.PersistentClient(
                        str(self.folder), settings=Settings(anonymized_telemetry=False)
                    )
                    opened = self._client.get_or_create_collection(
                        _COLLECTION, embedding_function=None, configuration=CONFIGURATION
                    )
                    # Whatever is called first reads the whole graph, and of all calls only these let other threads of
                    # the process go on meanwhile (``findings/chroma-holds-the-gil.sh``).
                    opened.get(ids=[_NOBODY], include=[])
                    self._collection = opened
                except BaseException:
                    self._client = None
                    _forget_engine(self.folder)
                    raise
        return self._collection

    def close(self) -> None:
        with self.lock:
            self._collection = None
            self.loaded = self.changed = False
            client, self._client = self._client, None
            if client is not None:
                client.close()


def _forget_engine(folder: Path) -> None:
    """Have Chroma make another engine for a folder.

    It keeps one before it is started. Where the start was interrupted, by a signal for one, the next client would be
    given an engine that doesn't run, whose every call fails: as if the files were damaged, which they are not.
    """
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient._identifier_to_refcount.pop(str(folder), None)
    if (engine := SharedSystemClient._identifier_to_system.pop(str(folder), None)) is not None:
        with suppress(Exception):  # one that hasn't started can't be stopped
            engine.stop()


class VectorIndex:
    """Cosine similarity search over passage vectors. Safe to use from several threads and processes.

    The contract of ``add``, ``remove``, ``search``, ``ids``, ``refresh``, ``mark_current`` and ``close``:

    - What ``add`` and ``remove`` change is seen by the next ``search`` and ``ids`` of the same object, and by other
      processes after ``refresh`` with another generation. Both may be repeated with the same rows or ids.
    - Where nothing was ever added, searching finds nothing and removing does nothing; neither creates files.
    - A search after ``close`` raises ``StoreClosed``: a rebuilt index may have replaced this one meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        """Use the index in ``folder``; it is created at the first write."""
        _same_process()
        folder = folder.resolve()
        with _registry:
            self._handle = _handles.setdefault(folder, _Handle(folder))
            self._handle.users += 1
        self._open = True

    def close(self) -> None:
        """Close the files; the object can't be searched any more."""
        with _registry, self._handle.lock:
            if self._open:
                self._open = False
                with suppress(ArchiveLocked, OSError):  # without a seal it is as well
                    self._handle.complete()
                self._handle.users -= 1
                if not self._handle.users:
                    _handles.pop(self._handle.folder, None)
                    self._handle.close()

    def refresh(self, generation: int) -> None:
        """Reopen the files if another process has written to them, which Chroma doesn't notice.

        Args:
            generation: The catalog's; nothing happens if it is the one of the last call.
        """
        handle = self._handle
        if handle.generation == generation:
            return  # without waiting for another thread that writes
        with handle.lock:
            if handle.generation != generation:
                if handle.generation >= 0:
                    handle.close()
                handle.generation = generation

    def mark_current(self, generation: int) -> None:
        """Record that this process itself has brought the index to ``generation``: nothing needs to be reopened."""
        with self._handle.lock:
            self._handle.complete(generation)
            self._handle.generation = generation

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Add passages; those that are there already are replaced."""
        for at in range(0, len(rows), _BATCH):
            some = rows[at : at + _BATCH]
            with self._handle.exclusive(changes=True) as collection:
                collection.upsert(
                    ids=[r.id for r in some],
                    embeddings=np.stack([r.vector for r in some]),
                    metadatas=[metadata(r) for r in some],
                )

    def remove(self, ids: Sequence[str]) -> None:
        """Remove passages by id; unknown ids are ignored."""
        if not self._handle.exists:
            return
        for at in range(0, len(ids), _BATCH):
            with self._handle.exclusive(changes=True) as collection:
                collection.delete(ids=list(ids[at : at + _BATCH]))

    def search(
        self,
        vector: npt.NDArray[np.float32],
        n: int,
        filters: Query | None = None,
        only: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """The ``n`` nearest passages to ``vector`` (shape (dim,), length 1) that pass the filters of a query.

        Args:
            vector: The question's.
            n: How many at most.
            filters: Dates, outlets and language that a passage has to match.
            only: Ids of passages to choose from, unknown ones among them ignored; None: all.

        Returns:
            (passage id, cosine similarity), nearest first.

        Raises:
            StoreClosed: The index was closed.
            ArchiveDamaged: Chroma can't answer.
            ArchiveLocked: Another process has been writing for a minute.
        """
        if only is not None and not only:
            return []
        handle = self._handle
        with handle.lock:
            if not self._open:
                raise StoreClosed
            if not handle.exists:
                return []
            if handle.loaded:
                return self._search(handle.collection(), vector, n, filters, only)
            with handle.exclusive() as collection:
                found = self._search(collection, vector, n, filters, only)
            handle.loaded = only is None  # a search among given passages may not have loaded the graph
            return found

    def _search(
        self,
        collection: Any,
        vector: npt.NDArray[np.float32],
        n: int,
        filters: Query | None,
        only: Sequence[str] | None,
    ) -> list[tuple[str, float]]:
        with guarded("vectors", self._handle.folder):
            # Chroma fails for ids that it doesn't have: passages not yet indexed, or just deleted.
            there = None if only is None else collection.get(ids=list(only), include=[])["ids"]
            if there == []:
                return []
            found = collection.query(
                query_embeddings=vector[None, :],
                ids=there,
                n_results=n,
                include=["distances"],
                where=where(filters),
            )
        return [(i, 1.0 - float(d)) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]

    def ids(self) -> set[str]:
        """Ids of all passages in the index."""
        with self._handle.lock:
            if not self._handle.exists:
                return set()
            check_seal("vectors", self._handle.folder, thorough=self._handle._collection is None)
            with self._handle.exclusive() as collection:
                return set(collection.get(include=[])["ids"])

    def vectors(self, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """What is stored of passages: vectors of shape (dim,), up to their length; unknown ids are left out."""
        found: dict[str, npt.NDArray[np.float32]] = {}
        with self._handle.lock:
            for at in range(0, len(ids) if self._handle.exists else 0, _BATCH):
                with self._handle.exclusive() as collection:
                    got = collection.get(ids=list(ids[at : at + _BATCH]), include=["embeddings"])
                found |= {i: np.asarray(v, np.float32) for i, v in zip(got["ids"], got["embeddings"], strict=True)}
        return found

    def count(self) -> int:
        """How many passages there are."""
        with self._handle.lock:
            if not self._handle.exists:
                return 0
            with self._handle.exclusive() as collection:
                return int(collection.count())

    def check(self, expected: int | None = None) -> None:
        """Open the index and count.

        Args:
            expected: How many passages it should hold; None: any number.

        Raises:
            ArchiveDamaged: It can't be read, or holds another number.
        """
        if (found := self.count()) != expected and expected is not None:
            raise damaged("vectors", self._handle.folder, f"it holds {found:,} of {count(expected, 'passage')}")


def zero_tail(folder: Path) -> None:
    """Overwrite with zeros what Chroma's graph files hold after their last element.

    hnswlib allocates memory for at least a hundred elements, does not initialise it, and saves it: it may hold words of
    any article that the process has read, or other data. Chroma saves it when it first loads a graph, in readers too,
    and does not write there again before an element is added.

    Files that don't look as expected are left alone.

    Args:
        folder: The index's; the caller makes sure that no process is saving to it.
    """
    for header in folder.glob("*/header.bin"):
        try:
            start = header.read_bytes()[: _HEADER.size]
            if len(start) < _HEADER.size:
                continue
            version, level0, room, count, size, label, data = _HEADER.unpack(start)
            if not (version == 1 and level0 == 0 and count <= room and 0 < data < label and label + 8 == size):
                continue
            _zero(header.with_name("data_level0.bin"), count * size, room * size)
            _zero(header.with_name("length.bin"), count * 4, room * 4)  # a float for each element
        except OSError:  # a rebuild has just deleted the folder
            continue


def _zero(file: Path, start: int, end: int) -> None:
    with file.open("r+b") as opened:
        size = opened.seek(0, os.SEEK_END)
        if not start < size <= end:
            return
        opened.seek(start)
        if any(opened.read()):
            opened.seek(start)
            opened.write(bytes(size - start))
            opened.flush()
            os.fsync(opened.fileno())


def metadata(row: IndexRow) -> dict[str, str | int | bool]:
    """What Chroma filters a passage by."""
    return {
        # $gte compares numbers only, and rows without the key drop out.
        "published": int(clock(row.published).timestamp()) if row.published else 0,
        "has_date": row.published is not None,
        "source": row.source or "",
        "language": row.language,
    }


def where(filters: Query | None) -> dict[str, Any] | None:
    """The filters of a query as Chroma takes them; None where there are none."""
    if filters is None:
        return None
    rules: list[dict[str, Any]] = []
    if filters.sources:
        rules.append({"source": {"$in": list(filters.sources)}})
    if filters.language:
        rules.append({"language": filters.language})
    if filters.after or filters.before:
        dated: list[dict[str, Any]] = [{"has_date": True}]
        if filters.after:
            dated.append({"published": {"$gte": int(clock(filters.after).timestamp())}})
        if filters.before:
            dated.append({"published": {"$lt": int(clock(filters.before).timestamp())}})
        within = {"$and": dated}
        rules.append({"$or": [{"has_date": False}, within]} if filters.undated else within)
    if not rules:
        return None
    return rules[0] if len(rules) == 1 else {"$and": rules}
