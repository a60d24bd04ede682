"""Measures hypotheses at a sample of cells, all orientations of a kernel at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.causes.borders import Border, EdgeRule, borders_of
from convcalc.causes.hypotheses import Hypothesis, Question, View
from convcalc.causes.orientations import Turned, kernels_of
from convcalc.causes.placements import Placement, placements_of
from convcalc.causes.sampling import Cells, Sampler
from convcalc.causes.sums import Kernels, Stage

_MOST_OF_KERNEL = 2
"""Changes that an orientation of the kernel counts as at most."""
_WRAPS = (1 << 8, 1 << 16, 1 << 32)
_LEAST_FREE = 3
"""Cells that were not cut off, below which a sample says too little to refuse anything."""


class Measured(NamedTuple):
    """What was measured at a sample for one view and placement: the sums of all kernels, for one border."""

    view: View
    placement: Placement
    border: Border
    cells: Cells
    kernels: Kernels
    sums: Array
    """(orientations, cells, channels)."""

    def hypothesis(self, number: int) -> Hypothesis:
        """That of one orientation."""
        return Hypothesis(self.view, self.placement, self.kernels.turned[number], self.border)

    def kernel(self, number: int) -> Kernels:
        """One orientation by itself."""
        return Kernels(self.kernels.turned[number : number + 1], self.kernels.weights[number : number + 1])


class Bench:
    """Measures samples of hypotheses, each once."""

    def __init__(self, question: Question, rarity: int) -> None:
        """``rarity``: borders beyond it are not tried."""
        self._question = question
        self._samplers: dict[int, Sampler] = {}
        self._placements: dict[tuple[tuple[int, ...], ...], list[Placement]] = {}
        every = borders_of(question.problem.boundary, question.problem.rank)
        self.borders = [border for border in every if border.rarity <= rarity]

    def sampler(self, view: View) -> Sampler:
        """Of the view's matrix."""
        key = id(view.given)
        if key not in self._samplers:
            self._samplers[key] = Sampler(view.given)
        return self._samplers[key]

    def kernels(self, view: View) -> list[Kernels]:
        """All orientations of the view's kernel that differ, by their shape."""
        weight, rank = view.mix.weight.astype(np.float64), view.mix.rank
        groups: dict[tuple[int, ...], list[tuple[Turned, Array]]] = {}
        seen: set[tuple[tuple[int, ...], bytes]] = set()
        for turned in kernels_of(rank, flip=self._question.problem.flip):
            oriented = np.ascontiguousarray(turned.orientation.of(weight, rank))
            key = (oriented.shape, oriented.tobytes())
            if key not in seen:
                seen.add(key)
                groups.setdefault(oriented.shape, []).append((turned, oriented))
        return [
            Kernels(tuple(turned for turned, _ in found), np.stack([each for _, each in found]))
            for found in groups.values()
        ]

    def stage(self, view: View, border: Border, placements: list[Placement]) -> Stage:
        """The view with a border, wide enough for these placements."""
        rank = view.mix.rank
        margins = tuple(
            (
                max(0, *(placement.axes[axis].before for placement in placements)),
                max(0, *(placement.axes[axis].after for placement in placements)),
            )
            for axis in range(rank)
        )
        return Stage(view.mix, border, margins)

    def measured(self, view: View, most: int) -> Iterator[Measured]:
        """Everything of a view that has at most so many changes with it, and with any kernel may have as many."""
        sampler = self.sampler(view)
        geometry = self._question.problem.geometry
        least = most - _MOST_OF_KERNEL
        for kernels in self.kernels(view):
            counts = view.given.cells.shape[2:]
            taps = kernels.weights.shape[-view.mix.rank :]
            key = (view.mix.input.shape[2:], taps, counts)
            if key not in self._placements:
                self._placements[key] = placements_of(geometry, *key)
            placements = self._placements[key]
            near = [each for each in placements if view.cost + each.cost <= most]
            if not near:
                continue
            zeros = self.stage(view, self.borders[0], near)
            stages: dict[int, Stage] = {}
            for placement in near:
                inside = sampler.inside(placement)
                if inside is not None:
                    if view.cost + placement.cost < least:
                        continue
                    sums = zeros.sums(kernels, placement, inside.positions)
                    yield Measured(view, placement, self.borders[0], inside, kernels, sums)
                    continue
                everywhere = sampler.all(placement)
                for number, border in enumerate(self.borders):
                    cost = view.cost + placement.cost + border.cost
                    if border.rule is EdgeRule.EXTENDED and least <= cost <= most:
                        stage = stages.setdefault(number, self.stage(view, border, near))
                        sums = stage.sums(kernels, placement, everywhere.positions)
                        yield Measured(view, placement, border, everywhere, kernels, sums)

    def fitting(self, views: list[View], level: int) -> Iterator[tuple[Measured, int, Hypothesis]]:
        """The hypotheses of so many changes, the border inside not counted, whose sampled cells may fit."""
        for view in views:
            if view.cost > level:
                return
            for measured in self.measured(view, level):
                for number in np.flatnonzero(self.may_fit(measured)):
                    hypothesis = measured.hypothesis(int(number))
                    if hypothesis.cost == level:
                        yield measured, int(number), hypothesis

    def may_fit(self, measured: Measured) -> Array:
        """Which orientations (orientations,) may give the cells by a line, a rounding and the ends of a type."""
        cells, free = measured.cells.values, measured.cells.free
        whole, sums = measured.view.given.is_whole, measured.sums
        if free.sum() < _LEAST_FREE:
            return self._clipped(measured)
        loose = (2.5 if whole else 0.0) + 4 * self._question.looseness
        bias, picked = measured.view.mix.bias, sums[:, free]  # (orientations, free cells)
        found = np.zeros(len(sums), dtype=bool)
        for base in (bias, bias * 0) if bias.any() else (bias,):
            wanted = (cells - base)[free]
            found |= _off_line(picked, wanted) <= loose
            if whole:
                found |= _wraps(picked, wanted, self._question.looseness)
        return found

    def _clipped(self, measured: Measured) -> Array:
        """Which orientations (orientations,) give the cells once they are cut off where the matrix ends."""
        given = measured.view.given
        sums, cells = measured.sums + measured.view.mix.bias, measured.cells.values
        off = np.abs(sums.clip(*given.range) - cells)
        return np.asarray((off <= (1.0 if given.is_whole else 0.0) + self._question.looseness).all((1, 2)))


def _off_line(picked: Array, wanted: Array) -> Array:
    """How far apart the rests (orientations,) of cells (cells,) are from a line of sums (orientations, cells)."""
    spread = picked - picked.mean(1, keepdims=True)
    power = (spread * spread).sum(1)
    slope = np.where(power > 0, spread @ (wanted - wanted.mean()) / np.where(power > 0, power, 1), 0)
    rest = wanted - slope[:, None] * picked
    return np.asarray(rest.max(1) - rest.min(1))


def _wraps(picked: Array, wanted: Array, looseness: float) -> Array:
    """Which sums (orientations, cells) are the cells but for turns of a type, or for their signs."""
    found = (np.abs(np.abs(picked) - np.abs(wanted)) <= 1.0).all(1)
    for modulus in _WRAPS:
        off = (wanted - picked) % modulus
        found |= (np.minimum(off, modulus - off) <= 1.0 + looseness).all(1)
    return np.asarray(found)
