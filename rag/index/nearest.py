"""The nearest passages of an archive by looking at each: its own vectors in memory, as the catalog has them.

The index of vectors in the archive's folder is written, checked and moved as ever; up to ``MOST`` passages it is only
not asked. Looking at each of 25,000 vectors takes two milliseconds, finds the very nearest, and a filter costs nothing,
which in Chroma is a second search; and a program that only asks never loads Chroma. What is in memory is read from the
catalog and is nowhere on disk, so that there is nothing to mend, to lock or to take down.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rag.index.schema import IndexRow, StoreClosed, parse_time
from rag.text.local_clock import clock
from rag.types import Query

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.protocols import VectorStore

MOST = 200_000
"""Passages up to which each is looked at: 150 MB and about 15 ms a search. With more, the index is asked."""
_STEP = 4000  # passages read from the catalog at once
_SOME = 500  # values in one statement
_ROUNDED = 1.1e-3
"""More than twice what rounding a question's vector to 16 bits can change a cosine by (2 ** -11)."""
_FINE = np.float32(2.0**10)
"""What is lost by rounding is multiplied by this before it is rounded itself, so that it is in the range of 16 bits."""


class _Facts(NamedTuple):
    """What filters need of a version."""

    source: str
    language: str
    published: int | None
    """By the clock that its date shows, in seconds."""


@dataclass(frozen=True)
class _Held:
    """The passages of one generation; row n of each array is the n-th passage's."""

    dim: int
    numbers: npt.NDArray[np.int64]
    ids: list[str]
    vectors: npt.NDArray[np.float16]
    lengths: npt.NDArray[np.float32]
    versions: npt.NDArray[np.int64]
    facts: Mapping[int, _Facts]
    """Of each version."""

    @cached_property
    def places(self) -> dict[str, int]:
        """The rows of passages, by id."""
        return {ident: n for n, ident in enumerate(self.ids)}

    @cached_property
    def _known(self) -> tuple[list[_Facts], npt.NDArray[np.intp]]:
        """Facts of each version once, and which of them are each passage's."""
        numbers, of = np.unique(self.versions, return_inverse=True)
        return [self.facts[int(n)] for n in numbers], of

    def allowed(self, filters: Query | None, only: Sequence[str] | None) -> npt.NDArray[np.bool_] | None:
        """Which passages a query's filters let through; None: all."""
        through: npt.NDArray[np.bool_] | None = None
        if filters and (filters.sources or filters.language or filters.after or filters.before):
            facts, of = self._known
            fits = _fits(filters)
            through = np.fromiter((fits(one) for one in facts), np.bool_, len(facts))[of]
        if only is not None:
            named = np.zeros(len(self.ids), np.bool_)
            named[[n for n in map(self.places.get, only) if n is not None]] = True
            through = named if through is None else through & named
        return through


