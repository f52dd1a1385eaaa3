"""Whether the stores of an archive agree with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import ArchiveDamaged, ArchiveError
from rag.types import Problem

if TYPE_CHECKING:
    from rag.index.stores import Stores


def problems(stores: Stores) -> list[Problem]:
    """Compare the three stores; an empty list is good."""
    catalog = stores.catalog
    found: list[Problem] = []
    if (state := catalog.integrity()) != "ok":
        found.append(Problem(store="catalog", what=state))
    built, current = catalog.meta("fingerprint"), stores.current_fingerprint
    if built not in (None, current):
        found.append(Problem(store="catalog", what=f"built by {built}, the settings say {current}"))
    counts = catalog.counts()
    pending, tombstones = counts["pending"], counts["tombstones"]
    if pending or tombstones or catalog.meta("purge") == "1":
        what = f"an ingest was interrupted: {pending} passages to index, {tombstones} to let go"
        found.append(Problem(store="catalog", what=what))
    return found + _index_problems(stores)


def _index_problems(stores: Stores) -> list[Problem]:
    """Where the indexes differ from the catalog."""
    found: list[Problem] = []
    truth = stores.catalog.passage_ids()
    try:
        vectors, lexical = stores.indexes()
    except ArchiveDamaged as e:
        return [Problem(store=e.store or "catalog", what=str(e))]
    except ArchiveError as e:  # the vectors are not where the settings say
        return [Problem(store="vectors", what=str(e))]
    for store, ids in (("vectors", vectors.ids), ("lexical", lexical.ids)):
        try:
            there = ids()
        except Exception as e:  # whatever a store says: it can't be read
            found.append(Problem(store=store, what=str(e)))
            continue
        if missing := len(truth - there):
            found.append(Problem(store=store, what=f"{missing} passages are missing"))
        if extra := len(there - truth):
            found.append(Problem(store=store, what=f"{extra} passages are left over"))
    return found


__all__ = ["problems"]
