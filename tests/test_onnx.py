"""ONNX models as stacks: the reference evaluator as an oracle for every operator, and what is refused, word by word."""

import itertools
import random
import sys
import time
import warnings

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, FieldError, FormatError, LimitError, MissingExtraError
from convcalc.formats.onnx_reader import read_onnx
from convcalc.formats.source import Source, open_source
from convcalc.formats.tensor_file import read_tensor
from convcalc.limits import Limits

onnx = pytest.importorskip("onnx")
helper, numpy_helper, FLOAT = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT

LIMITS = Limits()
GENERATOR = np.random.default_rng(5)


def numbers(*shape):
    """Numbers of about one."""
    return GENERATOR.standard_normal(shape).astype(np.float32)


def node(operator, *inputs, name="", to="y", domain="", **attributes):
    return helper.make_node(operator, list(inputs), [to], name, domain=domain, **attributes)


def model_of(nodes, shape=(1, 3, 8, 9), constants=None, opset=17, output=None, title="g", outputs=None):
    """A model with the input x; its output is that of the last node."""
    names = outputs or [output or nodes[-1].output[0]]
    graph = helper.make_graph(
        nodes,
        title,
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info(each, FLOAT, None) for each in names],
        [
            each if isinstance(each, onnx.TensorProto) else numpy_helper.from_array(np.asarray(each), name)
            for name, each in (constants or {}).items()
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def read(model, input_shape=None, limits=LIMITS):
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return read_onnx(Source("m.onnx", "onnx", data=data), limits, input_shape)


def output_of(stack, cells):
    """The output of the last layer."""
    *_, (_, found) = stack.outputs(cells)
    return found


def reference(model, cells):
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model).run(None, {"x": cells})[0]


def agree(model, batch=2):
    """The stack of a model makes what the reference evaluator makes, in the shape that ONNX infers."""
    stack = read(model)
    cells = numbers(batch, *stack.input_shape)
    wanted = reference(model, cells)
    assert stack.shape_of(len(stack.stages) - 1) == wanted.shape[1:]
    np.testing.assert_allclose(output_of(stack, cells), wanted, rtol=2e-5, atol=2e-5)
    inferred = onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type.shape.dim
    if inferred and all(axis.HasField("dim_value") for axis in inferred):
        assert stack.shape_of(len(stack.stages) - 1) == tuple(axis.dim_value for axis in inferred)[1:]
    return stack


def kinds(stack):
    return [stage.layer.kind for stage in stack.stages]


def grid(**options):
    """Every choice of options, None left out."""
    for choice in itertools.product(*options.values()):
        yield {name: value for name, value in zip(options, choice, strict=True) if value is not None}


def named(attributes):
    return ",".join(f"{name}={value}" for name, value in attributes.items()).replace(" ", "") or "plain"


# Every operator against the reference ------------------------------------------------------------------------------

CONV = [
    *grid(strides=[None, [2, 1]], pads=[None, [1, 0, 2, 1]], dilations=[None, [2, 1]], group=[None, 3]),
    *grid(auto_pad=["VALID", "SAME_UPPER", "SAME_LOWER"], strides=[None, [2, 2], [3, 2]]),
]


