"""The weights of layers: where their numbers come from, and when they are read."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from convcalc.errors import ConvcalcError
from convcalc.limits import Limits
from convcalc.request.request import read_request
from network_files import BIAS1, CONV1, CONV2, EXAMPLES, NAMED, ONES, SHAPE, network, npz, outputs


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
    values = network(cli, text, files=files).stages[0].values()
    np.testing.assert_array_equal(values["weight"], CONV1)
    np.testing.assert_array_equal(values["bias"], BIAS1)


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_missing_arguments_follow_from_the_file(cli, tmp_path, kind):
    """What is not said of a layer's sizes is read from the header of its weight."""
    weight = np.zeros((4, 3, 5, 3), dtype=np.float32)
    files = arrays_of(kind, tmp_path, conv1__weight=weight, linear1__weight=np.zeros((7, 4 * 4 * 6), np.float32))
    layers = "[conv: {bias: false}, flatten, linear: {bias: no}]"
    text = f"{SHAPE}weights: {{file: {next(iter(files))}}}\nlayers: {layers}\n"
    shapes = [stage.layer.output_shape for stage in network(cli, text, files=files).stages]
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
    (stage,) = network(cli, f"{SHAPE}layers:\n  - {layer}\n").stages
    assert stage.layer.output_shape == shape
    assert set(stage.values()) == {"weight"}


def test_features_follow_from_a_weight(cli):
    """A linear layer has as many features as its matrix has rows."""
    (stage,) = network(
        cli, "input: [1, 2]\nlayers:\n  - linear: {weight: [[1, 2], [3, 4], [5, 6]], bias: 1/2}\n"
    ).stages
    assert stage.layer.output_shape == (3,)
    assert stage.values()["bias"].tolist() == [Fraction(1, 2)] * 3


def test_kernels_of_a_layer_are_those_of_one_convolution(cli):
    """A layer with kernels by name gives what a problem file with them gives, fractions kept exact."""
    from convcalc.request.resolve import resolve

    shared = "input: {random: [3, 9, 9]}\ndtype: exact\n"
    layer = "weight: [box, sobel-x], padding: same, boundary: reflect, bias: [1/3, 2]"
    problem = layer.replace("weight", "kernel").replace("], ", "]\n").replace("e, ", "e\n").replace("t, ", "t\n")
    cli.write({"one.yaml": f"{shared}{problem}\n"})
    (expected,) = outputs(resolve(read_request("one.yaml"))).values()
    (output,) = outputs(network(cli, f"{shared}layers:\n  - conv: {{{layer}}}\n")).values()
    assert output.dtype == object
    np.testing.assert_array_equal(output, expected)


def test_depthwise_kernels_are_applied_to_each_channel(cli):
    """A named kernel of a depthwise layer has one plane, and each channel its own output."""
    (stage,) = network(cli, f"{SHAPE}layers:\n  - depthwise: {{weight: [sobel-x, sobel-y]}}\n").stages
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
    first, second, third, fourth = (stage.values() for stage in network(cli, text, files=files).stages)
    assert (first["weight"].tolist(), first["bias"].tolist()) == (CONV1.tolist(), [1, 2])
    np.testing.assert_array_equal(second["weight"], CONV1 + 1)
    assert np.abs(third["weight"]).max() <= 1 / sqrt(3)
    np.testing.assert_array_equal(fourth["bias"], BIAS1)


def test_weights_are_read_when_a_layer_runs(cli):
    """A damaged tensor above is not looked at by the layers below it, nor any file for the shapes."""
    good = npz(conv1__weight=CONV1, conv1__bias=BIAS1, conv2__weight=CONV2)
    at = good.index(b"conv2.weight.npy")
    damaged = good[: at + 40] + bytes(len(good[at + 40 : at + 140])) + good[at + 140 :]
    text = f"{ONES}weights: {{file: model.npz}}\n{NAMED}"
    found = network(cli, text, files={"model.npz": damaged})
    assert [number for number, _ in found.outputs(found.input(), wanted=[1])] == [0, 1]
    with pytest.raises(ConvcalcError, match=r"^f.yaml|model.npz") as refused:
        list(found.outputs(found.input()))
    assert refused.value.message.startswith("conv2: ")
    (cli.folder / "model.npz").unlink()
    assert network(cli, text).parameters == 10


def test_a_tensor_with_a_file_of_its_own_is_read_when_its_layer_runs(cli):
    """Such a file need not be there for the shapes."""
    text = f"{ONES}layers:\n  - conv: {{out_channels: 1, kernel_size: 1, weight: {{file: w.npy}}}}\n"
    found = network(cli, text)
    assert found.parameters == 3
    with pytest.raises(ConvcalcError, match=r"f.yaml:3:53: conv1: no such file: w.npy"):
        found.stages[0].values()
    np.save(cli.folder / "w.npy", CONV1[:1])
    np.testing.assert_array_equal(found.stages[0].values()["weight"], CONV1[:1])


