"""A vector index in parts, one for each month of publication: searched side by side, merged exactly.

A passage's month never changes, since its id is a hash of everything that is shown of its article, the date included.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveDamaged
from rag.index.schema import IndexRow, StoreClosed
from rag.text.counting import count
from rag.text.local_clock import clock
from rag.types import Query

if TYPE_CHECKING:
    from rag.protocols import VectorStore

_UNDATED = "undated"
_AT_ONCE = 8
"""Parts that are asked at the same time."""


class Shards:
    """A ``VectorStore`` over others. ``names`` lists the parts that are there, as in "vectors-2/202305"."""

    def __init__(
        self,
        name: str,
        names: Callable[[], Sequence[str]],
        opener: Callable[[str, bool], VectorStore],
        *,
        expected: bool = False,
    ) -> None:
        """Open nothing yet.

        Args:
            name: The whole index's.
            names: Lists the parts.
            opener: Opens a part, told whether it must be there.
            expected: The index must be there, since the catalog says that it holds something.
        """
        self._name, self._names, self._opener, self._expected = name, names, opener, expected
        self._parts: dict[str, VectorStore] = {}
        self._listed = False
        self._open = True
        self._generation: int | None = None
        self._lock = threading.RLock()
        self._pool: ThreadPoolExecutor | None = None

    # -- changes -----------------------------------------------------------------------

    def add(self, rows: Sequence[IndexRow]) -> None:
        """As ``VectorStore.add``."""
        by_month: dict[str, list[IndexRow]] = defaultdict(list)
        for row in rows:
            by_month[month_of(row)].append(row)
        for month, some in sorted(by_month.items()):
            self._part(f"{self._name}/{month}").add(some)

    def remove(self, ids: Sequence[str]) -> None:
        """As ``VectorStore.remove``: an id doesn't tell the month, so every part is asked."""
        self._each(lambda part: part.remove(ids), self._there().values())

    # -- questions ------------------------------------------------------------------------

    def search(
        self,
        vector: npt.NDArray[np.float32],
        n: int,
        filters: Query | None = None,
        only: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """As ``VectorStore.search``; months that the filters exclude are not asked."""
        if not self._open:
            raise StoreClosed
        if only is not None and not only:
            return []
        asked = [part for name, part in self._there().items() if passes(name.rpartition("/")[2], filters)]
        found = self._each(lambda part: part.search(vector, n, filters, only), asked)
        return sorted((hit for hits in found for hit in hits), key=lambda hit: (-hit[1], hit[0]))[:n]

    def ids(self) -> set[str]:
        """As ``VectorStore.ids``."""
        return set[str]().union(*self._each(lambda part: part.ids(), self._there().values()))

    def vectors(self, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """As ``VectorStore.vectors``."""
        found: dict[str, npt.NDArray[np.float32]] = {}
        for some in self._each(lambda part: part.vectors(ids), self._there().values()):
            found |= some
        return found

    def count(self) -> int:
        """As ``VectorStore.count``."""
        return sum(self._each(lambda part: part.count(), self._there().values()))

    def check(self, expected: int | None = None) -> None:
        """As ``VectorStore.check``."""
        parts = self._there()
        if self._expected and not parts:
            raise self._damaged("it is gone")
        self._each(lambda part: part.check(), parts.values())
        if expected is not None and (found := self.count()) != expected:
            raise self._damaged(f"it holds {found:,} of {count(expected, 'passage')}")

    # -- other processes --------------------------------------------------------------------

    def refresh(self, generation: int) -> None:
        """As ``VectorStore.refresh``; there may be new months."""
        with self._lock:
            if self._generation != generation:
                self._generation, self._listed = generation, False
            for part in self._parts.values():
                part.refresh(generation)

    def mark_current(self, generation: int) -> None:
        """As ``VectorStore.mark_current``."""
        with self._lock:
            self._generation = generation
            for part in self._parts.values():
                part.mark_current(generation)

    def close(self) -> None:
        """As ``VectorStore.close``."""
        with self._lock:
            self._open = False
            for part in self._parts.values():
                part.close()
            if self._pool is not None:
                self._pool.shutdown(wait=False)
                self._pool = None

    # -- within --------------------------------------------------------------------------------

    def _there(self) -> dict[str, VectorStore]:
        """All parts; listed anew after another process has written. One that was there stays: its absence is told."""
        with self._lock:
            if not self._listed:
                for name in self._names():
                    self._part(name, expected=True)
                self._listed = True
            return dict(self._parts)

    def _part(self, name: str, *, expected: bool = False) -> VectorStore:
        with self._lock:
            if name not in self._parts:
                self._parts[name] = self._opener(name, expected)
                if self._generation is not None:
                    self._parts[name].refresh(self._generation)
            return self._parts[name]

    def _each(self, ask: Callable[[VectorStore], Any], parts: Any) -> list[Any]:
        """What parts answer, asked at the same time."""
        asked = list(parts)
        if len(asked) < 2:
            return [ask(part) for part in asked]
        with self._lock:
            if not self._open:
                raise StoreClosed
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="vectors")
            answers = [self._pool.submit(ask, part) for part in asked]
        return [answer.result() for answer in answers]

    def _damaged(self, why: str) -> ArchiveDamaged:
        return ArchiveDamaged(
            f"The vector index {self._name}, in months, can't be used ({why}). Nothing is lost, it is rebuilt from the "
            "catalog: onrecord doctor --repair",
            store="vectors",
        )


def month_of(row: IndexRow) -> str:
    """The part that a passage belongs to, by the clock of its outlet: "202305" or "undated"."""
    return f"{row.published.year:04}{row.published.month:02}" if row.published else _UNDATED


def passes(month: str, filters: Query | None) -> bool:
    """Whether a part may hold passages that pass the filters of a query."""
    if filters is None or not (filters.after or filters.before):
        return True
    if not re.fullmatch(r"\d{6}", month):
        return filters.undated
    here = int(month)
    if filters.after and here < (first := clock(filters.after)).year * 100 + first.month:
        return False
    if filters.before:
        end = clock(filters.before)
        begins = (end.day, end.hour, end.minute, end.second, end.microsecond) == (1, 0, 0, 0, 0)
        return here < end.year * 100 + end.month or (here == end.year * 100 + end.month and not begins)
    return True


__all__ = ["Shards", "month_of", "passes"]
