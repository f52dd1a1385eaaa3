"""Our stores keep the contracts of stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from postgres import PostgresServer, postgres

from rag.index.catalog import Catalog
from rag.index.lexical import LexicalIndex
from rag.index.server_catalog import ServerCatalog
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


@pytest.mark.slow
class TestPostgreSQL(CatalogContract):
    @pytest.fixture
    def open_catalog(self, postgres: PostgresServer) -> Callable[[Path, bool], Catalog]:
        url = postgres.new_database()
        return lambda folder, create: ServerCatalog(url, folder, create=create)


__all__ = ["postgres"]
