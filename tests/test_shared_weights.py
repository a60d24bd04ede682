"""Weights that several layers share: one tensor is counted once, wherever a total stands."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from convcalc.layers.sharing import repeated, shared
from onnx_models import helper, model_of, node, numbers, numpy_helper, read

MERGED = "what layers share and what an exporter merged because the numbers were equal look the same in a file"
FOUR = model_of(
    [
        node("Conv", "x", "w", "b", to="a", pads=[1, 1, 1, 1]),
        node("Conv", "a", "w", "b", to="c", pads=[1, 1, 1, 1]),
        node("Identity", "w", to="v"),
        node("Conv", "c", "v", "b", pads=[1, 1, 1, 1]),
    ],
    (1, 1, 8, 8),
    {"w": numbers(1, 1, 3, 3), "b": numbers(1)},
)
YAML = """input: {shape: [1, 8, 8]}
weights: {file: w.npz}
layers:
  - conv: {out_channels: 1, kernel_size: 3, padding: 1, weights: c}
  - conv: {out_channels: 1, kernel_size: 3, padding: 1, weights: c}
  - conv: {out_channels: 1, kernel_size: 3, padding: 1, weights: c}
"""


@pytest.fixture(params=["m.onnx", "f.yaml"])
def path(request, cli):
    """A file in which one convolution of 10 parameters stands three times."""
    (cli.folder / "m.onnx").write_bytes(FOUR.SerializeToString())
    np.savez(cli.folder / "w.npz", **{"c.weight": numbers(1, 1, 3, 3), "c.bias": numbers(1)})
    cli.write({"f.yaml": YAML})
    return request.param


def test_the_total_counts_a_tensor_once(cli, path, monkeypatch):
    """Each row has its own count; the total, the bytes and the note are of what is stored."""
    monkeypatch.setenv("COLUMNS", "200")
    page = cli.run("summary", path, "--format", "plain").out
    rows = [line.split() for line in page.splitlines() if line.startswith(("conv", "total"))]
    assert [(row[0], row[3] if row[0] != "total" else row[1]) for row in rows] == [
        *(("conv1", "10"), ("conv2", "10"), ("conv3", "10"), ("total", "10")),
    ]
    assert "so the parameters take 40 B." in page
    assert "one tensor of 9, which the total counts once: conv1.weight, conv2.weight, conv3.weight\n" in page
    assert "one tensor of 1, which the total counts once: conv1.bias, conv2.bias, conv3.bias\n" in page
    assert MERGED in page


def test_the_data_says_what_is_shared(cli, path):
    """In JSON and in CSV the books balance: the rows' own numbers less those that are shared make the total."""
    document = json.loads(cli.run("summary", path, "--format", "json").out)
    assert document["totals"]["parameters"] == 10
    assert document["totals"]["macs"] == 3 * 576
    assert document["shared"] == [
        {"uses": [f"conv{number}.weight" for number in (1, 2, 3)], "parameters": 9},
        {"uses": [f"conv{number}.bias" for number in (1, 2, 3)], "parameters": 1},
    ]
    rows = list(csv.DictReader(io.StringIO(cli.run("summary", path, "--format", "csv").out)))
    for records in (document["layers"], rows):
        assert [int(each["parameters"]) for each in records] == [10, 10, 10]
        assert [int(each["shared_parameters"]) for each in records] == [0, 10, 10]
        assert sum(float(each["parameter_share"]) for each in records) == 1


def test_check_counts_them_once_too(cli, path):
    """A fact that a file expects is of what is stored."""
    if path == "f.yaml":
        cli.write({"f.yaml": YAML + "expect: {parameters: 10}\n"})
        assert cli.run("check", "f.yaml", "-q").code == 0


