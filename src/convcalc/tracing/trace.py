"""The story of one output cell as data: whatever front end tells it, it tells this.

Groups of channels that do not mix, and the scales of their output channels.

An input channel around a window: where in the input, or beside it, the window of a trace lies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, added, index, numbers, plain, read_only
from convcalc.display import Displayed
from convcalc.engine.bounds import could_be
from convcalc.engine.epilogue import epilogue
from convcalc.numerals import Number, nearest_float
from convcalc.problem import Problem
from convcalc.tracing.explanation import Explanation, LazyTerms, Term
from convcalc.tracing.places import check_place


def _part(channels: int, groups: int, group: int) -> slice:
    """The channels of one of so many groups.

    >>> _part(6, groups=3, group=1)
    slice(2, 4, None)
    """
    count = channels // groups
    return slice(group * count, (group + 1) * count)


def group_slices(problem: Problem) -> Iterator[tuple[slice, slice]]:
    """The output channels and the input channels of each group."""
    for group in range(problem.groups):
        yield _part(problem.out_channels, problem.groups, group), _part(problem.in_channels, problem.groups, group)


def readers(problem: Problem, channel: int) -> range:
    """The output channels that read an input channel: those of its group."""
    group = channel // (problem.in_channels // problem.groups)
    return range(problem.out_channels)[_part(problem.out_channels, problem.groups, group)]


def scaled(problem: Problem, values: Array, out_channels: slice = slice(None)) -> Array:
    """Values, (out_channels, ...) of some output channels, times the scales of these, in numbers of the same kind."""
    scales = problem.scale[out_channels]
    factors = np.array(scales if problem.is_exact else list(map(float, scales)), dtype=values.dtype)
    product: Array = values * factors.reshape(-1, *(1,) * (values.ndim - 1))
    return product


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


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Trace(Displayed, Explanation):
    """Of a convolution's cell with its window: total = (sum of the subtotals) × scale + bias."""

    problem: Problem
    sample: int
    reads: tuple[range, ...]
    """The input cells under the taps, on each axis; those outside the input are padding."""
    sources: tuple[tuple[int | None, ...], ...]
    """The input cell that each tap gets its value from, on each axis; None is the boundary's constant."""
    channels: tuple[ChannelTrace, ...]
    unscaled: Number
    """The sum of all subtotals, before scale and bias."""
    scale: Fraction = Fraction(1)

    @property
    def channel(self) -> int:
        """The output channel."""
        return self.cell[0]

    @property
    def position(self) -> tuple[int, ...]:
        """The output cell, counted from 0 on each spatial axis."""
        return self.cell[1:]

    @property
    def scaled(self) -> Number:
        """The sum after scaling, before the bias."""
        if isinstance(self.unscaled, float):
            return self.unscaled * self.scale.numerator / self.scale.denominator
        scaled: Number = plain(self.unscaled * self.scale)
        return scaled

    @cached_property
    def could(self) -> float:
        """The most that the cell could come to: Σ|weight| × the largest magnitude in its window × |scale| + |bias|.

        What errors are shares of, see :mod:`convcalc.engine.bounds`.
        """
        weights = sum(nearest_float(np.abs(each.weight).sum()) for each in self.channels)
        cells = max((nearest_float(np.abs(each.window).max(initial=0)) for each in self.channels), default=0.0)
        return could_be(weights, cells, abs(nearest_float(self.scale)), abs(nearest_float(self.bias)))

    @cached_property
    def padded(self) -> Array:
        """Which taps lie outside the input: bool, (*kernel_size)."""
        return outside(self.reads, self.sources)

    def source(self, taps: Sequence[int]) -> tuple[int, ...] | None:
        """The input cell that a tap gets its value from, or None for the boundary's constant."""
        return _source(self.sources, taps)


def trace_at(
    problem: Problem,
    position: int | Sequence[int],
    channel: int = 0,
    sample: int = 0,
    *,
    lost: float | None = None,
) -> Trace:
    """The trace of one output cell; ``position`` has one index for each spatial axis, ``lost`` see :class:`Trace`.

    Raises:
        GeometryError: there is no such cell, channel or sample.
    """
    place = check_place("output", problem.output_shape, position, channel, sample)
    reads = tuple(axis.reads(index) for axis, index in zip(problem.axes, place, strict=True))
    sources = tuple(problem.boundary.sources(cells, axis.size) for axis, cells in zip(problem.axes, reads, strict=True))
    channels = tuple(_channel_traces(problem, sample, channel, sources))
    total = added([each.subtotal for each in channels])
    return Trace(
        cell=(channel, *place),
        terms=LazyTerms(problem.counts.weights_per_filter, lambda: tuple(_terms(reads, sources, channels))),
        total=_finished(problem, channel, total),
        scale=problem.scale[channel],
        bias=problem.bias[channel],
        lost=lost,
        dtype=object if problem.is_exact else problem.dtype.value,
        problem=problem,
        sample=sample,
        reads=reads,
        sources=sources,
        channels=channels,
        unscaled=total,
    )