@pytest.mark.parametrize("attributes", CONV, ids=named)
@pytest.mark.parametrize("bias", [True, False])
def test_convolutions(attributes, bias):
    """Padding of each side by itself, auto_pad, and groups."""
    weight = numbers(6, 3 // attributes.get("group", 1), 3, 2)
    constants = {"w": weight} | ({"b": numbers(6)} if bias else {})
    stack = agree(model_of([node("Conv", "x", "w", *(["b"] if bias else []), **attributes)], constants=constants))
    assert kinds(stack) == ["conv"]
    assert stack.parameters == weight.size + 6 * bias


@pytest.mark.parametrize("shape", [(1, 2, 9), (1, 2, 5, 6, 7)])
def test_rank_is_data(shape):
    """One axis and three."""
    rank = len(shape) - 2
    weight = numbers(4, 2, *(3,) * rank)
    nodes = [
        node("Conv", "x", "w", to="a", pads=[1] * rank + [0] * rank),
        node("MaxPool", "a", to="b", kernel_shape=[2] * rank),
        node("GlobalAveragePool", "b", to="c"),
        node("Flatten", "c"),
    ]
    assert kinds(agree(model_of(nodes, shape, {"w": weight}))) == ["conv", "max-pool", "global-avg-pool", "flatten"]


TRANSPOSED = [
    *grid(strides=[None, [2, 3]], pads=[None, [1, 0, 1, 1]], dilations=[None, [2, 1]], group=[None, 3]),
    *grid(strides=[[2, 3]], output_padding=[[1, 0], [1, 2]], pads=[None, [1, 1, 1, 1]]),
]


@pytest.mark.parametrize("attributes", TRANSPOSED, ids=named)
def test_transposed_convolutions(attributes):
    """Padding of each side by itself, output padding and groups."""
    groups = attributes.get("group", 1)
    constants = {"w": numbers(3, 2, 3, 3), "b": numbers(2 * groups)}
    made = model_of([node("ConvTranspose", "x", "w", "b", **attributes)], (1, 3, 4, 5), constants)
    if groups == 1:
        agree(made)
        return
    # The evaluator reshapes groups wrongly, so it is asked for each channel by itself.
    cells, plain = numbers(2, 3, 4, 5), {name: each for name, each in attributes.items() if name != "group"}
    apart = [
        reference(
            model_of(
                [node("ConvTranspose", "x", "w", "b", **plain)],
                (1, 1, 4, 5),
                {"w": constants["w"][each : each + 1], "b": constants["b"][2 * each : 2 * each + 2]},
            ),
            cells[:, each : each + 1],
        )
        for each in range(groups)
    ]
    wanted = np.concatenate(apart, axis=1)
    np.testing.assert_allclose(output_of(read(made), cells), wanted, rtol=2e-5, atol=2e-5)


TRANSPOSED_WORDS = [
    *grid(auto_pad=["SAME_UPPER", "SAME_LOWER"], strides=[None, [2, 3]], dilations=[None, [2, 2]]),
    *grid(output_shape=[[9, 14], [8, 13]], strides=[[2, 3]], auto_pad=[None, "SAME_UPPER"]),
]


@pytest.mark.parametrize("attributes", TRANSPOSED_WORDS, ids=named)
def test_transposed_convolutions_whose_output_is_given(attributes):
    """The padding follows from output_shape or auto_pad, by the formula of ONNX' description.

    total = stride × (size − 1) + output_padding + reach − output; SAME_UPPER cuts the smaller half off before.
    """
    constants = {"w": numbers(3, 2, 3, 3)}
    size, strides = (4, 5), attributes.get("strides", [1, 1])
    wanted = attributes.get("output_shape", [cells * stride for cells, stride in zip(size, strides, strict=True)])
    reach = [2 * each + 1 for each in attributes.get("dilations", [1, 1])]
    totals = [s * (n - 1) + r - out for n, s, r, out in zip(size, strides, reach, wanted, strict=True)]
    less, more = [each // 2 for each in totals], [each - each // 2 for each in totals]
    pads = [*less, *more] if attributes.get("auto_pad") == "SAME_UPPER" else [*more, *less]
    plain = {name: each for name, each in attributes.items() if name not in ("auto_pad", "output_shape")}
    stack = read(model_of([node("ConvTranspose", "x", "w", **attributes)], (1, 3, *size), constants))
    explicit = model_of([node("ConvTranspose", "x", "w", pads=pads, **plain)], (1, 3, *size), constants)
    cells = numbers(1, 3, *size)
    assert stack.shape_of(0) == (2, *wanted)
    np.testing.assert_allclose(output_of(stack, cells), reference(explicit, cells), rtol=2e-5, atol=2e-5)


POOLS = [
    *grid(kernel_shape=[[3, 2]], strides=[None, [2, 2], [3, 2]], pads=[None, [1, 0, 1, 1]], ceil_mode=[None, 1]),
    *grid(kernel_shape=[[3, 3]], auto_pad=["VALID", "SAME_UPPER", "SAME_LOWER"], strides=[None, [2, 2]]),
]


def largest_of_windows(cells, kernel, strides, dilations, before, size):
    """The maxima by the definition, cell by cell; what stands outside of the input is never the largest."""
    found = np.full((*cells.shape[:2], *size), -np.inf, cells.dtype)
    for place in np.ndindex(*size):
        for tap in np.ndindex(*kernel):
            axes = zip(place, strides, tap, dilations, before, strict=True)
            cell = tuple(each * stride + step * spread - pad for each, stride, step, spread, pad in axes)
            if all(0 <= each < end for each, end in zip(cell, cells.shape[2:], strict=True)):
                here = (slice(None), slice(None), *place)
                found[here] = np.maximum(found[here], cells[(slice(None), slice(None), *cell)])
    return found


@pytest.mark.parametrize("attributes", [*POOLS, {"kernel_shape": [3, 2], "dilations": [2, 3]}], ids=named)
def test_max_pools(attributes):
    """The stride is 1 where none is given, unlike PyTorch's; in ceil mode no window begins behind the input.

    Shapes are those of ONNX' inference as of opset 22, which says so; the evaluator pads wrongly if not evenly.
    """
    made = model_of([node("MaxPool", "x", **attributes)], opset=22)
    stack, cells = read(made), numbers(2, 3, 8, 9)
    inferred = onnx.shape_inference.infer_shapes(made).graph.output[0].type.tensor_type.shape.dim
    assert stack.shape_of(0) == tuple(axis.dim_value for axis in inferred)[1:]
    kernel, size = attributes["kernel_shape"], stack.shape_of(0)[1:]
    strides, dilations = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
    before = attributes.get("pads", [0, 0])[:2]
    if "SAME" in attributes.get("auto_pad", ""):
        axes = zip(size, strides, kernel, (8, 9), strict=True)
        totals = [max(0, (out - 1) * stride + taps - cells) for out, stride, taps, cells in axes]
        before = [(total + (attributes["auto_pad"] == "SAME_LOWER")) // 2 for total in totals]
    wanted = largest_of_windows(cells, kernel, strides, dilations, before, size)
    np.testing.assert_array_equal(output_of(stack, cells), wanted, strict=True)
    if "pads" not in attributes and attributes.get("auto_pad") != "SAME_LOWER":
        agree(made)


@pytest.mark.parametrize("attributes", POOLS, ids=named)
@pytest.mark.parametrize("counted", [None, 1])
def test_average_pools(attributes, counted):
    """The padding is not counted unless count_include_pad says so."""
    more = {} if counted is None else {"count_include_pad": counted}
    agree(model_of([node("AveragePool", "x", **attributes, **more)], opset=22))


SIMPLE = {
    "GlobalMaxPool": {},
    "GlobalAveragePool": {},
    "Relu": {},
    "Sigmoid": {},
    "Tanh": {},
    "LeakyRelu": {},
    "LeakyRelu alpha": {"alpha": 0.25},
    "Flatten": {},
    "Flatten axis": {"axis": 1},
    "Flatten negative": {"axis": -3},
    "ReduceMean": {"axes": [2, 3]},
    "ReduceMean negative": {"axes": [-1, -2], "keepdims": 1},
    "ReduceMean to features": {"axes": [2, 3], "keepdims": 0},
    "ReduceMax": {"axes": [2, 3]},
    "ReduceMax to features": {"axes": [2, 3], "keepdims": 0},
    "Softmax channels": {"axis": 1},
    "Softmax negative": {"axis": -3},
}


@pytest.mark.parametrize("name", SIMPLE)
def test_operators_of_few_words(name):
    """Each with its defaults and with its attribute."""
    agree(model_of([node(name.split()[0], "x", **SIMPLE[name])]))


@pytest.mark.parametrize("operator", ["ReduceMean", "ReduceMax"])
@pytest.mark.parametrize("keepdims", [0, 1])
def test_axes_may_be_an_input(operator, keepdims):
    """As newer operators have them; then a Squeeze may follow instead of keepdims 0."""
    constants = {"a": np.array([2, 3])}
    nodes = [node(operator, "x", "a", to="r" if keepdims else "y", keepdims=keepdims)]
    nodes += [node("Squeeze", "r", "a")] if keepdims else []
    model = model_of(nodes, constants=constants, opset=18)
    agree(model)
    pool = "global-avg-pool" if operator == "ReduceMean" else "global-max-pool"
    assert kinds(read(model)) == [pool, "flatten"]


@pytest.mark.parametrize("epsilon", [None, 0.5])
@pytest.mark.parametrize("opset", [7, 9, 15])
def test_batch_normalization(epsilon, opset):
    """With the statistics of the model."""
    constants = {name: numbers(3) for name in ("scale", "b", "mean")} | {"var": np.abs(numbers(3))}
    more = {} if epsilon is None else {"epsilon": epsilon}
    made = model_of([node("BatchNormalization", "x", *constants, momentum=0.5, **more)], (1, 3, 5), constants, opset)
    stack = read(made)
    cells = numbers(2, 3, 5)
    centred = (cells - constants["mean"][:, None]) / np.sqrt(constants["var"][:, None] + (epsilon or 1e-5))
    wanted = centred * constants["scale"][:, None] + constants["b"][:, None]
    np.testing.assert_allclose(output_of(stack, cells), wanted, rtol=2e-5, atol=2e-5)
    if opset >= 14:  # for older models the evaluator takes the statistics of the input
        agree(made)
    assert stack.parameters == 6


GEMM = [
    *grid(alpha=[None, 0.5], beta=[None, 2.0, 0.0], transB=[None, 1]),
]


@pytest.mark.parametrize("attributes", GEMM, ids=named)
@pytest.mark.parametrize("shape", [None, (4,), (1, 4), (1,), ()])
def test_gemm(attributes, shape):
    """Alpha and beta go into the numbers, and a bias of one number is that of every feature."""
    constants = {"w": numbers(*((4, 5) if attributes.get("transB") else (5, 4)))}
    if shape is not None:
        constants["c"] = numbers(*shape)
    stack = agree(model_of([node("Gemm", "x", *constants, **attributes)], (1, 5), constants))
    has_bias = shape is not None and attributes.get("beta") != 0.0
    assert stack.parameters == 20 + 4 * has_bias
    assert ("bias" in stack.stages[0].values()) == has_bias


def test_gemm_says_what_it_multiplied():
    """Whoever looks at the weights sees other numbers than the file has."""
    constants = {"w": numbers(5, 4), "c": numbers(4)}
    stack = read(model_of([node("Gemm", "x", "w", "c", alpha=0.5, beta=2.0)], (1, 5), constants))
    assert stack.notes == (
        "a Gemm's factor 0.5 is multiplied into its numbers, in 1 tensor",
        "a Gemm's factor 2.0 is multiplied into its numbers, in 1 tensor",
    )


@pytest.mark.parametrize("shape", [(4,), (1, 4)])
def test_matmul_and_add_are_one_linear_layer(shape):
    """Whichever comes first in the addition; without it, or where both are needed, they stay two."""
    constants = {"w": numbers(5, 4), "b": numbers(*shape)}
    product = node("MatMul", "x", "w", to="p", name="fc")
    for inputs in (("p", "b"), ("b", "p")):
        stack = agree(model_of([product, node("Add", *inputs)], (1, 5), constants))
        assert kinds(stack) == ["linear"]
        assert stack.stages[0].name == "fc"
        assert stack.parameters == 24
    assert kinds(agree(model_of([product], (1, 5), constants))) == ["linear"]
    both = [product, node("Add", "p", "b", to="q"), node("Add", "p", "q")]
    assert kinds(agree(model_of(both, (1, 5), constants))) == ["linear", "bias", "add"]


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 3, 1, 1)])
def test_adding_a_constant_for_each_channel_is_a_bias(shape):
    """Of an input with spatial axes."""
    stack = agree(model_of([node("Add", "b", "x")], constants={"b": numbers(*shape)}))
    assert kinds(stack) == ["bias"]
    assert stack.parameters == 3


