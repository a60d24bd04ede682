"""Every cell writes a whole kernel: the transposed convolution by its definition, a pass for each tap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, is_exact, largest
from convcalc.engine.bounds import EXACT_FLOAT64, FLOAT32, FLOAT64, INT64, PYTHON, Arithmetic
from convcalc.engine.engine import CALL, pass_seconds, product_seconds
from convcalc.engine.threads import Scratch, product_threads, share_products
from convcalc.engine.tiling import ceil_div, steps

_CALLS, _PASSES = 4, 5  # of NumPy for each tap, and over its products: measured, see :mod:`convcalc.engine.engine`


def scatter(
    cells: Array,
    weight: Array,
    *,
    size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
    threads: int = 1,
) -> Array:
    """What the cells write, (batch, written channels, *size), where several write to one cell added up.

    ``cells``: (batch, channels, *spatial). ``weight``: (channels, written channels / groups, *kernel_size), as a
    convolution that reads the written channels has it, and as PyTorch's ``ConvTransposeNd``. ``size``: on
    each axis at least (cells − 1) × stride + reach. Both arrays are of one floating type, or exact: then the result is
    exact too, in int64 or Python's numbers. ``threads``: at most so many; they change no bit.
    """
    arithmetic = arithmetic_of(cells, weight)
    cells, weight = (each.astype(arithmetic.dtype, copy=False) for each in (cells, weight))
    span = weight.shape[1]
    each = len(weight) // groups
    written = np.zeros((len(cells), span * groups, *size), cells.dtype)
    count = prod(cells.shape[2:])

    def one(item: tuple[int, slice], _: Scratch) -> None:
        group, some = item
        ins, outs = slice(group * each, (group + 1) * each), range(group * span, (group + 1) * span)[some]
        columns = cells[:, ins].reshape(len(cells), each, count)
        for taps in product(*map(range, weight.shape[2:])):
            places = _places(cells.shape[2:], taps, stride, dilation)
            part = written[index(slice(None), slice(outs.start, outs.stop), *places)]
            tap = np.ascontiguousarray(weight[index(ins, some, *taps)].T)  # BLAS takes no other
            part += np.matmul(tap, columns).reshape(part.shape)

    items = _items(groups, span)
    share_products(one, items, threads, len(cells) * weight.size * count)
    return written.astype(np.int64) if arithmetic is EXACT_FLOAT64 else written


def _places(
    sizes: Sequence[int], taps: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[slice, ...]:
    """Where on each axis a tap of every cell's kernel is written."""
    rows = zip(sizes, taps, stride, dilation, strict=True)
    return tuple(slice(tap * far, tap * far + (size - 1) * step + 1, step) for size, tap, step, far in rows)


class Cost(NamedTuple):
    """What :func:`scatter` takes."""

    arithmetic: Arithmetic
    seconds: float
    """Estimated, with these threads."""
    threads: int
    product_bytes: int
    """Of the products of one tap."""
    converted_bytes: int
    """Of the cells, where they are not in the arithmetic's numbers."""


def cost_of(cells: Array, weight: Array, *, groups: int, threads: int) -> Cost:
    """What :func:`scatter` takes: for each tap a matrix product, which is added to what is written."""
    arithmetic = arithmetic_of(cells, weight)
    span, places, taps = weight.shape[1], len(cells) * prod(cells.shape[2:]), prod(weight.shape[2:])
    items, products = len(_items(groups, span)), weight.size * places
    added = taps * groups * span * places
    calls = taps * items * _CALLS * CALL
    seconds = calls + products * product_seconds(arithmetic) + added * _PASSES * pass_seconds(arithmetic)
    used = product_threads(items, threads, products)
    product_bytes = ceil_div(span, 2) * places * arithmetic.itemsize * used
    converted = 0 if cells.dtype == arithmetic.dtype else cells.size * arithmetic.itemsize
    return Cost(arithmetic, seconds / used, used, product_bytes, converted)


def _items(groups: int, span: int) -> list[tuple[int, slice]]:
    """Halves of each group whatever the number of threads, so that every product is the same."""
    return [(group, some) for group in range(groups) for some in steps(span, ceil_div(span, 2))]


def arithmetic_of(cells: Array, weight: Array) -> Arithmetic:
    """That of the floats, or the first exact one that holds every sum."""
    if not (is_exact(cells) and is_exact(weight)):
        return FLOAT32 if cells.dtype.itemsize == FLOAT32.itemsize else FLOAT64
    if object in (cells.dtype, weight.dtype):
        return PYTHON
    bound = largest(cells) * largest(weight) * weight.size
    return next((each for each in (EXACT_FLOAT64, INT64) if each.limit and bound < each.limit), PYTHON)
