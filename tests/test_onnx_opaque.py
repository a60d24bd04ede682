"""Opaque layers: shapes by ONNX's inference, weights, MACs and receptive fields; and models that are hostile."""

from __future__ import annotations

import itertools
import json
import time

import numpy as np
import pytest

from convcalc.errors import FormatError, LimitError
from convcalc.layers.costs import Convention, tallies
from onnx_models import agree, helper, kinds, model_of, node, numbers, onnx, output_of, read, reference


def tally(nodes, constants=None, shape=(1, 3, 8, 9)):
    """The figures of the last layer."""
    *_, found = tallies(read(model_of(nodes, shape, constants)), Convention())
    return found


SIZE, SQUARE = (1, 3, 8, 9), (1, 12, 8, 8)
SHAPES = {
    "einsum": (node("Einsum", "x", "w", equation="bchw,cd->bdhw"), {"w": numbers(3, 5)}, SIZE, (5, 8, 9)),
    "scatter": (node("CumSum", "x", "a"), {"a": np.array(2)}, SIZE, (3, 8, 9)),
    "tile": (node("Tile", "x", "r"), {"r": np.array([1, 2, 1, 3])}, SIZE, (6, 8, 27)),
    "batches": (node("Reshape", "x", "s"), {"s": np.array([6, 4, -1])}, SIZE, (6, 4, 9)),
    "one number": (node("ReduceLogSum", "x", keepdims=0), {}, SIZE, ()),
}


@pytest.mark.parametrize(("made", "constants", "size", "shape"), SHAPES.values(), ids=SHAPES)
def test_shapes_are_inferred(made, constants, size, shape):
    """Of one sample; where the first axis is not the batch, of all axes."""
    assert tally([made], constants, size).layer.output_shape == shape


def test_sizes_that_are_computed_in_the_model():
    """As exporters write a view: of the shape of what flows, sliced, divided and joined."""
    nodes = [
        node("Shape", "x", to="s"),
        node("Gather", "s", "one", to="c", axis=0),
        node("Div", "c", "two", to="half"),
        node("Unsqueeze", "half", "zero", to="part"),
        node("Slice", "s", "i2", "i4", to="rest"),
        node("Concat", "batch", "pair", "part", "rest", to="wanted", axis=0),
        node("Reshape", "x", "wanted"),
    ]
    lists = {"zero": [0], "batch": [1], "pair": [2], "i2": [2], "i4": [4]}
    constants = {"one": np.array(1), "two": np.array(2), **{name: np.array(each) for name, each in lists.items()}}
    assert tally(nodes, constants, (1, 6, 8, 9)).layer.output_shape == (2, 3, 8, 9)


def test_weights_and_products_of_what_is_not_computed():
    """Of convolutions whose weight is computed, of matrices on any axes, and by the places of an operator's weights."""
    turned = [node("Erf", "x", to="v"), node("Einsum", "v", to="t", equation="bchw->cbhw"), node("Conv", "x", "t")]
    assert tally(turned, shape=(3, 1, 2, 2)).layer.operator == "Conv"
    computed = list(tallies(read(model_of([node("MatMul", "x", "w")], SIZE, {"w": numbers(9, 4)})), Convention()))
    assert [sum(each.macs for each in computed), sum(each.parameters for each in computed)] == [3 * 8 * 9 * 4, 36]
    assert computed[-1].layer.output_shape == (3, 8, 4)
    whole = list(tallies(read(model_of([node("MatMul", "w", "x")], SIZE, {"w": numbers(4, 8)})), Convention()))
    assert [(each.macs, each.parameters) for each in whole] == [(0, 32), (3 * 4 * 9 * 8, 0)]
    found = tally([node("LpNormalization", "x")])
    assert (found.macs, found.parameters) == (0, 0)
    found = tally([node("ConvTranspose", "x", "w", pads=[-1, 0, 0, 0])], {"w": numbers(3, 2, 3, 3)})
    assert found.parameters == 54
    found = tally([node("GRU", "x", "w", "r")], {"w": numbers(1, 12, 9), "r": numbers(1, 12, 4)}, (1, 8, 9))
    assert found.parameters == 12 * 9 + 12 * 4


