"""One gradient written out: the products that it sums, and by the chain rule those of the gradients in them.

A weight's products are gradients of its layer's output × slopes; a cell's are those of every output cell that it
reaches. So the tree of a gradient ends at the loss, or where the depth ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, added, plain
from convcalc.gradients.backward import Gradients
from convcalc.layers.network import INPUT
from convcalc.numerals import Number, nearest_float
from convcalc.tracing.explanation import Cell

ALL_SHOWN, MOST_SHOWN = 16, 6
"""The most products below which a tree goes on with all; of more, with the largest few."""


class Factor(NamedTuple):
    """One product of a gradient."""

    number: int
    """The layer whose output's gradient it is."""
    sample: int
    output: Cell
    gradient: Number
    slope: Number
    """What it is multiplied with: an input cell, a weight, another derivative."""
    read: Cell | None = None
    """The input cell that is the slope."""
    is_padded: bool = False
    label: str = ""
    """The tap, or the place that is read."""

    @property
    def product(self) -> Number:
        """Gradient × slope."""
        found: Number = plain(self.gradient * self.slope)
        return found


@dataclass(frozen=True, eq=False)
class Node:
    """A gradient with its products."""

    name: str
    """Such as conv1.weight, or the layer whose output it is of; "input"."""
    place: tuple[int, ...]
    value: Number
    """As the layers turned round give it."""
    factors: tuple[Factor, ...]
    """In order; none where the tree ends or the loss gives the value."""
    reason: str = ""
    """The loss's formula, where the value comes from there."""
    below: tuple[tuple[int, Node], ...] = ()
    """Products by their number, with the gradient in them written out."""

    @property
    def total(self) -> Number:
        """The sum of the products: exact, or rounded once."""
        found: Number = added([each.product for each in self.factors])
        return found

    @property
    def agrees(self) -> bool:
        """Whether the products sum to the value, of floats within rounding."""
        if not self.factors:
            return True
        apart = abs(nearest_float(self.total) - nearest_float(self.value))
        most = sum(abs(nearest_float(each.product)) for each in self.factors)
        eps = 2.0**-20 if isinstance(self.value, float) else 0.0
        return self.total == self.value or apart <= eps * max(most, abs(nearest_float(self.value)))


def weight_node(found: Gradients, number: int, name: str, place: tuple[int, ...], depth: int = 1) -> Node:
    """The gradient of one number of a layer's weight; ``found`` keeps the gradients of all outputs."""
    stage = found.network.stages[number]
    terms = stage.layer.weight_terms(found.point(number), found.by_output[number], name, place)
    factors = tuple(
        Factor(number, each.sample, each.output, each.gradient, each.factor, each.input, each.is_padded, each.label)
        for each in terms
    )
    value = plain(found.layer(number).weights[name][place])
    return Node(f"{stage.name}.{name}", place, value, factors, below=_below(found, factors, depth))


def cell_node(found: Gradients, number: int, sample: int, cell: Cell, depth: int = 1) -> Node:
    """The gradient of one cell of a layer's output, or of the input."""
    name = "input" if number == INPUT else found.network.stages[number].name
    value = plain(found.by_output[number][(sample, *cell)])
    place = (sample, *cell)
    if number == found.number:
        return Node(name, place, value, (), found.loss.reason(found.outputs[number], place))
    if depth < 1:
        return Node(name, place, value, ())
    factors = tuple(_factors(found, number, sample, cell))
    return Node(name, place, value, factors, below=_below(found, factors, depth))


def _factors(found: Gradients, number: int, sample: int, cell: Cell) -> Iterator[Factor]:
    """Of every layer that reads the cell each output cell that it reaches, with the slope."""
    for reader in found.network.needed(found.number):
        stage = found.network.stages[reader]
        for source in (place for place, below in enumerate(stage.inputs) if below == number):
            at = found.point(reader)
            trace = stage.layer.tracer(at.inputs, at.values, sample, at.context)
            for output in np.argwhere(_reached(found, reader, source, cell)).tolist():
                step = trace(tuple(output))
                gradient = plain(found.by_output[reader][(sample, *output)])
                for term, slope in zip(step.terms, step.slopes, strict=True):
                    if term.cell == cell and term.source == source:
                        yield Factor(reader, sample, tuple(output), gradient, plain(slope), label=term.label)


def _reached(found: Gradients, reader: int, source: int, cell: Cell) -> Array:
    stage = found.network.stages[reader]
    marks = [np.zeros(found.network.shape_of(below), bool) for below in stage.inputs]
    marks[source][cell] = True
    return stage.layer.reaches(marks)


def _below(found: Gradients, factors: Sequence[Factor], depth: int) -> tuple[tuple[int, Node], ...]:
    """The gradients in the largest products, written out: those of the loss always, others as deep as asked."""
    if not factors or (depth <= 1 and factors[0].number != found.number):
        return ()
    every = range(len(factors))
    kept = every if len(factors) <= ALL_SHOWN else nlargest(MOST_SHOWN, every, key=lambda each: _size(factors[each]))
    chosen = [each for each in kept if factors[each].gradient != 0]
    return tuple(
        (each, cell_node(found, factors[each].number, factors[each].sample, factors[each].output, depth - 1))
        for each in sorted(chosen)
    )


def _size(factor: Factor) -> float:
    return abs(nearest_float(factor.product))
