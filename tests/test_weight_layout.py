"""Weights in files whose axes are in another order: all orders give the same layer, and squares are told."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from convcalc.errors import FieldError
from convcalc.request.weight_layout import fitting, weight_layout

WEIGHT = np.random.default_rng(2).standard_normal((4, 3, 2, 5)).astype(np.float32)
"""(out_channels, in_channels, height, width), all different."""
TWO = (
    "input: {{random: [3, 6, 8]}}\n{weights}"
    "layers:\n  - conv: {{out_channels: 4, kernel_size: [2, 5], bias: false{own}}}\n"
)


def stored(letters):
    """The weight in a file's order."""
    return np.ascontiguousarray(WEIGHT.transpose([("OI" + "HW").index(each) for each in letters]))


def output(cli, text):
    cli.write({"f.yaml": text})
    done = cli.run("run", "f.yaml", "--format", "json")
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.mark.parametrize("letters", ["OIHW", "HWIO", "OHWI", "IOHW", "HWOI", "IHWO", "hwio"])
def test_every_order_is_the_same_layer(cli, letters):
    """Of all weights in a file, and of one beside its layer."""
    np.save(cli.folder / "plain.npy", WEIGHT)
    wanted = output(cli, TWO.format(weights="", own=", weight: {file: plain.npy}"))["output"]
    np.savez(cli.folder / "w.npz", **{"conv1.weight": stored(letters.upper())})
    np.save(cli.folder / "w.npy", stored(letters.upper()))
    every = output(cli, TWO.format(weights=f"weights: {{file: w.npz, layout: {letters}}}\n", own=""))
    one = output(cli, TWO.format(weights="", own=f", weight: {{file: w.npy, layout: {letters}}}"))
    assert every["output"] == one["output"] == wanted


def test_sizes_follow_from_the_weight(cli):
    """In its own order."""
    np.savez(cli.folder / "w.npz", **{"conv1.weight": stored("HWIO"), "conv1.bias": np.zeros(4, np.float32)})
    cli.write({"f.yaml": "input: {shape: [3, 6, 8]}\nweights: {file: w.npz, layout: HWIO}\nlayers: [conv]\n"})
    layer = json.loads(cli.run("summary", "f.yaml", "--format", "json").out)["layers"][0]
    assert (layer["output_shape"], layer["kernel_size"]) == ([1, 4, 5, 4], [2, 5])


def test_linear_layers_and_other_ranks():
    """Channels keep their place, the kernel has as many axes as the weight."""
    assert weight_layout("HWIO").order(2) == (1, 0)
    assert weight_layout("HWIO").order(3) == (2, 1, 0)
    assert weight_layout("WIO").order(5) == (4, 3, 0, 1, 2)
    assert weight_layout("OIHW").order(1) is None


def test_keras_layers_of_a_whole_network(cli):
    """A convolution, a transposed one and a linear layer, as Keras stores them, against the definition."""
    rng = np.random.default_rng(4)
    shapes = ((4, 3, 2, 2), (4, 5, 3, 3), (2, 180))
    conv, back, dense = (rng.integers(-3, 4, shape).astype(np.float32) for shape in shapes)
    plain = {"conv1.weight": conv, "transposed-conv1.weight": back, "linear1.weight": dense}
    np.savez(
        cli.folder / "keras.npz",
        **{"conv1.weight": conv.transpose(2, 3, 1, 0), "transposed-conv1.weight": back.transpose(2, 3, 1, 0)},
        **{"linear1.weight": dense.T},
    )
    np.savez(cli.folder / "torch.npz", **plain)
    layers = "layers: [conv: {bias: false}, transposed-conv: {bias: false}, flatten, linear: {bias: false}]\n"
    source = "input: {{random: [3, 5, 5]}}\nweights: {{file: {}}}\n" + layers.replace("{", "{{").replace("}", "}}")
    found = [output(cli, source.format(each))["output"] for each in ("keras.npz, layout: HWIO", "torch.npz")]
    assert found[0] == found[1]


def test_a_square_kernel_that_fits_several_orders_is_told(cli):
    """Where the file says no order; with one there is nothing to tell."""
    square = np.arange(81, dtype=np.float32).reshape(3, 3, 3, 3)
    np.savez(cli.folder / "w.npz", **{"conv1.weight": square})
    np.save(cli.folder / "w.npy", square)
    text = "input: {{ones: [3, 5, 5]}}\n{}layers: [conv: {{bias: false{}}}, relu]\n"
    told = "conv1: weight: 3×3×3×3 fits OIHW and HWIO and OHWI; it is read as OIHW, see layout"
    assert told in output(cli, text.format("weights: {file: w.npz}\n", ""))["notes"]
    assert told in output(cli, text.format("", ", weight: {file: w.npy}"))["notes"]
    assert output(cli, text.format("weights: {file: w.npz, layout: OIHW}\n", ""))["notes"] == []
    assert output(cli, text.format("", ", weight: {file: w.npy, layout: HWIO}"))["notes"] == []


def test_a_weight_that_fits_in_another_order_is_refused_with_it(cli):
    """The hint can be written as it stands."""
    np.savez(cli.folder / "w.npz", **{"conv1.weight": stored("HWIO")})
    cli.write({"f.yaml": TWO.format(weights="weights: {file: w.npz}\n", own="")})
    done = cli.run("run", "f.yaml")
    assert "weight has shape 2×5×3×4, the layer needs 4×3×2×5" in done.err
    assert "its axes are (out_channels, in_channels / groups, *kernel_size); layout: HWIO fits" in done.err


@pytest.mark.parametrize("text", ["", "HW", "OI HW", "OIHWX", "OOHW", "HOWI", "OIWH", "3", "OIHHW", "I", "NCHW"])
def test_what_is_no_layout(text):
    """Letters that are missing, doubled, unknown, or apart."""
    with pytest.raises(FieldError, match="layout is"):
        weight_layout(text)


def test_fitting_orders_are_those_whose_shape_is_needed():
    """Of all shapes of small sizes: never one that is not, and PyTorch's first."""
    for shape in itertools.product((1, 2, 3), repeat=4):
        for name in fitting(shape, (1, 2, 3, 3)):
            assert weight_layout(name).shape(shape) == (1, 2, 3, 3)
