"""A random problem from a seed and a number: any rank, options, number type and memory layout."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc import Problem, build_problem

Rng = np.random.Generator
Shape = tuple[int, ...]

BOUNDARIES = ("zeros", "zeros", "zeros", "reflect", "symmetric", "replicate", "circular", 7, -3)


class Case(NamedTuple):
    """A problem as a user hands it over."""

    kind: str
    """What made it."""
    cells: Any
    """(batch, in_channels, *spatial)"""
    weight: Any
    """(out_channels, in_channels / groups, *kernel_size)"""
    bias: Any
    scale: tuple[Fraction, ...] | None
    options: dict[str, Any]
    """stride, padding, dilation, groups, boundary, flip and dtype."""

    def __str__(self) -> str:
        shape = lambda array: f"{array.dtype}{list(array.shape)}"  # noqa: E731
        extras = {"bias": self.bias, "scale": self.scale, **self.options}
        told = ", ".join(f"{name}={value}" for name, value in extras.items() if value is not None)
        return f"{self.kind}: input {shape(self.cells)}, weight {shape(self.weight)}, {told}"

    def problem(self, **changes: Any) -> Problem:
        """The problem, some fields or options replaced."""
        given = {"bias": self.bias, "scale": self.scale, **self.options} | changes
        cells, weight = given.pop("cells", self.cells), given.pop("weight", self.weight)
        return build_problem(cells, weight, given.pop("bias"), **given)


class Geometry(NamedTuple):
    """Shapes and options that fit together."""

    cells: Shape
    weight: Shape
    options: dict[str, Any]


def choice(rng: Rng, *values: Any) -> Any:
    """One of some values, which stays what it is."""
    return values[int(rng.integers(len(values)))]


def some(rng: Rng, low: int, high: int, count: int) -> list[int]:
    """So many whole numbers from ``low`` to ``high``."""
    return [int(each) for each in rng.integers(low, high + 1, count)]


MOST = {1: (120, 12), 2: (20, 7), 3: (7, 4)}
"""Cells and taps of an axis, by the rank."""


def geometry(rng: Rng, most_macs: int, **fixed: Any) -> Geometry:
    """Shapes and options of a problem of so many MACs at most."""
    rank = fixed.pop("rank", choice(rng, 1, 2, 2, 2, 3))
    most, most_taps = MOST[rank]
    sizes = some(rng, 1, most, rank)
    taps = list(
        fixed.pop("taps", some(rng, 1, most_taps, rank) if rng.random() < 0.6 else [choice(rng, 1, 3, 3, 5)] * rank)
    )[:rank]
    channels = fixed.pop("channels", None) or _channels(rng)
    options = _options(rng, rank) | fixed
    _fit(rng, sizes, taps, options)
    groups, span, filters, batch = channels
    while (
        batch * groups * span * filters * prod(taps) * prod(sizes) > most_macs and batch * span * filters * groups > 1
    ):
        batch, span, filters = (max(1, each // 2) for each in (batch, span, filters))
        groups = groups if span * filters > 1 else max(1, groups // 2)
    return Geometry((batch, groups * span, *sizes), (groups * filters, span, *taps), options | {"groups": groups})


def _options(rng: Rng, rank: int) -> dict[str, Any]:
    plain = rng.random() < 0.4
    padding = choice(rng, "valid", "same", "same-lower", "full", 0, 1, 2, "pairs", "pairs", "pairs")
    return {
        "stride": [1] * rank if plain else some(rng, 1, 3, rank),
        "padding": [some(rng, 0, 4, 2) for _ in range(rank)] if padding == "pairs" else padding,
        "dilation": [1] * rank if plain or rng.random() < 0.5 else some(rng, 1, 3, rank),
        "boundary": choice(rng, *BOUNDARIES),
        "flip": bool(rng.random() < 0.3),
    }


def _fit(rng: Rng, sizes: list[int], taps: list[int], options: dict[str, Any]) -> None:
    """Makes axes longer until every window fits; a word of padding may be one that always does."""
    pads = options["padding"]
    for axis, (size, count, spread) in enumerate(zip(list(sizes), taps, options["dilation"], strict=True)):
        pad = 0 if isinstance(pads, str) else 2 * pads if isinstance(pads, int) else sum(pads[axis])
        lacking = spread * (count - 1) + 1 - size - pad
        if pads not in ("same", "same-lower", "full") and lacking > 0:
            sizes[axis] += lacking + int(rng.integers(0, 3))


def _channels(rng: Rng) -> tuple[int, int, int, int]:
    """Groups, channels and filters of a group, and samples."""
    match choice(rng, "one", "few", "few", "depthwise", "groups", "many"):
        case "one":
            return 1, 1, choice(rng, 1, 1, 2), choice(rng, 1, 1, 2)
        case "few":
            return 1, *some(rng, 1, 4, 2), choice(rng, 1, 1, 2, 3)  # type: ignore[return-value]
        case "depthwise":
            return int(rng.integers(2, 6)), 1, choice(rng, 1, 1, 2), choice(rng, 1, 2)
        case "groups":
            return int(rng.integers(2, 4)), *some(rng, 1, 3, 2), choice(rng, 1, 2)  # type: ignore[return-value]
    return 1, *some(rng, 8, 24, 2), 1  # type: ignore[return-value]


# Numbers -----------------------------------------------------------------------------------------------------------


def whole(dtype: str) -> Callable[[Rng, Shape], Any]:
    """Draws whole numbers of a type: small ones, or of any number of bits."""

    def draw(rng: Rng, shape: Shape) -> Any:
        info = np.iinfo(dtype)
        if rng.random() < 0.5:
            return rng.integers(max(info.min, -9), 10, shape).astype(dtype)
        bits = int(rng.integers(1, info.bits + 1))
        least = max(info.min, -(1 << bits - 1))
        return rng.integers(least, min(info.max, (1 << bits) - 1), shape, dtype=dtype, endpoint=True)

    return draw


def objects(make: Callable[[int, int], Any]) -> Callable[[Rng, Shape], Any]:
    """Draws Python's numbers, each made of two whole ones."""

    def draw(rng: Rng, shape: Shape) -> Any:
        values = np.empty(prod(shape), dtype=object)
        values[:] = [make(int(a), int(b)) for a, b in rng.integers(-99, 100, (prod(shape), 2))]
        return values.reshape(shape)

    return draw


