"""What an archive mended by itself: derived indexes that could not be opened or written, rebuilt from the catalog."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rag.index.native import damaged, sealed_at
from rag.index.schema import INDEX_FORMAT, WITH_ARTICLES

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.index.lexical import LexicalIndex
    from rag.index.stores import Stores
    from rag.protocols import VectorStore

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


def require_agreement(stores: Stores) -> None:
    """Check, within a writer's turn, that indexes to which nothing is left to do hold what the catalog says.

    Always the numbers, which cost next to nothing. The ids only where an index is not sealed with the generation that
    the catalog has now: its writer was killed, or its files and the catalog's are of different moments, as they are
    after a power failure or in a copy made while somebody wrote.

    Raises:
        ArchiveDamaged: One of them holds something else.
    """
    from rag.index.health import index_problems

    catalog = stores.catalog
    if (passages := catalog.expected()) is None or catalog.index_format < INDEX_FORMAT:
        return  # others write to the catalog meanwhile; or an older program's, which is rebuilt
    vectors, lexical = stores.indexes()
    lexical.check(passages, catalog.articles_with_passages())
    if stores.vector_place().address:
        vectors.check(passages)  # in the folder they were counted before they were sealed
    generation = catalog.generation
    indexes: dict[str, VectorStore | LexicalIndex] = {"vectors": vectors, "lexical": lexical}
    unsure = [kind for kind in indexes if any(sealed_at(f) != generation for f in _folders(stores, kind))]
    for problem in index_problems(stores, unsure) if unsure else ():
        raise damaged(problem.store, stores.path / stores.index_name(problem.store), problem.what)
    for kind in unsure:
        indexes[kind].mark_current(generation)


def _folders(stores: Stores, kind: str) -> list[Path]:
    """Where the files of an index are, one folder for each shard; none where a server has them."""
    if kind == "vectors" and stores.vector_place().address:
        return []
    folder = stores.path / stores.index_name(kind)
    main = _MAIN[kind][0]
    return [f.parent for f in (*folder.glob(main), *folder.glob(f"*/{main}"))] if kind == "vectors" else [folder]


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


__all__ = ["healed", "record", "require_agreement", "require_there"]
