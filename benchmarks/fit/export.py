"""Makes the files that ship from a checkpoint: the network in 8 bits, and the pieces it knows in 4.

    python -m benchmarks.fit.export ../shared/data BASE CHECKPOINT.pt ...  # into rag/answer/models/judge/

Of the 250,002 pieces of the tokenizer those are kept that occur in the training text and in news of the languages
served; text is cut into smaller pieces where a rare one is gone. Single characters all stay.

A layer's inputs are rounded to 8 bits by the largest of them, and of the 1,536 of one feed-forward layer one is twelve
times as large as any other. So the inputs of the feed-forward part are evened out first: each is divided by a factor
that its column of the weights is multiplied by, as Xiao et al. do ("SmoothQuant", 2023).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from benchmarks.fit.base import Base, Judge, read
from benchmarks.fit.reader_data import encode, questions, rows
from rag.answer.models.network import BLOCK, BOS, EOS, LENGTH, PAD, UNK, tokenizer

FOLDER = Path("rag/answer/models/judge")
PIECES = 32_000
"""Pieces kept."""
NAMES = ("sentence", "none", "span", "claim", "polarity")
MOVED = 0.75
"""How much of the differences among a layer's inputs goes into its weights; tried: .5 to .9."""
MEASURED = 64
"""Passages that inputs are measured on."""


class Smoothed(torch.nn.Module):
    """A linear layer that gives what it gave, of inputs that are evened out before they are rounded."""

    def __init__(self, linear: torch.nn.Linear, largest: torch.Tensor) -> None:
        """Take the layer, and the largest magnitude of each of its inputs: shape (inputs,)."""
        super().__init__()
        columns = linear.weight.detach().abs().amax(0).clamp(min=1e-5)
        factors = (largest.clamp(min=1e-5) ** MOVED / columns ** (1 - MOVED)).clamp(min=1e-5)
        self.register_buffer("evened", 1 / factors)
        self.linear = linear
        with torch.no_grad():
            linear.weight *= factors

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """As the layer's."""
        return self.linear(inputs * self.evened)


