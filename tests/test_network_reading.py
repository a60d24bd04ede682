"""Files with layers: what they say, and how it may be spelled."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc.context import STANDARD
from convcalc.errors import ConvcalcError
from convcalc.layers.table import KINDS
from convcalc.problem import DType
from convcalc.request.layer_list import SEPARABLE
from convcalc.request.request import FIELDS, NETWORK_FIELDS, read_request
from convcalc.request.resolve import DTYPES, resolve
from convcalc.request.tensor_field import read_input
from convcalc.request.weights import TENSORS
from network_files import EXAMPLES, SHAPE, network, told

SPELLINGS = [
    ("a kind by itself", "relu", "relu: {}"),
    ("a kind with nothing", "relu", "relu:"),
    ("the main argument", "max-pool: 2", "max-pool: {kernel_size: 2}"),
    ("sizes with x", "max-pool: 2x3", "max-pool: [2, 3]"),
    ("a number for every axis", "max-pool: 2", "max-pool: [2, 2]"),
    ("leaky relu", "leaky-relu: 0.1", "leaky-relu: {negative_slope: 0.1}"),
    ("bias is usual", "conv: {out_channels: 2, kernel_size: 3}", "conv: {out_channels: 2, kernel_size: 3, bias: true}"),
    ("pointwise", "pointwise: 4", "pointwise: {out_channels: 4}"),
    ("depthwise", "depthwise: {kernel_size: 3, bias: no}", "depthwise: {bias: false, kernel_size: 3}"),
    ("a constant boundary",
     "conv: {weight: box, boundary: 7, padding: 1}", "conv: {weight: box, boundary: {constant: 7}, padding: same}"),
    ("a kernel by name or numbers", "conv: {weight: sobel-x}", "conv: {weight: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]}"),
    ("sizes of a weight said again",
     "conv: {weight: box}", "conv: {weight: box, out_channels: 1, kernel_size: 3, bias: false}"),
    ("a kernel with its arguments", "conv: {weight: 'gaussian:5'}", "conv: {weight: {name: gaussian, size: 5}}"),
    ("one number for every channel", "bias: {bias: 2}", "bias: {bias: [2, 2, 2]}"),
    ("a filter in full", "conv: {weight: [[1, 2]]}", "conv: {weight: [[[[1, 2]], [[1, 2]], [[1, 2]]]]}"),
    ("kernels of a list", "conv: {weight: [sobel-x, sobel-y]}", "conv: {weight: [{name: sobel-x}, {name: sobel-y}]}"),
    ("two layers as one", "add: input", "add: {input: [input, input]}"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in SPELLINGS], ids=[row[0] for row in SPELLINGS])
def test_spellings_of_one_layer_are_equal(cli, one, other):
    """Two ways to write a layer give the same network, weights included."""
    texts = [f"{SHAPE}weights: {{random: 1}}\nlayers:\n  - {each}\n" for each in (one, other)]
    first, second = (network(cli, text) for text in texts)
    assert told(first) == told(second)


def test_two_spellings_differ_where_their_numbers_do(cli):
    """The comparison of spellings is one that can fail."""
    texts = [f"{SHAPE}layers:\n  - conv: {{weight: {each}}}\n" for each in ("sobel-x", "sobel-y")]
    first, second = (told(network(cli, text)) for text in texts)
    assert first[0][:3] == second[0][:3]
    assert first != second


def test_layers_are_named_by_kind_and_count(cli):
    """Without a name a layer has its kind and its number among those of the kind, named ones counted."""
    text = SHAPE + "layers: [relu, max-pool: 2, relu: {name: second}, relu, max-pool: 2, sigmoid]\n"
    names = [stage.name for stage in network(cli, text).stages]
    assert names == ["relu1", "max-pool1", "second", "relu3", "max-pool2", "sigmoid1"]


def test_layers_take_the_one_before_or_what_they_name(cli):
    """``input`` names an earlier layer or the network's input; an add takes several."""
    text = SHAPE + (
        "layers:\n  - relu: {name: a}\n  - tanh\n  - relu: {input: a}\n  - sigmoid: {input: input}\n"
        "  - add: a\n  - add: [a, input]\n  - add: {input: [a, tanh1]}\n"
    )
    stages = network(cli, text).stages
    assert [stage.inputs for stage in stages] == [(-1,), (0,), (0,), (-1,), (3, 0), (4, 0, -1), (0, 1)]


