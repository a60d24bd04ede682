"""The gradient of a convolution's weights: its input correlated with the output's gradient, a matrix product a tap.

For each tap the products are those of one shifted view of the padded input, laid out so that no view is copied: cells
that a stride of s leaves between two windows are split into s phases for each axis, and the output's gradient is laid
into rows as wide as a phase's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

import numpy as np

from convcalc.arrays import Array, are_finite, index, is_exact, largest
from convcalc.engine.bounds import EXACT_FLOAT64, FLOAT32, FLOAT64, INT64, PYTHON, Arithmetic
from convcalc.engine.threads import Scratch, share_products
from convcalc.engine.tiling import ceil_div


def correlate_gradient(
    padded: Array,
    cells: Array,
    *,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
    threads: int = 1,
) -> Array:
    """The sums of output gradient × input cell, (out_channels, in_channels / groups, *kernel_size).

    ``padded``: the input with its margins, (batch, in_channels, *padded size). ``cells``: the gradient of the output,
    (batch, out_channels, *output size). Both are of one floating type, or exact: then the sums are exact too, in int64
    or Python's numbers. ``threads``: the most to use; the result does not depend on it.
    """
    arithmetic = arithmetic_of(padded, cells)
    padded, cells = (each.astype(arithmetic.dtype, copy=False) for each in (padded, cells))
    batch, out_each, in_each = len(cells), cells.shape[1] // groups, padded.shape[1] // groups
    found = np.zeros((*kernel_size, groups, out_each, in_each), arithmetic.dtype)
    laid, columns_of = (_shifted if are_finite(padded) else _copied)(padded, cells, stride, groups)

    def one(taps: tuple[int, ...], _: Scratch) -> None:
        columns = columns_of([tap * far for tap, far in zip(taps, dilation, strict=True)])
        for sample in range(batch):
            found[taps] += np.matmul(laid[sample], columns[sample].swapaxes(-1, -2))

    items = [*product(*map(range, kernel_size))]
    share_products(one, items, threads, found.size * laid.shape[0] * laid.shape[-1])
    weight = np.moveaxis(found, (-3, -2, -1), (0, 1, 2)).reshape(groups * out_each, in_each, *kernel_size)
    return weight.astype(np.int64) if arithmetic is EXACT_FLOAT64 else np.ascontiguousarray(weight)


def arithmetic_of(padded: Array, cells: Array) -> Arithmetic:
    """The arithmetic of the floats, or the first exact one wide enough for every sum."""
    if not (is_exact(padded) and is_exact(cells)):
        return FLOAT32 if cells.dtype.itemsize == FLOAT32.itemsize else FLOAT64
    if object in (padded.dtype, cells.dtype):
        return PYTHON
    bound = largest(padded) * largest(cells) * len(cells) * prod(cells.shape[2:])
    return next((each for each in (EXACT_FLOAT64, INT64) if each.limit and bound < each.limit), PYTHON)


def _shifted(
    padded: Array, cells: Array, stride: Sequence[int], groups: int
) -> tuple[Array, Callable[[Sequence[int]], Array]]:
    """The output's gradient in rows, and the view of the padded cells that a tap at some distance reads, alike."""
    wide = [ceil_div(size, step) for size, step in zip(padded.shape[2:], stride, strict=True)]
    phases = _phases(padded, stride, wide, groups)
    laid = _laid(cells, wide, groups)

    def columns(distance: Sequence[int]) -> Array:
        reads = [divmod(each, step) for each, step in zip(distance, stride, strict=True)]
        first = int(np.ravel_multi_index([whole for whole, _ in reads], wide))
        found: Array = phases[tuple(phase for _, phase in reads)][..., first : first + laid.shape[-1]]
        return found

    return laid, columns


def _copied(
    padded: Array, cells: Array, stride: Sequence[int], groups: int
) -> tuple[Array, Callable[[Sequence[int]], Array]]:
    """The same with copies of the cells read alone: where inf or nan stand between them, 0 × inf would be nan."""
    batch, size = len(cells), cells.shape[2:]

    def columns(distance: Sequence[int]) -> Array:
        rows = zip(distance, size, stride, strict=True)
        places = (slice(first, first + (count - 1) * step + 1, step) for first, count, step in rows)
        found: Array = padded[index(..., *places)].reshape(batch, groups, -1, prod(size))
        return found

    return cells.reshape(batch, groups, -1, prod(size)), columns


def _phases(padded: Array, stride: Sequence[int], wide: Sequence[int], groups: int) -> dict[tuple[int, ...], Array]:
    """For each phase of the stride its cells in rows, (batch, groups, in_channels / groups, cells)."""
    batch, channels, *size = padded.shape
    shape = (batch, groups, channels // groups, prod(wide))
    if set(stride) == {1}:
        return {(0,) * len(size): np.ascontiguousarray(padded).reshape(shape)}
    found = {}
    for offsets in product(*map(range, stride)):
        part = padded[index(..., *(slice(first, None, step) for first, step in zip(offsets, stride, strict=True)))]
        room = np.zeros((batch, channels, *wide), padded.dtype)
        room[index(..., *(slice(cells) for cells in part.shape[2:]))] = part
        found[offsets] = room.reshape(shape)
    return found


def _laid(cells: Array, wide: Sequence[int], groups: int) -> Array:
    """The output's gradient in rows as wide as a phase's, (batch, groups, out_channels / groups, cells).

    The rows end with the last cell, so that no shifted view reaches beyond the last phase's cells.
    """
    batch, channels, *size = cells.shape
    room = np.zeros((batch, channels, *wide), cells.dtype)
    room[index(..., *map(slice, size))] = cells
    length = int(np.ravel_multi_index([each - 1 for each in size], wide)) + 1
    found: Array = room.reshape(batch, groups, channels // groups, -1)[..., :length]
    return found
