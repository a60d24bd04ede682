"""The transposed convolution by its definition, and the identity that ties it to the convolution."""

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
    """⟨A x, z⟩: the output cells times those of z, added up."""
    backward: Number
    """⟨x, Aᵀ z⟩: the input cells times those of the adjoint of z, added up."""
    rounding: float
    """How far apart rounding alone can bring them; 0 in exact numbers."""
    is_linear: bool
    """Whether bias and boundary are 0; otherwise they are left out, since only the linear part has an adjoint."""
    z: Array
    """(batch, *output_shape): the whole numbers that were drawn."""
    spread: Array
    """(batch, *input_shape): Aᵀ z."""
    linearised: tuple[str, ...] = ()
    """Layers of a network that are not linear, and are taken for their slopes at the input."""

    @property
    def is_finite(self) -> bool:
        """Whether neither inf nor nan came in."""
        return all(is_finite(each) for each in (self.forward, self.backward))

    @property
    def holds(self) -> bool:
        """Whether both numbers are the same, or for floats within rounding."""
        return self.alike(self.forward, self.backward)

    def alike(self, one: Number, other: Number) -> bool:
        """Whether two numbers are the same, or for floats as near as rounding leaves both sides."""
        if not self.rounding:  # exact numbers may be beyond all floats
            return one == other
        return abs(nearest_float(one) - nearest_float(other)) <= self.rounding


def drawn(seed: int, shape: tuple[int, ...]) -> Array:
    """Whole numbers drawn at random for z."""
    return np.random.default_rng(seed).integers(-_LARGEST, _LARGEST, shape, endpoint=True)


def transposed(problem: Problem, cells: Array) -> Array:
    """What the adjoint of the problem's linear part makes of an array shaped like its output, shaped like its input.

    Each cell of ``cells``, (batch, out_channels, *output_size), writes the kernel to where its window would be read;
    what lands in the padding is added to the cell that stands there. Exact for whole numbers and fractions.
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
    return _folded(problem, padded)


def _folded(problem: Problem, padded: Array) -> Array:
    """The padded array with each margin cell added to the input cell that it copies."""
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
    """The products of two arrays added up: exactly, or for floats rounded once."""
    if "f" in (left.dtype.kind, right.dtype.kind):
        return float(total(left.astype(np.float64) * right.astype(np.float64)))
    exact: Number = plain(Fraction(np.dot(left.ravel().astype(object), right.ravel().astype(object))))
    return exact
