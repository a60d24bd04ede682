#!/usr/bin/env bash
# Raising a model's opset by ONNX's own converter changes what its upsampling gives.
#
# Guess: convert_version keeps the numbers; Upsample becomes a Resize with the old coordinates (asymmetric, floor).
# Seen (onnx 1.23.2, run by onnxruntime 1.32.0): Upsample of opset 9 becomes a Resize without attributes, whose defaults since opset 11
# are half_pixel and round_prefer_floor. Linear by 2 turns 1, 1.5, 2, 2.5 ... into 1, 1.25, 1.75, 2.25 ...; nearest by 1.4 turns
# 1 1 2 3 3 4 5 into 1 2 2 3 4 4 5. Nearest by whole factors stays.
# Source: onnx/version_converter/adapters; ONNX's operator pages of Upsample-9 and Resize-11.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np, onnxruntime
from onnx import TensorProto, helper, numpy_helper, version_converter

def upsampled(model, x):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]

def pair(mode, scale, size):
    x = np.arange(1, size + 1, dtype=np.float32).reshape(1, 1, 1, size)
    graph = helper.make_graph(
        [helper.make_node("Upsample", ["x", "s"], ["y"], mode=mode)], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array([1, 1, 1, scale], np.float32), "s")],
    )
    old = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    return upsampled(old, x).ravel(), upsampled(version_converter.convert_version(old, 13), x).ravel()

linear, nearest, whole = pair("linear", 2, 4), pair("nearest", 1.4, 5), pair("nearest", 2, 4)
print(linear, nearest, sep="\n")
assert np.allclose(linear[0], [1, 1.5, 2, 2.5, 3, 3.5, 4, 4]) and np.allclose(linear[1], [1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4])
assert nearest[0].tolist() == [1, 1, 2, 3, 3, 4, 5] and nearest[1].tolist() == [1, 2, 2, 3, 4, 4, 5]
assert np.array_equal(*whole)
PYTHON
echo "as described"
