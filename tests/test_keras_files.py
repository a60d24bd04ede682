"""Weights that Keras saved, read without Keras: of layers by name, kernels turned, and nothing else of the file.

They are made by tests/exported/save_keras.py, with the output that Keras gave itself.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convcalc.context import STANDARD
from convcalc.errors import ConvcalcError, FormatError, UnknownNameError
from convcalc.files.file_kind import open_file
from convcalc.files.keras_names import keras_names
from convcalc.files.named_arrays import named_arrays, open_arrays
from convcalc.files.tensor_file import read_tensor
from convcalc.limits import Limits
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve

pytest.importorskip("h5py", reason="reads Keras' files; the extra `hdf5` has it")

HERE = Path(__file__).parent / "exported"
SAVED = ("saved.keras", "saved.weights.h5", "saved.h5")
NETWORK = """
layers:
  - conv: {out_channels: 3, kernel_size: 3, name: conv2d}
  - relu
  - batch-norm: {eps: 0.001, name: batch_normalization}
  - depthwise: {kernel_size: 2, channel_multiplier: 2, name: depthwise_conv2d}
  - transposed-conv: {out_channels: 2, kernel_size: 2, stride: 2, name: conv2d_transpose}
  - permute: {axes: [1, 2, 0]}
  - flatten
  - linear: {out_features: 3, name: dense}
weights: {file: SAVED}
"""


@pytest.mark.parametrize("name", SAVED)
def test_a_network_with_weights_of_keras(name: str, tmp_path: Path) -> None:
    """Convolutions of all kinds, a norm and a dense layer behind a flatten give Keras' own output."""
    path = tmp_path / "net.yaml"
    path.write_text(NETWORK.replace("SAVED", str(HERE / name)), encoding="utf-8")
    network = resolve(read_request(str(path), STANDARD), STANDARD, input_text="2x6x5")
    cells = np.random.default_rng(0).standard_normal((1, 6, 5, 2)).astype(np.float32)
    *_, (_, found) = network.outputs(np.moveaxis(cells, -1, 1))
    np.testing.assert_allclose(found, np.load(HERE / "saved.npz")["arr_0"], rtol=1e-5)
    assert any("permute: {axes: [1, 2, 0]} belongs before a flatten" in note for note in network.number_notes)


@pytest.mark.parametrize("name", SAVED)
def test_all_tensors_are_listed_by_layer(name: str) -> None:
    """The three kinds of files have the same tensors, whose numbers are not read; one is read by name."""
    arrays = named_arrays(open_file(str(HERE / name), Limits()), Limits())
    assert arrays is not None
    listed = {each.name: each.shape for each in arrays.stored()}
    assert {each: shape for each, shape in listed.items() if not each.startswith("optimizer")} == {
        "conv2d.weight": (3, 3, 2, 3),
        "conv2d.bias": (3,),
        **{f"batch_normalization.{each}": (3,) for each in ("weight", "bias", "running_mean", "running_var")},
        "depthwise_conv2d.weight": (2, 2, 3, 2),
        "depthwise_conv2d.bias": (6,),
        "conv2d_transpose.weight": (2, 2, 2, 6),
        "conv2d_transpose.bias": (2,),
        "dense.weight": (48, 3),
        "dense.bias": (3,),
    }
    assert arrays.shape("conv2d.bias") == (3,)
    array, _ = arrays.read("conv2d.weight")
    assert array.shape == (3, 3, 2, 3)
    assert not array.flags.writeable
    with pytest.raises(UnknownNameError):
        arrays.read("conv3d.weight")


def test_names_by_shapes() -> None:
    """Numbered tensors are named by their shapes, nested models by their path; what is ambiguous keeps its path."""
    shapes: dict[str, tuple[int, ...]] = {
        "layers/separable_conv2d/vars/0": (3, 3, 8, 1),
        "layers/separable_conv2d/vars/1": (1, 1, 8, 5),
        "layers/separable_conv2d/vars/2": (5,),
        "layers/functional/layers/dense/vars/0": (4, 3),
        "layers/layer_normalization/vars/0": (4,),
        "layers/layer_normalization/vars/1": (4,),
        "layers/lstm/cell/vars/0": (4, 8),
        "layers/lstm/cell/vars/1": (2, 8),
        "layers/lstm/cell/vars/2": (8,),
        "optimizer/vars/0": (),
        "dense_1/dense_1/kernel:0": (2, 3),
    }
    assert list(keras_names(shapes)) == [
        *("dense_1.weight", "separable_conv2d.depthwise", "separable_conv2d.pointwise", "separable_conv2d.bias"),
        *("functional.dense.weight", "layer_normalization.weight", "layer_normalization.bias"),
        *("lstm.cell.0", "lstm.cell.1", "lstm.cell.2"),
    ]
    assert keras_names({"images": (3, 4, 4), "group/labels": (3,)}) == {}


def test_a_model_is_no_array_but_its_tensors_are() -> None:
    """The whole model is refused with a way, a tensor of it by its name is an array."""
    with pytest.raises(FormatError, match="a Keras model holds layers, not an array"):
        read_tensor(str(HERE / "saved.keras"), Limits())
    assert read_tensor(f"{HERE / 'saved.keras'}:dense.bias", Limits()).array.shape == (3,)


def test_other_files_of_datasets_are_sources_of_weights(tmp_path: Path) -> None:
    """Groups as layers, in PyTorch's order of axes."""
    import h5py

    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["conv1/weight"] = np.arange(8.0).reshape(2, 1, 2, 2)
        file["note"] = "a text"
    arrays = open_arrays(str(path), Limits())
    assert arrays.layout == ""
    assert arrays.read("conv1.weight")[0].tolist() == np.arange(8.0).reshape(2, 1, 2, 2).tolist()
    with pytest.raises(FormatError):
        arrays.read("note")


@pytest.mark.parametrize("damage", ["packed", "cut", "empty"])
def test_damaged_archives_are_refused(damage: str, tmp_path: Path) -> None:
    """Weights that are packed, cut off, or no HDF5 file at all: one sentence each, which names the file."""
    path, whole = tmp_path / "m.keras", (HERE / "saved.keras").read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        packing: Any = zipfile.ZIP_DEFLATED if damage == "packed" else zipfile.ZIP_STORED
        with zipfile.ZipFile(path, "w", packing) as archive:
            archive.writestr("config.json", "{}")
            archive.writestr("model.weights.h5", b"" if damage == "empty" else bytes(1000))
    with pytest.raises(ConvcalcError) as caught:
        open_arrays(str(path), Limits())
    assert caught.value.place is not None
    assert caught.value.place.source == str(path)
