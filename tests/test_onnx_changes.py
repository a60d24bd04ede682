"""Flags on one layer of an ONNX model: what would follow, and where shapes then no longer meet."""

from __future__ import annotations

import json

import numpy as np
import pytest

from onnx_models import lenet, model_of, node, numbers, reference

SHAPES = {"one": (4, 3, 3, 3), "two": (6, 4, 3, 3), "end": (5, 6)}
WEIGHTS = {f"{name}.weight": numbers(*shape) for name, shape in SHAPES.items()}
WEIGHTS |= {f"{name}.bias": numbers(shape[0]) for name, shape in SHAPES.items()}
CELLS = numbers(2, 3, 12, 11)
YAML = """
input: {{file: x.npy}}
dims: 2
layers:
  - conv: {{out_channels: 4, kernel_size: 3, padding: 1, name: one}}
  - relu
  - conv: {{{two}, name: two}}
  - global-avg-pool
  - flatten
  - linear: {{out_features: 5, name: end}}
weights: {{file: w.npz}}
"""
TWO = "out_channels: 6, kernel_size: 3, padding: 1"


def model(**said):
    """Two convolutions, a mean over what is left of the cells, and features; ``said``: of the second convolution."""
    two = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [1, 1], **said}
    nodes = [
        node("Conv", "x", "one.weight", "one.bias", name="one", to="a", kernel_shape=[3, 3], pads=[1] * 4),
        node("Relu", "a", name="relu", to="b"),
        node("Conv", "b", "two.weight", "two.bias", name="two", to="c", **two),
        node("GlobalAveragePool", "c", name="mean", to="d"),
        node("Flatten", "d", name="flat", to="e"),
        node("Gemm", "e", "end.weight", "end.bias", name="end", transB=1),
    ]
    return model_of(nodes, ("N", 3, 12, 11), WEIGHTS)


def up_to_two(**said):
    """The model without what comes after its second convolution."""
    made = model(**said)
    made.graph.output[0].name = "c"
    return made


@pytest.fixture
def files(cli):
    """The model, its input and its weights."""
    cli.write({"m.onnx": model().SerializeToString()})
    np.save(cli.folder / "x.npy", CELLS)
    np.savez(cli.folder / "w.npz", **WEIGHTS)
    return cli


def output(cli, *arguments):
    """What a run saves."""
    done = cli.run("run", *arguments, "-o", "y.npy", "-q", "--force")
    assert done.code == 0, done.err
    return np.load(cli.folder / "y.npy")


def shapes(cli, *arguments):
    """The shapes of all layers."""
    done = cli.run("summary", *arguments, "--format", "json")
    assert done.code == 0, done.err
    return [each["output_shape"] for each in json.loads(done.out)["layers"]]


CHANGES = [
    ("--stride 2", {"strides": [2, 2]}, f"{TWO}, stride: 2"),
    ("--stride 1x3", {"strides": [1, 3]}, f"{TWO}, stride: [1, 3]"),
    ("--padding 0", {"pads": [0] * 4}, "out_channels: 6, kernel_size: 3"),
    ("--dilation 2 --stride 3", {"dilations": [2, 2], "strides": [3, 3]}, f"{TWO}, dilation: 2, stride: 3"),
    ("--padding same-lower", {"pads": [0] * 4, "auto_pad": "SAME_LOWER"}, f"{TWO[:-1]}same-lower"),
]


