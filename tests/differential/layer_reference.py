"""Every kind of layer by its definition, on Python's exact numbers and with loops that know nothing of ``convcalc``.

Arrays hold objects, (batch, channels, *spatial) or (batch, features). Each function gives the numbers, the sum of the
magnitudes of each cell's terms, and how many terms a cell has: what rounding is measured by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import exp, hypot, prod, sqrt, tanh
from typing import Any, NamedTuple

import numpy as np

from differential.exact import answer, magnitudes, wholes

Told = dict[str, Any]
"""The arguments of a layer."""


class Numbers(NamedTuple):
    """A layer's output."""

    values: Any
    magnitude: Any
    terms: int


def exact(array: Any) -> Any:
    """The numbers of an array as integers and fractions, exactly."""
    whole, below = wholes(np.asarray(array))
    return whole if below == 1 else np.frompyfunc(lambda value: Fraction(value, below), 1, 1)(whole)


def _each(value: Any, rank: int) -> list[int]:
    return [value] * rank if isinstance(value, int) else list(value)


def _pairs(padding: Any, rank: int) -> list[tuple[int, int]]:
    return [(each, each) if isinstance(each, int) else (each[0], each[1]) for each in _each(padding, rank)]


def conv(inputs: list[Any], values: Told, told: Told) -> Numbers:
    """The exact answer of the convolution."""
    (cells,), weight = inputs, values["weight"]
    rank = cells.ndim - 2
    padding = told.get("padding", 0)
    found = answer(
        cells,
        weight,
        None if "bias" not in values else list(exact(values["bias"])),
        stride=_each(told.get("stride", 1), rank),
        padding=padding if isinstance(padding, str) else _pairs(padding, rank),
        dilation=_each(told.get("dilation", 1), rank),
        groups=told.get("groups", 1),
        boundary=told.get("boundary", "zeros"),
        flip=told.get("flip", False),
    )
    return Numbers(found.exact, found.magnitude + _biases(values, rank), found.terms)


def _biases(values: Told, rank: int) -> Any:
    bias = magnitudes(np.asarray(values["bias"])) if "bias" in values else np.zeros(1)
    return bias.reshape(-1, *(1,) * rank)


def depthwise(inputs: list[Any], values: Told, told: Told) -> Numbers:
    """A convolution with as many groups as channels."""
    return conv(inputs, values, {**told, "groups": inputs[0].shape[1]})


def transposed(inputs: list[Any], values: Told, told: Told) -> Numbers:
    """Every cell writes the kernel to where it would be read; what the padding covers is cut off."""
    rank = inputs[0].ndim - 2
    first = _scattered(exact(inputs[0]), exact(values["weight"]), told, rank)
    sizes = _scattered(magnitudes(inputs[0]), magnitudes(values["weight"]), told, rank)
    bias = exact(values["bias"]) if "bias" in values else np.zeros(1, dtype=object)
    return Numbers(first + bias.reshape(-1, *(1,) * rank), sizes + _biases(values, rank), prod(values["weight"].shape))


