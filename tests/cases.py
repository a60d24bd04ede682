"""Convolutions as data: what every engine has to get right, and who takes them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import comb
from typing import Any

import numpy as np

from convcalc import ENGINES, Problem, build_problem
from convcalc.engine.bounds import choose_arithmetic, sum_bound

Shape = tuple[int, ...]

OBSTACLE = "the sums need Python's numbers, which have no matrix product"
"""What gemm and pointwise say against sums that no machine number holds."""

SOME = ("uint8", "int32", "float32", "float64")
"""Kinds of numbers for cases of thousands of terms: sums in float32, float64 and int64, and both floats."""


@dataclass(frozen=True, eq=False)
class Case:
    """A convolution without its numbers; ``options`` are keywords of ``convcalc.conv`` and of the reference alike."""

    name: str
    input: Shape
    """(batch, in_channels, *spatial)"""
    weight: Shape
    """(out_channels, in_channels / groups, *kernel_size)"""
    options: dict[str, Any] = field(default_factory=dict)
    kernel: Any = None
    """Whole weights for every filter and channel, (*kernel_size); None: any numbers."""
    kinds: tuple[str, ...] = ()
    """The names of the only kinds of numbers that it is computed in; none: in all."""

    def __str__(self) -> str:
        return self.name

    @property
    def is_rational(self) -> bool:
        """Whether the options alone make the sums rational."""
        return isinstance(self.options.get("boundary"), Fraction)


def case(name: str, cells: Shape, weight: Shape, **options: Any) -> Case:
    """A row of the table."""
    return Case(name, cells, weight, options)


def large(name: str, cells: Shape, weight: Shape, **options: Any) -> Case:
    """A row of thousands of terms, in some kinds of numbers."""
    return Case(name, cells, weight, options, kinds=SOME)


def planes(name: str, cells: Shape, channels: tuple[int, int], kernel: Any, **options: Any) -> Case:
    """A row whose filters all have the same plane for every channel; ``channels``: (out_channels, in a group)."""
    return Case(name, cells, (*channels, *np.shape(kernel)), options, kernel=np.asarray(kernel), kinds=SOME)


def binomial(taps: int) -> list[int]:
    """A row of Pascal's triangle.

    >>> binomial(5)
    [1, 4, 6, 4, 1]
    """
    return [comb(taps - 1, tap) for tap in range(taps)]


def delta(*taps: int) -> Any:
    """1 in the middle of a plane of zeros.

    >>> delta(3).tolist()
    [0, 1, 0]
    """
    plane = np.zeros(taps, dtype=int)
    plane[tuple(count // 2 for count in taps)] = 1
    return plane


CASES = [
    # rank is data
    case("1d", (1, 1, 7), (1, 1, 3)),
    case("2d", (1, 1, 5, 6), (1, 1, 3, 2)),
    case("3d", (1, 2, 3, 4, 3), (2, 2, 2, 2, 2)),
    case("4d", (1, 1, 3, 2, 3, 2), (1, 1, 2, 1, 2, 2), padding=(1, 0, 0, 1)),
    # channels, batch and groups
    case("channels", (1, 3, 4, 4), (2, 3, 2, 2)),
    case("batch", (3, 2, 5), (2, 2, 3), padding=1),
    case("zero-batch", (0, 2, 5), (3, 2, 3)),
    case("groups-2", (2, 4, 5), (6, 2, 3), groups=2),
    case("groups-3-2d", (1, 6, 4, 3), (3, 2, 2, 2), groups=3, padding="same"),
    case("depthwise", (1, 4, 5, 4), (4, 1, 3, 3), groups=4, padding=1),
    case("depthwise-multiplier-2", (1, 3, 6), (6, 1, 2), groups=3, stride=2),
    case("pointwise", (2, 3, 2, 2), (4, 3, 1, 1)),
    case("pointwise-groups", (1, 4, 3), (2, 2, 1), groups=2),
    # stride
    case("stride-2", (1, 1, 9), (1, 1, 3), stride=2),
    case("stride-leaves-cells", (1, 1, 6), (1, 1, 3), stride=2),
    case("stride-per-axis", (1, 2, 7, 8), (1, 2, 2, 3), stride=(3, 2)),
    case("stride-larger-than-kernel", (1, 1, 11), (2, 1, 2), stride=4),
    case("stride-larger-than-input", (1, 1, 4, 4), (1, 1, 2, 2), stride=9),
    case("stride-2-to-70", (1, 1, 4), (1, 1, 2), stride=2**70),
    # dilation
    case("dilation-2", (1, 1, 9), (1, 1, 3), dilation=2),
    case("dilation-per-axis", (1, 2, 7, 6), (2, 2, 2, 3), dilation=(3, 2)),
    case("dilation-stride-padding", (1, 1, 10), (1, 1, 3), dilation=3, stride=2, padding=2),
    case("dilation-of-one-tap", (1, 1, 3), (1, 1, 1), dilation=5),
    # padding
    case("padding-1", (1, 1, 4, 4), (1, 1, 3, 3), padding=1),
    case("padding-per-axis", (1, 1, 4, 3), (1, 1, 3, 3), padding=(2, 0)),
    case("padding-pairs", (1, 1, 4, 3), (1, 1, 3, 2), padding=((0, 2), (3, 1))),
    case("padding-one-side", (1, 1, 5), (1, 1, 3), padding=((2, 0),)),
    case("padding-outgrows-kernel", (1, 1, 3), (1, 1, 2), padding=4),
    case("valid", (1, 1, 5), (1, 1, 4), padding="valid"),
    case("same-odd", (1, 1, 5, 4), (1, 1, 3, 5), padding="same"),
    case("same-even", (1, 1, 5, 4), (1, 1, 2, 4), padding="same"),
    case("same-lower-even", (1, 1, 5, 4), (1, 1, 2, 4), padding="same-lower"),
    case("same-stride", (1, 1, 7, 8), (1, 1, 3, 4), padding="same", stride=(3, 2)),
    case("same-dilation", (1, 1, 6), (1, 1, 3), padding="same", dilation=3),
    case("same-larger-than-input", (1, 1, 2), (1, 1, 5), padding="same"),
    case("full", (1, 2, 4, 3), (1, 2, 3, 2), padding="full"),
    case("full-dilation", (1, 1, 4), (1, 1, 3), padding="full", dilation=2),
    # boundaries
    case("constant-int", (1, 1, 3, 3), (1, 1, 2, 2), padding=1, boundary=-7),
    case("constant-300", (1, 1, 3), (1, 1, 2), padding=2, boundary=300),
    case("constant-fraction", (1, 1, 3, 2), (1, 1, 2, 2), padding=1, boundary=Fraction(1, 3)),
    case("reflect", (1, 2, 4, 5), (1, 2, 3, 3), padding=2, boundary="reflect"),
    case("symmetric", (1, 1, 4, 5), (1, 1, 3, 3), padding=2, boundary="symmetric"),
    case("replicate", (1, 1, 4, 5), (1, 1, 3, 3), padding=2, boundary="replicate"),
    case("circular", (1, 1, 4, 5), (1, 1, 3, 3), padding=2, boundary="circular"),
    case("reflect-periodic", (1, 1, 3), (1, 1, 2), padding=((11, 8),), boundary="reflect"),
    case("symmetric-periodic", (1, 1, 3), (1, 1, 2), padding=((11, 8),), boundary="symmetric"),
    case("circular-periodic", (1, 1, 3, 2), (1, 1, 2, 2), padding=((7, 4), (5, 6)), boundary="circular"),
    case("replicate-far", (1, 1, 2), (1, 1, 3), padding=5, boundary="replicate", stride=2),
    case("reflect-one-cell", (1, 1, 1, 3), (1, 1, 2, 2), padding=2, boundary="reflect"),
    case("symmetric-one-cell", (1, 1, 1), (1, 1, 3), padding=3, boundary="symmetric"),
    case("reflect-one-side", (1, 1, 4, 3), (1, 1, 2, 2), padding=((0, 2), (0, 0)), boundary="reflect"),
    case("boundary-unused", (1, 1, 4), (1, 1, 3), boundary=Fraction(5, 7)),
    # flip
    case("flip-1d", (1, 1, 5), (1, 1, 3), flip=True),
    case("flip-2d", (1, 2, 4, 4), (2, 2, 2, 3), flip=True, padding=((1, 0), (0, 2))),
    case("flip-3d-dilation", (1, 1, 4, 3, 3), (1, 1, 2, 2, 1), flip=True, dilation=(2, 1, 1)),
    # sizes at the border
    case("kernel-is-input", (1, 2, 4, 3), (3, 2, 4, 3)),
    case("kernel-larger-than-input", (1, 1, 2, 2), (1, 1, 4, 5), padding=2),
    case("one-cell", (1, 1, 1), (1, 1, 1)),
    case("one-cell-padded", (1, 1, 1, 1), (1, 1, 3, 3), padding=1, boundary=2),
    case("primes", (1, 1, 11, 13), (1, 1, 5, 7), stride=(2, 3), padding=(1, 2)),
    case("row-kernel", (1, 1, 3, 7), (1, 1, 1, 5), padding=((0, 0), (2, 2)), boundary="circular"),
    case("column-kernel", (1, 1, 7, 3), (1, 1, 5, 1), stride=(2, 1)),
    # bias
    case("bias", (1, 2, 4), (3, 2, 2), bias=(5, -7, 0)),
    case("bias-one-number", (2, 1, 3, 3), (2, 1, 2, 2), bias=11),
    case("everything", (2, 4, 7, 6), (4, 2, 3, 2), groups=2, stride=(2, 1), dilation=(1, 2), padding=((2, 1), (0, 3)),
         boundary="reflect", flip=True, bias=(1, 2, 3, 4)),
]  # fmt: skip

# 3 taps on every axis at stride 1, with channels and ragged sizes: what minimal filtering takes
CASES += [
    large("three-1d", (1, 8, 23), (5, 8, 3)),
    large("three-1d-batch", (3, 4, 17), (4, 4, 3), padding="same", bias=(1, -2, 3, 0)),
    large("three-1d-dilation-3", (1, 4, 19), (3, 4, 3), padding="same", dilation=3),
    large("three-2d", (1, 4, 11, 13), (2, 4, 3, 3)),
    large("three-2d-channels", (1, 16, 5, 7), (3, 16, 3, 3), padding=1),
    large("three-2d-filters", (1, 2, 7, 5), (11, 2, 3, 3), padding=1),
    large("three-2d-batch", (2, 3, 7, 5), (4, 3, 3, 3), padding="same", bias=(1, -2, 3, 0)),
    large("three-2d-zero-batch", (0, 2, 5, 5), (3, 2, 3, 3)),
    large("three-2d-row", (1, 3, 1, 29), (2, 3, 3, 3), padding=1),
    large("three-2d-column", (1, 3, 17, 2), (2, 3, 3, 3), padding="same"),
    large("three-3d", (1, 2, 3, 5, 4), (2, 2, 3, 3, 3), padding=1),
    large("three-3d-valid", (1, 3, 5, 4, 7), (2, 3, 3, 3, 3)),
    large("three-3d-dilation", (1, 1, 7, 5, 5), (2, 1, 3, 3, 3), padding="same", dilation=(3, 2, 1)),
    large("three-4d", (1, 1, 3, 4, 3, 3), (1, 1, 3, 3, 3, 3), padding=1),
    large("three-dilation-2", (1, 3, 11, 9), (2, 3, 3, 3), padding="same", dilation=2),
    large("three-dilation-per-axis", (1, 2, 13, 7), (2, 2, 3, 3), padding=(3, 1), dilation=(3, 2), boundary="reflect"),
    large("three-groups", (1, 6, 7, 5), (4, 3, 3, 3), padding=1, groups=2),
    large("three-groups-batch", (2, 4, 5, 7), (6, 2, 3, 3), padding="same", groups=2, boundary="circular"),
    large("three-depthwise", (1, 5, 9, 7), (5, 1, 3, 3), padding="same", groups=5),
    large("three-depthwise-multiplier-2", (1, 3, 7, 7), (6, 1, 3, 3), padding=1, groups=3),
    large("three-depthwise-1d", (2, 7, 13), (7, 1, 3), padding=2, groups=7, boundary=-3),
    large("three-one-cell", (1, 2, 1, 1), (3, 2, 3, 3), padding=1),
    large("three-one-cell-circular", (1, 3, 1), (2, 3, 3), padding=2, boundary="circular"),
    large("three-one-cell-reflect", (1, 2, 1, 1), (2, 2, 3, 3), padding=2, boundary="reflect"),
    large("three-is-input", (1, 5, 3, 3), (4, 5, 3, 3)),
    large("three-full", (1, 2, 5, 7), (2, 2, 3, 3), padding="full"),
    large("three-full-reflect", (1, 2, 5, 7), (2, 2, 3, 3), padding="full", boundary="reflect"),
    large("three-full-symmetric", (1, 2, 5, 7), (2, 2, 3, 3), padding="full", boundary="symmetric"),
    large("three-same-replicate", (1, 2, 7, 5), (2, 2, 3, 3), padding="same", boundary="replicate"),
    large("three-same-circular", (1, 2, 7, 5), (2, 2, 3, 3), padding="same", boundary="circular"),
    large("three-full-constant", (1, 2, 5, 7), (2, 2, 3, 3), padding="full", boundary=9),
    large("three-uneven", (1, 2, 5, 7), (2, 2, 3, 3), padding=((3, 0), (1, 4)), boundary="circular"),
    large("three-far-periodic", (1, 1, 3, 2), (2, 1, 3, 3), padding=((7, 4), (5, 6)), boundary="reflect"),
    large("three-flip", (1, 3, 5, 7), (2, 3, 3, 3), padding=1, flip=True),
    large("three-stride", (1, 3, 11, 7), (2, 3, 3, 3), padding=1, stride=(2, 1)),
    large("pointwise-channels", (2, 19, 5, 7), (11, 19, 1, 1)),
    large("pointwise-padded", (1, 7, 5, 3), (4, 7, 1, 1), padding=2, boundary="symmetric", stride=(1, 2)),
    large("pointwise-depthwise", (1, 6, 5, 3), (6, 1, 1, 1), groups=6, dilation=3),
]

# large kernels on small images of prime sizes: what spectra and banded products take
CASES += [
    large("five", (1, 2, 7, 11), (2, 2, 5, 5), padding=2),
    large("five-channels", (1, 4, 7, 7), (3, 4, 5, 5)),
    large("five-dilation-2", (1, 1, 11, 13), (2, 1, 5, 5), padding="same", dilation=2, boundary="symmetric"),
    large("five-stride-2", (1, 2, 13, 11), (2, 2, 5, 5), padding="same", stride=2),
    large("five-3d", (1, 1, 5, 6, 7), (1, 1, 5, 5, 5), padding=((1, 0), (2, 0), (0, 1))),
    large("six-even", (1, 2, 7, 11), (1, 2, 6, 4), padding="same"),
    large("seven", (1, 1, 11, 13), (1, 1, 7, 7), padding="same"),
    large("seven-depthwise", (1, 3, 7, 7), (3, 1, 7, 7), padding="same", groups=3),
    large("seven-flip-batch", (2, 1, 7, 5), (2, 1, 7, 7), padding=3, flip=True, bias=(4, -1)),
    large("nine", (1, 1, 13, 11), (1, 1, 9, 9), padding="same"),
    large("nine-row", (1, 2, 5, 17), (2, 2, 1, 9), padding="same", boundary="circular"),
    large("nine-column", (1, 2, 17, 5), (2, 2, 9, 1), padding="same", boundary="replicate"),
    large("nine-groups", (1, 4, 11, 9), (2, 2, 9, 9), groups=2),
    large("large-constant", (1, 1, 7, 7), (1, 1, 11, 9), padding="same", boundary=-5),
    large("large-reflect", (1, 1, 7, 7), (1, 1, 11, 9), padding="same", boundary="reflect"),
    large("large-symmetric", (1, 1, 7, 7), (1, 1, 11, 9), padding="same", boundary="symmetric"),
    large("large-replicate", (1, 1, 7, 7), (1, 1, 11, 9), padding="same", boundary="replicate"),
    large("large-circular", (1, 1, 7, 7), (1, 1, 11, 9), padding="same", boundary="circular"),
    large("large-full", (1, 1, 3, 5), (2, 1, 7, 5), padding="full"),
    large("large-one-cell", (1, 1, 1, 1), (1, 1, 9, 7), padding="same", boundary=2),
    large("large-is-input", (1, 2, 11, 7), (2, 2, 11, 7)),
    large("thirty-one", (1, 1, 7, 5), (1, 1, 31, 31), padding="same"),
    large("thirty-one-1d", (1, 2, 37), (2, 2, 31), padding="same"),
    large("filter-1d", (2, 1, 61), (1, 1, 29)),
    large("filter-1d-full", (1, 1, 53), (2, 1, 41), padding="full", boundary="symmetric"),
    large("filter-1d-dilation", (1, 2, 59), (2, 2, 17), padding="same", dilation=3),
    large("filter-1d-depthwise", (1, 5, 41), (5, 1, 13), padding=6, groups=5),
    large("filter-1d-reach-is-input", (1, 1, 43), (1, 1, 8), dilation=6),
]

# kernels that are products of rows and columns, or sums of few of them
CASES += [
    planes("sobel-x", (1, 1, 11, 13), (1, 1), np.outer([1, 2, 1], [-1, 0, 1]), padding=1),
    planes("sobel-y-batch", (2, 1, 7, 5), (1, 1), np.outer([-1, 0, 1], [1, 2, 1]), padding="same", boundary="reflect"),
    planes("binomial-5", (1, 1, 11, 7), (1, 1), np.outer(binomial(5), binomial(5)), padding=2, boundary="symmetric"),
    planes("binomial-7-depthwise", (1, 3, 7, 11), (3, 1), np.outer(binomial(7), binomial(7)), padding=3, groups=3),
    planes("binomial-9-7", (1, 1, 13, 11), (1, 1), np.outer(binomial(9), binomial(7)), padding="same"),
    planes("binomial-3d", (1, 1, 5, 7, 4), (1, 1), np.einsum("i,j,k", *map(binomial, (3, 5, 2))), padding="same"),
    planes("box-5", (1, 2, 7, 11), (2, 2), np.ones((5, 5), int), padding="full", boundary="circular"),
    planes("box-7-stride-2", (1, 1, 13, 17), (1, 1), np.ones((7, 7), int), padding=3, stride=2),
    planes("box-5-dilation-2", (1, 1, 11, 13), (1, 1), np.ones((5, 5), int), padding=4, dilation=2, boundary=6),
    planes("box-1d", (1, 1, 31), (1, 1), [1] * 9, padding=4),
    planes("laplacian", (1, 1, 11, 13), (1, 1), [[0, 1, 0], [1, -4, 1], [0, 1, 0]], padding=1, boundary="replicate"),
    planes("laplacian-3d", (1, 1, 4, 5, 3), (1, 1), delta(3, 3, 3) * 27 - 1, padding=1),
    planes("unsharp-5", (1, 1, 7, 11), (1, 1), delta(5, 5) * 476 - np.outer(binomial(5), binomial(5)), padding=2),
    planes("rank-2", (1, 2, 7, 11), (2, 2), np.outer([1, 2, 3, 4, 5], [2, 0, -1, 3, 1])
           + np.outer([0, 1, -1, 2, 7], [1, 1, 0, -5, 2]), padding="same"),
    planes("rank-2-flip-stride", (1, 1, 13, 7), (1, 1), np.outer([1, 2, 3, 4, 5, 6, 7], [2, 0, -1, 3, 1])
           + np.outer([0, 1, -1, 2, 7, 0, 0], [1, 1, 0, -5, 2]), padding="same", stride=(2, 1), flip=True),
    planes("one-tap-of-many", (1, 1, 7, 11), (2, 1), np.roll(delta(7, 7), (1, -2), (0, 1)), padding=3),
    planes("zero-kernel", (1, 1, 7, 11), (1, 1), np.zeros((5, 5), int), padding=2, bias=3),
    planes("zero-rows", (1, 1, 7, 11), (1, 1), np.outer([0, 1, 0, 0, 3], [0, 0, 2, 1, 0]), padding=2, boundary=7),
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of numbers: how input and weight are filled, and what is known of the result."""

    name: str
    fill: Callable[[np.random.Generator, Shape, bool], Any]
    """(generator, shape, is_weight) → array"""
    needs_python: bool = False
    """Whether the sums outgrow every machine number."""
    epsilon: float = 0
    """Unit roundoff of a float kind; 0 of an exact one."""

    def __str__(self) -> str:
        return self.name


