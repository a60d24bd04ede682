"""The levels of values: the rules that map numbers of any magnitude to bytes from 0 to 255."""

from __future__ import annotations

from collections.abc import Callable
from math import isinf
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, count_not_finite
from convcalc.errors import OutputError, UnknownNameError
from convcalc.wording import counted

AUTO, CLIP, MINMAX, SIGNED = "auto", "clip", "minmax", "signed"
RULES = (AUTO, CLIP, MINMAX, SIGNED)
_TOP = 255
WHITE = float(_TOP)
"""The default value of white."""
_MIDDLE = 127.5
_PIECE = 1 << 16  # values mapped at a time, which stay in the cache as floats


class Mapped(NamedTuple):
    """Values as levels, and the scale of the levels."""

    levels: Array
    """The shape of the values, uint8."""
    low: float
    """The value of level 0; the value of level 255 is ``high``."""
    high: float
    is_diverging: bool
    """Whether 0 has the level in the middle."""
    note: str
    """The rule in words."""


class _Span(NamedTuple):
    """The values of the lowest and the highest level, and the rule in words."""

    low: float
    high: float
    is_diverging: bool
    note: str


def map_values(
    values: Array, rule: str, *, low: float | None = None, high: float | None = None, white: float = WHITE
) -> Mapped:
    """The levels of values by a rule: ``clip``, ``minmax``, ``signed`` or ``auto``.

    clip clips to 0 … ``white``; minmax spreads the range over all levels; signed has 0 in the middle; auto is clip
    where that clips nothing, otherwise signed if there are negative values and minmax if not. ``low`` and ``high``
    replace the least and the largest value, for pictures that share a scale. Values that are not finite count as 0.

    Raises:
        UnknownNameError: there is no rule of that name.
        OutputError: whole numbers or fractions are beyond the range of floats.
    """
    check_rule(rule)
    numbers = in_range_of_floats(values)
    finite = _finite(numbers)
    found = extremes(finite)
    least, largest = found[0] if low is None else low, found[1] if high is None else high
    rule = natural_rule(least, largest, white) if rule == AUTO else rule
    span = _clip_span(white) if rule == CLIP else _SPANS[rule](least, largest)
    is_cut = found[0] < span.low or found[1] > span.high
    bad = numbers.size - finite.size
    notes = (
        span.note,
        _cut_off(finite, span) if is_cut else "",
        f"{counted(bad, 'value')} not finite shown as 0" if bad else "",
    )
    filled = np.where(np.isfinite(numbers), numbers, 0) if bad else numbers
    return Mapped(_levels(filled, span), span.low, span.high, span.is_diverging, "; ".join(filter(None, notes)))


def check_rule(rule: str) -> None:
    """Refuse an unknown rule.

    Raises:
        UnknownNameError: with the nearest names.
    """
    if rule not in RULES:
        raise UnknownNameError("map", rule, RULES)


def white_of(values: Array) -> float:
    """The value of white in a picture: 1 of floats from 0 to 1, otherwise 255."""
    if values.dtype.kind != "f":
        return WHITE
    low, high = extremes(values)
    return 1.0 if low >= 0 and 0 < high <= 1 else WHITE


def is_in_picture(values: Array, white: float) -> bool:
    """Whether all finite values are from 0, which is black, to white."""
    low, high = extremes(in_range_of_floats(values))
    return low >= 0 and high <= white


def stays_picture(rule: str, *, is_normalised: bool) -> bool:
    """Whether a kernel's output for a picture is a picture too, whose values beyond black and white are clipped.

    ``is_normalised``: the weights of the kernel have the sum 1, so that it keeps the brightness.
    """
    return rule == CLIP or (rule == AUTO and is_normalised)


def natural_rule(low: float, high: float, white: float = WHITE) -> str:
    """The rule chosen by auto for values between ``low`` and ``high``."""
    return CLIP if low >= 0 and high <= white else spreading_rule(low)


def spreading_rule(low: float) -> str:
    """The rule that uses all levels: around 0 where there are negative values."""
    return SIGNED if low < 0 else MINMAX


def extremes(values: Array) -> tuple[float, float]:
    """The least and the largest finite value; 0 and 0 if there are none."""
    finite = _finite(values)
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def in_range_of_floats(values: Array) -> Array:
    """The values as NumPy's numbers: Python's numbers (object arrays) as float64, others as they are.

    Raises:
        OutputError: one is too large.
    """
    try:
        return values.astype(np.float64) if values.dtype == object else values
    except OverflowError:
        raise OutputError("values beyond the range of floats make no image", hint="save it as .json") from None


def _finite(values: Array) -> Array:
    """The finite values, in their shape if all are."""
    return values[np.isfinite(values)] if count_not_finite(values) else values


def _clip_span(white: float) -> _Span:
    note = f"values 0–{_TOP} kept, rounded" if white == WHITE else f"0…{white:g} mapped to 0…{_TOP}"
    return _Span(0.0, white, False, note)


def _minmax_span(low: float, high: float) -> _Span:
    return _Span(low, high, False, f"{low:g}…{high:g} mapped to 0…{_TOP}")


def _signed_span(low: float, high: float) -> _Span:
    reach = max(-low, high, 0.0)
    return _Span(-reach, reach, True, f"{-reach:g}…{reach:g} mapped to 0…{_TOP}, 0 is mid-grey")


_SPANS: dict[str, Callable[[float, float], _Span]] = {MINMAX: _minmax_span, SIGNED: _signed_span}


def _cut_off(values: Array, span: _Span) -> str:
    """How many values are beyond the levels, in words."""
    counts = {"below": int((values < span.low).sum()), "above": int((values > span.high).sum())}
    limits = {"below": span.low, "above": span.high}
    parts = [f"{counted(count, 'value')} {side} {limits[side]:g}" for side, count in counts.items() if count]
    return f"{' and '.join(parts)} cut off"


def _levels(values: Array, span: _Span) -> Array:
    """Bytes: ``low`` is 0, ``high`` is 255, values beyond are clipped; if all are equal they are 0, or the middle."""
    levels = np.empty(values.size, np.uint8)
    flat = values.reshape(-1)
    for start in range(0, values.size, _PIECE):
        piece = slice(start, start + _PIECE)
        pixels = np.clip(flat[piece].astype(np.float64), span.low, span.high)
        levels[piece] = np.rint(_stretched(pixels, span))
    return levels.reshape(values.shape)


def _stretched(values: Array, span: _Span) -> Array:
    """Values between ``low`` and ``high`` as floats from 0 to 255."""
    if (span.low, span.high) == (0, _TOP):
        return values
    if span.is_diverging:
        return values / (span.high or 1.0) * _MIDDLE + _MIDDLE
    part = 0.5 if isinf(span.high - span.low) else 1.0  # half of the range of floats is a float
    return (values * part - span.low * part) / ((span.high * part - span.low * part) or 1.0) * _TOP
