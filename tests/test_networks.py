"""Files with layers: what they say, where the numbers of their weights come from, and every message about them."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from convcalc.errors import ConvcalcError
from convcalc.formats.layer_list import SEPARABLE
from convcalc.formats.network import DTYPES, Network, is_network, read_network
from convcalc.formats.request import FIELDS, NETWORK_FIELDS, read_request
from convcalc.formats.weights import TENSORS
from convcalc.layers.layer import How
from convcalc.layers.stack import Stack
from convcalc.layers.table import KINDS
from convcalc.limits import Limits
from convcalc.problem import DType

EXAMPLES = Path(__file__).parents[1] / "examples"
SHAPE = "input: {shape: [3, 8, 8]}\n"
ONES = "input: {ones: [3, 4, 4]}\n"


def network(cli, text, *, input_text=None, strict_finite=False, files=None, limits=None) -> Network:
    """The network of a file with this text."""
    cli.write({"f.yaml": text} | (files or {}))
    limits = limits or Limits()
    return read_network(
        read_request("f.yaml", limits), None, limits, input_text=input_text, strict_finite=strict_finite
    )


def outputs(found: Network, how=None) -> dict[str, np.ndarray]:
    """The output of every layer by its name."""
    stages = found.stack.stages
    wanted = range(len(stages))
    return {
        stages[number].name: output
        for number, output in found.stack.outputs(found.input(), how or How(found.dtype), wanted)
    }


def told(stack: Stack) -> list[tuple[object, ...]]:
    """What a stack is made of, weights read."""
    return [
        (each.name, each.layer, each.inputs, {name: array.tolist() for name, array in each.values().items()})
        for each in stack.stages
    ]


def npz(**arrays) -> bytes:
    """An archive of these arrays, a dot in each name written as two underscores."""
    from io import BytesIO

    stream = BytesIO()
    np.savez(stream, **{name.replace("__", "."): array for name, array in arrays.items()})
    return stream.getvalue()


# --- what a file says

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
    """Two ways to write a layer give the same stack, weights included."""
    texts = [f"{SHAPE}weights: {{random: 1}}\nlayers:\n  - {each}\n" for each in (one, other)]
    first, second = (network(cli, text).stack for text in texts)
    assert told(first) == told(second)


def test_two_spellings_differ_where_their_numbers_do(cli):
    """The comparison of spellings is one that can fail."""
    texts = [f"{SHAPE}layers:\n  - conv: {{weight: {each}}}\n" for each in ("sobel-x", "sobel-y")]
    first, second = (told(network(cli, text).stack) for text in texts)
    assert first[0][:3] == second[0][:3]
    assert first != second


def test_layers_are_named_by_kind_and_count(cli):
    """Without a name a layer has its kind and its number among those of the kind, named ones counted."""
    text = SHAPE + "layers: [relu, max-pool: 2, relu: {name: second}, relu, max-pool: 2, sigmoid]\n"
    names = [stage.name for stage in network(cli, text).stack.stages]
    assert names == ["relu1", "max-pool1", "second", "relu3", "max-pool2", "sigmoid1"]


def test_layers_take_the_one_before_or_what_they_name(cli):
    """``input`` names an earlier layer or the network's input; an add takes several."""
    text = SHAPE + (
        "layers:\n  - relu: {name: a}\n  - tanh\n  - relu: {input: a}\n  - sigmoid: {input: input}\n"
        "  - add: a\n  - add: [a, input]\n  - add: {input: [a, tanh1]}\n"
    )
    stages = network(cli, text).stack.stages
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
        told(network(cli, f"{SHAPE}layers:\n  - {text}{rest % name}").stack)
        for text, name in ((one, "s"), (two, "s.pointwise"))
    )
    assert first == second
    assert [each[0] for each in first] == ["s.depthwise", "s.pointwise", "relu1", "relu2"]
    assert (first[0][1].parameters, first[1][1].parameters, first[3][2]) == (27, 24, (1,))


def test_a_depthwise_separable_layer_without_a_name_is_counted(cli):
    """Its default name is its kind and number, and its first argument may stand alone if the other follows."""
    text = SHAPE + "layers:\n  - depthwise-separable: {out_channels: 2, kernel_size: 3}\n"
    names = [stage.name for stage in network(cli, text).stack.stages]
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
    assert found.stack.input_shape == shape
    if found.read_input is not None:
        assert found.input().shape[1:] == shape
        assert found.input().ndim == len(shape) + 1
        assert found.read_input().dims == len(shape) - 1


def test_an_image_has_rows_and_columns(cli):
    """The kind of file says what is spatial: the photograph is one channel of rows and columns."""
    pytest.importorskip("PIL")
    found = network(cli, f"input: {{file: {EXAMPLES / 'camera.png'}}}\nlayers: [max-pool: 2]\n")
    assert found.stack.input_shape == (1, 512, 512)
    assert found.read_input().is_image
    assert found.input_name == str(EXAMPLES / "camera.png")


def test_the_input_can_be_replaced(cli):
    """A shape, a path or numbers take the place of the file's input; a path is relative to where one is."""
    text = SHAPE + "layers: [relu]\n"
    rows = {"in/numbers.csv": "1,2\n3,4\n"}
    shaped = network(cli, text, input_text="5x6x7")
    assert (shaped.stack.input_shape, shaped.read_input) == ((5, 6, 7), None)
    named = network(cli, text, input_text="in/numbers.csv", files=rows)
    assert (named.stack.input_shape, named.input().tolist()) == ((1, 2, 2), [[[[1, 2], [3, 4]]]])
    assert named.input_name == "in/numbers.csv"
    written = network(cli, text, input_text="[[5, 6]]")
    assert written.input().tolist() == [[[[5, 6]]]]
    ruled = network(cli, "layers: [relu]\n", input_text="{ones: [2, 3]}")
    assert ruled.stack.input_shape == (1, 2, 3)


def test_what_else_a_network_tells(cli):
    """Its title, dtype and file are those of the request."""
    found = network(cli, SHAPE + "title: 'A [b]'\ndtype: float64\nlayers: [relu]\n")
    assert (found.stack.title, found.dtype, found.source, found.input_name, found.notes) == (
        "A [b]",
        "float64",
        "f.yaml",
        "",
        [],
    )
    assert network(cli, SHAPE + "layers: [relu]\n").dtype == "auto"


def test_a_request_is_one_of_a_network_or_not(cli):
    """A file with layers is, one with a kernel is not."""
    cli.write({"net.yaml": SHAPE + "layers: [relu]\n", "one.yaml": "input: [1]\nkernel: [1]\n"})
    assert [is_network(read_request(name)) for name in ("net.yaml", "one.yaml")] == [True, False]


