#!/usr/bin/env bash
# An optimised ONNX model gives other maxima: a Pad of zeros is folded into a max-pool that ignores its padding.
#
# Guess: fuse_pad_into_pool leaves a Pad before MaxPool alone, since zeros take part there and a pool's own padding is minus infinity.
# Seen (onnxoptimizer 0.4.2): it is folded. On -1 -2 -3 -4, padded by zeros, windows of three: before 0 -1 -2 0, after -1 -1 -2 -3.
# An AveragePool that has pads of its own as well: before -0.5 ..., after -0.33 ... (its own cells are now counted).
# onnxsim 0.8.1 and onnxslim do not do this to the same models.
# Source: onnxoptimizer/passes/fuse_pad_into_pool.h; ONNX's operator page of MaxPool.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check onnxoptimizer==0.4.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np, onnxoptimizer, onnxruntime
from onnx import TensorProto, helper, numpy_helper

x = -np.arange(1, 5, dtype=np.float32).reshape(1, 1, 4)

def run(model):
    plain = onnxruntime.SessionOptions()
    plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), plain).run(None, {"x": x})[0].ravel()

def model(pool, **attributes):
    nodes = helper.make_node("Pad", ["x", "p"], ["z"]), helper.make_node(pool, ["z"], ["y"], kernel_shape=[3], **attributes)
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array([0, 0, 1, 0, 0, 1]), "p")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)

greatest, mean = model("MaxPool"), model("AveragePool", pads=[1, 1])
fused = [onnxoptimizer.optimize(each, ["fuse_pad_into_pool"]) for each in (greatest, mean)]
print(run(greatest), run(fused[0]), run(mean), run(fused[1]))
assert [node.op_type for node in fused[0].graph.node] == ["MaxPool"]
assert run(greatest).tolist() == [0, -1, -2, 0] and run(fused[0]).tolist() == [-1, -1, -2, -3]
assert np.isclose(run(mean)[0], -0.5) and np.isclose(run(fused[1])[0], -1 / 3)
PYTHON
echo "as described"
