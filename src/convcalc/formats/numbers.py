"""Numbers from text, and arrays from nested lists of such text; nothing is guessed and nothing becomes NaN silently."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FieldError, FieldPath, LimitError, below
from convcalc.formats.expression import evaluate, out_of_range
from convcalc.formats.text import shown
from convcalc.geometry.boundary import Number
from convcalc.limits import Limits
from convcalc.wording import counted

MOST_DIGITS = 4300  # Python's own limit (sys.int_info.default_max_str_digits): more take quadratic time
_EXACT_IN_FLOAT64 = 1 << 53
_LONGEST_MISTAKE = 100
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"(?i:(?P<sign>[-+]?)\.?inf(?:inity)?|\.?nan)")
# bytes.translate with these left out leaves nothing of a row that int() and float() read by the rules of `number`.
_OF_INTEGERS = b"0123456789+- "
_OF_DECIMALS = _OF_INTEGERS + b".eE"


def number(text: str) -> Number:
    """The value of a number or small expression: ``int``, ``Fraction`` where exact, otherwise ``float``.

    >>> number("010"), number("-.5"), number("1/9"), number("1e3")
    (10, -0.5, Fraction(1, 9), 1000.0)

    Raises:
        FieldError: it is no number.
    """
    text = text.strip(" \t\n")
    if _INTEGER.fullmatch(text):
        return _whole(text)
    if _DECIMAL.fullmatch(text):
        return _decimal(text)
    if special := _NOT_FINITE.fullmatch(text):
        return float((special["sign"] or "") + "inf") if "inf" in text.lower() else math.nan
    if not text:
        raise FieldError("expected a number, got nothing")
    hint = _hint(text)
    if hint:
        raise FieldError(f"expected a number, got {shown(text)}", hint=hint)
    return evaluate(text)


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


def _rounded(values: Array, node: object) -> Iterator[str]:
    for index in np.argwhere(np.abs(values) >= _EXACT_IN_FLOAT64):
        text: Any = node
        for step in index:
            text = text[step]
        if _INTEGER.fullmatch(text) and int(text) != int(values[tuple(index)]):
            yield f"{shown(text)} at {_at(index)} is rounded: among floats, integers are exact up to 2**53"
            return


def _at(index: Array) -> str:
    return "[" + ", ".join(map(str, index)) + "]"


def _whole(text: str) -> int:
    digits = len(text.lstrip("+-"))
    if digits > MOST_DIGITS:
        raise FieldError(f"too large: {digits:,} digits, at most {MOST_DIGITS:,}")
    return int(text)


def _decimal(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise out_of_range(text)
    return value


def _numbered(index: int, text: str) -> Number:
    with below(index):
        return number(text)


def _as_float(value: Number) -> float:
    try:
        return float(value)
    except OverflowError:
        raise out_of_range(str(value)) from None


def _whole_array(values: Sequence[Number]) -> Array:
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        return np.array(values, dtype=object)


def _hint(text: str) -> str:
    """How to mend a text that people, spreadsheets or other languages take for a number."""
    if len(text) > _LONGEST_MISTAKE:
        return ""
    return next((mend(text) for mistake, mend in _MISTAKES if re.fullmatch(mistake, text)), "")


_MISTAKES: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r".*[\u2010-\u2015\u2212\ufe63\uff0d].*", lambda _: "use the ASCII minus -"),
    (r"[-+]?[0-9]+,[0-9]+", lambda text: f"a decimal comma: write {text.replace(',', '.')}"),
    (r"[-+]?[0-9]+(?:_[0-9]+)+", lambda text: f"write {text.replace('_', '')}"),
    (
        r"(?i:0x[0-9a-f]{1,16}|0o[0-7]{1,16}|0b[01]{1,16})",
        lambda text: f"write it in decimal: {int(text, 0)}",
    ),
    (r"[-+.0-9]+ ?%", lambda text: f"write {text.rstrip(' %')}/100"),
    (r"[0-9]{4}([-/])[0-9]{1,2}\1[0-9]{1,2}.*", lambda _: "this reads as a date"),
    (r"(?i:true|false|yes|no|on|off)", lambda _: "write 1 or 0"),
    (r"(?i:na|n/a|null|none|~|-|\?)", lambda _: "write nan for a missing value, or a number"),
    (r".*[^\x00-\x7f].*", lambda _: "write numbers with the ASCII digits 0 to 9"),
)


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