def test_fields_of_networks_are_fields_of_problems_where_they_are_the_same():
    """Only layers and weights are new, and what expect holds is told for both."""
    assert set(NETWORK_FIELDS) - set(FIELDS) == {"layers", "weights"}


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
    "upsample": {"scale_factor": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_from_a_file(cli, kind):
    """Each kind is a layer of a file, and its weights and statistics are among the tensors that a file may give."""
    shape = "input: {shape: [6]}" if kind == "linear" else "input: {shape: [6, 4, 4]}"
    entry = f"{kind}: {ARGUMENTS.get(kind, {})}".replace("'", "") if kind != "add" else "add: input"
    (stage,) = network(cli, f"{shape}\nlayers:\n  - {entry}\nweights: {{random: 0}}\n").stack.stages
    needed = {**stage.layer.weight_shapes, **stage.layer.buffer_shapes}
    assert tuple(needed) == KINDS[kind].tensors
    assert set(needed) <= set(TENSORS)
    assert {name: array.shape for name, array in stage.values().items()} == needed


# --- S12, S13


def test_the_table_of_keras_comes_out():
    """2,400, 4,896, 1,989 and 819 parameters, 10,104 together, every output 28×28."""
    stack = read_network(read_request(str(EXAMPLES / "keras-table.yaml")), None, Limits()).stack
    assert [stage.layer.parameters for stage in stack.stages] == [2400, 4896, 1989, 819]
    assert stack.parameters == 10104
    assert [stage.layer.output_shape[1:] for stage in stack.stages] == [(28, 28)] * 4


def test_two_layers_follow_each_other():
    """The output of the first layer is 24 to 36 and 96 to 144, that of the second 270 and 1080."""
    found = read_network(read_request(str(EXAMPLES / "two-layers.yaml")), None, Limits())
    first, second = outputs(found).values()
    assert first.tolist() == [[[[24, 27], [33, 36]], [[96, 108], [132, 144]]]]
    assert second.tolist() == [[[[270]], [[1080]]]]


PUBLISHED = [
    ("lenet-5", {"C1": 156, "C3": 2416, "C5": 48120, "F6": 10164, "output": 850}),
    ("alexnet", {"conv1": 34944, "conv2": 307456, "conv3": 885120, "conv4": 663936, "conv5": 442624,
                 "fc6": 37752832, "fc7": 16781312, "fc8": 4097000}),
    ("vgg-16", {"conv1_1": 1792, "conv1_2": 36928, "conv2_1": 73856, "conv2_2": 147584, "conv3_1": 295168,
                "conv3_2": 590080, "conv3_3": 590080, "conv4_1": 1180160, "conv4_2": 2359808, "conv4_3": 2359808,
                "conv5_1": 2359808, "conv5_2": 2359808, "conv5_3": 2359808,
                "fc6": 102764544, "fc7": 16781312, "fc8": 4097000}),
    ("resnet-18-stem", {"conv1": 9408, "bn1": 128, "layer1.0.conv1": 36864, "layer1.0.bn1": 128,
                        "layer1.0.conv2": 36864, "layer1.0.bn2": 128}),
    ("mobilenet-block", {"conv1": 864, "batch-norm1": 64, "depthwise1": 288, "batch-norm2": 64, "pointwise1": 2048,
                         "batch-norm3": 128}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED)
def test_known_networks_have_their_published_parameters(name, parameters):
    """Every layer that learns has as many parameters as the literature says; the totals are in the files."""
    stack = read_network(read_request(str(EXAMPLES / f"{name}.yaml")), None, Limits()).stack
    assert {stage.name: stage.layer.parameters for stage in stack.stages if stage.layer.parameters} == parameters


def test_vgg_16_sees_212_cells_at_its_last_pool():
    """Its receptive field at pool5 is 212 cells with a jump of 32 (Araujo, Norris & Sim, 2019)."""
    stack = read_network(read_request(str(EXAMPLES / "vgg-16.yaml")), None, Limits()).stack
    assert stack.fields(stack.number("pool5")) == ((212, 32), (212, 32))


def test_multiplications_of_known_networks():
    """VGG-16 takes 15,470,264,320 of them, conv1 of ResNet-18 118,013,952, MobileNet's two 3,612,672 and 25,690,112."""
    macs = {}
    for name in ("vgg-16", "resnet-18-stem", "mobilenet-block"):
        stack = read_network(read_request(str(EXAMPLES / f"{name}.yaml")), None, Limits()).stack
        macs[name] = {stage.name: stage.layer.work.macs for stage in stack.stages}
    assert sum(macs["vgg-16"].values()) == 15_470_264_320
    assert macs["resnet-18-stem"]["conv1"] == 118_013_952
    assert (macs["mobilenet-block"]["depthwise1"], macs["mobilenet-block"]["pointwise1"]) == (3_612_672, 25_690_112)


# --- messages

# fmt: off
REFUSED = [
    # the list
    ("an empty list", "layers: []",
     "f.yaml:2:9: there are no layers in the list",
     "layers: [conv: {out_channels: 8, kernel_size: 3}, relu]", 1),
    ("a mapping of layers", "layers: {conv: 3}",
     "f.yaml:2:9: layers must be a list, got a mapping",
     "layers: [conv: {out_channels: 8, kernel_size: 3}, relu]", 1),
    ("a word for the list", "layers: conv",
     "f.yaml:2:9: layers must be a list, got 'conv'",
     "layers: [conv: {out_channels: 8, kernel_size: 3}, relu]", 1),
    ("nothing for the list", "layers:",
     "f.yaml:2:8: layers must be a list, got nothing",
     "layers: [conv: {out_channels: 8, kernel_size: 3}, relu]", 1),
    ("an unknown kind", "layers: [cnv: 3]",
     "f.yaml:2:10: unknown kind of layer 'cnv'",
     "did you mean conv?", 1),
    ("another spelling of a kind", "layers: [relu, maxpool]",
     "f.yaml:2:16: unknown kind of layer 'maxpool'",
     "did you mean max-pool or avg-pool or global-max-pool?", 1),
    ("a kind that nothing is near", "layers: [xyzzy]",
     "f.yaml:2:10: unknown kind of layer 'xyzzy'",
     "one of: adaptive-avg-pool, add, avg-pool, batch-norm, bias, conv, depthwise, depthwise-separable, "
     "flatten, global-avg-pool, global-max-pool, leaky-relu, linear, max-pool, pointwise, relu, sigmoid, "
     "softmax, tanh, transposed-conv, upsample", 1),
    ("an entry with two keys", "layers:\n  - conv: {out_channels: 4, kernel_size: 3}\n    name: x",
     "f.yaml:4:5: a layer has one kind, here are 2 keys: conv, name",
     "write conv: {…, name: …}", 1),
    ("two layers in one entry", "layers:\n  - conv: {out_channels: 4, kernel_size: 3}\n    relu:",
     "f.yaml:4:5: a layer has one kind, here are 2 keys: conv, relu",
     "begin the next layer with '- relu'", 1),
    ("a list for a layer", "layers: [[relu]]",
     "f.yaml:2:10: expected a layer, got a list",
     "layers: [conv: {out_channels: 8, kernel_size: 3}, relu]", 1),
    ("an empty mapping for a layer", "layers: [{}]",
     "f.yaml:2:10: expected a layer, got an empty mapping",
     "layers: [conv: {out_channels: 8, kernel_size: 3}, relu]", 1),
    ("an empty text for a layer", "layers: ['']",
     "f.yaml:2:10: expected a layer, got nothing",
     "layers: [conv: {out_channels: 8, kernel_size: 3}, relu]", 1),
    ("an argument too many", "layers: [relu: 3]",
     "f.yaml:2:16: relu takes no argument, got '3'",
     "write relu", 1),
    ("an unknown key", "layers: [flatten: {axis: 1}]",
     "f.yaml:2:20: flatten1: unknown key of flatten 'axis'",
     "one of: input, name", 1),
    ("a misspelt key", "layers: [conv: {out_channels: 4, kernl_size: 3}]",
     "f.yaml:2:34: conv1: unknown key of conv 'kernl_size'",
     "did you mean kernel_size?", 1),
    ("weights of a layer without", "layers: [relu: {weight: [1]}]",
     "f.yaml:2:17: relu1: unknown key of relu 'weight'",
     "one of: input, name", 1),
    ("statistics of a layer without", "layers: [flatten, linear: {out_features: 3, running_mean: [1]}]",
     "f.yaml:2:45: linear1: unknown key of linear 'running_mean'",
     "one of: bias, input, name, out_features, weight, weights", 1),
    ("a tensor that its kind has not", "layers: [bias: {weight: [1]}]",
     "f.yaml:2:17: bias1: unknown key of bias 'weight'",
     "did you mean weights?", 1),
    ("a tensor that its arguments leave out", "layers: [batch-norm: {affine: false, weight: 1}]",
     "f.yaml:2:38: batch-norm1: batch-norm has no weight as it is made here",
     "leave weight out", 1),
    ("an argument is missing", "layers: [conv: 4]",
     "f.yaml:2:16: conv1: kernel_size is missing",
     "conv: {kernel_size: …}", 1),
    ("both arguments are missing", "layers: [conv]",
     "f.yaml:2:10: conv1: out_channels and kernel_size are missing",
     "conv: {out_channels: …, kernel_size: …}", 1),
    ("arguments are missing in braces", "layers:\n  - conv: {padding: 1}",
     "f.yaml:3:11: conv1: out_channels and kernel_size are missing",
     "conv: {out_channels: …, kernel_size: …}", 1),
    ("the size of a pool is missing", "layers: [max-pool]",
     "f.yaml:2:10: max-pool1: kernel_size is missing",
     "max-pool: {kernel_size: …}", 1),
    ("stride 0", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, stride: 0}",
     "f.yaml:3:53: conv1: stride must be a whole number >= 1, got 0",
     "", 1),
    ("stride 0 on one axis", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, stride: [1, 0]}",
     "f.yaml:3:57: conv1: stride must be a whole number >= 1, got 0",
     "", 1),
    ("a stride too many", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, stride: [1, 1, 1]}",
     "f.yaml:3:53: conv1: stride has 3 entries for 2 spatial axes",
     "", 1),
    ("groups that do not divide", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, groups: 2}",
     "f.yaml:3:53: conv1: groups 2 does not divide in_channels 3",
     "groups must divide both in_channels 3 and out_channels 4; conv1 takes 3×8×8 from input", 1),
    ("a bias that is no number", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, bias: maybe}",
     "f.yaml:3:51: conv1: bias must be true, false or numbers, got 'maybe'",
     "", 1),
    ("a misspelt word", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, padding: sam}",
     "f.yaml:3:54: conv1: unknown padding 'sam'",
     "did you mean same?", 1),
    ("flip is a number", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, flip: 3}",
     "f.yaml:3:51: conv1: flip must be true or false, got '3'",
     "", 1),
    ("a boundary of a list", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, boundary: [1]}",
     "f.yaml:3:55: conv1: boundary must be a word or a number",
     "boundary: reflect, or {constant: 7}", 1),
    ("a kernel that does not fit", "layers:\n  - max-pool: 2\n  - conv: {out_channels: 4, kernel_size: 5}",
     "f.yaml:4:42: conv1: the kernel does not fit on axis 0: it reaches over 5 cells, the padded input has 4",
     "pad with at least 1 more, or take a smaller kernel; conv1 takes 3×4×4 from max-pool1", 1),
    ("a weight that does not fit", "layers:\n  - max-pool: 4\n  - conv: {weight: sobel-x}",
     "f.yaml:4:20: conv1: the kernel does not fit on axis 0: it reaches over 3 cells, the padded input has 2",
     "pad with at least 1 more, or take a smaller kernel; conv1 takes 3×2×2 from max-pool1", 1),
    ("linear before flatten", "layers:\n  - relu\n  - linear: 3",
     "f.yaml:4:13: linear1: linear needs a flat input, its input is 3×8×8",
     "put flatten before it; linear1 takes 3×8×8 from relu1", 1),
    ("conv after flatten", "layers:\n  - flatten\n  - conv: {out_channels: 4, kernel_size: 5}",
     "f.yaml:4:11: conv1: conv needs spatial axes, its input has 192 features",
     "put it before flatten; conv1 takes 192 from flatten1", 1),
    ("sizes that cannot be added", "layers:\n  - relu\n  - conv: {out_channels: 3, kernel_size: 3}\n  - add: relu1",
     "f.yaml:5:10: add1: add takes inputs of one shape: 3×6×6 and 3×8×8 differ on axis 0, 6 and 8",
     "a pointwise layer with a stride gives one the channels and the size of the other; add1 takes 3×6×6 from "
     "conv1 and 3×8×8 from relu1", 1),
    ("channels that cannot be added", "layers:\n  - relu\n  - pointwise: 5\n  - add: relu1",
     "f.yaml:5:10: add1: add takes inputs of one shape: 5×8×8 and 3×8×8 differ in channels, 5 and 3",
     "a pointwise layer with a stride gives one the channels and the size of the other; add1 takes 5×8×8 from "
     "pointwise1 and 3×8×8 from relu1", 1),
    ("nothing to add", "layers: [add]",
     "f.yaml:2:10: add1 has one input",
     "- add: relu1, or add: {input: [conv2, relu1]}", 1),
    ("one input to add", "layers:\n  - add: {input: input}",
     "f.yaml:3:18: add1 has one input",
     "- add: relu1, or add: {input: [conv2, relu1]}", 1),
    ("a name twice", "layers:\n  - conv: {out_channels: 4, kernel_size: 3, name: a}\n  - relu: {name: a}",
     "f.yaml:4:18: two layers are named 'a'",
     "give one of them another name", 1),
    ("a name that is given before it is made",
     "layers:\n  - conv: {out_channels: 4, kernel_size: 3, name: relu1}\n  - relu",
     "f.yaml:4:5: two layers are named 'relu1'",
     "give one of them another name", 1),
    ("a name that was made before it is given",
     "layers:\n  - relu\n  - conv: {out_channels: 4, kernel_size: 3, name: relu1}",
     "f.yaml:4:51: two layers are named 'relu1'",
     "give one of them another name", 1),
    ("the name of a part",
     "layers:\n  - depthwise-separable: {out_channels: 3, kernel_size: 3, name: s}\n  - relu: {name: s.pointwise}",
     "f.yaml:4:18: two layers are named 's.pointwise'",
     "give one of them another name", 1),
    ("the name of two parts",
     "layers:\n  - depthwise-separable: {out_channels: 3, kernel_size: 3, name: s}\n  - relu: {name: s}",
     "f.yaml:4:18: two layers are named 's'",
     "give one of them another name", 1),
    ("the name of the input", "layers:\n  - relu: {name: input}",
     "f.yaml:3:18: 'input' is the input of the network",
     "leave name out, or choose another", 1),
    ("an empty name", "layers:\n  - relu: {name: ''}",
     "f.yaml:3:18: a name cannot be empty",
     "leave name out, or choose another", 1),
    ("a list for a name", "layers:\n  - relu: {name: [1]}",
     "f.yaml:3:18: name must be a text, got a list",
     "", 1),
    ("a name of 201 characters", "layers:\n  - relu: {name: " + "x" * 201 + "}",
     "f.yaml:3:18: a name of 201 characters, at most 200",
     "raise it with --limit name=400", 3),
    ("a layer that comes after", "layers:\n  - relu: {input: relu2}\n  - relu",
     "f.yaml:3:19: relu1 takes 'relu2', which comes after it: a cycle",
     "a layer takes earlier ones by their names, or input", 1),
    ("its own output", "layers:\n  - relu: {input: relu1}",
     "f.yaml:3:19: relu1 takes its own output: a cycle",
     "a layer takes earlier ones by their names, or input", 1),
    ("a residual that comes after", "layers:\n  - add: relu1\n  - relu",
     "f.yaml:3:10: add1 takes 'relu1', which comes after it: a cycle",
     "a layer takes earlier ones by their names, or input", 1),
    ("an unknown layer", "layers:\n  - relu\n  - relu: {input: rleu1}",
     "f.yaml:4:19: unknown layer 'rleu1'",
     "did you mean relu1?", 1),
    ("several inputs for one", "layers:\n  - relu: {input: [relu1]}",
     "f.yaml:3:19: relu1 takes a layer by its name, got a list",
     "a layer takes earlier ones by their names, or input", 1),
    ("nothing for an input", "layers:\n  - relu: {input: }",
     "f.yaml:3:19: relu1 takes a layer by its name, got nothing",
     "a layer takes earlier ones by their names, or input", 1),
    ("a field of one convolution", "stride: 2\nlayers: [relu]",
     "f.yaml:2:1: stride belongs in a layer",
     "layers: [conv: {…, stride: …}]", 1),
    ("the kernel beside the layers", "kernel: sobel-x\nlayers: [relu]",
     "f.yaml:2:1: kernel belongs in a layer",
     "layers: [conv: {…, weight: …}]", 1),
    ("misspelt layers", "lyers: [relu]",
     "f.yaml:2:1: unknown field 'lyers'",
     "did you mean layers?", 1),
    ("a misspelt field of a network", "layers: [relu]\nwieghts: {random: 0}",
     "f.yaml:3:1: unknown field 'wieghts'",
     "did you mean weights?", 1),
    ("weights without layers", "weights: {random: 3}\nkernel: box",
     "f.yaml:2:1: unknown field 'weights'",
     "weights stand beside layers; of one convolution write kernel: [[0, 1], [1, 0]]", 1),
    ("a number for weights", "layers: [relu]\nweights: 3",
     "f.yaml:3:10: weights are a mapping that says where they come from",
     "weights: {file: weights.npz}, or {random: 0}", 1),
    ("empty weights", "layers: [relu]\nweights: {}",
     "f.yaml:3:10: weights are a mapping that says where they come from, this one is empty",
     "weights: {file: weights.npz}, or {random: 0}", 1),
    ("a misspelt source of weights", "layers: [relu]\nweights: {rnadom: 3}",
     "f.yaml:3:11: unknown key of weights 'rnadom'",
     "did you mean random?", 1),
    ("a seed that is no number", "layers: [relu]\nweights: {random: x}",
     "f.yaml:3:19: random must be a whole number >= 0, got 'x'",
     "", 1),
    ("two sources of weights", "layers: [relu]\nweights: {random: 3, file: x}",
     "f.yaml:3:10: weights come from a file or are random, not both",
     "weights: {file: weights.npz}, or {random: 0}", 1),
    ("a key beside the file of weights", "layers: [relu]\nweights: {file: x.npz, name: y}",
     "f.yaml:3:24: unknown key of weights 'name'",
     "one of: file", 1),
    ("a name in no file", "layers:\n  - conv: {out_channels: 2, kernel_size: 1, weights: features.0}",
     "f.yaml:3:54: conv1: weights 'features.0' is a name in a file, and the network has none",
     "beside layers, write weights: {file: PATH}", 1),
    ("a list for a layer's weights", "layers:\n  - conv: {out_channels: 2, kernel_size: 1, weights: [1]}",
     "f.yaml:3:54: conv1: weights are a mapping that says where they come from",
     "weights: {file: weights.npz}, or {random: 0}", 1),
    ("an unknown kernel", "layers:\n  - conv: {weight: sobl-x}",
     "f.yaml:3:20: conv1: unknown kernel 'sobl-x'",
     "did you mean sobel-x or sobel-y or sobel-3d-x?", 1),
    ("an unknown kernel of a list", "layers:\n  - conv: {weight: [box, sobl-x]}",
     "f.yaml:3:26: conv1: unknown kernel 'sobl-x'",
     "did you mean sobel-x or sobel-y or sobel-3d-x?", 1),
    ("a word in a weight", "layers:\n  - conv: {weight: [[1, x]]}",
     "f.yaml:3:25: conv1: expected a number, got 'x'",
     "", 1),
    ("a ragged weight", "layers:\n  - conv: {weight: [[1, 2], [3]]}",
     "f.yaml:3:29: conv1: row 2 has 1 value, row 1 has 2",
     "", 1),
    ("kernels of two sizes", "layers:\n  - conv: {weight: [sobel-x, 'gaussian:5']}",
     "f.yaml:3:20: conv1: the kernels of one problem must have one size, these have 3×3 and 5×5",
     "pad the smaller ones with zeros; conv1 takes 3×8×8 from input", 1),
    ("fewer kernels than output channels",
     "layers:\n  - conv: {weight: [sobel-x, box], out_channels: 3, kernel_size: 3}",
     "f.yaml:3:20: conv1: weight has shape 2×3×3×3, the layer needs 3×3×3×3",
     "its axes are (out_channels, in_channels / groups, *kernel_size)", 1),
    ("another size than the kernel's", "layers:\n  - conv: {weight: sobel-x, kernel_size: 5}",
     "f.yaml:3:20: conv1: weight has shape 1×3×3×3, the layer needs 1×3×5×5",
     "its axes are (out_channels, in_channels / groups, *kernel_size)", 1),
    ("planes for other channels", "layers:\n  - conv: {weight: {ones: [2, 2, 3, 3]}}",
     "f.yaml:3:20: conv1: weight has shape 2×2×3×3, the layer needs 2×3×3×3",
     "its axes are (out_channels, in_channels / groups, *kernel_size)", 1),
    ("an unknown rule", "layers:\n  - conv: {weight: {onse: [2, 2, 3, 3]}}",
     "f.yaml:3:21: conv1: unknown source of numbers 'onse'",
     "did you mean ones?", 1),
    ("a bias of two for one", "layers:\n  - conv: {weight: sobel-x, bias: [1, 2]}",
     "f.yaml:3:35: conv1: bias has shape 2, the layer needs 1",
     "", 1),
    ("a matrix for other features", "layers:\n  - flatten\n  - linear: {weight: [[1, 2], [3, 4]]}",
     "f.yaml:4:22: linear1: weight has shape 2×2, the layer needs 2×192",
     "its axes are (out_features, in_features)", 1),
    ("a row for a matrix", "layers:\n  - flatten\n  - linear: {weight: [1, 2]}",
     "f.yaml:4:13: linear1: out_features is missing, and its weight of 2 does not tell",
     "linear: {out_features: …}", 1),
    ("a number for a matrix", "layers:\n  - flatten\n  - linear: {weight: 3, out_features: 2}",
     "f.yaml:4:22: linear1: weight is one number, the layer needs 2×192",
     "its axes are (out_features, in_features)", 1),
    ("a kernel for a matrix", "layers:\n  - flatten\n  - linear: {weight: sobel-x}",
     "f.yaml:4:22: linear1: weight must be numbers, got 'sobel-x'",
     "{file: sobel-x} for a file", 1),
    ("a negative eps", "layers:\n  - batch-norm: {eps: -1}",
     "f.yaml:3:23: batch-norm1: eps must be a number >= 0, got -1",
     "", 1),
    ("statistics for other channels", "layers:\n  - batch-norm: {running_mean: [1, 2]}",
     "f.yaml:3:32: batch-norm1: running_mean has shape 2, the layer needs 3",
     "", 1),
    ("a slope that is no number", "layers:\n  - leaky-relu: x",
     "f.yaml:3:17: leaky-relu1: negative_slope must be a number, got 'x'",
     "", 1),
    ("a factor of 1.5", "layers:\n  - upsample: 1.5",
     "f.yaml:3:15: upsample1: scale_factor must be a whole number >= 1, got 1.5",
     "", 1),
    ("a weight for two layers", "layers:\n  - depthwise-separable: {out_channels: 3, kernel_size: 3, weight: x}",
     "f.yaml:3:60: unknown key of depthwise-separable 'weight'",
     "did you mean weights?", 1),
    ("depthwise-separable without a size", "layers:\n  - depthwise-separable: 3",
     "f.yaml:3:26: depthwise-separable1.depthwise: kernel_size is missing",
     "depthwise-separable: {kernel_size: …}", 1),
    ("depthwise-separable without channels", "layers:\n  - depthwise-separable: {kernel_size: 3}",
     "f.yaml:3:26: depthwise-separable1.pointwise: out_channels is missing",
     "depthwise-separable: {out_channels: …}", 1),
    ("an unknown dtype", "layers: [relu]\ndtype: float16",
     "f.yaml:3:8: unknown dtype 'float16'",
     "one of: auto, exact, float32, float64", 1),
    ("dims against the shape", "layers: [relu]\ndims: 3",
     "f.yaml:3:7: shape 3×8×8 has 2 spatial axes, dims is 3",
     "shape is [channels, spatial …] of one sample", 1),
    ("a list for the title", "layers: [relu]\ntitle: [3]",
     "f.yaml:3:8: title must be a text, got a list",
     "", 1),
    ("no input", "@layers: [relu]",
     "f.yaml:1:9: a network needs the shape of its input",
     "input: {shape: [3, 224, 224]}, or its numbers", 1),
    ("a shape of zero", "@input: {shape: [3, 0, 8]}\nlayers: [relu]",
     "f.yaml:1:20: a size of shape must be a whole number >= 1, got 0",
     "", 1),
    ("a shape of words", "@input: {shape: [rgb]}\nlayers: [relu]",
     "f.yaml:1:17: a size of shape must be a whole number >= 1, got 'rgb'",
     "", 1),
    ("an empty shape", "@input: {shape: []}\nlayers: [relu]",
     "f.yaml:1:16: shape takes 1 to 8 sizes, got 0",
     "", 1),
    ("a shape of nine axes", "@input: {shape: [1, 1, 1, 1, 1, 1, 1, 1, 1]}\nlayers: [relu]",
     "f.yaml:1:16: shape takes 1 to 8 sizes, got 9",
     "", 1),
    ("a key beside the shape", "@input: {shape: [3], file: x}\nlayers: [relu]",
     "f.yaml:1:21: unknown key beside 'shape' 'file'",
     "leave file out", 1),
    ("an input of a word", "@input: [a]\nlayers: [relu]",
     "f.yaml:1:9: expected a number, got 'a'",
     "", 1),
    ("an input that is missing", "@input: {file: no.png}\nlayers: [relu]",
     "f.yaml:1:8: no such file: no.png",
     "", 1),
    ("an input of six axes", "@input: {ones: [1, 1, 1, 1, 1, 1]}\nlayers: [relu]",
     "f.yaml:1:8: the input has 6 axes, of which it is not said how many are spatial",
     "dims: 4, and a batch and channels before them", 1),
    ("dims that the input has not", "@input: [[1, 2]]\ndims: 3\nlayers: [relu]",
     "f.yaml:2:7: the input has 2 axes, which does not go with dims 3",
     "with dims 3 it is [batch,] [channel,] and 3 spatial", 1),
    ("dims that are no number", "@input: [[1, 2]]\ndims: two\nlayers: [relu]",
     "f.yaml:2:7: dims must be a whole number >= 0, got 'two'",
     "", 1),
    ("the rules of an input", "@input: {shpe: [3]}\nlayers: [relu]",
     "f.yaml:1:9: unknown source of numbers 'shpe'",
     "one of: arange, file, impulse, ones, random, zeros", 1),
]
# fmt: on