def test_branches_are_added():
    """A residual block: the way round is the input of the block itself, or a convolution of its own."""
    constants = {"w": numbers(3, 3, 3, 3), "v": numbers(3, 3, 1, 1)}
    nodes = [
        node("Conv", "x", "w", to="a", name="/block/conv1/Conv", pads=[1, 1, 1, 1]),
        node("Relu", "a", to="b"),
        node("Conv", "b", "w", to="c", name="/block/conv2/Conv", pads=[1, 1, 1, 1]),
        node("Add", "c", "x", to="d"),
        node("Conv", "d", "v", to="e"),
        node("Add", "e", "d"),
    ]
    stack = agree(model_of(nodes, constants=constants))
    assert [stage.name for stage in stack.stages] == ["block/conv1", "relu1", "block/conv2", "add1", "conv3", "add2"]
    assert [stage.inputs for stage in stack.stages] == [(-1,), (0,), (1,), (2, -1), (3,), (4, 3)]


RESIZE = [
    *grid(
        coordinate_transformation_mode=["half_pixel", "pytorch_half_pixel"], nearest_mode=[None, "round_prefer_ceil"]
    ),
    {},
    {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
]


@pytest.mark.parametrize("attributes", RESIZE, ids=named)
@pytest.mark.parametrize("factors", [(2, 3), (1, 4), (5, 1)])
def test_resize_by_whole_factors(attributes, factors):
    """Given as scales or as sizes."""
    scales = model_of(
        [node("Resize", "x", "", "s", mode="nearest", **attributes)],
        constants={"s": np.array([1, 1, *factors], np.float32)},
    )
    assert kinds(agree(scales, 1)) == ["upsample"]
    sizes = model_of(
        [node("Resize", "x", "", "", "s", mode="nearest", **attributes)],
        constants={"s": np.array([1, 3, 8 * factors[0], 9 * factors[1]])},
    )
    assert kinds(agree(sizes, 1)) == ["upsample"]


def test_older_ways_to_upsample():
    """Upsample of opset 7 and 9 and Resize of opset 10 repeat every cell."""
    cells, scales = numbers(1, 3, 8, 9), np.array([1, 1, 2, 3], np.float32)
    wanted = cells.repeat(2, axis=2).repeat(3, axis=3)
    for opset, made, constants in (
        (1, node("Upsample", "x", height_scale=2.0, width_scale=3.0), {}),
        (7, node("Upsample", "x", mode="nearest", scales=[1.0, 1.0, 2.0, 3.0]), {}),
        (9, node("Upsample", "x", "s"), {"s": scales}),
        (10, node("Resize", "x", "s"), {"s": scales}),
    ):
        stack = read(model_of([made], constants=constants, opset=opset))
        np.testing.assert_array_equal(output_of(stack, cells), wanted, strict=True)


def test_softmax_means_something_else_from_opset_13_on():
    """Over all that follows the axis before it, which of features alone is the same."""
    agree(model_of([node("Softmax", "x")], (1, 5)))
    stack = read(model_of([node("Softmax", "x")], (1, 5), opset=11))
    assert kinds(stack) == ["softmax"]
    with pytest.raises(FormatError, match="its axis is 1, only a softmax over the channels is read"):
        read(model_of([node("Softmax", "x")], opset=11))
    with pytest.raises(FormatError, match="its axis is -1, only a softmax over the channels is read"):
        read(model_of([node("Softmax", "x")], opset=13))


@pytest.mark.parametrize("target", [[0, -1], [-1, 216], [1, -1], [1, 216], [0, 216]])
def test_a_reshape_that_only_flattens(target):
    """However it is written; the shape may be a Constant node."""
    shape = np.array(target)
    agree(model_of([node("Reshape", "x", "s")], constants={"s": shape}), 1)
    constant = helper.make_node("Constant", [], ["s"], value=numpy_helper.from_array(shape))
    agree(model_of([constant, node("Reshape", "x", "s")]), 1)
    assert kinds(read(model_of([node("Reshape", "x", shape=target)], opset=1))) == ["flatten"]


@pytest.mark.parametrize("batch", [1, "N"])
def test_a_flatten_whose_shape_is_computed(batch):
    """As PyTorch exports x.view(x.size(0), -1) where the batch is left open: of the shape of what flows."""
    axis = {"a": np.array([0])}
    nodes = [
        node("Relu", "x", to="r"),
        node("Shape", "r", to="s"),
        node("Gather", "s", "zero", to="n", axis=0),
        node("Unsqueeze", "n", "a", to="l"),
        node("Concat", "l", "rest", to="t", axis=0),
        node("Reshape", "r", "t", to="f"),
        node("Sigmoid", "f"),
    ]
    constants = {**axis, "zero": np.array(0), "rest": np.array([-1])}
    stack = agree(model_of(nodes, (batch, 3, 8, 9), constants), 1)
    assert kinds(stack) == ["relu", "flatten", "sigmoid"]
    assert stack.notes == ()


def test_what_changes_nothing_is_passed_over():
    """Identity, Dropout and reshapes to what is there, of constants too; a note counts them."""
    constants = {"w": numbers(2, 3, 1, 1), "r": np.float32(0.5)}
    nodes = [
        node("Identity", "w", to="v"),
        node("Identity", "x", to="a"),
        node("Conv", "a", "v", to="b"),
        helper.make_node("Dropout", ["b", "r"], ["c", "mask"]),
        node("Flatten", "c", to="d"),
        node("Flatten", "d", to="e"),
        node("Relu", "e"),
    ]
    stack = agree(model_of(nodes, constants=constants))
    assert kinds(stack) == ["conv", "flatten", "relu"]
    assert stack.notes == ("2 Identity nodes passed over", "1 Dropout node passed over", "1 Flatten node passed over")


def test_constants_of_every_spelling():
    """As one number, some, or a tensor."""
    for value in ({"value_floats": [1.0, 2.0, 3.0]}, {"value": numpy_helper.from_array(numbers(3))}):
        nodes = [helper.make_node("Constant", [], ["c"], **value), node("Add", "x", "c")]
        agree(model_of(nodes, (1, 3)))
    for value in ({"value_ints": [0, -1]}, {"value": numpy_helper.from_array(np.array([0, -1]))}):
        nodes = [helper.make_node("Constant", [], ["c"], **value), node("Reshape", "x", "c")]
        agree(model_of(nodes))
    for value in ({"value_float": 2.0}, {"value_int": 2}):
        nodes = [helper.make_node("Constant", [], ["c"], **value), node("Gemm", "x", "w", "c")]
        stack = read(model_of(nodes, (1, 3), {"w": numbers(3, 2)}))
        np.testing.assert_array_equal(stack.stages[0].values()["bias"], [2, 2])


# Networks ----------------------------------------------------------------------------------------------------------


def lenet(batch="N", size=28):
    """LeNet as PyTorch exports it."""
    flat = 16 * ((size - 4) // 2 - 4) ** 2 // 4
    shapes = {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, flat), "fc2": (84, 120), "fc3": (10, 84)}
    constants = {f"{name}.weight": numbers(*shape) / 8 for name, shape in shapes.items()}
    constants |= {f"{name}.bias": numbers(shape[0]) for name, shape in shapes.items()}
    nodes, flow = [], "x"
    for name in shapes:
        operator = "Conv" if name.startswith("conv") else "Gemm"
        weights = (f"{name}.weight", f"{name}.bias")
        said = {"kernel_shape": [5, 5], "pads": [0] * 4, "strides": [1, 1]} if operator == "Conv" else {"transB": 1}
        if name == "fc1":
            nodes.append(node("Flatten", flow, name="/Flatten", to="flat", axis=1))
            flow = "flat"
        nodes.append(node(operator, flow, *weights, name=f"/{name}/{operator}", to=f"{name}_out", **said))
        flow = f"{name}_out"
        if name != "fc3":
            nodes.append(node("Relu", flow, name=f"/Relu_{len(nodes)}", to=f"{name}_relu"))
            flow = f"{name}_relu"
        if operator == "Conv":
            nodes.append(
                node("MaxPool", flow, name=f"/{name}/MaxPool", to=f"{name}_pool", kernel_shape=[2, 2], strides=[2, 2])
            )
            flow = f"{name}_pool"
    return model_of(nodes, (batch, 1, size, size), constants, title="main_graph")


def test_lenet():
    """Its layers, names, shapes and parameters, and what it makes of an image."""
    stack = agree(lenet(), 3)
    assert [stage.name for stage in stack.stages] == [
        *("conv1", "Relu_1", "conv1-2", "conv2", "Relu_4", "conv2-2"),
        *("Flatten", "fc1", "Relu_8", "fc2", "Relu_10", "fc3"),
    ]
    assert stack.parameters == 44_426
    assert stack.title == "main_graph"
    assert stack.notes == ()
    assert [stack.shape_of(number) for number in (-1, 0, 2, 5, 6, 11)] == [
        *((1, 28, 28), (6, 24, 24), (6, 12, 12), (16, 4, 4), (256,), (10,)),
    ]


def test_shapes_agree_with_shape_inference_at_every_layer():
    """Not only at the end."""
    model = lenet(1, 32)
    inferred = {
        each.name: tuple(axis.dim_value for axis in each.type.tensor_type.shape.dim)[1:]
        for each in onnx.shape_inference.infer_shapes(model).graph.value_info
    }
    stack = read(model)
    for number, proto in enumerate(model.graph.node[:-1]):
        assert stack.shape_of(number) == inferred[proto.output[0]]


def test_what_pytorch_exports_is_read(tmp_path):
    """A network written by PyTorch's own exporter makes the numbers that PyTorch makes."""
    torch = pytest.importorskip("torch")
    layers = torch.nn
    network = layers.Sequential(
        layers.Conv2d(3, 8, 3, padding=1, bias=False),
        layers.BatchNorm2d(8),
        layers.LeakyReLU(0.2),
        layers.AvgPool2d(3, 2, padding=1),
        layers.ConvTranspose2d(8, 4, 4, 2, 1),
        layers.MaxPool2d(3, 2, 1, ceil_mode=True),
        layers.Upsample(scale_factor=2, mode="nearest"),
        layers.Sigmoid(),
        layers.Dropout(0.5),
        layers.AdaptiveAvgPool2d(1),
        layers.Flatten(),
        layers.Linear(4, 5),
        layers.Softmax(dim=1),
    ).eval()
    cells = numbers(1, 3, 12, 14)
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further package is the older one
        torch.onnx.export(network, torch.from_numpy(cells), str(path), dynamo=False)
    stack = read_onnx(open_source(str(path), LIMITS), LIMITS)
    with torch.no_grad():
        wanted = network(torch.from_numpy(cells)).numpy()
    np.testing.assert_allclose(output_of(stack, cells), wanted, rtol=1e-4, atol=1e-5)


def test_weights_are_read_when_they_are_needed():
    """Shapes are there without a single number having been made of bytes; what is asked for is read."""
    weight = numbers(2, 3, 1, 1)
    stack = read(model_of([node("Conv", "x", "w")], constants={"w": weight}))
    values = stack.stages[0].values()
    np.testing.assert_array_equal(values["weight"], weight, strict=True)
    assert not values["weight"].flags.writeable


@pytest.mark.parametrize("kind", ["FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "INT8", "UINT8", "INT32", "INT64", "BOOL"])
@pytest.mark.parametrize("raw", [True, False])
def test_weights_of_every_type(kind, raw):
    """In bytes or in the fields that Protocol Buffers has for them; halves become float32, with a note."""
    values = [0, 1, 1] if kind in ("UINT8", "BOOL") else [-2, 0, 3]
    proto = helper.make_tensor("b", getattr(onnx.TensorProto, kind), [3], values)
    if raw:
        array = numpy_helper.to_array(proto)
        proto = onnx.TensorProto(name="b", data_type=proto.data_type, dims=[3], raw_data=array.tobytes())
    stack = read(model_of([node("Add", "x", "b")], (1, 3), {"b": proto}))
    np.testing.assert_array_equal(stack.stages[0].values()["bias"], values)
    half = {"FLOAT16": "float16", "BFLOAT16": "bfloat16"}.get(kind)
    assert stack.notes == ((f"{half} is read as float32, in 1 tensor",) if half else ())


def test_names_are_made_unique_and_readable():
    """Those of PyTorch without repetition, numbers with the kind; control characters and spaces become a line."""
    names = ["/f/f.0/Relu", "/f/f.0/Relu", "a b\x1b[2J\u202e", "", "input", "Relu_7", "/Relu", "/3/Relu"]
    nodes = [
        node("Relu", "x" if number == 0 else f"v{number - 1}", name=name, to=f"v{number}")
        for number, name in enumerate(names)
    ]
    stack = read(model_of(nodes))
    assert [stage.name for stage in stack.stages] == [
        *("f.0", "f.0-2", "a_b_[2J_", "relu4", "input-2", "Relu_7", "Relu", "relu-3"),
    ]


def test_only_what_the_first_output_needs():
    """Other branches and outputs are left out, which notes tell."""
    nodes = [
        node("Relu", "x", to="a"),
        node("Tanh", "x", to="b"),
        node("Sigmoid", "a", to="c"),
        node("Tanh", "b", to="d"),
    ]
    stack = read(model_of(nodes, outputs=["c", "d"]))
    assert kinds(stack) == ["relu", "sigmoid"]
    assert [stage.inputs for stage in stack.stages] == [(-1,), (0,)]
    assert stack.notes == (
        "of 2 outputs ('c', 'd') the first is read",
        "2 layers left out that its output does not need",
    )


# Where a network ends ----------------------------------------------------------------------------------------------

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
        {"s": np.array([1, 3, 72])},
        17,
        "(Reshape): it makes [1, 3, 72] of 3 × 8 × 9, only a flatten is read",
    ),
    "reshape twice open": (
        node("Reshape", "x", "s"),
        {"s": np.array([-1, -1])},
        17,
        "(Reshape): it makes [-1, -1] of 3 × 8 × 9, only a flatten is read",
    ),
    "reshape of the batch": (
        node("Reshape", "x", "s", allowzero=1),
        {"s": np.array([0, -1])},
        17,
        "(Reshape): it makes [0, -1] of 3 × 8 × 9, only a flatten is read",
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
        node("Softmax", "x", axis=2),
        {},
        17,
        "(Softmax): its axis is 2, only a softmax over the channels is read",
    ),
    "linear resize": (
        node("Resize", "x", "", "s", mode="linear"),
        S,
        17,
        "(Resize): its mode is 'linear', only nearest is read",
    ),
    "resize rounding": (
        node("Resize", "x", "", "s", coordinate_transformation_mode="align_corners"),
        S,
        17,
        "(Resize): it takes the nearest cell by align_corners and round_prefer_floor",
    ),
    "resize axes": (
        node("Resize", "x", "", "s", axes=[2, 3]),
        S,
        18,
        "(Resize): it has axes, antialias or keep_aspect_ratio_policy",
    ),
    "fraction": (
        node("Resize", "x", "", "s"),
        {"s": np.array([1, 1, 1.5, np.nan], np.float32)},
        17,
        "(Resize): it scales by [1.0, 1.0, 1.5, nan], only whole factors of spatial axes are read",
    ),
    "channels": (
        node("Resize", "x", "", "s"),
        {"s": np.array([1, 2, 1, 1], np.float32)},
        17,
        "(Resize): it scales by [1.0, 2.0, 1.0, 1.0], only whole factors of spatial axes are read",
    ),
    "sizes": (
        node("Resize", "x", "", "", "s"),
        {"s": np.array([16, 18])},
        18,
        "(Resize): its sizes are [16, 18], 4 numbers are needed",
    ),
    "add": (
        node("Add", "x", "b"),
        {"b": numbers(9)},
        17,
        "(Add): it adds a constant of 9 to 3 × 8 × 9, not one number for each channel",
    ),
    "reduced channels": (
        node("ReduceMean", "x", axes=[1, 2]),
        {},
        17,
        "(ReduceMean): it reduces the axes [1, 2], only the spatial ones are read",
    ),
    "all reduced": (
        node("ReduceMax", "x"),
        {},
        18,
        "(ReduceMax): it reduces all axes, only the spatial ones are read",
    ),
    "squeezed cells": (
        node("Squeeze", "x", "a"),
        {"a": np.array([2, 3])},
        17,
        "(Squeeze): it leaves out axes of 8 × 9 cells",
    ),
    "add one": (
        node("Add", "x", "b"),
        {"b": np.float32(1)},
        17,
        "(Add): it adds a constant of one number to 3 × 8 × 9, not one number for each channel",
    ),
    "add constants": (node("Add", "b", "b"), {"b": numbers(3)}, 17, "(Add): it adds constants"),
    "constant alone": (node("Relu", "b"), {"b": numbers(3)}, 17, "(Relu): it takes constants alone"),
    "two inputs": (node("Relu", "x", "x"), {}, 17, "(Relu): it takes 2 inputs from layers"),
    "no input": (node("Identity"), {}, 17, "(Identity): its input is missing"),
    "dropout": (node("Dropout", "x", "", "t"), {"t": np.array(True)}, 17, "(Dropout): it is in training mode"),
    "old dropout": (node("Dropout", "x"), {}, 6, "(Dropout): it is in training mode"),
    "unknown input": (node("Relu", "q"), {}, 17, "(Relu): it takes 'q', which no node before it makes"),
    "cycle": (node("Relu", "y"), {}, 17, "(Relu): it takes 'y', which no node before it makes"),
    "taken name": (node("Relu", "x", to="x"), {}, 17, "(Relu): its output has no name, or one that is taken"),
    "part of a shape": (node("Shape", "x", start=1), {}, 17, "(Shape): it is of some axes only"),
    "gather of floats": (
        node("Gather", "f", "i"),
        {"f": numbers(3), "i": np.array(0)},
        17,
        "(Gather): it does not compute a shape",
    ),
    "gather of much": (
        node("Gather", "f", "i"),
        {"f": np.zeros(65, int), "i": np.array(0)},
        17,
        "(Gather): it does not compute a shape",
    ),
    "gather beyond": (
        node("Gather", "f", "i"),
        {"f": np.zeros(3, int), "i": np.array(3)},
        17,
        "(Gather): it gathers no entries of a list",
    ),
    "join of numbers": (node("Concat", "i", "i", axis=0), {"i": np.array(3)}, 17, "(Concat): it joins no lists"),
    "join of branches": (
        node("Concat", "x", "x", axis=1),
        {},
        17,
        "(Concat): no kind of layer does that",
    ),
    "list of a list": (
        node("Unsqueeze", "i", "a"),
        {"i": np.array([3]), "a": np.array([0])},
        17,
        "(Unsqueeze): it makes no list of a number",
    ),
    "no value": (node("Constant"), {}, 17, "(Constant): it has no value"),
    "string constant": (
        node("Constant", value_string="a"),
        {},
        17,
        "(Constant): its attribute 'value_string' is not known",
    ),
}


@pytest.mark.parametrize(("made", "constants", "opset", "reason"), STOPS.values(), ids=STOPS)
def test_a_network_ends_before_what_is_not_read(made, constants, opset, reason):
    """The layers before it are there with their shapes, and a note names the node and why; alone it is an error."""
    before = [node("Identity" if opset < 7 else "Relu", "x0", to="x")]
    model = model_of([*before, made], constants=constants, opset=opset, output="y")
    model.graph.input[0].name = "x0"
    if opset >= 7:
        stack = read(model)
        assert kinds(stack) == ["relu"]
        assert stack.notes == (f"stops at node 2 {reason}",)
        assert stack.shape_of(0) == (3, 8, 9)
    with pytest.raises(FormatError) as caught:
        read(model_of([made], constants=constants, opset=opset, output="y"))
    assert str(caught.value) == f"m.onnx: no layer of the model can be read: stops at node 1 {reason}"


def test_branches_of_different_shapes_are_named():
    """Where they meet."""
    nodes = [node("MaxPool", "x", to="a", kernel_shape=[2, 2]), node("Add", "a", "x")]
    stack = read(model_of(nodes))
    assert kinds(stack) == ["max-pool"]
    assert stack.notes[0].startswith("stops at node 2 (Add): add takes inputs of one shape: ")


# Files that are refused --------------------------------------------------------------------------------------------


def external(location, **more):
    """A tensor that says that its numbers are in another file."""
    proto = onnx.TensorProto(name="w", data_type=FLOAT, dims=[4, 3, 3, 3], data_location=onnx.TensorProto.EXTERNAL)
    for key, value in {"location": location, **more}.items():
        proto.external_data.add(key=key, value=value)
    return proto


OUTSIDE = ["../../etc/passwd", "/etc/passwd", "link.bin", "hard.bin", "weights.bin", "\x1b]0;pwned\x07", ""]


@pytest.mark.parametrize("location", OUTSIDE)
def test_data_in_other_files_is_refused(location, tmp_path, cli):
    """Wherever they are: nothing but the model itself is opened, and the name is shown and not obeyed."""
    weights = tmp_path / "weights.bin"
    weights.write_bytes(numbers(4, 3, 3, 3).tobytes())
    (tmp_path / "link.bin").symlink_to("/etc/passwd")
    (tmp_path / "hard.bin").hardlink_to(weights)
    model = model_of([node("Conv", "x", "w")], constants={"w": external(location, offset="0", length="432")})
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    opened = []
    sys.addaudithook(lambda event, details: opened.append(details[0]) if event == "open" else None)
    with pytest.raises(FormatError) as caught:
        read_onnx(open_source(str(path), LIMITS), LIMITS)
    read_files = [each for each in opened if isinstance(each, str) and not each.endswith((".py", ".pyc", ".so"))]
    assert str(caught.value) == (
        f"{path}: the model keeps tensor 'w' in another file, {location!r}, which is not read "
        "(save the model with its data inside: onnx.save(model, path))"
    )
    assert set(read_files) <= {str(path), "/proc/meminfo"} | {each for each in read_files if "cgroup" in each}


def test_data_in_other_files_is_found_wherever_it_hides():
    """In attributes, in graphs within nodes, in sparse tensors and in functions."""
    hidden = external("a.bin")
    constant = helper.make_node("Constant", [], ["c"], value=hidden)
    inner = helper.make_graph([constant], "inner", [], [])
    sparse = model_of([node("Relu", "x")])
    sparse.graph.sparse_initializer.add().values.CopyFrom(hidden)
    function = model_of([node("Relu", "x")])
    function.functions.append(helper.make_function("d", "f", [], ["c"], [constant], [helper.make_opsetid("", 17)]))
    for model in (
        model_of([constant, node("Relu", "x")]),
        model_of([node("Relu", "x", to="a"), helper.make_node("If", ["a"], ["y"], then_branch=inner)]),
        model_of(
            [
                helper.make_node(
                    "Constant",
                    [],
                    ["c"],
                    sparse_value=helper.make_sparse_tensor(hidden, numpy_helper.from_array(np.zeros(1, np.int64)), [9]),
                ),
                node("Relu", "x"),
            ]
        ),
        sparse,
        function,
    ):
        with pytest.raises(FormatError, match=r"keeps tensor 'w' in another file, 'a\.bin', which is not read"):
            read(model)


def lying(change):
    """A bias whose tensor has been changed."""
    proto = numpy_helper.from_array(numbers(3), "b")
    change(proto)
    return model_of([node("Add", "x", "b")], (1, 3), {"b": proto})


FAULTS = {
    "empty": (b"", "m.onnx: not a readable ONNX model (it has no graph)"),
    "short tensor": (
        lying(lambda proto: setattr(proto, "raw_data", b"\0" * 8)),
        "m.onnx: tensor 'b' is damaged: 3 values of float32 are 12 B, it holds 8 B",
    ),
    "huge tensor": (
        lying(lambda proto: proto.dims.extend([2**40, 2**40])),
        "m.onnx: tensor 'b' is damaged: 3 × 1099511627776 × 1099511627776 values of float32 are "
        "13,194,139,533,312.0 TiB, it holds 12 B",
    ),
    "negative size": (
        lying(lambda proto: proto.dims.__setitem__(0, -3)),
        "m.onnx: tensor 'b' has the shape [-3], or is stored in parts",
    ),
    "text": (
        lying(lambda proto: setattr(proto, "data_type", 8)),
        "m.onnx: tensor 'b' is of type 8, which convcalc does not compute with",
    ),
    "inputs": (
        helper.make_model(
            helper.make_graph(
                [node("Add", "a", "b")], "g", [helper.make_tensor_value_info(each, FLOAT, (1, 3)) for each in "ab"], []
            )
        ),
        "m.onnx: the model has 2 inputs: 'a', 'b'; a network here has one",
    ),
    "no input": (
        helper.make_model(helper.make_graph([], "g", [], [])),
        "m.onnx: the model has 0 inputs; a network here has one",
    ),
    "no tensor": (
        helper.make_model(helper.make_graph([], "g", [helper.make_tensor_sequence_value_info("x", FLOAT, (1, 3))], [])),
        "m.onnx: the input 'x' of the model is no tensor",
    ),
    "no batch": (model_of([node("Relu", "x")], (7,)), "m.onnx: the input 'x' of the model is 7, not a batch"),
    "no axes": (model_of([node("Relu", "x")], ()), "m.onnx: the input 'x' of the model is one number, not a batch"),
    "no layers": (model_of([node("Identity", "x")]), "m.onnx: no layer of the model can be read: it has none"),
    "another output": (
        model_of([node("Relu", "x"), node("Identity", "x", to="z")]),
        "m.onnx: the first output of the model comes from no layer",
    ),
}


@pytest.mark.parametrize(("model", "message"), FAULTS.values(), ids=FAULTS)
def test_models_that_cannot_be_read(model, message):
    """In one sentence, with the file."""
    with pytest.raises(FormatError) as caught:
        read(model)
    assert str(caught.value) == message


def test_weights_that_are_no_numbers():
    """Found when they are read: inf is told once with its place, or refused, and nan is refused."""
    bias = np.array([1, np.inf, 2], np.float32)
    model = model_of([node("Add", "x", "b", name="shift")], (1, 3), {"b": bias})
    source, notes = Source("m.onnx", "onnx", data=model.SerializeToString()), []
    stack = read_onnx(source, LIMITS, notes=notes)
    assert notes == []
    stack.stages[0].values()
    stack.stages[0].values()
    assert notes == ["shift: bias: 1 value is not finite, the first (inf) at [1]"]
    with pytest.raises(FieldError) as caught:
        read_onnx(source, LIMITS, strict_finite=True).stages[0].values()
    assert str(caught.value) == f"{notes[0]} (leave --strict-finite out)"
    model = model_of([node("Add", "x", "b", name="shift")], (1, 3), {"b": np.array([1, np.nan, 2], np.float32)})
    with pytest.raises(FieldError, match=r"shift: bias: 1 value is nan, the first at \[1\]"):
        read(model).stages[0].values()


def test_numbers_beyond_their_type_are_refused():
    """Where a type of few bits is stored in a field of many."""
    proto = onnx.TensorProto(name="b", data_type=onnx.TensorProto.INT8, dims=[3], int32_data=[1, 300, 2])
    stack = read(model_of([node("Add", "x", "b")], (1, 3), {"b": proto}))
    with pytest.raises(FormatError, match="tensor 'b' holds values beyond int8"):
        stack.stages[0].values()


def test_a_size_that_is_left_open_is_asked_for():
    """The batch may be open, the rest is given with --input, and it must not be what the model forbids."""
    model = model_of([node("Relu", "x")], ("N", 3, "height", None))
    with pytest.raises(FieldError) as caught:
        read(model)
    assert str(caught.value) == (
        "m.onnx: the input 'x' of the model is 'N' × 3 × 'height' × '?': its size is open "
        "(give it, channels first: --input 3x224x224)"
    )
    assert read(model, (3, 5, 6)).input_shape == (3, 5, 6)
    for wrong in ((4, 5, 6), (3, 5)):
        with pytest.raises(FieldError) as caught:
            read(model, wrong)
        assert str(caught.value) == (
            f"the input 'x' of the model is 'N' × 3 × 'height' × '?', got {' × '.join(map(str, wrong))} "
            "(give channels and spatial sizes, without the batch)"
        )
    shapeless = model_of([node("Relu", "x")], None)
    assert read(shapeless, (3, 5)).input_shape == (3, 5)
    with pytest.raises(FieldError, match="the input 'x' of the model is any shape: its size is open"):
        read(shapeless)


def test_a_model_is_a_network(tmp_path):
    """By itself, with the size or the file that --input gives; the flag is named where that does not fit."""
    from convcalc.formats.network import read_network
    from convcalc.formats.request import read_request

    path = tmp_path / "m.onnx"
    path.write_bytes(lenet().SerializeToString())
    request = read_request(str(path))
    assert read_network(request, None, LIMITS).stack.parameters == 44_426
    with pytest.raises(FieldError) as caught:
        read_network(request, None, LIMITS, input_text="1x32x32")
    assert str(caught.value).startswith("--input: the input 'x' of the model is 'N' × 1 × 28 × 28, got 1 × 32 × 32")
    assert caught.value.exit_code == 2
    np.save(tmp_path / "x.npy", np.ones((28, 28), np.float32))
    found = read_network(request, None, LIMITS, input_text=str(tmp_path / "x.npy"))
    assert found.input().shape == (1, 1, 28, 28)


def test_memory_and_size_are_limited(tmp_path):
    """Before anything is read."""
    model = lenet()
    with pytest.raises(LimitError, match=r"m\.onnx: the model needs 52\d\.\d KiB of memory, 97\.7 KiB may be used"):
        read(model, limits=Limits(memory=100_000))
    path = tmp_path / "m.onnx"
    with path.open("wb") as stream:
        stream.write(model.SerializeToString())
        stream.truncate(1 << 31)
    with pytest.raises(LimitError) as caught:
        read_onnx(open_source(str(path), LIMITS), LIMITS)
    assert str(caught.value) == f"{path}: a model of 2.0 GiB, an ONNX file has less than 2.0 GiB"


def test_the_extra_is_named(monkeypatch):
    """Without the package onnx."""
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError) as caught:
        read(b"")
    assert str(caught.value) == (
        "reading ONNX models needs the optional extra 'onnx' (install it: pip install 'convcalc[onnx]')"
    )


