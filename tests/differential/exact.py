"""The exact output of a problem, and what rounding in each of its cells is measured by.

The same definition as ``tests/reference.py``, whose padding and windows it takes, on whole numbers of any size: every
float is a whole number over a power of two. It knows nothing of ``convcalc``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import inf, lcm
from typing import Any

import numpy as np

from reference import Exact, exact_number, padded_places, padding_of, window_starts


@dataclass(frozen=True, eq=False)
class Answer:
    """What an output must be; every array is (batch, out_channels, *spatial)."""

    wholes: Any
    """The sums without what is not finite, in whole numbers: value = whole / denominator."""
    denominator: int
    scale: tuple[Exact, ...]
    bias: tuple[Exact, ...]
    magnitude: Any
    """Σ|x·w| in float64."""
    reach: Any
    """The largest |x| that a cell reads times Σ|w| of its filter, in float64."""
    special: Any
    """What IEEE arithmetic makes of the products that are not finite: inf, -inf or nan; 0 where all are finite."""
    terms: int
    """Products of a cell."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(batch, out_channels, *spatial)."""
        return tuple(self.wholes.shape)

    def at(self, place: tuple[int, ...]) -> Exact:
        """The number of one cell."""
        channel = place[1]
        return exact_number(Fraction(self.wholes[place], self.denominator) * self.scale[channel] + self.bias[channel])

    @cached_property
    def exact(self) -> Any:
        """The numbers of all cells, integers and fractions."""
        values = np.empty(self.shape, dtype=object)
        for place in np.ndindex(self.shape):
            values[place] = self.at(place)
        return values

    @cached_property
    def rounded(self) -> Any:
        """The numbers of all cells, each rounded once to float64; beyond its range infinite."""
        if set(self.scale) == {1} and not any(self.bias):
            return np.frompyfunc(lambda whole: quotient(whole, self.denominator), 1, 1)(self.wholes).astype(float)
        return np.frompyfunc(lambda value: quotient(*value.as_integer_ratio()), 1, 1)(self.exact).astype(float)


def quotient(numerator: int, denominator: int) -> float:
    """A fraction rounded once; infinite beyond the range of floats.

    >>> quotient(1, 3), quotient(-(10**400), 3)
    (0.3333333333333333, -inf)
    """
    try:
        return numerator / denominator
    except OverflowError:
        return inf if numerator > 0 else -inf


