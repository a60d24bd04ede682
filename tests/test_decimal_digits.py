"""Many numbers at once are the numbers that float() gives, bit by bit."""

import random

import numpy as np
import pytest

from convcalc.files.tables.decimal_digits import LEAD, cells_of, numbers_of


def read(cells, point="."):
    """The values of cells, those that are left to float() given as nan."""
    text = ("\n".join(cells) + "\n").encode()
    buffer = np.zeros((LEAD + len(text) + 31) // 8 * 8, np.uint8)
    buffer[LEAD : LEAD + len(text)] = np.frombuffer(text, np.uint8)
    found = numbers_of(buffer, cells_of(buffer, len(text), ord(";")), ord(point))
    return found.values, found.is_unread


def _drawn(chance):
    """A number as programs write them: repr, a fixed number of decimals, exponents, and near the halves of floats."""
    value = chance.gauss(0, 1) * 10 ** chance.randint(-6, 9)
    return chance.choice(
        (
            repr(value),
            f"{value:.{chance.randint(0, 12)}f}",
            f"{value:.{chance.randint(3, 18)}e}",
            str(chance.randint(-(10**12), 10**12)),
            f"{chance.randint(0, 2**53)}.5",
            f"{chance.randint(1, 10**18)}e-{chance.randint(1, 20):02d}",
            f"0.{chance.randint(0, 10**17):017d}",
            f".{chance.randint(0, 999)}",
            f"{chance.randint(0, 999)}.",
        )
    )


@pytest.mark.parametrize("seed", range(20))
def test_every_number_is_rounded_as_float_rounds_it(seed):
    """The bits are those of float(); few cells are left to it."""
    chance = random.Random(seed)
    cells = [_drawn(chance) for _ in range(2000)]
    values, unread = read(cells)
    wanted = np.array(list(map(float, cells)))
    np.testing.assert_array_equal(values[~unread].view(np.int64), wanted[~unread].view(np.int64))
    assert unread.mean() < 0.2


HALVES = [
    "9007199254740993.0",
    "0.500000000000000166533453693773481063544750213623046875",
    "1.00000000000000011102230246251565",
]


def test_numbers_halfway_between_two_floats_are_left_to_float():
    """No digits are cut off silently: what the first 19 do not decide is not decided here."""
    values, unread = read([*HALVES, "4503599627370497.5", "18446744073709551615", "18446744073709551616"])
    wanted = list(map(float, [*HALVES, "4503599627370497.5", "18446744073709551615", "18446744073709551616"]))
    assert all(odd or value == right for value, odd, right in zip(values, unread, wanted, strict=True))
    assert unread[1]


NO_NUMBERS = ["", "-", ".", "-.", "1.2.3", "1-2", "--1", "+1", "1e5", "1e", "e-05", "1e-5x", "x", "1x", "0x10", "1_000"]
NO_NUMBERS += [
    "1 2",
    "nan",
    "inf",
    "1/2",
    "12:30",
    "2024-01-02",
    "１",
    "1,5",
    "1e+5",
    "." * 24,
    "1." * 12,
    "9" * 25,
    ":",
    "/",
]


@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_anything_else_is_left_to_the_reader_of_single_cells(cell):
    """Signs, words, dates and runs of points are never taken for digits, whatever stands beside them."""
    values, unread = read(["12.25", cell, "-3"])
    assert unread.tolist() == [False, True, False]
    assert values[[0, -1]].tolist() == [12.25, -3]


def test_a_decimal_comma_is_a_point():
    """The point is any character; the other one is then no digit."""
    values, unread = read(["1,5", "-0,25", "7", "1.5"], ",")
    assert values[:3].tolist() == [1.5, -0.25, 7]
    assert unread.tolist() == [False, False, False, True]


def test_minus_zero_keeps_its_sign():
    """As float() reads it."""
    assert np.signbit(read(["-0.0", "0.0", "-0"])[0]).tolist() == [True, False, True]
