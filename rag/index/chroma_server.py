"""Vectors on a Chroma server, over HTTP: ``chroma+http://host:port``."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt

from rag.errors import DiskFull, OnRecordError
from rag.index.native import is_full
from rag.index.schema import IndexRow
from rag.index.served import PATIENCE, NoCollection, failed, plain, refused, too_old, unreachable
from rag.index.vectors import CONFIGURATION, metadata, where
from rag.types import Query

_PORT = 8000
_REFUSED = re.compile(r"unauthor|forbidden|\b40[13]\b", re.IGNORECASE)
_GONE = re.compile(r"connect|timed? ?out|disconnect|temporarily|\b50[234]\b|unreachable|name or service", re.IGNORECASE)


class ChromaServer:
    """A ``VectorServer``. Safe to use from several threads; connects at the first call."""

    def __init__(self, url: str) -> None:
        """Take ``chroma+http(s)://[TOKEN@]host[:port]``; with ``USER:PASSWORD@`` for a proxy before it."""
        self.address = plain(url)
        self._url = urlsplit(url)
        self._client: Any = None
        self._collections: dict[str, Any] = {}

    def _connected(self) -> Any:
        if self._client is None:
            import chromadb
            from chromadb.config import Settings

            client = chromadb.HttpClient(
                host=self._url.hostname or "localhost",
                port=self._url.port or _PORT,
                ssl=self._url.scheme.endswith("https"),
                headers=_sign_in(self._url.username, self._url.password),
                settings=Settings(anonymized_telemetry=False),
            )
            session = getattr(getattr(client, "_server", None), "_session", None)
            if session is not None:  # it would wait for ever
                session.timeout = PATIENCE
            if not (version := str(client.get_version())).startswith("1."):
                raise too_old(self.address, f"Chroma {version}", "Chroma 1")
            self._client = client
        return self._client

    def _collection(self, name: str) -> Any:
        if name not in self._collections:
            self._collections[name] = self._connected().get_collection(name, embedding_function=None)
        return self._collections[name]

    @contextmanager
    def _asked(self, name: str = "") -> Iterator[None]:
        """Chroma's errors, which share no base class, as ours."""
        try:
            yield
        except OnRecordError:
            raise
        except Exception as e:
            kind = type(e).__name__
            if kind == "NotFoundError":
                self._collections.pop(name, None)
                raise NoCollection from e
            if is_full(e):
                raise DiskFull(
                    f"The disk of {self.address} is full. Free some space there and run the same command again: it "
                    "goes on where it stopped."
                ) from e
            if _REFUSED.search(f"{kind} {e}"):
                raise refused(self.address, e) from e
            if _GONE.search(f"{kind} {e}"):
                raise unreachable(self.address, e) from e
            if self._client is None:  # its first answers are none of Chroma's
                raise too_old(self.address, "no server that speaks Chroma's protocol", "Chroma 1") from e
            raise failed(self.address, e) from e

    # -- collections -------------------------------------------------------------------

    def label(self, name: str) -> Mapping[str, Any]:
        """As ``VectorServer.label``."""
        with self._asked(name):
            self._collections.pop(name, None)
            return dict(self._collection(name).metadata or {})

    def create(self, name: str, dim: int, label: Mapping[str, Any]) -> None:
        """As ``VectorServer.create``; the first passage decides the dimension."""
        with self._asked(name):
            self._collections[name] = self._connected().create_collection(
                name, embedding_function=None, configuration=CONFIGURATION, metadata=dict(label)
            )

    def drop(self, name: str) -> None:
        """As ``VectorServer.drop``."""
        try:
            with self._asked(name):
                self._connected().delete_collection(name)
                self._collections.pop(name, None)
        except NoCollection:
            return

    def names(self, prefix: str) -> list[str]:
        """As ``VectorServer.names``."""
        found: list[str] = []
        with self._asked():
            while some := self._connected().list_collections(limit=500, offset=len(found)):
                found += [c.name for c in some]
        return sorted(name for name in found if name.startswith(prefix))

    def check(self) -> None:
        """As ``VectorServer.check``."""
        with self._asked():
            self._connected().heartbeat()

    def close(self) -> None:
        """As ``VectorServer.close``."""
        if self._client is not None:
            self._client.close()
        self._client = None
        self._collections = {}

    # -- passages ------------------------------------------------------------------------

    def put(self, name: str, rows: Sequence[IndexRow]) -> None:
        """As ``VectorServer.put``."""
        with self._asked(name):
            self._collection(name).upsert(
                ids=[r.id for r in rows],
                embeddings=np.stack([r.vector for r in rows]),
                metadatas=[metadata(r) for r in rows],
            )

    def remove(self, name: str, ids: Sequence[str]) -> None:
        """As ``VectorServer.remove``."""
        with self._asked(name):
            self._collection(name).delete(ids=list(ids))

    def search(
        self, name: str, vector: npt.NDArray[np.float32], n: int, filters: Query | None, only: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """As ``VectorServer.search``."""
        with self._asked(name):
            collection = self._collection(name)
            # It fails for ids that it doesn't have.
            there = None if only is None else collection.get(ids=list(only), include=[])["ids"]
            if there == []:
                return []
            found = collection.query(
                query_embeddings=vector[None, :], ids=there, n_results=n, include=["distances"], where=where(filters)
            )
        return [(i, 1.0 - float(d)) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]

    def ids(self, name: str) -> set[str]:
        """As ``VectorServer.ids``."""
        with self._asked(name):
            return set(self._collection(name).get(include=[])["ids"])

    def vectors(self, name: str, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """As ``VectorServer.vectors``."""
        with self._asked(name):
            got = self._collection(name).get(ids=list(ids), include=["embeddings"])
        return {i: np.asarray(v, np.float32) for i, v in zip(got["ids"], got["embeddings"], strict=True)}

    def count(self, name: str) -> int:
        """As ``VectorServer.count``."""
        with self._asked(name):
            return int(self._collection(name).count())


def _sign_in(user: str | None, password: str | None) -> dict[str, str]:
    """The header that a proxy before the server asks for; Chroma itself knows no users."""
    if not user and not password:
        return {}
    if not user or not password:
        return {"Authorization": f"Bearer {unquote(user or password or '')}"}
    told = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return {"Authorization": f"Basic {told}"}


__all__ = ["ChromaServer"]
