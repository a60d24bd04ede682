"""Numbers that functions of other programs printed, kept with version and call, against their conventions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.arrays import Array
from convcalc.build import build_problem
from convcalc.conventions.applied import Stated, apply, computed
from convcalc.conventions.table import CONVENTIONS, find
from convcalc.conventions.words import Divisor
from convcalc.conventions.worked import worked
from convcalc.errors import ConvcalcError
from convcalc.report.kernel.whole_truth import TRUTHS

CASES: dict[str, dict[str, Any]] = {
    each["id"]: each
    for each in json.loads((Path(__file__).parent / "data" / "peer_cases.json").read_text(encoding="utf-8"))
}
_MIDDLE = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
HOW: dict[str, tuple[str, dict[str, Any]]] = {
    "astropy-0": ("astropy.convolve", {}),
    "dask-1": ("dask_image.ndfilters.convolve", {}),
    "diplib-0": ("dip.Convolution", {}),
    "diplib-1": ("dip.Convolution", {}),
    "ffmpeg-0": ("ffmpeg-convolution", {}),
    "ffmpeg-4": ("ffmpeg-convolution", {}),
    "gdal-0": ("gdal", {"divisor": "sum", "type": "uint8"}),
    "gdal-1": ("gdal", {"divisor": "sum", "type": "float32"}),
    "gmic-0": ("gmic-convolve", {}),
    "gmic-1": ("gmic-correlate", {}),
    "gmic-2": ("gmic-correlate", {}),
    "graphicsmagick-0": ("gm -convolve", {}),
    "graphicsmagick-1": ("gm -convolve", {}),
    "imagemagick6-0": ("magick -morphology Convolve", {}),
    "imagemagick6-1": ("magick -morphology Correlate", {}),
    "imagemagick6-2": ("magick -convolve", {}),
    "jax-0": ("lax.conv", {"padding": "SAME", "stride": 2}),
    "jax-1": ("lax.conv", {"padding": "SAME_LOWER", "stride": 2}),
    "jax-4": ("jax.numpy.convolve", {}),
    "keras-jax-0": ("keras.layers.Conv1D", {"padding": "same", "stride": 2, "last": True}),
    "keras-jax-1": ("keras.layers.Conv1D", {"padding": [[4, 0]], "dilation": 2, "last": True}),
    "keras-torch-0": ("keras.layers.Conv1D", {"padding": "same", "stride": 2, "last": True}),
    "keras-torch-1": ("keras.layers.Conv1D", {"padding": [[4, 0]], "dilation": 2, "last": True}),
    "kornia-0": ("kornia.filter2d", {"type": "float32"}),
    "kornia-1": ("kornia.filter2d", {"type": "float32"}),
    "kornia-2": ("kornia.filter2d", {"type": "float32", "divisor": "absolute"}),
    "kornia-3": ("kornia.filter2d", {"type": "float32", "flip": True}),
    "libvips-0": ("vips conv", {"type": "float32"}),
    "libvips-1": ("vips conv", {"type": "float32"}),
    "libvips-8.14-cli-0": ("vips conv", {}),
    "libvips-8.14-cli-1": ("vips conv", {"divisor": 45}),
    "mahotas-0": ("mahotas.convolve", {"type": "float64"}),
    "mahotas-1": ("mahotas.convolve", {"type": "float64"}),
    "mlx-0": ("mlx", {"padding": [[2, 0]], "last": True, "weight": "otap"}),
    "mlx-2": ("mlx", {"flip": True, "last": True, "weight": "otap"}),
    "ncnn-0": ("ncnn", {"padding": "-233", "stride": 2}),
    "ncnn-1": ("ncnn", {"padding": "-234", "stride": 2}),
    "netpbm-0": ("pnmconvol", {"divisor": "sum"}),
    "netpbm-1": ("pnmconvol", {}),
    "netpbm-2": ("pnmconvol", {"divisor": "sum", "bias": 100}),
    "numpy-0": ("numpy.convolve", {"padding": "same"}),
    "numpy-1": ("numpy.convolve", {"padding": "same"}),
    "octave-0": ("octave.conv2", {"padding": "same"}),
    "octave-1": ("octave.filter2", {}),
    "octave-2": ("octave.imfilter", {"type": "uint8"}),
    "onnx-reference-0": ("onnx.Conv", {"padding": "SAME_UPPER", "stride": 2}),
    "onnx-reference-1": ("onnx.Conv", {"padding": "SAME_LOWER", "stride": 2}),
    "onnxruntime-0": ("onnxruntime", {"padding": "SAME_UPPER", "stride": 2}),
    "onnxruntime-1": ("onnxruntime", {"padding": "SAME_LOWER", "stride": 2}),
    "opencv-0": ("cv2.filter2D", {"type": "float32"}),
    "opencv-1": ("cv2.filter2D", {"type": "float32", "kernel": [[1, 2, 5]]}),
    "opencv-2": ("cv2.GaussianBlur", {"type": "uint8", "kernel": [[0.25, 0.5, 0.25]]}),
    "opencv-3": ("cv2.blur", {"type": "uint8", "kernel": [[1, 1]]}),
    "opencv-5": ("cv2.Sobel", {"type": "uint8", "kernel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "row": 1}),
    "openvino-0": ("openvino", {"padding": "SAME_UPPER", "stride": 2, "type": "float32"}),
    "openvino-1": ("openvino", {"padding": "SAME_LOWER", "stride": 2, "type": "float32"}),
    "paddle-0": ("paddle", {"padding": "SAME", "stride": 2, "type": "float32"}),
    "paddle-1": ("paddle", {"padding": "SAME", "dilation": 2, "type": "float32"}),
    "pillow-0": ("pillow", {"divisor": 1}),
    "pillow-1": ("pillow", {"divisor": 2, "kernel": _MIDDLE}),
    "pillow-2": ("pillow", {}),
    "pytorch-0": ("torch", {"padding": "same", "dilation": 3, "type": "float32"}),
    "pytorch-1": ("torch", {"padding": "same", "boundary": "circular", "type": "float32"}),
    "pytorch-3": ("torch", {"padding": 2, "type": "float16"}),
    "r-0": ("R filter", {}),
    "scipy-0": ("ndimage.convolve", {"boundary": "constant"}),
    "scipy-1": ("ndimage.correlate", {}),
    "scipy-4": ("signal.correlate", {"padding": "same"}),
    "scipy-5": ("signal.convolve", {"padding": "same"}),
    "simpleitk-0": ("SimpleITK.Convolution", {"type": "float32"}),
    "simpleitk-1": ("SimpleITK.Convolution", {"type": "float32"}),
    "sox-0": ("sox-fir", {}),
    "sox-1": ("sox-fir", {}),
    "svg-0": ("feConvolveMatrix", {}),
    "svg-1": ("feConvolveMatrix", {}),
    "svg-2": ("feConvolveMatrix", {}),
    "svg-4": ("feConvolveMatrix", {}),
    "tinygrad-0": ("tinygrad", {"padding": [[0, 2], [1, 0]], "type": "float32"}),
    "tinygrad-2": ("tinygrad", {"type": "int8"}),
    "webaudio-0": ("webaudio.ConvolverNode", {}),
    "webaudio-2": ("webaudio.ConvolverNode", {}),
}
"""How each case is asked for here; the others are no convolutions by given weights, but other filters and layers."""


def answer(case: dict[str, Any], function: str, said: dict[str, Any]) -> Array:
    """What the convention gives of a case, without axes of one cell."""
    convention, said = find(function), dict(said)
    cells, kernel = np.array(case["input"]), np.array(said.pop("kernel", case.get("kernel")))
    if convention.layout:
        cells, kernel = channels_first(cells, kernel, is_last=said.pop("last", False), weight=said.pop("weight", ""))
    else:
        cells, kernel = np.squeeze(cells), np.squeeze(kernel)
        rank = min(convention.ranks) if convention.ranks else max(cells.ndim, kernel.ndim)
        cells, kernel = (each.reshape((1,) * (rank + 2 - each.ndim) + each.shape) for each in (cells, kernel))
    if isinstance(said.get("divisor"), str):
        convention = replace(convention, divisor=Divisor(said.pop("divisor")))
    settings = {name: said.pop(name, 1) for name in ("stride", "dilation")}
    row, bias = said.pop("row", None), said.pop("bias", None)
    problem = build_problem(cells, kernel, bias, padding="full", **settings)
    found = np.squeeze(computed(problem, convention, Stated(**said)))
    return found if row is None else found[row]


def channels_first(cells: Array, kernel: Array, *, is_last: bool, weight: str) -> tuple[Array, Array]:
    """Input and weight of a layer in the order of PyTorch."""
    kernel = kernel.reshape((1,) * (cells.ndim - kernel.ndim) + kernel.shape)
    if not is_last:
        return cells, kernel
    kernel = np.moveaxis(kernel, -1, 1) if weight else np.transpose(kernel, (2, 1, 0))
    return np.moveaxis(cells, -1, 1), kernel


@pytest.mark.parametrize("peer", sorted({each.rpartition("-")[0] for each in HOW}))
def test_the_printed_numbers_come_out(peer: str) -> None:
    """Whole numbers as printed, floats to the digits that were printed."""
    for name, (function, said) in HOW.items():
        if name.rpartition("-")[0] != peer:
            continue
        got, expected = answer(CASES[name], function, said), np.squeeze(np.array(CASES[name]["output"], dtype=float))
        assert got.shape == expected.shape, name
        if got.dtype.kind in "iu":
            assert np.array_equal(got, expected), f"{name}\n{got}\n{expected}"
        else:
            np.testing.assert_allclose(got, expected, rtol=2e-6, atol=5e-9, err_msg=name)


def test_every_case_is_of_a_version_and_most_are_computed() -> None:
    """No case is lost, and none is computed that there is not."""
    assert len(CASES) == 153
    assert set(HOW) <= set(CASES)
    assert all(each["version"] and each["peer"] for each in CASES.values())


def test_namesakes_are_told_whole(cli: CommandLine) -> None:
    """A kernel's page says what its library's function does besides, and how to have it computed."""
    assert "--like cv2.GaussianBlur" in " ".join(cli.run("kernels", "gaussian@opencv").out.split())
    assert "--like vips-conv" in " ".join(cli.run("kernels", "sobel-x").out.split())
    for truth in TRUTHS:
        for word in truth.text.split("--like ")[1:]:
            assert find(word).name == word


def test_a_run_says_what_changes(cli: CommandLine) -> None:
    """On the page of run, of a file with the field and of a flag, also where a type is said."""
    cli.write({"f.yaml": "input: [[1, 2, 40], [3, 5, 60]]\nkernel: [[1, 10]]\nlike: cv2.filter2D\n"})
    page = " ".join(cli.run("run", "f.yaml").out.split())
    assert "centre at tap 1 of 2 counted from 0, border reflect, saturated to uint8" in page
    flagged = " ".join(cli.run("run", "f.yaml", "--like", "scipy.ndimage.convolve:int8").out.split())
    assert "kernel turned" in flagged and "wrapped in int8" in flagged
    assert "unknown function of another program 'cv3'" in cli.run("run", "f.yaml", "--like", "cv3").err
    assert "saturated to uint8 (0 to 255) = 255" in cli.run("trace", "f.yaml", "--pos", "0,2").out


def test_every_function_has_a_worked_line() -> None:
    """Its own example is one that it takes, and no two functions are called alike."""
    for convention in CONVENTIONS.values():
        assert worked(convention).output.size
        assert find(convention.name) is convention
        for alias in convention.aliases:
            assert find(alias) is convention


REFUSED = (
    ("cv2.filter", {}, "unknown function of another program 'cv2.filter'", "did you mean cv2.filter2D"),
    ("ndimage.convolve", {"padding": "full"}, "scipy.ndimage.convolve has no padding", "leave padding out"),
    ("cv2.filter2D", {"boundary": "circular"}, "cv2.filter2D has no boundary circular", "one of: border_constant"),
    ("pillow", {}, "PIL.ImageFilter.Kernel takes kernels of 3×3 or 5×5, this one is 2×2", ""),
    ("gm-convolve", {}, "gm-convolve takes kernels of odd size, this one has 2 taps on an axis", "add a row"),
    ("cv2.blur", {}, "cv2.blur takes a size, not weights", "--kernel box:3"),
    ("numpy.convolve", {}, "numpy.convolve takes 1 spatial axis, the input has 2", ""),
    ("torch", {"type": "uint16"}, "torch.nn.functional.conv2d takes no uint16", "one of: int64"),
    ("ffmpeg-convolution", {"type": "uint8"}, "uint8 does not hold the input's numbers", "leave the type out"),
)


@pytest.mark.parametrize(("function", "said", "message", "hint"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_a_function_does_not_take_is_refused(function: str, said: dict[str, Any], message: str, hint: str) -> None:
    """In words that say what it takes."""
    sides = 3 if function == "ffmpeg-convolution" else 2
    weights = np.arange(1, sides**2 + 1).reshape(1, 1, sides, sides)
    problem = build_problem([[[[1, 2, 300], [4, 5, 6], [7, 8, 9]]]], weights)
    with pytest.raises(ConvcalcError) as error:
        apply(problem, find(function), Stated(**said))
    assert message in error.value.message
    assert hint in (error.value.hint or "")
