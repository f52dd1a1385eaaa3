"""The nearest passages of an archive by looking at each: its own vectors in memory, as the catalog has them.

The index of vectors in the archive's folder is written, checked and moved as ever; up to ``MOST`` passages it is only
not asked. Looking at each of 25,000 vectors takes two milliseconds, finds the very nearest, and a filter costs nothing,
which in Chroma is a second search; and a program that only asks never loads Chroma. What is in memory is read from the
catalog and is nowhere on disk, so that there is nothing to mend, to lock or to take down. Only of very many passages
(``WHOLE``) a file is kept, to open the archive from: it counts as long as the catalog names it, and a takedown begins
by deleting it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from rag.index.held import ROUNDED, Held, erase, exact, joined, made, read, some_of, without, write
from rag.index.schema import IndexRow, StoreClosed, numbers, parse_time
from rag.text.local_clock import clock
from rag.types import Query

if TYPE_CHECKING:
    from pathlib import Path

    from rag.index.catalog import Catalog
    from rag.protocols import VectorStore

MOST = 2_000_000
"""Passages up to which each is looked at. With more, the index is asked."""
WHOLE = 200_000
"""Passages up to which vectors are held as the catalog has them, in 16 bits: 150 MB and about 15 ms a search. Of more
than these 8 bits are held, which is half of both, and the nearest are read from the catalog and compared again."""
_STEP = 4000  # passages read from the catalog at once
_SOME = 500  # values in one statement
_FILE = "nearest"
"""The fact that names the file, and what its name begins with."""
_STALE = 0.02
"""The share of passages that are not in the file, from which on it is written anew; and of what is in memory behind
what the file had, or is gone of it, from which on all of it is put together anew."""


class _Facts(NamedTuple):
    """What filters need of a version."""

    source: str
    language: str
    published: int | None
    """By the clock that its date shows, in seconds."""


Parts = tuple[Held, ...]
"""Passages by number: one part, or of very many a large one and what has come since, so that a change copies little."""


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
        self._read: tuple[int, Parts | None] | None = None
        """What was read, and of which generation; None in it: there are too many."""
        self._facts: dict[int, _Facts] = {}
        """Of versions that filters were asked of: what is set by hand later makes another version."""
        self._last: tuple[Held, bytes, npt.NDArray[np.float32]] | None = None
        self._open = True

    def search(
        self,
        vector: npt.NDArray[np.float32],
        n: int,
        filters: Query | None = None,
        only: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """As ``VectorStore.search``; of passages that are as near, the one stored first comes first."""
        parts = self._held(len(vector))
        if parts is None:
            return self._current().search(vector, n, filters, only)
        asked = (vector / (np.linalg.norm(vector) or 1.0)).astype(np.float32)
        rough = [self._roughly(held, asked, filters, only) for held in parts]
        every = np.concatenate([cosines for _, cosines, _ in rough])
        if not (n := min(n, len(every))):
            return []
        bound = np.partition(every, len(every) - n)[len(every) - n] - max(unsure for *_, unsure in rough)
        close = [
            self._exactly(held, rows[cosines >= bound]) for held, (rows, cosines, _) in zip(parts, rough, strict=True)
        ]
        ids = [i for some, _ in close for i in some]
        cosines = exact(asked, np.concatenate([near for _, near in close]))
        best = np.lexsort((np.arange(len(ids)), -cosines))[:n]
        return [(ids[row], float(cosine)) for row, cosine in zip(best, cosines[best], strict=True)]

    def _roughly(
        self, held: Held, asked: npt.NDArray[np.float32], filters: Query | None, only: Sequence[str] | None
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32], float]:
        """Rows of a part that may be the nearest, their cosines, and how much two in the wrong order differ by."""
        through = self._allowed(held, filters, only)
        rows = None if through is None else np.flatnonzero(through)
        if held.signs is None:
            every = self._cosines(held, asked)
            return (np.arange(len(every)), every, ROUNDED) if rows is None else (rows, every[rows], ROUNDED)
        rows, cosines, unsure = held.likely(asked, rows)
        there = held.numbers[rows] > 0
        return rows[there], cosines[there], unsure

    def read_ahead(self) -> None:
        """Read what is searched, if nothing has been: while another thread still loads the embedding model.

        Raises:
            StoreClosed: It was closed.
        """
        if self._read is None and (one := self._catalog.any_vector()) is not None:
            self._held(len(one))

    def _allowed(self, held: Held, filters: Query | None, only: Sequence[str] | None) -> npt.NDArray[np.bool_] | None:
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

    def _places(self, held: Held, only: Sequence[str]) -> npt.NDArray[np.intp]:
        """The rows of some passages, unknown ones left out."""
        if held.signs is None:
            return np.array([n for n in map(held.places.get, only) if n is not None], np.intp)
        numbers = np.sort(np.array([n for n, *_ in self._some("number", "id", list(only))], np.int64))
        return np.flatnonzero(np.isin(held.numbers, numbers, assume_unique=True))

    def _cosines(self, held: Held, asked: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """As ``Held.cosines``; the last ones are kept: a question with a time is asked twice."""
        key, last = asked.tobytes(), self._last
        if last is None or last[0] is not held or last[1] != key:
            last = self._last = (held, key, held.cosines(asked))
        return last[2]

    def _exactly(self, held: Held, rows: npt.NDArray[np.intp]) -> tuple[list[str], npt.NDArray[np.float16]]:
        """Ids and vectors of some rows, as the catalog has them."""
        if held.signs is None:
            return [held.ids[n] for n in rows], held.vectors[rows]
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

    def _held(self, dim: int) -> Parts | None:
        """The passages, read again as far as they have changed; None where there are too many."""
        with self._lock:
            if not self._open:
                raise StoreClosed
            generation = self._generation
            before = self._read[1] if self._read else None
            if before and before[0].dim != dim:
                self._read = before = None
            if self._read is None or self._read[0] != generation:
                self._read = generation, self._updated(before, dim)
            return self._read[1]

    def _updated(self, before: Parts | None, dim: int) -> Parts | None:
        count = int(self._catalog._db.execute("SELECT count(*) FROM passage").fetchone()[0])
        if count > MOST:
            return None
        whole = count <= WHOLE
        if before and (before[0].signs is None) != whole:
            before = None
        if not before and not whole and (kept := self._from_file(dim)):
            before = (kept,)
        if not before:
            none = np.zeros(0, np.int64)
            before = (made(none, none, np.zeros((0, dim), np.float16), [], whole=whole),)
        gone, new = self._changes(before)
        if not len(new) and not gone:
            return before
        come = self._passages(new, dim, whole=whole) if len(new) else ()
        if whole:
            return (joined([some_of(before[0], ~gone[0]) if gone else before[0], *come]),)
        first, *later = [without(*one) for one in zip(before, gone, strict=True)] if gone else before
        behind = joined([*later, *come]) if later or len(new) else None
        parts = (first, behind) if behind else (first,)
        left = int(np.count_nonzero(first.numbers))
        if len(first.numbers) - left + (len(behind.numbers) if behind else 0) <= _STALE * left:
            return parts
        return (_in_one(parts),)

    def _changes(self, before: Parts) -> tuple[list[npt.NDArray[np.bool_]] | None, npt.NDArray[np.int64]]:
        """Which rows are gone since (None: none), and the numbers of the passages that have come."""
        last = max(int(held.numbers.max(initial=0)) for held in before)
        there = sum(int(np.count_nonzero(held.numbers)) for held in before)
        upto = "SELECT (SELECT count(*) FROM passage) - (SELECT count(*) FROM passage WHERE number > ?)"
        left = int(self._catalog._db.execute(upto, (last,)).fetchone()[0]) if last else -1
        # No number is given twice: where there are as many up to the last one, they are the same.
        if left == there:
            return None, self._catalog.searched(last)
        # All passages of a version go together, and of versions there are far fewer.
        versions = numbers(self._catalog._db.execute("SELECT DISTINCT version FROM passage").fetchall())
        gone = [(held.numbers > 0) & ~np.isin(held.versions, versions) for held in before]
        if left == there - sum(int(np.count_nonzero(some)) for some in gone):
            return gone, self._catalog.searched(last)
        now = self._catalog.searched()
        gone = [(held.numbers > 0) & ~np.isin(held.numbers, now) for held in before]
        return gone, np.setdiff1d(now, np.concatenate([held.numbers for held in before]), assume_unique=False)

    def _passages(self, new: npt.NDArray[np.int64], dim: int, *, whole: bool) -> Iterator[Held]:
        """Passages by number, some at a time; those with a vector of another model are left out."""
        after, last = int(new[0]) - 1, int(new[-1])
        while rows := self._catalog._db.execute(
            """SELECT number, version, vector, id FROM passage
               WHERE number > ? AND number <= ? ORDER BY number LIMIT ?""",
            (after, last, _STEP),
        ).fetchall():
            after = rows[-1]["number"]
            wanted = np.isin(np.fromiter((row[0] for row in rows), np.int64, len(rows)), new, assume_unique=True)
            rows = [row for row, fits in zip(rows, wanted, strict=True) if fits and len(row[2]) == 2 * dim]
            vectors = np.frombuffer(b"".join([row[2] for row in rows]), np.float16).reshape(-1, dim)
            number, version = ([row[n] for row in rows] for n in (0, 1))
            yield made(number, version, vectors, [row[3] for row in rows] if whole else [], whole=whole)

    # -- the file that very many are opened from ---------------------------------------

    def _from_file(self, dim: int) -> Held | None:
        """What the file has, if the catalog names one and it is of vectors of this length."""
        held = read(self._file(name)) if (name := self._catalog.meta(_FILE)) else None
        return held if held is not None and held.dim == dim else None

    def _file(self, name: str) -> Path:
        return self._catalog.path.with_name(f"{_FILE}-{name}.bin")

    def keep(self) -> None:
        """Write the file, where there are very many passages of which it lacks some: at the end of a writer's turn."""
        many = self._catalog._db.execute("SELECT 1 FROM passage LIMIT 1 OFFSET ?", (WHOLE,)).fetchone()
        one = self._catalog.any_vector() if many else None
        if one is None:
            return
        kept = self._from_file(len(one))
        if kept is not None and len(self._changes((kept,))[1]) <= _STALE * len(kept.numbers):
            return
        if (parts := self._held(len(one))) is None or parts[0].signs is None:
            return
        name = uuid4().hex
        with suppress(OSError):  # of a full disk: what was stored is safe, and the next one is opened from the catalog
            write(_in_one(parts), self._file(name))
            self._catalog.set_meta(_FILE, name)
            self._tidy(name)

    def erase(self) -> None:
        """Overwrite in the file what it holds of passages that are gone, before they count as taken down."""
        one = self._catalog.any_vector()
        kept = self._from_file(len(one)) if one is not None else None
        if kept is None:
            self._tidy("")
        elif gone := self._changes((kept,))[0]:
            erase(self._file(self._catalog.meta(_FILE) or ""), gone[0])

    def _tidy(self, name: str) -> None:
        """Delete all files but one."""
        for file in self._catalog.path.parent.glob(f"{_FILE}-*.bin*"):
            if file != self._file(name):
                file.unlink(missing_ok=True)

    def _read_facts(self, versions: npt.NDArray[np.int64]) -> None:
        """Read what filters need of versions of which it isn't known yet; of many by an index that reads no article."""
        what = "SELECT number, source, language, published FROM version"
        new = [n for n in versions.tolist() if n not in self._facts]
        if len(new) > _STEP:
            self._note(self._catalog._db.execute(f"{what} INDEXED BY version_listed WHERE current").fetchall())
            new = [n for n in new if n not in self._facts]
        for at in range(0, len(new), _SOME):
            some = new[at : at + _SOME]
            marks = ",".join("?" * len(some))
            self._note(self._catalog._db.execute(f"{what} WHERE number IN ({marks})", some).fetchall())

    def _note(self, rows: Sequence[Any]) -> None:
        for number, source, language, published in rows:
            when = parse_time(published)
            stamp = int(clock(when).timestamp()) if when else None
            self._facts[number] = _Facts(source or "", language, stamp)

    # -- the index's ---------------------------------------------------------------

    def _current(self) -> VectorStore:
        """The index, told what others wrote: only when it is used, since that may wait for a thread that writes."""
        self._index.refresh(self._generation)
        return self._index

    def add(self, rows: Sequence[IndexRow]) -> None:
        """As ``VectorStore.add``."""
        self._current().add(rows)
        self._forget()

    def remove(self, ids: Sequence[str]) -> None:
        """As ``VectorStore.remove``."""
        self._current().remove(ids)
        self._forget()

    def _forget(self) -> None:
        """Have what is in memory compared with the catalog before the next search."""
        with self._lock:
            if self._read is not None:
                self._read = -2, self._read[1]

    def ids(self) -> set[str]:
        """As ``VectorStore.ids``."""
        return self._current().ids()

    def vectors(self, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """As ``VectorStore.vectors``."""
        return self._current().vectors(ids)

    def count(self) -> int:
        """As ``VectorStore.count``."""
        return self._current().count()

    def check(self, expected: int | None = None) -> None:
        """As ``VectorStore.check``."""
        self._current().check(expected)

    def refresh(self, generation: int) -> None:
        """As ``VectorStore.refresh``."""
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


def _in_one(parts: Parts) -> Held:
    """Parts put together, without what is gone."""
    return joined([some_of(held, there) if not (there := held.numbers > 0).all() else held for held in parts])


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


__all__ = ["MOST", "WHOLE", "Nearest"]
