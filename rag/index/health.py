"""Whether the stores of an archive agree with one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.errors import ArchiveDamaged, ArchiveError
from rag.index.schema import INDEX_FORMAT
from rag.text.counting import count
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
        what = f"an ingest was interrupted: {count(pending, 'passage')} to index, {tombstones:,} to let go"
        found.append(Problem(store="catalog", what=what))
    return found + index_problems(stores)


def index_problems(stores: Stores, kinds: Sequence[str] = ("vectors", "lexical")) -> list[Problem]:
    """Where some of the indexes differ from the catalog, by ids."""
    found: list[Problem] = []
    truth = stores.catalog.passage_ids()
    try:
        vectors, lexical = stores.indexes()
    except ArchiveDamaged as e:
        return [Problem(store=e.store or "catalog", what=str(e))]
    except ArchiveError as e:  # the vectors are not where the settings say
        return [Problem(store="vectors", what=str(e))]
    for store, index in (("vectors", vectors), ("lexical", lexical)):
        if store not in kinds:
            continue
        try:
            held = [("passages", truth, index.ids())]
            if index is lexical and stores.catalog.index_format >= INDEX_FORMAT:
                articles = {ident.partition(":")[0] for ident in truth}
                words, texts = lexical.article_ids()
                held += [("articles", articles, words), ("full texts", articles, texts)]
        except Exception as e:  # whatever a store says: it can't be read
            found.append(Problem(store=store, what=str(e)))
            continue
        for what, wanted, there in held:
            if missing := len(wanted - there):
                found.append(Problem(store=store, what=f"{missing} {what} are missing"))
            if extra := len(there - wanted):
                found.append(Problem(store=store, what=f"{extra} {what} are left over"))
    return found


__all__ = ["index_problems", "problems"]
