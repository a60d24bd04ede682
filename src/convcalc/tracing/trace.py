"""The story of one output cell as data: whatever front end tells it, it tells this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import isnan
from typing import Any

import numpy as np

from convcalc.arrays import Array, added, index, numbers, plain, read_only
from convcalc.engine.finish import finish
from convcalc.geometry.boundary import Number
from convcalc.problem import Problem
from convcalc.tracing.places import check_place


@dataclass(frozen=True, eq=False, slots=True)
class ChannelTrace:
    """What one input channel contributes; every array has the shape of the kernel, (*kernel_size)."""

    channel: int
    window: Array
    """The cells under the taps, padded ones with the value that they get."""
    weight: Array
    """The kernel as it lies on the window, flipped if the problem flips."""
    products: Array
    subtotal: Number


@dataclass(frozen=True, eq=False)
class Trace:
    """Why one output cell is what it is: total = (sum of the subtotals) × scale + bias."""

    sample: int
    channel: int
    """The output channel."""
    position: tuple[int, ...]
    """The output cell, counted from 0 on each spatial axis."""
    reads: tuple[range, ...]
    """The input cells under the taps, on each axis; those outside the input are padding."""
    sources: tuple[tuple[int | None, ...], ...]
    """The input cell that each tap gets its value from, on each axis; None is the boundary's constant."""
    channels: tuple[ChannelTrace, ...]
    unscaled: Number
    """The sum of all subtotals, before scale and bias."""
    scale: Fraction
    bias: Number
    total: Number
    """unscaled × scale + bias in the problem's dtype; whole numbers stay whole where the output is of floats."""

    @property
    def terms(self) -> int:
        """Products that were added: the MACs of this output cell."""
        return sum(channel.products.size for channel in self.channels)

    @property
    def scaled(self) -> Number:
        """The sum after scaling, before the bias."""
        if isinstance(self.unscaled, float):
            return self.unscaled * self.scale.numerator / self.scale.denominator
        scaled: Number = plain(self.unscaled * self.scale)
        return scaled

    @cached_property
    def padded(self) -> Array:
        """Which taps lie outside the input: bool, (*kernel_size)."""
        return outside(self.reads, self.sources)

    def source(self, taps: Sequence[int]) -> tuple[int, ...] | None:
        """The input cell that a tap gets its value from, or None for the boundary's constant."""
        cell = [sources[tap] for sources, tap in zip(self.sources, taps, strict=True)]
        return None if None in cell else tuple(place for place in cell if place is not None)


def trace_at(problem: Problem, position: int | Sequence[int], channel: int = 0, sample: int = 0) -> Trace:
    """The trace of one output cell; ``position`` has one index for each spatial axis.

    Raises:
        GeometryError: there is no such cell, channel or sample.
    """
    place = check_place("output", problem.output_shape, position, channel, sample)
    reads = tuple(axis.reads(index) for axis, index in zip(problem.axes, place, strict=True))
    sources = tuple(problem.boundary.sources(cells, axis.size) for axis, cells in zip(problem.axes, reads, strict=True))
    channels = tuple(_channel_traces(problem, sample, channel, sources))
    total = added([each.subtotal for each in channels])
    return Trace(
        sample=sample,
        channel=channel,
        position=place,
        reads=reads,
        sources=sources,
        channels=channels,
        unscaled=total,
        scale=problem.scale[channel],
        bias=problem.bias[channel],
        total=_finished(problem, channel, total),
    )


def traces(problem: Problem, channel: int | None = None, sample: int | None = None) -> Iterator[Trace]:
    """The traces of every output cell, one at a time, row by row, of one or all channels and samples."""
    samples = range(problem.batch) if sample is None else [sample]
    channels = range(problem.out_channels) if channel is None else [channel]
    for each_sample, each_channel, *position in product(samples, channels, *map(range, problem.output_size)):
        yield trace_at(problem, position, each_channel, each_sample)


def outside(cells: Sequence[range], sources: Sequence[tuple[int | None, ...]]) -> Array:
    """Which cells get their value from elsewhere: bool, one axis for each range of cells."""
    elsewhere = [
        np.array([source != index for source, index in zip(found, asked, strict=True)])
        for found, asked in zip(sources, cells, strict=True)
    ]
    return np.logical_or.reduce(np.meshgrid(*elsewhere, indexing="ij")) if len(elsewhere) > 1 else elsewhere[0]


def cells_at(problem: Problem, cells: Array, sources: Sequence[tuple[int | None, ...]]) -> Array:
    """The cells (..., *spatial) at these places, None for the boundary's constant: exact numbers, or float64."""
    known = [[0 if source is None else source for source in axis] for axis in sources]
    found: Array = cells[index(..., *np.ix_(*known))].astype(object if problem.is_exact else np.float64)
    for number, axis in enumerate(reversed(sources)):
        constant = [place for place, source in enumerate(axis) if source is None]
        found[index(..., constant, *(slice(None),) * number)] = problem.boundary.value
    return found


def agrees(problem: Problem, trace: Trace, output: Any) -> bool:
    """Whether the trace's total is the engine's output: the same number, or for floats within rounding.

    The rounding allowed is that of adding the products in any order: their count times half a unit of the dtype,
    relative to the sum of their magnitudes (Higham, Accuracy and Stability of Numerical Algorithms, 4.2).
    """
    if trace.total == output:
        return True
    total, engine = float(trace.total), float(output)
    if problem.is_exact:  # whole here, but rounded in an output that fractions elsewhere made float64
        return isinstance(output, float) and total == engine
    if isnan(total) or isnan(engine):
        return isnan(total) and isnan(engine)
    magnitude = sum(float(np.abs(each.products).sum()) for each in trace.channels) * abs(float(trace.scale))
    unit = float(np.finfo(problem.dtype.value).eps)
    return abs(total - engine) <= (trace.terms + 4) * unit * (magnitude + abs(float(trace.bias)))


def _channel_traces(problem: Problem, sample: int, channel: int, sources: Any) -> Iterator[ChannelTrace]:
    """What every input channel contributes; the arrays of all are made at once."""
    group = problem.group_channels(channel)
    windows = read_only(cells_at(problem, problem.input[sample, group.start : group.stop], sources))
    weights = read_only(problem.applied_weight[channel].astype(windows.dtype))
    with np.errstate(all="ignore"):  # inf × 0 is nan, as in the output
        products = read_only(windows * weights)
    for each, window, weight, product_of_it in zip(group, windows, weights, products, strict=True):
        yield ChannelTrace(each, window, weight, product_of_it, added(numbers(product_of_it)))


def _finished(problem: Problem, channel: int, total: Number) -> Number:
    """The sum through the same finish as the engine's, so that scale, bias and rounding have one home."""
    dtype = object if problem.is_exact else problem.dtype.value
    sums = np.zeros((1, problem.out_channels, *(1,) * problem.rank), dtype=dtype)
    sums[0, channel] = total
    with np.errstate(all="ignore"):
        finished: Number = plain(finish(problem, sums).reshape(-1)[channel])
    return finished
