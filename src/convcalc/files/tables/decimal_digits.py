"""Many decimal numbers at once: the digits between delimiters as float64, each rounded once, as ``float`` rounds it.

Cells are read eight characters at a time as whole numbers of 64 bits: the point is taken out by shifts, and three
multiplications join eight digits (D. Lemire, "Quickly parsing eight digits", 2018). A mantissa below 2**53 and a power
of ten up to 10**22 are exact in float64, so that their quotient is rounded once (W. D. Clinger, "How to read floating
point numbers accurately", 1990); for longer mantissas the remainder of the division is computed without error
(T. J. Dekker, 1971), and a cell whose rounding it does not decide is left to ``float``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array

LEAD = 32
"""Bytes before the first cell in a buffer, which words that begin before it may hold."""
MOST_CHARACTERS = 24
"""Of a number without its sign; longer ones are left to ``float``."""
_MOST_PARTS = MOST_CHARACTERS // 8
_MOST_ABOVE = np.uint64(1843)  # before the last sixteen digits of a number below 2**64
_MOST_POWER = 22  # the largest power of ten that is exact in float64
_WHOLE = 1 << 53
_U = np.uint64
_TOP = _U(0x8080808080808080)
_ONES = _U(0x0101010101010101)
_ZEROS = _U(0x3030303030303030)
_BEYOND_NINE = _U(0x7676767676767676)  # added to a byte of 10 or more it sets its top bit
_PLACES = _U(0x0706050403020100)
_EIGHT, _BYTE = _U(8), _U(56)
_SPLIT = 134217729.0  # 2**27 + 1: Dekker's, which halves the digits of a float64
_POWERS = np.array([float(10**power) for power in range(_MOST_POWER + 1)])
_KEPT_BITS = np.array([64 - 8 * min(length, 8) for length in range(MOST_CHARACTERS + 1)], dtype=np.uint64)
_PAIRS = ((_U(2561), _EIGHT, _U(0x00FF00FF00FF00FF)), (_U(6553601), _U(16), _U(0x0000FFFF0000FFFF)))
_LAST_PAIR = _U(42949672960001)


class Cells(NamedTuple):
    """The cells of a buffer in the order in which they are written."""

    starts: Array
    """(cells,): offsets in the buffer."""
    ends: Array
    """(cells,): offsets of the delimiter or line feed after each."""


class Numbers(NamedTuple):
    """The numbers of cells."""

    values: Array
    """(cells,), float64."""
    is_unread: Array
    """(cells,): which are not plain numbers, or not decided here; their values mean nothing."""
    is_whole: bool
    """Whether all that are read are whole numbers below 2**53, written without a point or an exponent."""


def cells_of(buffer: Array, size: int, delimiter: int) -> Cells:
    """The cells in the ``size`` bytes after :data:`LEAD`, which end with a line feed."""
    body = buffer[LEAD : LEAD + size]
    is_end = body == delimiter
    is_end |= body == ord("\n")
    ends = np.flatnonzero(is_end)
    ends += LEAD
    starts = np.empty_like(ends)
    starts[0] = LEAD
    np.add(ends[:-1], 1, out=starts[1:])
    return Cells(starts, ends)


def numbers_of(buffer: Array, cells: Cells, point: int) -> Numbers:
    """The numbers in cells; ``buffer``: uint8, of a size that 8 divides, with 16 bytes after the last cell.

    ``point``: the character of the decimal point.
    """
    is_negative = (buffer.take(cells.starts) == ord("-")).astype(np.int64)
    ends, exponents = cells.ends, None
    if _has_exponents(buffer, ends):
        ends, exponents = _exponents(buffer, ends)
    lengths = ends - cells.starts
    lengths -= is_negative
    longest = int(lengths.max())
    if longest > MOST_CHARACTERS or int(lengths.min()) < 0:
        lengths[(lengths > MOST_CHARACTERS) | (lengths < 0)] = 0  # without a digit it is not read
        longest = int(lengths.max())
    mantissas, decimals, is_unread = _mantissas(buffer.view(np.uint64), ends, lengths, longest, point)
    if is_unread.any():
        mantissas[is_unread] = decimals[is_unread] = 0
    is_whole = exponents is None and not decimals.any()
    powers = decimals if exponents is None else decimals - exponents
    largest = int(mantissas.max())
    values = _scaled(mantissas, powers, is_unread, is_long=largest >= _WHOLE)
    is_negative <<= 63
    signs = values.view(np.int64)
    signs ^= is_negative
    return Numbers(values, is_unread, is_whole and largest < _WHOLE)


def _has_exponents(buffer: Array, ends: Array) -> bool:
    """Whether a cell among the first has an exponent of two digits, as ``np.savetxt`` writes them all."""
    first = ends[:64]
    return bool((buffer.take(first - 4) | 0x20 == ord("e")).any())


def _exponents(buffer: Array, ends: Array) -> tuple[Array, Array]:
    """The ends of the mantissas, and the exponents such as ``e-05``; 0 where there is none of that form."""
    tens, ones = (buffer.take(ends - place).astype(np.int64) - ord("0") for place in (2, 1))
    sign = buffer.take(ends - 3)
    has = buffer.take(ends - 4) | 0x20 == ord("e")
    has &= (sign == ord("+")) | (sign == ord("-"))
    has &= (tens >= 0) & (tens <= 9) & (ones >= 0) & (ones <= 9)
    exponents = np.where(has, np.where(sign == ord("-"), -(tens * 10 + ones), tens * 10 + ones), 0)
    return ends - 4 * has, exponents


def _mantissas(words: Array, ends: Array, lengths: Array, longest: int, point: int) -> tuple[Array, Array, Array]:
    """The digits of each cell as one whole number, how many stand after its point, and which are no such digits."""
    parts = _parts(words, ends, lengths, max(1, -(-longest // 8)))
    points = _ONES * _U(point ^ ord("0"))
    digits, found, decimals = _without_point(parts[0], points)
    if len(parts) > 1:
        digits |= (parts[1] >> _BYTE) & np.negative(found)
    wrong = _invalid(digits)
    total = _joined(digits)
    for place, part in enumerate(parts[1:], 1):
        digits, here, after = _without_point(part, points)
        if found.any():
            digits = np.where(found, part << _EIGHT, digits)
            wrong |= found & here  # a second point
        decimals += after + (here << _U(3)) * _U(place)
        found |= here
        if place + 1 < len(parts):
            digits |= (parts[place + 1] >> _BYTE) & np.negative(found)
        wrong |= _invalid(digits)
        value = _joined(digits)
        if place == _MOST_PARTS - 1:
            wrong |= value > _MOST_ABOVE
        value *= _U(10 ** (8 * place))
        total += value
    is_wrong = wrong != 0
    is_wrong |= lengths <= found.view(np.int64)
    return total, decimals.view(np.int64), is_wrong


def _parts(words: Array, ends: Array, lengths: Array, count: int) -> list[Array]:
    """The last characters of each cell, eight in a word, of digits their values; the last word is the first of them.

    Characters before the last ``lengths`` of a cell are 0.
    """
    shift = ends & 7
    shift <<= 3
    bits = shift.view(np.uint64)
    left = _U(64) - bits
    index = ends >> 3
    high = words.take(index)
    parts = []
    for place in range(count):
        index -= 1
        word = words.take(index)
        high <<= left
        kept, high = high, word.copy() if place + 1 < count else high
        word >>= bits
        word |= kept
        word ^= _ZEROS
        cut = _KEPT_BITS.take(lengths if not place else np.maximum(lengths - 8 * place, 0))
        word >>= cut
        word <<= cut
        parts.append(word)
    return parts


def _without_point(word: Array, points: np.uint64) -> tuple[Array, Array, Array]:
    """A word of characters, those before its point moved up over it; 1 where it has one; the characters after it."""
    match = word ^ points
    lowest = match - _ONES
    np.invert(match, out=match)
    lowest &= match
    lowest &= _TOP
    if not lowest.any():
        return word.copy(), lowest, lowest.copy()
    np.negative(lowest, out=match)
    lowest &= match  # of several bits the lowest, since subtraction carries upwards
    lowest >>= _U(7)
    here = (lowest != 0).astype(np.uint64)
    after = lowest * _PLACES
    after >>= _BYTE
    moved = lowest - here
    moved &= word
    moved <<= _EIGHT
    lowest <<= _EIGHT
    lowest -= here
    np.invert(lowest, out=lowest)
    lowest &= word
    moved |= lowest
    return moved, here, after


def _invalid(digits: Array) -> Array:
    """A word for each that is not 0 where one of its bytes is no digit."""
    found = digits + _BEYOND_NINE
    found |= digits
    found &= _TOP
    return found


def _joined(digits: Array) -> Array:
    """The number that each word has the digits of."""
    for factor, shift, mask in _PAIRS:
        digits *= factor
        digits >>= shift
        digits &= mask
    digits *= _LAST_PAIR
    digits >>= _U(32)
    return digits


def _scaled(mantissas: Array, powers: Array, is_unread: Array, *, is_long: bool) -> Array:
    """Mantissas / 10**powers, rounded once; where that is not known, the cell is marked as unread.

    ``is_long``: some mantissas are not below 2**53.
    """
    values = mantissas.astype(np.float64)
    lowest, highest = int(powers.min()), int(powers.max())
    if lowest >= 0 and highest <= _MOST_POWER and not is_long:
        values /= _POWERS.take(powers)
        return values
    is_unread |= (powers > _MOST_POWER) | (powers < -_MOST_POWER)
    divisors = _POWERS.take(powers, mode="clip")
    values = _long_quotients(mantissas, values, divisors, is_unread) if is_long else values / divisors
    if lowest < 0:
        values *= _POWERS.take(-powers, mode="clip")
        is_unread |= (powers < 0) & (mantissas >= _WHOLE)
    return values


def _long_quotients(mantissas: Array, rounded: Array, divisors: Array, is_unread: Array) -> Array:
    """Mantissas / divisors, rounded once, of mantissas below 2**64 whose nearest float64 is ``rounded``."""
    lost = (mantissas - rounded.astype(np.uint64)).view(np.int64).astype(np.float64)
    quotients = rounded / divisors
    remainder = _remainder(rounded, quotients, divisors)
    remainder += lost
    remainder /= divisors
    sums = quotients + remainder
    rest = remainder - (sums - quotients)
    # The rest is at most half a unit of the last place. If a rest that is larger by what its own rounding may be
    # changes the sum, the sum may be the wrong one of two.
    is_unread |= sums + rest * (1 + 1e-9) != sums
    return sums


def _remainder(dividends: Array, quotients: Array, divisors: Array) -> Array:
    """Dividends − quotients × divisors without rounding (Dekker's product), for quotients that are the nearest."""
    product = quotients * divisors
    carry = quotients * _SPLIT
    high = carry - (carry - quotients)
    low = quotients - high
    carry = divisors * _SPLIT
    divisor_high = carry - (carry - divisors)
    divisor_low = divisors - divisor_high
    error = high * divisor_high - product
    error += high * divisor_low
    error += low * divisor_high
    error += low * divisor_low
    result: Array = dividends - product - error
    return result
