"""The numbers of a layer's output, computed as far as they are shown: a small layer whole, a large one tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from convcalc.arrays import Array, plain
from convcalc.context import Context
from convcalc.engine.compute import Cells, compute
from convcalc.layers.stage import Stage
from convcalc.problem import Problem

_STRIP = 1 << 20  # cells of all channels that are finished at a time
_AT_ONCE = 0.02
"""Seconds that a convolution may take to be computed whole; of a longer one only the tiles that are looked at."""


class Shown:
    """The output of a layer, (batch, *output_shape), that can be asked for cells."""

    def __init__(self, stage: Stage, inputs: Sequence[Array], problem: Problem | None, context: Context) -> None:
        """``inputs``: what the layer takes, (batch, *shape) each; ``problem``: the layer, if it is a convolution.

        Raises:
            ConvcalcError: it has no numbers, or a limit refuses it.
        """
        self._stage, self._inputs, self._problem, self._context = stage, inputs, problem, context
        self.plan = None if problem is None else context.plan(problem)
        if problem is not None:
            context.check(problem)

    @cached_property
    def whole(self) -> Array:
        """All of it."""
        if self._problem is None:
            return self._stage.compute(self._inputs, self._context)
        return compute(self._problem, self.plan, limits=self._context.limits).output

    @property
    def is_whole(self) -> bool:
        """Whether all of it is at hand, or so soon that it makes no difference."""
        return "whole" in vars(self) or self.plan is None or self.plan.seconds <= _AT_ONCE

    @cached_property
    def _cells(self) -> Cells:
        assert self._problem is not None
        return Cells(self._problem, self.plan or self._context.plan(self._problem), self._context.limits)

    @property
    def dtype(self) -> Any:
        """The number type of the output."""
        return self.whole.dtype if self.is_whole else np.asarray(self[(0,) * (2 + len(self._size))]).dtype

    @property
    def _size(self) -> tuple[int, ...]:
        return self._stage.layer.output_shape[1:]

    def __getitem__(self, place: tuple[int, ...]) -> Any:
        """One number, at (sample, channel, *position), as Python has it."""
        if self.is_whole:
            return plain(self.whole[place])
        sample, channel, *position = place
        return self._cells.at(sample, channel, position)

    def block(self, leading: tuple[int, ...], rows: range, columns: range) -> Array:
        """Rows and columns of one plane, (rows, columns); ``leading``: (sample, channel, …) of the plane."""
        if self.is_whole:
            cut: Array = self.whole[leading][rows.start : rows.stop, columns.start : columns.stop]
            return cut
        sample, channel, *slices = leading
        return self._cells.block(sample, channel, [*(range(each, each + 1) for each in slices), rows, columns]).reshape(
            len(rows), len(columns)
        )

    def plane(self, leading: tuple[int, ...]) -> Array:
        """All rows and columns of one plane, some rows at a time."""
        rows, columns = map(range, self._size[-2:])
        step = max(1, _STRIP // (self._stage.layer.output_shape[0] * len(columns)))
        strips = (rows[first : first + step] for first in range(0, len(rows), step))
        return np.concatenate([self.block(leading, strip, columns) for strip in strips])