def test_a_depthwise_separable_layer_is_two(cli):
    """It stands for a depthwise and a pointwise layer, which have its name; its own name is that of the second."""
    one = "depthwise-separable: {out_channels: 8, kernel_size: 3, stride: 2, padding: 1, bias: false, name: s}"
    two = (
        "depthwise: {kernel_size: 3, stride: 2, padding: 1, bias: false, name: s.depthwise}\n"
        "  - pointwise: {out_channels: 8, bias: false, name: s.pointwise}"
    )
    rest = "\n  - relu\n  - relu: {input: %s}\nweights: {random: 3}\n"
    first, second = (
        told(network(cli, f"{SHAPE}layers:\n  - {text}{rest % name}"))
        for text, name in ((one, "s"), (two, "s.pointwise"))
    )
    assert first == second
    assert [each[0] for each in first] == ["s.depthwise", "s.pointwise", "relu1", "relu2"]
    assert (first[0][1].parameters, first[1][1].parameters, first[3][2]) == (27, 24, (1,))


def test_a_depthwise_separable_layer_without_a_name_is_counted(cli):
    """Its default name is its kind and number, and its first argument may stand alone if the other follows."""
    text = SHAPE + "layers:\n  - depthwise-separable: {out_channels: 2, kernel_size: 3}\n"
    names = [stage.name for stage in network(cli, text).stages]
    assert names == [f"{SEPARABLE}1.depthwise", f"{SEPARABLE}1.pointwise"]


DIMS = [
    ("a row is one spatial axis", "input: [1, 2, 3]", "relu", (1, 3)),
    ("features of a linear layer", "input: [1, 2, 3]", "linear: 2", (3,)),
    ("a batch of features", "input: [[1, 2, 3], [4, 5, 6]]", "linear: 2", (3,)),
    ("features of a bias", "input: [1, 2, 3]", "bias: {bias: 1}", (3,)),
    ("rows and columns", "input: [[1, 2, 3], [4, 5, 6]]", "relu", (1, 2, 3)),
    ("channels, rows and columns", "input: {ones: [4, 2, 3]}", "relu", (4, 2, 3)),
    ("a batch", "input: {ones: [5, 4, 2, 3]}", "relu", (4, 2, 3)),
    ("volumes", "input: {ones: [5, 4, 2, 3, 2]}", "relu", (4, 2, 3, 2)),
    ("dims said: one", "input: {ones: [4, 3]}\ndims: 1", "relu", (4, 3)),
    ("dims said: three", "input: {ones: [4, 3, 2]}\ndims: 3", "relu", (1, 4, 3, 2)),
    ("dims said: none", "input: {ones: [4, 3]}\ndims: 0", "relu", (3,)),
    ("a shape", "input: {shape: [3, 5, 7]}", "relu", (3, 5, 7)),
    ("a shape with x", "input: {shape: 3x5x7}", "relu", (3, 5, 7)),
    ("a shape of features", "input: {shape: [784]}", "linear: 2", (784,)),
    ("a shape of one number", "input: {shape: 784}", "linear: 2", (784,)),
    ("a shape and dims", "input: {shape: [3, 5, 7]}\ndims: 2", "relu", (3, 5, 7)),
]


@pytest.mark.parametrize(("said", "layer", "shape"), [row[1:] for row in DIMS], ids=[row[0] for row in DIMS])
def test_the_shape_of_the_input_follows(cli, said, layer, shape):
    """The axes that an input lacks are added, and its numbers come with a batch axis."""
    found = network(cli, f"{said}\nlayers: [{layer}]\n")
    assert found.input_shape == shape
    if found.tensor is not None:
        assert found.input().shape[1:] == shape
        assert found.input().ndim == len(shape) + 1


def test_an_image_has_rows_and_columns(cli):
    """The kind of file says what is spatial: the photograph is one channel of rows and columns."""
    pytest.importorskip("PIL")
    found = network(cli, f"input: {{file: {EXAMPLES / 'camera.png'}}}\nlayers: [max-pool: 2]\n")
    assert found.input_shape == (1, 512, 512)
    assert found.tensor.is_image
    assert found.tensor.name == str(EXAMPLES / "camera.png")


def test_the_input_can_be_replaced(cli):
    """A shape, a path or numbers take the place of the file's input; a path is relative to where one is."""
    text = SHAPE + "layers: [relu]\n"
    rows = {"in/numbers.csv": "1,2\n3,4\n"}
    shaped = network(cli, text, input_text="5x6x7")
    assert (shaped.input_shape, shaped.tensor) == ((5, 6, 7), None)
    named = network(cli, text, input_text="in/numbers.csv", files=rows)
    assert (named.input_shape, named.input().tolist()) == ((1, 2, 2), [[[[1, 2], [3, 4]]]])
    assert named.tensor.name == "in/numbers.csv"
    written = network(cli, text, input_text="[[5, 6]]")
    assert written.input().tolist() == [[[[5, 6]]]]
    ruled = network(cli, "layers: [relu]\n", input_text="{ones: [2, 3]}")
    assert ruled.input_shape == (1, 2, 3)


