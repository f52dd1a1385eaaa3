"""What an archive mended by itself: derived indexes that could not be opened or written, rebuilt from the catalog."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rag.index.native import damaged
from rag.index.schema import WITH_ARTICLES

if TYPE_CHECKING:
    from rag.index.catalog import Catalog

LOGGER = logging.getLogger("onrecord.stores")
_KEPT = 20
"""Events that are remembered."""
_MAIN = {"vectors": ("chroma.sqlite3",), "lexical": ("meta.json", "articles/meta.json")}
"""The files without which an index would be taken for one that was never written."""


def require_there(catalog: Catalog, folder: Path, names: Mapping[str, str]) -> None:
    """Check that the indexes are there if the catalog says that they hold something.

    Args:
        catalog: The archive's.
        folder: The archive's.
        names: The folders of those indexes that are in it.

    Raises:
        ArchiveDamaged: One of them is not.
    """
    if not catalog.any_indexed():
        return
    for store, at in names.items():
        files = _MAIN[store]
        for name in files if catalog.index_format >= WITH_ARTICLES else files[:1]:
            sharded = store == "vectors" and any((folder / at).glob(f"*/{name}"))
            if not (folder / at / name).exists() and not sharded:
                raise damaged(store, folder / at, f"{name} is gone")


def record(catalog: Catalog, store: str, why: str) -> None:
    """Remember that an index was rebuilt, and log it."""
    LOGGER.warning("the %s index was rebuilt from the catalog: %s", store, why)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    events = [*healed(catalog), {"when": now, "store": store, "why": why}]
    catalog.set_meta("healed", json.dumps(events[-_KEPT:]))


def healed(catalog: Catalog) -> list[dict[str, str]]:
    """What was mended, oldest first: ``when`` (ISO 8601, UTC), ``store``, ``why``."""
    found: list[dict[str, str]] = json.loads(catalog.meta("healed") or "[]")
    return found


__all__ = ["healed", "record", "require_there"]
