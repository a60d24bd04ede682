"""The reference that nobody can doubt: convolution as nested loops over Python's numbers.

It knows nothing of ``convcalc`` and little of cleverness. Cells live in dictionaries by coordinate, padding is a
list that is written out, floats are taken as the exact fractions that they are, so every sum here is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, cycle, islice, product
from typing import Any

import numpy as np

Exact = int | Fraction


@dataclass(frozen=True)
class Reference:
    """An output: its shape, and every cell by (sample, channel, *position)."""

    shape: tuple[int, ...]
    cells: dict[tuple[int, ...], Exact]

    def exact(self) -> Any:
        """The cells as an object array of integers and fractions."""
        array = np.empty(self.shape, dtype=object)
        for place, value in self.cells.items():
            array[place] = value
        return array

    def auto(self) -> Any:
        """The cells as ``dtype: auto`` promises them: integers where all are whole, else floats rounded once."""
        if any(value.denominator != 1 for value in self.cells.values()):
            return self.rounded()
        fits = all(-(2**63) < value < 2**63 for value in self.cells.values())
        return self.exact().astype(np.int64) if fits else np.asarray(np.vectorize(int, otypes="O")(self.exact()))

    def rounded(self) -> Any:
        """The cells as the nearest float64 each."""
        return np.array([float(value) for value in self.exact().flat], dtype=np.float64).reshape(self.shape)


def exact_number(value: Any) -> Exact:
    """A Python or NumPy number as an integer or an exact fraction.

    >>> exact_number(0.5), exact_number(np.int8(-3)), exact_number(Fraction(4, 2))
    (Fraction(1, 2), -3, 2)
    """
    fraction = Fraction(value.item() if isinstance(value, np.generic) else value)
    return fraction.numerator if fraction.denominator == 1 else fraction


def padded_places(size: int, before: int, after: int, mode: str) -> list[int | None]:
    """For every cell of a padded axis the cell it copies, or None; written out as the manual of numpy.pad draws it.

    >>> padded_places(3, 4, 4, "reflect")
    [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]
    >>> padded_places(2, 3, 1, "constant")
    [None, None, None, 0, 1, None]
    """
    forth = list(range(size))
    back = forth[::-1]
    walks: dict[str, tuple[Iterator[int | None], Iterator[int | None]]] = {
        "constant": (cycle([None]), cycle([None])),
        "replicate": (cycle([0]), cycle([size - 1])),
        "circular": (cycle(back), cycle(forth)),
        "symmetric": (cycle(forth + back), cycle(back + forth)),
        # a reflection does not repeat the edge; a single cell has nothing but its edge
        "reflect": (
            islice(cycle(forth[:-1] + back[:-1] or [0]), 1, None),
            islice(cycle(back[:-1] + forth[:-1] or [0]), 1, None),
        ),
    }
    left, right = walks[mode]
    return [*list(islice(left, before))[::-1], *forth, *islice(right, after)]


def window_starts(padded_size: int, reach: int, stride: int) -> list[int]:
    """Every place on a padded axis where a window may start, found by trying them all.

    >>> window_starts(7, 3, 3)
    [0, 3]
    """
    return [start for start in range(padded_size) if start % stride == 0 and start + reach <= padded_size]


def padding_of(padding: Any, size: int, taps: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding (before, after) of one axis from a number, a pair or a word; ``same`` by trying totals from 0 up.

    >>> padding_of("same", 5, 4, 1, 1), padding_of("same-lower", 5, 4, 1, 1), padding_of("full", 5, 4, 1, 1)
    ((1, 2), (2, 1), (3, 3))
    """
    reach = dilation * (taps - 1) + 1
    match padding:
        case "valid":
            return 0, 0
        case "full":
            return reach - 1, reach - 1
        case "same" | "same-lower":
            wanted = len(range(0, size, stride))
            total = 0
            while len(window_starts(size + total, reach, stride)) < wanted:
                total += 1
            less, more = total // 2, total - total // 2
            return (less, more) if padding == "same" else (more, less)
        case int():
            return padding, padding
    before, after = padding
    return before, after


def reference_conv(
    cells: Any,
    weight: Any,
    bias: Any = None,
    *,
    scale: Sequence[Exact] | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    boundary: Any = "zeros",
    flip: bool = False,
) -> Reference:
    """The exact output for cells (batch, channel, *spatial) and weight (filter, channel of the group, *taps)."""
    batch, _, *sizes = np.shape(cells)
    filters, span, *taps = np.shape(weight)
    strides, dilations = _each(stride, len(sizes)), _each(dilation, len(sizes))
    paddings = [padding] * len(sizes) if isinstance(padding, (int, str)) else padding
    mode, constant = _boundary(boundary)
    axes = []
    for size, count, step, spread, pad in zip(sizes, taps, strides, dilations, paddings, strict=True):
        before, after = padding_of(pad, size, count, step, spread)
        places = padded_places(size, before, after, mode)
        starts = window_starts(len(places), spread * (count - 1) + 1, step)
        axes.append([[places[start + tap * spread] for tap in range(count)] for start in starts])
    x, w = _cells(cells), _cells(weight)
    biases = [0] * filters if bias is None else [bias] * filters if np.ndim(bias) == 0 else list(bias)
    output: dict[tuple[int, ...], Exact] = {}
    shape = (batch, filters, *map(len, axes))
    for sample, out, *position in product(*map(range, shape)):
        group = out // (filters // groups)
        windows = [axis[index] for axis, index in zip(axes, position, strict=True)]
        total: Exact = 0
        for channel, *tap in product(range(span), *map(range, taps)):
            source = [window[index] for window, index in zip(windows, tap, strict=True)]
            cell = constant if None in source else x[sample, group * span + channel, *source]
            turned = [count - 1 - index for count, index in zip(taps, tap, strict=True)] if flip else tap
            total += cell * w[out, channel, *turned]
        total = total * exact_number(scale[out] if scale else 1) + exact_number(biases[out])
        output[sample, out, *position] = exact_number(total)
    return Reference(shape, output)


def _each(value: Any, rank: int) -> list[int]:
    return [value] * rank if isinstance(value, int) else list(value)


def _boundary(word: Any) -> tuple[str, Exact]:
    if isinstance(word, str):
        return ("constant", 0) if word == "zeros" else (word, 0)
    return "constant", exact_number(word)


def _cells(array: Any) -> dict[tuple[int, ...], Exact]:
    """Every number of a nested list or array by its coordinates."""
    objects = np.asarray(array)
    places = product(*map(range, objects.shape))
    return {place: exact_number(objects[place]) for place in places}


def flat(nested: Any) -> list[Any]:
    """The numbers of a nested list, row by row.

    >>> flat([[1, [2]], 3])
    [1, 2, 3]
    """
    return list(chain.from_iterable(map(flat, nested))) if isinstance(nested, (list, tuple)) else [nested]
