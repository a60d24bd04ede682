"""Where nothing gives every cell: what comes nearest, the cells that still differ, and their pattern."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, unwarned
from convcalc.causes.bench import Bench, Measured
from convcalc.causes.borders import USUAL
from convcalc.causes.change import Cause
from convcalc.causes.finishes import Factor, Finish, Offset, finishes_of
from convcalc.causes.hypotheses import Hypothesis, Question
from convcalc.causes.search import agreeing, sampled_lines
from convcalc.causes.stored_types import RANGES
from convcalc.causes.sums import every_sum
from convcalc.wording import counted

_MOST_CHANGES = 2
_MOST_TRIED = 8
"""Hypotheses of which every cell is computed, each with the usual borders."""
_MOST_RING = 3
"""Rows and columns from the edge that are told as a border."""


class Near(NamedTuple):
    """What comes nearest to a matrix."""

    cause: Cause
    expected: Array
    """(batch, channels, *spatial): what it gives, float64."""
    given: Array
    """The matrix, of the same shape."""
    same: Array
    """Which cells agree."""

    @property
    def differing(self) -> int:
        """How many cells differ."""
        return int((~self.same).sum())

    def differences(self, most: int) -> Iterator[tuple[tuple[int, ...], float, float]]:
        """The first so many differing cells: the place, what it gives there, and what the matrix has."""
        for place in np.argwhere(~self.same)[:most]:
            index = tuple(int(each) for each in place)
            yield index, float(self.expected[index]), float(self.given[index])

    @property
    def pattern(self) -> str:
        """What the differing cells have in common."""
        return ", ".join(filter(None, (_where(~self.same), _how(self.expected, self.given, ~self.same))))


class _Scored(NamedTuple):
    share: float
    changes: int
    """Negative, so that fewer are more."""
    order: int
    measured: Measured
    number: int


def nearest(question: Question) -> Near | None:
    """What gives most cells; None where no placement gives a matrix of that shape."""
    with unwarned():
        bench = Bench(question, USUAL)
        best: tuple[tuple[int, int], Near] | None = None
        for scored in nlargest(_MOST_TRIED, _scored(question, bench), key=lambda each: each[:3]):
            for near in _computed(question, bench, scored):
                key = (int(near.same.sum()), -near.cause.cost)
                if best is None or key > best[0]:
                    best = key, near
        return best[1] if best else None


def _scored(question: Question, bench: Bench) -> Iterator[_Scored]:
    """Every kernel at every place, with the share of sampled cells that it gives, or would give by a line."""
    order = 0
    for view in question.views:
        if view.cost > _MOST_CHANGES:
            return
        for measured in bench.measured(view, _MOST_CHANGES):
            sums = measured.sums + view.mix.bias
            loose = question.looseness + (1.0 if view.given.is_whole else 0.0)
            shares = (np.abs(sums - measured.cells.values) <= loose).mean((1, 2))
            fits = bench.may_fit(measured)
            for number in range(len(shares)):
                order -= 1
                cost = measured.hypothesis(number).cost
                if cost <= _MOST_CHANGES:
                    share = max(float(shares[number]), 0.9 if fits[number] else 0.0)
                    yield _Scored(share, -cost, order, measured, number)


def _computed(question: Question, bench: Bench, scored: _Scored) -> Iterator[Near]:
    """A hypothesis with the usual borders and the finishes that its sample allows, all cells compared."""
    measured, number = scored.measured, scored.number
    hypothesis = measured.hypothesis(number)
    mix = measured.view.mix
    one = np.ones(mix.out_channels)
    plain = Finish(Factor("", one, one), Offset("", mix.bias, 0), "", RANGES[0])
    slack = question.looseness
    sample, lines = sampled_lines(question, measured, number, slack, unnamed=True)
    finishes = [plain, *finishes_of(sample, lines)[:2]]
    borders = bench.borders if measured.cells.is_inside else [measured.border]
    for border in borders:
        placed = hypothesis._replace(border=border)
        sums = every_sum(mix, hypothesis.kernel, hypothesis.placement, border)
        for finish in finishes:
            yield _near(question, placed, sums, finish, slack)


def _near(question: Question, hypothesis: Hypothesis, sums: Array, finish: Finish, slack: float) -> Near:
    view, rank = hypothesis.view, question.problem.rank
    same = agreeing(question, hypothesis, sums, finish, slack)
    expected = np.moveaxis(finish.of(np.moveaxis(sums, 1, -1).astype(np.float64)), -1, 1)
    shown = (view.output.orientation.of(each, rank) for each in (expected, view.given.floats, same))
    return Near(hypothesis.cause(finish), *shown)


def _where(differs: Array) -> str:
    """Where the differing cells are."""
    if differs.all():
        return "every cell differs"
    if differs.sum() == 1:
        return "a single cell differs"
    spatial = np.asarray(differs.any((0, 1)))
    for ring in range(1, _MOST_RING + 1):
        inside = tuple(slice(ring, size - ring) for size in spatial.shape)
        if all(size > 2 * ring for size in spatial.shape) and not spatial[inside].any():
            width = "outermost cells" if ring == 1 else f"outermost {ring} cells"
            return f"only the {width} of the border differ"
    names = {1: ("cell",), 2: ("row", "column")}.get(spatial.ndim, ())
    for axis, name in enumerate(names):
        lines = np.flatnonzero(_beside(spatial, axis))
        if len(lines) == 1 < spatial.shape[axis]:
            return f"only {name} {lines[0]} differs"
    for axis, name in enumerate(("sample", "channel")):
        lines = np.flatnonzero(_beside(differs, axis))
        if len(lines) == 1 < differs.shape[axis]:
            return f"only {name} {lines[0]} differs"
    return f"{counted(int(differs.sum()), 'cell')} of {differs.size:,} differ"


def _beside(differs: Array, axis: int) -> Array:
    """Which places of an axis have a differing cell."""
    return np.asarray(np.moveaxis(differs, axis, 0).reshape(differs.shape[axis], -1).any(1))


def _how(expected: Array, given: Array, differs: Array) -> str:
    """By how much they differ, where that is the same for all."""
    ours, theirs = expected[differs], given[differs]
    if np.isnan(theirs).all():
        return "all of them nan"
    off = theirs - ours
    if not np.isfinite(off).all():
        return "some of them not finite"
    slack = 1e-9 * float(np.abs(off).max(initial=0))
    if float(np.ptp(off)) <= slack:
        return f"each by {off[0]:+.6g}".replace("-", "−")
    if np.abs(np.abs(off) - 1).max() <= slack:
        return f"by one: {int((off > 0).sum()):,} upwards, {int((off < 0).sum()):,} downwards"
    if (ours != 0).all() and float(np.ptp(theirs / ours)) <= 1e-9 * float(np.abs(theirs / ours).max()):
        return f"each by the factor {theirs[0] / ours[0]:.6g}"
    if len(set(theirs.tolist())) == 1:
        return f"all of them {theirs[0]:g} there"
    return f"by at most {float(np.abs(off).max()):.6g}"
