"""Arrays from nested lists of texts; nothing is guessed and nothing becomes NaN silently."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FieldError, FieldPath, LimitError, below
from convcalc.files.expression import INTEGER, number, out_of_range
from convcalc.files.text import shown
from convcalc.limits import Limits
from convcalc.numerals import Number, exact_text, is_finite, nearest_float
from convcalc.wording import counted

_EXACT_IN_FLOAT64 = 1 << 53
# bytes.translate with these left out leaves nothing of a row that int() and float() read by the rules of `number`.
_OF_INTEGERS = b"0123456789+- "
_OF_DECIMALS = _OF_INTEGERS + b".eE"


def numbers(row: Sequence[str]) -> list[Number]:
    """The values of a row of texts, each by the rules of :func:`number`.

    Raises:
        FieldError: one is no number; ``field`` is its index.
    """
    characters = " ".join(row).encode("utf-8", "surrogatepass")
    try:
        if not characters.translate(None, _OF_INTEGERS):
            return list(map(int, row))
        if not characters.translate(None, _OF_DECIMALS):
            values: list[Number] = list(map(float, row))
            if math.inf not in values and -math.inf not in values:
                return values
    except ValueError:
        pass  # one of them is no plain number: the careful way reads or names it
    return [_numbered(index, text) for index, text in enumerate(row)]


def packed(values: Sequence[Number], shape: tuple[int, ...]) -> Array:
    """A read-only array of the values: int64 or exact Python integers, exact fractions, or float64 if one is a float.

    Raises:
        FieldError: an integer or fraction is too large for the float64 that another value asks for.
    """
    kinds = set(map(type, values))
    if float in kinds:
        array = np.array(list(map(_as_float, values)) if len(kinds) > 1 else values, dtype=np.float64)
    elif Fraction in kinds:
        array = np.array(values, dtype=object)
    else:
        array = _whole_array(values)
    array = array.reshape(shape)
    array.setflags(write=False)
    return array


def array(node: object, limits: Limits) -> Array:
    """A read-only array of nested lists of texts, or of one text: int64, float64 or, where exact, object.

    Raises:
        FieldError: the lists are ragged, or a value is no number; ``field`` is the path of indices.
        LimitError: the lists nest deeper than ``limits.axes``.
    """
    shape = _shape(node, limits)
    if not shape:
        return packed([number(str(node))], ())
    values: list[Number] = []
    for path, row in _rows(node, shape, ()):
        with below(*path):
            values += numbers(row)
    return packed(values, shape)


def array_notes(values: Array, node: object = None) -> tuple[str, ...]:
    """What a reader should know of the values: where one is not finite, and which integer lost digits among floats.

    Lost digits are found only with the ``node`` that the values were read from.
    """
    if values.dtype.kind != "f":
        return ()
    notes = []
    finite = np.isfinite(values)
    if not finite.all():
        bad = np.argwhere(~finite)
        count = counted(len(bad), "value") + (" is" if len(bad) == 1 else " are")
        notes.append(f"{count} not finite, the first ({values[tuple(bad[0])]}) at {_at(bad[0])}")
    if node is not None:
        notes += _rounded(values, node)
    return tuple(notes)


def check_weights(name: str, values: Array, *, strict_finite: bool) -> None:
    """Refuse numbers of a layer's weights that are nan, with ``strict_finite`` inf too; ``name``: such as "bias".

    Raises:
        FieldError: one is; the error says where.
    """
    if values.dtype.kind != "f":
        return
    if strict_finite and (notes := array_notes(values)):
        raise FieldError(f"{name}: {notes[0]}", hint="leave --strict-finite out", field=name)
    bad = np.argwhere(np.isnan(values))
    if len(bad):
        count = counted(len(bad), "value") + (" is" if len(bad) == 1 else " are")
        raise FieldError(
            f"{name}: {count} nan, the first at {_at(bad[0])}",
            hint="nan spoils every sum that it comes into: write a number, or save the weights again",
            field=name,
        )


def _rounded(values: Array, node: object) -> Iterator[str]:
    for index in np.argwhere(np.abs(values) >= _EXACT_IN_FLOAT64):
        text: Any = node
        for step in index:
            text = text[step]
        if INTEGER.fullmatch(text) and int(text) != int(values[tuple(index)]):
            yield f"{shown(text)} at {_at(index)} is rounded: among floats, integers are exact up to 2**53"
            return


def _at(index: Array) -> str:
    return "[" + ", ".join(map(str, index)) + "]"


def _numbered(index: int, text: str) -> Number:
    with below(index):
        return number(text)


def _as_float(value: Number) -> float:
    number = nearest_float(value)
    if is_finite(value) and not is_finite(number):
        raise out_of_range(exact_text(value))
    return number


def _whole_array(values: Sequence[Number]) -> Array:
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        return np.array(values, dtype=object)


def _shape(node: object, limits: Limits) -> tuple[int, ...]:
    """The shape that the first element of every level promises."""
    shape: list[int] = []
    while isinstance(node, list):
        if len(shape) == limits.axes:
            raise LimitError(
                f"more than {limits.axes} axes", hint=f"raise it with --limit axes={limits.axes * 2} if that is meant"
            )
        if not node:
            raise FieldError("expected numbers, got an empty list", field=(0,) * len(shape))
        shape.append(len(node))
        node = node[0]
    if not isinstance(node, str):
        raise FieldError(f"expected a number or a list, got {_kind(node)}", field=(0,) * len(shape))
    return tuple(shape)


def _rows(node: object, shape: tuple[int, ...], path: FieldPath) -> Iterator[tuple[FieldPath, list[str]]]:
    """The innermost lists with their paths, every list on the way compared with the shape."""
    if not isinstance(node, list) or len(node) != shape[0]:
        raise _ragged(node, shape, path)
    if len(shape) > 1:
        for index, item in enumerate(node):
            yield from _rows(item, shape[1:], (*path, index))
        return
    wrong = next((index for index, item in enumerate(node) if not isinstance(item, str)), None)
    if wrong is not None:
        raise FieldError(f"expected a number, got {_kind(node[wrong])}", field=(*path, wrong))
    yield path, node


def _ragged(node: object, shape: tuple[int, ...], path: FieldPath) -> FieldError:
    first = (*path[:-1], 0)
    what, other = (
        (f"row {int(path[-1]) + 1}", "row 1")
        if len(path) == 1
        else ("".join(f"[{step}]" for step in path), "".join(f"[{step}]" for step in first))
    )
    noun = "value" if len(shape) == 1 else "list"
    if not isinstance(node, list):
        return FieldError(f"{what} is {_kind(node)}, {other} a list of {counted(shape[0], noun)}", field=path)
    return FieldError(f"{what} has {counted(len(node), noun)}, {other} has {shape[0]:,}", field=path)


def _kind(node: object) -> str:
    if isinstance(node, str):
        return f"the value {shown(node)}" if node else "an empty value"
    return "a list" if isinstance(node, list) else "a mapping"
