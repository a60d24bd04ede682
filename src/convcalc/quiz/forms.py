"""The forms of answers: how each is read from what people write, and when two are the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from convcalc.errors import FieldError
from convcalc.files.numbers import numbers
from convcalc.files.text import shown
from convcalc.numerals import is_finite, nearest_float
from convcalc.wording import counted

_LONGEST = 500  # characters of an answer
_MOST_DIGITS = 18
_ENOUGH_DIGITS = 3  # significant digits from which a decimal may stand for the number that it is rounded from


class Form(StrEnum):
    """What an answer is."""

    NUMBER = "number"
    COUNT = "count"
    """A whole number, perhaps one of several that are right."""
    SHAPE = "shape"
    SLICES = "slices"
    """Cells on each spatial axis, each a range."""
    TRUTH = "yes or no"


class Given(NamedTuple):
    """An answer that was read."""

    value: Any
    """A number; a tuple of whole numbers; a tuple of ranges; True or False."""
    rounding: Fraction = Fraction(0)
    """Of a decimal: half a unit of its last digit, where it has enough of them."""


EXAMPLES = {
    Form.NUMBER: "240, -1/9 or 0.125",
    Form.COUNT: "1792 or 1,792",
    Form.SHAPE: "3x3, 3×3 or (3, 3)",
    Form.SLICES: "1:4 (as in Python) or 1 to 3, one for each axis: 1:4, 0:3 or rows 1 to 3, columns 0 to 2",
    Form.TRUTH: "yes or no",
}
"""How answers of each form may be written."""


def read_answer(form: Form, text: str, rank: int) -> Given:
    """An answer as it was meant; ``rank``: the entries of a shape's cells or of slices.

    Raises:
        FieldError: it is no answer of this form; the hint shows one.
    """
    written = _plain(text)
    if len(written) > _LONGEST:
        raise FieldError(f"an answer of {len(written):,} characters", hint=f"such as {EXAMPLES[form]}")
    try:
        return _READERS[form](written, rank)
    except FieldError as error:
        error.hint = error.hint or f"such as {EXAMPLES[form]}"
        raise


def is_same(right: Any, given: Given, slack: float = 0) -> bool:
    """Whether an answer is a value, or a decimal rounded from it; ``slack``: how far floats may be off.

    A range of whole numbers, as the strides that give a size, is met by any of them.
    """
    value = given.value
    if isinstance(right, range):
        return value in right
    if isinstance(right, bool | tuple):
        return bool(right == value)
    if isinstance(right, float):
        return _is_near(right, value, slack + 1e-9 * abs(right) + float(given.rounding))
    if isinstance(value, float):
        return _is_near(right, value, 0)
    return bool(abs(right - value) <= given.rounding * (right.denominator != 1))


def same_values(one: Any, other: Any, slack: float = 0) -> bool:
    """Whether no answer is the other value without being the one value."""
    if isinstance(one, range):
        return other[0] in one and other[-1] in one
    return is_same(one, Given(other), slack)


def without(value: Any, right: Any) -> Any:
    """A range of whole numbers without those at its ends that are right; other values as they are."""
    if not isinstance(value, range):
        return value
    first = right.stop if value.start in right else value.start
    stop = right.start if value[-1] in right else value.stop
    return range(first, stop)


def _is_near(right: Any, value: Any, slack: float) -> bool:
    return abs(nearest_float(right) - nearest_float(value)) <= slack or right == value


_SIGNS = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), "-") | dict.fromkeys(
    (0xA0, 0x202F, 0x2009), " "
)


def _plain(text: str) -> str:
    """Signs of typesetting as those of a keyboard."""
    plain = text.translate(_SIGNS)
    return plain.strip().strip("`'\"").removeprefix("=").strip()


_DECIMAL = re.compile(r"[-+]?([0-9]*)\.([0-9]+)")


def _number(text: str, _: int) -> Given:
    if _THOUSANDS.fullmatch(text) and "," not in text:
        text = re.sub(r"[ _']", "", text)
    (value,) = numbers([text])
    if not is_finite(value):
        raise FieldError(f"expected a number, got {shown(text)}")
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None:
        return Given(value)
    exact = Fraction(text)
    digits = len((decimal[1] + decimal[2]).lstrip("0"))
    unit = Fraction(1, 10 ** len(decimal[2]))
    return Given(exact if exact.denominator != 1 else exact.numerator, unit / 2 * (digits >= _ENOUGH_DIGITS))


_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(?:[, _'][0-9]{3})+")


def _count(text: str, _: int) -> Given:
    if _THOUSANDS.fullmatch(text):
        text = re.sub(r"[, _']", "", text)
    (value,) = numbers([text])
    if isinstance(value, float) and is_finite(value) and value == int(value):
        value = int(value)
    if not isinstance(value, int):
        raise FieldError(f"expected a whole number, got {shown(text)}")
    return Given(value)


_BETWEEN = re.compile(r"\s*(?:[x×✕*;,]|\bby\b|\s)\s*")
_SIZE = re.compile(r"(?i:torch\.size|shape)\s*=?\s*")


def _shape(text: str, rank: int) -> Given:
    parts = _BETWEEN.split(_bare(_SIZE.sub("", text)))
    if not all(re.fullmatch(rf"[0-9]{{1,{_MOST_DIGITS}}}", part) for part in parts):
        raise FieldError(f"expected a shape, got {shown(text)}")
    if len(parts) not in (rank, rank + 1):
        many = f"{counted(rank + 1, 'number')} (channels, then cells by axis)"
        raise FieldError(f"expected a shape of {many}, got {counted(len(parts), 'number')}")
    return Given(tuple(map(int, parts)))


def _bare(text: str) -> str:
    """A text without the brackets around it, and without a comma at its end."""
    text = text.strip().rstrip(",").strip()
    while len(text) > 1 and text[0] in "([{" and text[-1] in ")]}":
        text = text[1:-1].strip().rstrip(",").strip()
    return text


_INT = rf"[-+]?[0-9]{{1,{_MOST_DIGITS}}}"
_STEP = rf"(?:\s*,?\s*(?:in\s+)?(?:steps?(?:\s+of)?|by|every)\s+(?P<step>[0-9]{{1,{_MOST_DIGITS}}}))?"
_PYTHON = re.compile(rf"(?P<first>{_INT})?\s*:\s*(?P<stop>{_INT})(?:\s*:\s*(?P<step>{_INT})?)?")
_WORDS = re.compile(rf"(?P<first>{_INT})\s*(?:to|through|until|up to|\.\.\.?|…|-)\s*(?P<last>{_INT}){_STEP}")
_CALL = re.compile(rf"(?:slice|range)\(\s*({_INT})\s*,\s*({_INT})\s*(?:,\s*({_INT})\s*)?\)")
_AXIS = re.compile(r"(depths?|rows?|columns?|cols?|cells?|planes?)\b[\s:=]*")
_ORDER = {"d": "depth", "p": "depth", "r": "row", "c": "column"}


def _slices(text: str, rank: int) -> Given:
    plain = _CALL.sub(lambda found: ":".join(filter(None, found.groups())), text.lower())
    plain = re.sub(r"^[a-z_]+\s*(?=\[)", "", plain)  # as in I[1:4, 1:4]
    plain = re.sub(r",?\s+and\s+", ", ", plain)
    parts = _named(plain, rank) if _AXIS.search(plain) else _unnamed(_bare(plain), rank)
    if len(parts) != rank:
        axes = counted(rank, "slice")
        raise FieldError(f"expected {axes}, one for each axis, got {len(parts)}: {shown(text)}")
    return Given(tuple(_range(part, text) for part in parts))


def _named(text: str, rank: int) -> list[str]:
    """What is said after the name of each axis, in the order of the axes."""
    _, *found = _AXIS.split(_bare(text))
    said = list(zip(found[::2], found[1::2], strict=True))
    if rank == 1:
        return [words for _, words in said]
    names = ["depth", "row", "column"][-rank:]
    by_name = {_ORDER[name[0]]: words for name, words in said}
    if len(by_name) != len(said) or sorted(by_name) != sorted(names):
        raise FieldError(f"expected slices of {', '.join(names)}, got {shown(text)}")
    return [by_name[name] for name in names]


def _unnamed(text: str, rank: int) -> list[str]:
    if ";" in text:
        return text.split(";")
    if "[" in text or "(" in text:
        return re.split(r"[\])]\s*,\s*[\[(]", text)
    if rank == 1:
        return [text]
    return re.split(r"\s*(?:,|\s[x×]\s|\n)\s*", text)


def _range(part: str, text: str) -> range:
    part = _bare(part.strip(" ,;\t"))
    if found := _PYTHON.fullmatch(part):
        cells = range(int(found["first"] or 0), int(found["stop"]), _step(found["step"], text))
    elif found := _WORDS.fullmatch(part):
        cells = range(int(found["first"]), int(found["last"]) + 1, _step(found["step"], text))
    else:
        cells = _listed(part, text)
    if not cells:
        raise FieldError(f"the slice {shown(part)} is empty", hint="the first cell comes before the last one")
    return cells


def _step(text: str | None, whole: str) -> int:
    step = int(text or 1)
    if step < 1:
        raise FieldError(f"expected a step of at least 1, got {shown(whole)}")
    return step


def _listed(part: str, text: str) -> range:
    """Cells one by one, evenly spaced."""
    if not re.fullmatch(rf"{_INT}(?:\s*[, ]\s*{_INT})*", part):
        raise FieldError(f"expected slices, got {shown(text)}")
    cells = [int(each) for each in re.findall(_INT, part)]
    step = cells[1] - cells[0] if len(cells) > 1 else 1
    found = range(cells[0], cells[-1] + 1, step) if step > 0 else range(0)
    if [*found[: len(cells)]] != cells or len(found) != len(cells):
        raise FieldError(f"cells that are not evenly spaced: {shown(part)}")
    return found


_TRUTH = dict.fromkeys(("yes", "y", "true", "t", "1"), True) | dict.fromkeys(("no", "n", "false", "f", "0"), False)


def _truth(text: str, _: int) -> Given:
    word = text.lower().rstrip(".!")
    if word not in _TRUTH:
        raise FieldError(f"expected yes or no, got {shown(text)}")
    return Given(_TRUTH[word])


_READERS: dict[Form, Callable[[str, int], Given]] = {
    Form.NUMBER: _number,
    Form.COUNT: _count,
    Form.SHAPE: _shape,
    Form.SLICES: _slices,
    Form.TRUTH: _truth,
}


def shape_given(given: Given, rank: int, right: Sequence[int]) -> Given:
    """A shape without channels as one of as many channels as the right one has, where that is 1."""
    if len(given.value) == rank and right[0] == 1:
        return Given((1, *given.value))
    return given
