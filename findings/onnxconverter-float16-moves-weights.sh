#!/usr/bin/env bash
# Converting an ONNX model to float16 halves a weight of 20,000 and makes 1e-8 ten times larger.
#
# Guess: weights are rounded to float16, whose largest number is 65,504; smaller ones than 6e-8 become 0.
# Seen (onnxconverter-common 1.16.0): convert_float_to_float16 first moves magnitudes into 1e-7 ... 10,000: 20,000 and 60,000 both
# become 10,000, and 1e-8 becomes 1e-7, with a warning at most. min_positive_val=0 and max_finite_val=65504 give the rounding.
# Source: the defaults of convert_float_to_float16.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check onnxconverter-common==1.16.0 onnx==1.23.2 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
from onnxconverter_common import float16

warnings.simplefilter("ignore")
weights = np.array([20000, 60000, -20000, 1e-8, 3], np.float32).reshape(1, 1, 5)
graph = helper.make_graph(
    [helper.make_node("Conv", ["x", "w"], ["y"])], "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 5])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 1])],
    [numpy_helper.from_array(weights, "w")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
seen = numpy_helper.to_array(float16.convert_float_to_float16(model).graph.initializer[0]).ravel()
print(seen, weights.astype(np.float16).ravel())
assert seen[:3].tolist() == [10000, 10000, -10000] and 0.9e-7 < float(seen[3]) < 1.3e-7 and seen[4] == 3
PYTHON
echo "as described"
