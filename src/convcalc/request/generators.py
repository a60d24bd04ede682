"""Tensors that a file asks for by a rule instead of writing them out: zeros, ones, arange, impulse, random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.context import Context
from convcalc.errors import FieldError, UnknownNameError, below
from convcalc.files.expression import number
from convcalc.files.numbers import packed
from convcalc.files.yaml_reader import Node
from convcalc.geometry.arguments import whole
from convcalc.request.text_values import plain_value

OPTIONS = ("set", "seed", "low", "high")
"""What may stand beside a rule: all of them beside ``random``, the first beside the others."""
_ITEMSIZE = 8


def _impulse(shape: tuple[int, ...]) -> Array:
    values = np.zeros(shape, dtype=np.int64)
    values[tuple(cells // 2 for cells in shape)] = 1
    return values


_RULES: dict[str, Callable[[tuple[int, ...]], Array]] = {
    "zeros": lambda shape: np.zeros(shape, dtype=np.int64),
    "ones": lambda shape: np.ones(shape, dtype=np.int64),
    "arange": lambda shape: np.arange(prod(shape)).reshape(shape),
    "impulse": _impulse,
}
RULES = (*_RULES, "random")


def generated(node: Mapping[str, Node], context: Context) -> Array:
    """The tensor that a mapping such as ``{zeros: [5, 5], set: {":, 2": 1}}`` describes, whole numbers.

    ``arange`` counts from 0 row by row; ``impulse`` is 1 in the middle; ``random`` draws whole numbers from ``low``
    to ``high`` (0 to 9), both included, with NumPy's default generator and ``seed`` (0).

    Raises:
        FieldError: a shape, an option or an index is not what it must be; ``field`` is the path below the mapping.
        LimitError: the tensor needs more memory than may be used.
    """
    rule = next(key for key in node if key in RULES)
    for key in node:
        options = OPTIONS if rule == "random" else OPTIONS[:1]
        if key != rule and key not in options:
            raise UnknownNameError(f"key beside {rule!r}", key, options, field=(key,), at_key=True)
    shape = _shape(rule, node[rule], context)
    values = _random(shape, node) if rule == "random" else _RULES[rule](shape)
    settings = node.get("set", {})
    if not isinstance(settings, dict):
        raise FieldError("set must be a mapping from an index to a number", hint='set: {":, 2": 1}', field="set")
    for index, value in settings.items():
        values = _with(values, index, value)
    return values


def index_of(text: str, shape: tuple[int, ...], path: tuple[str | int, ...]) -> tuple[int | slice, ...]:
    """The NumPy index that a text such as ``":, 2"`` or ``"0, 1:3"`` stands for.

    Raises:
        FieldError: it is no such index, or lies outside of the shape.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > len(shape):
        raise FieldError(f"index {text!r} has {len(parts)} parts for {len(shape)} axes", field=path)
    return tuple(_part(part, cells, text, path) for part, cells in zip(parts, shape, strict=False))


def _part(part: str, cells: int, text: str, path: tuple[str | int, ...]) -> int | slice:
    try:
        numbers = [int(each) if each.strip() else None for each in part.split(":")]
    except ValueError:
        numbers = []
    if ":" in part and 2 <= len(numbers) <= 3 and numbers[2:] != [0]:
        return slice(*numbers)
    if len(numbers) != 1 or numbers[0] is None:
        raise FieldError(f"{text!r} is not an index", hint='write it like "0, 2" or ":, 2" or "1:3, :"', field=path)
    if not -cells <= numbers[0] < cells:
        raise FieldError(f"index {numbers[0]} lies outside of an axis of {cells} cells", field=path)
    return numbers[0]


def _shape(rule: str, node: Node, context: Context) -> tuple[int, ...]:
    sizes, limits = plain_value(node), context.limits
    entries = sizes if isinstance(sizes, list) else [sizes]
    shape = tuple(whole(f"a size of {rule!r}", size, 1, path=(rule,)) for size in entries)
    if not 1 <= len(shape) <= limits.axes:
        raise FieldError(f"{rule} takes 1 to {limits.axes} sizes, got {len(shape)}", field=rule)
    limits.check_memory(prod(shape) * _ITEMSIZE, f"the input {'×'.join(map(str, shape))}")
    return shape


def _random(shape: tuple[int, ...], node: Mapping[str, Node]) -> Array:
    seed, low, high = (
        plain_value(node.get(name, default)) for name, default in (("seed", "0"), ("low", "0"), ("high", "9"))
    )
    low, high = (whole(name, value, -(1 << 62), path=(name,)) for name, value in (("low", low), ("high", high)))
    if high < low or high >= 1 << 62:
        raise FieldError(f"high must be at least low {low} and below 2**62, got {high}", field="high")
    return np.random.default_rng(whole("seed", seed, 0)).integers(low, high, shape, endpoint=True)


def _with(values: Array, index: str, node: Any) -> Array:
    """The values with one setting made, in a type that holds the number too."""
    path = ("set", index)
    with below(*path):
        entry = packed([number(str(node))], ())
    values = values.astype(np.result_type(values, entry), copy=False)
    values[index_of(index, values.shape, path)] = entry[()]
    return values
