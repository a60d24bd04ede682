"""Questions about layers that are no convolutions: pools, activations, linear layers, normalisations and others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from math import prod
from random import Random
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.geometry.axis import Axes
from convcalc.layers.kinds.activation import Activation, Clip, ReLU
from convcalc.layers.kinds.arithmetic import Add
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.batch_norm import BatchNorm
from convcalc.layers.kinds.linear import Linear
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.layer import Layer
from convcalc.numerals import is_finite
from convcalc.quiz.kind import Slip
from convcalc.quiz.layer_subject import LayerAsked, LayerSubject
from convcalc.quiz.subject import Spot
from convcalc.wording import axis_names

_TRIES = 20  # of drawing a cell
_MOST_TERMS = 100  # numbers that a cell is computed from by hand
_MOST_FILTERS = 16
_BY_HAND = (Pool, Activation, Linear, BatchNorm, Add)
"""Kinds a cell of which is asked for: of few numbers, which a question can name."""


def any_layer(subject: LayerSubject, random: Random) -> Spot | None:  # noqa: ARG001 - it is a row's function
    """The layer as a whole: there is nothing to draw."""
    return Spot()


def called(asked: LayerAsked) -> str:
    """The layer at the beginning of a question, with its kind where its name does not tell it."""
    name, kind = asked.subject.name, asked.subject.layer.kind
    return f"{name}: " if kind.replace("-", "") in name.replace("-", "") else f"{name} ({kind}): "


def _place_words(asked: LayerAsked) -> str:
    rank = asked.subject.rank
    if not rank:
        return f"feature {asked.spot.channel}"
    names = zip(axis_names(rank), asked.spot.place, strict=True)
    channel = f"channel {asked.spot.channel}, " if asked.subject.output_shape[0] > 1 else ""
    sample = f"sample {asked.spot.sample}, " if asked.spot.sample else ""
    return sample + channel + ", ".join(f"{name} {at}" for name, at in names)


# Shapes and counts -------------------------------------------------------------------------------------------------


def shape_out(asked: LayerAsked) -> tuple[int, ...]:
    """(channels, *spatial), or (features,)."""
    return asked.subject.output_shape


def ask_shape(asked: LayerAsked) -> str:
    """Channels first."""
    rank = asked.subject.rank
    axes = " × ".join(("channels", *(f"{name}s" for name in axis_names(rank)))) if rank else "features"
    return f"{called(asked)}What shape comes out ({axes})?"


def shape_slips(asked: LayerAsked, right: tuple[int, ...]) -> Iterator[Slip]:
    """Shapes of other layers, and of the formula without its end."""
    layer = asked.subject.layer
    if layer.input_shape != right:
        yield Slip("the shape of the input taken for that of the output", layer.input_shape)
    if len(right) > 2:
        yield Slip("rows and columns exchanged", (*right[:-2], right[-1], right[-2]))
    if len(right) == 1 and len(layer.input_shape) > 1:
        yield Slip("the channels counted alone", layer.input_shape[:1])
        yield Slip("one channel flattened alone", (prod(layer.input_shape[1:]),))
    for words, other in _other_pools(layer):
        yield Slip(words, other.output_shape)
    if isinstance(layer, Pool):
        yield from _rounded(layer, right)


def _rounded(pool: Pool, right: tuple[int, ...]) -> Iterator[Slip]:
    """The formula of a pool without its end, or rounded the other way."""
    if min(right[1:]) > 1:
        yield Slip("the + 1 of the output size forgotten", (right[0], *(size - 1 for size in right[1:])))
    if any(axis.leftover for axis in pool.axes):
        sizes = (-(-(axis.padded_size - axis.reach) // axis.stride) + 1 for axis in pool.axes)
        yield Slip("rounded up, not down", (right[0], *sizes))
    yield Slip("one cell for each window counted in all channels", (1, *right[1:]))


def ask_parameters(asked: LayerAsked) -> str:
    """Learned ones."""
    return f"{called(asked)}How many learned parameters has it?"


def parameters(asked: LayerAsked) -> int:
    """Weights and biases; running statistics are not learned."""
    return asked.subject.layer.parameters


def parameters_slips(asked: LayerAsked, right: int) -> Iterator[Slip]:
    """A part that is forgotten or counted too, and counts of cells."""
    layer = asked.subject.layer
    sizes = {name: prod(shape) for name, shape in layer.weight_shapes.items()}
    if sizes.get("bias"):
        yield Slip("the bias forgotten", right - sizes["bias"])
        if sizes["bias"] > 1:
            yield Slip("one bias counted for all outputs", right - sizes["bias"] + 1)
    elif "weight" in sizes and isinstance(layer, Linear):
        yield Slip("a bias counted that is not there", right + layer.out_features)
    if layer.buffer_shapes:
        yield Slip("the running statistics counted too", right + sum(map(prod, layer.buffer_shapes.values())))
    if isinstance(layer, Pool):
        yield Slip("the places of a window taken for weights", layer.window_cells)
        yield Slip("the places of a window taken for weights", layer.window_cells * layer.channels)
    if not right:
        yield Slip("the channels counted", layer.channels)
        yield Slip("the cells of the output counted", prod(layer.output_shape))


def multiplying(subject: LayerSubject, random: Random) -> Spot | None:
    """A layer with weights that are multiplied."""
    return any_layer(subject, random) if subject.layer.work.macs else None


def ask_macs(asked: LayerAsked) -> str:
    """What counts as one is said."""
    which = "one sample; biases do not count"
    return f"{called(asked)}How many MACs (multiplications with their additions) does it take ({which})?"


def macs(asked: LayerAsked) -> int:
    """Of one sample."""
    return asked.subject.layer.work.macs


def macs_slips(asked: LayerAsked, right: int) -> Iterator[Slip]:
    """Counts of which a part is wrong."""
    layer = asked.subject.layer
    if layer.work.biases:
        yield Slip("the biases counted too", right + layer.work.biases)
    yield Slip("the cells of the output counted", prod(layer.output_shape))
    yield Slip("the cells of the input counted", prod(layer.input_shape))
    yield Slip("the weights counted once, not at every place of the output", prod(layer.weight_shapes["weight"]))
    yield Slip("multiplication and addition counted apart", 2 * right)


# Windows of pools --------------------------------------------------------------------------------------------------


def pooled(subject: LayerSubject, random: Random) -> Spot | None:
    """An output cell of a pool; its channel does not matter."""
    if not isinstance(subject.layer, Pool):
        return None
    return Spot(tuple(random.randrange(size) for size in subject.output_shape[1:]))


def ask_window(asked: LayerAsked) -> str:
    """Of a pool."""
    layer = asked.subject.layer
    assert isinstance(layer, Pool)
    places = ", ".join(f"{name} {at}" for name, at in zip(axis_names(layer.rank), asked.spot.place, strict=True))
    is_padded = any(axis.before for axis in layer.axes)
    padding = " Cells of the padding before the input have negative numbers." if is_padded else ""
    return f"{called(asked)}At output {places}, which slice of the input does its window cover?{padding}"


def window_slices(asked: LayerAsked) -> tuple[range, ...]:
    """The input cells of a pool's window on each axis."""
    layer = asked.subject.layer
    assert isinstance(layer, Pool)
    return tuple(axis.reads(at) for axis, at in zip(layer.axes, asked.spot.place, strict=True))


