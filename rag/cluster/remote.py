"""The one writer's side of an ingest on workers: the order of a serial run, and its batches, whoever does the work.

Articles come from workers file by file, and are put back in the order in which one process reads them. Here, and only
here, is asked what the catalog knows of them, and batches are made of the same articles as in one process, since a
model's numbers depend on what is embedded together. A batch is embedded wherever there is room; it is stored when its
turn comes, in one transaction. So the archive is the one that is made without workers, and an interrupted run is
completed as any other: by running it again.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from rag.cluster.worker import Absent, Job, Place, fingerprint
from rag.errors import ClusterError, UsageError
from rag.index.probe import LONG_WORK
from rag.ingest.pipeline import Batcher
from rag.text.counting import count
from rag.types import RawArticle, Skipped

if TYPE_CHECKING:
    from rag.cluster.worker import Self
    from rag.index.catalog import Catalog
    from rag.index.stores import Stores
    from rag.ingest.packed import Limits

_FILES = 64  # small files that one call reads
_BYTES = 2_000_000  # of them together
_ARTICLES = 64  # that one call returns
_LARGEST = 500_000_000
"""Bytes of a file that is sent to a worker whose machine doesn't have it."""
_ALIKE = 0.999
"""Least cosine between what two machines' models make of one sentence: processors round differently."""


class Pool(Protocol):
    """Hands calls out to workers, and makes those again whose worker died."""

    size: int
    """Workers that were asked for."""

    def submit(self, method: str, *args: Any, near: Any = None) -> Any:
        """Have a worker do something; returns a ticket. ``near`` is a ticket whose worker is preferred."""

    def result(self, ticket: Any) -> Any:
        """Wait for what came of it, or raise what it raised.

        Raises:
            ClusterError: Its workers died again and again, or there are none left.
        """

    def all(self, method: str, *args: Any) -> list[Any]:
        """Have each worker do something, those to come too, before anything else; what each returned."""

    def close(self) -> None:
        """Let go of the workers."""


class Remote:
    """An ingest that has workers. Use it in a ``with``."""

    def __init__(self, on: str, stores: Stores, fields: Mapping[str, str] | None, limits: Limits) -> None:
        """Take where the workers are; nothing is reached yet.

        Args:
            on: ``local:N``, ``ray://HOST:PORT`` or ``auto``; see ``rag.cluster.pool``.
            stores: The archive's.
            fields: As for ``rag.ingest.load.load``.
            limits: As for ``rag.ingest.load.load``.
        """
        from rag.cluster.pool import parse

        self._on, self._stores, self._limits = parse(on), stores, limits
        self._fields = dict(fields or {})
        self._pool: Pool | None = None

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()

    def load(
        self, sources: Sequence[str | Path], fields: Mapping[str, str] | None = None, limits: Limits | None = None
    ) -> Iterator[RawArticle | Skipped]:
        """As ``rag.ingest.load.load``, read by workers, cleaned and split."""
        from rag.ingest.load import places

        return self._read(places(sources))

    def connect(self) -> None:
        """Have workers, each of which is what this process is.

        Raises:
            ExtraMissing: Ray is not installed.
            ClusterError: The cluster can't be reached, or its workers have another program or another model.
        """
        from rag import registry
        from rag.cluster.pool import RayPool

        job = Job(
            embeddings=self._stores.settings.embeddings,
            given=self._stores.given_embeddings,
            cache=str(self._stores.settings.cache.expanduser().resolve()) if self._on.local else None,
            fields=self._fields,
            limits=self._limits,
            readers=registry.registered("readers"),
        )
        me = fingerprint(self._stores.embedder)
        self._pool = RayPool(self._on, job, lambda other: require_same(me, other))

    def batcher(self) -> RemoteBatcher:
        """What stores the articles."""
        return RemoteBatcher(self._stores.catalog, self._stores.index_pending, self._workers)

    @property
    def _workers(self) -> Pool:
        if self._pool is None:
            raise UsageError("There are no workers: connect first.")
        return self._pool

    def _read(self, found: Iterable[Path | Skipped]) -> Iterator[RawArticle | Skipped]:
        yield from read(found, self._workers, self._here)  # of workers that are there by then

    def _here(self, path: Path) -> Iterator[RawArticle | Skipped]:
        """A file that can't even be looked at is read here, for the reason."""
        from rag.ingest.load import load

        return load([path], self._fields, self._limits)


def require_same(me: Self, other: Self) -> None:
    """Check that a worker is what this process is.

    Raises:
        ClusterError: It has another program, another embedding model, or other weights.
    """
    where = f"The worker on {other.host}"
    if other.code != me.code:
        raise ClusterError(f"{where} runs {other.code}, and this is {me.code}. Install the same there.")
    if other.model != me.model:
        raise ClusterError(f"{where} embeds with {other.model}, and this archive is built with {me.model}.")
    same = other.vector.shape == me.vector.shape and float(other.vector @ me.vector) >= _ALIKE
    if not same:
        raise ClusterError(
            f"{where} has other weights of {me.model.partition(' | ')[0]}: they give another vector for the same "
            "sentence. Install the same weights there."
        )


# -- reading -------------------------------------------------------------------------


