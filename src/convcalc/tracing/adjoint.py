"""The adjoint (transposed) convolution by its definition, and the inner-product identity that defines it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, index, largest, plain, total
from convcalc.engine.algorithms.transposed_direct import scatter
from convcalc.numerals import Number, is_finite, nearest_float
from convcalc.problem import UNSCALED, Problem

_LARGEST = 9  # of the whole numbers drawn at random


@dataclass(frozen=True, eq=False, slots=True)
class Adjoint:
    """⟨A x, z⟩ and ⟨x, Aᵀ z⟩, where A is a convolution or several layers: the same number, for any z."""

    seed: int
    forward: Number
    """⟨A x, z⟩: the inner product of the output and z."""
    backward: Number
    """⟨x, Aᵀ z⟩: the inner product of the input and the adjoint of z."""
    rounding: float
    """A bound on their difference by rounding; 0 in exact numbers."""
    is_linear: bool
    """Whether bias and boundary are 0; otherwise they are omitted, since only the linear part has an adjoint."""
    z: Array
    """(batch, *output_shape): the random whole numbers."""
    spread: Array
    """(batch, *input_shape): Aᵀ z."""
    linearised: tuple[str, ...] = ()
    """Layers of a network that are not linear, and are replaced by their derivatives at the input."""

    @property
    def is_finite(self) -> bool:
        """Whether both numbers are finite."""
        return all(is_finite(each) for each in (self.forward, self.backward))

    @property
    def holds(self) -> bool:
        """Whether both numbers are equal, for floats within rounding."""
        return self.alike(self.forward, self.backward)

    def alike(self, one: Number, other: Number) -> bool:
        """Whether two numbers are equal, for floats within the bound of rounding."""
        if not self.rounding:  # exact numbers may exceed the range of floats
            return one == other
        return abs(nearest_float(one) - nearest_float(other)) <= self.rounding


def drawn(seed: int, shape: tuple[int, ...]) -> Array:
    """Random whole numbers for z."""
    return np.random.default_rng(seed).integers(-_LARGEST, _LARGEST, shape, endpoint=True)


def transposed(problem: Problem, cells: Array) -> Array:
    """The adjoint of the problem's linear part, applied to an array of the output's shape; of the input's shape.

    Each cell of ``cells``, (batch, out_channels, *output_size), writes the kernel to the cells of its window; values
    written to the padding are added to the cell that is copied there. Exact for whole numbers and fractions.
    """
    kind = object if problem.is_exact else np.float64
    scaled, weight = cells, problem.applied_weight
    if not problem.is_exact:
        scaled, weight = scaled.astype(kind), weight.astype(kind)
    if set(problem.scale) != {UNSCALED}:
        factors = np.array(problem.scale if problem.is_exact else [*map(nearest_float, problem.scale)], dtype=kind)
        scaled = scaled * factors.reshape(-1, *(1,) * problem.rank)
    padded = scatter(
        scaled,
        weight,
        size=[axis.padded_size for axis in problem.axes],
        stride=problem.axes.strides,
        dilation=problem.axes.dilations,
        groups=problem.groups,
    )
    if problem.is_exact and largest(padded) * padded.size >= INT64_LIMIT:  # many cells may be added into one
        padded = padded.astype(object)
    return folded(problem, padded)


def folded(problem: Problem, padded: Array) -> Array:
    """The padded array, (batch, in_channels, *padded size), with each margin cell added to the cell that it copies."""
    for number, axis in enumerate(problem.axes, start=2):
        cells = range(-axis.before, axis.size + axis.after)
        sources = problem.boundary.sources(cells, axis.size)
        kept = slice(axis.before, axis.before + axis.size)
        inside = padded[(slice(None),) * number + (kept,)].copy()
        for place, (cell, source) in enumerate(zip(cells, sources, strict=True)):
            if source is not None and source != cell:
                inside[(slice(None),) * number + index(source)] += padded[(slice(None),) * number + index(place)]
        padded = inside
    return padded


def inner(left: Array, right: Array) -> Number:
    """The inner product of two arrays: exact, or for floats rounded once."""
    if "f" in (left.dtype.kind, right.dtype.kind):
        return float(total(left.astype(np.float64) * right.astype(np.float64)))
    exact: Number = plain(Fraction(np.dot(left.ravel().astype(object), right.ravel().astype(object))))
    return exact
