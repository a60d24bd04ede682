"""Interpolation along an axis: where places of another size lie in the input, and which cells they are mixed from.

Places are fractions, so that what is exact stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor, lcm
from typing import NamedTuple

MODES = ("linear", "nearest", "nearest-exact", "cubic")
COORDINATES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")
"""Where the places of the output lie in the input, by ONNX's words (onnx.ai/onnx/operators, "Resize")."""
ROUNDINGS: dict[str, Callable[[Fraction], int]] = {
    "floor": floor,
    "ceil": ceil,
    "round_prefer_floor": lambda place: ceil(place - Fraction(1, 2)),
    "round_prefer_ceil": lambda place: floor(place + Fraction(1, 2)),
}
"""Which cell is the nearest, by ONNX's words."""


class Taps(NamedTuple):
    """What each place of an axis of the output is mixed from: one, two or four cells, by whole weights over a divisor.

    The same number of cells at every place.
    """

    cells: tuple[tuple[int, ...], ...]
    weights: tuple[tuple[int, ...], ...]
    divisor: int

    @property
    def gain(self) -> int:
        """The largest sum of magnitudes of weights at a place."""
        return max(sum(map(abs, each)) for each in self.weights)


class Way(NamedTuple):
    """How the places of the output are found in the input, and mixed from its cells."""

    mode: str = "linear"
    coordinates: str = "half_pixel"
    rounding: str = "floor"
    """Of the nearest cell."""
    coefficient: Fraction = Fraction(-3, 4)
    """Of the cubic: a of Keys, IEEE Trans. ASSP 29 (1981), p. 1153; PyTorch's and ONNX's is -0.75."""
    is_inside: bool = False
    """Whether weights of cells outside the input are left out of the cubic, and the others made to sum to 1."""


def taps(before: int, after: int, step: Fraction, way: Way) -> Taps:
    """The taps of an axis of ``before`` cells that becomes one of ``after``, ``step`` cells from one to the next."""
    places = [_place(place, before, after, step, way.coordinates) for place in range(after)]
    last = before - 1
    if way.mode == "nearest":
        nearest = [min(max(ROUNDINGS[way.rounding](each), 0), last) for each in places]
        return Taps(tuple((each,) for each in nearest), ((1,),) * after, 1)
    if way.mode == "cubic":
        return _cubic(places, last, way)
    inside = [min(max(each, Fraction(0)), Fraction(last)) for each in places]
    pairs = [(min(floor(each), last), min(floor(each) + 1, last)) for each in inside]
    return _whole(pairs, [(1 - each % 1, each % 1) for each in inside])


def step_of(before: int, after: int, factor: Fraction, way: Way, coordinates: str) -> Fraction:
    """The cells from a place to the next by a factor; ``coordinates``: where ONNX's words are said.

    Linear and nearest, PyTorch copies an axis whose size stays, and takes each cell twice for the nearest of one that
    is exactly doubled, whatever the factor (ATen's UpSample.h); onnxruntime copies where all sizes stay.
    """
    is_before = not coordinates and way.coordinates == "asymmetric"
    if before == after and (is_before or (not coordinates and way.mode == "linear")):
        return Fraction(1)
    return Fraction(1, 2) if is_before and after == 2 * before else 1 / factor


def _place(place: int, before: int, after: int, step: Fraction, coordinates: str) -> Fraction:
    """Where a place of the output lies in the input, in cells from the middle of the first."""
    half = Fraction(1, 2)
    match coordinates:
        case "asymmetric":
            return place * step
        case "align_corners":
            return Fraction(place * (before - 1), max(1, after - 1))
        case "pytorch_half_pixel" if after == 1:
            return Fraction(0)
        case "half_pixel_symmetric":
            return before * half * (1 - after * step / before) + (place + half) * step - half
        case _:
            return (place + half) * step - half


def _cubic(places: Sequence[Fraction], last: int, way: Way) -> Taps:
    """Four cells at each place; those outside the input are its last cell, or left out."""
    cells, weights = [], []
    for each in places:
        near = floor(each)
        row = [_keys(each - cell, way.coefficient) for cell in range(near - 1, near + 3)]
        around = range(near - 1, near + 3)
        if way.is_inside:
            row = [weight if 0 <= cell <= last else Fraction(0) for cell, weight in zip(around, row, strict=True)]
            row = [weight / sum(row) for weight in row]
        inside = [min(max(cell, 0), last) for cell in around]
        cells.append(tuple(inside))
        weights.append(_merged(inside, row))
    return _whole(cells, weights)


def _merged(cells: Sequence[int], weights: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The weights with those of a cell that is there several times in the first place of it."""
    first = [cells.index(cell) for cell in cells]
    return tuple(
        sum((weight for at, weight in zip(first, weights, strict=True) if at == place), Fraction(0))
        for place in range(len(cells))
    )


def _keys(distance: Fraction, a: Fraction) -> Fraction:
    """The cubic of Keys at a distance from the cell."""
    x = abs(distance)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return ((x - 5) * x + 8) * x * a - 4 * a if x < 2 else Fraction(0)


def _whole(cells: Sequence[tuple[int, ...]], weights: Sequence[Sequence[Fraction]]) -> Taps:
    """The taps with fractions as weights."""
    divisor = lcm(*(weight.denominator for row in weights for weight in row))
    return Taps(tuple(cells), tuple(tuple(int(weight * divisor) for weight in row) for row in weights), divisor)
