"""What an input cell of a network does: the cells of every layer that it reaches, and the weight of its paths there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.layers.layer import Box
from convcalc.layers.network import Network
from convcalc.layers.stage import Stage
from convcalc.tracing.explanation import Cell

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.numerals import Number


class Reached(NamedTuple):
    """The cells of one layer's output that depend on the input cell."""

    number: int
    """The layer."""
    box: Box
    """The smallest block that holds them."""
    marks: Array
    """(*box): which cells of the block they are, whatever the numbers are."""
    weights: Array
    """(*box): by how much each cell grows with the input cell, at this input: the products of all slopes along a path
    from one to the other, added up over all paths (the chain rule)."""
    ahead: int
    """Of a layer that is not linear: the cells that depend on a cell below that changes."""
    stopped: int
    """Those of them that do not change: a ReLU that cuts, a maximum that another cell won."""

    @property
    def cells(self) -> int:
        """How many depend on it."""
        return int(self.marks.sum())


class NetworkUses(NamedTuple):
    """What an input cell does to the layers of a network."""

    network: Network
    cell: Cell
    """(channel, *position) of the input, or (feature,)."""
    sample: int | None
    """Which sample of several; None: there is one."""
    value: Number
    rows: tuple[Reached, ...]
    """Every layer that it reaches on the way to the last one."""
    last: int
    """The layer that is shown in full."""
    active: tuple[int, ...]
    """Layers on the way whose slopes depend on the input."""

    @property
    def is_direct(self) -> bool:
        """Whether one linear layer alone lies between, whose weights are the path weights."""
        return len(self.rows) == 1 and not self.active

    @property
    def shown(self) -> Reached | None:
        """What it does to the last layer; None: it does not reach it."""
        return next((row for row in self.rows if row.number == self.last), None)


class _Change(NamedTuple):
    """What the input cell makes of a layer's output."""

    output: Array
    tangent: Array
    marks: Array
    """Of the one sample."""
    ahead: int = 0
    stopped: int = 0


def network_uses(
    network: Network, cells: Array, cell: Cell, last: int, context: Context = STANDARD, sample: int = 0
) -> NetworkUses:
    """What a cell of the input, ``cells``: (batch, *input_shape), does to the layers on the way to the last one.

    Raises:
        ConvcalcError: a layer has no weights, or the numbers do not go with each other.
    """
    from convcalc.arrays import plain

    one = cells[sample : sample + 1]
    rows = tuple(paths(network, one, cell, last, context))
    return NetworkUses(
        network=network,
        cell=cell,
        sample=sample if len(cells) > 1 else None,
        value=plain(one[(0, *cell)]),
        rows=rows,
        last=last,
        active=tuple(row.number for row in rows if not network.stages[row.number].layer.is_linear),
    )


def paths(network: Network, cells: Array, cell: Cell, last: int, context: Context = STANDARD) -> Iterator[Reached]:
    """What an input cell does to every layer on the way to the last one; layers that it cannot reach are left out.

    ``cells``: the input, (1, *input_shape). Each layer is computed, and the change that a change of the input cell
    makes is pushed through it (forward-mode differentiation: Griewank & Walther, Evaluating Derivatives, 2008, 3.1).

    Raises:
        ConvcalcError: a layer has no weights, or the numbers do not go with each other.
    """
    from convcalc.arrays import index

    def make(stage: Stage, below: list[_Change]) -> _Change:
        return _changed(stage, below, context)

    tangent = _one(cells, cell)
    start = _Change(cells, tangent, tangent[0] != 0)
    for number, change in network.carried(start, make, [last]):
        if change.marks.any():
            box = _block(change.marks)
            inside = [slice(each.start, each.stop) for each in box]
            marks, weights = change.marks[index(*inside)], change.tangent[index(0, *inside)]
            yield Reached(number, box, marks, weights, change.ahead, change.stopped)


def _changed(stage: Stage, below: Sequence[_Change], context: Context) -> _Change:
    inputs, tangents = [each.output for each in below], [each.tangent for each in below]
    kept = stage.keeping()
    output, pushed = kept.compute(inputs, context), kept.push(inputs, tangents, context)
    marks = stage.layer.reaches([each.marks for each in below])
    if stage.layer.is_linear:
        return _Change(output, pushed, marks)
    ahead = stage.layer.reaches([each[0] != 0 for each in tangents])
    return _Change(output, pushed, marks, int(ahead.sum()), int((ahead & (pushed[0] == 0)).sum()))


def _one(cells: Array, cell: Cell) -> Array:
    """1 at the cell, 0 elsewhere."""
    import numpy as np

    found = np.zeros(cells.shape, np.int64 if cells.dtype.kind in "iu" else cells.dtype)
    found[(0, *cell)] = 1
    return found


def _block(marks: Array) -> Box:
    """The smallest block that holds all marks; there are some."""
    return tuple(range(int(each.min()), int(each.max()) + 1) for each in marks.nonzero())
