"""What one input cell does: the output cells of a layer that depend on it, with its weight in each.

Of one convolution its weights say so (the trace turned round); through several layers it is the chain rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, plain, read_only, total, unwarned
from convcalc.context import STANDARD, Context
from convcalc.display import Displayed
from convcalc.geometry.reached_positions import reached
from convcalc.layers.network import INPUT_NAME, Network, network_of
from convcalc.layers.stage import Stage
from convcalc.numerals import Number, nearest_float
from convcalc.problem import Problem
from convcalc.tracing.explanation import Cell
from convcalc.tracing.places import check_place
from convcalc.tracing.trace import readers, scaled


@dataclass(frozen=True, eq=False, repr=False)
class Uses(Displayed):
    """The cells of a layer's output that depend on one input cell: on every axis some places, and which of them."""

    network: Network
    cell: Cell
    """(channel, *position) of the network's input, or (feature,)."""
    sample: int
    samples: int
    """How many there are."""
    value: Number
    number: int
    """The layer."""
    places: tuple[Sequence[int], ...]
    """On each axis of the layer's output the places of the cells that it reaches; empty where it reaches none."""
    marks: Array
    """(*places): which of the cells it reaches, whatever the numbers are."""
    weights: Array
    """(*places): by how much each cell grows with the input cell, at this input: the products of all slopes along a
    path from one to the other, added up over all paths (the chain rule); of one convolution its scaled weights."""
    ahead: int = 0
    """Of a layer that is not linear: the cells that depend on a cell below that changes."""
    stopped: int = 0
    """Those of them that do not change: a ReLU that cuts, a maximum that another cell won."""
    way: tuple[Uses, ...] = ()
    """Every layer that it reaches on the way to this one, each by itself, the lowest first."""
    source: str = INPUT_NAME
    """What the cell is of: the layer whose output the network takes, or the input."""

    @property
    def stage(self) -> Stage:
        """The layer in its place."""
        return self.network.stages[self.number]

    @property
    def steps(self) -> tuple[Uses, ...]:
        """Every layer that it reaches, this one the last."""
        return (*self.way, self) if self.count else self.way

    @property
    def count(self) -> int:
        """How many cells of the layer's output it reaches."""
        return int(self.marks.sum())

    @property
    def total(self) -> Number:
        """All weights added up: what a cell larger by 1 adds to the output as a whole."""
        added: Number = total(self.weights)
        return added

    @property
    def contributions(self) -> Array:
        """Value × weights, (*places): the cell's part in each output cell, where one linear layer lies between."""
        is_exact = self.weights.dtype.kind != "f"
        with unwarned():  # inf × 0 is nan, as in the output
            if is_exact:
                return read_only(self.weights.astype(object) * self.value)
            return read_only(self.weights * nearest_float(self.value))

    @property
    def is_direct(self) -> bool:
        """Whether one linear layer alone lies between, whose weights these are."""
        return not self.way and self.stage.layer.is_linear

    @property
    def active(self) -> list[str]:
        """The layers that it reaches whose slopes depend on the input."""
        return [step.stage.name for step in self.steps if not step.stage.layer.is_linear]


def uses_of(problem: Problem, position: int | Sequence[int], channel: int = 0, sample: int = 0) -> Uses:
    """What an input cell of one convolution does; ``position`` has one index for each spatial axis.

    Raises:
        GeometryError: there is no such cell, channel or sample.
    """
    place = check_place("input", problem.input.shape, position, channel, sample)
    return _of_convolution(network_of(problem), problem, (channel, *place), sample)


def uses_of_network(
    network: Network, cells: Array, cell: Cell, last: int, context: Context = STANDARD, sample: int = 0
) -> Uses:
    """What a cell of the input, ``cells``: (batch, *input_shape), does to the layers on the way to the last one.

    Layers that it cannot reach are left out. Each layer is computed, and the change that a change of the input cell
    makes is pushed through it (forward-mode differentiation: Griewank & Walther, Evaluating Derivatives, 2008, 3.1);
    one convolution by itself is not computed at all.

    Raises:
        ConvcalcError: a layer has no weights, or the numbers do not go with each other.
    """
    if network.is_convolution:
        return _of_convolution(network, network.problem(last, [cells], context), cell, sample)
    one = cells[sample : sample + 1]
    shape = (0,) * len(network.shape_of(last))
    none = Uses(
        network=network,
        cell=cell,
        sample=sample,
        samples=len(cells),
        value=plain(one[(0, *cell)]),
        number=last,
        places=(range(0),) * len(shape),
        marks=np.zeros(shape, bool),
        weights=np.zeros(shape, np.int64),
    )
    *way, found = [*_steps(none, one, context)] or [none]
    return replace(found, way=tuple(way)) if found.number == last else replace(none, way=(*way, found))


def _of_convolution(network: Network, problem: Problem, cell: Cell, sample: int) -> Uses:
    network = replace(network, stages=(replace(network.stages[0], problem=problem),))
    channel, *position = cell
    found = [reached(axis, problem.boundary, each) for axis, each in zip(problem.axes, position, strict=True)]
    out_channels = readers(problem, channel)
    weights = _weights(problem, channel, out_channels, [list(each.values()) for each in found])
    return Uses(
        network=network,
        cell=cell,
        sample=sample,
        samples=problem.batch,
        value=plain(problem.input[(sample, *cell)]),
        number=0,
        places=(out_channels, *(tuple(each) for each in found)),
        marks=np.ones(weights.shape, bool),
        weights=read_only(weights),
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


class _Change(NamedTuple):
    """What the input cell makes of a layer's output."""

    output: Array
    tangent: Array
    marks: Array
    """Of the one sample."""
    ahead: int = 0
    stopped: int = 0


def _steps(none: Uses, cells: Array, context: Context) -> Iterator[Uses]:
    """Every layer that the cell reaches; ``none`` says which cell and how far, ``cells``: (1, *input_shape)."""
    tangent = np.zeros(cells.shape, np.int64 if cells.dtype.kind in "iu" else cells.dtype)
    tangent[(0, *none.cell)] = 1
    start = _Change(cells, tangent, tangent[0] != 0)
    changes = none.network.carried(start, lambda stage, below: _changed(stage, below, context), [none.number])
    for number, change in changes:
        if change.marks.any():
            places = tuple(range(int(each.min()), int(each.max()) + 1) for each in change.marks.nonzero())
            inside = index(*(slice(each.start, each.stop) for each in places))
            marks, weights = change.marks[inside], change.tangent[0][inside]
            yield replace(
                none, number=number, places=places, marks=marks, weights=weights,
                ahead=change.ahead, stopped=change.stopped,
            )  # fmt: skip


def _changed(stage: Stage, below: Sequence[_Change], context: Context) -> _Change:
    inputs, tangents = [each.output for each in below], [each.tangent for each in below]
    kept = stage.keeping()
    output, pushed = kept.compute(inputs, context), kept.push(inputs, tangents, context)
    marks = stage.layer.reaches([each.marks for each in below])
    if stage.layer.is_linear:
        return _Change(output, pushed, marks)
    ahead = stage.layer.reaches([each[0] != 0 for each in tangents])
    return _Change(output, pushed, marks, int(ahead.sum()), int((ahead & (pushed[0] == 0)).sum()))
