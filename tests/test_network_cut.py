"""Models whose numbers stop before their output: which commands refuse, and what the others say."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from onnx_models import kinds, model_of, node, numbers, numpy_helper, onnx, read

TOLD = "the network stops at node 2 'six' (LRN): no kind of layer does that; computed 1 of 2 layers"
OPAQUE = "opaque, with a shape and costs but no numbers: 1 LRN"
STOPPED = {
    "node": 2, "name": "six", "operator": "LRN", "reason": "no kind of layer does that", "done": 1, "nodes": 2,
}  # fmt: skip
IN = ["--input", "{ones: [1, 3, 3]}"]


@pytest.fixture
def cut(cli):
    """A model whose second of two nodes is of no kind: a normalisation over neighbouring channels."""
    nodes = [node("Conv", "x", "w", to="a", name="conv"), node("LRN", "a", name="six", size=1)]
    model = model_of(nodes, (1, 1, 3, 3), {"w": np.full((1, 1, 1, 1), 9, np.float32)})
    (cli.folder / "m.onnx").write_bytes(model.SerializeToString())
    return cli


@pytest.mark.parametrize("flags", [["-q", "-o", "out.npy"], ["--format", "csv"], [], ["--keep"]])
def test_an_earlier_layers_numbers_are_not_the_output(cut, flags):
    """Run ends with an error that says how far it goes, and nothing is written or printed."""
    done = cut.run("run", "m.onnx", *IN, *flags)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"error: m.onnx: {TOLD}\n"
        "hint: --layer conv for the output of that layer, or --partial for whatever is reached\n"
    )
    assert not (cut.folder / "out.npy").exists()


@pytest.mark.parametrize("flags", [["--layer", "conv"], ["--partial"]])
def test_a_layer_that_is_named_is_computed(cut, flags):
    """Then it is what was asked for."""
    done = cut.run("run", "m.onnx", *IN, *flags, "-q", "-o", "out.npy")
    assert (done.code, done.err) == (0, "")
    assert (np.load(cut.folder / "out.npy") == 9).all()
    document = json.loads(cut.run("run", "m.onnx", *IN, *flags, "--format", "json").out)
    assert document["stopped_at"] == STOPPED
    assert document["computed"] == {"layers": 1, "of": 2}
    assert document["notes"] == [OPAQUE, TOLD]


@pytest.mark.parametrize("command", ["run", "trace", "uses", "matrix", "plan"])
def test_a_layer_behind_is_refused_by_its_name(cut, command):
    """Whatever needs its numbers; the message names the node that has none."""
    flags = ["--pos", "1,1"] if command in ("trace", "uses") else []
    done = cut.run(command, "m.onnx", *IN, *flags, "--layer", "six")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: m.onnx: six cannot be computed (LRN): no kind of layer does that\n"
        "hint: ask for a layer before it with --layer; summary lists every layer with its shape and its costs\n"
    )


@pytest.mark.parametrize("command", ["trace", "uses"])
def test_trace_and_uses_say_so(cut, command, monkeypatch):
    """On the page, on standard error beside CSV, and in JSON."""
    monkeypatch.setenv("COLUMNS", "200")
    where = [command, "m.onnx", *IN, "--pos", "1,1"]
    assert f"note: {TOLD}\n" in cut.run(*where).out
    assert cut.run(*where, "--format", "csv").err == f"note: {TOLD}\n"
    assert json.loads(cut.run(*where, "--format", "json").out)["stopped_at"] == STOPPED


def test_summary_says_so(cut):
    """As a note and as data; the layer that has no numbers is listed with its shape."""
    document = json.loads(cut.run("summary", "m.onnx", "--format", "json").out)
    assert document["stopped_at"] == STOPPED
    assert document["computed"] == {"layers": 1, "of": 2}
    assert document["notes"] == [OPAQUE, TOLD]
    told = [(row["kind"], row["operator"], row["computed"], row["output_shape"]) for row in document["layers"]]
    assert told == [("conv", None, True, [1, 1, 3, 3]), ("opaque", "LRN", False, [1, 1, 3, 3])]
    assert "opaque: LRN" in cut.run("summary", "m.onnx", "--format", "plain").out


def test_a_whole_network_stops_nowhere(cli):
    """Of files with layers too; --partial changes nothing there, and nothing of a single convolution."""
    cli.write({"f.yaml": "input: [[1, -2], [3, -4]]\nlayers: [relu]\n"})
    for command in (["run"], ["run", "--partial"], ["trace", "--pos", "0,0"], ["uses", "--pos", "0,0"], ["summary"]):
        document = json.loads(cli.run(command[0], "f.yaml", *command[1:], "--format", "json").out)
        assert document["stopped_at"] is None
    assert cli.run("run", "--partial") == cli.run("run")


def test_a_branch_that_the_output_does_not_need_stops_nothing():
    """Its nodes are left out, which a note counts; those that hold numbers are not counted."""
    constant = onnx.helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(numbers(3)))
    nodes = [node("Conv", "x", "w", to="a"), node("ArgMax", "a", to="b", axis=1), constant, node("Relu", "a")]
    network = read(model_of(nodes, constants={"w": numbers(4, 3, 3, 3)}, outputs=["y", "b"]))
    assert kinds(network) == ["conv", "relu"]
    assert network.cut is None
    assert network.notes == (
        "1 node left out that its output does not need",
        "of 2 outputs ('y', 'b') the first is read",
    )


def test_the_way_to_the_output_is_counted():
    """Nodes beside the way count for nothing, those that are passed over do."""
    nodes = [
        node("Tanh", "x", to="t"),
        node("Identity", "x", to="i"),
        node("Relu", "i", to="r"),
        node("LRN", "r", to="l", name="norm", size=3),
        node("Sigmoid", "l"),
    ]
    network = read(model_of(nodes))
    assert network.cut is not None
    assert (network.cut.node, network.cut.done, network.cut.nodes) == (4, 2, 4)


def test_what_is_there_but_not_read_is_named():
    """A second output of a node, and a sparse tensor, are no names that nobody makes."""
    pool = onnx.helper.make_node("MaxPool", ["x"], ["a", "i"], kernel_shape=[2, 2])
    network = read(model_of([pool, node("Abs", "i")]))
    assert str(network.cut) == "stops at node 1 (MaxPool): its output 'i' is not read"
    assert [stage.layer.output_shape for stage in network.stages] == [(3, 7, 8), (3, 7, 8)]
    model = model_of([node("Relu", "x", to="a"), node("Conv", "a", "w")])
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(numpy_helper.from_array(numbers(2), "w"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([0, 3])))
    sparse.dims.extend([1, 3, 1, 1])
    assert str(read(model).cut) == "stops at node 2 (Conv): its weight is a sparse tensor, not read"


def test_csv_of_a_cut_network_is_its_rows(cut):
    """The notes stand beside them; a row that is not computed says where the numbers stop."""
    done = cut.run("summary", "m.onnx", "--format", "csv")
    rows = [*csv.DictReader(io.StringIO(done.out))]
    told = [(row["name"], row["operator"], row["computed"], row["stopped_at"]) for row in rows]
    stop = "stops at node 2 'six' (LRN): no kind of layer does that"
    assert told == [("conv", "", "True", ""), ("six", "LRN", "False", stop)]
    assert done.err == f"note: {OPAQUE}\nnote: {TOLD}\n"
