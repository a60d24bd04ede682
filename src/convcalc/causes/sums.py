"""Sums of kernels in many orientations and places: of sampled cells by one gather, of all cells by an engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index
from convcalc.build import build_problem
from convcalc.causes.borders import Border, EdgeRule, extended, margins_of, sources_of
from convcalc.causes.channel_mixes import Mix
from convcalc.causes.orientations import Turned
from convcalc.causes.placements import Placement
from convcalc.engine.compute import compute
from convcalc.engine.plan import make_plan

_MOST_CHANNELS = 16
"""Output channels of a sample."""


class Kernels(NamedTuple):
    """Orientations of a kernel whose arrays are of one shape."""

    turned: tuple[Turned, ...]
    weights: Array
    """(orientations, out_channels, in_channels / groups, *kernel_size), float64."""


@dataclass(frozen=True, eq=False)
class Stage:
    """An input and a kernel, the channels in one meaning, with a border: sums of any placement."""

    mix: Mix
    """Its input turned over as it is tried."""
    border: Border
    margins: tuple[tuple[int, int], ...]
    """Cells (before, after) each axis that any placement reads beyond the input."""

    @cached_property
    def _sources(self) -> list[Array]:
        """For each axis the input cell that each index gets its value from, margins included; -1: a constant."""
        found = []
        for axis, (before, after) in enumerate(self.margins):
            size = self.mix.input.shape[2 + axis]
            indices = np.arange(-before, size + after)
            found.append(sources_of(indices, size, self.border.before[axis], self.border.after[axis]))
        return found

    def sums(self, kernels: Kernels, placement: Placement, positions: Array) -> Array:
        """(orientations, cells, listed channels) of sampled output positions (cells, axes), scaled, without bias."""
        return _products(self._windows(placement, positions), kernels.weights, self.mix)

    def _windows(self, placement: Placement, positions: Array) -> Array:
        """The cells under the taps, (in_channels, cells, taps), float64, of the first sample of the batch."""
        rank = len(placement.axes)
        sources, constants = [], []
        for axis, place in enumerate(placement.axes):
            starts = positions[:, axis] * place.stride - place.before
            reads = starts[:, None] + np.arange(place.taps) * place.dilation  # (cells, taps)
            shape = (len(positions), *(place.taps if each == axis else 1 for each in range(rank)))
            sources.append(self._sources[axis][reads + self.margins[axis][0]].reshape(shape))
            constants.append((reads < 0).reshape(shape))
        cells = self.mix.input[0][index(slice(None), *sources)].astype(np.float64)
        for axis, (source, is_before) in enumerate(zip(sources, constants, strict=True)):
            if (source < 0).any():
                values = float(self.border.before[axis].value), float(self.border.after[axis].value)
                cells = np.where(source < 0, np.where(is_before, *values), cells)
        return np.asarray(cells.reshape(len(cells), len(positions), -1))


def _products(windows: Array, weights: Array, mix: Mix) -> Array:
    """The sums (orientations, cells, listed channels) of windows (in_channels, cells, taps)."""
    channels, cells, taps = windows.shape
    count, outputs = weights.shape[:2]
    span, groups = channels // mix.groups, mix.groups
    left = windows.reshape(groups, span, cells, taps).transpose(0, 2, 1, 3).reshape(groups, cells, span * taps)
    filters = weights.reshape(count, groups, outputs // groups, span * taps)
    right = filters.transpose(1, 3, 0, 2).reshape(groups, span * taps, -1)
    found = np.asarray(left @ right).reshape(groups, cells, count, -1).transpose(2, 1, 0, 3)
    sums = found.reshape(count, cells, outputs)
    listed = range(outputs) if mix.listed is None else mix.listed
    return np.asarray(sums[:, :, list(listed)] * mix.scales)


def every_sum(mix: Mix, turned: Turned, placement: Placement, border: Border) -> Array:
    """The sums of all cells, (batch, listed channels, *output size), without bias, each rounded at most once."""
    weight = turned.orientation.of(mix.weight, mix.rank)
    sums = _computed(mix, mix.input, weight, placement, border)
    if border.rule is not EdgeRule.COUNTED:
        return sums
    ones = np.ones_like(mix.input[:1], dtype=np.float64)
    inner = _computed(mix, ones, weight, placement, border)
    return np.asarray(sums * mix.sums[0].reshape(-1, *(1,) * mix.rank) / inner)


def _computed(mix: Mix, values: Array, weight: Array, placement: Placement, border: Border) -> Array:
    cells = extended(values, border, margins_of(placement))
    problem = build_problem(
        np.ascontiguousarray(cells),
        np.ascontiguousarray(weight),
        scale=mix.scale,
        stride=tuple(axis.stride for axis in placement.axes),
        dilation=tuple(axis.dilation for axis in placement.axes),
        groups=mix.groups,
    )
    sums = compute(problem, make_plan(problem)).output
    return sums if mix.listed is None else sums[:, list(mix.listed)]


def edges_of(mix: Mix, placement: Placement, border: Border, shape: tuple[int, ...]) -> tuple[Array, Array] | None:
    """The cells whose windows reach outside, marked, and what they are where that is no sum; None where it is one.

    shape: (batch, listed channels, *output size), as of both arrays.
    """
    if border.rule in (EdgeRule.EXTENDED, EdgeRule.COUNTED):
        return None
    marks = np.ones(shape, dtype=bool)
    marks[index(..., *(slice(axis.inside.start, axis.inside.stop) for axis in placement.axes))] = False
    values = np.full(shape, 0.0 if border.rule is EdgeRule.ZERO else np.nan)
    if border.rule is EdgeRule.COPIED and mix.input.shape == shape:
        values = mix.input.astype(np.float64)
    return marks, values
