"""Spatial arguments as users write them (one number, one per axis, a word), as one number per axis."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import inf
from operator import index
from typing import Any

from convcalc.errors import FieldError, GeometryError, UnknownNameError
from convcalc.geometry.axis import Axes, Axis, reach_of

Pair = tuple[int, int]
"""Padding before and after, in cells."""


_TOO_LONG = 10**30  # to be readable in a message
_LONGEST_SHOWN = 40
_TOO_LARGE = 10**100  # results of sizes, strides and counts below it have fewer digits than Python refuses to write


class PaddingWord(StrEnum):
    """The words for padding that is derived from the other sizes."""

    VALID = "valid"
    SAME = "same"
    SAME_LOWER = "same-lower"
    FULL = "full"


_ALL_BEFORE = "[[dilation × (taps − 1), 0]]"
_FOREIGN_WORDS = {
    "SAME": PaddingWord.SAME.value,
    "VALID": PaddingWord.VALID.value,
    "FULL": PaddingWord.FULL.value,
    "SAME_UPPER": PaddingWord.SAME.value,
    "SAME_LOWER": PaddingWord.SAME_LOWER.value,
    "NOTSET": "a number, or a [before, after] pair for each axis",
    "CAUSAL": _ALL_BEFORE,
    "causal": _ALL_BEFORE,
}
"""Words of TensorFlow, Keras and ONNX, and what they are here."""


def whole(name: str, value: Any, least: int, *, path: tuple[str | int, ...] = ()) -> int:
    """``value`` as an integer of at least ``least``.

    Raises:
        FieldError: it is anything else, a bool, text or a float included.
    """
    try:
        number = index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise FieldError(f"{name} must be a whole number >= {least}, got {brief(value)}", field=path or (name,))
    if number >= _TOO_LARGE:
        raise FieldError(f"{name} must be a whole number below 10**100, got {brief(value)}", field=path or (name,))
    return number


def flag(name: str, value: Any) -> bool:
    """``value``, checked to be a bool.

    Raises:
        FieldError: it is anything else, 0 and 1 included.
    """
    if type(value).__name__ != "bool":  # NumPy's has that name too
        raise FieldError(f"{name} must be true or false, got {brief(value)}", field=name)
    return bool(value)


def text(name: str, value: Any) -> str:
    """``value``, checked to be a text.

    Raises:
        FieldError: it is anything else.
    """
    if not isinstance(value, str):
        raise FieldError(f"{name} must be a text, got {brief(value)}", field=name)
    return value


def finite_number(name: str, value: Any) -> int | float | Fraction:
    """``value``, checked to be a finite number.

    Raises:
        FieldError: it is anything else, a bool, text, inf or nan included.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not -inf < value < inf:
        raise FieldError(f"{name} must be a number, got {brief(value)}", field=name)
    return value


def brief(value: Any) -> str:
    """A value as a message shows it: a text in quotes and cut, a very long number without its digits."""
    if isinstance(value, str):
        return repr(str(value) if len(value) <= _LONGEST_SHOWN else value[: _LONGEST_SHOWN - 1] + "…")
    if isinstance(value, int | Fraction) and max(abs(value.numerator), value.denominator) >= _TOO_LONG:
        return "a number of more than 30 digits"
    return str(value)


def per_axis(name: str, value: Any, rank: int, least: int) -> tuple[int, ...]:
    """One whole number for each of ``rank`` axes, from one number for all or a sequence of one each.

    Raises:
        FieldError: an entry is not a whole number of at least ``least``, or there is not one for each axis.

    >>> per_axis("stride", 2, 3, 1), per_axis("stride", [2, 1], 2, 1)
    ((2, 2, 2), (2, 1))
    """
    value = _plain(value)
    if not _is_sequence(value):
        return (whole(name, value, least),) * rank
    _check_count(name, len(value), rank)
    return tuple(whole(name, entry, least, path=(name, number)) for number, entry in enumerate(value))


