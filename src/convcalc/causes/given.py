"""The matrix that came out elsewhere: its cells, its digits, and where it may have been cut off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convcalc.arrays import Array

_LIMITS = (0, 1, -1, 127, 128, 255, -128, 32767, -32768, 65535, 2**31 - 1, -(2**31))
"""Values at which types end."""
_MOST_DECIMALS = 10
"""Decimals up to which numbers are taken for rounded as they were printed; floats in full have more."""
_PRINTED = 4096  # cells that are looked at to tell how many decimals were printed
_EVIDENCE = 8
"""Whole numbers beyond what narrow floats hold without gaps, from which it is told that they are such floats."""


def _holds_bfloat16(values: Array) -> bool:
    single = values.astype(np.float32)
    return bool((single == values).all() and not (single.view(np.uint32) & 0xFFFF).any())


@dataclass(frozen=True, eq=False)
class Given:
    """The matrix that came out elsewhere."""

    cells: Array
    """(batch, channels, *spatial), whole or floating."""

    @cached_property
    def floats(self) -> Array:
        """The cells as float64."""
        return self.cells.astype(np.float64)

    @cached_property
    def known(self) -> Array:
        """Which cells have a number: no nan."""
        return ~np.isnan(self.floats)

    @cached_property
    def is_whole(self) -> bool:
        """Whether every known cell is a whole number."""
        found = self.floats[self.known]
        return bool(np.isfinite(found).all() and (found == np.rint(found)).all())

    @cached_property
    def largest(self) -> float:
        """The largest magnitude of the finite cells."""
        found = np.abs(self.floats[np.isfinite(self.floats)])
        return float(found.max(initial=0))

    @cached_property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest finite cell."""
        found = self.floats[np.isfinite(self.floats)]
        return (float(found.min()), float(found.max())) if found.size else (0.0, 0.0)

    @cached_property
    def is_constant(self) -> bool:
        """Whether all known cells are alike."""
        low, high = self.range
        return low == high

    @cached_property
    def decimals(self) -> int | None:
        """Decimals of numbers that were rounded when they were printed; None: they have all their digits."""
        found = self.floats[np.isfinite(self.floats)][:_PRINTED]
        if self.is_whole or not found.size:
            return None
        for digits in range(1, _MOST_DECIMALS + 1):
            if (np.round(found, digits) == found).all():
                return digits
        return None

    @cached_property
    def half_unit(self) -> float:
        """Half a unit of the last decimal that was printed; 0 where all digits are there."""
        return 0.5 * 10.0**-self.decimals * (1 + 1e-9) if self.decimals else 0.0

    @cached_property
    def precision(self) -> tuple[str, float] | None:
        """The narrowest floats that hold every cell and not everything, with their unit of roundoff; else None."""
        found = self.floats[np.isfinite(self.floats)]
        for name, unit, holds in (
            ("bfloat16", 2.0**-8, _holds_bfloat16),
            ("float16", 2.0**-11, lambda values: (values.astype(np.float16) == values).all()),
            ("float32", 2.0**-24, lambda values: (values.astype(np.float32) == values).all()),
        ):
            with np.errstate(over="ignore"):
                told = (np.abs(found) > 1 / unit).sum() >= _EVIDENCE if self.is_whole else bool(found.size)
                if told and holds(found):
                    return name, unit
        return None

    @cached_property
    def clipped(self) -> Array:
        """The cells that are at an end of the range of a type, and of the matrix: they may have been cut off."""
        low, high = self.range
        ends = [end for end in {low, high} if end in _LIMITS]
        return np.isin(self.floats, ends)