def test_shapes_are_read_without_numpy():
    """IndexMap a network without numbers, with weights in files or random, loads no numpy; with numbers it does."""
    from test_architecture import loaded

    program = (
        "from convcalc.request.resolve import resolve\nfrom convcalc.request.request import read_request\n"
        "network = resolve(read_request({path!r}))\n"
        "assert network.parameters and network.fields(len(network.stages) - 1)"
    )
    for name in ("keras-table", "lenet-5", "alexnet", "vgg-16", "resnet-18-stem", "mobilenet-block"):
        path = str(EXAMPLES / f"{name}.yaml")
        assert loaded(program.format(path=path), "numpy", "rich", "typer", "PIL", "yaml") == "yaml"
    assert loaded(program.format(path=str(EXAMPLES / "two-layers.yaml")), "numpy") == "numpy"


def test_random_weights_are_the_same_again(cli):
    """A seed gives the same numbers each time, another seed or another layer others."""
    conv = "conv: {out_channels: 3, kernel_size: 3, padding: 1}"
    text = f"{SHAPE}layers: [{conv}, {conv}]\n"
    first, again, other = (network(cli, f"{text}weights: {{random: {seed}}}\n").stages for seed in (5, 5, 6))
    for name in ("weight", "bias"):
        np.testing.assert_array_equal(first[0].values()[name], again[0].values()[name])
        assert (first[0].values()[name] != other[0].values()[name]).all()
        assert (first[0].values()[name] != first[1].values()[name]).all()


def test_random_weights_of_a_layer_depend_on_no_other(cli):
    """The second layer has the same weights whatever the first is, and whichever is read first."""
    rest = "conv: {out_channels: 3, kernel_size: 3}"
    texts = [f"{SHAPE}weights: {{random: 5}}\nlayers: [{first}, {rest}]\n" for first in ("relu", "pointwise: 3")]
    stages = [network(cli, text).stages for text in texts]
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
    ours = network(cli, text).stages[0].values()
    for name in ("weight", "bias"):
        reference = getattr(theirs, name).detach().numpy()
        assert (ours[name].shape, ours[name].dtype) == (reference.shape, np.float32)
        np.testing.assert_allclose(np.abs(ours[name]).max(), np.abs(reference).max(), rtol=0.15)
        np.testing.assert_allclose(ours[name].std(), reference.std(), rtol=0.25)
    assert abs(ours["weight"].mean()) < ours["weight"].std() / 10


def test_a_random_normalisation_changes_nothing(cli):
    """Its weight and variance are 1, its bias and mean 0, as in a new layer of PyTorch's; a lone bias is 0."""
    stages = network(cli, f"{SHAPE}layers: [batch-norm, bias]\nweights: {{random: 0}}\n").stages
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
    (stage,) = network(cli, text, limits=Limits(memory=1 << 30)).stages
    with pytest.raises(ConvcalcError) as refused:
        stage.values()
    assert str(refused.value).startswith(
        "f.yaml:2:18: linear1: its weight needs 3.6 TiB of memory, 1.0 GiB may be used"
    )
    assert refused.value.exit_code == 3


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_a_layer_of_two_names_the_weights_of_both(cli, tmp_path, kind):
    """``weights: block`` stands before ``.depthwise`` and ``.pointwise``."""
    arrays = {
        "block__depthwise__weight": np.ones((3, 1, 1, 1), np.float32),
        "block__depthwise__bias": np.zeros(3, np.float32),
        "block__pointwise__weight": CONV1,
        "block__pointwise__bias": BIAS1,
    }
    files = arrays_of(kind, tmp_path, **arrays)
    (name,) = files
    layer = "depthwise-separable: {name: a, out_channels: 2, kernel_size: 1, weights: block}"
    found = outputs(network(cli, f"{ONES}weights: {{file: {name}}}\nlayers:\n  - {layer}\n", files=files))
    assert found["a.pointwise"][0, :, 0, 0].tolist() == [0 + 1 + 2 + 10, 3 + 4 + 5 - 100]


def test_groups_that_do_not_divide_the_channels_are_named_where_they_stand(cli):
    """Beside kernels given by name, whose own faults are named at the weight."""
    layer = "conv: {weight: sobel-x, groups: 2}"
    with pytest.raises(ConvcalcError, match=r"groups 2 does not divide in_channels 3") as caught:
        network(cli, f"{ONES}layers:\n  - {layer}\n")
    assert (caught.value.place.line, caught.value.place.column) == (3, 5 + layer.index("2"))
