"""ONNX models with something wrong at random are read or refused, never anything else."""

import random
import re
import time

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, FormatError
from onnx_models import (
    helper,
    model_of,
    node,
    numbers,
    numpy_helper,
    onnx,
    read,
)

SMALL = model_of(
    [
        node("Conv", "x", "w", "b", to="a", name="conv", pads=[1, 1, 1, 1]),
        node("Relu", "a", to="c"),
        node("MaxPool", "c", to="d", kernel_shape=[2, 2], strides=[2, 2]),
        node("Add", "d", "t", to="e"),
        helper.make_node("Constant", [], ["s"], value=numpy_helper.from_array(np.array([0, -1]))),
        node("Reshape", "e", "s", to="f"),
        node("Gemm", "f", "v", to="g", alpha=0.5),
        node("Softmax", "g"),
    ],
    (1, 1, 4, 4),
    {"w": numbers(1, 1, 3, 3), "b": numbers(1), "t": numbers(1, 1, 1), "v": numbers(4, 2)},
).SerializeToString()


@pytest.mark.parametrize(
    ("dims", "reason"),
    [
        ([1] * 70, "tensor 't' has 70 axes, at most 8 are read"),
        ([0, 1 << 62, 1 << 62], f"tensor 't' has the shape {[0, 1 << 62, 1 << 62]}, or is stored in parts"),
    ],
)
def test_shapes_that_no_array_has_are_refused(dims, reason):
    """Where nothing, or one number, is stored under a shape beyond all arrays."""
    tensor = onnx.TensorProto(name="t", data_type=onnx.TensorProto.INT64, dims=dims, int64_data=[1][: dims[0]])
    model = model_of([node("Dropout", "x", "", "t")])
    model.graph.initializer.append(tensor)
    with pytest.raises(FormatError, match=re.escape(reason)):
        read(model)


@pytest.mark.parametrize("seed", range(300))
def test_mutated_models_are_read_or_refused(seed):
    """Bytes that are changed, cut off or put in make an ordinary error or another model, never another exception."""
    chance = random.Random(seed)
    data = bytearray(SMALL)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                data[place] ^= 1 << chance.randrange(8)
            case 2:
                del data[place : place + chance.randint(1, 9)]
            case 3:
                data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 9)))
    started = time.process_time()
    try:
        network = read(bytes(data))
        for stage in network.stages:
            stage.values()
    except ConvcalcError as error:
        assert error.message
    assert time.process_time() - started < 2


ODD = [0, 1, -1, 2, 3, 7, 64, 2**31 - 1, 2**31, 2**62, -(2**63), 2**63 - 1]
VALUES = [*ODD, *([each, each] for each in ODD), [1, 2, 3], 0.5, float("nan"), float("inf"), "SAME_UPPER", [0.5, 2.0]]
NAMES = ["x", "w", "b", "t", "v", "s", "a", "c", "", "nowhere"]
ATTRIBUTES = [
    "pads",
    "strides",
    "dilations",
    "group",
    "kernel_shape",
    "auto_pad",
    "alpha",
    "beta",
    "transA",
    "transB",
    "axis",
    "axes",
    "value",
    "scales",
    "output_shape",
    "output_padding",
    "ceil_mode",
    "epsilon",
    "allowzero",
    "shape",
    "mode",
    "value_ints",
    "value_floats",
]


def distort(model, chance):
    """Change one word of a model into one that may stand there by its type."""
    from convcalc.models.onnx_nodes import OPERATORS

    graph = model.graph
    made, held = chance.choice(graph.node), chance.choice(graph.initializer)
    match chance.randrange(9):
        case 0:
            made.op_type = chance.choice([*OPERATORS, "LRN"])
        case 1 if made.input:
            made.input[chance.randrange(len(made.input))] = chance.choice(NAMES)
        case 2:
            made.input.append(chance.choice(NAMES))
        case 3:
            made.attribute.append(helper.make_attribute(chance.choice(ATTRIBUTES), chance.choice(VALUES)))
        case 4:
            held.dims[chance.randrange(len(held.dims))] = chance.choice(ODD)
        case 5:
            held.data_type = chance.randrange(24)
        case 6:
            held.ClearField("raw_data")
            held.int32_data.extend([chance.choice(ODD[:8]) for _ in range(chance.randint(1, 9))])
        case 7:
            sizes = graph.input[0].type.tensor_type.shape.dim
            sizes[chance.randrange(4)].dim_value = chance.choice(ODD)
        case 8:
            model.opset_import[0].version = chance.randrange(30)


@pytest.mark.parametrize("seed", range(300))
def test_distorted_models_are_read_or_refused(seed):
    """Other operators, inputs, attributes, types and sizes than belong there make an ordinary error or a note."""
    chance, model = random.Random(seed), onnx.load_from_string(SMALL)
    for _ in range(chance.randint(1, 4)):
        distort(model, chance)
    started = time.process_time()
    try:
        for stage in read(model).stages:
            stage.values()
    except ConvcalcError as error:
        assert error.message
    assert time.process_time() - started < 2
