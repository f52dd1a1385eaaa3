"""The trained network that reads evidence: which sentences answer, which of their words, and what supports a claim.

One small network with a head for each (docs/models.md tells how it was trained, and by which program). It runs on
onnxruntime; its files come with this package and are checked against their hashes. The table of word pieces is looked
up here, in 4 bits, so that it takes 7 MB and not 50.

    Network.load() → encode text → run(batch of ids) → Outputs
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelCorrupt
from rag.extras import require
from rag.machine import multiplies_bytes, processors

Floats = npt.NDArray[np.float32]

BOS, PAD, EOS, UNK = 0, 1, 2, 3
"""Ids of the pieces with a meaning of their own."""
LENGTH = 320
"""Most pieces of a text: the positions that the network tells apart."""
BLOCK = 32
"""Weights of a piece's vector that share a scale."""
_FOLDER = Path(__file__).with_name("judge")
_HASHES = {
    "judge.onnx": "bd2611d3d746d96caa1ccad99ba06ce668dee189943a9fb422f3b1e4b996f478",
    "pieces.npz": "df6d51407fc238666b2143112935394bd4205d4d502bcb3f12e1ed76229a279c",
}


@dataclass(frozen=True)
class Outputs:
    """What the heads say of one text of ``n`` pieces; all are log-odds before any softmax."""

    sentence: Floats
    """Shape (n,): its mean over the pieces of a sentence: that it answers."""
    none: float
    """That no sentence of the passage answers."""
    span: Floats
    """Shape (n, 2): that the words which answer begin, and end, with a piece."""
    claim: Floats
    """Shape (3,): supported, contradicted, not told."""
    polarity: Floats
    """Shape (3,): the answer to a yes/no question is yes, is no, can't be told."""


@dataclass(frozen=True)
class Coded:
    """A text in pieces."""

    ids: list[int]
    offsets: list[tuple[int, int]]
    """(start, end) of each piece in the text, in code points."""


class Network:
    """The network, loaded. Safe to use from several threads."""

    def __init__(self, graph: bytes, table: bytes) -> None:
        """Take the contents of its two files; see ``Network.load``."""
        onnxruntime = require("onnxruntime", extra="local", what="Reading evidence")
        with np.load(io.BytesIO(table)) as arrays:
            self._codes: npt.NDArray[np.uint8] = arrays["codes"]
            self._scales: npt.NDArray[np.float16] = arrays["scales"]
            pieces = arrays["pieces"].tobytes().decode().split("\n")
            scores = [float(score) for score in arrays["scores"]]
        self.tokens = tokenizer(pieces, scores)
        """What cuts text into pieces, a ``tokenizers.Tokenizer``."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # batches run side by side: threads within one wait for one another
        options.log_severity_level = 3
        if not multiplies_bytes():
            # The fast products overflow there without a word, and the scores are others. These are exact; on a
            # processor that has exact ones of its own they would take half as long again.
            options.add_session_config_entry("session.x64quantprecision", "1")
        # Fused into one step, a sum and its norm take six times as long as one after the other.
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
        )
        self._threads = ThreadPoolExecutor(processors(), "onrecord-network")

    @classmethod
    def load(cls, folder: Path = _FOLDER) -> Network:
        """Read the network from its folder.

        Raises:
            ModelCorrupt: A file is missing, or is not the one that this version was made with.
            ExtraMissing: onnxruntime or tokenizers is not installed.
        """
        return cls(*(_verified(folder / name, sha256) for name, sha256 in _HASHES.items()))

    def encode(self, text: str) -> Coded:
        """Cut a text into pieces."""
        coded = self.tokens.encode(text)
        return Coded(coded.ids, coded.offsets)

    def run(self, batch: Sequence[Sequence[int]]) -> list[Outputs]:
        """Read texts.

        Args:
            batch: Ids of each, 1 to ``LENGTH`` of them, beginning with ``BOS``.

        Returns:
            What the heads say, in the order given.
        """
        # One by one: what is read together would be padded, and is read no faster.
        return list(self._threads.map(self._run, batch))

    def _run(self, text: Sequence[int]) -> Outputs:
        ids = np.array([text], np.int64)
        sentence, none, span, claim, polarity = self._session.run(
            None, {"vectors": self.vectors(ids), "mask": np.ones_like(ids)}
        )
        return Outputs(sentence[0], float(none[0]), span[0], claim[0], polarity[0])

    def vectors(self, ids: npt.NDArray[np.int64]) -> Floats:
        """The vectors of pieces: shape (…, width)."""
        codes = self._codes[ids]
        both = np.stack([codes & 15, codes >> 4], -1).reshape(*ids.shape, -1, BLOCK).astype(np.float32) - 8
        vectors = both * self._scales[ids].astype(np.float32)[..., None]
        return np.ascontiguousarray(vectors.reshape(*ids.shape, -1), np.float32)


@cache
def _loaded(process: int) -> Network:  # its threads don't live on in a process that is forked
    return Network.load()


_LOADING = threading.Lock()


def shared() -> Network:
    """The network of this process, loaded when first asked for: about half a second.

    Raises:
        ModelCorrupt: Its files are missing or damaged.
        ExtraMissing: onnxruntime or tokenizers is not installed.
    """
    with _LOADING:
        return _loaded(os.getpid())


def _verified(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise ModelCorrupt(f"{path} can't be read ({e.strerror}). Install onrecord again.") from e
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelCorrupt(f"{path} is not the file that this version was made with. Install onrecord again.")
    return data


def tokenizer(pieces: Sequence[str], scores: Sequence[float]) -> Any:
    """What cuts text into pieces, a ``tokenizers.Tokenizer``; a piece's id is its place.

    Raises:
        ExtraMissing: tokenizers is not installed.
    """
    tokenizers = require("tokenizers", extra="local", what="Reading evidence")
    made = tokenizers.Tokenizer(tokenizers.models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=UNK))
    parts = [tokenizers.normalizers.NFKC(), tokenizers.normalizers.Replace(tokenizers.Regex(r"\s+"), " ")]
    made.normalizer = tokenizers.normalizers.Sequence(parts)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    return made


__all__ = ["BLOCK", "BOS", "EOS", "LENGTH", "PAD", "UNK", "Coded", "Network", "Outputs", "shared", "tokenizer"]
