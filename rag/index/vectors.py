"""The vector index: the only room that talks to Chroma.

Chroma holds ids, vectors and what filters need; never text, so that a
takedown has nothing to look for here.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveDamaged
from rag.index.catalog import IndexRow, StoreClosed
from rag.types import Query

_COLLECTION = "passages"
_BATCH = 5000  # Chroma takes at most 5,461 rows a call

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
        self._client: Any = None
        self._collection: Any = None

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

    def see(self, generation: int) -> None:
        """Reopen when another process has written since (it is not seen otherwise)."""
        handle = self._handle
        with handle.lock:
            if handle.generation != generation:
                if handle.generation >= 0:
                    handle.close()
                handle.generation = generation

    def wrote(self, generation: int) -> None:
        """This process has itself brought the index to ``generation``."""
        with self._handle.lock:
            self._handle.generation = generation

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Take passages in; those already there are replaced."""
        with self._handle.lock:
            collection = self._handle.collection()
            for at in range(0, len(rows), _BATCH):
                some = rows[at : at + _BATCH]
                collection.upsert(
                    ids=[r.id for r in some],
                    embeddings=np.stack([r.vector for r in some]),
                    metadatas=[_metadata(r) for r in some],
                )

    def remove(self, ids: Sequence[str]) -> None:
        """Let passages go; unknown ids are ignored."""
        with self._handle.lock:
            collection = self._handle.collection()
            for at in range(0, len(ids), _BATCH):
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
            filters: Dates and outlets to keep to.
            only: Ids of passages to choose from; None: all.

        Returns:
            (passage id, cosine similarity), nearest first.

        Raises:
            ArchiveDamaged: Chroma can't answer.
        """
        if only is not None and not only:
            return []
        with self._handle.lock:
            if not self._open:
                raise StoreClosed
            collection = self._handle.collection()
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
            try:
                return set(self._handle.collection().get(include=[])["ids"])
            except Exception as e:
                raise _damaged(self._handle.folder, e) from e

    def wipe(self) -> None:
        """Delete the index; the next write starts an empty one."""
        with self._handle.lock:
            self._handle.close()
            shutil.rmtree(self._handle.folder, ignore_errors=True)


def _metadata(row: IndexRow) -> dict[str, str | int | bool]:
    return {
        # $gte compares numbers only, and rows without the key drop out.
        "published": int(row.published.timestamp()) if row.published else 0,
        "has_date": row.published is not None,
        "source": row.source or "",
    }


def _where(filters: Query) -> dict[str, Any] | None:
    rules: list[dict[str, Any]] = []
    if filters.sources:
        rules.append({"source": {"$in": list(filters.sources)}})
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