def test_receptive_fields_go_through_what_keeps_each_cell():
    """Through a gate by what all cells see too; not through what may read any."""
    conv = node("Conv", "x", "w", to="a", pads=[1, 1, 1, 1])
    weights = {"w": numbers(4, 3, 3, 3), "v": numbers(4, 4, 3, 3)}
    gate = [
        conv,
        node("GlobalAveragePool", "a", to="g"),
        node("Erf", "g", to="e"),
        node("Mod", "a", "e", to="m", fmod=1),
        node("Conv", "m", "v"),
    ]
    rows = list(tallies(read(model_of(gate, constants=weights)), Convention()))
    seen = [[field.size for field in row.fields or ()] for row in rows]
    assert seen == [[3, 3], [10, 11], [10, 11], [10, 11], [10, 11]]
    lost = [conv, node("Einsum", "a", to="t", equation="bchw->bcwh"), node("Conv", "t", "v")]
    rows = list(tallies(read(model_of(lost, constants=weights)), Convention()))
    assert [row.fields is None for row in rows] == [False, True, True]
    assert [row.is_computed for row in rows] == [True, False, False]


def test_several_outputs_and_several_inputs():
    """Outputs of one node are one layer; a further input of the model is a layer that has no numbers."""
    parts = helper.make_node("TopK", ["x", "k"], ["u", "v"], axis=3)
    nodes = [parts, node("Conv", "u", "w", to="c"), node("Where", "c", "v", "v")]
    network = read(model_of(nodes, constants={"w": numbers(3, 3, 1, 1), "k": np.array([2])}))
    assert kinds(network) == ["opaque", "conv", "opaque"]
    assert network.stages[1].layer.input_shape == (3, 8, 2)
    model = model_of([node("Relu", "x", to="a"), node("Mod", "a", "z", fmod=1)])
    model.graph.input.append(helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, (1, 3, 8, 9)))
    network = read(model)
    assert str(network.cut) == "stops at the input 'z': a further input of the model; a network here has one"
    assert [stage.layer.output_shape for stage in network.stages] == [(3, 8, 9)] * 3
    assert "of 2 inputs the first is the network's, not 'z'" in network.notes


def test_an_unknown_shape_is_said(cli):
    """Of another domain's operator, and of what follows it: never a number that is not known."""
    nodes = [node("Magic", "x", domain="com.me", to="m"), node("Conv", "m", "w", name="conv")]
    (cli.folder / "m.onnx").write_bytes(model_of(nodes, constants={"w": numbers(2, 3, 3, 3)}).SerializeToString())
    rows = json.loads(cli.run("summary", "m.onnx", "--format", "json").out)["layers"]
    assert [row["output_shape"] for row in rows] == [None, None]
    assert [(row["parameters"], row["macs"], row["activation_bytes"]) for row in rows] == [(0, 0, 0), (54, 0, 0)]
    assert [row["receptive_field"] for row in rows] == [None, None]
    for form in ("table", "plain", "markdown", "latex", "csv"):
        assert cli.run("summary", "m.onnx", "--format", form).code == 0
    assert cli.run("summary", "m.onnx", "-o", "m.svg").code == 0


def test_a_stated_shape_is_taken_where_none_can_be_inferred():
    """Its named axes are those of the input."""
    model = model_of([node("Magic", "x", domain="com.me", to="m"), node("Relu", "m")], ("N", 3, "h", 9))
    model.graph.value_info.append(helper.make_tensor_value_info("m", onnx.TensorProto.FLOAT, ("N", 7, "h", 4)))
    network = read(model, (3, 5, 9))
    assert [stage.layer.output_shape for stage in network.stages] == [(7, 5, 4), (7, 5, 4)]


def test_large_constants_are_computed_when_they_are_read():
    """A weight that is turned and cut in the model, against the reference evaluator."""
    nodes = [
        node("Transpose", "v", to="a", perm=[1, 0, 2, 3]),
        node("Reshape", "a", "s", to="b"),
        node("Slice", "b", "zero", "four", to="w"),
        node("Conv", "x", "w"),
    ]
    sizes = {"s": np.array([50, 3, 3, 3]), "zero": np.array([0]), "four": np.array([4])}
    network = agree(model_of(nodes, constants={"v": numbers(3, 50, 3, 3), **sizes}))
    assert network.parameters == 4 * 27


def chain(operator, count):
    return [node(operator, f"x{each}" if each else "x", to=f"x{each + 1}", name=f"n{each}") for each in range(count)]


def doubled(operator, first, axis):
    """A tensor joined to itself again and again."""
    names = [first, *(f"d{each}" for each in range(70))]
    return [node(operator, name, name, to=after, axis=axis) for name, after in itertools.pairwise(names)]


