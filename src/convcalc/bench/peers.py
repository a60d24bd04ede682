"""Other libraries as contenders: the same numbers by PyTorch, SciPy and OpenCV, imported by the worker alone."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.bench.contender import Call, Contender, float_arrays
from convcalc.bench.ours import too_long
from convcalc.geometry.boundary import Boundary
from convcalc.problem import Problem

_NDIMAGE_SECONDS = 1e-9
"""Of one multiplication with its addition in scipy.ndimage, about."""
_LARGE = 25
"""Taps from which a transform may be faster."""

Filter = Callable[[Array, Array, Array], object]
"""Called with the cells and the kernel of one channel, both (*spatial); writes the output of the cells' size."""


def _prepare_torch(problem: Problem, threads: int) -> Call:
    import torch

    torch.set_num_threads(threads)
    cells, weight = map(torch.tensor, float_arrays(problem))
    bias = torch.tensor([float(each) for each in problem.bias], dtype=cells.dtype) if problem.has_bias else None
    function: Callable[..., Any] = getattr(torch.nn.functional, f"conv{problem.rank}d")
    stride, padding, dilation = (
        tuple(getattr(axis, name) for axis in problem.axes) for name in ("stride", "before", "dilation")
    )
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": problem.groups}
    call: Call = torch.no_grad()(lambda: function(cells, weight, bias, **options))
    return call


def _prepare_opencv(problem: Problem, threads: int) -> Call:
    import cv2

    cv2.setNumThreads(threads)
    return _by_channel(
        problem,
        lambda cells, kernel, output: cv2.filter2D(cells, -1, kernel, dst=output, borderType=cv2.BORDER_CONSTANT),
    )


def _prepare_ndimage(problem: Problem, _threads: int) -> Call:
    from scipy.ndimage import correlate

    return _by_channel(
        problem, lambda cells, kernel, output: correlate(cells, kernel, output=output, mode="constant", cval=0.0)
    )


def _prepare_oaconvolve(problem: Problem, _threads: int) -> Call:
    from scipy.signal import oaconvolve

    def apply(cells: Array, kernel: Array, output: Array) -> None:
        output[...] = oaconvolve(cells, np.flip(kernel), mode="same")

    return _by_channel(problem, apply)


def _by_channel(problem: Problem, apply: Filter) -> Call:
    """One call for each output channel, each of which reads one input channel."""
    cells, weight = float_arrays(problem)
    sources = [problem.group_channels(channel)[0] for channel in range(problem.out_channels)]

    def call() -> Array:
        output = np.empty(problem.output_shape, cells.dtype)
        for channel, source in enumerate(sources):
            apply(cells[0, source], weight[channel, 0], output[0, channel])
        return output

    return call


def _torch_obstacle(problem: Problem, _threads: int) -> str | None:
    if any(axis.before != axis.after for axis in problem.axes):
        return "the same padding on both sides only"
    return "three spatial axes at most" if problem.rank > 3 else _common_obstacle(problem)


def _filter_obstacle(problem: Problem) -> str | None:
    """The obstacles of a filter of single images."""
    if problem.batch != 1:
        return "one sample at a time only"
    if problem.groups != problem.in_channels:
        return "one input channel for each output channel only"
    if any(axis.stride > 1 or axis.dilation > 1 for axis in problem.axes):
        return "neither stride nor dilation"
    if any(axis.before != axis.after or axis.output_size != axis.size for axis in problem.axes):
        return "outputs of the input's size only, by odd kernels"
    return "no bias" if any(problem.bias) else _common_obstacle(problem)


def _common_obstacle(problem: Problem) -> str | None:
    if problem.is_exact:
        return "floats only"
    is_padded = any(axis.before or axis.after for axis in problem.axes)
    return "zeros around the input only" if is_padded and problem.boundary != Boundary() else None


def _opencv_obstacle(problem: Problem, _threads: int) -> str | None:
    return _filter_obstacle(problem) or ("images of two axes only" if problem.rank != 2 else None)


def _ndimage_obstacle(problem: Problem, _threads: int) -> str | None:
    return _filter_obstacle(problem) or too_long(problem.macs * _NDIMAGE_SECONDS)


def _oaconvolve_obstacle(problem: Problem, _threads: int) -> str | None:
    is_small = prod(problem.kernel_size) < _LARGE
    return _filter_obstacle(problem) or (f"kernels of {_LARGE} taps and more only" if is_small else None)


PEERS = (
    Contender("torch", _prepare_torch, _torch_obstacle, "torch"),
    Contender("opencv", _prepare_opencv, _opencv_obstacle, "cv2"),
    Contender("scipy-ndimage", _prepare_ndimage, _ndimage_obstacle, "scipy"),
    Contender("scipy-oaconvolve", _prepare_oaconvolve, _oaconvolve_obstacle, "scipy"),
)