@pytest.mark.parametrize(
    ("text", "message", "hint", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_bad_file_is_refused_with_its_place(cli, text, message, hint, code):
    """What is wrong with a file is said in one sentence with its line and column, and how to mend it."""
    text = text[1:] if text.startswith("@") else SHAPE + text
    with pytest.raises(ConvcalcError) as refused:
        network(cli, f"{text}\n")
    error = refused.value
    assert (f"{error.place}: {error.message}", error.hint, error.exit_code) == (message, hint, code)


def test_names_from_files_are_escaped_where_they_are_printed(cli):
    """A layer named by escape codes is shown by what they are."""
    cli.write({"f.yaml": SHAPE + 'layers:\n  - conv: {out_channels: 0, kernel_size: 3, name: "\\e[2J"}\nexpect: {}\n'})
    done = cli.run("check", "f.yaml", "-q")
    assert done == (1, "", "error: f.yaml:3:26: \\x1b[2J: out_channels must be a whole number >= 1, got 0\n")


# --- weights

NAMED = (
    "layers:\n  - conv: {out_channels: 2, kernel_size: 1}\n  - relu\n"
    "  - conv: {out_channels: 1, kernel_size: 1, bias: false}\n"
)
CONV1 = np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1)
BIAS1 = np.array([10, -100], dtype=np.float32)
CONV2 = np.ones((1, 2, 1, 1), dtype=np.float32)


def arrays_of(kind, tmp_path, **arrays) -> dict[str, bytes]:
    """A file of weights of each kind that holds named arrays."""
    named = {name.replace("__", "."): array for name, array in arrays.items()}
    if kind == "npz":
        return {"w/model.npz": npz(**arrays)}
    safetensors = pytest.importorskip("safetensors.numpy")
    return {"w/model.safetensors": safetensors.save(named)}


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_weights_come_from_a_file_by_the_names_of_layers(cli, tmp_path, kind):
    """``<layer>.weight`` and ``<layer>.bias``; the file's path is relative to the file that names it."""
    files = arrays_of(kind, tmp_path, conv1__weight=CONV1, conv1__bias=BIAS1, conv2__weight=CONV2, other=CONV1)
    (name,) = files
    text = f"{ONES}weights: {{file: {name}}}\n{NAMED}"
    found = outputs(network(cli, text, files=files))
    assert found["conv1"][0, :, 0, 0].tolist() == [0 + 1 + 2 + 10, 3 + 4 + 5 - 100]
    assert found["conv2"][0, :, 0, 0].tolist() == [13]
    assert found["conv2"].dtype == np.float32


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_a_layer_names_its_weights_in_the_file(cli, tmp_path, kind):
    """``weights: features.0`` is what stands before ``.weight`` and ``.bias`` there."""
    files = arrays_of(kind, tmp_path, features__0__weight=CONV1, features__0__bias=BIAS1)
    layer = "conv: {out_channels: 2, kernel_size: 1, weights: features.0}"
    text = f"{ONES}weights: {{file: {next(iter(files))}}}\nlayers: [{layer}]\n"
    values = network(cli, text, files=files).stack.stages[0].values()
    np.testing.assert_array_equal(values["weight"], CONV1)
    np.testing.assert_array_equal(values["bias"], BIAS1)


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_missing_arguments_follow_from_the_file(cli, tmp_path, kind):
    """What is not said of a layer's sizes is read from the header of its weight."""
    weight = np.zeros((4, 3, 5, 3), dtype=np.float32)
    files = arrays_of(kind, tmp_path, conv1__weight=weight, linear1__weight=np.zeros((7, 4 * 4 * 6), np.float32))
    layers = "[conv: {bias: false}, flatten, linear: {bias: no}]"
    text = f"{SHAPE}weights: {{file: {next(iter(files))}}}\nlayers: {layers}\n"
    shapes = [stage.layer.output_shape for stage in network(cli, text, files=files).stack.stages]
    assert shapes == [(4, 4, 6), (96,), (7,)]


FOLLOWING = [
    ("conv", "conv: {weight: {ones: [6, 1, 2, 5]}, groups: 3}", (6, 7, 4)),
    ("a named kernel", "conv: {weight: [sobel-x, box, sharpen]}", (3, 6, 6)),
    ("depthwise", "depthwise: {weight: sobel-x}", (3, 6, 6)),
    ("pointwise", "pointwise: {weight: {ones: [5, 3, 1, 1]}}", (5, 8, 8)),
    ("transposed", "transposed-conv: {weight: {ones: [3, 2, 4, 2]}, stride: 2}", (2, 18, 16)),
    ("transposed in groups", "transposed-conv: {weight: {ones: [3, 2, 4, 2]}, groups: 3}", (6, 11, 9)),
    ("only the size", "conv: {weight: {ones: [6, 3, 2, 5]}, out_channels: 6}", (6, 7, 4)),
]


@pytest.mark.parametrize(("layer", "shape"), [row[1:] for row in FOLLOWING], ids=[row[0] for row in FOLLOWING])
def test_sizes_follow_from_a_weight(cli, layer, shape):
    """Channels and kernel size are those of the weight that is given, which has no bias then unless one is given."""
    (stage,) = network(cli, f"{SHAPE}layers:\n  - {layer}\n").stack.stages
    assert stage.layer.output_shape == shape
    assert set(stage.values()) == {"weight"}


def test_features_follow_from_a_weight(cli):
    """A linear layer has as many features as its matrix has rows."""
    (stage,) = network(
        cli, "input: [1, 2]\nlayers:\n  - linear: {weight: [[1, 2], [3, 4], [5, 6]], bias: 1/2}\n"
    ).stack.stages
    assert stage.layer.output_shape == (3,)
    assert stage.values()["bias"].tolist() == [Fraction(1, 2)] * 3


def test_kernels_of_a_layer_are_those_of_one_convolution(cli):
    """A layer with kernels by name gives what a problem file with them gives, fractions kept exact."""
    from convcalc.engine.compute import compute
    from convcalc.formats.resolve import resolve

    shared = "input: {random: [3, 9, 9]}\ndtype: exact\n"
    layer = "weight: [box, sobel-x], padding: same, boundary: reflect, bias: [1/3, 2]"
    problem = layer.replace("weight", "kernel").replace("], ", "]\n").replace("e, ", "e\n").replace("t, ", "t\n")
    cli.write({"one.yaml": f"{shared}{problem}\n"})
    expected = compute(resolve(read_request("one.yaml"))).output
    (output,) = outputs(network(cli, f"{shared}layers:\n  - conv: {{{layer}}}\n")).values()
    assert output.dtype == object
    np.testing.assert_array_equal(output, expected)


def test_depthwise_kernels_are_applied_to_each_channel(cli):
    """A named kernel of a depthwise layer has one plane, and each channel its own output."""
    (stage,) = network(cli, f"{SHAPE}layers:\n  - depthwise: {{weight: [sobel-x, sobel-y]}}\n").stack.stages
    weight = stage.values()["weight"]
    assert weight.shape == (6, 1, 3, 3)
    np.testing.assert_array_equal(weight[::2], np.stack([weight[0]] * 3))
    np.testing.assert_array_equal(weight[1], weight[0].swapaxes(1, 2))


def test_weights_of_a_layer_take_precedence(cli, tmp_path):
    """Tensors of a layer come first, then what it says of its weights, then what the file says."""
    files = {
        "a.npz": npz(conv1__weight=CONV1, conv1__bias=BIAS1),
        "b.npz": npz(conv2__weight=CONV1 + 1, conv2__bias=BIAS1),
    }
    text = (
        f"{ONES}weights: {{file: a.npz}}\nlayers:\n  - conv: {{out_channels: 2, kernel_size: 1, bias: [1, 2]}}\n"
        "  - conv: {out_channels: 2, kernel_size: 1, input: input, weights: {file: b.npz}}\n"
        "  - conv: {out_channels: 2, kernel_size: 1, input: input, weights: {random: 1}}\n"
        "  - conv: {out_channels: 2, kernel_size: 1, input: input, weights: conv1}\n"
    )
    first, second, third, fourth = (stage.values() for stage in network(cli, text, files=files).stack.stages)
    assert (first["weight"].tolist(), first["bias"].tolist()) == (CONV1.tolist(), [1, 2])
    np.testing.assert_array_equal(second["weight"], CONV1 + 1)
    assert np.abs(third["weight"]).max() <= 1 / sqrt(3)
    np.testing.assert_array_equal(fourth["bias"], BIAS1)


# --- what is read, and when


def test_weights_are_read_when_a_layer_runs(cli):
    """A damaged tensor above is not looked at by the layers below it, nor any file for the shapes."""
    good = npz(conv1__weight=CONV1, conv1__bias=BIAS1, conv2__weight=CONV2)
    at = good.index(b"conv2.weight.npy")
    damaged = good[: at + 40] + bytes(len(good[at + 40 : at + 140])) + good[at + 140 :]
    text = f"{ONES}weights: {{file: model.npz}}\n{NAMED}"
    found = network(cli, text, files={"model.npz": damaged})
    assert [number for number, _ in found.stack.outputs(found.input(), wanted=[1])] == [0, 1]
    with pytest.raises(ConvcalcError, match=r"^f.yaml|model.npz") as refused:
        list(found.stack.outputs(found.input()))
    assert refused.value.message.startswith("conv2: ")
    (cli.folder / "model.npz").unlink()
    assert network(cli, text).stack.parameters == 10


def test_a_tensor_with_a_file_of_its_own_is_read_when_its_layer_runs(cli):
    """Such a file need not be there for the shapes."""
    text = f"{ONES}layers:\n  - conv: {{out_channels: 1, kernel_size: 1, weight: {{file: w.npy}}}}\n"
    found = network(cli, text)
    assert found.stack.parameters == 3
    with pytest.raises(ConvcalcError, match=r"f.yaml:3:53: conv1: no such file: w.npy"):
        found.stack.stages[0].values()
    np.save(cli.folder / "w.npy", CONV1[:1])
    np.testing.assert_array_equal(found.stack.stages[0].values()["weight"], CONV1[:1])


def test_shapes_are_read_without_numpy():
    """Reading a network without numbers, with weights in files or random, loads no numpy; with numbers it does."""
    from test_architecture import loaded

    program = (
        "from convcalc.formats.network import read_network\nfrom convcalc.formats.request import read_request\n"
        "from convcalc.limits import Limits\n"
        "stack = read_network(read_request({path!r}), None, Limits()).stack\n"
        "assert stack.parameters and stack.fields(len(stack.stages) - 1)"
    )
    for name in ("keras-table", "lenet-5", "alexnet", "vgg-16", "resnet-18-stem", "mobilenet-block"):
        path = str(EXAMPLES / f"{name}.yaml")
        assert loaded(program.format(path=path), "numpy", "rich", "typer", "PIL", "yaml") == "yaml"
    assert loaded(program.format(path=str(EXAMPLES / "two-layers.yaml")), "numpy") == "numpy"


# --- random weights


def test_random_weights_are_the_same_again(cli):
    """A seed gives the same numbers each time, another seed or another layer others."""
    conv = "conv: {out_channels: 3, kernel_size: 3, padding: 1}"
    text = f"{SHAPE}layers: [{conv}, {conv}]\n"
    first, again, other = (network(cli, f"{text}weights: {{random: {seed}}}\n").stack.stages for seed in (5, 5, 6))
    for name in ("weight", "bias"):
        np.testing.assert_array_equal(first[0].values()[name], again[0].values()[name])
        assert (first[0].values()[name] != other[0].values()[name]).all()
        assert (first[0].values()[name] != first[1].values()[name]).all()


def test_random_weights_of_a_layer_depend_on_no_other(cli):
    """The second layer has the same weights whatever the first is, and whichever is read first."""
    rest = "conv: {out_channels: 3, kernel_size: 3}"
    texts = [f"{SHAPE}weights: {{random: 5}}\nlayers: [{first}, {rest}]\n" for first in ("relu", "pointwise: 3")]
    stages = [network(cli, text).stack.stages for text in texts]
    stages[0][0].values()
    for name, array in stages[0][1].values().items():
        np.testing.assert_array_equal(array, stages[1][1].values()[name])


PEERS = [
    ("conv: {out_channels: 32, kernel_size: [3, 5], groups: 2}", "Conv2d", (8, 32, (3, 5)), {"groups": 2}),
    ("transposed-conv: {out_channels: 32, kernel_size: 5, groups: 4}", "ConvTranspose2d", (8, 32, 5), {"groups": 4}),
    ("linear: 300", "Linear", (8, 300), {}),
]


@pytest.mark.parametrize(("layer", "peer", "sizes", "options"), PEERS, ids=[row[1] for row in PEERS])
def test_random_weights_lie_within_the_bounds_of_pytorch(cli, layer, peer, sizes, options):
    """They fill the range that PyTorch's fill, for the weight and for the bias, and are as spread."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = getattr(torch.nn, peer)(*sizes, **options)
    shape = "[8]" if peer == "Linear" else "[8, 9, 9]"
    text = f"input: {{shape: {shape}}}\nlayers:\n  - {layer}\nweights: {{random: 0}}\n"
    ours = network(cli, text).stack.stages[0].values()
    for name in ("weight", "bias"):
        reference = getattr(theirs, name).detach().numpy()
        assert (ours[name].shape, ours[name].dtype) == (reference.shape, np.float32)
        np.testing.assert_allclose(np.abs(ours[name]).max(), np.abs(reference).max(), rtol=0.15)
        np.testing.assert_allclose(ours[name].std(), reference.std(), rtol=0.25)
    assert abs(ours["weight"].mean()) < ours["weight"].std() / 10


def test_a_random_normalisation_changes_nothing(cli):
    """Its weight and variance are 1, its bias and mean 0, as in a new layer of PyTorch's; a lone bias is 0."""
    stages = network(cli, f"{SHAPE}layers: [batch-norm, bias]\nweights: {{random: 0}}\n").stack.stages
    norm, bias = (stage.values() for stage in stages)
    assert {name: set(array.tolist()) for name, array in norm.items()} == {
        "weight": {1.0},
        "bias": {0.0},
        "running_mean": {0.0},
        "running_var": {1.0},
    }
    assert bias["bias"].tolist() == [0.0, 0.0, 0.0]


def test_random_weights_that_are_too_large_are_refused(cli):
    """A layer of two terabytes is refused before anything is taken."""
    text = "input: {shape: [1000000]}\nlayers: [linear: 1000000]\nweights: {random: 0}\n"
    (stage,) = network(cli, text, limits=Limits(memory=1 << 30)).stack.stages
    with pytest.raises(ConvcalcError) as refused:
        stage.values()
    assert str(refused.value).startswith(
        "f.yaml:2:18: linear1: its weight needs 3.6 TiB of memory, 1.0 GiB may be used"
    )
    assert refused.value.exit_code == 3


# --- weights that cannot be used

AT_RUN = [
    ("no weights", "layers: [conv: {out_channels: 1, kernel_size: 1}]\n", {},
     "f.yaml:2:16: conv1: conv has no weights, only shapes",
     "give its weight, a file of weights, or weights: {random: 0}"),
    ("no bias beside a weight", "layers: [conv: {weight: box, bias: true}]\n", {},
     "f.yaml:2:16: conv1: it has no bias, only the shape 1", "give bias"),
    ("no variance", "layers: [batch-norm: {weight: 1, bias: 0, running_mean: 0}]\n", {},
     "f.yaml:2:22: batch-norm1: it has no running_var, only the shape 3", "give running_var"),
    ("another name",
     "layers: [conv: {out_channels: 2, kernel_size: 1, name: conv}]\nweights: {file: m.npz}\n",
     {"m.npz": npz(conv1__weight=CONV1)},
     "f.yaml:2:16: conv: unknown array in m.npz 'conv.weight'", "did you mean conv1.weight?"),
    ("another shape",
     "layers: [conv: {out_channels: 3, kernel_size: 1}]\nweights: {file: m.npz}\n", {"m.npz": npz(conv1__weight=CONV1)},
     "f.yaml:2:16: conv1: weight has shape 2×3×1×1, the layer needs 3×3×1×1",
     "its axes are (out_channels, in_channels / groups, *kernel_size)"),
    ("another shape of its own file",
     "layers: [conv: {out_channels: 3, kernel_size: 1, weight: {file: w.npy}}]\n", {"w.npy": CONV1},
     "f.yaml:2:58: conv1: weight has shape 2×3×1×1, the layer needs 3×3×1×1",
     "its axes are (out_channels, in_channels / groups, *kernel_size)"),
    ("one number for a weight",
     "layers: [flatten, linear: {out_features: 3}]\nweights: {file: m.npz}\n",
     {"m.npz": npz(linear1__weight=np.float32(1))},
     "f.yaml:2:27: linear1: weight is one number, the layer needs 3×48", "its axes are (out_features, in_features)"),
    ("text", "layers: [bias]\nweights: {file: m.npz}\n", {"m.npz": npz(bias1__bias=np.array(["a", "b", "c"]))},
     "m.npz:bias1.bias: bias1: the .npy file holds text", "save it as real numbers"),
    ("complex numbers", "layers: [bias]\nweights: {file: m.npz}\n", {"m.npz": npz(bias1__bias=np.array([1j, 2, 3]))},
     "m.npz:bias1.bias: bias1: the .npy file holds complex numbers", "save it as real numbers"),
    ("no file", "layers: [bias]\nweights: {file: no.npz}\n", {},
     "f.yaml:2:10: bias1: no such file: no.npz", ""),
    ("one array for all", "layers: [bias]\nweights: {file: w.npy}\n", {"w.npy": BIAS1},
     "w.npy: bias1: weights of several layers come from a .npz or .safetensors file, this is a .npy file",
     "give it to one layer: weight: {file: PATH}"),
    ("one member for all", "layers: [bias]\nweights: {file: 'm.npz:a'}\n", {"m.npz": npz(a=BIAS1)},
     "m.npz: bias1: weights of several layers come from a .npz or .safetensors file, this is one array of m.npz",
     "give it to one layer: weight: {file: PATH}"),
    ("a truncated archive", "layers: [bias]\nweights: {file: m.npz}\n", {"m.npz": npz(bias1__bias=BIAS1)[:-30]},
     "m.npz: bias1: the .npz archive is damaged (File is not a zip file)", ""),
    ("a truncated file", "layers: [bias]\nweights: {file: m.safetensors}\n", {"m.safetensors": b"\x10\0\0\0\0\0\0\0{"},
     "m.safetensors: bias1: the .safetensors file is truncated: a header of 16 B, 1 B are there", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "files", "message", "hint"), [row[1:] for row in AT_RUN], ids=[row[0] for row in AT_RUN]
)
def test_weights_that_cannot_be_used_are_refused_when_the_layer_runs(cli, text, files, message, hint):
    """The shapes are there all the same; the error says which layer, which tensor, and where."""
    written = {}
    for name, content in files.items():
        if isinstance(content, np.ndarray):
            np.save(cli.folder / name, content)
        else:
            written[name] = content
    found = network(cli, ONES + text, files=written)
    assert found.stack.stages
    with pytest.raises(ConvcalcError) as refused:
        list(found.stack.outputs(found.input()))
    assert (f"{refused.value.place}: {refused.value.message}", refused.value.hint) == (message, hint)


NOT_FINITE = [
    ("written out",
     "layers: [conv: {weight: [[1, .inf]]}]\n", "conv1: weight: 1 value is not finite, the first (inf) at [0, 1]"),
    ("a file of all",
     "layers: [conv: {out_channels: 2, kernel_size: 1, bias: false}]\nweights: {file: m.npz}\n",
     "conv1: weight: 1 value is not finite, the first (inf) at [1, 2, 0, 0]"),
    ("a file of its own",
     "layers: [conv: {weight: {file: 'm.npz:conv1.weight'}}]\n",
     "conv1: weight: 1 value is not finite, the first (inf) at [1, 2, 0, 0]"),
    ("a bias",
     "layers: [bias: {bias: [1, -.inf, 3]}]\n", "bias1: bias: 1 value is not finite, the first (-inf) at [1]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "note"), [row[1:] for row in NOT_FINITE], ids=[row[0] for row in NOT_FINITE])
def test_weights_that_are_infinite_are_noted_or_refused(cli, text, note):
    """They are computed with, and a note says where; asked for finite ones they are refused."""
    weight = CONV1.copy()
    weight[1, 2] = np.inf
    files = {"m.npz": npz(**{"conv1__weight": weight})}
    found = network(cli, ONES + text, files=files)
    outputs(found)
    outputs(found)
    assert found.notes == [note]
    with pytest.raises(ConvcalcError) as refused:
        outputs(network(cli, ONES + text, files=files, strict_finite=True))
    layer, tensor, _ = note.split(": ", 2)
    assert refused.value.message.startswith(f"{layer}: {tensor}: ")
    assert " not finite, the first (" in refused.value.message
    assert refused.value.hint == "leave --strict-finite out"
    assert refused.value.place.line == 2


NAN_HINT = "nan spoils every sum that it comes into: write a number, or save the weights again"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers: [bias: {bias: [1, .nan, 3]}]\n", "f.yaml:2:23: bias1: bias: 1 value is nan, the first at [1]"),
        ("layers: [bias]\nweights: {file: m.npz}\n", "f.yaml:2:10: bias1: bias: 2 values are nan, the first at [0]"),
    ],
)
def test_weights_that_are_nan_are_refused(cli, text, message):
    """Nothing but nan would come of them; the error says which layer, which tensor and where."""
    with pytest.raises(ConvcalcError) as refused:
        outputs(network(cli, ONES + text, files={"m.npz": npz(bias1__bias=np.array([np.nan, 1, np.nan]))}))
    assert (f"{refused.value.place}: {refused.value.message}", refused.value.hint) == (message, NAN_HINT)


def test_an_input_that_is_not_finite_is_refused_if_asked(cli):
    """Asked for finite numbers the input is looked through too."""
    text = "input: [1, .nan]\nlayers: [relu]\n"
    assert np.isnan(outputs(network(cli, text))["relu1"]).sum() == 1
    with pytest.raises(
        ConvcalcError, match=r"f.yaml:1:8: input: 1 value is not finite, the first \(nan\) at \[0, 0, 1\]"
    ):
        network(cli, text, strict_finite=True)


def test_what_was_converted_is_noted(cli):
    """Half precision is read as float32, and the note says of which layer's tensor."""
    half = np.array([1, 2, 3], dtype=np.float16)
    found = network(cli, f"{ONES}layers: [bias]\nweights: {{file: m.npz}}\n", files={"m.npz": npz(bias1__bias=half)})
    assert outputs(found)["bias1"].dtype == np.float32
    assert found.notes == ["bias1: bias: float16 is read as float32"]


def test_bfloat16_weights_are_read(cli):
    """A .safetensors file of BF16 values gives them as float32."""
    torch, safetensors = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    values = torch.tensor([1.5, -2.25, 3.0], dtype=torch.bfloat16)
    files = {"m.safetensors": safetensors.save({"bias1.bias": values})}
    found = network(cli, f"{ONES}layers: [bias]\nweights: {{file: m.safetensors}}\n", files=files)
    assert outputs(found)["bias1"][0, :, 0, 0].tolist() == [2.5, -1.25, 4.0]
    assert found.notes == ["bias1: bias: bfloat16 is read as float32"]


def test_a_state_dict_of_pytorch_gives_its_numbers(cli):
    """The weights of a model, saved by its names, give the output of the model."""
    torch, safetensors = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, stride=2, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.LeakyReLU(0.1),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * 4 * 4, 5),
    )
    with torch.no_grad():
        model[1].running_mean.uniform_(-1, 1)
        model[1].running_var.uniform_(0.5, 2)
    state = {name: tensor for name, tensor in model.state_dict().items() if tensor.dim()}
    cells = torch.randn(2, 3, 16, 16)
    np.save(cli.folder / "x.npy", cells.numpy())
    text = (
        "input: {file: x.npy}\nweights: {file: m.safetensors}\nlayers:\n"
        "  - conv: {out_channels: 4, kernel_size: 3, stride: 2, padding: 1, name: '0'}\n  - batch-norm: {name: '1'}\n"
        "  - leaky-relu: 0.1\n  - max-pool: 2\n  - flatten\n  - linear: {out_features: 5, weights: '5'}\n"
    )
    found = outputs(network(cli, text, files={"m.safetensors": safetensors.save(state)}))
    expected = model.eval()(cells).detach().numpy()
    np.testing.assert_allclose(found["linear1"], expected, rtol=1e-5, atol=1e-6)


