"""The stores of one archive folder: opened, locked for writing, brought up to date with each other, rebuilt, checked.

The catalog is the source of truth. The vector and the lexical index are derived from it, and ``index_pending`` is the
one way in which they change; what an interrupted writer left to do is done by the next one.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveDamaged, ArchiveMismatch, ArchiveMissing, ArticleMissing
from rag.index import healing
from rag.index.following import Following
from rag.index.keeping import STEP, KeepsVectors, whole
from rag.index.native import forked, require_room
from rag.index.readonly import Mirror, conversations_file, forget_gone, is_read_only
from rag.index.schema import require_catalog
from rag.types import Article, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_core.embeddings import Embeddings

    from rag.index.catalog import Catalog
    from rag.index.conversations import Conversations
    from rag.index.embed import EmbeddingCache
    from rag.index.lexical import LexicalIndex
    from rag.protocols import Embedder, VectorStore
    from rag.settings import Settings

_FIRST = {"vectors": "vectors-1", "lexical": "lexical-1"}
"""Names of an archive's first index folders; a rebuild counts them up."""


class Stores(Following, KeepsVectors):
    """Catalog, embedder, indexes and conversations of one folder. Opens each when it is first used; thread-safe.

    Methods that write have to be called within ``writing``.
    """

    def __init__(self, path: Path, settings: Settings, embeddings: Embeddings | None = None) -> None:
        """Nothing is opened or written yet.

        Args:
            path: The archive's folder.
            settings: Names the embedding model and the cache folder.
            embeddings: A LangChain embedding model in place of the one that the settings name.
        """
        Following.__init__(self)
        KeepsVectors.__init__(self)
        self.path = path
        self.settings = settings
        self.given_embeddings = embeddings
        self._catalog: Catalog | None = None
        self._embedder: Embedder | None = None
        self._cache: EmbeddingCache | None = None
        self._lexical: LexicalIndex | None = None
        self._opened: dict[str, str] = {}
        self._conversations: Conversations | None = None
        self._mirror = Mirror()
        self._forgotten: int | None = None
        """Of a read-only archive: the generation up to which conversations kept elsewhere have forgotten."""
        self._process: int | None = None
        self._warmed = False

    def same_process(self) -> None:
        """Check that this is the process that used the archive first: libraries don't outlive a fork.

        Raises:
            ArchiveForked: It is another.
        """
        self._process = self._process or os.getpid()
        if self._process != os.getpid():
            raise forked()

    def close(self) -> None:
        """Close all files; a later use opens them again."""
        if self._process not in (None, os.getpid()):
            return  # they are the other process's
        with self._lock:
            for store in (self._vectors, self._place, self._lexical, self._catalog, self._conversations):
                if store is not None:
                    store.close()
            self._place = None
            self._vectors = self._lexical = self._catalog = self._conversations = None
            self._opened = {}
            self._mirror.close()
        self._process = None

    # -- what is there ---------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """Whether anything has been ingested here."""
        return self._on_server() if self.server else self._catalog_file.exists()

    def require(self) -> None:
        """Check that there is an archive.

        Raises:
            ArchiveMissing: Nothing has been ingested here.
        """
        if not self.exists:
            if not self.server:
                require_catalog(self._catalog_file)
            where = "in the database that the setting `catalog` names" if self.server else f"in {self.path}"
            raise ArchiveMissing(f"No archive {where}. Run: onrecord ingest PATH --archive {self.path}")

    def require_languages(self) -> None:
        """Check that the indexes can be filtered by language.

        Raises:
            ArchiveMismatch: They were built by a program that knew no languages.
        """
        from rag.index.catalog import WITH_LANGUAGES

        if self.catalog.index_format < WITH_LANGUAGES:
            raise ArchiveMismatch(
                f"The indexes in {self.path} are an older program's, which did not take in the articles' languages. "
                f"Rebuild them, which embeds nothing again: onrecord doctor --repair --archive {self.path}"
            )

    def require_full_text(self) -> None:
        """Check that there is a full-text index.

        Raises:
            ArchiveMismatch: The indexes were built by a program that had none.
        """
        from rag.index.catalog import WITH_FULL_TEXT

        if self.catalog.index_format < WITH_FULL_TEXT:
            raise ArchiveMismatch(
                f"The indexes in {self.path} are an older program's, which had no full-text search. "
                f"Rebuild them, which embeds nothing again: onrecord doctor --repair --archive {self.path}"
            )

    @property
    def catalog(self) -> Catalog:
        """Articles, passages with their vectors, quotes."""
        self.same_process()
        with self._lock:
            if self._catalog is None:
                self._catalog = self._make_catalog(self._catalog_file)
            return self._catalog

    def article(self, ident: str) -> Article:
        """An article by id, key, URL, alias or file name; a URL also in another spelling than the archive's.

        Raises:
            ArticleMissing: There is none.
        """
        from rag.text.urls import canonical

        try:
            return self.catalog.article(ident)
        except ArticleMissing:
            if (url := canonical(ident)) == ident:
                raise
            return self.catalog.article(url)

    @property
    def conversations(self) -> Conversations:
        """Conversations kept with the archive."""
        self.same_process()
        with self._lock:
            if self._conversations is None:
                from rag.index.conversations import Conversations

                if is_read_only(self._catalog_file):
                    self._conversations = Conversations(conversations_file(self.path))
                    self._forgotten = None
                else:
                    self._conversations = Conversations(self._conversations_file, self.new_connections(serial=False))
            if is_read_only(self._catalog_file) and (now := self.catalog.generation) != self._forgotten:
                forget_gone(self._conversations, self.catalog)  # whose owner takes articles down meanwhile
                self._forgotten = now
            return self._conversations

    @property
    def embedder(self) -> Embedder:
        """The embedding model: the one given, a built-in one, a plug-in's, or one of sentence-transformers."""
        self.same_process()
        with self._lock:
            if self._embedder is None:
                self._embedder = self._make_embedder()
            return self._embedder

    def warm(self) -> None:
        """Begin to load the embedding model, in a thread; what fails there is told by whoever needs it."""
        with self._lock:
            if self._warmed or self.given_embeddings is not None or self.settings.retriever == "lexical":
                return
            self._warmed = True
        threading.Thread(target=self._warm, name="warm").start()

    def _warm(self) -> None:
        with suppress(Exception):
            self.require_fingerprint()  # a model that won't be used may be looked for on the network for minutes
            self.embedder.query("")

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed passages for storage: float32, shape (len(texts), dim), rows of length 1."""
        return self.embedder.embed(list(texts))

    @property
    def embedding_cache(self) -> EmbeddingCache:
        """As ``embed``, exact and remembering: while asking, the same sentences are weighed and compared repeatedly."""
        with self._lock:
            if self._cache is None:
                from rag.index.embed import EmbeddingCache

                # a model of one's own need have one way only
                self._cache = EmbeddingCache(lambda texts: getattr(self.embedder, "exactly", self.embed)(texts))
            return self._cache

    def indexes(self) -> tuple[VectorStore, LexicalIndex]:
        """The derived indexes, reopened when another process has written to them or replaced them.

        Raises:
            ArchiveMismatch: The vectors are elsewhere than the settings say.
        """
        from rag.index import vector_places
        from rag.index.lexical import LexicalIndex
        from rag.index.nearest import Nearest

        self.same_process()
        self._follow()
        with self._lock:
            place = self.vector_place()
            names = self._index_names()
            generation = self.catalog.generation
            local = {kind: self.path / name for kind, name in names.items() if kind == "lexical" or not place.address}
            if is_read_only(self._catalog_file):
                healing.require_there(self.catalog, self.path, {kind: names[kind] for kind in local})
                local = {kind: self._mirror.of(folder, generation) for kind, folder in local.items()}
                names |= {kind: folder.name for kind, folder in local.items()}
                place = place if place.address else vector_places.Folder(local["vectors"].parent)
            if self._vectors is None or self._lexical is None or names != self._opened:
                for store in (self._vectors, self._lexical):
                    if store is not None:
                        store.close()
                there = {kind: names[kind] for kind in local}
                healing.require_there(self.catalog, local["lexical"].parent, there)
                how, full = self.catalog.meta(vector_places.SHARDS), self.catalog.any_indexed()
                self._vectors = vector_places.open_index(place, names["vectors"], how, expected=full)
                if not place.address:
                    self._vectors = Nearest(self._vectors, self.catalog)
                self._lexical = LexicalIndex(local["lexical"])
                self._opened = names
            self._vectors.refresh(generation)
            self._lexical.refresh(generation)
            return self._vectors, self._lexical

    # -- fingerprint: what built the archive must be what reads it -----------------------

    @property
    def fingerprint(self) -> str:
        """What built the archive, embedding model and splitter; of a new one, what will build it."""
        return (self.catalog.meta("fingerprint") if self.exists else None) or self.current_fingerprint

    @property
    def current_fingerprint(self) -> str:
        """The embedding model and splitter of this program and its settings."""
        from rag.text.split import SPLITTER

        return f"{self.embedder.name} | {SPLITTER}"

    def claim_fingerprint(self) -> None:
        """Record in a new archive what builds it.

        Raises:
            ArchiveMismatch: It was built with another embedding model or splitter.
        """
        if self._built is None:
            self.catalog.set_meta("fingerprint", self.current_fingerprint)
        self.require_fingerprint(for_ingest=True)

    def require_fingerprint(self, *, for_ingest: bool = False) -> None:
        """Check that the archive was built by what reads it.

        Args:
            for_ingest: Check the splitter, too. Sentences are stored, so another one matters to new articles only.

        Raises:
            ArchiveMismatch: It was built with another embedding model or splitter.
            ModelMissing: The settings name an embedding model that isn't here.
        """
        if (built := self._built) is not None:
            from rag.index.embedding_model import require_same

            named = self.settings if self.given_embeddings is None else None
            require_same(self.path, built, self.current_fingerprint, named, splitter=for_ingest)

    @property
    def _built(self) -> str | None:
        """What built the archive; None where nothing is in it, though a model that can't be had may have begun to."""
        begun = self.catalog.generation or self.catalog.counts()["articles"]
        return self.catalog.meta("fingerprint") if begun else None

    # -- writing -------------------------------------------------------------------------

    @contextmanager
    def writing(self, what: str, *, complete: bool = True) -> Iterator[None]:
        """Hold the archive's write lock; the folder and the catalog are made where there are none.

        Args:
            what: What it is held for, told to others: "ingest".
            complete: First do what an interrupted run left to do.

        Raises:
            ArchiveLocked: Another process is writing.
            ArchiveReadOnly: The folder can't be written to.
        """
        from rag.index.lock import write_lock
        from rag.index.vector_places import claim

        self.same_process()
        with write_lock(self.path, what):
            with self._lock:
                if self._catalog is None:
                    self._catalog = self._make_catalog(self._catalog_file, create=True)
            with self._server_lock(what):
                claim(self.settings, self._catalog)
                if complete:
                    self._complete()
                yield
                self._keep_nearest()

    def index_pending(self) -> None:
        """Bring the indexes up to the catalog. The one way in which they change; one that can't be is rebuilt.

        Raises:
            DiskFull: There is no room for them.
        """
        for _ in _FIRST:
            try:
                self._index_pending()
                return
            except ArchiveDamaged as e:
                self.heal(e)
        self._index_pending()

    def heal(self, e: ArchiveDamaged) -> None:
        """Rebuild the index that an error tells of, and record that it was; another error is raised again."""
        if e.store not in _FIRST:
            raise e
        self.rebuild(e.store)
        healing.record(self.catalog, e.store, str(e))

    def _index_pending(self) -> None:
        catalog = self.catalog
        if purge := catalog.meta("purge") == "1":
            catalog.marks()  # a takedown that another machine adds from now on is the next one's
        vectors, lexical = self.indexes()
        changed = False
        if gone := catalog.tombstones():
            vectors.remove(gone)
            lexical.remove(gone)
            catalog.mark_indexed([], gone)
            changed = True
        if purge:
            changed = self._purge(lexical)
        while rows := whole(catalog.rows(limit=STEP, pending=True)):
            require_room(self.path)
            vectors.add(rows)
            lexical.add(rows)
            catalog.mark_indexed([r.id for r in rows], [])
            changed = True
        if changed:
            vectors.check(catalog.expected())  # Chroma does not always tell that the disk is full
            generation = catalog.next_generation()
            vectors.mark_current(generation)
            lexical.mark_current(generation)

    def rebuild(self, *kinds: str) -> None:
        """Write indexes anew beside the old ones, then switch over in one transaction.

        Args:
            kinds: "vectors", "lexical".
        """
        from rag.index import vector_places

        catalog = self.catalog
        before = catalog.marks()
        old, new = {}, {}
        for kind in kinds:
            old[kind] = self._index_names()[kind]
            new[kind] = f"{kind}-{int(old[kind].rpartition('-')[2]) + 1}"
            if kind == "vectors":
                place = self._own_place(old[kind])
                vector_places.write_index(place, new[kind], catalog, self.settings.vector_shards)
                new |= vector_places.recorded(self.settings, place.address)
            else:
                self._write_lexical(self.path / new[kind])
        # With one of them new, what the other has still to do is left for the ordinary way.
        catalog.activate(new, settled=len(kinds) == len(_FIRST), since=before)
        with suppress(ArchiveDamaged):  # the other one, of which the caller learns when it is used
            self.indexes()  # closes the old ones
        for kind, name in old.items():
            if kind == "vectors":
                self.vector_place().drop(name)
            else:
                shutil.rmtree(self.path / name, ignore_errors=True)

    def forget_erased(self) -> None:
        """Have conversations forget what was taken down."""
        if ids := self.catalog.pending_erasure():
            if self.server or self._conversations_file.exists():
                self.conversations.forget(ids)
            self.catalog.erased(ids)

    def take_down(self, keys: Sequence[str]) -> None:
        """Delete articles by their keys: all versions, everywhere, in stored conversations too."""
        self.catalog.delete(keys)
        self.index_pending()
        self.forget_erased()
        self.catalog.compact()

    def _catch_up(self) -> None:
        from rag.index.vector_places import claim

        claim(self.settings, self.catalog)  # a folder that only follows has its vectors where the settings say, too
        self._sweep()
        self._heal()
        self.index_pending()
        self._agree()

    def _complete(self) -> None:
        """Do what an interrupted run left to do, and an older program could not."""
        from rag.index.catalog import INDEX_FORMAT, WITH_LANGUAGES

        self._sweep()
        self._heal()
        if (built := self.catalog.index_format) < WITH_LANGUAGES:
            self.rebuild("vectors", "lexical")
        elif built < INDEX_FORMAT:  # only the lexical one has changed since
            self.rebuild("lexical")
            self.catalog.set_meta("index_format", str(INDEX_FORMAT))
        self.index_pending()
        self._agree()
        self.forget_erased()

    def _heal(self) -> None:
        """Rebuild an index that can't be opened."""
        for _ in _FIRST:
            try:
                self.indexes()[1].check()
                self.indexes()[0].check()
                return
            except ArchiveDamaged as e:
                self.heal(e)

    def _agree(self) -> None:
        """Rebuild an index that does not hold what the catalog says: its files may be of another moment."""
        for _ in _FIRST:
            try:
                return healing.require_agreement(self)
            except ArchiveDamaged as e:
                self.heal(e)
        return healing.require_agreement(self)

    # -- health --------------------------------------------------------------------------

    def problems(self) -> list[Problem]:
        """Compare the three stores; an empty list is good."""
        from rag.index.health import problems

        self._follow()
        return problems(self)

    # -- within --------------------------------------------------------------------------

    @property
    def _catalog_file(self) -> Path:
        return self.path / "catalog.sqlite"

    @property
    def _conversations_file(self) -> Path:
        return self.path / "conversations.sqlite"

    def _index_names(self) -> dict[str, str]:
        """The folder of each index now."""
        return {kind: self.catalog.meta(kind) or first for kind, first in _FIRST.items()}

    def _make_embedder(self) -> Embedder:
        from rag.index.embedding_model import make_embedder

        return make_embedder(self.settings, self.given_embeddings)


__all__ = ["Stores"]
