"""The nearest passages of an archive by looking at each: its own vectors in memory, as the catalog has them.

The index of vectors in the archive's folder is written, checked and moved as ever; up to ``MOST`` passages it is only
not asked. Looking at each of 25,000 vectors takes two milliseconds, finds the very nearest, and a filter costs nothing,
which in Chroma is a second search; and a program that only asks never loads Chroma. What is in memory is read from the
catalog and is nowhere on disk, so that there is nothing to mend, to lock or to take down.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
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

MOST = 2_000_000
"""Passages up to which each is looked at. With more, the index is asked."""
WHOLE = 200_000
"""Passages up to which vectors are held as the catalog has them, in 16 bits: 150 MB and about 15 ms a search. Of more
than these 8 bits are held, which is half of both, and the nearest are read from the catalog and compared again."""
_STEP = 4000  # passages read from the catalog at once
_SOME = 500  # values in one statement
_ROUNDED = 1.1e-3
"""More than twice what rounding a question's vector to 16 bits can change a cosine by (2 ** -11)."""
_STEPS = 127  # on either side of zero, in 8 bits
_SURE = 5
"""Standard deviations of what rounding to 8 bits changes a cosine by that it is taken to be within."""
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

    numbers: npt.NDArray[np.int64]
    """Ascending."""
    versions: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float16] | npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    """What a product with a vector is multiplied by to be one with a vector of length 1."""
    ids: list[str] | None
    """None where vectors are held in 8 bits: the ids of the nearest are read with their vectors."""

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return self.vectors.shape[1]

    @cached_property
    def places(self) -> dict[str, int]:
        """The rows of passages, by id."""
        return {ident: n for n, ident in enumerate(self.ids or ())}

    @cached_property
    def of(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
        """The versions, each once, and which of them is each passage's."""
        numbers, of = np.unique(self.versions, return_inverse=True)
        return numbers, of


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
        self._facts: dict[int, _Facts] = {}
        """Of versions that filters were asked of: what is set by hand later makes another version."""
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
        through = self._allowed(held, filters, only)
        rows = None if through is None else np.flatnonzero(through)
        n = min(n, len(held.numbers) if rows is None else len(rows))
        if not n:
            return []
        asked = vector / (np.linalg.norm(vector) or 1.0)
        every, unsure = self._rough(held, asked)
        rough = every if rows is None else every[rows]
        close = np.flatnonzero(rough >= np.partition(rough, len(rough) - n)[len(rough) - n] - unsure)
        close = close if rows is None else rows[close]
        ids, near = self._exactly(held, close)
        # What was lost of the question's vector by rounding it decides among these.
        rounded = asked.astype(np.float16)
        lost = ((asked - rounded.astype(np.float32)) * _FINE).astype(np.float16)
        cosines = (_products(rounded, near) + _products(lost, near) / _FINE) / _lengths(near)
        best = np.lexsort((np.arange(len(ids)), -cosines))[:n]
        return [(ids[row], float(cosine)) for row, cosine in zip(best, cosines[best], strict=True)]

    def read_ahead(self) -> None:
        """Read what is searched, if nothing has been: while another thread still loads the embedding model.

        Raises:
            StoreClosed: It was closed.
        """
        if self._read is None and (one := self._catalog.any_vector()) is not None:
            self._held(len(one))

    def _allowed(self, held: _Held, filters: Query | None, only: Sequence[str] | None) -> npt.NDArray[np.bool_] | None:
        """Which passages a query's filters let through; None: all."""
        through: npt.NDArray[np.bool_] | None = None
        if filters and (filters.sources or filters.language or filters.after or filters.before):
            versions, of = held.of
            self._read_facts(versions)
            fits, facts = _fits(filters), self._facts
            known = (facts.get(n) for n in versions.tolist())  # one that has just been deleted has none
            through = np.fromiter((one is not None and fits(one) for one in known), np.bool_, len(versions))[of]
        if only is not None:
            named = np.zeros(len(held.numbers), np.bool_)
            named[self._places(held, only)] = True
            through = named if through is None else through & named
        return through

    def _places(self, held: _Held, only: Sequence[str]) -> npt.NDArray[np.intp]:
        """The rows of some passages, unknown ones left out."""
        if held.ids is not None:
            return np.array([n for n in map(held.places.get, only) if n is not None], np.intp)
        numbers = np.sort(np.array([n for n, *_ in self._some("number", "id", list(only))], np.int64))
        return np.flatnonzero(np.isin(held.numbers, numbers, assume_unique=True))

    def _rough(self, held: _Held, asked: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], np.float32]:
        """Cosines of all passages but for rounding, and by how much two that are wrongly ordered can differ.

        The last ones are kept: a question with a time is asked twice.
        """
        unsure, key, last = np.float32(_ROUNDED), asked.tobytes(), self._last
        if held.vectors.dtype == np.int8:
            # Each number is off by up to half a step, evenly; so is, by the sum of 2 * dim of these, a cosine.
            step = np.array([np.abs(asked).max() / _STEPS, held.scales.max()])
            unsure = np.float32(2 * _SURE * np.sqrt((step**2).sum() / 12))
        if last is None or last[0] is not held or last[1] != key:
            if held.vectors.dtype == np.int8:
                whole, scale = _in_bytes(asked[None, :])
                cosines = _products(whole[0], held.vectors) * (held.scales * scale[0])
            else:
                cosines = _products(asked.astype(np.float16), held.vectors) * held.scales
            last = self._last = (held, key, cosines)
        return last[2], unsure

    def _exactly(self, held: _Held, rows: npt.NDArray[np.intp]) -> tuple[list[str], npt.NDArray[np.float16]]:
        """Ids and vectors of some rows, as the catalog has them."""
        if held.ids is not None:
            return [held.ids[n] for n in rows], held.vectors[rows].astype(np.float16, copy=False)
        found = sorted(self._some("number, id, vector", "number", held.numbers[rows].tolist()))
        vectors = np.frombuffer(b"".join(blob for *_, blob in found), np.float16).reshape(-1, held.dim)
        return [ident for _, ident, _ in found], vectors

    def _some(self, what: str, by: str, values: Sequence[Any]) -> Iterator[Any]:
        """Columns of passages, found by the values of one."""
        for at in range(0, len(values), _SOME):
            some = list(values[at : at + _SOME])
            marks = ",".join("?" * len(some))
            yield from map(
                tuple, self._catalog._db.execute(f"SELECT {what} FROM passage WHERE {by} IN ({marks})", some)
            )

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
        there = self._catalog.searched()
        if len(there) > MOST:
            return None
        small = len(there) <= WHOLE
        held = before if before and (before.ids is not None) == small else _empty(dim, small=small)
        stays = np.isin(held.numbers, there, assume_unique=True)
        new = np.setdiff1d(there, held.numbers, assume_unique=True)
        if not len(new) and stays.all():
            return held
        parts = [_Held(held.numbers[stays], held.versions[stays], held.vectors[stays], held.scales[stays], None)]
        ids = [held.ids[n] for n in np.flatnonzero(stays)] if held.ids is not None else []
        for some, names in self._passages(new, dim, small=small) if len(new) else ():
            parts.append(some)
            ids += names
        arrays = [
            np.concatenate([getattr(p, name) for p in parts]) for name in ("numbers", "versions", "vectors", "scales")
        ]
        return _Held(*arrays, ids if small else None)

    def _passages(self, new: npt.NDArray[np.int64], dim: int, *, small: bool) -> Iterator[tuple[_Held, list[str]]]:
        """Passages by number, and their ids, some at a time; those with a vector of another model are left out."""
        after, last = int(new[0]) - 1, int(new[-1])
        while rows := self._catalog._db.execute(
            """SELECT number, version, vector, id FROM passage
               WHERE number > ? AND number <= ? ORDER BY number LIMIT ?""",
            (after, last, _STEP),
        ).fetchall():
            after = rows[-1]["number"]
            numbers, versions, blobs, ids = zip(*rows, strict=True)
            wanted = np.isin(np.array(numbers), new, assume_unique=True)
            wanted &= np.fromiter((len(b) == 2 * dim for b in blobs), np.bool_, len(blobs))
            kept = np.flatnonzero(wanted)
            whole = np.frombuffer(b"".join([blobs[n] for n in kept]), np.float16).reshape(-1, dim)
            vectors, scales = (whole, 1 / _lengths(whole)) if small else _in_bytes(whole)
            told = np.array(numbers, np.int64)[kept], np.array(versions, np.int64)[kept]
            yield _Held(*told, vectors, scales, None), [ids[n] for n in kept]

    def _read_facts(self, versions: npt.NDArray[np.int64]) -> None:
        """Read what filters need of versions of which it isn't known yet."""
        new = [n for n in versions.tolist() if n not in self._facts]
        for at in range(0, len(new), _SOME):
            some = new[at : at + _SOME]
            rows = self._catalog._db.execute(
                f"""SELECT number, source, language, published FROM version
                    WHERE number IN ({",".join("?" * len(some))})""",
                some,
            )
            for row in rows.fetchall():
                when = parse_time(row["published"])
                stamp = int(clock(when).timestamp()) if when else None
                self._facts[row["number"]] = _Facts(row["source"] or "", row["language"], stamp)

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


def _empty(dim: int, *, small: bool) -> _Held:
    none = np.zeros(0, np.int64)
    vectors = np.zeros((0, dim), np.float16 if small else np.int8)
    return _Held(none, none, vectors, np.zeros(0, np.float32), [] if small else None)


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


def _in_bytes(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Vectors in 8 bits, each by the largest of its numbers; and what makes of their products those of length 1."""
    largest = np.abs(rows).max(axis=1, initial=0).astype(np.float32)
    whole = np.rint(rows * (_STEPS / np.where(largest > 0, largest, 1))[:, None]).astype(np.int8)
    return whole, np.where(largest > 0, largest, 1) / _STEPS / _lengths(rows.astype(np.float16))


def _products(vector: npt.NDArray[Any], rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The scalar product of a vector with each row, both in 16 bits or in 8, added up in 32 bits."""
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