class _Piece:
    """Some files that a worker reads, or what there is to say of one that can't be."""

    def __init__(self, number: int, places: Sequence[Place] = (), told: Iterable[RawArticle | Skipped] = ()) -> None:
        self.number, self.places, self.told = number, places, told
        self.ticket: Any = None
        self.skip = 0
        self.contents: list[bytes] | None = None

    def ask(self, pool: Pool) -> None:
        """Ask for its next articles."""
        if self.places:
            self.ticket = pool.submit(
                "read", self.number, self.places, self.skip, _ARTICLES, self.contents, near=self.ticket
            )


def read(
    found: Iterable[Path | Skipped], pool: Pool, here: Callable[[Path], Iterable[RawArticle | Skipped]]
) -> Iterator[RawArticle | Skipped]:
    """The articles of files, read by workers, in the order of the files.

    Args:
        found: The files, and what can't be read.
        pool: The workers.
        here: Reads a file in this process.
    """
    pieces = _pieces(found, here)
    ahead: deque[_Piece] = deque()
    while True:
        while len(ahead) < pool.size + 2 and (piece := next(pieces, None)) is not None:
            piece.ask(pool)
            ahead.append(piece)
        if not ahead:
            return
        first = ahead.popleft()
        yield from first.told
        last = not first.places
        while not last:
            try:
                items, last = pool.result(first.ticket)
            except Absent as e:
                first.contents = _contents(first.places, str(e))
                first.ask(pool)
                continue
            first.skip += len(items)
            if not last:
                first.ask(pool)  # while these are looked at
            yield from items


def _pieces(
    found: Iterable[Path | Skipped], here: Callable[[Path], Iterable[RawArticle | Skipped]]
) -> Iterator[_Piece]:
    """Files in groups that take about as long, in order."""
    number, group, size = 0, list[Place](), 0
    for item in found:
        place = _place(item) if isinstance(item, Path) else None
        if group and (place is None or len(group) >= _FILES or size + place[3] > _BYTES):
            yield _Piece(number, group)
            number, group, size = number + 1, [], 0
        if place is None:
            yield _Piece(number, told=here(item) if isinstance(item, Path) else [item])
            number += 1
        else:
            group.append(place)
            size += place[3]
    if group:
        yield _Piece(number, group)


def _place(path: Path) -> Place | None:
    """A file as workers are told of it; None for one that can't be looked at, or is no ordinary file."""
    try:
        state = path.stat()
        if not path.is_file() or not os.access(path, os.R_OK):
            return None
        return str(path), os.path.abspath(path), path.resolve().as_posix(), state.st_size, state.st_mtime_ns
    except OSError:
        return None


def _contents(places: Sequence[Place], absent: str) -> list[bytes]:
    """The bytes of files that a worker doesn't have.

    Raises:
        ClusterError: They are too many to be sent.
    """
    if sum(place[3] for place in places) > _LARGEST:
        raise ClusterError(
            f"A worker's machine does not have {absent}, which is too large to be sent there. Put it into a folder "
            "that all machines mount at the same path."
        )
    return [Path(place[1]).read_bytes() for place in places]


# -- storing -------------------------------------------------------------------------


class _Sent(NamedTuple):
    """A batch that a worker has."""

    articles: Sequence[Any]
    keys: set[str]
    texts: set[int]
    """Hashes of its articles' texts."""
    ticket: Any


class RemoteBatcher(Batcher):
    """Has batches embedded by workers, and stores them in the order in which they were filled."""

    def __init__(self, catalog: Catalog, settle: Callable[[], None], pool: Pool) -> None:
        """Take where articles are stored, what brings the indexes up to the catalog, and the workers."""
        super().__init__(catalog, _nobody, settle, None)
        self._pool = pool
        self._sent: deque[_Sent] = deque()
        self._measured = False

    def flush_if_pending(self, *idents: str) -> None:
        """Store what is under way if an article of one of these keys or ids is in it."""
        if any(not sent.keys.isdisjoint(idents) for sent in self._sent):
            self._store_sent(0)
        super().flush_if_pending(*idents)

    def before_asking(self, draft: RawArticle) -> None:
        """Store what is under way if an article with this very text is in it, too: its key may be this one's."""
        if any(hash(draft.text) in sent.texts for sent in self._sent):
            self._store_sent(0)
        super().before_asking(draft)

    def full(self) -> None:
        """Send the batch to a worker; wait for one that was sent before where there are enough."""
        if not self._waiting:
            return
        if not self._measured and len(self._texts) >= LONG_WORK:
            self._measured = True
            self._pool.all("measure", self._texts)
        drafts = [(d.title, d.text, places, language, runs) for d, language, places, runs, _ in self._waiting]
        texts = {hash(d.text) for d, *_ in self._waiting}
        self._sent.append(_Sent(self._waiting, self._keys, texts, self._pool.submit("prepare", drafts)))
        self._waiting, self._texts, self._keys = [], [], set()
        self._store_sent(2 * self._pool.size)

    def flush(self) -> None:
        """Send the batch, and store all that was sent."""
        self.full()
        self._store_sent(0)

    def _store_sent(self, leave: int) -> None:
        """Store batches in their order, until so many are under way."""
        while len(self._sent) > leave:
            vectors, said = self._pool.result(self._sent[0].ticket)
            self._store(self._sent.popleft().articles, vectors, said)


def _nobody(texts: list[str]) -> Any:
    raise AssertionError(f"workers embed {count(len(texts), 'passage')}")


__all__ = ["Pool", "Remote", "RemoteBatcher", "read", "require_same"]