def answer(
    cells: Any,
    weight: Any,
    bias: Sequence[Any] | None = None,
    *,
    scale: Sequence[Exact] | None = None,
    stride: Sequence[int],
    padding: Any,
    dilation: Sequence[int],
    groups: int = 1,
    boundary: Any = "zeros",
    flip: bool = False,
) -> Answer:
    """The exact output for cells (batch, channel, *spatial) and weight (filter, channel of the group, *taps)."""
    mode, constant = ("constant", 0) if boundary == "zeros" else (boundary, 0)
    if not isinstance(boundary, str):
        mode, constant = "constant", boundary
    turned = np.flip(weight, axis=tuple(range(2, weight.ndim))) if flip else weight
    taps = Taps.of(cells.shape[2:], turned.shape[2:], stride, padding, dilation, mode)
    (x, below_x), (w, below_w), (c, below_c) = map(wholes, (cells, turned, np.array([constant], dtype=object)))
    below = lcm(below_x, below_c)
    sums = taps.sums(x * (below // below_x), int(c[0]) * (below // below_c), w, groups)
    sizes = [magnitudes(each) for each in (cells, turned, np.array([constant], dtype=object))]
    with np.errstate(over="ignore"):
        size = taps.sums(sizes[0], sizes[2][0], sizes[1], groups)
        filters = sizes[1].reshape(len(weight), -1).sum(axis=1).reshape(1, -1, *(1,) * (weight.ndim - 2))
        largest = np.repeat(taps.largest(sizes[0], sizes[2][0], groups), len(weight) // groups, axis=1)
        reach = np.where(largest * filters == inf, size, largest * filters) if filters.size else size
    return Answer(
        wholes=sums,
        denominator=below * below_w,
        scale=tuple(map(exact_number, scale or [1] * len(weight))),
        bias=tuple(map(exact_number, bias if bias is not None else [0] * len(weight))),
        magnitude=size,
        reach=np.maximum(reach, size),
        special=_special(taps, cells, turned, constant, groups),
        terms=int(np.prod(weight.shape[1:])),
    )


@dataclass(frozen=True, eq=False)
class Taps:
    """Which cells the windows read: the padded places of each axis, and what each tap cuts out of them."""

    places: tuple[tuple[int | None, ...], ...]
    starts: tuple[tuple[int, ...], ...]
    """Where the windows start, on each axis."""
    size: tuple[int, ...]
    dilation: tuple[int, ...]

    @classmethod
    def of(cls, sizes: Sequence[int], taps: Sequence[int], stride: Any, padding: Any, dilation: Any, mode: str) -> Taps:
        """The taps of a problem, whose stride and dilation are given for each axis."""
        pads = [padding] * len(sizes) if isinstance(padding, (int, str)) else padding
        places, starts = [], []
        for size, count, step, spread, pad in zip(sizes, taps, stride, dilation, pads, strict=True):
            padded = padded_places(size, *padding_of(pad, size, count, step, spread), mode)
            places.append(tuple(padded))
            starts.append(tuple(window_starts(len(padded), spread * (count - 1) + 1, step)))
        return cls(tuple(places), tuple(starts), tuple(taps), tuple(dilation))

    def padded(self, cells: Any, constant: Any) -> Any:
        """(batch, channel, *padded)."""
        known = [[place or 0 for place in axis] for axis in self.places]
        padded = cells[(slice(None), slice(None), *np.ix_(*known))]
        for number, axis in enumerate(self.places, start=2):
            outside = [index for index, place in enumerate(axis) if place is None]
            padded[(slice(None),) * number + (outside,)] = constant
        return padded

    def cuts(self, padded: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Every tap with what lies under it in all windows: (batch, channel, *spatial)."""
        for tap in product(*map(range, self.size)):
            shifted = [
                [start + index * spread for start in starts]
                for starts, index, spread in zip(self.starts, tap, self.dilation, strict=True)
            ]
            yield tap, padded[(slice(None), slice(None), *np.ix_(*shifted))]

    def sums(self, cells: Any, constant: Any, weight: Any, groups: int) -> Any:
        """Σ x·w over all windows: (batch, filter, *spatial)."""
        out, span = len(weight) // groups, weight.shape[1]
        outputs = tuple(map(len, self.starts))
        total = np.zeros((groups, out, len(cells) * int(np.prod(outputs))), dtype=weight.dtype)
        for tap, cut in self.cuts(self.padded(cells, constant)):
            columns = np.moveaxis(cut, 0, 1).reshape(groups, span, -1)
            for group in range(groups):
                total[group] += np.dot(
                    weight[(slice(group * out, (group + 1) * out), slice(None), *tap)], columns[group]
                )
        return np.moveaxis(total.reshape(groups * out, len(cells), *outputs), 0, 1)

    def largest(self, cells: Any, constant: Any, groups: int) -> Any:
        """The largest of the numbers that each window reads: (batch, group, *spatial)."""
        found = np.zeros((len(cells), groups, *map(len, self.starts)))
        for _, cut in self.cuts(self.padded(cells, constant)):
            found = np.maximum(found, cut.reshape(len(cells), groups, -1, *cut.shape[2:]).max(axis=2, initial=0))
        return found


def wholes(array: Any) -> tuple[Any, int]:
    """Whole numbers and what they are divided by: array = wholes / denominator; what is not finite is 0.

    >>> wholes(np.array([0.5, 3, np.inf]))
    (array([1, 6, 0], dtype=object), 2)
    """
    numbers = [
        value if isinstance(value, int | Fraction) or np.isfinite(value) else 0 for value in array.reshape(-1).tolist()
    ]
    ratios = [value.as_integer_ratio() for value in numbers]
    below = lcm(*{denominator for _, denominator in ratios})
    whole = np.empty(len(ratios), dtype=object)
    whole[:] = [numerator * (below // denominator) for numerator, denominator in ratios]
    return whole.reshape(array.shape), below


def magnitudes(array: Any) -> Any:
    """The absolute values in float64; what is not finite is 0, what is too large infinite."""
    sizes = np.array(
        [
            quotient(*abs(value).as_integer_ratio()) if isinstance(value, int | Fraction) else abs(value)
            for value in array.reshape(-1).tolist()
        ],
        dtype=float,
    )
    sizes[~np.isfinite(sizes) & (array.reshape(-1).dtype.kind == "f")] = 0
    return sizes.reshape(array.shape)


def _special(taps: Taps, cells: Any, weight: Any, constant: Any, groups: int) -> Any:
    """The products that are not finite, added up; zeros where there are none."""
    shape = (len(cells), len(weight), *map(len, taps.starts))
    arrays = [each for each in (cells, weight) if each.dtype.kind == "f"]
    if all(np.isfinite(each).all() for each in arrays) and np.isfinite(float_or(constant)):
        return np.zeros(shape)
    x, w = (each.astype(float) for each in (cells, weight))
    total, out, span = np.zeros(shape), len(weight) // groups, weight.shape[1]
    with np.errstate(all="ignore"):
        for tap, cut in taps.cuts(taps.padded(x, float_or(constant))):
            for filter_, channel in product(range(len(w)), range(span)):
                under = cut[:, filter_ // out * span + channel]
                factor = w[(filter_, channel, *tap)]
                bad = ~np.isfinite(under) | ~np.isfinite(factor)
                total[:, filter_][bad] += (under * factor)[bad]
    return total


def float_or(value: Any) -> float:
    """A number as a float, 0 where it is too large for one: it is finite then."""
    try:
        return float(value)
    except OverflowError:
        return 0.0