def test_the_kind_is_told_by_the_content(tmp_path):
    """Whatever the file is called; a model is no array, and text called so is text."""
    path = tmp_path / "model.bin"
    path.write_bytes(lenet().SerializeToString())
    assert open_source(str(path), LIMITS).kind == "onnx"
    with pytest.raises(FormatError) as caught:
        read_tensor(str(path), LIMITS)
    assert str(caught.value) == f"{path}: an ONNX model holds a network, not an array"
    path = path.rename(tmp_path / "model.onnx")
    path.write_bytes(b"\0" + path.read_bytes())
    with pytest.raises(FormatError, match="not a readable ONNX model"):
        read_onnx(open_source(str(path), LIMITS), LIMITS)


def test_names_that_are_no_text_are_shown_by_their_bytes():
    """Those of the model, of nodes, operators, tensors and what flows."""
    longest = "n" * 60
    model = model_of([node("Relu", "x", name=longest), node("LRN", "y", name="other", to="z")], title="title")
    data = model.SerializeToString()
    for each in (longest.encode(), b"other", b"LRN", b"title"):
        data = data.replace(each, b"\xff" + each[1:])
    stack = read(data)
    assert (stack.stages[0].name, stack.title) == ("\\xff" + longest[1:], "\\xffitle")
    assert stack.notes == ("stops at node 2 '\\\\xffther' (\\xffRN): no kind of layer does that",)


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
    started = time.perf_counter()
    try:
        stack = read(bytes(data))
        for stage in stack.stages:
            stage.values()
    except ConvcalcError as error:
        assert error.message
    assert time.perf_counter() - started < 2


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
    from convcalc.formats.onnx_nodes import OPERATORS

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
    started = time.perf_counter()
    try:
        for stage in read(model).stages:
            stage.values()
    except ConvcalcError as error:
        assert error.message
    assert time.perf_counter() - started < 2


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
