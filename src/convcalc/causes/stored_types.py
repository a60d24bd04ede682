"""Rules to whole numbers, and what happens at the ends of a type."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array


def _half_up(values: Array) -> Array:
    return np.asarray(np.floor(values + 0.5))


def _half_away(values: Array) -> Array:
    return np.copysign(np.floor(np.abs(values) + 0.5), values)


EITHER = "rounded to the nearest, ties either way"
"""As sums in narrow floats are, which miss a tie by a little."""
MISSED = 1e-6
"""Of a sum's magnitude: how far narrow floats may be off a tie."""
ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "": lambda values: values,
    "rounded half to even": np.rint,
    "rounded half up": _half_up,
    "rounded half away from zero": _half_away,
    "cut off towards zero": np.trunc,
    "rounded down": np.floor,
    "rounded up": np.ceil,
    EITHER: np.rint,
}


class Range(NamedTuple):
    """The ends of a type, and what happens beyond: cut off, wrapped round, or the sign dropped."""

    words: str
    low: float = -np.inf
    high: float = np.inf
    wraps: bool = False

    def of(self, values: Array) -> Array:
        """The numbers within the ends."""
        if self.words == MAGNITUDE:
            return np.abs(values)
        if self.wraps:
            return np.asarray((values - self.low) % (self.high + 1 - self.low) + self.low)
        return np.asarray(values.clip(self.low, self.high))


MAGNITUDE = "the magnitude is taken"
_TYPES = (
    ("uint8", 0, 255),
    ("int8", -128, 127),
    ("uint16", 0, 65535),
    ("int16", -(1 << 15), (1 << 15) - 1),
    ("int32", -(1 << 31), (1 << 31) - 1),
    ("uint32", 0, (1 << 32) - 1),
)
RANGES = (
    Range(""),
    *(Range(f"saturated to {name}", low, high) for name, low, high in _TYPES[:5]),
    *(Range(f"wrapped round in {name}", low, high, wraps=True) for name, low, high in _TYPES),
    Range("cut off to 0 … 1", 0, 1),
    Range("cut off to -1 … 1", -1, 1),
    Range("negative numbers are 0", 0),
    Range(MAGNITUDE),
)
