"""An input that tells causes apart where the given one cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, unwarned
from convcalc.build import problem_of
from convcalc.causes.channel_mixes import mixes_of, plain_mix
from convcalc.causes.hypotheses import Found, Hypothesis
from convcalc.causes.sums import every_sum
from convcalc.geometry.axis import Axes, Axis
from convcalc.problem import Problem

_SEEDS = 8
_HIGH = 255
_LEAST, _MOST = 5, 32
"""Cells of an axis of the offered input, at least; and as many as the own one has, up to so many."""


class Probe(NamedTuple):
    """An input that is drawn: (channels, *spatial) whole numbers from 0 to 255, as the rule ``random`` draws them."""

    shape: tuple[int, ...]
    seed: int

    @property
    def node(self) -> dict[str, Any]:
        """As a file's mapping."""
        settings = {"seed": str(self.seed), "low": "0", "high": str(_HIGH)}
        return {"random": [*map(str, self.shape)], **settings}

    @property
    def rule(self) -> str:
        """As a file writes it."""
        return f"{{random: {list(self.shape)}, seed: {self.seed}, low: 0, high: {_HIGH}}}"


def probe_of(problem: Problem, found: Sequence[Found], drawn: Callable[[Probe], Array]) -> Probe | None:
    """The input on which these causes give the most different numbers; None where all are alike on every one.

    ``drawn``: the numbers of an offered input, (channels, *spatial).
    """
    sizes = tuple(max(_LEAST, 2 * axis.reach + 1, min(axis.size, _MOST)) for axis in problem.axes)
    shape = (problem.in_channels, *sizes)
    best: Probe | None = None
    most = 0
    with unwarned():
        for seed in range(_SEEDS):
            probe = Probe(shape, seed)
            cells = drawn(probe)[None]
            kinds = {_key(_output(problem, each, cells)) for each in found}
            if len(kinds) > 1 and len(kinds) > most:
                best, most = probe, len(kinds)
            if most == len(found):
                break
    return best


def _key(output: Array | None) -> tuple[tuple[int, ...], bytes]:
    return ((), b"") if output is None else (output.shape, output.tobytes())


def _output(problem: Problem, found: Found, cells: Array) -> Array | None:
    """What a cause gives for another input; None where its channels have no counterpart."""
    placed = with_input(problem, cells)
    change = found.hypothesis.view.mix.change
    mixes = (each for each in mixes_of(plain_mix(placed)) if each.change == change)
    mix = next(mixes, None)
    if mix is None:
        return None
    hypothesis = found.hypothesis
    turned = replace(mix, input=hypothesis.view.input.orientation.of(mix.input, problem.rank))
    moved = _moved(hypothesis, turned.input.shape[2:])
    if min(moved.placement.counts) < 1:
        return None
    sums = every_sum(turned, hypothesis.kernel, moved.placement, hypothesis.border)
    cells = np.moveaxis(found.finish.of(np.moveaxis(sums, 1, -1).astype(np.float64)), -1, 1)
    return hypothesis.view.output.orientation.of(cells, problem.rank)


def with_input(problem: Problem, cells: Array) -> Problem:
    """The same convolution of another input, (batch, in_channels, *spatial)."""
    axes = Axes(
        Axis(size, axis.kernel_size, axis.stride, axis.dilation, axis.before, axis.after, axis.number)
        for size, axis in zip(cells.shape[2:], problem.axes, strict=True)
    )
    geometry = replace(problem.geometry, axes=axes)
    return problem_of(geometry, cells, problem.weight, list(problem.bias), scale=problem.scale)


def _moved(hypothesis: Hypothesis, sizes: Sequence[int]) -> Hypothesis:
    """The placement for another size: as much padding on both sides."""
    axes = []
    for axis, size in zip(hypothesis.placement.axes, sizes, strict=True):
        more = (size - axis.size) // axis.stride
        axes.append(axis._replace(size=size, windows=axis.windows + more))
    return hypothesis._replace(placement=replace(hypothesis.placement, axes=tuple(axes)))
