"""Boundary modes: which input cell gives a padded cell its value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from convcalc.errors import FieldError, UnknownNameError
from convcalc.numerals import Number


class BoundaryMode(StrEnum):
    """How cells outside the input a b c d get their values."""

    CONSTANT = "constant"
    """v v | a b c d | v v"""
    REFLECT = "reflect"
    """c b | a b c d | c b"""
    SYMMETRIC = "symmetric"
    """b a | a b c d | d c"""
    REPLICATE = "replicate"
    """a a | a b c d | d d"""
    CIRCULAR = "circular"
    """c d | a b c d | a b"""


# The names of these modes in numpy.pad, scipy.ndimage and OpenCV. SciPy's "reflect" is another mode than ours, so ours
# takes precedence there.
_FOREIGN = {
    "edge": "replicate",
    "nearest": "replicate",
    "border_replicate": "replicate",
    "mirror": "reflect",
    "reflect_101": "reflect",
    "reflect101": "reflect",
    "border_reflect_101": "reflect",
    "border_reflect": "symmetric",
    "wrap": "circular",
    "grid-wrap": "circular",
    "periodic": "circular",
    "border_wrap": "circular",
    "zero": "zeros",
    "zero_pad": "zeros",
    "border_constant": "zeros",
    "fill": "zeros",
    "extend": "replicate",
    "duplicate": "replicate",
    "neumann": "replicate",
    "border": "replicate",
    "symm": "symmetric",
    "grid-mirror": "symmetric",
    "cyclic": "circular",
    "tile": "circular",
    "grid-constant": "zeros",
}


@dataclass(frozen=True, slots=True)
class Boundary:
    """The values outside the input: a mode, and the value of the constant mode."""

    mode: BoundaryMode = BoundaryMode.CONSTANT
    value: Number = 0
    """The value of every cell outside; of the constant mode only."""

    def __str__(self) -> str:
        if self.mode is not BoundaryMode.CONSTANT:
            return self.mode.value
        return "zeros" if self.value == 0 else f"constant {self.value}"

    def source(self, index: int, size: int) -> int | None:
        """The input cell that ``index`` gets its value from, or None for the constant.

        Indices count from the first input cell; an index inside the input is its own source. Beyond one
        reflection the pattern repeats with its period, as in :func:`numpy.pad`, so padding may be larger than the
        input.

        >>> [Boundary(BoundaryMode.REFLECT).source(i, 4) for i in (-2, -1, 0, 4, 5)]
        [2, 1, 0, 2, 1]
        >>> [Boundary(BoundaryMode.SYMMETRIC).source(i, 4) for i in (-2, -1, 0, 4, 5)]
        [1, 0, 0, 3, 2]
        """
        if 0 <= index < size:
            return index
        match self.mode:
            case BoundaryMode.CONSTANT:
                return None
            case BoundaryMode.REPLICATE:
                return 0 if index < 0 else size - 1
            case BoundaryMode.CIRCULAR:
                return index % size
            case BoundaryMode.SYMMETRIC:
                return _fold(index, size, 2 * size, 2 * size - 1)
            case BoundaryMode.REFLECT:  # pragma: no branch - there is no other mode
                return _fold(index, size, max(1, 2 * size - 2), 2 * size - 2)

    def sources(self, indices: Iterable[int], size: int) -> tuple[int | None, ...]:
        """The source of each index, see :meth:`source`."""
        return tuple(self.source(index, size) for index in indices)


def _fold(index: int, size: int, period: int, mirror: int) -> int:
    """The cell of a pattern that runs forward and backward: ``mirror`` is the sum of a cell and its image."""
    inside = index % period
    return inside if inside < size else mirror - inside


_ZEROS = Boundary()
INTERP = "interp"
"""SciPy's word for the ends of ``savgol_filter``: a polynomial fitted to the first and the last window."""
_WORDS = "zeros, reflect, symmetric, replicate, circular, or a number for a constant"


def boundary_of(word: Any) -> Boundary:
    """The boundary that a word or a constant means.

    Raises:
        FieldError: it is another library's name for one of these boundaries, or neither a word nor a number.
        UnknownNameError: it is no boundary.
    """
    if isinstance(word, Boundary):
        return word
    value = word.tolist() if hasattr(word, "tolist") else word  # NumPy's scalars, without importing numpy
    if not isinstance(value, str):
        return Boundary(BoundaryMode.CONSTANT, _constant(value))
    return _named(value)


def _constant(value: Any) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | Fraction | float):
        raise FieldError(
            f"boundary must be a word or a number, got {value!r:.100}", hint="one of: " + _WORDS, field="boundary"
        )
    return value


def _named(word: str) -> Boundary:
    if word == "zeros":
        return _ZEROS
    if word in _FOREIGN:
        raise FieldError(
            f"boundary {word!r} is another library's name", hint=f"here it is {_FOREIGN[word]}", field="boundary"
        )
    if word == INTERP:
        raise FieldError(
            "boundary 'interp' fits the ends of a signal anew, so it is of savitzky-golay kernels alone",
            hint=f"one of: {_WORDS}",
            field="boundary",
        )
    modes = [mode for mode in BoundaryMode if mode is not BoundaryMode.CONSTANT]
    if word not in modes:
        raise UnknownNameError(
            "boundary",
            word,
            ["zeros", *modes],
            hint=f"one of: {_WORDS}",
            field="boundary",
        )
    return Boundary(BoundaryMode(word))
