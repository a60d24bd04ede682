"""onnxruntime's operators between quantised numbers, to the bit as onnxruntime computes them."""

import numpy as np
import pytest

from onnx_models import FLOAT, helper, kinds, numpy_helper, onnx, onnxruntimes, output_of, read

SHAPE = (1, 4, 6, 7)
CASES = {
    "QLinearAdd": (2, {}, "add"),
    "QLinearMul": (2, {}, "mul"),
    "QLinearConcat": (2, {"axis": 1}, "concat"),
    "QLinearSigmoid": (1, {}, "sigmoid"),
    "QLinearLeakyRelu": (1, {"alpha": 0.1}, "leaky-relu"),
    "QLinearAveragePool": (1, {"kernel_shape": [3, 2], "pads": [1, 0, 1, 0]}, "avg-pool"),
    "QLinearGlobalAveragePool": (1, {}, "global-avg-pool"),
}
TYPES = {"uint8": (np.uint8, 0, 255), "int8": (np.int8, -128, 127)}


def model_of(operator, kind, rng):
    """The operator on inputs that are quantised before it, all scales and zero points drawn."""
    branches, attributes, _ = CASES[operator]
    dtype, low, high = TYPES[kind]
    constants = {}

    def scaled(name):
        constants[f"{name}s"] = np.float32(rng.uniform(0.01, 0.05))
        constants[f"{name}z"] = np.array(rng.integers(low, high), dtype)
        return [f"{name}s", f"{name}z"]

    nodes = [helper.make_node("QuantizeLinear", ["x", *scaled(each * 2)], [each]) for each in "ab"[:branches]]
    inputs = [name for each in "ab"[:branches] for name in (each, *scaled(each))]
    made = scaled("o")
    inputs = [*made, *inputs] if operator == "QLinearConcat" else [*inputs, *made]
    nodes.append(helper.make_node(operator, inputs, ["y"], domain="com.microsoft", **attributes))
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, SHAPE)],
        [helper.make_tensor_value_info("y", element, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets)


@pytest.mark.parametrize("operator", CASES)
def test_numbers_to_the_bit(operator):
    """Of both types, with many scales and zero points: no number differs by one step."""
    rng = np.random.default_rng(3)
    for kind in TYPES:
        for _ in range(12):
            model = model_of(operator, kind, rng)
            cells = (3 * rng.standard_normal(SHAPE)).astype(np.float32)
            network = read(model)
            assert network.cut is None
            assert CASES[operator][2] in kinds(network)
            np.testing.assert_array_equal(output_of(network, cells), onnxruntimes(model, cells))


def test_what_is_not_read():
    """Channels that come last, and scales of each channel, end the numbers with a sentence."""
    model = model_of("QLinearGlobalAveragePool", "uint8", np.random.default_rng(3))
    model.graph.node[-1].attribute.append(onnx.helper.make_attribute("channels_last", 1))
    assert read(model).cut.reason == "the channels of its input come last"