class Nearest:
    """A ``VectorStore`` that answers searches from the catalog's vectors; all else is the index's. Thread-safe."""

    def __init__(self, index: VectorStore, catalog: Catalog) -> None:
        """Nothing is read yet.

        Args:
            index: Of the same passages.
            catalog: The archive's.
        """
        self._index, self._catalog = index, catalog
        self._lock = threading.Lock()
        self._generation = -1
        self._read: tuple[int, _Held | None] | None = None
        """What was read, and of which generation; None in it: there are too many."""
        self._last: tuple[_Held, bytes, npt.NDArray[np.float32]] | None = None
        self._open = True

    def search(
        self,
        vector: npt.NDArray[np.float32],
        n: int,
        filters: Query | None = None,
        only: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """As ``VectorStore.search``; of passages that are as near, the one stored first comes first."""
        held = self._held(len(vector))
        if held is None:
            return self._index.search(vector, n, filters, only)
        through = held.allowed(filters, only)
        rows = np.arange(len(held.ids)) if through is None else np.flatnonzero(through)
        n = min(n, len(rows))
        if not n:
            return []
        asked = vector / (np.linalg.norm(vector) or 1.0)
        rough = self._rough(held, asked)[rows]
        close = rows[rough >= np.partition(rough, len(rows) - n)[len(rows) - n] - _ROUNDED]
        # What was lost of the question's vector by rounding it decides among these.
        rounded = asked.astype(np.float16)
        lost = ((asked - rounded.astype(np.float32)) * _FINE).astype(np.float16)
        near = held.vectors[close]
        cosines = (_products(rounded, near) + _products(lost, near) / _FINE) / held.lengths[close]
        best = np.lexsort((close, -cosines))[:n]
        return [(held.ids[row], float(cosine)) for row, cosine in zip(close[best], cosines[best], strict=True)]

    def read_ahead(self) -> None:
        """Read what is searched, if nothing has been: while another thread still loads the embedding model.

        Raises:
            StoreClosed: It was closed.
        """
        if self._read is None and (one := self._catalog.any_vector()) is not None:
            self._held(len(one))

    def _rough(self, held: _Held, asked: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Cosines of all passages, up to rounding; the last ones are kept: a question with a time is asked twice."""
        key, last = asked.tobytes(), self._last
        if last is None or last[0] is not held or last[1] != key:
            cosines = _products(asked.astype(np.float16), held.vectors) / held.lengths
            last = self._last = (held, key, cosines)
        return last[2]

    # -- what is in memory ---------------------------------------------------------

    def _held(self, dim: int) -> _Held | None:
        """The passages, read again as far as they have changed; None where there are too many."""
        with self._lock:
            if not self._open:
                raise StoreClosed
            generation = self._generation
            before = self._read[1] if self._read else None
            if self._read is None or self._read[0] != generation or (before and before.dim != dim):
                self._read = generation, self._updated(before if before and before.dim == dim else None, dim)
            return self._read[1]

    def _updated(self, before: _Held | None, dim: int) -> _Held | None:
        there = np.array(self._catalog.searched(), np.int64)
        if len(there) > MOST:
            return None
        held = before or _empty(dim)
        stays = np.isin(held.numbers, there)
        new = np.setdiff1d(there, held.numbers, assume_unique=True)
        if not len(new) and stays.all():
            return held
        numbers, ids, blobs, versions = self._passages(new, dim) if len(new) else ([], [], b"", [])
        facts = {n: held.facts[n] for n in set(held.versions[stays].tolist())}
        facts |= self._facts(sorted(set(versions) - facts.keys()))
        added = np.frombuffer(blobs, np.float16).reshape(-1, dim)
        known = np.isin(versions, list(facts))  # else just deleted
        kept = np.flatnonzero(stays).tolist()
        return _Held(
            dim=dim,
            numbers=np.concatenate([held.numbers[stays], np.array(numbers, np.int64)[known]]),
            ids=[held.ids[n] for n in kept] + [i for i, there in zip(ids, known, strict=True) if there],
            vectors=np.concatenate([held.vectors[stays], added[known]]),
            lengths=np.concatenate([held.lengths[stays], _lengths(added[known])]),
            versions=np.concatenate([held.versions[stays], np.array(versions, np.int64)[known]]),
            facts=facts,
        )

    def _passages(self, new: npt.NDArray[np.int64], dim: int) -> tuple[list[int], list[str], bytes, list[int]]:
        """Numbers, ids, vectors and versions of passages; those with a vector of another model are left out."""
        wanted, after = set(new.tolist()), int(new.min()) - 1
        numbers: list[int] = []
        ids: list[str] = []
        blobs: list[bytes] = []
        versions: list[int] = []
        while rows := self._catalog._db.execute(
            "SELECT number, id, version, vector FROM passage WHERE number > ? ORDER BY number LIMIT ?", (after, _STEP)
        ).fetchall():
            after = rows[-1]["number"]
            some = [row for row in rows if row[0] in wanted and len(row[3]) == 2 * dim]
            numbers += [row[0] for row in some]
            ids += [row[1] for row in some]
            versions += [row[2] for row in some]
            blobs.append(b"".join([row[3] for row in some]))
        return numbers, ids, b"".join(blobs), versions

    def _facts(self, versions: Sequence[int]) -> dict[int, _Facts]:
        found: dict[int, _Facts] = {}
        for at in range(0, len(versions), _SOME):
            some = list(versions[at : at + _SOME])
            rows = self._catalog._db.execute(
                f"""SELECT number, source, language, published FROM version
                    WHERE number IN ({",".join("?" * len(some))})""",
                some,
            )
            for row in rows.fetchall():
                when = parse_time(row["published"])
                stamp = int(clock(when).timestamp()) if when else None
                found[row["number"]] = _Facts(row["source"] or "", row["language"], stamp)
        return found

    # -- the index's ---------------------------------------------------------------

    def add(self, rows: Sequence[IndexRow]) -> None:
        """As ``VectorStore.add``."""
        self._index.add(rows)
        self._forget()

    def remove(self, ids: Sequence[str]) -> None:
        """As ``VectorStore.remove``."""
        self._index.remove(ids)
        self._forget()

    def _forget(self) -> None:
        """Have what is in memory compared with the catalog before the next search."""
        with self._lock:
            if self._read is not None:
                self._read = -2, self._read[1]

    def ids(self) -> set[str]:
        """As ``VectorStore.ids``."""
        return self._index.ids()

    def vectors(self, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """As ``VectorStore.vectors``."""
        return self._index.vectors(ids)

    def count(self) -> int:
        """As ``VectorStore.count``."""
        return self._index.count()

    def check(self, expected: int | None = None) -> None:
        """As ``VectorStore.check``."""
        self._index.check(expected)

    def refresh(self, generation: int) -> None:
        """As ``VectorStore.refresh``."""
        self._index.refresh(generation)
        self._generation = generation

    def mark_current(self, generation: int) -> None:
        """As ``VectorStore.mark_current``."""
        self._index.mark_current(generation)
        self._generation = generation

    def close(self) -> None:
        """As ``VectorStore.close``."""
        with self._lock:
            self._open = False
            self._read = self._last = None
        self._index.close()


def _empty(dim: int) -> _Held:
    none = np.zeros(0, np.int64)
    return _Held(dim, none, [], np.zeros((0, dim), np.float16), np.zeros(0, np.float32), none, {})


def _fits(filters: Query) -> Any:
    """Whether a version's facts pass the filters of a query."""
    sources, language = frozenset(filters.sources), filters.language
    after = int(clock(filters.after).timestamp()) if filters.after else None
    before = int(clock(filters.before).timestamp()) if filters.before else None
    dated = after is not None or before is not None

    def fits(one: _Facts) -> bool:
        if (sources and one.source not in sources) or (language and one.language != language):
            return False
        if not dated:
            return True
        if one.published is None:
            return filters.undated
        return (after is None or one.published >= after) and (before is None or one.published < before)

    return fits


@cache
def _simsimd() -> Any:
    """simsimd, without what adds 16-bit products up in 16 bits (avx512_fp16): there lengths are off by a thousandth."""
    import simsimd

    simsimd.disable_capability("sapphire")
    return simsimd


def _products(vector: npt.NDArray[np.float16], rows: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """The scalar product of a vector with each row, added up in 32 bits."""
    if not len(rows):
        return np.zeros(0, np.float32)
    found: npt.NDArray[np.float32] = np.asarray(_simsimd().cdist(vector[None, :], rows, "inner"), np.float32)[0]
    return found


def _lengths(rows: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """The length of each row; 1 for one without any."""
    if not len(rows):
        return np.zeros(0, np.float32)
    found = np.sqrt(np.atleast_1d(np.asarray(_simsimd().inner(rows, rows), np.float32)))
    return np.where(found > 0, found, np.float32(1))


__all__ = ["MOST", "Nearest"]
