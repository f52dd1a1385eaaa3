"""The trained network's files and its ways to fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.answer.models import network
from rag.errors import ModelCorrupt

FOLDER = Path(network.__file__).with_name("judge")


@pytest.fixture(scope="module")
def loaded() -> network.Network:
    return network.shared()


def test_its_files_stay_under_thirty_megabytes() -> None:
    assert 10e6 < sum(path.stat().st_size for path in FOLDER.iterdir()) < 30e6


def test_texts_of_many_lengths_come_back_in_their_order(loaded: network.Network) -> None:
    texts = [
        [network.BOS, *loaded.encode("a harbour " * n).ids[: network.LENGTH - 2], network.EOS] for n in (40, 1, 9, 3)
    ]
    together = loaded.run(texts)
    assert [len(out.sentence) for out in together] == [len(ids) for ids in texts]
    assert [out.span.shape for out in together] == [(len(ids), 2) for ids in texts]
    for ids, out in zip(texts, together, strict=True):
        (alone,) = loaded.run([ids])
        assert np.array_equal(alone.claim, out.claim), "what a text says doesn't depend on those beside it"


def test_offsets_point_at_the_words(loaded: network.Network) -> None:
    text = "Die  Brücke über die Elbe"
    coded = loaded.encode(text)
    assert len(coded.ids) == len(coded.offsets)
    assert "".join(text[a:b].strip() for a, b in coded.offsets) == text.replace(" ", "")


@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_files_that_are_not_its_own_are_one_clear_line(tmp_path: Path, damage: str) -> None:
    for path in FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    victim = tmp_path / "pieces.npz"
    if damage == "gone":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-1] if damage == "cut" else b"not a table")
    with pytest.raises(ModelCorrupt, match=r"pieces\.npz") as told:
        network.Network.load(tmp_path)
    assert "\n" not in str(told.value)
    assert "Install onrecord again" in str(told.value)


def test_products_of_8_bits_are_exact_on_every_processor(loaded: network.Network) -> None:
    """As plain arithmetic has them: without care, they overflow where a processor has no instructions for them."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    model = onnx.load(str(FOLDER / "judge.onnx"))
    nodes = []
    for node in model.graph.node:
        if node.op_type != "MatMulInteger":
            nodes.append(node)
            continue
        result, sides = node.output[0], []
        for side, (values, zero) in enumerate(zip(node.input[:2], [*node.input[2:], "", ""], strict=False)):
            name = f"{result}_{side}"
            nodes.append(helper.make_node("Cast", [values], [name], to=TensorProto.FLOAT))
            if zero:
                nodes.append(helper.make_node("Cast", [zero], [f"{name}_zero"], to=TensorProto.FLOAT))
                nodes.append(helper.make_node("Sub", [name, f"{name}_zero"], [f"{name}_from"]))
                name = f"{name}_from"
            sides.append(name)
        nodes.append(helper.make_node("MatMul", sides, [f"{result}_exact"]))
        nodes.append(helper.make_node("Cast", [f"{result}_exact"], [result], to=TensorProto.INT32))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    exact = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )
    ids = loaded.encode("A storm named Ada had damaged 12 boats, and the ferry stayed in the harbour.").ids
    wide = np.array([ids], np.int64)
    sentence, none, span, *_ = exact.run(None, {"vectors": loaded.vectors(wide), "mask": np.ones_like(wide)})
    (ours,) = loaded.run([ids])
    assert np.allclose(ours.sentence, sentence[0], atol=0.02)
    assert np.allclose(ours.span, span[0], atol=0.02)
    assert abs(ours.none - float(none[0])) < 0.02