def _integers(dtype: str, low: int, high: int) -> Callable[[np.random.Generator, Shape, bool], Any]:
    return lambda rng, shape, _: rng.integers(low, high, size=shape, endpoint=True, dtype=np.int64).astype(dtype)


def _whole_range(dtype: str) -> Callable[[np.random.Generator, Shape, bool], Any]:
    """All of a type's values, its largest and its smallest among them."""
    info = np.iinfo(dtype)

    def fill(rng: np.random.Generator, shape: Shape, is_weight: bool) -> Any:
        values = rng.integers(info.min, info.max, size=shape, endpoint=True, dtype=dtype)
        if values.size:
            values.flat[0] = info.max
            values.flat[-1] = info.min or info.max
        return values

    return fill


def _big(rng: np.random.Generator, shape: Shape, is_weight: bool) -> Any:
    """Python integers of 30 digits as input, of 6 as weight."""
    small = rng.integers(-(10**6), 10**6, size=shape).astype(object)
    return small if is_weight else small * 10**24 + 10**23 + 1


def _fractions(rng: np.random.Generator, shape: Shape, is_weight: bool) -> Any:
    """Fractions with denominators from 1 to 6, the first one surely no whole number."""
    values = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        values[place] = Fraction(int(rng.integers(-20, 21)), int(rng.integers(1, 7)))
    if values.size:
        values.flat[0] = Fraction(1, 3)
    return values


