"""From sums to the numbers that a function stores: divisor, offset, rounding, the type, and cells at the border."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, nan

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, largest
from convcalc.conventions.element_type import is_whole, range_of
from convcalc.conventions.rounding import rounded_floats, rounded_quotients
from convcalc.conventions.words import Border, Overflow, Rounding
from convcalc.numerals import Number

_INT32_LIMIT = 1 << 31
_FLOAT64_WHOLE = 1 << 53
_PIECE = 1 << 15  # cells that are worked on at once, so that they stay in the cache


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to the sums of every output cell, the same for all but factor and offset, one for each channel."""

    type: str
    """Of the numbers stored, such as ``uint8``."""
    factor: tuple[Fraction, ...]
    offset: tuple[Number, ...]
    rounding: Rounding
    overflow: Overflow
    single: bool = False
    """Whether factor and offset are applied in float32."""
    quantum: int = 1
    """Levels between two whole numbers, on which it rounds; the whole ones below are stored."""
    margin: Border | None = None
    """What is written where windows reach outside; None: nothing."""
    margins: tuple[tuple[int, int], ...] = ()
    """Such cells before and after, for each spatial axis."""
    margin_offset: bool = False

    @property
    def is_scaled(self) -> bool:
        """Whether a factor or an offset is applied."""
        return any(each != 1 for each in self.factor) or any(self.offset)

    @property
    def is_whole(self) -> bool:
        """Whether whole numbers are stored."""
        return is_whole(self.type)

    @property
    def margin_value(self) -> Number:
        """What is written where windows reach outside, unless the input's cells are kept there."""
        return nan if self.margin is Border.MISSING else 0

    def is_margin(self, place: Sequence[int], size: Sequence[int]) -> bool:
        """Whether a cell of an output of a size is written afterwards."""
        if self.margin is None:
            return False
        axes = zip(place, size, self.margins, strict=True)
        return any(at < before or at >= cells - after for at, cells, (before, after) in axes)

    def kept(self, value: Number) -> Number:
        """What an input's cell at the border is kept as."""
        found: Number = np.asarray(self._kept(np.array([value]))).item()
        return found

    def of(self, sums: Array, cells: Array | None = None) -> Array:
        """The stored numbers, (batch, out_channels, *spatial), of sums of that shape.

        ``cells``: the input, (batch, in_channels, *spatial), which only kept cells need.
        """
        stored = np.empty(sums.shape, self.type)
        for channel in range(sums.shape[1]):
            self._store(sums[:, channel], stored[:, channel], channel)
        if self.margin is not None:
            self._write_margins(stored, cells)
        return stored

    def value(self, total: Number, channel: int) -> Number:
        """What one sum of an output channel is stored as."""
        sums = np.array([total], dtype=None if isinstance(total, float) else object)
        stored = np.empty(1, self.type)
        self._store(sums, stored, channel)
        found: Number = stored[0].item()
        return found

    def _store(self, sums: Array, stored: Array, channel: int) -> None:
        if not is_whole(self.type):
            stored[...] = sums if not self.is_scaled else self._scaled(sums, channel)
            return
        flat, into = sums.reshape(-1), stored.reshape(-1)
        for first in range(0, flat.size, _PIECE):
            piece = slice(first, first + _PIECE)
            into[piece] = self._fitted(self._whole(flat[piece], channel))
        if not np.shares_memory(into, stored):
            stored[...] = into.reshape(stored.shape)

    def _scaled(self, sums: Array, channel: int) -> Array:
        return _multiplied(sums, self.factor[channel]) + float(self.offset[channel])

    def _whole(self, sums: Array, channel: int) -> Array:
        """The rounded numbers of a channel, in a type that holds them."""
        factor, offset = self.factor[channel] * self.quantum, self.offset[channel] * self.quantum
        if factor == 1 and not offset:
            return rounded_floats(sums, self.rounding) if sums.dtype.kind == "f" else sums
        if factor == 0:  # black, whatever is added
            return np.zeros(sums.shape, np.int32)
        if self.single and sums.dtype.kind != "f":
            kind = np.float32
            return rounded_floats(sums.astype(kind) * (kind(1) / kind(1 / factor)) + kind(offset), self.rounding)
        if sums.dtype.kind == "f":
            return rounded_floats(_multiplied(sums, factor) + float(offset), self.rounding)
        if self.rounding is Rounding.WHOLE_HALF:
            return self._quotients(sums, factor, Fraction(0)) + int(offset)
        return self._quotients(sums, factor, Fraction(offset))

    def _quotients(self, sums: Array, factor: Fraction, added: Fraction) -> Array:
        """Whole sums × factor + what is added, rounded: in the narrowest type in which nothing can overflow."""
        divisor = lcm(factor.denominator, added.denominator)
        scale, shift = factor * divisor, added * divisor
        bound = 4 * (largest(sums) * abs(scale.numerator) + abs(shift.numerator) + divisor)
        kind = np.int32 if bound < _INT32_LIMIT else np.int64 if bound < INT64_LIMIT else object
        exact: Array = sums.astype(kind, copy=False)
        exact = exact * scale.numerator if scale != 1 else exact
        exact = exact + shift.numerator if shift else exact
        return rounded_quotients(exact, divisor, self.rounding)

    def _fitted(self, whole: Array) -> Array:
        """Whole numbers cut to the type, or modulo its size."""
        low, high = range_of(self.type)
        if self.overflow is Overflow.SATURATE:
            fitted: Array = np.clip(whole, low * self.quantum, high * self.quantum + self.quantum - 1)
            return fitted // self.quantum if self.quantum > 1 else fitted
        if whole.dtype.kind == "i":
            return whole.astype(self.type)
        return _wrapped(whole, low, high)

    def _write_margins(self, stored: Array, cells: Array | None) -> None:
        rank = len(self.margins)
        for axis, (before, after) in enumerate(self.margins, start=stored.ndim - rank):
            size = stored.shape[axis]
            for cut in (slice(0, min(before, size)), slice(max(size - after, 0), size)):
                place = (slice(None),) * axis + (cut,)
                stored[place] = self._margin(place, cells, stored.shape[1])

    def _margin(self, place: tuple[slice, ...], cells: Array | None, outputs: int) -> Array | Number:
        if self.margin is not Border.KEPT:
            return self.margin_value
        assert cells is not None
        return self._kept(cells[place].repeat(outputs // cells.shape[1], axis=1))

    def _kept(self, cells: Array) -> Array:
        if not self.margin_offset:
            return cells
        return self._fitted(np.floor(cells + float(self.offset[0])).astype(np.int64))


def _multiplied(sums: Array, factor: Fraction) -> Array:
    """Sums times a factor in float64, rounded once where both parts of the factor are floats."""
    values = sums.astype(np.float64)
    if max(abs(factor.numerator), factor.denominator) < _FLOAT64_WHOLE:
        return values * factor.numerator / factor.denominator
    return values * float(factor)


def _wrapped(whole: Array, low: int, high: int) -> Array:
    """Numbers modulo the size of a type; what is not finite becomes 0."""
    size = high - low + 1
    if whole.dtype.kind == "f":
        whole = np.where(np.isfinite(whole), whole, 0)
    exact = np.frompyfunc(int, 1, 1)(whole)
    wrapped: Array = (np.asarray(exact, dtype=object) - low) % size + low
    return wrapped
