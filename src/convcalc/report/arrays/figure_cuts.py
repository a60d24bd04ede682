"""Which cells of a long axis a figure shows: a window with its neighbours, and marks for what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convcalc.geometry.axis import Axis

Shown = tuple[int | None, ...]
"""Cells of an axis in their order; None stands for one or more that are left out."""

_MOST_TAPS = 9
_END_TAPS = 4  # shown at either end of a long kernel
_MOST_CELLS = 12
_PAGE = 9  # cells among which a small window moves
_NEIGHBOURS = 2  # shown on either side of a window
_LEAP = 3  # cells from tap to tap or from window to window, up to which those between are shown


def shown(whole: range, wanted: Iterable[int]) -> Shown:
    """The wanted cells of an axis, with marks where others are left out.

    >>> shown(range(100), [49, 50, 51])
    (None, 49, 50, 51, None)
    >>> shown(range(100), [1, 2])  # a lone cell takes no more room than a mark
    (0, 1, 2, None)
    """
    found: list[int | None] = []
    last = whole.start - 1
    for cell in (*sorted({cell for cell in wanted if cell in whole}), whole.stop):
        if cell - last > 1:
            found.append(last + 1 if cell - last == 2 else None)
        found.append(cell)
        last = cell
    return tuple(found[:-1])


def shown_taps(kernel_size: int) -> Shown:
    """The taps of a kernel: all, or the first and the last few."""
    taps = range(kernel_size)
    return shown(taps, taps if kernel_size <= _MOST_TAPS else (*taps[:_END_TAPS], *taps[-_END_TAPS:]))


def shown_cells(axis: Axis, reads: range) -> Shown:
    """The cells of a padded axis: all, or those under the shown taps with the neighbours of the window."""
    whole = range(-axis.before, axis.size + axis.after)
    if axis.padded_size <= _MOST_CELLS:
        return tuple(whole)
    taps = [tap for tap in shown_taps(axis.kernel_size) if tap is not None]
    near = max(_NEIGHBOURS, axis.stride if axis.stride <= _LEAP else 0)
    wanted = {*range(reads[0] - near, reads[0]), *range(reads[-1] + 1, reads[-1] + near + 1)}
    for tap in taps:
        is_filled = axis.dilation <= _LEAP and tap + 1 in taps
        wanted.update(range(reads[tap], reads[tap] + (axis.dilation if is_filled else 1)))
    return shown(whole, wanted)


def page_of_cells(axis: Axis, reads: range) -> Shown:
    """The cells of a padded axis among which a window moves: all, or some that stay the same until it leaves them.

    >>> axis = Axis(size=100, kernel_size=3)
    >>> page_of_cells(axis, axis.reads(5)) == page_of_cells(axis, axis.reads(6)), page_of_cells(axis, axis.reads(7))
    (True, (None, 7, 8, 9, 10, 11, 12, 13, 14, 15, None))
    """
    if axis.padded_size > _MOST_CELLS and axis.reach > _MOST_CELLS:
        return shown_cells(axis, reads)
    return page(range(-axis.before, axis.size + axis.after), reads)


def page(whole: range, marked: Sequence[int]) -> Shown:
    """The cells of an axis among which some are marked: all, or some that stay the same until the marks leave them."""
    if len(whole) <= _MOST_CELLS:
        return tuple(whole)
    reach = marked[-1] - marked[0] + 1
    if reach > _MOST_CELLS:
        return shown(whole, (*marked[:_END_TAPS], *marked[-_END_TAPS:]))
    size = _PAGE if reach <= _PAGE - _NEIGHBOURS else _MOST_CELLS
    step = size - reach + 1
    start = min((marked[0] - whole.start) // step * step, len(whole) - size)
    return shown(whole, whole[start : start + size])


def shown_outputs(size: int, position: int) -> Shown:
    """The output cells around a position."""
    few = size <= 2 * _NEIGHBOURS + 3
    return shown(range(size), range(size) if few else range(position - _NEIGHBOURS, position + _NEIGHBOURS + 1))
