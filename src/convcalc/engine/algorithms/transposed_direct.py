"""Every cell writes a whole kernel: the transposed convolution by its definition, a pass for each tap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

import numpy as np

from convcalc.arrays import Array, index, is_exact, largest
from convcalc.engine.arithmetic import EXACT_FLOAT64, INT64, PYTHON, Arithmetic
from convcalc.engine.scratch import Scratch
from convcalc.engine.threads import share_products
from convcalc.engine.tiling import ceil_div, steps


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
    kind = _arithmetic(cells, weight)
    cells, weight = (cells, weight) if kind is None else (each.astype(kind.dtype) for each in (cells, weight))
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

    # halves whatever the number of threads, so that every product is the same
    items = [(group, some) for group in range(groups) for some in steps(span, ceil_div(span, 2))]
    share_products(one, items, threads, len(cells) * weight.size * count)
    return written.astype(np.int64) if kind is EXACT_FLOAT64 else written


def _places(
    sizes: Sequence[int], taps: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[slice, ...]:
    """Where on each axis a tap of every cell's kernel is written."""
    rows = zip(sizes, taps, stride, dilation, strict=True)
    return tuple(slice(tap * far, tap * far + (size - 1) * step + 1, step) for size, tap, step, far in rows)


def _arithmetic(cells: Array, weight: Array) -> Arithmetic | None:
    """The first exact arithmetic that holds every sum; None for floats, which stay as they are."""
    if not (is_exact(cells) and is_exact(weight)):
        return None
    if object in (cells.dtype, weight.dtype):
        return PYTHON
    bound = largest(cells) * largest(weight) * weight.size
    return next((each for each in (EXACT_FLOAT64, INT64) if each.limit and bound < each.limit), PYTHON)
