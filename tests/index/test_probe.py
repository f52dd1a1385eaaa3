"""The choice of the fastest backend, with ones that take as long as they are told."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.index import probe

ALL = ("onnx-int8", "onnx", "torch-fp32", "torch-bf16")
TEXTS = [f"text {n}" for n in range(400)]


def backends(seconds: dict[str, float], wrong: str = "", rounded: float = 1.0) -> tuple[list[str], object]:
    """Backends by how long they take; one of them may give other vectors, that of 8 bits ones of such a cosine."""
    asked: list[str] = []

    def embed(backend: str, texts: Sequence[str]) -> np.ndarray:
        asked.append(backend)
        time.sleep(seconds[backend])
        rows = np.zeros((len(texts), 2), np.float32)
        rows[:, int(backend == wrong)] = 1.0
        if backend == "onnx-int8":
            rows[:] = [rounded, (1 - rounded**2) ** 0.5]
        return rows

    return asked, embed


@pytest.mark.parametrize(
    ("seconds", "wrong", "best"),
    [
        ({"onnx": 0.02, "torch-fp32": 0.2, "torch-bf16": 0.2}, "", "onnx"),
        ({"onnx": 0.2, "torch-fp32": 0.2, "torch-bf16": 0.02}, "", "torch-bf16"),
        ({"onnx": 0.3, "torch-fp32": 0.15, "torch-bf16": 0.01}, "torch-bf16", "torch-fp32"),
    ],
)
def test_the_fastest_that_agrees_is_taken(tmp_path: Path, seconds: dict[str, float], wrong: str, best: str) -> None:
    asked, embed = backends(seconds, wrong)
    assert probe.fastest(embed, TEXTS, backends=ALL[1:], name="m", cache=tmp_path) == best  # type: ignore[arg-type]
    number = len(asked)
    assert probe.fastest(embed, TEXTS, backends=ALL[1:], name="m", cache=tmp_path) == best  # type: ignore[arg-type]
    assert len(asked) == number, "it is measured once"
    probe.fastest(embed, TEXTS, backends=ALL[1:], name="another", cache=tmp_path)  # type: ignore[arg-type]
    assert len(asked) > number
    assert len(json.loads((tmp_path / "embedding-way.json").read_text())) == 2


@pytest.mark.parametrize("note", ["", "[]", "{", '{"m": 1}'])
def test_a_note_that_can_not_be_read_is_no_note(tmp_path: Path, note: str) -> None:
    (tmp_path / "embedding-way.json").write_text(note)
    _, embed = backends({"torch-fp32": 0.05, "torch-bf16": 0.0})
    assert probe.fastest(embed, TEXTS, backends=ALL[2:], name="m", cache=tmp_path) == "torch-bf16"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "rounded", "best"), [(0.01, 0.98, "onnx-int8"), (0.01, 0.95, "onnx"), (0.2, 0.98, "onnx")]
)
def test_8_bits_are_taken_where_they_are_near_and_faster(
    tmp_path: Path, seconds: float, rounded: float, best: str
) -> None:
    _, embed = backends({"onnx": 0.05, "onnx-int8": seconds, "torch-fp32": 0.2, "torch-bf16": 0.2}, "", rounded)
    chosen = probe.fastest(embed, TEXTS, backends=ALL, name="m", cache=tmp_path)  # type: ignore[arg-type]
    assert chosen == best