def window_slips(asked: LayerAsked, right: tuple[range, ...]) -> Iterator[Slip]:
    """Of other pools at the same place, and ends that are one off."""
    from convcalc.quiz.window_questions import slice_slips

    for words, other in _other_pools(asked.subject.layer):
        yield Slip(words, window_slices(asked._replace(subject=asked.subject.with_layer(other))))
    yield from slice_slips(asked, right)


def _other_pools(layer: Layer) -> Iterator[tuple[str, Pool]]:
    """The pools that a forgotten setting makes of one."""
    if not isinstance(layer, Pool):
        return
    changes = {
        "the stride ignored": {"stride": 1},
        "the padding forgotten": {"before": 0, "after": 0},
        "the dilation ignored": {"dilation": 1},
    }
    for words, change in changes.items():
        with suppress(ConvcalcError):
            axes = Axes(replace(axis, **change) for axis in layer.axes)
            if axes != layer.axes:
                yield words, replace(layer, axes=axes)


# Cells -------------------------------------------------------------------------------------------------------------


def cell_drawn(subject: LayerSubject, random: Random) -> Spot | None:
    """An output cell with a number that is finite, made of few numbers."""
    if subject.read is None or not isinstance(subject.layer, _BY_HAND) or not len(subject.numbers.inputs[0]):
        return None
    if isinstance(subject.layer, Linear) and subject.layer.channels > _MOST_TERMS:
        return None
    if isinstance(subject.layer, Pool) and subject.layer.window_cells > _MOST_TERMS:
        return None
    for _ in range(_TRIES):
        channel, *place = (random.randrange(size) for size in subject.output_shape)
        spot = Spot(tuple(place), channel, random.randrange(len(subject.numbers.inputs[0])))
        if is_finite(cell_value(LayerAsked(subject, spot))):
            return spot
    return None


