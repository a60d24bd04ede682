"""Gradient descent: every learned weight of a network moved against the gradient of a loss, step by step.

The rules are PyTorch's SGD, without and with momentum, and Adam (Kingma & Ba, Adam, 2015, algorithm 1), without weight
decay. Every step sees all samples of the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from math import isfinite
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.context import STANDARD, Context
from convcalc.errors import DataError
from convcalc.gradients.backward import Gradients, gradients_of
from convcalc.gradients.differences import applied
from convcalc.gradients.loss import Loss
from convcalc.layers.network import Network
from convcalc.layers.sharing import shared
from convcalc.numerals import nearest_float

RULES = ("plain", "momentum", "adam")
KEPT = 0.9
"""The share of the velocity, and of Adam's mean of gradients, that a step keeps."""
KEPT_SQUARES = 0.999
"""The share of Adam's mean of squared gradients that a step keeps."""
TINY = 1e-8
"""Keeps Adam from dividing by 0."""
_WRITTEN = 2


class Method(NamedTuple):
    """How a gradient becomes a step."""

    rule: str = "plain"
    rate: float = 0.01


class Moving(NamedTuple):
    """A weight with what its rule remembers, all of one shape."""

    weight: Array
    mean: Array
    """The velocity of momentum, or Adam's mean of the gradients."""
    square: Array
    """Adam's mean of the squared gradients."""


class Weight(NamedTuple):
    """One number of one weight."""

    layer: int
    of: str
    place: tuple[int, ...]


class Move(NamedTuple):
    """One step of one number."""

    step: int
    """From 1."""
    before: Moving
    gradient: float
    after: Moving


class End(StrEnum):
    """Why there were no more steps."""

    LEARNED = "learned"
    DIVERGED = "diverged"
    STEPS = "steps"


@dataclass(frozen=True, eq=False)
class Learned:
    """What gradient descent made."""

    network: Network
    number: int
    """The layer whose output the loss is a function of."""
    loss: str
    method: Method
    dtype: str
    samples: int
    losses: tuple[float, ...]
    """Before the first step, and after every step whose loss could be computed."""
    before: Mapping[tuple[int, str], Array]
    """Each weight by its layer and its name, as it is applied: a scale multiplied in."""
    after: Mapping[tuple[int, str], Array]
    end: End
    step: int
    """The step at which it ended."""
    chosen: Weight
    moves: tuple[Move, ...]
    """The first steps of the chosen weight."""

    def name(self, key: tuple[int, str]) -> str:
        """Such as conv1.weight; of a network that is one convolution just weight."""
        return key[1] if self.network.is_convolution else f"{self.network.stages[key[0]].name}.{key[1]}"


def learn(
    network: Network,
    cells: Array,
    loss: Loss,
    number: int,
    context: Context = STANDARD,
    *,
    method: Method,
    steps: int,
    until: float | None = None,
    chosen: Weight,
) -> Learned:
    """Descend from the network's weights; ``cells``: the input, (batch, *input_shape).

    It ends after ``steps`` steps, or once the loss is at most ``until``, or before what is not finite.

    Raises:
        DataError: several layers share a weight, or none of those that the loss needs learns the chosen one.
        ConvcalcError: as :func:`gradients_of` raises.
    """
    _check_apart(network)
    real = context._replace(dtype="float32" if context.dtype == "float32" else "float64")
    found = gradients_of(network, cells, loss, number, real)
    network = found.network  # its weights are read
    first = states = _start(found)
    if (chosen.layer, chosen.of) not in states:
        raise DataError("the loss depends on no weight of that layer", hint="--layer with a layer that has weights")
    losses: list[float] = []
    moves: list[Move] = []
    while True:
        step = len(losses)
        losses.append(nearest_float(found.value))
        end = _ended(losses, steps, until)
        if end is not None:
            break
        moved = {key: _moved(state, found.layer(key[0]).weights[key[1]], method, step + 1)
                 for key, state in states.items()}  # fmt: skip
        if not all(np.isfinite(state.weight).all() for state in moved.values()):
            step, end = step + 1, End.DIVERGED
            break
        if step < _WRITTEN:
            moves.append(_move(step + 1, chosen, found, states, moved))
        states = moved
        found = gradients_of(_placed(network, states), cells, loss, number, real)
    return Learned(
        network, found.number, loss.name, method, real.dtype, len(cells), tuple(losses),
        _weights(first), _weights(states), end, step, chosen, tuple(moves),
    )  # fmt: skip


def _check_apart(network: Network) -> None:
    twice = next(shared(network.stages), None)
    if twice is not None:
        raise DataError(
            f"{' and '.join(twice.uses)} are one tensor, which steps of each would tear apart",
            hint="give every layer weights of its own",
        )


def _start(found: Gradients) -> dict[tuple[int, str], Moving]:
    states = {}
    for layer in found.layers:
        if layer.weights:
            values = applied(found.network.stages[layer.number].values(), exact=False)
            for name in layer.weights:
                zeros = np.zeros_like(values[name])
                states[layer.number, name] = Moving(values[name], zeros, zeros)
    return states


def _ended(losses: list[float], steps: int, until: float | None) -> End | None:
    if not isfinite(losses[-1]):
        return End.DIVERGED
    if until is not None and losses[-1] <= until:
        return End.LEARNED
    return End.STEPS if len(losses) > steps else None


def _moved(state: Moving, gradient: Array, method: Method, step: int) -> Moving:
    """A weight after one step, the first being 1."""
    weight, mean, square = state
    slope = gradient.astype(np.float64)
    with np.errstate(all="ignore"):
        if method.rule == "plain":
            return state._replace(weight=weight - method.rate * slope)
        if method.rule == "momentum":
            mean = KEPT * mean + slope
            return Moving(weight - method.rate * mean, mean, square)
        mean = KEPT * mean + (1 - KEPT) * slope
        square = KEPT_SQUARES * square + (1 - KEPT_SQUARES) * slope**2
        large = np.sqrt(square / (1 - KEPT_SQUARES**step)) + TINY
        return Moving(weight - method.rate * (mean / (1 - KEPT**step)) / large, mean, square)


def _move(
    step: int,
    chosen: Weight,
    found: Gradients,
    before: Mapping[tuple[int, str], Moving],
    after: Mapping[tuple[int, str], Moving],
) -> Move:
    key = chosen.layer, chosen.of
    slope = float(found.layer(chosen.layer).weights[chosen.of][chosen.place])
    one, other = (Moving(*(each[chosen.place] for each in states[key])) for states in (before, after))
    return Move(step, one, slope, other)


def _placed(network: Network, states: Mapping[tuple[int, str], Moving]) -> Network:
    """The network with other weights."""
    stages = [replace(stage, problem=None) for stage in network.stages]
    for number in dict.fromkeys(layer for layer, _ in states):
        values = applied(network.stages[number].values(), exact=False)
        values |= {name: state.weight for (layer, name), state in states.items() if layer == number}
        stages[number] = replace(stages[number], read=partial(dict, values))
    return replace(network, stages=tuple(stages))


def _weights(states: Mapping[tuple[int, str], Moving]) -> dict[tuple[int, str], Array]:
    return {key: state.weight for key, state in states.items()}
