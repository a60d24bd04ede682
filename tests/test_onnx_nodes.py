"""The other operators of ONNX, against the reference evaluator."""

import numpy as np
import pytest

from onnx_models import agree, grid, helper, kinds, model_of, named, node, numbers, numpy_helper, output_of, read

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
    network = read(made)
    cells = numbers(2, 3, 5)
    centred = (cells - constants["mean"][:, None]) / np.sqrt(constants["var"][:, None] + (epsilon or 1e-5))
    wanted = centred * constants["scale"][:, None] + constants["b"][:, None]
    np.testing.assert_allclose(output_of(network, cells), wanted, rtol=2e-5, atol=2e-5)
    made.graph.node[0].output.extend(["", ""])  # outputs that are left out have no name
    np.testing.assert_array_equal(output_of(read(made), cells), output_of(network, cells))
    del made.graph.node[0].output[1:]
    if opset >= 14:  # for older models the evaluator takes the statistics of the input
        agree(made)
    assert network.parameters == 6


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
    network = agree(model_of([node("Gemm", "x", *constants, **attributes)], (1, 5), constants))
    has_bias = shape is not None and attributes.get("beta") != 0.0
    assert network.parameters == 20 + 4 * has_bias
    assert ("bias" in network.stages[0].values()) == has_bias


def test_gemm_says_what_it_multiplied():
    """Whoever looks at the weights sees other numbers than the file has."""
    constants = {"w": numbers(5, 4), "c": numbers(4)}
    network = read(model_of([node("Gemm", "x", "w", "c", alpha=0.5, beta=2.0)], (1, 5), constants))
    assert network.notes == (
        "a Gemm's factor 0.5 is multiplied into its numbers, in 1 tensor",
        "a Gemm's factor 2.0 is multiplied into its numbers, in 1 tensor",
    )


@pytest.mark.parametrize("shape", [(4,), (1, 4)])
def test_matmul_and_add_are_one_linear_layer(shape):
    """Whichever comes first in the addition; without it, or where both are needed, they stay two."""
    constants = {"w": numbers(5, 4), "b": numbers(*shape)}
    product = node("MatMul", "x", "w", to="p", name="fc")
    for inputs in (("p", "b"), ("b", "p")):
        network = agree(model_of([product, node("Add", *inputs)], (1, 5), constants))
        assert kinds(network) == ["linear"]
        assert network.stages[0].name == "fc"
        assert network.parameters == 24
    assert kinds(agree(model_of([product], (1, 5), constants))) == ["linear"]
    both = [product, node("Add", "p", "b", to="q"), node("Add", "p", "q")]
    assert kinds(agree(model_of(both, (1, 5), constants))) == ["linear", "bias", "add"]


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 3, 1, 1)])
def test_adding_a_constant_for_each_channel_is_a_bias(shape):
    """Of an input with spatial axes."""
    network = agree(model_of([node("Add", "b", "x")], constants={"b": numbers(*shape)}))
    assert kinds(network) == ["bias"]
    assert network.parameters == 3


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
    network = agree(model_of(nodes, constants=constants))
    assert [stage.name for stage in network.stages] == ["block/conv1", "relu1", "block/conv2", "add1", "conv3", "add2"]
    assert [stage.inputs for stage in network.stages] == [(-1,), (0,), (1,), (2, -1), (3,), (4, 3)]


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
        network = read(model_of([made], constants=constants, opset=opset))
        np.testing.assert_array_equal(output_of(network, cells), wanted, strict=True)


def test_softmax_means_something_else_from_opset_13_on():
    """Over all that follows the axis before it, which of features alone is the same."""
    agree(model_of([node("Softmax", "x")], (1, 5)))
    network = read(model_of([node("Softmax", "x")], (1, 5), opset=11))
    assert kinds(network) == ["softmax"]
    agree(model_of([node("Softmax", "x")], opset=13))
    cut = read(model_of([node("Softmax", "x")], opset=11)).cut
    assert cut is not None
    assert cut.reason == "it is over the axes from 1 on together, which opsets before 13 mean"


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
    network = agree(model_of(nodes, (batch, 3, 8, 9), constants), 1)
    assert kinds(network) == ["relu", "flatten", "sigmoid"]
    assert network.notes == ()


def test_what_changes_nothing_is_passed_over():
    """Identity, Dropout and reshapes to what is there; a note counts them, but not those of constants."""
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
    network = agree(model_of(nodes, constants=constants))
    assert kinds(network) == ["conv", "flatten", "relu"]
    assert network.notes == ("1 Identity node passed over", "1 Dropout node passed over", "1 Flatten node passed over")


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
        network = read(model_of(nodes, (1, 3), {"w": numbers(3, 2)}))
        np.testing.assert_array_equal(network.stages[0].values()["bias"], [2, 2])


def test_a_reshape_to_what_is_there_is_passed_over():
    """Its sizes may be those of the input, or one of them left open."""
    for target in ([1, 3, 8, 9], [-1, 3, 8, 9], [0, 3, -1, 9], [1, 3, 8, -1]):
        nodes = [node("Reshape", "x", "s", to="a"), node("Relu", "a")]
        network = agree(model_of(nodes, constants={"s": np.array(target)}), 1)
        assert kinds(network) == ["relu"]
        assert network.notes == ("1 Reshape node passed over",)
