"""What one input cell does: every output cell that it reaches, with its weight there. The trace turned round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convcalc.arrays import Array, index, plain, read_only, total
from convcalc.display import Displayed
from convcalc.geometry.reached_positions import images, reached
from convcalc.numerals import Number, nearest_float
from convcalc.problem import Problem
from convcalc.tracing.groups import readers, scaled
from convcalc.tracing.places import check_place


@dataclass(frozen=True, eq=False, repr=False)
class Uses(Displayed):
    """The output cells that one input cell reaches: on every axis some positions, and all of their combinations."""

    problem: Problem
    sample: int
    channel: int
    """The input channel."""
    position: tuple[int, ...]
    """The input cell, counted from 0 on each spatial axis."""
    value: Number
    out_channels: range
    """The output channels that read the channel."""
    positions: tuple[tuple[int, ...], ...]
    """On each axis the output positions that it reaches."""
    taps: tuple[tuple[tuple[int, ...], ...], ...]
    """On each axis, for each of these positions, the taps that read the cell there."""
    images: tuple[tuple[int, ...], ...]
    """On each axis the places where the cell is read: its own, and those in the padding that copy it."""
    weights: Array
    """(out_channels, *positions): the scaled weights of all taps that read the cell there, added up."""
    contributions: Array
    """value × weights: the cell's part in each output cell."""

    @property
    def count(self) -> int:
        """Output cells that the input cell reaches."""
        return self.weights.size

    @property
    def total(self) -> Number:
        """All weights added up: what a cell larger by 1 adds to the output as a whole."""
        added: Number = total(self.weights)
        return added


def uses_of(problem: Problem, position: int | Sequence[int], channel: int = 0, sample: int = 0) -> Uses:
    """What one input cell does; ``position`` has one index for each spatial axis.

    Raises:
        GeometryError: there is no such cell, channel or sample.
    """
    place = check_place("input", problem.input.shape, position, channel, sample)
    axes = list(zip(problem.axes, place, strict=True))
    found = [reached(axis, problem.boundary, cell) for axis, cell in axes]
    out_channels = readers(problem, channel)
    weights = _weights(problem, channel, out_channels, [list(each.values()) for each in found])
    value = plain(problem.input[(sample, channel, *place)])
    with np.errstate(all="ignore"):  # inf × 0 is nan, as in the output
        contributions = weights * (value if problem.is_exact else nearest_float(value))
    return Uses(
        problem=problem,
        sample=sample,
        channel=channel,
        position=place,
        value=value,
        out_channels=out_channels,
        positions=tuple(tuple(each) for each in found),
        taps=tuple(tuple(each.values()) for each in found),
        images=tuple(images(axis, problem.boundary, cell) for axis, cell in axes),
        weights=read_only(weights),
        contributions=read_only(contributions),
    )


@np.errstate(all="ignore")
def _weights(problem: Problem, channel: int, out_channels: range, taps: Sequence[Sequence[Sequence[int]]]) -> Array:
    """(out_channels, *positions): for each axis the weights of the taps that read the cell at a position, added up."""
    number = channel - problem.group_channels(out_channels.start).start
    filters = slice(out_channels.start, out_channels.stop)
    weights = problem.applied_weight[filters, number].astype(object if problem.is_exact else np.float64)
    for axis, positions in enumerate(taps, start=1):
        parts = [weights.take(each, axis=axis).sum(axis=axis, keepdims=True) for each in positions]
        weights = np.concatenate(parts, axis=axis) if parts else weights[(slice(None),) * axis + index(slice(0))]
    product = scaled(problem, weights, filters)
    return np.asarray(np.frompyfunc(plain, 1, 1)(product), dtype=object) if problem.is_exact else product
