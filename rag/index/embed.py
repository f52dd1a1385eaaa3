"""Embedding: texts to vectors, by a built-in model, by sentence-transformers, or by LangChain.

The built-in models run on backends that give the same vectors, and on one, in 8 bits, that gives such as rank passages
as well. Questions are embedded by onnxruntime, which starts in a second, where importing torch takes five to twenty.
Many texts are embedded by the backend that is fastest on this processor, which is measured (bfloat16 is three times as
fast as float32 where the processor has it, and slower where it is emulated; 8 bits need one that multiplies bytes).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelFailed, ModelMissing
from rag.extras import require
from rag.index import probe
from rag.index.bridge import Bridge
from rag.index.encoder import GRAPH, Encoder, MiniLM, MultilingualE5, Runner, quiet_transformers, unit
from rag.machine import limit_openmp_spin

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Vectors = npt.NDArray[np.float32]

DEFAULT = "all-MiniLM-L6-v2"
MULTILINGUAL = "multilingual"
_BUILT_IN: dict[str, Callable[[Path], Encoder]] = {
    DEFAULT: lambda cache: MiniLM(DEFAULT, cache),
    MULTILINGUAL: lambda cache: MultilingualE5("multilingual-e5-small", cache),
}
_TORCH = ("torch-fp32", "torch-bf16")
BUILT_IN = frozenset(_BUILT_IN)
"""The setting ``embeddings`` for the models whose weights come as packages."""


def choices() -> str:
    """What the setting ``embeddings`` may be, in words."""
    from rag import registry

    named = ", ".join([*sorted(BUILT_IN), *registry.names("embedders")])
    return f"There are {named}; else give a folder that holds a model, or a name that sentence-transformers downloads."


class BuiltInEmbedder:
    """A model whose weights come as a package, verified: the default one, or the multilingual one."""

    def __init__(self, model: str = DEFAULT, *, cache: Path) -> None:
        """Prepare; nothing heavy is loaded before the first text.

        Args:
            model: One of ``BUILT_IN``: ``all-MiniLM-L6-v2`` or ``multilingual``.
            cache: Folder for the exported graph and the choice of backend.
        """
        encoder = _BUILT_IN[model](cache)
        self.name = encoder.name
        self.languages = encoder.languages
        self.bridge = Bridge(cache) if model == DEFAULT else None
        self._runner = Runner(encoder, cache)
        self._cache = cache
        self._lock = threading.RLock()
        self._backend: str | None = None

    @property
    def backend(self) -> str:
        """What embeds passages on this machine, one of ``backends``; "onnx" until it is measured."""
        return self._backend or "onnx"

    @property
    def backends(self) -> tuple[str, ...]:
        """Those that run on this machine."""
        graphs = {"onnx": self._runner.onnx, "onnx-int8": self._runner.in_bytes}
        return (*(name for name, loads in graphs.items() if loads()), *_TORCH)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed passages for storage.

        Args:
            texts: Of at most 256 tokens with the default model, 512 with the multilingual one; longer ones are cut at
                the end.

        Returns:
            float32, shape (len(texts), 384), rows of length 1, in the order given; (0, 0) for no texts.

        Raises:
            ModelMissing: The weights are not on disk.
            ModelCorrupt: The weights are not the official ones.
        """
        with self._lock:
            if len(texts) >= probe.LONG_WORK and self._backend is None:
                self.measure(texts)
            return self.by(self.backend, texts)

    def exactly(self, texts: Sequence[str]) -> Vectors:
        """As ``embed``, in full precision: for few texts whose likeness decides, such as a sentence's to a question."""
        return self.by("onnx", texts)

    def query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (384,), length 1."""
        vector: Vectors = self._runner.run("onnx", [text], query=True)[0]
        return vector

    def by(self, backend: str, texts: Sequence[str]) -> Vectors:
        """As ``embed``, by a certain backend."""
        return self._runner.run(backend, texts)

    def measure(self, texts: Sequence[str]) -> None:
        """Choose the backend that is fastest here with such texts, or that was when it was last measured."""
        with self._lock:
            name = f"{self.name}, graph {GRAPH}"
            self._backend = probe.fastest(self.by, texts, backends=self.backends, name=name, cache=self._cache)
            self._runner.keep_only(self._backend)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model by name or folder."""

    def __init__(self, model: str, *, cache: Path) -> None:
        """Prepare; nothing heavy is loaded before the first text.

        Args:
            model: A folder, or a name on a model hub.
            cache: Folder for the choice of backend.
        """
        self._model = model
        self.name = model
        self._cache = cache
        self._lock = threading.RLock()
        self._loaded: dict[str, Any] = {}
        self._backend: str | None = None

    @property
    def backend(self) -> str:
        """What embeds many texts on this machine: "torch-bf16" or "torch-fp32"; "torch-fp32" until it is measured."""
        return self._backend or "torch-fp32"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As ``Embedder.embed``.

        Raises:
            ModelMissing: It is neither a folder with a model, nor a name that can be downloaded.
        """
        with self._lock:
            if len(texts) >= probe.LONG_WORK and self._backend is None:
                self._backend = probe.fastest(self.by, texts, backends=_TORCH, name=self.name, cache=self._cache)
                for other in [name for name in self._loaded if name != self._backend]:
                    del self._loaded[other]
            return self.by(self.backend, texts)

    def query(self, text: str) -> Vectors:
        """As ``Embedder.query``."""
        with self._lock:
            model = self._load("torch-fp32")
            found = model.encode_query([text], normalize_embeddings=True, show_progress_bar=False)
            return np.asarray(found[0], np.float32)

    def by(self, backend: str, texts: Sequence[str]) -> Vectors:
        """As ``embed``, by a certain backend."""
        if not texts:
            return np.zeros((0, 0), np.float32)
        found = self._load(backend).encode_document(
            list(texts), batch_size=16, convert_to_tensor=True, normalize_embeddings=False, show_progress_bar=False
        )
        return unit(found.float().numpy())

    def _load(self, backend: str) -> Any:
        with self._lock:
            if backend not in self._loaded:
                with quiet_transformers(offline=False), limit_openmp_spin():
                    require("sentence_transformers", extra="local", what="Embedding", package="sentence-transformers")
                    from sentence_transformers import SentenceTransformer

                    kind = "bfloat16" if backend == "torch-bf16" else "float32"
                    try:
                        model = SentenceTransformer(self._model, device="cpu", model_kwargs={"dtype": kind})
                    except (OSError, ValueError) as e:
                        first = str(e).strip().splitlines()[0]
                        raise ModelMissing(
                            f"The embedding model {self._model!r} can't be loaded ({first.rstrip('.')}). {choices()}"
                        ) from e
                self._loaded[backend] = model
            return self._loaded[backend]


class LangChainEmbedder:
    """Any LangChain ``Embeddings`` object."""

    def __init__(self, embeddings: Embeddings) -> None:
        """Wrap it. Its class and model name are recorded in the archive, which then refuses others."""
        self._embeddings = embeddings
        model = getattr(embeddings, "model_name", None) or getattr(embeddings, "model", None) or ""
        self.name = f"{type(embeddings).__name__}:{model}".rstrip(":")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As ``Embedder.embed``.

        Raises:
            ModelFailed: The model raised, or gave vectors of another number.
        """
        if not texts:  # of no texts a model can't tell how long its vectors are
            return self.query("")[None, :][:0]
        try:
            found = np.asarray(self._embeddings.embed_documents(list(texts)), np.float32)
        except Exception as e:
            raise ModelFailed(f"The embedding model {self.name} failed: {e}") from e
        if found.ndim != 2 or len(found) != len(texts):
            raise ModelFailed(f"The embedding model {self.name} gave {found.shape} for {len(texts)} texts.")
        return unit(found)

    def query(self, text: str) -> Vectors:
        """As ``Embedder.query``."""
        try:
            found = np.asarray(self._embeddings.embed_query(text), np.float32)
        except Exception as e:
            raise ModelFailed(f"The embedding model {self.name} failed: {e}") from e
        vector: Vectors = unit(found[None, :])[0]
        return vector


class EmbeddingCache:
    """Caches vectors of texts, so that sentences that are ranked, checked and asked about again are embedded once.

    Safe to use from several threads. Texts are kept as hashes.
    """

    def __init__(self, embed: Callable[[list[str]], Vectors], most: int = 16_384) -> None:
        """Take the function that embeds, and how many vectors are kept; the least recently used are dropped first."""
        self._embed = embed
        self._most = most
        self._kept: OrderedDict[bytes, npt.NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors: float32, shape (len(texts), dim), in the order given."""
        if not texts:
            return self._embed([])
        keys = [blake2b(t.encode("utf-8", "surrogatepass"), digest_size=16).digest() for t in texts]
        found: dict[bytes, npt.NDArray[np.float32]] = {}
        with self._lock:
            for key in keys:
                if (vector := self._kept.get(key)) is not None:
                    self._kept.move_to_end(key)
                    found[key] = vector
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            fresh = dict(zip(missing, self._embed(list(missing.values())), strict=True))
            found |= fresh
            with self._lock:
                self._kept |= fresh
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return np.stack([found[key] for key in keys])