def test_a_shape_cannot_run(cli):
    """Asked for numbers where only a shape is given, the network says how to give some."""
    found = network(cli, SHAPE + "layers: [relu]\n")
    with pytest.raises(ConvcalcError) as refused:
        found.input()
    assert str(refused.value) == (
        "f.yaml:1:8: there are no numbers to put in, only their shape 3×8×8 "
        "(name a file with --input, or write input: [[1, 2], [3, 4]])"
    )
    with pytest.raises(ConvcalcError) as refused:
        network(cli, SHAPE + "layers: [relu]\n", input_text="1x2x3").input()
    assert (str(refused.value.place), refused.value.exit_code) == ("--input", 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3x0x3", "--input: a size of shape must be a whole number >= 1, got 0"),
        ("no.npy", "--input: no such file: no.npy"),
        ("[1, 2", "--input: the list that starts here is not closed"),
        ("{shape: [2], file: x}", "--input: unknown key beside 'shape' 'file' (leave file out)"),
    ],
)
def test_a_bad_input_on_the_command_line_is_its_own(cli, text, message):
    """What replaces the input is refused as a flag, with exit code 2."""
    with pytest.raises(ConvcalcError) as refused:
        network(cli, SHAPE + "layers: [relu]\n", input_text=text)
    assert (str(refused.value), refused.value.exit_code) == (message, 2)


