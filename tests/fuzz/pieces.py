"""Attacks on inputs that are rows of pieces: chunks of an image, cells of a table, tokens of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from .extremes import NUMBERS, WORDS
from .raw import with_field

Mutator = Callable[[Random, Sequence[bytes]], bytes]
"""Makes an input that is nearly one of the valid ones."""
Split = Callable[[bytes], list[bytes]]
Join = Callable[[Random, list[bytes]], bytes]

_NUMBER = re.compile(rb"\s*[-+0-9.][-+0-9.eE]*\s*")
_MOST_REPEATS = 65


def pieces(split: Split, join: Join | None = None, words: Sequence[bytes] = ()) -> Mutator:
    """What takes an input apart, attacks its pieces, and puts it together again; ``words`` may replace any piece."""
    put = join or (lambda _, parts: b"".join(parts))

    def mutate(chance: Random, seeds: Sequence[bytes]) -> bytes:
        parts = split(chance.choice(seeds))
        others = split(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 2, 3, 5))):
            _attack(chance, parts, others, words)
        return put(chance, parts)

    return mutate


def _attack(chance: Random, parts: list[bytes], others: list[bytes], words: Sequence[bytes]) -> None:
    """One attack, in place."""
    at, there = (chance.randrange(max(1, len(parts))) for _ in range(2))
    if not parts:
        parts.extend(others)
        return
    match chance.randrange(8 if words else 7):
        case 0:
            parts[at], parts[there] = parts[there], parts[at]
        case 1:
            del parts[at]
        case 2:
            parts[at:at] = [parts[at]] * chance.choice((1, 1, 2, _MOST_REPEATS))
        case 3:
            parts[at : at + chance.randrange(2)] = [chance.choice(others or parts)]
        case 7:
            parts[at : at + chance.randrange(2)] = [chance.choice(words)]
        case _:
            parts[at] = _changed(chance, parts[at])


def _changed(chance: Random, part: bytes) -> bytes:
    """A piece with an extreme number in it, or for it if it is a number itself."""
    if _NUMBER.fullmatch(part):
        return chance.choice(NUMBERS).encode()
    return with_field(chance, part)


def tokens(pattern: bytes) -> Split:
    """What takes a text apart into all matches of a pattern."""
    return re.compile(pattern, re.DOTALL).findall


def by_markers(pattern: bytes) -> Split:
    """What cuts before each match of a pattern."""
    compiled = re.compile(b"(?=" + pattern + b")", re.DOTALL)
    return compiled.split


TEXT = tuple(word.encode("utf-8", "surrogateescape" if "\udcff" in word else "surrogatepass") for word in WORDS)
"""The extreme words as pieces of a text."""
