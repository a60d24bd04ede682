"""The weights of layers: what is refused, noted and converted when they are read."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc.errors import ConvcalcError
from network_files import BIAS1, CONV1, ONES, network, npz, outputs

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
     "w.npy: bias1: weights of several layers come from a .npz, .safetensors, .h5 or .keras file, this is a .npy file",
     "give it to one layer: weight: {file: PATH}"),
    ("one member for all", "layers: [bias]\nweights: {file: 'm.npz:a'}\n", {"m.npz": npz(a=BIAS1)},
     "m.npz: bias1: weights of several layers come from a .npz, .safetensors, .h5 or .keras file, "
     "this is one array of m.npz",
     "give it to one layer: weight: {file: PATH}"),
    ("a truncated archive", "layers: [bias]\nweights: {file: m.npz}\n", {"m.npz": npz(bias1__bias=BIAS1)[:-30]},
     "m.npz: bias1: the .npz archive is damaged: its list of arrays, at the end of the file, is missing or wrong", ""),
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
    assert found.stages
    with pytest.raises(ConvcalcError) as refused:
        list(found.outputs(found.input()))
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
    assert found.number_notes == [note]
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
    assert found.stages[0].values()["bias"].dtype == np.float32
    assert found.number_notes == ["bias1: bias: float16 is read as float32"]


def test_bfloat16_weights_are_read(cli):
    """A .safetensors file of BF16 values gives them as float32."""
    torch, safetensors = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    values = torch.tensor([1.5, -2.25, 3.0], dtype=torch.bfloat16)
    files = {"m.safetensors": safetensors.save({"bias1.bias": values})}
    found = network(cli, f"{ONES}layers: [bias]\nweights: {{file: m.safetensors}}\n", files=files)
    assert outputs(found)["bias1"][0, :, 0, 0].tolist() == [2.5, -1.25, 4.0]
    assert found.number_notes == ["bias1: bias: bfloat16 is read as float32"]


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