def examples(data: Path, tokens: Tokenizer) -> list[list[int]]:
    """Passages with their questions as ids, on which inputs are measured: of the reader's training, half in English."""
    made: list[list[int]] = []
    folder = data / "training"
    for name in ("open-en.jsonl.xz", "open-other.jsonl.xz"):
        items = (encode(one, tokens) for one in questions([folder / name], folder, without=0.0, seed=1)[::101])
        made += [item.ids for item, _ in zip((i for i in items if i), range(MEASURED // 2), strict=False)]
    return made


@torch.no_grad()
def smooth(judge: Judge, passages: Sequence[Sequence[int]]) -> None:
    """Even out the inputs of the feed-forward layers, in place; what the network gives stays the same."""
    seen: dict[torch.nn.Module, torch.Tensor] = {}

    def note(layer: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        largest = inputs[0].abs().flatten(0, -2).amax(0)
        seen[layer] = torch.maximum(seen[layer], largest) if layer in seen else largest

    layers = judge.encoder.encoder.layer
    linear = [part.dense for layer in layers for part in (layer.intermediate, layer.output)]
    hooks = [layer.register_forward_pre_hook(note) for layer in linear]
    for ids in passages:
        judge(torch.tensor([list(ids)]))
    for hook in hooks:
        hook.remove()
    for layer in layers:
        for part in (layer.intermediate, layer.output):
            part.dense = Smoothed(part.dense, seen[part.dense])


class Embedded(torch.nn.Module):
    """The network from the vectors of pieces on, so that their table is looked up outside."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, vectors: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Vectors float32 (batch, length, width), mask int64 (batch, length) → the heads in the order of ``NAMES``."""
        judge = self.judge
        out = judge.encoder(inputs_embeds=vectors, attention_mask=mask).last_hidden_state
        first = out[:, 0]
        return (
            judge.sentence(out).squeeze(-1),
            judge.none(first).squeeze(-1),
            judge.span(out),
            judge.claim(first),
            judge.polarity(first),
        )


def texts(data: Path) -> Iterator[str]:
    """Text to count pieces in."""
    for name in ("open-en.jsonl.xz", "open-other.jsonl.xz"):
        for row in rows(data / "training" / name):
            yield " ".join(str(row.get(key, "")) for key in ("q", "sent", "claim", "ev"))
    with gzip.open(data / "realtimeqa-2023" / "articles.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line).get("text") or ""


def kept(base: Base, data: Path) -> list[int]:
    """Ids of the pieces that are kept, in their order."""
    tokens = tokenizer(base.pieces, base.scores)
    counts: Counter[int] = Counter()
    batch: list[str] = []
    for text in texts(data):
        batch.append(text)
        if len(batch) == 512:
            for coded in tokens.encode_batch(batch):
                counts.update(coded.ids)
            batch = []
    always = {BOS, PAD, EOS, UNK}
    latin = {i for i, piece in enumerate(base.pieces) if len(piece.strip("▁")) <= 1 and piece.isascii()}
    chosen = always | latin
    for i, _ in counts.most_common():
        if len(chosen) == PIECES:
            break
        chosen.add(i)
    return sorted(chosen)


def packed(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A table in 4 bits: uint8 (rows, width / 2), and the float16 scales of its blocks (rows, width / 32)."""
    blocks = table.reshape(len(table), -1, BLOCK)
    at = np.abs(blocks).argmax(-1, keepdims=True)
    scale = (np.take_along_axis(blocks, at, -1)[..., 0] / -8).astype(np.float16)
    safe = np.where(scale == 0, 1, scale).astype(np.float32)[..., None]
    codes = (np.clip(np.rint(blocks / safe), -8, 7) + 8).astype(np.uint8).reshape(len(table), -1)
    return codes[:, ::2] | (codes[:, 1::2] << 4), scale


def main(arguments: Sequence[str] | None = None) -> None:
    """Export."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("checkpoint", type=Path, nargs="+", help="or a judge.onnx; of several, the mean of the weights")
    parser.add_argument("--out", type=Path, default=FOLDER)
    args = parser.parse_args(arguments)
    args.out.mkdir(parents=True, exist_ok=True)
    base = read(args.base)
    judge = Judge(base)
    states = []
    for checkpoint in args.checkpoint:
        judge.restore(checkpoint)
        states.append({name: value.clone() for name, value in judge.state_dict().items()})
    judge.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})
    judge.eval()
    smooth(judge, examples(args.data, tokenizer(base.pieces, base.scores)))
    words = judge.encoder.embeddings.word_embeddings.weight.detach().numpy()
    ids = kept(base, args.data)
    codes, scales = packed(words[ids])
    pieces = np.frombuffer("\n".join(base.pieces[i] for i in ids).encode(), np.uint8)
    scores = np.array([base.scores[i] for i in ids], np.float32)
    np.savez_compressed(args.out / "pieces.npz", codes=codes, scales=scales, pieces=pieces, scores=scores)
    positions = judge.encoder.embeddings.position_embeddings
    positions.weight = torch.nn.Parameter(positions.weight[:LENGTH].clone())
    positions.num_embeddings = LENGTH
    judge.encoder.embeddings.register_buffer("position_ids", torch.arange(LENGTH)[None], persistent=False)
    judge.encoder.embeddings.register_buffer(
        "token_type_ids", torch.zeros((1, LENGTH), dtype=torch.long), persistent=False
    )
    whole = args.out / "whole.onnx"
    example = (torch.randn(2, 24, words.shape[1]), torch.ones(2, 24, dtype=torch.long))
    names = {"vectors": {0: "batch", 1: "length"}, "mask": {0: "batch", 1: "length"}}
    judge.encoder.embeddings.word_embeddings = torch.nn.Embedding(4, words.shape[1])
    torch.onnx.export(
        Embedded(judge),
        example,
        str(whole),
        input_names=list(names),
        output_names=list(NAMES),
        dynamic_axes=names,
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(whole, args.out / "judge.onnx", weight_type=QuantType.QInt8, per_channel=True)
    whole.unlink()
    hashes = {name: hashlib.sha256((args.out / name).read_bytes()).hexdigest() for name in ("judge.onnx", "pieces.npz")}
    print(json.dumps(hashes, indent=2))
    for path in sorted(args.out.iterdir()):
        print(f"{path.name} {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
