"""Questions in other languages, in the space of the default embedding model, which knows English only.

The multilingual model (``ONRECORD_EMBEDDINGS=multilingual``) embeds the question, and a linear map takes its vector to
where the default model would put the same question in English. So an archive of English articles that was built with
the default model can be asked in a hundred languages: nothing in it is embedded again. The map is fitted on English
questions alone, by ``benchmarks/fit/bridge.py``; that it holds for other languages is the multilingual model's doing,
whose languages share one space.

Placing one encoder's sentences where another's are, so as to carry a model over to other languages, is from Reimers
and Gurevych 2020, "Making Monolingual Sentence Embeddings Multilingual using Knowledge Distillation"; here only a map
is learnt, and no pairs of translations are needed.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag import weights
from rag.errors import ModelCorrupt
from rag.index.encoder import MultilingualE5, Runner, unit

Vectors = npt.NDArray[np.float32]
FILE = Path(__file__).with_name("bridge.npz")
_SHA256 = "924b3d03a941f1b786c6ba90564786449bba95c71c7e0cc19a932ba5c2a5e9c7"
_KEPT = 64
"""Questions whose vectors are kept: one is looked for several times on its way to an answer."""


class Bridge:
    """Embeds questions in other languages than English. Safe to use from several threads."""

    def __init__(self, cache: Path) -> None:
        """Prepare; nothing is loaded before the first question.

        Args:
            cache: Folder for the multilingual model's exported graph.
        """
        self._cache = cache
        self._encoder = MultilingualE5("multilingual-e5-small", cache)
        self._runner = Runner(self._encoder, cache)
        self._map: Vectors | None = None
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def languages(self) -> frozenset[str]:
        """What questions may be in, ISO 639-1."""
        return self._encoder.languages or frozenset()

    @cached_property  # asked several times a question, and files are looked at
    def installed(self) -> bool:
        """Whether the multilingual model's weights are on this machine: the extra ``multilingual``."""
        return weights.find_in_place(weights.E5, self._cache).installed

    def query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (384,), length 1, as if it had been asked in English.

        Raises:
            ModelMissing: The multilingual model, or a library, is not installed.
            ModelCorrupt: Its weights, or the map, are not those that this version was made with.
        """
        with self._lock:
            if (kept := self._kept.get(text)) is not None:
                self._kept.move_to_end(text)
                return kept
            if self._map is None:
                self._map = _map(FILE)
        vector: Vectors = across(self._runner.run("onnx", [text], query=True), self._map)[0]
        with self._lock:
            self._kept[text] = vector
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return vector

    def alike(self, question: str, texts: Sequence[str]) -> Vectors:
        """How near texts in another language come to a question, in the multilingual model's own space.

        The map keeps what a search needs, and loses what tells one sentence of a passage from the next.

        Args:
            question: In any language of ``languages``.
            texts: In any other of them.

        Returns:
            Cosines, float32, shape (len(texts),).
        """
        if not texts:
            return np.zeros(0, np.float32)
        asked: Vectors = self._runner.run("onnx", [question], query=True)[0]
        found: Vectors = self._runner.run("onnx", texts) @ asked
        return found

    def beside(self, question: str, embed: Callable[[Sequence[str]], Vectors]) -> Callable[[Sequence[str]], Vectors]:
        """``embed``, but for the question, whose vector is ``query``'s."""

        def embedded(texts: Sequence[str]) -> Vectors:
            found = embed(texts)
            for i in [i for i, text in enumerate(texts) if text == question]:
                found[i] = self.query(question)
            return found

        return embedded


def across(vectors: Vectors, bridge: Vectors) -> Vectors:
    """The multilingual model's vectors of questions, in the default model's space.

    Args:
        vectors: Shape (n, 384), rows of length 1.
        bridge: Shape (385, 384): the map, and what is added.

    Returns:
        float32, shape (n, 384), rows of length 1.
    """
    return unit(vectors @ bridge[:-1] + bridge[-1])


def _map(path: Path) -> Vectors:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise ModelCorrupt(f"{path} can't be read ({e.strerror}). Install onrecord again.") from e
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise ModelCorrupt(f"{path} is not the file that this version was made with. Install onrecord again.")
    with np.load(io.BytesIO(data)) as arrays:
        found: Vectors = arrays["bridge"].astype(np.float32)
    return found


__all__ = ["FILE", "Bridge", "across"]
