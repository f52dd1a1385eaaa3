"""Moving an archive's vectors: written anew from the catalog elsewhere, compared, and only then the live ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveDamaged, ArchiveError, UsageError
from rag.index import vector_places as places

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.index.stores import Stores
    from rag.protocols import VectorStore

_BATCH = 1000


@dataclass(frozen=True)
class Sum:
    """What a store holds, in whatever order it gives it."""

    count: int
    digest: str
    """Hexadecimal; equal for the same ids with the same vectors."""


@dataclass(frozen=True)
class Moved:
    """What ``onrecord migrate --to-vectors`` has done."""

    at: str
    """Where the vectors are now, without user and password; "" for the archive's folder."""
    passages: int
    digest: str
    """Of ids and vectors: the same in the catalog, in the old place and in the new one."""
    left: str = ""
    """What is still in the old place, and why; empty where nothing is."""


def move_vectors(
    stores: Stores, url: str, *, leave_old: bool = False, progress: Callable[[int, str], None] | None = None
) -> Moved:
    """Move the vectors; the caller holds the write lock. The old ones stay until the new ones are compared.

    Args:
        stores: The archive's; they use the new place afterwards.
        url: As the setting ``vectors``; "embedded" for the archive's folder.
        leave_old: Neither look at what is in the old place, whose server may be gone for good, nor remove it.
        progress: Called with the number of passages written so far, and the name of the index.

    Raises:
        UsageError: It is no such address, or they are there already.
        ArchiveDamaged: What is in the old place, or has come to the new one, is not what the catalog has. Nothing has
            been changed then.
        ArchiveError: A server can't be reached, or refuses.
    """
    catalog = stores.catalog
    places.require_id(catalog)
    live, since = stores.index_name("vectors"), catalog.marks()
    target = places.place_for(url, stores.path, stores.settings, catalog)
    try:
        if target.address == (catalog.meta(places.AT) or ""):
            raise UsageError(f"The vectors are {_at(target.address)} already. Name another place, or embedded.")
        target.check()
        truth = of_catalog(catalog)
        if not leave_old:
            require_same(
                of_store(stores.indexes()[0], catalog), truth, "in the old place", "Run: onrecord doctor --repair"
            )
        name = places.next_name(live)
        places.write_index(target, name, catalog, stores.settings.vector_shards, progress)
        made = places.open_index(target, name, stores.settings.vector_shards, expected=truth.count > 0)
        try:
            require_same(of_store(made, catalog), truth, f"that came to {target.address or name}", "Try again.")
        except BaseException:
            target.drop(name)
            raise
        finally:
            made.close()
        catalog.activate(
            {"vectors": name, **places.recorded(stores.settings, target.address)}, settled=False, since=since
        )
    finally:
        target.close()
    left = "it was to be left" if leave_old else _drop(stores, live)
    stores.use_vectors_at(url)
    return Moved(target.address, truth.count, truth.digest, left)


def _drop(stores: Stores, live: str) -> str:
    """Remove the old vectors; what is said where they can't be."""
    try:
        place = stores.named_vector_place()
        place.drop(live)
    except (ArchiveError, OSError) as e:
        return str(e)
    return ""


def require_same(found: Sum, truth: Sum, where: str, then: str) -> None:
    """Compare a store with the catalog.

    Raises:
        ArchiveDamaged: They differ.
    """
    if found != truth:
        raise ArchiveDamaged(
            f"The vectors {where} are not the catalog's ({found.count} with digest {found.digest[:12]}, of "
            f"{truth.count} with {truth.digest[:12]}). Nothing was changed. {then}"
        )


def of_catalog(catalog: Catalog) -> Sum:
    """The ids and vectors of the catalog."""

    def pairs() -> Iterable[tuple[str, bytes]]:
        for ids in _batches(catalog.passage_ids()):
            for ident, vector in catalog.vectors(ids).items():
                yield ident, vector.astype(np.float16).tobytes()

    return summed(pairs())


def of_store(store: VectorStore, catalog: Catalog) -> Sum:
    """The ids and vectors of a store, as the catalog would write them.

    Stores keep 32-bit numbers, some of them brought to length 1. The catalog's are the 16-bit ones that they came from,
    and are found again: brought to the catalog's length and rounded.
    """

    def pairs() -> Iterable[tuple[str, bytes]]:
        for ids in _batches(store.ids()):
            true, there = catalog.vectors(ids), store.vectors(ids)
            for ident, vector in there.items():
                yield ident, _rounded(vector, true.get(ident))

    return summed(pairs())


def _rounded(vector: npt.NDArray[np.float32], true: npt.NDArray[np.float32] | None) -> bytes:
    wide = vector.astype(np.float64)
    length = float(np.linalg.norm(wide)) or 1.0
    if true is not None:
        wide = wide / length * float(np.linalg.norm(true.astype(np.float64)))
    return wide.astype(np.float32).astype(np.float16).tobytes()


def summed(pairs: Iterable[tuple[str, bytes]]) -> Sum:
    """Count and digest: the sum of the hashes of all pairs, so that their order doesn't matter."""
    count = total = 0
    for ident, data in pairs:
        count += 1
        total += int.from_bytes(sha256(ident.encode() + b"\0" + data).digest())
    return Sum(count, f"{total % 2**256:064x}")


def _batches(ids: set[str]) -> Iterable[list[str]]:
    ordered = sorted(ids)
    return (ordered[at : at + _BATCH] for at in range(0, len(ordered), _BATCH))


def _at(address: str) -> str:
    return f"at {address}" if address else "in the archive's folder"


__all__ = ["Moved", "Sum", "move_vectors", "of_catalog", "of_store", "require_same", "summed"]
