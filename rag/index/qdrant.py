"""Vectors in Qdrant: ``qdrant+http://host:port``, or ``qdrant+file:PATH`` for its client's own store in a folder.

The store in a folder compares all vectors and is one process's: for tests and small archives.
"""

from __future__ import annotations

import re
import threading
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveLocked, DiskFull, OnRecordError, UsageError
from rag.extras import require
from rag.index.native import is_full
from rag.index.schema import IndexRow
from rag.index.served import PATIENCE, NoCollection, failed, plain, refused, too_old, unreachable
from rag.text.local_clock import clock
from rag.types import Query

_PORT = 6333
_OLDEST = (1, 16)
"""The first server whose collections have labels."""
_PAGE = 1000
_NAMES = uuid.UUID("6f2d3c1e-7d0b-5b0e-9a55-3f0f6f1d6c11")
"""Passages' ids are texts, and Qdrant's points have UUIDs."""

# The store in a folder lets one client in: archives of one process share it.
_local: dict[str, tuple[Any, int]] = {}
_lock = threading.RLock()


class Qdrant:
    """A ``VectorServer``. Safe to use from several threads; connects at the first call."""

    def __init__(self, url: str) -> None:
        """Take ``qdrant+http(s)://[KEY@]host[:port]`` or ``qdrant+file:PATH``.

        Raises:
            ExtraMissing: The library is not installed.
            UsageError: There is no path.
        """
        require("qdrant_client", extra="qdrant", what="Keeping vectors in Qdrant", package="qdrant-client")
        self._url = urlsplit(url)
        self._folder = ""
        self.address = plain(url)
        if self._url.scheme == "qdrant+file":
            if not (path := unquote(url.partition(":")[2].removeprefix("//"))):
                raise UsageError("Setting 'vectors': qdrant+file: needs a folder, as in qdrant+file:/data/vectors.")
            self._folder = str(Path(path).expanduser().resolve())
            self.address = f"qdrant+file:{self._folder}"
        self._client: Any = None

    def _connected(self) -> Any:
        with _lock:
            if self._client is None:
                self._client = self._in_folder() if self._folder else self._over_http()
            return self._client

    def _in_folder(self) -> Any:
        from qdrant_client import QdrantClient

        client, users = _local.get(self._folder, (None, 0))
        if client is None:
            try:
                client = QdrantClient(path=self._folder, force_disable_check_same_thread=True)
            except RuntimeError as e:
                if "already accessed" not in str(e):
                    raise
                raise ArchiveLocked(
                    f"Another process has the vectors in {self._folder} open, and Qdrant's store in a folder is for "
                    "one alone. Stop it, or use a server: qdrant+http://host:port"
                ) from None
        _local[self._folder] = (client, users + 1)
        return client

    def _over_http(self) -> Any:
        from qdrant_client import QdrantClient

        key = unquote(self._url.password or self._url.username or "") or None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a key over http, which is the owner's to decide
            client = QdrantClient(
                host=self._url.hostname or "localhost",
                port=self._url.port or _PORT,
                https=self._url.scheme.endswith("https"),
                prefix=self._url.path.strip("/") or None,
                api_key=key,
                timeout=int(PATIENCE),
                check_compatibility=False,
            )
        version = str(client.info().version)
        if tuple(int(n) for n in re.findall(r"\d+", version)[:2]) < _OLDEST:
            client.close()
            raise too_old(self.address, f"Qdrant {version}", "Qdrant 1.16")
        return client

    @contextmanager
    def _asked(self, name: str = "") -> Iterator[Any]:
        """The client; its errors as ours."""
        try:
            with _lock if self._folder else threading.Lock():  # the store in a folder knows no threads
                yield self._connected()
        except (OnRecordError, NoCollection):
            raise
        except Exception as e:
            status = getattr(e, "status_code", None)
            if status == 404 or (
                isinstance(e, ValueError) and str(e).startswith("Collection ") and "not found" in str(e)
            ):
                raise NoCollection(name) from e
            if is_full(e):
                raise DiskFull(
                    f"The disk of {self.address} is full. Free some space there and run the same command again: it "
                    "goes on where it stopped."
                ) from e
            if status in (401, 403):
                raise refused(self.address, f"{status}") from e
            if type(e).__name__ == "ResponseHandlingException" or status in (502, 503, 504):
                raise unreachable(self.address, e) from e
            raise failed(self.address, e) from e

    # -- collections -----------------------------------------------------------------------

    def label(self, name: str) -> Mapping[str, Any]:
        """As ``VectorServer.label``."""
        with self._asked(name) as client:
            return dict(client.get_collection(name).config.metadata or {})

    def create(self, name: str, dim: int, label: Mapping[str, Any]) -> None:
        """As ``VectorServer.create``."""
        from qdrant_client import models

        with self._asked(name) as client:
            client.create_collection(
                name,
                vectors_config=models.VectorParams(size=dim, distance=models.Distance.COSINE),
                hnsw_config=models.HnswConfigDiff(m=16, ef_construct=128),
                metadata=dict(label),
            )
            if not self._folder:  # which filters without
                kinds = {
                    "source": models.PayloadSchemaType.KEYWORD,
                    "language": models.PayloadSchemaType.KEYWORD,
                    "has_date": models.PayloadSchemaType.BOOL,
                    "published": models.PayloadSchemaType.INTEGER,
                }
                for field, kind in kinds.items():
                    client.create_payload_index(name, field, kind, wait=True)

    def drop(self, name: str) -> None:
        """As ``VectorServer.drop``."""
        with self._asked(name) as client:
            client.delete_collection(name)

    def names(self, prefix: str) -> list[str]:
        """As ``VectorServer.names``."""
        with self._asked() as client:
            return sorted(c.name for c in client.get_collections().collections if c.name.startswith(prefix))

    def check(self) -> None:
        """As ``VectorServer.check``."""
        with self._asked() as client:
            client.get_collections()

    def close(self) -> None:
        """As ``VectorServer.close``."""
        with _lock:
            client, self._client = self._client, None
            if client is not None and self._folder:
                _, users = _local.pop(self._folder)
                if users > 1:
                    _local[self._folder] = (client, users - 1)
                    return
            if client is not None:
                client.close()

    # -- passages ---------------------------------------------------------------------------

    def put(self, name: str, rows: Sequence[IndexRow]) -> None:
        """As ``VectorServer.put``."""
        from qdrant_client import models

        points = [models.PointStruct(id=_point(r.id), vector=r.vector.tolist(), payload=_payload(r)) for r in rows]
        with self._asked(name) as client:
            client.upsert(name, points, wait=True)

    def remove(self, name: str, ids: Sequence[str]) -> None:
        """As ``VectorServer.remove``."""
        from qdrant_client import models

        with self._asked(name) as client:
            client.delete(name, models.PointIdsList(points=[_point(i) for i in ids]), wait=True)

    def search(
        self, name: str, vector: npt.NDArray[np.float32], n: int, filters: Query | None, only: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """As ``VectorServer.search``."""
        from qdrant_client import models

        with self._asked(name) as client:
            found = client.query_points(
                name,
                query=vector.tolist(),
                limit=n,
                query_filter=_where(filters, only),
                search_params=None if self._folder else models.SearchParams(hnsw_ef=max(128, n)),
                with_payload=["id"],
            )
        return [(p.payload["id"], float(p.score)) for p in found.points]

    def ids(self, name: str) -> set[str]:
        """As ``VectorServer.ids``."""
        found: set[str] = set()
        place = None
        while True:
            with self._asked(name) as client:
                points, place = client.scroll(name, limit=_PAGE, offset=place, with_payload=["id"], with_vectors=False)
            found |= {p.payload["id"] for p in points}
            if place is None:
                return found

    def vectors(self, name: str, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """As ``VectorServer.vectors``."""
        with self._asked(name) as client:
            points = client.retrieve(name, [_point(i) for i in ids], with_payload=["id"], with_vectors=True)
        return {p.payload["id"]: np.asarray(p.vector, np.float32) for p in points}

    def count(self, name: str) -> int:
        """As ``VectorServer.count``."""
        with self._asked(name) as client:
            return int(client.count(name, exact=True).count)


def _point(ident: str) -> str:
    """The point of a passage."""
    return str(uuid.uuid5(_NAMES, ident))


def _payload(row: IndexRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "source": row.source or "",
        "language": row.language,
        "has_date": row.published is not None,
        "published": int(clock(row.published).timestamp()) if row.published else 0,
    }


def _where(filters: Query | None, only: Sequence[str] | None) -> Any:
    """The filters of a query as Qdrant takes them; None where there are none."""
    from qdrant_client import models

    rules: list[Any] = []
    if only is not None:
        rules.append(models.HasIdCondition(has_id=[_point(i) for i in only]))
    if filters and filters.sources:
        rules.append(models.FieldCondition(key="source", match=models.MatchAny(any=list(filters.sources))))
    if filters and filters.language:
        rules.append(models.FieldCondition(key="language", match=models.MatchValue(value=filters.language)))
    if filters and (filters.after or filters.before):
        between = models.Range(
            gte=int(clock(filters.after).timestamp()) if filters.after else None,
            lt=int(clock(filters.before).timestamp()) if filters.before else None,
        )
        has_date = models.FieldCondition(key="has_date", match=models.MatchValue(value=True))
        within = models.Filter(must=[has_date, models.FieldCondition(key="published", range=between)])
        without = models.FieldCondition(key="has_date", match=models.MatchValue(value=False))
        rules.append(models.Filter(should=[without, within]) if filters.undated else within)
    return models.Filter(must=rules) if rules else None


__all__ = ["Qdrant"]