def _scattered(cells: Any, weight: Any, told: Told, rank: int) -> Any:
    groups = told.get("groups", 1)
    strides, spreads = (_each(told.get(name, 1), rank) for name in ("stride", "dilation"))
    extra, pads = _each(told.get("output_padding", 0), rank), _pairs(told.get("padding", 0), rank)
    taps, span = weight.shape[2:], weight.shape[1]
    sizes = [
        (size - 1) * step + spread * (count - 1) + 1 + more
        for size, step, spread, count, more in zip(cells.shape[2:], strides, spreads, taps, extra, strict=True)
    ]
    total = np.zeros((len(cells), groups * span, *sizes), dtype=cells.dtype)
    each = cells.shape[1] // groups
    for tap, channel, out in product(product(*map(range, taps)), range(cells.shape[1]), range(span)):
        places = tuple(
            slice(index * spread, index * spread + (size - 1) * step + 1, step)
            for index, spread, size, step in zip(tap, spreads, cells.shape[2:], strides, strict=True)
        )
        total[(slice(None), channel // each * span + out, *places)] += cells[:, channel] * weight[(channel, out, *tap)]
    cut = (slice(before, size - after) for size, (before, after) in zip(sizes, pads, strict=True))
    return total[(slice(None), slice(None), *cut)]


def linear(inputs: list[Any], values: Told, _told: Told) -> Numbers:
    """Every feature times its weight."""
    bias = exact(values["bias"]) if "bias" in values else 0
    sizes = np.dot(magnitudes(inputs[0]), magnitudes(values["weight"]).T) + _biases(values, 0)
    return Numbers(np.dot(exact(inputs[0]), exact(values["weight"]).T) + bias, sizes, inputs[0].shape[1])


def bias(inputs: list[Any], values: Told, _told: Told) -> Numbers:
    """A number for each channel."""
    rank = inputs[0].ndim - 2
    each = exact(values["bias"]).reshape(-1, *(1,) * rank)
    return Numbers(exact(inputs[0]) + each, magnitudes(inputs[0]) + _biases(values, rank), 1)


def _by_cell(function: Callable[[Any], Any]) -> Callable[[list[Any], Told, Told], Numbers]:
    def made(inputs: list[Any], _values: Told, _told: Told) -> Numbers:
        found = np.frompyfunc(function, 1, 1)(exact(inputs[0]))
        return Numbers(found, magnitudes(found), 1)

    return made


def leaky_relu(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """Below zero times the slope."""
    slope = Fraction(told.get("negative_slope", Fraction(1, 100)))
    return _by_cell(lambda x: x if x > 0 else x * slope)(inputs, {}, {})


def windows(shape: Sequence[int], told: Told) -> Iterator[tuple[tuple[int, ...], list[list[int]], int, int]]:
    """Each output position of a pool with the cells on each axis, the places that are not beyond the padding and all.

    A last window that fits only partly counts with ``ceil_mode``, if it begins before the padding behind the input
    does (PyTorch's ``MaxPool2d``, torch.nn documentation).
    """
    rank = len(shape)
    taps = _each(told["kernel_size"], rank)
    strides = taps if told.get("stride") is None else _each(told["stride"], rank)
    spreads, pads = _each(told.get("dilation", 1), rank), _pairs(told.get("padding", 0), rank)
    axes = []
    for size, count, step, spread, (before, after) in zip(shape, taps, strides, spreads, pads, strict=True):
        reach, starts, start = spread * (count - 1) + 1, [], -before
        while start + reach <= size + after or (
            told.get("ceil_mode") and start < size and start + reach - step < size + after
        ):
            starts.append(start)
            start += step
        places = [[start + index * spread for index in range(count)] for start in starts]
        axes.append(
            [([p for p in row if 0 <= p < size], sum(-before <= p < size + after for p in row)) for row in places]
        )
    for position in product(*(range(len(axis)) for axis in axes)):
        found = [axis[index] for axis, index in zip(axes, position, strict=True)]
        yield position, [cells for cells, _ in found], prod(count for _, count in found), prod(taps)


def _pooled(cells: Any, told: Told, make: Callable[[Any, int, int], Any]) -> Any:
    found = {
        position: make(
            cells[(slice(None), slice(None), *np.ix_(*read))].reshape(*cells.shape[:2], -1), there, prod(map(len, read))
        )
        for position, read, there, _ in windows(cells.shape[2:], told)
    }
    output = np.empty((*cells.shape[:2], *(max(axis) + 1 for axis in zip(*found, strict=True))), dtype=object)
    for position, values in found.items():
        output[(slice(None), slice(None), *position)] = values
    return output


def max_pool(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """The largest cell of each window."""
    found = _pooled(exact(inputs[0]), told, lambda window, _there, _inside: window.max(axis=-1))
    return Numbers(found, np.zeros(found.shape), 0)


def avg_pool(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """The mean of each window, by the places that count."""

    def mean(window: Any, there: int, inside: int) -> Any:
        counted = there if told.get("count_include_pad", True) else inside
        return window.sum(axis=-1) * Fraction(1, told.get("divisor_override") or counted)

    sizes = _pooled(np.abs(exact(inputs[0])), told, mean)
    return Numbers(
        _pooled(exact(inputs[0]), told, mean), magnitudes(sizes), prod(_each(told["kernel_size"], inputs[0].ndim - 2))
    )


def _over(pool: Callable[..., Numbers]) -> Callable[[list[Any], Told, Told], Numbers]:
    return lambda inputs, values, _told: pool(inputs, values, {"kernel_size": inputs[0].shape[2:]})


def adaptive(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """Means of the windows from ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉ of n cells for m outputs (torch.nn.AdaptiveAvgPool1d)."""
    cells = exact(inputs[0])
    sizes = cells.shape[2:]
    counts = _each(told["output_size"], len(sizes))
    found, could = (np.empty((*cells.shape[:2], *counts), dtype=object) for _ in range(2))
    for position in product(*map(range, counts)):
        ends = [(i * n // m, -(-(i + 1) * n // m)) for i, n, m in zip(position, sizes, counts, strict=True)]
        window = cells[(..., *(slice(*each) for each in ends))].reshape(*cells.shape[:2], -1)
        share = Fraction(1, window.shape[-1])
        found[(..., *position)], could[(..., *position)] = (
            each.sum(axis=-1) * share for each in (window, np.abs(window))
        )
    return Numbers(found, magnitudes(could), prod(sizes))


def upsample(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """Every cell several times."""
    found = exact(inputs[0])
    for axis, factor in enumerate(_each(told["scale_factor"], found.ndim - 2), start=2):
        found = found.repeat(factor, axis=axis)
    return Numbers(found, np.zeros(found.shape), 0)


def flatten(inputs: list[Any], _values: Told, _told: Told) -> Numbers:
    """Row by row."""
    found = exact(inputs[0]).reshape(len(inputs[0]), -1)
    return Numbers(found, np.zeros(found.shape), 0)


def add(inputs: list[Any], _values: Told, _told: Told) -> Numbers:
    """Cell by cell."""
    return Numbers(sum(map(exact, inputs)), sum(map(magnitudes, inputs)), len(inputs))


def batch_norm(inputs: list[Any], values: Told, told: Told) -> Numbers:
    """(x - mean) / sqrt(var + eps) × weight + bias."""
    column = (-1, *(1,) * (inputs[0].ndim - 2))
    weight, shift, mean, variance = (
        np.asarray(values.get(name, default), dtype=float).reshape(column)
        for name, default in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1))
    )
    slope = weight / np.vectorize(sqrt)(variance + told.get("eps", 1e-5))
    x = inputs[0].astype(float)
    found = (x - mean) * slope + shift
    return Numbers(found, (abs(x) + abs(mean)) * abs(slope) + abs(shift), 4)


def softmax(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """Exponentials as shares of their sum over an axis."""
    x, axis = inputs[0].astype(float), told.get("axis", 0) + 1
    powers = np.vectorize(exp)(x - x.max(axis=axis, keepdims=True))
    found = powers / powers.sum(axis=axis, keepdims=True)
    return Numbers(found, found * (1 + abs(x).max(initial=0)), x.shape[axis] + 4)


def _placed(place: Callable[[Any, Told], Any]) -> Callable[[list[Any], Told, Told], Numbers]:
    """Cells at other places, by a function of the array of one sample's."""

    def reference(inputs: list[Any], _values: Told, told: Told) -> Numbers:
        found = np.array([place(each, told) for each in exact(inputs[0])])
        return Numbers(found, np.zeros(found.shape), 0)

    return reference


def _padded(cells: Any, told: Told) -> Any:
    """NumPy's own padding; a negative one leaves cells out."""
    pad, boundary = told["padding"], told.get("boundary", "zeros")
    if pad < 0:
        return cells[(slice(None), *(slice(-pad, size + pad) for size in cells.shape[1:]))]
    modes = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    sides = [(0, 0)] + [(pad, pad)] * (cells.ndim - 1)
    if boundary in modes:
        return np.pad(cells, sides, mode=modes[boundary])
    value = 0 if boundary == "zeros" else Fraction(boundary)
    return np.pad(cells.astype(object), sides, mode="constant", constant_values=value)


def _sliced(cells: Any, told: Told) -> Any:
    own = slice(told.get("start"), told.get("stop"), told.get("step"))
    return cells[(slice(None),) * told.get("axis", 0) + (own,)]


def _channels_shuffled(cells: Any, told: Told) -> Any:
    each = len(cells) // told["groups"]
    return np.array([cells[group * each + place] for place in range(each) for group in range(told["groups"])])


def _shuffled(cells: Any, told: Told) -> Any:
    """Cell by cell: which channel of which coarse cell it was."""
    factor, size = told["upscale_factor"], cells.shape[1:]
    block = factor ** len(size)
    found = np.empty((len(cells) // block, *(each * factor for each in size)), dtype=object)
    for channel, *place in np.ndindex(found.shape):
        found[(channel, *place)] = cells[_deep(channel, place, factor, len(found), told)]
    return found


def _unshuffled(cells: Any, told: Told) -> Any:
    factor, size = told["downscale_factor"], cells.shape[1:]
    found = np.empty((len(cells) * factor ** len(size), *(each // factor for each in size)), dtype=object)
    for channel, *place in np.ndindex(cells.shape):
        found[_deep(channel, place, factor, len(cells), told)] = cells[(channel, *place)]
    return found


def _deep(channel: int, place: Sequence[int], factor: int, channels: int, told: Told) -> tuple[int, ...]:
    within = 0
    for each in place:
        within = within * factor + each % factor
    depth = channel * factor ** len(place) + within if told.get("mode", "CRD") == "CRD" else within * channels + channel
    return (depth, *(each // factor for each in place))


def _cells(join: Callable[..., Any]) -> Callable[[list[Any], Told, Told], Numbers]:
    """A function of the cells of all inputs."""

    def reference(inputs: list[Any], _values: Told, _told: Told) -> Numbers:
        arrays = [exact(each).astype(object) for each in inputs]
        found = arrays[0]
        for each in arrays[1:]:
            found = join(found, each)
        magnitude = np.abs(arrays[0]).astype(float)
        for each in arrays[1:]:
            size = np.abs(each).astype(float)
            magnitude = magnitude * np.maximum(size, 1) + size
        return Numbers(found, magnitude, len(arrays))

    return reference


def concat(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """One behind the other."""
    found = np.concatenate([exact(each).astype(object) for each in inputs], told.get("axis", 0) + 1)
    return Numbers(found, np.zeros(found.shape), 0)


def scale(inputs: list[Any], values: Told, _told: Told) -> Numbers:
    """Each channel times its number, or the one that there is."""
    cells = exact(inputs[0]).astype(object)
    numbers = np.resize(exact(values["weight"]).reshape(-1), cells.shape[1])
    found = np.moveaxis(np.moveaxis(cells, 1, -1) * numbers, -1, 1)
    return Numbers(found, np.abs(found).astype(float), 1)


def prelu(inputs: list[Any], values: Told, _told: Told) -> Numbers:
    """Each channel by its weight, or by the one that there is."""
    cells, weight = exact(inputs[0]).astype(object), exact(values["weight"]).reshape(-1)
    slopes = np.resize(weight, cells.shape[1])
    found = np.array(
        [[np.where(row > 0, row, row * slope) for row, slope in zip(sample, slopes, strict=True)] for sample in cells],
        dtype=object,
    ).reshape(cells.shape)
    return Numbers(found, np.abs(found).astype(float), 1)


def clip(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """Between the bounds that there are."""
    found = exact(inputs[0]).astype(object)
    for name, cut in (("min", max), ("max", min)):
        if name in told:
            bound = told[name]
            found = np.frompyfunc(lambda x, cut=cut, bound=bound: cut(x, Fraction(bound)), 1, 1)(found)
    return Numbers(found, np.zeros(found.shape), 0)


def _scaled(function: Callable[[Any], Any]) -> Callable[[list[Any], Told, Told], Numbers]:
    """A function of one cell whose parts may be as large as the square of it."""

    def reference(inputs: list[Any], _values: Told, _told: Told) -> Numbers:
        cells = exact(inputs[0]).astype(object)
        found = np.frompyfunc(function, 1, 1)(cells)
        return Numbers(found, (1 + np.abs(cells).astype(float)) ** 2, 4)

    return reference


def _ramp(x: Any) -> Fraction:
    return Fraction(min(max(x + 3, 0), 6), 6)


def magnitude(inputs: list[Any], _values: Told, told: Told) -> Numbers:
    """The norm of the channels of each group, one cell after the other."""
    x = inputs[0].astype(float)
    groups, norm = told.get("groups", 1), told.get("norm", "l2")
    span = x.shape[1] // groups
    found = np.empty((len(x), groups, *x.shape[2:]))
    for sample, group, *place in np.ndindex(found.shape):
        vector = x[(sample, slice(group * span, (group + 1) * span), *place)].tolist()
        found[(sample, group, *place)] = sum(map(abs, vector)) if norm == "l1" else hypot(*vector)
    return Numbers(found, found, span + 4)


REFERENCE: dict[str, Callable[[list[Any], Told, Told], Numbers]] = {
    "conv": conv,
    "pointwise": conv,
    "depthwise": depthwise,
    "transposed-conv": transposed,
    "linear": linear,
    "bias": bias,
    "batch-norm": batch_norm,
    "relu": _by_cell(lambda x: max(0, x)),
    "leaky-relu": leaky_relu,
    "sigmoid": _by_cell(lambda x: 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))),
    "tanh": _by_cell(tanh),
    "softmax": softmax,
    "magnitude": magnitude,
    "max-pool": max_pool,
    "avg-pool": avg_pool,
    "global-max-pool": _over(max_pool),
    "global-avg-pool": _over(avg_pool),
    "adaptive-avg-pool": adaptive,
    "upsample": upsample,
    "flatten": flatten,
    "add": add,
    "sub": _cells(lambda a, b: a - b),
    "mul": _cells(lambda a, b: a * b),
    "concat": concat,
    "scale": scale,
    "prelu": prelu,
    "clip": clip,
    "relu6": lambda inputs, values, _told: clip(inputs, values, {"min": 0, "max": 6}),
    "hard-sigmoid": _scaled(_ramp),
    "hard-swish": _scaled(lambda x: x * _ramp(x)),
    "reshape": _placed(lambda cells, told: cells.reshape(told["shape"])),
    "permute": _placed(lambda cells, told: cells.transpose(told["axes"])),
    "slice": _placed(_sliced),
    "pad": _placed(_padded),
    "channel-shuffle": _placed(_channels_shuffled),
    "pixel-shuffle": _placed(_shuffled),
    "pixel-unshuffle": _placed(_unshuffled),
}
"""Of the others the rounding has no bound of this form: layer_cases compares them with PyTorch, cell by cell."""