FAR = np.array([1, 2**40, 2**40, 1])
RANGE = {"a": np.array(0), "b": np.array(2**62), "c": np.array(1)}
PADDED = {"p": np.array([0, 0, 2**62, 0] * 2), "w": numbers(2, 3, 3, 3)}
HOSTILE = {
    "sizes beyond all arrays": ([node("Tile", "x", "r", to="t"), node("Tile", "t", "r")], {"r": FAR}),
    "paddings": ([node("Pad", "x", "p", to="t"), node("Conv", "t", "w")], PADDED),
    "an array that is filled": ([node("ConstantOfShape", "r", to="t"), node("Add", "x", "t")], {"r": FAR}),
    "a range": ([node("Range", "a", "b", "c", to="t"), node("Add", "x", "t")], RANGE),
    "channels doubled": ([*doubled("Concat", "x", 1), node("Conv", "d69", "w")], {"w": numbers(1, 3, 1, 1)}),
    "a shape doubled": ([node("Shape", "x", to="s"), *doubled("Concat", "s", 0), node("Reshape", "x", "d69")], {}),
    "inputs": ([node("Sum", *["x"] * 50_000)], {}),
}


@pytest.mark.parametrize(("nodes", "constants"), HOSTILE.values(), ids=HOSTILE)
def test_sizes_that_nothing_holds_are_no_more_than_numbers(nodes, constants):
    """They are listed or unknown; nothing is allocated, and no time passes."""
    started = time.process_time()
    network = read(model_of(nodes, constants=constants))
    list(tallies(network, Convention()))
    assert time.process_time() - started < 5


def test_more_nodes_than_any_network_has_are_refused(monkeypatch):
    """With the first node beyond; those of graphs within nodes count, and so do the names of one node."""
    from convcalc.models import onnx_order

    monkeypatch.setattr(onnx_order, "MOST_NODES", 10)
    assert len(read(model_of(chain("Relu", 10))).stages) == 10
    told = r"m.onnx: the model has 11 nodes, at most 10 are read: node 11 'n10' \(Relu\) is beyond"
    with pytest.raises(LimitError, match=told):
        read(model_of(chain("Relu", 11)))
    inner = helper.make_graph(chain("Relu", 9), "inner", [], [helper.make_tensor_value_info("x9", 1, None)])
    fork = helper.make_node("If", ["c"], ["y"], "fork", then_branch=inner, else_branch=inner)
    with pytest.raises(LimitError, match=r"node 1 'fork' \(If\): with the nodes within it there are over 10"):
        read(model_of([fork], constants={"c": np.array(True)}))
    monkeypatch.setattr(onnx_order, "MOST_NAMES", 20)
    with pytest.raises(LimitError, match=r"node 1 \(Sum\): 31 inputs and outputs, at most 20"):
        read(model_of([node("Sum", *["x"] * 30)]))


def test_what_a_graph_within_a_node_reads_is_needed():
    """It is read from outside; a branch that reads what is not there is refused."""
    inner = helper.make_graph([node("Abs", "a", to="o")], "inner", [], [helper.make_tensor_value_info("o", 1, None)])
    fork = helper.make_node("If", ["c"], ["y"], "fork", then_branch=inner, else_branch=inner)
    network = read(model_of([node("Relu", "x", to="a"), fork], constants={"c": np.array(True)}))
    assert kinds(network) == ["relu", "opaque"]
    assert network.stages[1].inputs == (0,)
    with pytest.raises(FormatError, match=r"node 1 'fork' \(If\): it takes 'a', which no node before it makes"):
        read(model_of([fork], constants={"c": np.array(True)}))


def test_linear_layers_on_channels_that_come_last():
    """As in ConvNeXt: a MatMul between two Transposes is a convolution of one tap, its addition the bias."""
    nodes = [
        node("Transpose", "x", to="a", perm=[0, 2, 3, 1]),
        node("MatMul", "a", "w", to="b"),
        node("Add", "b", "c", to="d"),
        node("Relu", "d", to="e"),
        node("Transpose", "e", perm=[0, 3, 1, 2]),
    ]
    network = agree(model_of(nodes, constants={"w": numbers(3, 5), "c": numbers(5)}))
    assert kinds(network) == ["conv", "relu"]
    assert network.parameters == 20
    assert network.notes == ("2 Transposes folded away: channels come last in the model, first here",)


def test_features_that_were_flattened_channels_last():
    """The linear layer takes its weight in our order, and so does what is added before it."""
    nodes = [
        node("Transpose", "x", to="a", perm=[0, 2, 3, 1]),
        node("Flatten", "a", to="f"),
        node("Add", "f", "c", to="g"),
        node("Gemm", "g", "w", transB=1),
    ]
    model = model_of(nodes, constants={"w": numbers(4, 216), "c": numbers(216)})
    cells = numbers(2, 3, 8, 9)
    np.testing.assert_allclose(output_of(read(model), cells), reference(model, cells), rtol=1e-4, atol=1e-4)
