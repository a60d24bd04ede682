"""The benchmark suite, from the layers of known networks to large images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.api import kernel
from convcalc.arrays import Array, in_floats
from convcalc.build import build_problem
from convcalc.errors import UnknownNameError
from convcalc.problem import Labels, Problem

_SEED = 0


class Case(NamedTuple):
    """A problem by its sizes; its numbers are normally distributed at random, from a fixed seed."""

    name: str
    in_channels: int
    out_channels: int
    size: tuple[int, ...]
    """Input cells on each spatial axis."""
    kernel_size: tuple[int, ...]
    """Taps on each spatial axis."""
    kernel: str = ""
    """The named kernel instead of random weights."""
    batch: int = 1
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    padding: int | str = "same"

    def problem(self, dtype: str) -> Problem:
        """The problem in ``float32`` or ``float64``."""
        numbers = np.random.default_rng(_SEED)
        cells = numbers.standard_normal((self.batch, self.in_channels, *self.size)).astype(dtype)
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        weight = _named(self.kernel, shape) if self.kernel else numbers.standard_normal(shape)
        return build_problem(
            cells,
            weight.astype(dtype),
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            dtype=dtype,
            labels=Labels(self.name, kernels=(self.kernel,) * self.out_channels if self.kernel else ()),
        )


def _named(name: str, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(in_floats(kernel(name).values.astype(object)), shape)


def find_case(name: str) -> Case:
    """The case of a name.

    Raises:
        UnknownNameError: there is none.
    """
    found = next((case for case in CASES if case.name == name), None)
    if found is None:
        raise UnknownNameError("case", name, [case.name for case in CASES], field="case")
    return found


_LAYERS = (
    Case("3x3-64-64-112", 64, 64, (112, 112), (3, 3)),
    Case("3x3-128-128-56", 128, 128, (56, 56), (3, 3)),
    Case("3x3-256-256-56", 256, 256, (56, 56), (3, 3)),
    Case("3x3-512-512-28", 512, 512, (28, 28), (3, 3)),
    Case("3x3-64-64-56-batch-16", 64, 64, (56, 56), (3, 3), batch=16),
    Case("7x7-3-64-224-stride-2", 3, 64, (224, 224), (7, 7), stride=2, padding=3),
    Case("3x3-3-64-224", 3, 64, (224, 224), (3, 3)),
    Case("1x1-256-256-56", 256, 256, (56, 56), (1, 1)),
    Case("3x3-128-256-56-stride-2", 128, 256, (56, 56), (3, 3), stride=2, padding=1),
    Case("3x3-128-128-56-dilation-2", 128, 128, (56, 56), (3, 3), dilation=2, padding=2),
    Case("3x3-128-128-56-groups-32", 128, 128, (56, 56), (3, 3), groups=32),
    Case("depthwise-3x3-144-56", 144, 144, (56, 56), (3, 3), groups=144),
    Case("depthwise-7x7-96-56", 96, 96, (56, 56), (7, 7), groups=96),
    Case("depthwise-31x31-32-64", 32, 32, (64, 64), (31, 31), groups=32),
    Case("line-9-64-64-100000", 64, 64, (100_000,), (9,)),
    Case("cube-3x3x3-16-16-32", 16, 16, (32, 32, 32), (3, 3, 3)),
)
"""Taps, input channels, output channels, size and further settings."""
_IMAGES = (
    *(Case(f"image-{taps}x{taps}", 1, 1, (2048, 2048), (taps, taps)) for taps in (3, 5, 9)),
    Case("image-31x31-1024", 1, 1, (1024, 1024), (31, 31)),
    Case("rgb-3x3-1024", 3, 3, (1024, 1024), (3, 3), groups=3),
)
NAMED = tuple(
    Case(name, 1, 1, (2048, 2048), (3, 3), name) for name in ("sobel-x", "gaussian", "box", "laplacian", "sharpen")
)
"""Kernels of the library on one channel."""
CASES = (*_LAYERS, *_IMAGES, *NAMED)
