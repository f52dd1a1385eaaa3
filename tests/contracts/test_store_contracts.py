"""Our stores keep the contracts of stores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres import PostgresServer, postgres
from vector_servers import ChromaProcess

from rag.index.catalog import Catalog
from rag.index.chroma_server import ChromaServer
from rag.index.lexical import LexicalIndex
from rag.index.pgvectors import PgVectors
from rag.index.qdrant import Qdrant
from rag.index.served import Owner, ServedVectors, VectorServer
from rag.index.server_catalog import ServerCatalog
from rag.index.vector_places import Folder, open_index
from rag.index.vectors import VectorIndex
from rag.testing.contracts import CatalogContract, LexicalStoreContract, VectorStoreContract


class TestChroma(VectorStoreContract):
    @pytest.fixture
    def open_index(self) -> Callable[[Path], Any]:
        return VectorIndex


class TestTantivy(LexicalStoreContract):
    @pytest.fixture
    def open_index(self) -> Callable[[Path], Any]:
        return LexicalIndex


class TestSQLite(CatalogContract):
    @pytest.fixture
    def open_catalog(self) -> Callable[[Path, bool], Catalog]:
        return lambda folder, create: Catalog(folder / "catalog.sqlite", create=create)


class _OnServer(VectorStoreContract):
    """On a server, where a folder stands for an archive."""

    @pytest.fixture
    def server(self) -> Iterator[VectorServer]:
        raise NotImplementedError

    @pytest.fixture
    def open_index(self, server: VectorServer) -> Callable[[Path], Any]:
        def opened(folder: Path) -> ServedVectors:
            ident = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
            return ServedVectors(server, Owner(ident, str(folder), "onrecord doctor --repair"), "vectors-1")

        return opened


@pytest.mark.slow
class TestChromaServer(_OnServer):
    @pytest.fixture
    def server(self, chroma_server: ChromaProcess) -> Iterator[VectorServer]:
        made = ChromaServer(chroma_server.url)
        yield made
        made.close()


@pytest.mark.slow
class TestPgVectors(_OnServer):
    @pytest.fixture
    def server(self, pgvector_server: PostgresServer) -> Iterator[VectorServer]:
        made = PgVectors(pgvector_server.url())
        yield made
        made.close()


@pytest.mark.slow
class TestQdrantInAFolder(_OnServer):
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[VectorServer]:
        pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
        made = Qdrant(f"qdrant+file:{tmp_path / 'points'}")
        yield made
        made.close()


class TestMonths(VectorStoreContract):
    """Sharded, in the archive's folder."""

    @pytest.fixture
    def open_index(self) -> Callable[[Path], Any]:
        return lambda folder: open_index(Folder(folder), "vectors-1", "month", expected=False)


class TestPostgreSQL(CatalogContract):
    @pytest.fixture
    def open_catalog(self, postgres: PostgresServer) -> Callable[[Path, bool], Catalog]:
        url = postgres.new_database()
        return lambda folder, create: ServerCatalog(url, folder, create=create)


__all__ = ["postgres"]