def traces(
    problem: Problem, channel: int | None = None, sample: int | None = None, *, lost: float | None = None
) -> Iterator[Trace]:
    """The traces of every output cell, one at a time, row by row, of one or all channels and samples."""
    samples = range(problem.batch) if sample is None else [sample]
    channels = range(problem.out_channels) if channel is None else [channel]
    for each_sample, each_channel, *position in product(samples, channels, *map(range, problem.output_size)):
        yield trace_at(problem, position, each_channel, each_sample, lost=lost)


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


def _terms(
    reads: Sequence[range], sources: Sequence[Sequence[int | None]], channels: Sequence[ChannelTrace]
) -> Iterator[Term]:
    """Channel by channel; where a tap reads, and what it is called, is the same in each."""
    taps = [(_source(sources, each), ", ".join(map(str, each))) for each in product(*map(range, map(len, reads)))]
    for channel in channels:
        for (source, label), value, weight in zip(taps, numbers(channel.window), numbers(channel.weight), strict=True):
            yield Term(value, None if source is None else (channel.channel, *source), weight, label=label)


def _source(sources: Sequence[Sequence[int | None]], taps: Sequence[int]) -> tuple[int, ...] | None:
    """The input cell that a tap gets its value from, or None for the boundary's constant."""
    cell = [each[tap] for each, tap in zip(sources, taps, strict=True)]
    return None if None in cell else tuple(place for place in cell if place is not None)


def _channel_traces(problem: Problem, sample: int, channel: int, sources: Any) -> Iterator[ChannelTrace]:
    """What every input channel contributes; the arrays of all are made at once."""
    group = problem.group_channels(channel)
    windows = read_only(cells_at(problem, problem.input[sample, group.start : group.stop], sources))
    weights = read_only(problem.applied_weight[channel].astype(windows.dtype))
    with np.errstate(all="ignore"):  # inf × 0 is nan, as in the output
        products = read_only(windows * weights)
    for each, window, weight, product_of_it in zip(group, windows, weights, products, strict=True):
        yield ChannelTrace(each, window, weight, product_of_it, added(numbers(product_of_it)))


@np.errstate(all="ignore")  # too large for its dtype is inf, as in the output
def _finished(problem: Problem, channel: int, total: Number) -> Number:
    """The sum through the same epilogue as the engine's, so that scale, bias and rounding have one home."""
    dtype = object if problem.is_exact else problem.dtype.value
    sums = np.zeros((1, problem.out_channels, *(1,) * problem.rank), dtype=dtype)
    with np.errstate(all="ignore"):  # too large for float32 is inf, as it is for the output
        sums[0, channel] = total
        finished: Number = plain(epilogue(problem, sums).reshape(-1)[channel])
    return finished


_WHOLE = 12  # cells of an axis that is kept whole
_MARGIN = 2  # cells kept on both sides of the window on a longer axis


class Surroundings(NamedTuple):
    """Cells of one input channel and of its padding; every array has one axis for each spatial axis."""

    ranges: tuple[range, ...]
    """Which cells these are, counted from the input's first on each axis."""
    values: Array
    padded: Array
    """Which cells lie outside the input."""
    read: Array
    """Which cells the window reads."""


def surroundings(trace: Trace, channel: int) -> Surroundings:
    """Rows and columns around the window in an input channel; of further axes only what the window reads."""
    problem = trace.problem
    planes = problem.rank - 2
    ranges = tuple(
        read if number < planes else _around(read, axis.size)
        for number, (read, axis) in enumerate(zip(trace.reads, problem.axes, strict=True))
    )
    sources = tuple(
        problem.boundary.sources(cells, axis.size) for cells, axis in zip(ranges, problem.axes, strict=True)
    )
    under = [[cell in read for cell in cells] for cells, read in zip(ranges, trace.reads, strict=True)]
    read = np.zeros([len(cells) for cells in ranges], dtype=bool)
    read[np.ix_(*map(np.array, under))] = True
    return Surroundings(
        ranges,
        cells_at(problem, problem.input[trace.sample, channel], sources),
        outside(ranges, sources),
        read,
    )


def _around(read: range, size: int) -> range:
    """The whole axis with the padding that is read; of a long one the cells beside the window."""
    first, last = min(0, read[0]), max(size - 1, read[-1])
    if last - first + 1 > _WHOLE:
        first, last = max(first, read[0] - _MARGIN), min(last, read[-1] + _MARGIN)
    return range(first, last + 1)
