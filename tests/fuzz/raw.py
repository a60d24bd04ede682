"""Attacks on bytes, of whatever they may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from .extremes import BYTES, FIELDS, NUMBERS

_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_LONGEST_PART = 64
_LONG_RUN = 20_000
_MOST_REPEATS = 65  # one more than levels of nesting that are accepted


def scrambled(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """The bytes after one to four attacks."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = chance.choice(_ATTACKS)(chance, data, others)
    return data


def with_field(chance: Random, data: bytes) -> bytes:
    """The bytes with an extreme number somewhere, one, two, four or eight wide, in either order."""
    width = chance.choice((1, 2, 2, 4, 4, 8))
    at = chance.randrange(max(1, len(data) - width + 1))
    number = (chance.choice(FIELDS) % (1 << 8 * width)).to_bytes(width, chance.choice(("little", "big")))
    return data[:at] + number + data[at + width :]


def _byte(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _bit(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes(byte ^ 1 << chance.randrange(8) for byte in data[at : at + 1]) + data[at + 1 :]


def _part(chance: Random, data: bytes) -> tuple[int, int]:
    at = chance.randrange(len(data) + 1)
    return at, at + chance.randint(1, _LONGEST_PART)


def _without_part(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, stop = _part(chance, data)
    return data[:start] + data[stop:]


def _repeated_part(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, stop = _part(chance, data)
    return data[:start] + data[start:stop] * chance.choice((2, 3, _MOST_REPEATS)) + data[stop:]


def _moved_part(chance: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)
    start, stop = _part(chance, other)
    at = chance.randrange(len(data) + 1)
    return data[:at] + other[start:stop] + data[at + chance.choice((0, stop - start)) :]


def _stretched(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """A long run of one character, which takes a reader long that looks at each part of it; none that nests."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.choice(b"09a .#\"'=\t\n\0")]) * _LONG_RUN + data[at:]


def _cut(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _with_token(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(BYTES) * chance.choice((1, 1, 1, 2, _MOST_REPEATS)) + data[at:]


def _with_field(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return with_field(chance, data)


def _with_number(chance: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """The first number after some place is an extreme one."""
    found = _NUMBER.search(data, chance.randrange(len(data) + 1)) or _NUMBER.search(data)
    return data[: found.start()] + chance.choice(NUMBERS).encode() + data[found.end() :] if found else data


_ATTACKS = (
    *(_byte, _bit, _without_part, _repeated_part, _moved_part, _cut, _stretched, _with_token, _with_field),
    *(_with_number, _with_number),
)
