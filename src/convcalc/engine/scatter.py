"""Every cell writes a whole kernel: the transposed convolution by its definition, a pass for each tap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

import numpy as np

from convcalc.arrays import Array, index, is_exact, largest
from convcalc.engine.arithmetic import EXACT_FLOAT64, INT64, PYTHON, Arithmetic


def scatter(
    cells: Array, weight: Array, *, size: Sequence[int], stride: Sequence[int], dilation: Sequence[int], groups: int = 1
) -> Array:
    """What the cells write, (batch, written channels, *size), where several write to one cell added up.

    ``cells``: (batch, channels, *spatial). ``weight``: (channels, written channels / groups, *kernel_size), as a
    convolution that reads the written channels has it, and as PyTorch's ``ConvTransposeNd``. ``size``: on
    each axis at least (cells − 1) × stride + reach. Both arrays are of one floating type, or exact: then the result is
    exact too, in int64 or Python's numbers.
    """
    kind = _arithmetic(cells, weight)
    cells, weight = (cells, weight) if kind is None else (each.astype(kind.dtype) for each in (cells, weight))
    span = weight.shape[1]
    each = len(weight) // groups
    written = np.zeros((len(cells), span * groups, *size), cells.dtype)
    with np.errstate(all="ignore"):
        for group, taps in product(range(groups), product(*map(range, weight.shape[2:]))):
            ins, outs = slice(group * each, (group + 1) * each), slice(group * span, (group + 1) * span)
            columns = cells[:, ins].reshape(len(cells), each, prod(cells.shape[2:]))
            part = written[index(slice(None), outs, *_places(cells.shape[2:], taps, stride, dilation))]
            tap = np.ascontiguousarray(weight[index(ins, ..., *taps)].T)  # BLAS takes no other
            part += np.matmul(tap, columns).reshape(part.shape)
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
