"""Nodes of ONNX models that no layer does: where the numbers stop, and why, word by word; graphs that are none."""

import numpy as np
import pytest

from convcalc.errors import FormatError
from onnx_models import helper, kinds, model_of, node, numbers, read

W = {"w": numbers(4, 3, 3, 3)}
S = {"s": np.array([1, 1, 2, 2], np.float32)}
STOPS = {
    "operator": (node("LRN", "x", name="norm1", size=3), {}, 17, "'norm1' (LRN): no kind of layer does that"),
    "domain": (node("Relu", "x", domain="com.me"), {}, 17, "(com.me.Relu): no kind of layer does that"),
    "attribute": (node("Relu", "x", slope=1.0), {}, 17, "(Relu): its attribute 'slope' is not known"),
    "attribute type": (node("LeakyRelu", "x", alpha=1), {}, 17, "(LeakyRelu): its attribute 'alpha' is not a number"),
    "pads type": (
        node("Conv", "x", "w", pads=1.0),
        W,
        17,
        "(Conv): its attribute 'pads' is not a list of whole numbers",
    ),
    "long list": (
        node("Conv", "x", "w", pads=[0] * 65),
        W,
        17,
        "(Conv): its attribute pads has 65 entries, at most 64",
    ),
    "computed weight": (node("Conv", "x", "x"), {}, 17, "(Conv): its weight is computed in the model, not a constant"),
    "no weight": (node("Conv", "x"), {}, 17, "(Conv): its weight is missing, not a constant"),
    "weight rank": (
        node("Conv", "x", "w"),
        {"w": numbers(4, 3, 3)},
        17,
        "(Conv): its weight has the shape [4, 3, 3], its input 2 spatial axes",
    ),
    "weight channels": (
        node("Conv", "x", "w"),
        {"w": numbers(4, 2, 3, 3)},
        17,
        "(Conv): its weight has the shape [4, 2, 3, 3], [4, 3, 3, 3] is needed",
    ),
    "bias shape": (
        node("Conv", "x", "w", "b"),
        {**W, "b": numbers(5)},
        17,
        "(Conv): its bias has the shape [5], [4] is needed",
    ),
    "kernel_shape": (
        node("Conv", "x", "w", kernel_shape=[5, 5]),
        W,
        17,
        "(Conv): its kernel_shape is [5, 5], its weight has [3, 3]",
    ),
    "pads count": (node("Conv", "x", "w", pads=[1, 1]), W, 17, "(Conv): its pads are [1, 1], 4 numbers are needed"),
    "negative pads": (
        node("Conv", "x", "w", pads=[-1, 0, 0, 0]),
        W,
        17,
        "(Conv): padding must be a whole number >= 0, got -1",
    ),
    "auto_pad": (
        node("Conv", "x", "w", auto_pad="SOME"),
        W,
        17,
        "(Conv): its auto_pad is 'SOME', none of NOTSET, VALID, SAME_UPPER, SAME_LOWER",
    ),
    "two paddings": (
        node("Conv", "x", "w", auto_pad="VALID", pads=[1, 1, 1, 1]),
        W,
        17,
        "(Conv): it has both pads and the auto_pad VALID",
    ),
    "strides": (node("Conv", "x", "w", strides=[0, 1]), W, 17, "(Conv): stride must be a whole number >= 1, got 0"),
    "groups": (node("Conv", "x", "w", group=2), W, 17, "(Conv): groups 2 does not divide in_channels 3"),
    "no room": (
        node("Conv", "x", "w", dilations=[9, 1]),
        W,
        17,
        "(Conv): the kernel does not fit on axis 0: it reaches over 9 × (3 − 1) + 1 = 19 cells, the padded input has 8",
    ),
    "output_shape": (
        node("ConvTranspose", "x", "w", output_shape=[99, 99]),
        {"w": numbers(3, 2, 3, 3)},
        17,
        "(ConvTranspose): its output_shape is [99, 99], more than its windows reach",
    ),
    "output_shape count": (
        node("ConvTranspose", "x", "w", output_shape=[9]),
        {"w": numbers(3, 2, 3, 3)},
        17,
        "(ConvTranspose): its output_shape is [9], 2 numbers are needed",
    ),
    "storage_order": (
        node("MaxPool", "x", kernel_shape=[2, 2], storage_order=1),
        {},
        17,
        "(MaxPool): its storage_order is column by column",
    ),
    "pool dilation": (
        node("AveragePool", "x", kernel_shape=[2, 2], dilations=[2, 1]),
        {},
        19,
        "(AveragePool): its dilations are [2, 1], an average pool has none",
    ),
    "no kernel_shape": (node("MaxPool", "x"), {}, 17, "(MaxPool): kernel_size has 0 entries for 2 spatial axes"),
    "training": (
        node("BatchNormalization", "x", *"abcd", training_mode=1),
        {each: numbers(3) for each in "abcd"},
        17,
        "(BatchNormalization): it is in training mode",
    ),
    "old training": (
        node("BatchNormalization", "x", *"abcd"),
        {each: numbers(3) for each in "abcd"},
        6,
        "(BatchNormalization): it is in training mode",
    ),
    **{
        f"training of opset {opset}": (
            helper.make_node("BatchNormalization", [*"xabcd"], ["y", "", *more]),
            {each: numbers(3) for each in "abcd"},
            opset,
            "(BatchNormalization): it is in training mode",
        )
        for opset, more in ((7, ("mean", "var", "saved_mean", "saved_var")), (13, ("", "", "saved_var")))
    },
    "spatial": (
        node("BatchNormalization", "x", *"abcd", spatial=0),
        {each: numbers(3) for each in "abcd"},
        7,
        "(BatchNormalization): it has statistics for each cell (spatial 0)",
    ),
    "flatten axis": (
        node("Flatten", "x", axis=2),
        {},
        17,
        "(Flatten): its axis is 2, only all axes of a sample are made one",
    ),
    "reshape": (
        node("Reshape", "x", "s"),
        {"s": np.array([2, 3, 36])},
        17,
        "(Reshape): it makes [2, 3, 36] of 3 × 8 × 9, only axes of a sample are read",
    ),
    "reshape twice open": (
        node("Reshape", "x", "s"),
        {"s": np.array([-1, -1])},
        17,
        "(Reshape): it makes [-1, -1] of 3 × 8 × 9, only axes of a sample are read",
    ),
    "reshape of the batch": (
        node("Reshape", "x", "s", allowzero=1),
        {"s": np.array([0, -1])},
        17,
        "(Reshape): it makes [0, -1] of 3 × 8 × 9, only axes of a sample are read",
    ),
    "computed shape": (
        node("Reshape", "x", "x"),
        {},
        17,
        "(Reshape): its shape is computed in the model, not a constant",
    ),
    "shape of a shape": (
        node("Reshape", "x", "s"),
        {"s": np.array([[1, -1]])},
        17,
        "(Reshape): its shape has the shape [1, 2], not one entry for each axis",
    ),
    "transA": (node("Gemm", "x", "w", transA=1), {"w": numbers(3, 3)}, 17, "(Gemm): it transposes its input (transA)"),
    "not flat": (
        node("Gemm", "x", "w"),
        {"w": numbers(3, 3)},
        17,
        "(Gemm): it multiplies 3 × 8 × 9 by 3 × 3, only features by a matrix are read",
    ),
    "softmax": (
        node("Softmax", "x", axis=0),
        {},
        17,
        "(Softmax): its axis is 0, only axes of a sample are read",
    ),
    "resize of another mode": (
        node("Resize", "x", "", "s", mode="square"),
        S,
        17,
        "(Resize): its mode is 'square', only nearest, linear and cubic are read",
    ),
    "resize rounding": (
        node("Resize", "x", "", "s", nearest_mode="up"),
        S,
        17,
        "(Resize): its nearest_mode is 'up', none of floor, ceil, round_prefer_floor, round_prefer_ceil",
    ),
    "antialiased resize": (
        node("Resize", "x", "", "s", antialias=1, mode="linear"),
        S,
        18,
        "(Resize): it has antialias or keep_aspect_ratio_policy",
    ),
    "fraction": (
        node("Resize", "x", "", "s"),
        {"s": np.array([1, 1, 1.5, np.nan], np.float32)},
        17,
        "(Resize): it scales by [1.0, 1.0, 1.5, nan], only spatial axes are read",
    ),
    "channels": (
        node("Resize", "x", "", "s"),
        {"s": np.array([1, 2, 1, 1], np.float32)},
        17,
        "(Resize): it scales by [1.0, 2.0, 1.0, 1.0], only spatial axes are read",
    ),
    "sizes": (
        node("Resize", "x", "", "", "s"),
        {"s": np.array([16, 18])},
        18,
        "(Resize): its sizes or scales are [16, 18], 4 numbers are needed",
    ),
    "add": (
        node("Add", "x", "b"),
        {"b": numbers(7)},
        17,
        "(Add): add takes inputs of one shape: 3×8×9 and 1×1×7 differ on axis 1, 9 and 7",
    ),
    "reduced samples": (
        node("ReduceMean", "x", axes=[0, 2]),
        {},
        17,
        "(ReduceMean): it reduces the axes [0, 2], only axes of a sample are read",
    ),
    "all reduced": (
        node("ReduceMax", "x"),
        {},
        18,
        "(ReduceMax): it reduces all axes, only axes of a sample are read",
    ),
    "squeezed cells": (
        node("Squeeze", "x", "a"),
        {"a": np.array([2, 3])},
        17,
        "(Squeeze): it leaves out axes of 8 × 9 cells",
    ),
    "strides of a cut": (
        node("ConvTranspose", "x", "w", auto_pad="SAME_UPPER", strides=[2]),
        {"w": numbers(3, 2, 3, 3)},
        17,
        "(ConvTranspose): its strides are [2], 2 numbers are needed",
    ),
    "paddings of a cut": (
        node("ConvTranspose", "x", "w", output_shape=[12, 12], output_padding=[1]),
        {"w": numbers(3, 2, 3, 3)},
        17,
        "(ConvTranspose): its output_padding are [1], 2 numbers are needed",
    ),
    "dilations": (
        node("Conv", "x", "w", dilations=[1, 1, 1]),
        {"w": numbers(2, 3, 3, 3)},
        17,
        "(Conv): its dilations are [1, 1, 1], 2 numbers are needed",
    ),
    "add one": (
        node("Add", "x", "b"),
        {"b": numbers(7)},
        17,
        "(Add): add takes inputs of one shape: 3×8×9 and 1×1×7 differ on axis 1, 9 and 7",
    ),
    "two inputs": (node("Relu", "x", "x"), {}, 17, "(Relu): it takes 2 inputs from layers"),
    "no input": (node("Identity"), {}, 17, "(Identity): its input is missing"),
    "dropout": (node("Dropout", "x", "", "t"), {"t": np.array(True)}, 17, "(Dropout): it is in training mode"),
    "old dropout": (node("Dropout", "x"), {}, 6, "(Dropout): it is in training mode"),
    "transpose without perm": (
        node("Transpose", "x"),
        {},
        17,
        "(Transpose): it puts the axes in the order [3, 2, 1, 0], which is not read",
    ),
    "no order": (
        node("Transpose", "x", perm=[0, 0, 1, 2]),
        {},
        17,
        "(Transpose): its perm [0, 0, 1, 2] is no order of 4 axes",
    ),
    "cast": (
        helper.make_node("Cast", ["x"], ["y"], to=7),
        {},
        17,
        "(Cast): it may change numbers: only a cast to float32 or float64 is read, of a type that it holds",
    ),
    "join of branches": (
        node("Concat", "x", "x", axis=0),
        {},
        17,
        "(Concat): it joins samples of a batch",
    ),
    "no value": (node("Constant"), {}, 17, "(Constant): it has no value"),
    "string constant": (
        node("Constant", value_string="a"),
        {},
        17,
        "(Constant): its attribute 'value_string' is not known",
    ),
}


