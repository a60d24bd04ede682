"""Records of derivatives: the point at which a layer is linearised, and one product of a weight's gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcalc.context import Context
from convcalc.numerals import Number
from convcalc.tracing.explanation import Cell

if TYPE_CHECKING:
    from convcalc.arrays import Array


class Point(NamedTuple):
    """The point at which a layer is linearised; the adjoint of a linear layer does not depend on it."""

    inputs: Sequence[Array]
    """(batch, *input_shape) each."""
    values: Mapping[str, Array]
    context: Context


class WeightTerm(NamedTuple):
    """One product of a weight's gradient: the gradient of an output cell × the slope of that cell by the weight."""

    sample: int
    output: Cell
    """The output cell, whose gradient it is."""
    gradient: Number
    factor: Number
    """The slope: of a convolution the input cell that the weight multiplies there."""
    input: Cell | None = None
    """The input cell that is the factor; None: the padding, or the factor is no input cell."""
    is_padded: bool = False
    """Whether the factor stands outside the input, perhaps as a copy of a cell in it."""
    label: str = ""
    """The place that is read, such as "-1, 0" outside the input; or what the factor is, where it is no cell."""

    @property
    def product(self) -> Number:
        """Its part in the gradient."""
        return self.gradient * self.factor


class OwnWeight(NamedTuple):
    """A weight of which each output cell has one number of its own, as the one of its channel."""

    slopes: Array
    """(batch, *output_shape): the derivative of each output cell by its number."""
    spread: tuple[int, ...]
    """The shape of the weight that is spread over one sample's cells, (channels, 1, …)."""
    label: str = ""
    """What the slopes are, where they are no cells of the input."""
