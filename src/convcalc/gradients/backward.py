"""The gradients of a loss through a network: forwards once, then every layer turned round, the last one first.

Griewank & Walther, Evaluating Derivatives, 2008, section 3.2: adjoints backwards. Where everything is rational the
numbers stay exact; otherwise they are of the network's own type.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrays import Array, is_exact
from convcalc.context import STANDARD, Context
from convcalc.errors import DataError
from convcalc.gradients.loss import Loss
from convcalc.layers.derivative import Point
from convcalc.layers.network import INPUT, Network
from convcalc.layers.numbers import alike, sum_of
from convcalc.layers.pull import pull
from convcalc.numerals import nearest_float

if TYPE_CHECKING:
    from convcalc.numerals import Number

_MOST_FRACTIONS = 1 << 16  # cells of all layers; of more, fractions would take long, and floats are computed with


@dataclass(frozen=True, eq=False)
class LayerGradient:
    """The gradients at one layer."""

    number: int
    weights: Mapping[str, Array]
    """Of each learned weight, in its shape."""
    norm: float
    """√ of the sum of the squares of the gradient of its output, in float64."""
    cells: int
    zeros: int
    """Cells of the output, of all samples, whose gradient is 0."""
    dead: int
    """Channels of the output whose gradient is 0 in every cell of every sample."""


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of a loss by a network's input and by every weight on the way to it."""

    network: Network
    """Keeps the weights that it has read."""
    number: int
    """The layer whose output the loss is a function of."""
    loss: Loss
    value: Number
    """The loss."""
    outputs: Mapping[int, Array]
    """Of every layer on the way, and the input: (batch, *shape)."""
    by_output: Mapping[int, Array]
    """The gradients of these, as far as they were kept; that of the input, :data:`INPUT`, always."""
    layers: tuple[LayerGradient, ...]
    """In order."""
    context: Context
    """In which they were computed."""

    @property
    def of_input(self) -> Array:
        """(batch, *input_shape)."""
        return self.by_output[INPUT]

    @property
    def is_exact(self) -> bool:
        """Whether every number is whole or a fraction."""
        arrays = [self.of_input, *(each for layer in self.layers for each in layer.weights.values())]
        return all(map(is_exact, arrays))

    def layer(self, number: int) -> LayerGradient:
        """Those at one layer, which is on the way to the loss."""
        return next(each for each in self.layers if each.number == number)

    def point(self, number: int) -> Point:
        """Where a layer is linearised."""
        stage = self.network.stages[number]
        return Point([self.outputs[each] for each in stage.inputs], stage.values(), self.context)


def gradients_of(
    network: Network,
    cells: Array,
    loss: Loss,
    number: int,
    context: Context = STANDARD,
    *,
    keep: Collection[int] | None = (),
) -> Gradients:
    """The gradients of a loss of a layer's output; ``cells``: the input, (batch, *input_shape).

    ``keep``: the layers whose output's gradient is kept; None: all.

    Raises:
        FieldError: the loss does not fit the output.
        LimitError: the outputs of all layers need more memory than may be used.
        ConvcalcError: a layer has no weights, or the numbers are incompatible.
    """
    last = loss.reads(network, number)
    loss.check((len(cells), *network.shape_of(last)))
    path = network.needed(last)
    held = sum(prod(network.shape_of(each)) for each in (INPUT, *path)) * len(cells)
    context.limits.check_large(held * max(4, cells.itemsize), "the outputs of all layers")
    network = network.keeping(path)
    if context.dtype != "auto" or held > _MOST_FRACTIONS:
        return _backwards(network, cells, loss, last, context, keep)
    try:
        return _backwards(network, cells, loss, last, context._replace(dtype="exact", engine="auto"), keep)
    except DataError as error:
        if error.field != ("dtype",):
            raise
    return _backwards(network, cells, loss, last, context, keep)


def _backwards(
    network: Network, cells: Array, loss: Loss, last: int, context: Context, keep: Collection[int] | None
) -> Gradients:
    outputs = _forwards(network, cells, last, context)
    value = loss.value(outputs[last])
    _, (start,) = alike([loss.gradient(outputs[last])], "auto" if context.dtype == "exact" else context.dtype)
    if context.dtype == "exact" and not is_exact(start):
        context = context._replace(dtype="auto")  # the outputs are exact, the loss is not
    held, kept, layers = {last: start}, {}, []
    for number in reversed(network.needed(last)):
        here = held.pop(number)
        if keep is None or number in keep:
            kept[number] = here
        weights, parts = _turned(network, number, outputs, here, context)
        layers.append(_layer_gradient(number, weights, here))
        for below, part in zip(network.stages[number].inputs, parts, strict=True):
            held[below] = _added(part, held[below], context) if below in held else part
    kept[INPUT] = held[INPUT] if INPUT in held else np.zeros(cells.shape, np.int64)
    return Gradients(network, last, loss, value, outputs, kept, tuple(reversed(layers)), context)


def _forwards(network: Network, cells: Array, last: int, context: Context) -> dict[int, Array]:
    _, (start,) = alike([cells], context.dtype)
    outputs = {INPUT: start}
    if context.dtype == "exact":  # a problem that is made already may round its fractions
        network = replace(network, stages=tuple(replace(stage, problem=None) for stage in network.stages))
    if last != INPUT:
        outputs |= network.outputs(start, context, [last])
    return outputs


def _turned(
    network: Network, number: int, outputs: Mapping[int, Array], here: Array, context: Context
) -> tuple[dict[str, Array], list[Array]]:
    """The gradients of a layer's weights and of its inputs."""
    stage = network.stages[number]
    values = stage.values()
    with stage.placing(), np.errstate(all="ignore"):
        at = Point([outputs[each] for each in stage.inputs], values, context)
        return stage.layer.pull_weights(at, here), pull(stage.layer, at, here)


def _added(one: Array, other: Array, context: Context) -> Array:
    dtype, parts = alike([one, other], context.dtype)
    return sum_of(parts, dtype)


def _layer_gradient(number: int, weights: Mapping[str, Array], here: Array) -> LayerGradient:
    zero = here == 0
    by_channel = zero.all(axis=(0, *range(2, here.ndim)))
    return LayerGradient(number, weights, norm_of(here), here.size, int(zero.sum()), int(by_channel.sum()))


def norm_of(values: Array) -> float:
    """√ of the sum of the squares, in float64; inf and nan stay."""
    with np.errstate(all="ignore"):
        flat = values.reshape(-1)
        flat = np.array([*map(nearest_float, flat)]) if flat.dtype == object else flat.astype(np.float64)
        return float(np.sqrt(np.dot(flat, flat)))
