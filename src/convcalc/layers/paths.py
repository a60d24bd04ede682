"""What an input cell of a network does: the cells of every layer that it reaches, and the weight of its paths there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers.layer import PLAINLY, Box, How
from convcalc.layers.stack import Stack, Stage
from convcalc.layers.step import Cell

if TYPE_CHECKING:
    from convcalc.arrays import Array


class Reached(NamedTuple):
    """The cells of one layer's output that depend on the input cell."""

    number: int
    """The layer."""
    box: Box
    """The block of cells that can depend on it, whatever the numbers are."""
    weights: Array
    """(*box): by how much each cell grows with the input cell, at this input: the products of all slopes along a path
    from one to the other, added up over all paths (the chain rule)."""


def paths(stack: Stack, cells: Array, cell: Cell, last: int, how: How = PLAINLY) -> Iterator[Reached]:
    """What an input cell does to every layer on the way to the last one; layers that it cannot reach are left out.

    ``cells``: the input, (1, *input_shape). Each layer is computed, and the change that a change of the input cell
    makes is pushed through it (forward-mode differentiation: Griewank & Walther, Evaluating Derivatives, 2008, 3.1).

    Raises:
        ConvcalcError: a layer has no weights, or the numbers do not go with each other.
    """
    from convcalc.arrays import index

    boxes = stack.reached(tuple(range(each, each + 1) for each in cell))

    def make(stage: Stage, inputs: list[tuple[Array, Array]]) -> tuple[Array, Array]:
        below, changes = ([each[part] for each in inputs] for part in range(2))
        return stage.compute(below, how), stage.layer.push(below, stage.values(), changes)

    for number, (_, tangent) in stack.carried((cells, _one(cells, cell)), make, [last]):
        if number in boxes:
            inside = (slice(each.start, each.stop) for each in boxes[number])
            yield Reached(number, boxes[number], tangent[index(0, *inside)])


def _one(cells: Array, cell: Cell) -> Array:
    """1 at the cell, 0 elsewhere."""
    import numpy as np

    found = np.zeros(cells.shape, np.int64 if cells.dtype.kind in "iu" else cells.dtype)
    found[(0, *cell)] = 1
    return found
