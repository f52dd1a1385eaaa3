#!/usr/bin/env bash
# onnxruntime's fusion of a sum and its layer norm makes them several times slower on the processor, not faster.
#
# Seen with onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, Python 3.11 on AMD EPYC (avx512). At its default level of
# optimization a session turns Add and LayerNormalization, as every layer of BERT has them, into one
# SkipLayerNormalization. 24 of them on 128 × 384 numbers took 5.9 ms, the 48 steps that they replace 0.8 ms, with the
# same results. In a 6-layer encoder in 8 bits it is a sixth of all the time: texts are embedded a third faster with
# disabled_optimizers=["SkipLayerNormFusion"].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

WIDTH, LAYERS = 384, 24
last, nodes = "x", []
for n in range(LAYERS):
    nodes.append(helper.make_node("Add", [last, "y"], [f"sum{n}"]))
    nodes.append(helper.make_node("LayerNormalization", [f"sum{n}", "ones", "zeros"], [f"norm{n}"], epsilon=1e-12))
    last = f"norm{n}"
nodes.append(helper.make_node("Identity", [last], ["out"]))
shape = ["rows", "tokens", WIDTH]
graph = helper.make_graph(
    nodes,
    "sums_and_norms",
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")],
    [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)],
    [numpy_helper.from_array(np.full(WIDTH, n, np.float32), name) for n, name in enumerate(("zeros", "ones"))],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
chance = np.random.default_rng(1)
given = {name: chance.standard_normal((1, 128, WIDTH)).astype(np.float32) for name in ("x", "y")}


def measured(switched_off):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=switched_off
    )
    best = float("inf")
    for _ in range(100):
        started = time.perf_counter()
        (found,) = session.run(None, given)
        best = min(best, time.perf_counter() - started)
    return best, found


print(onnxruntime.__version__)
(fused, one), (apart, other) = measured([]), measured(["SkipLayerNormFusion"])
print(f"fused {1000 * fused:.1f} ms, apart {1000 * apart:.1f} ms, {fused / apart:.1f} times as long")
assert np.abs(one - other).max() < 1e-4
assert fused > 2 * apart, "otherwise than it was"
PYTHON