def padding_pairs(
    value: Any, sizes: Sequence[int], kernel_size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[Pair, ...]:
    """Padding (before, after) for each axis, from a word, a number, one number or one pair for each axis.

    ``sizes``: input cells for each axis. ``valid`` is no padding; ``full`` is the padding with which every window
    that touches the input counts; ``same`` and ``same-lower`` give ⌈size / stride⌉ output cells.

    Raises:
        FieldError: it is none of these.

    >>> padding_pairs("same", [5], [4], [1], [1]), padding_pairs("same-lower", [5], [4], [1], [1])
    (((1, 2),), ((2, 1),))
    >>> padding_pairs([[1, 2], 3], [9, 9], [3, 3], [1, 1], [1, 1])
    ((1, 2), (3, 3))
    """
    given = given_padding(value, len(sizes))
    axes = zip(given, sizes, kernel_size, stride, dilation, strict=True)
    return tuple(
        word_padding(pad, size, reach_of(k, d), s) if isinstance(pad, PaddingWord) else pad
        for pad, size, k, s, d in axes
    )


def given_padding(value: Any, rank: int) -> tuple[Pair | PaddingWord, ...]:
    """Padding for each of ``rank`` axes as given: a (before, after) pair, or the word for one.

    Raises:
        FieldError: it is none of these.

    >>> given_padding(1, 2), given_padding("same", 1)
    (((1, 1), (1, 1)), (<PaddingWord.SAME: 'same'>,))
    """
    value = _plain(value)
    if isinstance(value, str):
        return (_padding_word(value),) * rank
    if not _is_sequence(value):
        return (_pair(value, ("padding",)),) * rank
    _check_count("padding", len(value), rank, hint="write [[before, after]] for one axis" if rank == 1 else "")
    return tuple(_pair(entry, ("padding", number)) for number, entry in enumerate(value))


def axes_of(
    sizes: Sequence[int], kernel_size: Sequence[int], *, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Axes:
    """The axes of a convolution, from its arguments as users write them.

    ``sizes``: input cells for each axis; ``kernel_size``: taps for each axis.

    Raises:
        FieldError: an argument is not what it must be.
        GeometryError: the kernel does not fit.

    >>> [axis.output_size for axis in axes_of([224, 224], [7, 7], stride=2, padding=3)]
    [112, 112]
    """
    # only of numbers and words, since 1 and 1.0 and True are one key, and lists are none
    is_key = all(type(each) in (int, str) for each in (stride, padding, dilation))
    make = _known_axes if is_key else _axes
    return make(tuple(sizes), tuple(kernel_size), stride, padding, dilation)


def _axes(sizes: tuple[int, ...], kernel_size: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> Axes:
    rank = len(sizes)
    strides = per_axis("stride", stride, rank, 1)
    dilations = per_axis("dilation", dilation, rank, 1)
    pads = padding_pairs(padding, sizes, kernel_size, strides, dilations)
    rows = zip(sizes, kernel_size, strides, dilations, pads, strict=True)
    return Axes(Axis(n, k, s, d, *pair, number) for number, (n, k, s, d, pair) in enumerate(rows))


_known_axes = lru_cache(_axes)


def word_padding(word: PaddingWord, size: int, reach: int, stride: int) -> Pair:
    """The padding (before, after) of one axis that a word means.

    ``same`` is TensorFlow's SAME and ONNX' SAME_UPPER, total max(0, (⌈size/stride⌉ − 1) × stride + reach − size)
    with the odd cell after; ``same-lower`` puts it before. With stride 1 the total is reach − 1, as in PyTorch.

    >>> word_padding(PaddingWord.SAME, size=5, reach=3, stride=2)
    (1, 1)
    """
    match word:
        case PaddingWord.VALID:
            return (0, 0)
        case PaddingWord.FULL:
            return (reach - 1, reach - 1)
    total = max(0, (-(-size // stride) - 1) * stride + reach - size)
    less, more = total // 2, total - total // 2
    return (less, more) if word is PaddingWord.SAME else (more, less)


def check_groups(in_channels: int, out_channels: int, groups: Any) -> int:
    """``groups`` as a whole number that divides both channel counts.

    Raises:
        FieldError: it is no whole number of at least 1.
        GeometryError: it does not divide the channels.
    """
    count = whole("groups", groups, 1)
    hint = f"groups must divide both in_channels {in_channels} and out_channels {out_channels}"
    channels_per_group("in_channels", in_channels, count, hint=hint)
    channels_per_group("out_channels", out_channels, count, hint=hint)
    return count


def channels_per_group(name: str, channels: int, groups: Any, *, hint: str = "") -> int:
    """The channels, in or out, of each group.

    Raises:
        FieldError: ``groups`` is no whole number of at least 1.
        GeometryError: it does not divide the channels.
    """
    count = whole("groups", groups, 1)
    if channels % count:
        raise GeometryError(f"groups {count} does not divide {name} {channels}", hint=hint, field="groups")
    return channels // count


def _padding_word(word: str) -> PaddingWord:
    if word in _FOREIGN_WORDS:
        raise FieldError(
            f"padding {word!r} is another library's name",
            hint=f"here it is {_FOREIGN_WORDS[word]}",
            field="padding",
        )
    if word not in list(PaddingWord):
        raise UnknownNameError("padding", word, list(PaddingWord), field="padding")
    return PaddingWord(word)


def _pair(value: Any, path: tuple[str | int, ...]) -> Pair:
    if not _is_sequence(value):
        cells = whole("padding", value, 0, path=path)
        return (cells, cells)
    if len(value) != 2:
        raise FieldError(f"padding of one axis is [before, after], got {len(value)} numbers", field=path)
    before, after = (whole("padding", entry, 0, path=(*path, number)) for number, entry in enumerate(value))
    return (before, after)


def _plain(value: Any) -> Any:
    """NumPy's arrays and scalars as lists and numbers, without importing numpy."""
    return value.tolist() if hasattr(value, "tolist") else value


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _check_count(name: str, count: int, rank: int, hint: str = "") -> None:
    if count != rank:
        axes = "1 spatial axis" if rank == 1 else f"{rank} spatial axes"
        raise FieldError(f"{name} has {count} entries for {axes}", hint=hint, field=name)