@pytest.mark.parametrize(("flags", "said", "two"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_change_is_that_of_the_model_and_of_a_file(files, flags, said, two):
    """The numbers are those of ONNX' evaluator on a model that says so, and of a file with the same layers."""
    files.write({"n.yaml": YAML.format(two=two)})
    flags = ("--layer", "two", *flags.split())
    assert shapes(files, "m.onnx", *flags) == shapes(files, "n.yaml")
    assert shapes(files, "m.onnx", *flags) != shapes(files, "m.onnx") or "same" in flags[-1]
    found = output(files, "m.onnx", "--input", "x.npy", "--layer", "two", *flags[2:])
    np.testing.assert_array_equal(found, output(files, "n.yaml", "--layer", "two"))
    wanted = reference(up_to_two(**said), CELLS)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("flags", "two"),
    [
        ("--kernel box", "weight: box, padding: 1"),
        ("--kernel sobel-x --boundary reflect --padding 2", "weight: sobel-x, padding: 2, boundary: reflect"),
        ("--kernel sobel-x --convolve --bias 3", "weight: sobel-x, flip: true, bias: [3], padding: 1"),
    ],
)
def test_a_kernel_by_its_name(files, flags, two):
    """It takes the place of the model's weight and bias; its padding stays where no flag says another one."""
    text = YAML[: YAML.index("  - global")].format(two=two)
    files.write({"n.yaml": f"{text}weights: {{file: w.npz}}\n", "two.onnx": up_to_two().SerializeToString()})
    found = output(files, "two.onnx", "--input", "x.npy", "--layer", "two", *flags.split())
    np.testing.assert_array_equal(found, output(files, "n.yaml"))


def test_numbers_that_are_of_another_shape(files):
    """Shapes and parameters follow without numbers; a run says that the model's do not fit, or takes others."""
    done = files.run("summary", "m.onnx", "--layer", "two", "--groups", "2", "--format", "json")
    assert json.loads(done.out)["layers"][2]["parameters"] == 6 * 2 * 9 + 6
    done = files.run("run", "m.onnx", "--input", "x.npy", "--layer", "two", "--groups", "2")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --groups: two: weight has shape 6×4×3×3, the layer needs 6×2×3×3\n"
        "hint: its axes are (out_channels, in_channels / groups, *kernel_size)\n"
    )
    files.write({"two.onnx": up_to_two().SerializeToString()})
    depthwise = output(files, "two.onnx", "--input", "x.npy", "--layer", "two", "--depthwise", "--kernel", "box")
    summed = output(files, "two.onnx", "--input", "x.npy", "--layer", "two", "--kernel", "box")
    assert depthwise.shape == (2, 4, 12, 11)
    np.testing.assert_allclose(depthwise.sum(axis=1, keepdims=True), summed.reshape(2, 1, 12, 11), rtol=1e-4, atol=1e-5)


MESSAGES = [
    ("summary lenet.onnx --layer conv2 --stride 2", 1,
     "error: lenet.onnx: fc1: its weight has the shape [120, 256], [120, 64] is needed\n"
     "hint: it fits without --stride of conv2\n"),
    ("plan lenet.onnx --layer conv1 --padding 2 --stride 2", 1,
     "error: lenet.onnx: fc1: its weight has the shape [120, 256], [120, 16] is needed\n"
     "hint: it fits without --stride and --padding of conv1\n"),
    ("summary lenet.onnx --layer conv2 --kernel sobel-x", 1, None),
    ("summary m.onnx --layer relu --stride 2", 2,
     "error: --stride: relu: relu has no stride\n"
     "hint: name a layer that is a convolution with --layer\n"),
    ("summary m.onnx --layer end --kernel box", 2, None),
    ("summary m.onnx --layer two --stride 0", 2,
     "error: --stride: two: stride must be a whole number >= 1, got 0\n"),
    ("summary m.onnx --layer two --kernel nothing", 2,
     "error: --kernel: two: unknown kernel 'nothing'\nhint: did you mean motion?\n"),
    ("summary m.onnx --layer two --dilation 9", 2,
     "error: --dilation: two: the kernel does not fit on axis 0: it reaches over 9 × (3 − 1) + 1 = 19 cells, "
     "the padded input has 1 + 12 + 1 = 14\n"
     "hint: pad with at least 5 more, or take a smaller kernel; two takes 4×12×11 from relu\n"),
    ("summary m.onnx --layer two --groups 4", 2,
     "error: --groups: two: groups 4 does not divide out_channels 6\n"
     "hint: groups must divide both in_channels 4 and out_channels 6; two takes 4×12×11 from relu\n"),
    ("summary m.onnx --layer three --stride 2", 2,
     "error: --layer: unknown layer 'three'\nhint: one of: end, flat, mean, one, relu, two\n"),
    ("summary m.onnx --stride 2", 2,
     "error: --stride says what a single convolution is, m.onnx has layers\n"
     "hint: name the layer that it is about with --layer\n"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "code", "message"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_what_does_not_fit_is_named(files, argv, code, message):
    """The layer where shapes no longer meet, and the flag that is to blame; nothing is printed."""
    files.write({"lenet.onnx": lenet(1).SerializeToString()})
    done = files.run(*argv.split())
    assert (done.code, done.out) == (code, "")
    assert message is None or done.err == message


def test_a_model_that_is_cut_stays_so(files):
    """A node that no kind computes is opaque with a change as without, and what follows it too."""
    made = model()
    made.graph.node[4].op_type = "Erf"
    files.write({"cut.onnx": made.SerializeToString()})
    found = shapes(files, "cut.onnx", "--layer", "two", "--stride", "2")
    assert found == [[1, 4, 12, 11], [1, 4, 12, 11], [1, 6, 6, 6], [1, 6, 1, 1], [1, 6, 1, 1], None]
