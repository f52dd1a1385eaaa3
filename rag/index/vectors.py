"""The vector index: the only room that talks to Chroma.

Chroma holds ids, vectors and what filters need; never text, so that a
takedown has nothing to look for here.
"""

from __future__ import annotations

import os
import shutil
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveDamaged, ArchiveLocked
from rag.index.catalog import IndexRow, StoreClosed
from rag.types import Query

_COLLECTION = "passages"
_BATCH = 1000
"""Rows a call (Chroma takes at most 5,461): after so many it saves, and others get their turn."""
_PATIENCE = 60.0  # seconds that one process waits for another to load or save
_HEADER = struct.Struct("<i6Q")  # of header.bin; what follows is of no interest here

# Chroma keeps one engine per folder and process. Two archives opened on the
# same folder therefore share one handle here, so that either may reopen it.
_handles: dict[Path, _Handle] = {}
_registry = threading.Lock()


class _Handle:
    """One Chroma client on one folder, with the generation it has seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.users = 0
        self.generation = -1
        self.loaded = False
        """Whether Chroma has its graph in memory: it then writes none of its files before the next change."""
        self._client: Any = None
        self._collection: Any = None
        self._turn: Any = None

    @property
    def there(self) -> bool:
        """Whether anything has ever been written here; to look should not make it so."""
        return (self.folder / "chroma.sqlite3").exists()

    @contextmanager
    def touched(self) -> Iterator[Any]:
        """The collection, for calls in which Chroma may load its graph or save it.

        It does either in a reader, too, and knows of no other process. So one goes after the other here, and
        before the next one's turn what the files should not hold is taken out.

        Raises:
            ArchiveLocked: Another process does not come to an end with it.
        """
        from filelock import FileLock, Timeout

        with self.lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._turn is None:
                self._turn = FileLock(self.folder / "graph.lock")
            try:
                self._turn.acquire(timeout=_PATIENCE, poll_interval=0.01)
            except Timeout:
                raise ArchiveLocked(
                    f"Another process is busy with the vector index in {self.folder}. Wait until it is done, or stop "
                    "it, then run this again."
                ) from None
            except OSError:  # a folder that can't be written to: Chroma can't, either
                yield self.collection()
                return
            try:
                yield self.collection()
            finally:
                zero_tail(self.folder)
                self._turn.release()

    def collection(self) -> Any:
        if self._collection is None:
            import chromadb
            from chromadb.config import Settings

            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._client = chromadb.PersistentClient(
                    str(self.folder), settings=Settings(anonymized_telemetry=False)
                )
                self._collection = self._client.get_or_create_collection(
                    _COLLECTION,
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine", "ef_construction": 128, "ef_search": 128}},
                )
            except Exception as e:  # Chroma's own errors share no base class
                raise _damaged(self.folder, e) from e
        return self._collection

    def close(self) -> None:
        with self.lock:
            self._collection = None
            self.loaded = False
            if self._client is not None:
                self._client.close()
                self._client = None


class VectorIndex:
    """Cosine similarity search over passage vectors."""

    def __init__(self, folder: Path) -> None:
        """Use (and on first write create) the index in ``folder``."""
        folder = folder.resolve()
        with _registry:
            self._handle = _handles.setdefault(folder, _Handle(folder))
            self._handle.users += 1
        self._open = True

    def close(self) -> None:
        """Let go of the folder."""
        with _registry, self._handle.lock:
            if self._open:
                self._open = False
                self._handle.users -= 1
                if not self._handle.users:
                    _handles.pop(self._handle.folder, None)
                    self._handle.close()

    def refresh(self, generation: int) -> None:
        """Reopen when another process has written since (it is not seen otherwise)."""
        handle = self._handle
        with handle.lock:
            if handle.generation != generation:
                if handle.generation >= 0:
                    handle.close()
                handle.generation = generation

    def mark_current(self, generation: int) -> None:
        """This process has itself brought the index to ``generation``."""
        with self._handle.lock:
            self._handle.generation = generation

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Take passages in; those already there are replaced."""
        for at in range(0, len(rows), _BATCH):
            some = rows[at : at + _BATCH]
            with self._handle.touched() as collection:
                collection.upsert(
                    ids=[r.id for r in some],
                    embeddings=np.stack([r.vector for r in some]),
                    metadatas=[_metadata(r) for r in some],
                )

    def remove(self, ids: Sequence[str]) -> None:
        """Let passages go; unknown ids are ignored."""
        if not self._handle.there:
            return
        for at in range(0, len(ids), _BATCH):
            with self._handle.touched() as collection:
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
            n: How many.
            filters: Dates, outlets and language to keep to.
            only: Ids of passages to choose from; None: all.

        Returns:
            (passage id, cosine similarity), nearest first.

        Raises:
            ArchiveDamaged: Chroma can't answer.
            ArchiveLocked: Another process does not come to an end with its writing.
        """
        if only is not None and not only:
            return []
        handle = self._handle
        with handle.lock:
            if not self._open:
                raise StoreClosed
            if not handle.there:
                return []
            if handle.loaded:
                return self._search(handle.collection(), vector, n, filters, only)
            with handle.touched() as collection:
                found = self._search(collection, vector, n, filters, only)
            handle.loaded = only is None  # among no passages that are there it may have looked at nothing
            return found

    def _search(
        self,
        collection: Any,
        vector: npt.NDArray[np.float32],
        n: int,
        filters: Query | None,
        only: Sequence[str] | None,
    ) -> list[tuple[str, float]]:
        try:
            # Chroma fails for ids it has not: passages not yet indexed, or just deleted.
            there = None if only is None else collection.get(ids=list(only), include=[])["ids"]
            if there == []:
                return []
            found = collection.query(
                query_embeddings=vector[None, :],
                ids=there,
                n_results=n,
                include=["distances"],
                where=_where(filters) if filters else None,
            )
        except Exception as e:
            raise _damaged(self._handle.folder, e) from e
        return [(i, 1.0 - float(d)) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]

    def ids(self) -> set[str]:
        """Ids of all passages in the index."""
        with self._handle.lock:
            if not self._handle.there:
                return set()
            try:
                return set(self._handle.collection().get(include=[])["ids"])
            except Exception as e:
                raise _damaged(self._handle.folder, e) from e

    def wipe(self) -> None:
        """Delete the index; the next write starts an empty one."""
        with self._handle.lock:
            self._handle.close()
            shutil.rmtree(self._handle.folder, ignore_errors=True)


def zero_tail(folder: Path) -> None:
    """Overwrite with zeros what Chroma's graph files hold behind their last element.

    hnswlib makes room for a hundred elements and more without clearing it, and
    saves that memory as it is: words of any article that the process has read,
    or worse. Chroma does so when it first loads a graph, in readers too, and
    never writes there again before an element takes the place.

    Files that don't look as expected are left alone. The caller sees to it
    that no process is saving.
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
            _zero(header.with_name("length.bin"), count * 4, room * 4)  # a float for each: its vector's length
        except OSError:  # a rebuild has just taken the folder away
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


def _metadata(row: IndexRow) -> dict[str, str | int | bool]:
    return {
        # $gte compares numbers only, and rows without the key drop out.
        "published": int(row.published.timestamp()) if row.published else 0,
        "has_date": row.published is not None,
        "source": row.source or "",
        "language": row.language,
    }


def _where(filters: Query) -> dict[str, Any] | None:
    rules: list[dict[str, Any]] = []
    if filters.sources:
        rules.append({"source": {"$in": list(filters.sources)}})
    if filters.language:
        rules.append({"language": filters.language})
    if filters.after or filters.before:
        dated: list[dict[str, Any]] = [{"has_date": True}]
        if filters.after:
            dated.append({"published": {"$gte": int(filters.after.timestamp())}})
        if filters.before:
            dated.append({"published": {"$lt": int(filters.before.timestamp())}})
        within = {"$and": dated}
        rules.append({"$or": [{"has_date": False}, within]} if filters.undated else within)
    if not rules:
        return None
    return rules[0] if len(rules) == 1 else {"$and": rules}


def _damaged(folder: Path, e: Exception) -> ArchiveDamaged:
    first = str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__
    return ArchiveDamaged(f"The vector index in {folder} can't be read ({first}). Run: onrecord doctor --repair")