def test_what_is_not_shared_is_counted_apart(cli):
    """Random weights of one seed, equal numbers that are written twice, and files of other names."""
    np.save(cli.folder / "a.npy", numbers(1, 1, 3, 3))
    np.save(cli.folder / "b.npy", numbers(1, 1, 3, 3))
    layer = "  - conv: {weight: %s, padding: 1}\n"
    for first, second, total in (
        ("a.npy", "b.npy", 18), ("a.npy", "a.npy", 9), ("./a.npy", "a.npy", 9), ("{file: a.npy}", "a.npy", 9),
        ("[[[[1, 2], [3, 4]]]]", "[[[[1, 2], [3, 4]]]]", 8), ("sobel-x", "sobel-x", 18),
    ):  # fmt: skip
        size = "  - conv: {out_channels: 1, kernel_size: 3, padding: 1, bias: false, weight: %s}\n"
        used = layer if first[0] in "[s" else size
        cli.write({"f.yaml": "input: {shape: [1, 8, 8]}\nlayers:\n" + used % first + used % second})
        document = json.loads(cli.run("summary", "f.yaml", "--format", "json").out)
        assert document["totals"]["parameters"] == total, (first, second)
        assert bool(document["shared"]) == (total == 9), (first, second)
    cli.write({"f.yaml": "input: {shape: [1, 8, 8]}\nweights: {random: 0}\nlayers: [conv: {out_channels: 1, "
               "kernel_size: 3}, conv: {out_channels: 1, kernel_size: 3}]\n"})  # fmt: skip
    assert json.loads(cli.run("summary", "f.yaml", "--format", "json").out)["totals"]["parameters"] == 20


def test_constants_of_nodes_are_told_apart():
    """By what they are called in the graph: the name within them says nothing."""
    values = [numpy_helper.from_array(numbers(2, 2, 1, 1), "value") for _ in "ab"]
    nodes = [
        helper.make_node("Constant", [], [name], value=value) for name, value in zip("ab", values, strict=True)
    ] + [node("Conv", "x", "a", to="c"), node("Conv", "c", "b")]
    network = read(model_of(nodes, (1, 2, 4, 4)))
    assert network.parameters == 8
    assert list(shared(network.stages)) == []


def test_a_layer_may_share_with_itself():
    """Exporters merge a normalisation's ones and zeros; what is measured is no parameter."""
    constants = {"o": np.ones(3, np.float32), "z": np.zeros(3, np.float32)}
    nodes = [node("BatchNormalization", "x", *"ozzo", to="a"), node("BatchNormalization", "a", *"zzzo")]
    network = read(model_of(nodes, constants=constants))
    assert list(repeated(network.stages)) == [0, 6]
    assert network.parameters == 6
    assert [each.uses for each in shared(network.stages)] == [
        ("batch-norm1.bias", "batch-norm2.weight", "batch-norm2.bias")
    ]


def test_a_tensor_that_is_turned_is_still_the_same():
    """A Gemm that takes a matrix as it lies, and one that takes it transposed."""
    nodes = [node("Gemm", "x", "w", to="a"), node("Gemm", "a", "w", transB=1)]
    network = read(model_of(nodes, (1, 5), {"w": numbers(5, 4)}))
    assert [stage.layer.parameters for stage in network.stages] == [20, 20]
    assert network.parameters == 20


def test_many_shared_tensors_make_few_notes(cli):
    """The first eight, and how many more there are."""
    constants = {f"b{number}": numbers(3) for number in range(12)}
    names = [f"b{number % 12}" for number in range(24)]
    nodes = [
        node("Add", f"v{number - 1}" if number else "x", name, to=f"v{number}") for number, name in enumerate(names)
    ]
    model = model_of(nodes, (1, 3), constants)
    (cli.folder / "m.onnx").write_bytes(model.SerializeToString())
    document = json.loads(cli.run("summary", "m.onnx", "--format", "json").out)
    assert (document["totals"]["parameters"], len(document["shared"])) == (36, 12)
    assert document["notes"][8:] == ["4 more tensors that the total counts once", MERGED]
