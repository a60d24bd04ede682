"""The loop over the planes of a tile, compiled by Numba."""

from __future__ import annotations

from typing import Any

from numba import from_dtype, njit, types

from convcalc.engine.fused.blocks import row_of

_TOGETHER = 4
"""Output channels or rows of a block: with two or four registers each, as many sums as hide the time of an addition."""
_1, _16, _64 = (row_of(lanes) for lanes in (1, 16, 64))
_CHANNELS_4, _CHANNELS_16 = (row_of(lanes, filters=_TOGETHER) for lanes in (4, 16))
_ROWS_4, _ROWS_16 = (row_of(lanes, rows=_TOGETHER) for lanes in (4, 16))


@njit(nogil=True, error_model="numpy")
def planes(  # type: ignore[no-untyped-def]
    sums, starts, filters, apart, rows, down, width, cells, bases, below, offsets, weights, firsts
):
    """Write the sums of planes of rows, each of ``filters`` output channels that read the same cells.

    ``sums``, ``cells``: all numbers as one line. ``starts``: the places of the planes in ``sums``, at a distance of
    ``apart`` from one channel to the next and of ``down`` from one row to the next. ``bases``: the places of the cells
    under their first taps, at a distance of ``below`` from one row to the next. ``offsets``: of every tap from the
    first. ``weights``: (output channels, taps) as one line; ``firsts``: the places of the planes' first weights.
    """
    taps = len(offsets)
    together = filters // _TOGETHER * _TOGETHER if width >= 4 else 0
    for plane in range(len(starts)):
        for row in range(rows):
            base = bases[plane] + row * below
            for number in range(0, together, _TOGETHER):
                at, first = starts[plane] + row * down + number * apart, firsts[plane] + number * taps
                if width >= 16:
                    _CHANNELS_16(sums, at, apart, cells, base, 0, width, offsets, weights, first)
                else:
                    _CHANNELS_4(sums, at, apart, cells, base, 0, width, offsets, weights, first)
        alone = rows < _TOGETHER or width < 4 or width >= 128
        for number in range(together, filters):
            first = firsts[plane] + number * taps
            for top in range(0, rows, 1 if alone else _TOGETHER):
                row = top if alone else min(top, rows - _TOGETHER)
                at, base = starts[plane] + number * apart + row * down, bases[plane] + row * below
                if not alone and width >= 16:
                    _ROWS_16(sums, at, down, cells, base, below, width, offsets, weights, first)
                elif not alone:
                    _ROWS_4(sums, at, down, cells, base, below, width, offsets, weights, first)
                elif width >= 64:
                    _64(sums, at, 0, cells, base, 0, width, offsets, weights, first)
                elif width >= 16:
                    _16(sums, at, 0, cells, base, 0, width, offsets, weights, first)
                else:
                    _1(sums, at, 0, cells, base, 0, width, offsets, weights, first)


def signature(cells: Any, sums: Any) -> Any:
    """The types of the arguments of :data:`planes`, for these dtypes."""

    def line(number: Any, *, readonly: bool = False) -> Any:
        return types.Array(number, 1, "C", readonly=readonly)

    index, places = types.intp, line(types.intp)
    read, written = from_dtype(cells), from_dtype(sums)
    start = (line(written), places, *(index,) * 5)
    return types.void(*start, line(read, readonly=True), places, index, places, line(written), places)