def test_what_else_a_network_tells(cli):
    """Its title, dtype and file are those of the request."""
    found = network(cli, SHAPE + "title: 'A [b]'\ndtype: float64\nlayers: [relu]\n")
    assert (found.title, found.dtype, found.source, found.tensor, found.number_notes) == (
        "A [b]",
        "float64",
        "f.yaml",
        None,
        [],
    )
    assert network(cli, SHAPE + "layers: [relu]\n").dtype == "auto"


def test_every_request_is_one_of_a_network(cli):
    """A file with layers, and one with a kernel: one layer that bears its name."""
    cli.write({"net.yaml": SHAPE + "layers: [relu]\n", "one.yaml": "input: [1, 2]\nkernel: [1]\n"})
    found = [resolve(read_request(name)) for name in ("net.yaml", "one.yaml", None)]
    assert [stage.name for each in found for stage in each.stages] == ["relu1", "conv", "sobel-x"]
    assert [each.is_convolution for each in found] == [False, True, True]


def test_fields_of_networks_are_fields_of_problems_where_they_are_the_same():
    """Layers, weights and the making of a picture are new, and what expect holds is told for both."""
    assert set(NETWORK_FIELDS) - set(FIELDS) == {"layers", "weights", "resize", "normalise"}


def test_the_words_of_dtypes_are_those_of_problems():
    """The words that are known without numpy are the ones that problems take."""
    assert list(DTYPES) == list(DType)


ARGUMENTS = {
    "conv": {"out_channels": 2, "kernel_size": 1},
    "pointwise": {"out_channels": 2},
    "depthwise": {"kernel_size": 1},
    "transposed-conv": {"out_channels": 2, "kernel_size": 1},
    "linear": {"out_features": 2},
    "max-pool": {"kernel_size": 1},
    "avg-pool": {"kernel_size": 1},
    "adaptive-avg-pool": {"output_size": 1},
    "adaptive-max-pool": {"output_size": 1},
    "lp-pool": {"kernel_size": 1},
    "take": {"indices": [1, 0]},
    "expand": {"shape": [6, 4, 4]},
    "constant": {"shape": [2, 3]},
    "upsample": {"scale_factor": 2},
    "group-norm": {"num_groups": 3},
    "instance-norm": {"affine": "true"},
    "reshape": {"shape": [2, -1]},
    "resize": {"size": 3},
    "permute": {"axes": [1, 0, 2]},
    "pad": {"padding": 1},
    "channel-shuffle": {"groups": 2},
    "pixel-shuffle": {"upscale_factor": 1},
    "pixel-unshuffle": {"downscale_factor": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_from_a_file(cli, kind):
    """Each kind is a layer of a file, and its weights and statistics are among the tensors that a file may give."""
    shape = "input: {shape: [6]}" if kind == "linear" else "input: {shape: [6, 4, 4]}"
    entry = f"{kind}: {ARGUMENTS.get(kind, {})}".replace("'", "")
    entry = f"{kind}: input" if KINDS[kind].joins else entry
    (stage,) = network(cli, f"{shape}\nlayers:\n  - {entry}\nweights: {{random: 0}}\n").stages
    needed = {**stage.layer.weight_shapes, **stage.layer.buffer_shapes}
    assert tuple(needed) == KINDS[kind].tensors
    assert set(needed) <= set(TENSORS)
    assert {name: array.shape for name, array in stage.values().items()} == needed


def test_an_input_without_cells_is_refused(cli):
    """Where it is said."""
    np.save(cli.folder / "e.npy", np.zeros((0, 3, 4)))
    with pytest.raises(ConvcalcError, match=r"f\.yaml:1:\d+: the input has no cells") as caught:
        network(cli, "input: {file: e.npy}\nlayers: [relu]\n").input()
    assert caught.value.hint == ""


def test_layers_without_an_input_have_none_to_read(cli):
    """Where numbers are needed the file is named."""
    cli.write({"f.yaml": "layers: [relu]\n"})
    with pytest.raises(ConvcalcError, match=r"^f.yaml: there is no input in it"):
        read_input(read_request("f.yaml"), STANDARD)
