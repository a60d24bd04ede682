"""A run looked at again: every cell by another engine, and some cells by their traces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from time import perf_counter

import numpy as np

from convcalc.arrays import Array, index, plain
from convcalc.context import STANDARD, Context
from convcalc.engine.bounds import unit
from convcalc.engine.candidate import Precision
from convcalc.engine.compute import compute
from convcalc.engine.plan import Plan, make_plan
from convcalc.errors import DisagreementError
from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary
from convcalc.problem import Problem
from convcalc.tracing.trace import trace_at

MOST_TRACES = 16
"""Cells that are traced, spread over the output at random, the same ones each time."""
_MOST_TERMS = 1 << 21
"""Of all traces together: about a second."""
_COPIES = 2  # of an output that is compared, a channel at a time


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared, and found to agree."""

    engine: str
    """The other one that made all cells; empty: there is none."""
    cells: int
    """That the other engine made."""
    traces: int
    """Cells that were traced."""
    seconds: float
    """That it took."""


def verify(problem: Problem, output: Array, plan: Plan, context: Context = STANDARD) -> Verification:
    """What was compared of a run's output, (batch, out_channels, *spatial), which agrees.

    Raises:
        DisagreementError: a cell differs by more than both engines say that they may be off, or from its trace.
        LimitError: computing it again needs more memory than may be used.
    """
    start = perf_counter()
    other = other_plan(problem, plan)
    if other:
        context.limits.check_large(_COPIES * output.nbytes + other.memory_bytes, "verifying this convolution")
        _compare(problem, output, plan, compute(problem, other, limits=context.limits).output, other)
    traced = 0
    for place in sampled(output.shape, problem.counts.weights_per_filter):
        _compare_trace(problem, output, plan, place)
        traced += 1
    return Verification(other.engine if other else "", output.size if other else 0, traced, perf_counter() - start)


def other_plan(problem: Problem, plan: Plan) -> Plan | None:
    """The fastest way by an engine of another kind that keeps all digits, or none."""
    weighed = plan.candidates or make_plan(problem, explain=True).candidates
    family = plan.engine.partition("-")[0]
    others = [
        each
        for each in weighed
        if each.obstacle is None and each.name.partition("-")[0] != family and each.is_precise(Precision.FULL)
    ]
    if not others:
        return None
    return make_plan(problem, min(others, key=lambda each: each.seconds).name, threads=plan.threads)


def sampled(shape: Sequence[int], terms: int) -> Iterator[tuple[int, ...]]:
    """Places all over an output, fewer where each is the sum of many terms; all of a small output."""
    size = prod(shape)
    most = min(size, MOST_TRACES, max(1, _MOST_TERMS // max(1, terms)))
    chosen = range(size) if most == size else sorted(np.random.default_rng(size).choice(size, most, replace=False))
    for number in chosen:
        yield tuple(int(each) for each in np.unravel_index(number, tuple(shape)))


def _compare(problem: Problem, output: Array, plan: Plan, again: Array, other: Plan) -> None:
    place = _unequal(output, again) if problem.is_exact else _beyond(problem, output, again, plan.error + other.error)
    if place is not None:
        raise DisagreementError(
            place, f"engine {plan.engine}", plain(output[place]), f"engine {other.engine}", plain(again[place])
        )


def _unequal(output: Array, again: Array) -> tuple[int, ...] | None:
    """The first cell that differs."""
    return _first(np.asarray(output != again, dtype=bool))


def _first(wrong: Array) -> tuple[int, ...] | None:
    return tuple(map(int, np.unravel_index(int(wrong.argmax()), wrong.shape))) if wrong.any() else None


def _beyond(problem: Problem, output: Array, again: Array, lost: float) -> tuple[int, ...] | None:
    """The first cell where floats differ by more than that share of what it could come to, by the rule of traces."""
    weights = np.abs(problem.weight.astype(output.dtype)).reshape(problem.out_channels, -1).sum(axis=1)
    each = problem.out_channels // problem.groups
    with np.errstate(all="ignore"):
        for sample, cells in enumerate(problem.input):
            largest = largest_in_windows(problem, cells.astype(output.dtype, copy=False))
            for channel, weight in enumerate(weights):
                held = largest[channel // each]
                could = held * (weight * abs(float(problem.scale[channel]))) + abs(float(problem.bias[channel]))
                one, other = output[sample, channel], again[sample, channel]
                found = _first(~_alike(one, other, could, lost, held * weight, np.isfinite(held) & np.isfinite(weight)))
                if found is not None:
                    return (sample, channel, *found)
    return None


def _alike(one: Array, other: Array, could: Array, lost: float, sums: Array, is_finite: Array) -> Array:
    """Whether floats are within that share of what the cells could come to.

    A cell that reads inf or nan, ``is_finite`` is false there, is the same in both; one whose sum may overflow on its
    way, before the scale (``sums``) or after it, need not be.
    """
    info = np.finfo(one.dtype)
    apart = np.abs(one - other)
    least = lost / unit(one.dtype) * float(info.smallest_subnormal)
    is_close = apart <= could * (lost + 4 * unit(one.dtype)) + least
    if not is_close.all():
        is_close &= np.isfinite(apart)  # inf is not near to anything, however much the window holds
        is_close |= is_finite & ~(np.maximum(could, sums) * (1 + lost) < info.max)
        is_close |= (one == other) | (np.isnan(one) & np.isnan(other))
    return np.asarray(is_close)


def largest_in_windows(problem: Problem, cells: Array) -> Array:
    """The largest magnitude that each window of a sample reads, (groups, *output_size); cells: (channels, *spatial)."""
    found: Array = np.abs(cells).reshape(problem.groups, -1, *problem.spatial_size).max(axis=1)
    for number, axis in enumerate(problem.axes, start=1):
        found = _padded(found, number, axis, problem.boundary)
        done, ahead = 1, _until(number)
        while done < axis.kernel_size:  # of 1, 2, 4 … taps
            far = min(done, axis.kernel_size - done) * axis.dilation
            found = np.maximum(found[index(*ahead, slice(None, -far))], found[index(*ahead, slice(far, None))])
            done = min(2 * done, axis.kernel_size)
        found = found[index(*ahead, slice(None, None, axis.stride))]
    return found


def _padded(cells: Array, number: int, axis: Axis, boundary: Boundary) -> Array:
    """The cells under all windows of an axis, from the first tap of the first one to the last tap of the last."""
    reads = range(axis.start(0), axis.start(axis.output_size - 1) + axis.reach)
    sources = boundary.sources(reads, axis.size)
    taken = cells.take([0 if source is None else source for source in sources], axis=number)
    outside = [place for place, source in enumerate(sources) if source is None]
    taken[index(*_until(number), outside)] = abs(float(boundary.value))
    return taken


def _until(number: int) -> tuple[slice, ...]:
    return (slice(None),) * number


def _compare_trace(problem: Problem, output: Array, plan: Plan, place: tuple[int, ...]) -> None:
    sample, channel, *position = place
    trace = trace_at(problem, position, channel, sample, lost=plan.error)
    if not trace.agrees(output[place]):
        raise DisagreementError(place, f"engine {plan.engine}", plain(output[place]), "its trace", trace.total)
