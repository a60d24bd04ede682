"""Gradients against quotients of central differences of the loss: exact where all numbers are rational.

Along one number of one weight, or of the input, layers that are linear or made of pieces that are leave the loss at
most quadratic, so that a central difference within a piece is the derivative itself, not an approximation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, plain
from convcalc.gradients.backward import Gradients
from convcalc.layers.layer import Values
from convcalc.layers.network import INPUT, INPUT_NAME
from convcalc.numerals import Number, nearest_float

_EXACT_STEP, _STEP = Fraction(1, 1 << 20), 1e-5
_NEAR = 1e-6
"""Of the largest gradient: how far a quotient in float64 may be off."""
MOST = 64
"""Numbers of one array that are tried; of more, as many spread evenly."""


class Difference(NamedTuple):
    """One number's gradient and the quotient of differences."""

    place: tuple[int, ...]
    gradient: Number
    quotient: Number


@dataclass(frozen=True, eq=False)
class Checked:
    """The gradient of one array, compared."""

    name: str
    size: int
    compared: int
    largest: float
    """The largest difference."""
    kinks: int
    """Numbers at which the loss has a kink: the gradient lies between the quotients on both sides."""
    different: tuple[Difference, ...]


def checked(found: Gradients) -> Iterator[Checked]:
    """Each weight's gradient, and the input's, compared; ``found`` is exact, or in float64."""
    for layer in found.layers:
        stage = found.network.stages[layer.number]
        for name, gradient in layer.weights.items():
            yield _compared(f"{stage.name}.{name}", gradient, _of_weight(found, layer.number, name), found)
    yield _compared(INPUT_NAME, found.of_input, _of_input(found), found)


def _compared(name: str, gradient: Array, loss: Callable[[Array], Number], found: Gradients) -> Checked:
    step = _EXACT_STEP if found.is_exact else _STEP
    most = max((abs(nearest_float(plain(each))) for each in gradient.flat), default=0.0)
    room = 0.0 if found.is_exact else _NEAR * (most + abs(nearest_float(found.value)) + 1e-3)
    places = [*np.ndindex(gradient.shape)]
    tried = [places[each * len(places) // min(MOST, len(places))] for each in range(min(MOST, len(places)))]
    kinks, largest, different = 0, 0.0, []
    for place in tried:
        here, (before, after) = plain(gradient[place]), _sides(loss, gradient.shape, place, step, found.value)
        quotient = (before + after) / 2
        apart = abs(nearest_float(quotient - here))
        if apart <= room:
            largest = max(largest, apart)
        elif min(before, after) - room <= here <= max(before, after) + room and abs(before - after) > 1e3 * step:
            kinks += 1
        else:
            largest = max(largest, apart)
            different.append(Difference(place, here, plain(quotient)))
    return Checked(name, gradient.size, len(tried), largest, kinks, tuple(different))


def _sides(
    loss: Callable[[Array], Number], shape: tuple[int, ...], place: tuple[int, ...], step: Any, value: Number
) -> tuple[Any, Any]:
    """The quotients of differences before and after a number."""
    move = np.zeros(shape, object if isinstance(step, Fraction) else np.float64)
    move[place] = step
    return (value - loss(-move)) / step, (loss(move) - value) / step


def _of_input(found: Gradients) -> Callable[[Array], Number]:
    cells = found.outputs[INPUT]

    def loss(move: Array) -> Number:
        network = replace(found.network, stages=tuple(replace(each, problem=None) for each in found.network.stages))
        outputs = {INPUT: cells + move, **dict(network.outputs(cells + move, found.context, [found.number]))}
        return found.loss.value(outputs[found.number])

    return loss


def _of_weight(found: Gradients, number: int, name: str) -> Callable[[Array], Number]:
    stage, cells = found.network.stages[number], found.outputs[INPUT]
    values = applied(stage.values(), exact=found.is_exact)

    def loss(move: Array) -> Number:
        moved = {**values, name: values[name] + move}
        stages = [replace(each, problem=None) for each in found.network.stages]
        stages[number] = replace(stages[number], read=lambda: moved)
        network = replace(found.network, stages=tuple(stages))
        return found.loss.value(dict(network.outputs(cells, found.context, [found.number]))[found.number])

    return loss


def applied(values: Values, *, exact: bool) -> dict[str, Array]:
    """The weights as they are applied, a scale multiplied into them: of whole numbers Python's, otherwise floats."""
    kind = object if exact else np.float64
    found = {name: np.asarray(each).astype(kind) for name, each in values.items() if name != "scale"}
    if "scale" in values:
        scale = np.asarray(values["scale"]).astype(kind)
        found["weight"] = found["weight"] * scale.reshape(-1, *(1,) * (found["weight"].ndim - 1))
    return found