DAMAGED = {
    "unknown input": (node("Relu", "q"), {}, "node 2 (Relu): it takes 'q', which no node before it makes"),
    "cycle": (node("Relu", "y"), {}, "node 2 (Relu): it takes 'y', which no node before it makes"),
    "taken name": (
        node("Relu", "x", to="x", name="r"),
        {},
        "node 2 'r' (Relu): its output has no name, or one that is taken",
    ),
    "no layer": (node("Shape", "x"), {}, "the first output of the model comes from no layer"),
    "constants alone": (
        node("Relu", "b"),
        {"b": numbers(3)},
        "no layer of the model can be read: its first output needs none",
    ),
}
OF_CONSTANTS = {
    "many": (
        node("Gather", "f", "i"),
        {"f": np.zeros(2000, np.int64), "i": np.array([0] * 3)},
        "stops at node 2 (Reshape): its shape is computed by Gather, which is not read",
    ),
    "beyond": (
        node("Gather", "f", "i"),
        {"f": np.zeros(3, np.int64), "i": np.array([3])},
        "stops at node 2 (Reshape): its shape is computed by Gather, which is not read",
    ),
    "join of numbers": (
        node("Concat", "i", "i", axis=0),
        {"i": np.array(3)},
        "stops at node 1 (Concat): it computes a constant that is not read",
    ),
    "a random one": (
        node("Bernoulli", "f"),
        {"f": numbers(3)},
        "stops at node 2 (Reshape): its shape is computed by Bernoulli, which is not read",
    ),
}


