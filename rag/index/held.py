"""Vectors of passages as a search holds them: in 16 bits, or of very many in 8, with a file to open them from.

A vector in 8 bits is half as large, and beside it stands the sign of each of its numbers, in one bit. Vectors that
point the same way have the same signs, so the fiftieth of all that shares most signs with the question's has those that
are nearest, and it alone is multiplied out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_FORMAT = 1
_HEAD = 4096  # bytes before the arrays
_ARRAYS = ("numbers", "versions", "scales", "signs", "vectors")
_STEPS = 127  # on either side of zero, in 8 bits
_SURE = 5
"""Standard deviations of what rounding to 8 bits changes a cosine by that it is taken to be within."""
ROUNDED = 1.1e-3
"""More than twice what rounding a question's vector to 16 bits can change a cosine by (2 ** -11)."""
_FINE = np.float32(2.0**10)
"""What is lost by rounding is multiplied by this before it is rounded itself, so that it is in the range of 16 bits."""
_ALIKE = 0.02
"""The share of passages with the most signs of a question's vector that is multiplied out."""
_AT_LEAST = 10_000
"""Passages that are multiplied out, however few that is of all."""
_RUN = 32_768  # passages whose signs are counted at once, so that what is counted stays near the processor


@dataclass(frozen=True)
class Held:
    """The passages of one generation; row n of each array is the n-th passage's."""

    numbers: npt.NDArray[np.int64]
    """Ascending; 0 of one that is gone, whose row stays."""
    versions: npt.NDArray[np.int64]
    vectors: npt.NDArray[Any]
    """16-bit floats, or whole numbers of 8 bits; shape (n, dim)."""
    scales: npt.NDArray[np.float32]
    """What makes of a product with a vector that with one of its direction and of length 1."""
    signs: npt.NDArray[np.uint8] | None = None
    """Of vectors in 8 bits, eight numbers a byte and zeros up to a multiple of eight bytes; shape (n, bytes)."""
    ids: list[str] = field(default_factory=list)
    """Of passages whose vectors are in 16 bits; others are asked of the catalog."""

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    @cached_property
    def places(self) -> dict[str, int]:
        """The rows of passages, by id."""
        return {ident: n for n, ident in enumerate(self.ids)}

    @cached_property
    def of(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
        """The versions, each once, and which of them is each passage's."""
        numbers, of = np.unique(self.versions, return_inverse=True)
        return numbers, of

    def cosines(self, asked: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Those of a question's vector, of length 1, with all, shape (n,), off by rounding to 16 bits."""
        return products(asked.astype(np.float16), self.vectors) * self.scales

    def likely(
        self, asked: npt.NDArray[np.float32], rows: npt.NDArray[np.intp] | None
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32], float]:
        """Of vectors in 8 bits those that may be the nearest.

        Args:
            asked: A question's vector, of length 1; shape (dim,).
            rows: To choose from; None: all.

        Returns:
            Their rows; their cosines, off by rounding to 8 bits; how much those of two in the wrong order can differ.
        """
        assert self.signs is not None
        whole, scales, signs = in_bytes(asked[None, :])
        number = len(self.numbers) if rows is None else len(rows)
        wanted = max(_AT_LEAST, int(_ALIKE * number))
        if wanted < number:
            other = self._other_signs(signs[0].view(np.uint64))
            other = other if rows is None else other[rows]
            upto = int(np.searchsorted(np.cumsum(np.bincount(other)), wanted))
            some = np.flatnonzero(other <= upto)
            rows = some if rows is None else rows[some]
        elif rows is None:
            rows = np.arange(number)
        found = products(whole[0], self.vectors[rows]) * (self.scales[rows] * scales[0])
        # Each number is off by up to half a step, evenly; the sum of dim products is off by the sum of these.
        step = float(np.hypot(scales[0], self.scales.max(initial=0)))
        return rows, found, 2 * _SURE * step / float(np.sqrt(12))

    def _other_signs(self, signs: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
        """How many numbers of each passage's vector have another sign than a question's."""
        other = np.zeros(len(self.numbers), np.uint16)
        for at in range(0, len(other), _RUN):
            for column, theirs in zip(self._columns, signs, strict=True):
                other[at : at + _RUN] += np.bitwise_count(column[at : at + _RUN] ^ theirs)
        return other

    @cached_property
    def _columns(self) -> npt.NDArray[np.uint64]:
        """Signs, 64 numbers of all passages in a row."""
        assert self.signs is not None
        return np.ascontiguousarray(self.signs.view(np.uint64).T)


def joined(parts: Sequence[Held]) -> Held:
    """Passages one behind the other, all of them held alike."""
    arrays = {name: [getattr(p, name) for p in parts] for name in _ARRAYS if getattr(parts[0], name) is not None}
    return Held(
        **{name: some[0] if len(some) == 1 else np.concatenate(some) for name, some in arrays.items()},
        ids=[i for p in parts for i in p.ids],
    )


def some_of(held: Held, stays: npt.NDArray[np.bool_]) -> Held:
    """Those passages that stay."""
    ids = [held.ids[n] for n in np.flatnonzero(stays)] if held.ids else []
    return Held(**{n: a[stays] for n in _ARRAYS if (a := getattr(held, n)) is not None}, ids=ids)


def without(held: Held, gone: npt.NDArray[np.bool_]) -> Held:
    """The same rows, some of which are gone: nothing large is copied."""
    numbers, scales = held.numbers.copy(), held.scales.copy()
    numbers[gone], scales[gone] = 0, 0
    less = replace(held, numbers=numbers, scales=scales)
    less.__dict__.update({name: held.__dict__[name] for name in ("of", "_columns") if name in held.__dict__})
    return less


def made(numbers: Any, versions: Any, vectors: npt.NDArray[np.float16], ids: list[str], *, whole: bool) -> Held:
    """Passages as they are to be held.

    Args:
        numbers: Of the passages, ascending.
        versions: Theirs.
        vectors: As the catalog has them; shape (n, dim).
        ids: Theirs.
        whole: Whether in 16 bits.
    """
    told = np.asarray(numbers, np.int64), np.asarray(versions, np.int64)
    if whole:
        return Held(*told, vectors, np.float32(1) / lengths(vectors), None, ids)
    in_eight, scales, signs = in_bytes(vectors)
    return Held(*told, in_eight, scales, signs)


def exact(asked: npt.NDArray[np.float32], rows: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """Cosines of a vector of length 1 with some in 16 bits: what it loses by rounding decides, too."""
    rounded = asked.astype(np.float16)
    lost = ((asked - rounded.astype(np.float32)) * _FINE).astype(np.float16)
    return np.asarray((products(rounded, rows) + products(lost, rows) / _FINE) / lengths(rows), np.float32)


def in_bytes(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Vectors in 8 bits, each by the largest of its numbers; their scales; and their signs."""
    rows = rows.astype(np.float32)
    largest = np.maximum(np.abs(rows).max(axis=1, initial=0), 1e-12)
    long = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    signs = np.packbits(np.pad(rows > 0, ((0, 0), (0, -rows.shape[1] % 64))), axis=1)
    rows *= (_STEPS / largest)[:, None].astype(np.float32)
    scales: npt.NDArray[np.float32] = (largest / (_STEPS * np.where(long > 0, long, 1))).astype(np.float32)
    return np.rint(rows).astype(np.int8), scales, signs


# -- the file ---------------------------------------------------------------------


def write(held: Held, file: Path) -> None:
    """Write passages in 8 bits to a file that ``read`` opens; complete, or not at all."""
    half = file.with_name(f"{file.name}.{os.getpid()}")
    head = {"format": _FORMAT, "passages": len(held.numbers), "dim": held.dim}
    try:
        with half.open("wb") as opened:
            opened.write(json.dumps(head).encode().ljust(_HEAD))
            for name in _ARRAYS:
                opened.write(np.ascontiguousarray(getattr(held, name)).data)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(half, file)
    finally:
        half.unlink(missing_ok=True)


def read(file: Path, *, change: bool = False) -> Held | None:
    """Passages from a file, which stays mapped into memory; None where it isn't there or isn't as ``write`` writes it.

    Nothing of it is shown before the catalog has said it: what is damaged costs a hit its place at most.

    Args:
        file: As ``write`` wrote it.
        change: Whether what is written into the arrays changes the file.
    """
    try:
        with file.open("rb") as opened:
            head = json.loads(opened.read(_HEAD))
        n, dim = int(head["passages"]), int(head["dim"])
        if head["format"] != _FORMAT:
            return None
        content = np.memmap(file, np.uint8, "r+" if change else "r", offset=_HEAD)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    kinds: dict[str, tuple[Any, int]] = {
        "numbers": (np.int64, 1), "versions": (np.int64, 1), "scales": (np.float32, 1),
        "signs": (np.uint8, 8 * -(-dim // 64)), "vectors": (np.int8, dim),
    }  # fmt: skip
    arrays, at = {}, 0
    for name in _ARRAYS:
        kind, width = kinds[name]
        size = n * width * np.dtype(kind).itemsize
        piece = content[at : at + size]
        if len(piece) != size:
            return None
        arrays[name] = piece.view(kind).reshape((n, width) if name in ("signs", "vectors") else (n,))
        at += size
    return Held(**arrays) if at == len(content) else None


def erase(file: Path, gone: npt.NDArray[np.bool_]) -> None:
    """Overwrite some passages of a file, which are not in it any more; their rows stay."""
    held = read(file, change=True)
    assert held is not None and held.signs is not None
    held.vectors[gone] = 0
    held.signs[gone] = 0
    held.scales[gone] = 0
    held.numbers[gone] = 0
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


# -- products -----------------------------------------------------------------------


@cache
def _simsimd() -> Any:
    """simsimd, without what adds 16-bit products up in 16 bits (avx512_fp16): there lengths are off by a thousandth."""
    import simsimd

    simsimd.disable_capability("sapphire")
    return simsimd


def products(vector: npt.NDArray[Any], rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The scalar product of a vector with each row, both in 16 bits or in 8, added up in 32 bits."""
    if not len(rows):
        return np.zeros(0, np.float32)
    found: npt.NDArray[np.float32] = np.asarray(_simsimd().cdist(vector[None, :], rows, "inner"), np.float32)[0]
    return found


def lengths(rows: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """The length of each row; 1 for one without any."""
    if not len(rows):
        return np.zeros(0, np.float32)
    found = np.sqrt(np.atleast_1d(np.asarray(_simsimd().inner(rows, rows), np.float32)))
    return np.where(found > 0, found, np.float32(1))


__all__ = [
    "ROUNDED",
    "Held",
    "erase",
    "exact",
    "in_bytes",
    "joined",
    "lengths",
    "made",
    "products",
    "read",
    "some_of",
    "without",
    "write",
]
