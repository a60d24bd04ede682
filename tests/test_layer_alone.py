"""A convolution of a network by itself: as a matrix, and beside its adjoint."""

from __future__ import annotations

import json

import numpy as np
import pytest

from convcalc.files.csv_reader import read_csv
from convcalc.limits import Limits

NETWORK = """\
input: {arange: [2, 3, 3]}
layers:
  - conv: {weight: [[[[1, 2], [0, -1]], [[1, 0], [0, 1]]]], bias: [3]}
  - relu
  - conv: {weight: [[[[1, 2]]]], padding: [[0, 0], [1, 0]], name: last}
"""


@pytest.fixture
def network(cli):
    """The network in a file."""
    cli.write({"f.yaml": NETWORK})
    return cli


def matrix_of(network, layer):
    """(matrix, offset) of a layer."""
    done = network.run("matrix", "f.yaml", "--layer", layer, "-o", f"{layer}.npz", "--format", "csv")
    assert done.code == 0, done.err
    with np.load(network.folder / f"{layer}.npz") as saved:
        arrays = dict(saved)
    np.testing.assert_array_equal(read_csv(done.out, "matrix", Limits()).array, arrays["matrix"])
    return arrays["matrix"], arrays["offset"]


def test_a_layer_as_a_matrix_makes_what_the_layer_makes(network):
    """On the layer's own input, with its bias: each layer's matrix applied to the output of the one before."""
    cells = np.arange(18.0)
    for layer, cut in (("conv1", True), ("last", False)):
        matrix, offset = matrix_of(network, layer)
        cells = matrix @ cells + offset
        cells = np.maximum(cells, 0) if cut else cells
    assert network.run("run", "f.yaml", "-o", "f.npy", "-q").code == 0
    np.testing.assert_array_equal(np.load(network.folder / "f.npy").ravel(), cells)


def test_a_layer_beside_its_adjoint(network):
    """Both numbers agree exactly, and are not 0."""
    done = network.run("uses", "f.yaml", "--adjoint", "--layer", "last", "--seed", "3", "--format", "json")
    told = json.loads(done.out)["adjoint"]
    assert (told["conv_x_z"], told["holds"]) == (told["x_conv_t_z"], True)
    assert told["conv_x_z"] != 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            "matrix f.yaml --layer relu1",
            2,
            "error: relu1 (relu) is not linear, so no matrix does what the layers do\n"
            "hint: uses --pos shows what it does at one input\n",
        ),
        ("matrix f.yaml --layer conv2", 2, "error: --layer: unknown layer 'conv2'\nhint: did you mean conv1?\n"),
        ("uses f.yaml --adjoint --layer relu1 --pos 9,9", 2, None),
        ("matrix f.yaml --layer last --kernel box", 2, None),
        ("matrix --layer last", 2, None),
    ],
)
def test_what_is_no_convolution_is_refused(network, arguments, code, message):
    """Each bad request has its message, and prints nothing."""
    done = network.run(*arguments.split())
    assert (done.code, done.out) == (code, "")
    if message is not None:
        assert done.err == message