def ask_cell(asked: LayerAsked) -> str:
    """One number."""
    return f"{called(asked)}What number is the output at {_place_words(asked)}?"


def cell_value(asked: LayerAsked) -> Any:
    """The number of the cell."""
    return asked.subject.explained(asked.cell, asked.spot.sample).total


def cell_slack(asked: LayerAsked) -> float:
    """How far a float may be off by adding in another order, or by the digits that a question shows."""
    found = asked.subject.explained(asked.cell, asked.spot.sample)
    return 1e-9 * found.could if isinstance(found.total, float) else 0


def cell_slips(asked: LayerAsked, _: Any) -> Iterator[Slip]:
    """What is made of the same numbers by mistakes with this kind of layer."""
    layer, step = asked.subject.layer, asked.subject.explained(asked.cell, asked.spot.sample)
    numbers = [term.value for term in step.terms]
    match layer:
        case MaxPool():
            yield Slip("the mean taken, not the largest", _mean(numbers))
            yield Slip("the smallest taken, not the largest", min(numbers))
            yield Slip("the numbers added, not the largest taken", sum(numbers))
            if step.absent:
                yield Slip("the padding taken for zeros, which can be the largest", max([*numbers, 0]))
        case AveragePool():
            yield Slip("the largest taken, not the mean", max(numbers))
            yield Slip("the sum not divided", sum(numbers))
            if step.zeros or step.absent:
                other = "not counted" if layer.count_include_pad else "counted as zeros"
                changed = replace(layer, count_include_pad=not layer.count_include_pad)
                yield Slip(f"the padding {other}", _through(asked, changed))
        case Activation():
            yield from _activation_slips(layer, numbers[0])
        case Linear():
            yield from _linear_slips(asked)
        case BatchNorm():
            yield from _batch_norm_slips(asked, numbers[0])
        case Add():
            yield from (Slip("one of the inputs alone", number) for number in numbers)
            yield Slip("the inputs multiplied, not added", prod(numbers))
    for words, pool in _other_pools(layer):
        with suppress(ConvcalcError):
            yield Slip(words, _through(asked, pool))


def _mean(numbers: list[Any]) -> Any:
    total = sum(numbers)
    return total / len(numbers) if isinstance(total, float) else Fraction(total) / len(numbers)


def _through(asked: LayerAsked, layer: Layer) -> Any:
    return cell_value(asked._replace(subject=asked.subject.with_layer(layer)))


def _activation_slips(layer: Activation, number: Any) -> Iterator[Slip]:
    """The function forgotten, or a simpler one."""
    yield Slip("the activation forgotten", number)
    yield Slip("the sign dropped", abs(number))
    yield Slip("the number negated", -number)
    if not isinstance(layer, ReLU):
        yield Slip("relu taken", max(number, 0))
    if isinstance(layer, Clip) and layer.most is not None:
        yield Slip("not cut off above", max(number, layer.least) if layer.least is not None else number)


def _linear_slips(asked: LayerAsked) -> Iterator[Slip]:
    """The bias forgotten, an input forgotten, the weights of another output."""
    subject, feature = asked.subject, asked.spot.channel
    layer = subject.layer
    assert isinstance(layer, Linear)
    if layer.has_bias:
        yield Slip("the bias forgotten", cell_value(asked._replace(subject=subject.with_values(bias=lambda b: b * 0))))
    step = subject.explained(asked.cell, asked.spot.sample)
    last = step.terms[-1]
    yield Slip("the last product forgotten", step.total - last.product * step.scale)
    for other in range(min(layer.out_features, _MOST_FILTERS)):
        if other != feature:
            spot = asked.spot._replace(channel=other)
            yield Slip("the weights of another output taken", cell_value(asked._replace(spot=spot)))


def _batch_norm_slips(asked: LayerAsked, number: Any) -> Iterator[Slip]:
    """One of its numbers forgotten, or the variance not rooted."""
    subject = asked.subject
    yield Slip("the normalisation forgotten", number)
    changes: dict[str, dict[str, Any]] = {
        "the mean not subtracted": {"running_mean": lambda each: each * 0},
        "divided by the variance, not by its root": {"running_var": lambda each: each * each},
        "the variance forgotten": {"running_var": lambda each: each * 0 + 1},
        "the weight forgotten": {"weight": lambda each: each * 0 + 1},
        "the bias forgotten": {"bias": lambda each: each * 0},
    }
    for words, change in changes.items():
        if set(change) <= set(subject.numbers.values):
            yield Slip(words, cell_value(asked._replace(subject=subject.with_values(**change))))