def _floats(dtype: str) -> Callable[[np.random.Generator, Shape, bool], Any]:
    return lambda rng, shape, _: rng.uniform(-1, 1, size=shape).astype(dtype)


KINDS = [
    Kind("bool", lambda rng, shape, _: rng.random(shape) < 0.5),
    Kind("int8", _whole_range("int8")),
    Kind("int16", _whole_range("int16")),
    Kind("int32", lambda rng, shape, is_weight: _whole_range("int16" if is_weight else "int32")(rng, shape, is_weight)),
    Kind("int64", _integers("int64", -(10**6), 10**6)),
    Kind("int64-range", _whole_range("int64"), needs_python=True),
    Kind("uint8", _whole_range("uint8")),
    Kind("uint64", _integers("uint64", 0, 1000)),
    Kind("uint64-range", _whole_range("uint64"), needs_python=True),
    Kind("python", _big, needs_python=True),
    Kind("fraction", _fractions, needs_python=True),
    Kind("float16", _floats("float16"), epsilon=2.0**-24),  # computed in float32
    Kind("float32", _floats("float32"), epsilon=2.0**-24),
    Kind("float64", _floats("float64"), epsilon=2.0**-53),
]


def kinds_of(case: Case) -> list[Kind]:
    """The kinds of numbers that a case is computed in."""
    return [kind for kind in KINDS if not case.kinds or kind.name in case.kinds]


