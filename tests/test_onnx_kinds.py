"""ONNX's functions of cells, joins, placements and norms beside the reference evaluator."""

import numpy as np
import pytest

from convcalc.errors import DataError
from onnx_models import agree, helper, kinds, model_of, node, numbers, output_of, read

GATE = {"b": numbers(1, 3, 1, 1)}
ONE = {"b": np.float32(1.5)}
PADS = np.array([0, 0, 1, 2, 0, 0, 3, 1])


def sizes(**each):
    """Lists of whole numbers as constants."""
    return {name: np.array(value, np.int64) for name, value in each.items()}


CASES = {
    "clip": (node("Clip", "x", "a", "b"), {"a": np.float32(-0.5), "b": np.float32(0.25)}, "clip"),
    "clip below": (node("Clip", "x", "a"), {"a": np.float32(0.1)}, "clip"),
    "relu6": (node("Clip", "x", "a", "b"), {"a": np.float32(0), "b": np.float32(6)}, "clip"),
    "hard-sigmoid": (node("HardSigmoid", "x", alpha=1 / 6), {}, "hard-sigmoid"),
    "hard-swish": (node("HardSwish", "x"), {}, "hard-swish"),
    "elu": (node("Elu", "x", alpha=0.5), {}, "elu"),
    "gelu": (node("Gelu", "x"), {}, "gelu"),
    "gelu by tanh": (node("Gelu", "x", approximate="tanh"), {}, "gelu"),
    "softplus": (node("Softplus", "x"), {}, "softplus"),
    "mish": (node("Mish", "x"), {}, "mish"),
    "prelu": (node("PRelu", "x", "b"), {"b": numbers(3, 1, 1)}, "prelu"),
    "prelu of one": (node("PRelu", "x", "b"), {"b": numbers(1)}, "prelu"),
    "softmax of rows": (node("Softmax", "x", axis=3), {}, "softmax"),
    "log-softmax": (node("LogSoftmax", "x", axis=1), {}, "log-softmax"),
    "mul": (node("Mul", "x", "b"), GATE, "scale"),
    "mul by one": (node("Mul", "b", "x"), ONE, "scale"),
    "div": (node("Div", "x", "b"), GATE, "scale"),
    "div by one": (node("Div", "x", "b"), ONE, "scale"),
    "add one": (node("Add", "b", "x"), ONE, "bias"),
    "sub one": (node("Sub", "x", "b"), ONE, "bias"),
    "slice": (node("Slice", "x", "a", "b", "c", "d"), sizes(a=[1, -5], b=[3, 99], c=[1, -2], d=[1, 2]), "slice slice"),
    "slice backwards": (node("Slice", "x", "a", "b", "c", "d"), sizes(a=[-1], b=[-99], c=[3], d=[-2]), "slice"),
    "pad": (node("Pad", "x", "a", "b"), {"a": PADS, "b": np.float32(-2)}, "pad"),
    "pad by reflection": (node("Pad", "x", "a", mode="reflect"), {"a": PADS}, "pad"),
    "pad by edges": (node("Pad", "x", "a", mode="edge"), {"a": PADS}, "pad"),
    "pad of chosen axes": (node("Pad", "x", "a", "", "c"), sizes(a=[1, 2], c=[-1]), "pad"),
    "depth to space": (node("DepthToSpace", "x", blocksize=1), {}, "pixel-shuffle"),
    "space to depth": (node("SpaceToDepth", "s", blocksize=2), {}, "slice pixel-unshuffle"),
    "transpose": (node("Transpose", "x", perm=[0, 2, 1, 3]), {}, "permute"),
    "reshape": (node("Reshape", "x", "a"), sizes(a=[0, 9, -1]), "reshape"),
    "linear resize": (node("Resize", "x", "", "b", mode="linear"), {"b": np.float32([1, 1, 2, 1.5])}, "resize"),
    "aligned resize": (
        node("Resize", "x", "", "", "a", mode="linear", coordinate_transformation_mode="align_corners"),
        sizes(a=[1, 3, 5, 12]),
        "resize",
    ),
    "mean of channels": (node("ReduceMean", "x", axes=[1]), {}, "reduce-mean"),
    "mean of rows": (node("ReduceMean", "x", axes=[-2], keepdims=0), {}, "reduce-mean reshape"),
    "largest of channels": (node("ReduceMax", "x", axes=[1]), {}, "reduce-max"),
    "sum of all": (node("ReduceSum", "x", "a"), sizes(a=[1, 2, 3]), "reduce-sum"),
    "sum of a plane": (node("ReduceSum", "x", "a", keepdims=0), sizes(a=[2, 3]), "reduce-sum flatten"),
    "nearest resize": (
        node("Resize", "x", "", "b", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        {"b": np.float32([1, 1, 0.5, 1])},
        "resize",
    ),
    "unsqueeze": (node("Unsqueeze", "x", "a"), sizes(a=[2, -1]), "reshape"),
    "layer norm": (node("LayerNormalization", "x", "a", "b"), {"a": numbers(9), "b": numbers(9)}, "layer-norm"),
    "layer norm of all": (node("LayerNormalization", "x", "a", axis=1), {"a": numbers(3, 8, 9)}, "layer-norm"),
    "instance norm": (
        node("InstanceNormalization", "x", "a", "b"),
        {"a": numbers(3), "b": numbers(3)},
        "instance-norm",
    ),
    "group norm": (
        node("GroupNormalization", "x", "a", "b", num_groups=3),
        {"a": numbers(3), "b": numbers(3)},
        "group-norm",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_operator_is_its_kind(name):
    """Shape and numbers of the reference evaluator, in the kinds named."""
    made, constants, wanted = CASES[name]
    nodes = [made]
    if "slice pixel" in wanted:  # whole blocks of the nine columns
        constants = sizes(a=[0], b=[8], c=[3])
        nodes = [node("Slice", "x", "a", "b", "c", to="s"), made]
    network = agree(model_of(nodes, constants=constants, opset=21), 1)
    assert " ".join(kinds(network)) == wanted


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div"])
def test_branches_meet_with_a_gate(operator):
    """A gate of one cell for each channel is spread over the positions."""
    nodes = [node("GlobalAveragePool", "x", to="g"), node("Sigmoid", "g", to="s"), node(operator, "x", "s")]
    assert kinds(agree(model_of(nodes)))[-1] == operator.lower()


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_branches_side_by_side(axis):
    """On each axis of a sample."""
    nodes = [node("Relu", "x", to="a"), node("Concat", "x", "a", "x", axis=axis)]
    assert kinds(agree(model_of(nodes), 1)) == ["relu", "concat"]


def test_all_outputs_of_a_split_are_slices():
    """Each output that is used is a layer; the parts meet again."""
    split = helper.make_node("Split", ["x", "a"], ["p", "q"], axis=3)
    nodes = [split, node("Concat", "q", "p", axis=3)]
    assert kinds(agree(model_of(nodes, constants=sizes(a=[4, 5])), 1)) == ["slice", "slice", "concat"]


def test_a_hard_swish_of_old_exporters():
    """X × clip(x + 3, 0, 6) / 6, operator by operator."""
    constants = {"a": np.float32(3), "l": np.float32(0), "h": np.float32(6)}
    nodes = [
        node("Add", "x", "a", to="s"),
        node("Clip", "s", "l", "h", to="c"),
        node("Mul", "x", "c", to="m"),
        node("Div", "m", "h"),
    ]
    assert kinds(agree(model_of(nodes, constants=constants))) == ["bias", "clip", "mul", "scale"]


def test_negative_padding_cuts_cells():
    """Which the reference evaluator refuses; a slice of all is no layer."""
    nodes = [node("Slice", "x", "c", "d", "e", to="s"), node("Pad", "s", "a")]
    network = read(model_of(nodes, constants={"a": -PADS, **sizes(c=[0], d=[99], e=[2])}))
    cells = numbers(1, *network.input_shape)
    assert kinds(network) == ["pad"]
    np.testing.assert_array_equal(output_of(network, cells), cells[:, :, 1:-3, 2:-1])


@pytest.mark.parametrize("shape", [(1, 5, 4), (1, 3, 5, 4)])
def test_a_matrix_and_a_bias_on_the_last_axis(shape):
    """Tokens times a matrix: a convolution of one tap on that axis, and a number for each of its cells."""
    nodes = [node("MatMul", "x", "w", to="m"), node("Add", "b", "m", to="a"), node("Mul", "a", "c")]
    constants = {"w": numbers(4, 6), "b": numbers(6), "c": numbers(1, 6)}
    network = agree(model_of(nodes, shape, constants), 1)
    wanted = ["permute", "conv", "permute", "permute", "bias", "permute", "permute", "scale", "permute"]
    assert kinds(network) == wanted


def test_an_axis_that_goes_and_comes():
    """Of one cell, in front of the others and behind."""
    nodes = [node("Unsqueeze", "x", "a", to="u"), node("Squeeze", "u", "a", to="s"), node("Relu", "s")]
    assert kinds(agree(model_of(nodes, constants=sizes(a=[1])), 1)) == ["reshape", "reshape", "relu"]


def test_an_unlike_hard_sigmoid_is_opaque():
    """ONNX's default slope is a fifth, as Keras had it."""
    cut = read(model_of([node("HardSigmoid", "x")])).cut
    assert cut is not None
    assert cut.reason == "it is 0.2 x + 0.5 between 0 and 1, only x / 6 + 1/2 is read"


def test_channels_last_are_normalised_over_the_channels():
    """As Keras and ConvNeXt have it: the axes are turned there and back."""
    nodes = [
        node("Transpose", "x", to="t", perm=[0, 2, 3, 1]),
        node("LayerNormalization", "t", "a", "b", to="n"),
        node("Transpose", "n", perm=[0, 3, 1, 2]),
    ]
    model = model_of(nodes, constants={"a": numbers(3), "b": numbers(3)})
    assert kinds(agree(model, 1)) == ["permute", "layer-norm", "permute"]


@pytest.mark.parametrize("axis", [4, -5])
def test_an_axis_that_is_none(axis):
    """It ends the numbers with a sentence, not with a traceback."""
    cut = read(model_of([node("Softmax", "x", axis=axis)])).cut
    assert cut is not None
    assert cut.reason == f"its axis {axis} is none of 4"


def test_numbers_stop_at_a_node_that_cannot_be():
    """Slices of nothing, and shapes that do not meet, are told."""
    constants = sizes(a=[5], b=[5], c=[1])
    network = read(model_of([node("Slice", "x", "a", "b", "c")], constants=constants))
    assert network.cut is not None
    with pytest.raises(DataError, match="nothing is left of an axis"):
        [*network.outputs(numbers(1, 3, 8, 9))]