# --- who takes networks


@pytest.mark.parametrize("command", ["plan", "gallery"])
def test_commands_of_one_convolution_refuse_networks(cli, command):
    """They say what the file holds, and which commands take it."""
    cli.write({"f.yaml": SHAPE + "layers:\n  - relu\n"})
    done = cli.run(command, "f.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "error: f.yaml is a network of layers, this command takes a single convolution",
        "hint: summary, run, trace, uses and matrix take networks",
    ]


def test_load_refuses_networks(cli):
    """A problem is no network; the error names what reads one."""
    import convcalc

    cli.write({"f.yaml": SHAPE + "layers: [relu]\n"})
    with pytest.raises(ConvcalcError, match=r"f.yaml: these are the layers .* \(convcalc.formats.network.read_network"):
        convcalc.load("f.yaml")


CHECKED = [
    ("facts",
     SHAPE + "layers: [conv: {out_channels: 2, kernel_size: 3}]\nexpect: {parameters: 56, output_shape: [2, 6, 6]}\n",
     0,
     ["f.yaml: compared 56 parameters and output shape 2×6×6", "1 of 1 file ok"]),
    ("wrong facts",
     SHAPE + "layers: [conv: {out_channels: 2, kernel_size: 3}]\nexpect: {parameters: 57, output_shape: 2x6}\n", 1,
     ["f.yaml: compared 57 parameters and output shape 2×6", "f.yaml: parameters expected 57, got 56",
      "f.yaml: output_shape expected 2×6, got 2×6×6", "0 of 1 file ok"]),
    ("numbers", "input: [[1, -2], [3, -4]]\nlayers: [relu]\nexpect: [[1, 0], [3, 0]]\n", 0, ["1 of 1 file ok"]),
    ("wrong numbers", "input: [[1, -2], [3, -4]]\nlayers: [relu]\nexpect: [[1, 0], [2, 0]]\n", 1,
     ["f.yaml: output[1, 0] expected 2, got 3", "0 of 1 file ok"]),
    ("positions and facts",
     "input: [[1, -2], [3, -4]]\nlayers: [relu]\nexpect: {'0, 0': 1, ':, 1': 1, parameters: 0}\n", 1,
     ["f.yaml: compared 0 parameters", "f.yaml: output[0, 1] expected 1, got 0",
      "f.yaml: output[1, 1] expected 1, got 0",
      "0 of 1 file ok"]),
    ("numbers of a shape", SHAPE + "layers: [relu]\nexpect: {'0, 0, 0': 1}\n", 1,
     ["f.yaml:1:8: there are no numbers to put in, only their shape 3×8×8 "
      "(name a file with --input, or write input: [[1, 2], [3, 4]])",
      "0 of 1 file ok"]),
    ("nothing", SHAPE + "layers: [relu]\n", 1,
     ["f.yaml: there is nothing to compare with (add the field expect to the file)", "0 of 1 file ok"]),
    ("a bad fact", SHAPE + "layers: [relu]\nexpect: {parameters: many}\n", 1,
     ["f.yaml:3:22: parameters must be a whole number >= 0, got 'many'", "0 of 1 file ok"]),
    ("a bad shape", SHAPE + "layers: [relu]\nexpect: {output_shape: [3, x]}\n", 1,
     ["f.yaml:3:28: a size of output_shape must be a whole number >= 1, got 'x'", "0 of 1 file ok"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "lines"), [row[1:] for row in CHECKED], ids=[row[0] for row in CHECKED])
def test_networks_are_checked(cli, monkeypatch, text, code, lines):
    """Facts of a network need no weights; numbers are computed and compared as those of one convolution."""
    monkeypatch.setenv("COLUMNS", "200")
    cli.write({"f.yaml": text})
    done = cli.run("check", "f.yaml")
    said = [line.strip() for line in done.out.splitlines() if line[:1] not in "╭│├╰"]
    assert ([line for line in said if line], done.code, done.err) == (lines, code, "")


def test_checked_facts_are_data_too(cli):
    """JSON and CSV name what differs: a cell of the output, or a fact."""
    import csv
    import io
    import json

    cli.write({"f.yaml": "input: [1, -2]\nlayers: [relu]\nexpect: {parameters: 3, '1': 5}\n"})
    document = json.loads(cli.run("check", "f.yaml", "--format", "json").out)["files"][0]
    assert document["facts"] == ["3 parameters"]
    assert document["differences"] == [
        {"what": "parameters", "place": [], "expected": 3, "actual": 0},
        {"what": "output", "place": [1], "expected": 5, "actual": 0},
    ]
    rows = list(csv.reader(io.StringIO(cli.run("check", "f.yaml", "--format", "csv").out)))
    assert rows[0] == ["file", "verdict", "cells", "what", "place", "expected", "actual"]
    assert [row[3:] for row in rows[1:]] == [["parameters", "", "3", "0"], ["output", "1", "5", "0"]]