OPEN = ("N", 3, 8, 9)
"""Of any number of samples, which are no axis like others."""


@pytest.mark.parametrize(("made", "constants", "opset", "reason"), STOPS.values(), ids=STOPS)
def test_what_no_kind_computes_is_opaque(made, constants, opset, reason):
    """The layers before it have their numbers, it has none, and the cut names the node and why; alone too."""
    before = [node("Identity" if opset < 7 else "Relu", "x0", to="x")]
    model = model_of([*before, made], OPEN, constants, opset, "y")
    model.graph.input[0].name = "x0"
    is_fed = "x" in made.input  # else nothing needs the layer before it
    network = read(model)
    assert kinds(network) == [*(["relu"] if opset >= 7 and is_fed else []), "opaque"]
    assert str(network.cut) == f"stops at node 2 {reason}"
    assert (network.cut.done, network.cut.nodes) == ((1, 2) if is_fed else (0, 1))
    alone = read(model_of([made], OPEN, constants, opset, "y"))
    assert kinds(alone) == ["opaque"]
    assert str(alone.cut) == f"stops at node 1 {reason}"


@pytest.mark.parametrize(("made", "constants", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_graph_that_is_none_is_refused(made, constants, reason):
    """What no node before it makes, and names that are taken: one line with the node."""
    before = node("Relu", "x0", to="x")
    model = model_of([before, made], constants=constants, output="y" if made.output[0] == "y" else "x")
    model.graph.input[0].name = "x0"
    with pytest.raises(FormatError) as caught:
        read(model)
    assert str(caught.value) == f"m.onnx: {reason}"


@pytest.mark.parametrize(("made", "constants", "reason"), OF_CONSTANTS.values(), ids=OF_CONSTANTS)
def test_what_is_computed_of_constants_alone(made, constants, reason):
    """It is a layer's weight or the shape that a layer makes; what cannot be computed of them is told by that layer."""
    taker = node("Reshape", "x", "y", to="z")
    network = read(model_of([made, taker], constants=constants))
    assert kinds(network) == ["opaque"] * (2 if reason.startswith("stops at node 1") else 1)
    assert str(network.cut) == reason


def test_branches_of_different_shapes_are_named():
    """Where they meet."""
    nodes = [node("MaxPool", "x", to="a", kernel_shape=[2, 2]), node("Add", "a", "x")]
    network = read(model_of(nodes))
    assert kinds(network) == ["max-pool", "opaque"]
    assert str(network.cut).startswith("stops at node 2 (Add): add takes inputs of one shape: ")