def floats(dtype: str) -> Callable[[Rng, Shape], Any]:
    """Draws floats of a type around 0, at one of some sizes."""
    return lambda rng, shape: (rng.normal(size=shape) * choice(rng, 1, 1, 255, 1e-3)).astype(dtype)


WHOLE = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
EXACT: dict[str, Callable[[Rng, Shape], Any]] = {
    **{name: whole(name) for name in WHOLE},
    "bool": lambda rng, shape: rng.random(shape) < 0.5,
    "object": objects(lambda a, b: a * 10**30 + b),
    "fractions": objects(lambda a, b: Fraction(a, 1 + abs(b) % 12)),
}
FLOATS = {name: floats(name) for name in ("float16", "float32", "float64")}
DRAWN = EXACT | FLOATS


def _weights(rng: Rng, name: str, shape: Shape) -> Any:
    """Weights of a type: any, sparse, or products of rows and sums of two such, which engines take apart."""
    weight = DRAWN[name](rng, shape)
    match choice(rng, "any", "any", "any", "sparse", "separable", "separable"):
        case "sparse":
            return np.where(rng.random(shape) < 0.7, weight.dtype.type(0) if weight.dtype != object else 0, weight)
        case "separable" if weight.dtype.kind in "if":
            total = np.zeros(shape, np.int64)
            for _ in range(choice(rng, 1, 1, 2)):
                rows = np.ones(shape, np.int64)
                for axis in range(2, len(shape)):
                    rows *= rng.integers(
                        -3, 4, (*shape[:2], *(shape[axis] if axis == each else 1 for each in range(2, len(shape))))
                    )
                total += rows
            return total.astype(weight.dtype)
    return weight


# Memory ------------------------------------------------------------------------------------------------------------


def _spread(array: Any) -> Any:
    room = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    room[..., ::2] = array
    return room[..., ::2]


def _locked(array: Any) -> Any:
    locked = array.copy()
    locked.flags.writeable = False
    return locked


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "rows": lambda array: array,
    "columns": np.asfortranarray,
    "backwards": lambda array: np.ascontiguousarray(np.flip(array))[(slice(None, None, -1),) * array.ndim],
    "every second": _spread,
    "read-only": _locked,
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "channels last": lambda array: np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1),
}
"""The same numbers, laid out in memory in other ways."""


def laid(rng: Rng, array: Any) -> Any:
    """The array in one of the layouts."""
    return choice(rng, *LAYOUTS.values())(array)


# Problems ----------------------------------------------------------------------------------------------------------


def any_problem(rng: Rng) -> Case:
    """A problem of anything that there is."""
    shapes = geometry(rng, int(10 ** rng.uniform(2, 4.6)))
    exact = rng.random() < 0.55
    names = tuple(EXACT) if exact else (*FLOATS, "float32", "float64")
    x, w = choice(rng, *names), choice(rng, *names)
    if not exact and rng.random() < 0.3:
        x, w = (x, choice(rng, *WHOLE, "fractions")) if rng.random() < 0.5 else (choice(rng, *WHOLE, "fractions"), w)
    cells, weight = DRAWN[x](rng, shapes.cells), _weights(rng, w, shapes.weight)
    options = shapes.options | {"dtype": _dtype(rng, exact)}
    if rng.random() < 0.2 and options["boundary"] in (7, -3):
        options["boundary"] = Fraction(1, 3) if exact else 2.5
    return Case("any", laid(rng, cells), laid(rng, weight), *_finish(rng, len(weight), exact), options)


def _dtype(rng: Rng, exact: bool) -> str:
    word: str = (
        choice(rng, "auto", "auto", "exact", "float32", "float64")
        if exact
        else choice(rng, "auto", "auto", "auto", "float32", "float64")
    )
    return word


def _finish(rng: Rng, filters: int, exact: bool) -> tuple[Any, Any]:
    """Bias and scale, of most problems none."""
    bias = scale = None
    if rng.random() < 0.3:
        bias = some(rng, -50, 50, filters) if exact or rng.random() < 0.5 else rng.normal(size=filters).tolist()
    if rng.random() < 0.2:
        scale = tuple(Fraction(*some(rng, 1, 16, 2)) * choice(rng, 1, -1) for _ in range(filters))
    return bias, scale
