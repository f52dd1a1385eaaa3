"""The part of ``Stores`` that knows where the vectors are, and writes indexes anew."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rag.index.catalog import Catalog
    from rag.index.lexical import LexicalIndex
    from rag.index.nearest import Nearest
    from rag.index.schema import IndexRow
    from rag.index.vector_places import Place
    from rag.protocols import VectorStore
    from rag.settings import Settings

STEP = 4000  # passages handed to the indexes at once
HALF = ".moving"
"""Where a catalog is put together that is being moved to the folder; nothing of it is used before it is complete."""


def whole(rows: list[IndexRow]) -> list[IndexRow]:
    """``STEP`` passages without those at the end whose article may go on: it would be written twice."""
    last = rows[-1].article_id if len(rows) == STEP else None
    return [r for r in rows if r.article_id != last] or rows


class KeepsVectors:
    """The place of an archive's vectors, opened when it is first used."""

    path: Path
    settings: Settings

    def __init__(self) -> None:
        """Nothing is opened yet."""
        self._lock = threading.RLock()
        self._vectors: VectorStore | None = None
        self._place: Place | None = None

    @property
    def catalog(self) -> Catalog:
        """Of ``Stores``."""
        raise NotImplementedError

    def _index_names(self) -> dict[str, str]:
        raise NotImplementedError

    def vector_place(self) -> Place:
        """Where the vectors are.

        Raises:
            ArchiveMismatch: Elsewhere than the settings say.
            UsageError: The setting is no address.
        """
        from rag.index import vector_places

        place = self.named_vector_place()
        vector_places.require_same(self.catalog, place.address, self.path)
        return place

    def _own_place(self, name: str) -> Place:
        """Where to write an index; a copied archive gets an id of its own, so that it leaves the first one's alone."""
        from rag.index import vector_places

        if vector_places.written_elsewhere(self.vector_place(), name):
            vector_places.renew(self.catalog, self.settings)
            self.let_go_of_vectors()
        return self.vector_place()

    def index_name(self, kind: str) -> str:
        """The name of an index that is the live one: "vectors-2"."""
        return self._index_names()[kind]

    def named_vector_place(self) -> Place:
        """The place that the settings name, whether the vectors are still there or have moved."""
        from rag.index import vector_places

        with self._lock:
            if self._place is None:
                url = vector_places.setting(self.settings)
                self._place = vector_places.place_for(url, self.path, self.settings, self.catalog)
            return self._place

    def use_vectors_at(self, url: str) -> None:
        """Go on with another setting ``vectors``."""
        from pydantic import SecretStr

        self.let_go_of_vectors()
        self.settings = self.settings.model_copy(update={"vectors": SecretStr(url)})

    def let_go_of_vectors(self) -> None:
        """Close the index of vectors and its place, which have moved; the next use opens them where they are."""
        with self._lock:
            for store in (self._vectors, self._place):
                if store is not None:
                    store.close()
            self._vectors = self._place = None

    def _sweep(self) -> None:
        """Remove indexes that an interrupted rebuild left behind."""
        from rag.index.vector_places import leftovers

        shutil.rmtree(self.path / HALF, ignore_errors=True)
        live = self._index_names()
        for folder in self.path.glob("lexical-*"):
            if folder.name != live["lexical"]:
                shutil.rmtree(folder, ignore_errors=True)
        for name in leftovers(place := self.vector_place(), live["vectors"]):
            place.drop(name)

    def _nearest(self) -> Nearest | None:
        """What answers searches of vectors in place of the index, if it was opened."""
        from rag.index.nearest import Nearest

        return self._vectors if isinstance(self._vectors, Nearest) else None

    def _keep_nearest(self) -> None:
        """At the end of a writer's turn."""
        if nearest := self._nearest():
            nearest.keep()

    def _purge(self, lexical: LexicalIndex) -> bool:
        """Leave no word of what was taken down in the indexes' files. Ids are all that Chroma holds."""
        from rag.index.schema import index_rows

        if nearest := self._nearest():
            nearest.erase()
        catalog = self.catalog  # not asked for within: that waits for threads that may wait for the index
        lexical.purge(lambda articles: index_rows(catalog._db, articles))
        catalog.set_meta("purge", "0")
        return True

    def _write_lexical(self, folder: Path) -> None:
        """Write the index of all words."""
        from rag.index.lexical import LexicalIndex

        shutil.rmtree(folder, ignore_errors=True)  # of a rebuild that was interrupted
        index = LexicalIndex(folder)
        after = 0
        while rows := whole(self.catalog.rows(after=after, limit=STEP)):
            index.add(rows)
            after = rows[-1].number
        index.close()


__all__ = ["STEP", "KeepsVectors", "whole"]