def numbers(case: Case, kind: Kind) -> tuple[Any, Any]:
    """Input and weight of a case, the same ones each time: the seed follows from the place in the table."""
    rng = np.random.default_rng([CASES.index(case), KINDS.index(kind)])
    cells, weight = kind.fill(rng, case.input, False), kind.fill(rng, case.weight, True)
    if case.kernel is None:
        return cells, weight
    return cells, np.broadcast_to(case.kernel, case.weight).astype(weight.dtype if kind.epsilon else np.int64)


def problem_of(case: Case, kind: Kind, **options: Any) -> Problem:
    """The problem of a case in a kind of numbers."""
    return build_problem(*numbers(case, kind), **{**case.options, **options})


def retiled(plan: Any, size: tuple[int, ...], **changes: Any) -> Any:
    """The same plan with tiles of another size."""
    count = changes.pop("tile_count", plan.tile_count)
    work = plan.work._replace(tile_size=size, **changes)
    return plan._replace(chosen=plan.chosen._replace(work=work), tile_count=count)


def obstacle_of(problem: Problem, engine: str) -> str | None:
    """Why the engine cannot take the problem, in its own words, or None."""
    row = ENGINES[engine]
    return row.obstacle(problem, choose_arithmetic(problem, row.arithmetics, sum_bound(problem)))


