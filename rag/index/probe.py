"""Which way of embedding is fastest on this machine: measured once, and written down."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.machine import processor

log = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]

LONG_WORK = 400
"""Texts from which on it is worth measuring; for fewer, loading torch costs more than it saves."""
_AGREE = 0.999  # least cosine to the float32 vectors that a faster backend must have
_AGREE_ROUNDED = 0.97  # as much of one that rounds to 8 bits: it ranks whole passages as well (docs/models.md)
_PROBE = 32  # texts that each backend is timed with
_WITHOUT_TORCH = 0.8  # onnx is preferred unless another is a quarter faster: torch takes seconds to load, and memory


def fastest(
    embed: Callable[[str, Sequence[str]], Vectors],
    texts: Sequence[str],
    *,
    backends: Sequence[str],
    name: str,
    cache: Path,
) -> str:
    """Time each backend with some of the texts, and note the fastest one's name for this machine.

    Args:
        embed: (backend, texts) → float32, shape (len(texts), dim), rows of length 1.
        texts: What is to be embedded; 32 of them are tried.
        backends: Those that run here, "torch-fp32" among them.
        name: Of the model, and whatever else decides.
        cache: Folder of the note; a note of another processor or library is not used.

    Returns:
        One of them; its vectors are those of "torch-fp32" up to a cosine of 0.999, or 0.97 with "onnx-int8".
    """
    record = cache / "embedding-way.json"
    machine = f"{processor()} x{os.cpu_count()} torch {_version('torch')} onnxruntime {_version('onnxruntime')}"
    key = f"{name} by {', '.join(backends)}, on {machine}"
    try:
        known = json.loads(record.read_text())
    except (OSError, ValueError):
        known = None
    known = known if isinstance(known, dict) else {}
    if known.get(key) in backends:
        return str(known[key])
    some = list(texts)[:: max(1, len(texts) // _PROBE)][:_PROBE]
    reference = embed("torch-fp32", some)
    seconds = dict.fromkeys(backends, float("inf"))
    for backend in [name for name in seconds if name != "torch-fp32"]:
        agreement = float((embed(backend, some) * reference).sum(axis=1).min())
        if agreement < (_AGREE_ROUNDED if backend == "onnx-int8" else _AGREE):
            log.info("embedding by %s differs: cosine to float32 at least %.5f", backend, agreement)
            del seconds[backend]
    for _ in range(3):  # in turns, so that other work on the machine slows all of them alike
        for backend in seconds:
            started = time.perf_counter()
            embed(backend, some)
            seconds[backend] = min(seconds[backend], time.perf_counter() - started)
    best = min(seconds, key=lambda backend: seconds[backend] * (_WITHOUT_TORCH if "onnx" in backend else 1))
    log.info("embedding: %s", ", ".join(f"{backend} {_PROBE / s:.0f} texts/s" for backend, s in seconds.items()))
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _replace(record, json.dumps({**known, key: best}, indent=1).encode())
    except OSError:
        log.info("the choice could not be written to %s", record)
    return best


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _replace(file: Path, content: bytes) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}.partial")
    temporary.write_bytes(content)
    os.replace(temporary, file)


__all__ = ["LONG_WORK", "fastest"]