def takers(problem: Problem) -> list[str]:
    """The names of the engines that can take the problem."""
    return [name for name in ENGINES if obstacle_of(problem, name) is None]


def could_come_to(problem: Problem) -> Any:
    """What every cell's error is a share of: Σ|weight| × the largest magnitude in its window × |scale| + |bias|."""
    cells = np.abs(problem.input.astype(np.float64))
    grouped = (len(cells), problem.groups, cells.shape[1] // problem.groups, *problem.output_size)
    most: Any = 0.0
    for taps in product(*map(range, problem.kernel_size)):
        under = cells
        for number, (axis, tap) in enumerate(zip(problem.axes, taps, strict=True), start=2):
            read = [axis.start(position) + tap * axis.dilation for position in range(axis.output_size)]
            sources = problem.boundary.sources(read, axis.size)
            under = under.take([source or 0 for source in sources], number)
            outside = [place for place, source in enumerate(sources) if source is None]
            under[(slice(None),) * number + (outside,)] = abs(float(problem.boundary.value))
        most = np.maximum(most, under.reshape(grouped).max(axis=2))
    weights = np.abs(problem.weight.astype(np.float64)).reshape(problem.out_channels, -1).sum(axis=1)
    scaled = [float(total) * abs(float(scale)) for total, scale in zip(weights, problem.scale, strict=True)]
    shape = (-1, *(1,) * problem.rank)
    found = most.repeat(problem.out_channels // problem.groups, axis=1) * np.reshape(scaled, shape)
    return found + np.reshape([abs(float(each)) for each in problem.bias], shape)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails, instead of hanging, where what is done in it takes longer."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"took longer than {seconds} s")

    handler = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
