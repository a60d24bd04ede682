"""The axes of pooling: as of a convolution, but padding holds no values, and the last window may exceed the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcalc.errors import GeometryError
from convcalc.geometry.arguments import Pair, padding_pairs, per_axis
from convcalc.geometry.axis import Axes, Axis, reach_of

Pads = tuple[Pair, ...]


def pooled_axes(
    sizes: Sequence[int],
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Axes, Pads]:
    """The axes of pooling and the requested padding, (before, after) on each axis.

    With ``ceil_mode`` a last window that fits only partly counts too, if it begins before the padding behind the input
    does (PyTorch's ``MaxPool2d``, torch.nn documentation, "Note"). ``after`` of the axis is then as much larger as that
    window needs; these cells hold no values either. ``stride`` is by default the kernel size.

    Raises:
        FieldError: an argument is not what it must be.
        GeometryError: the kernel does not fit, or a window would hold padding alone. Padding of more than half a
            kernel, which PyTorch refuses, is accepted, as in ONNX.

    >>> axes, pads = pooled_axes([6], 3, stride=2, ceil_mode=True)
    >>> axes.output_sizes, axes[0].after, pads
    ((3,), 1, ((0, 0),))
    """
    taps = per_axis("kernel_size", kernel_size, len(sizes), 1)
    strides = taps if stride is None else per_axis("stride", stride, len(sizes), 1)
    dilations = per_axis("dilation", dilation, len(sizes), 1)
    pads = padding_pairs(padding, sizes, taps, strides, dilations)
    rows = enumerate(zip(sizes, taps, strides, dilations, pads, strict=True))
    return Axes(_axis(number, *row, ceil_mode) for number, row in rows), pads


def first_inside(axis: Axis, position: int) -> int | None:
    """The first input cell under a window of an axis; None where the window holds padding alone.

    >>> first_inside(Axis(size=1, kernel_size=2, dilation=2, before=1, after=1), 0) is None
    True
    """
    start = axis.start(position)
    taps_before = max(0, -(start // axis.dilation))
    cell = start + taps_before * axis.dilation
    return cell if taps_before < axis.kernel_size and cell < axis.size else None


def taps_inside(axis: Axis, positions: range | None = None) -> range:
    """The range from the first to the last tap that reads an input cell at any of ``positions``, by default all.

    >>> axis = Axis(size=6, kernel_size=1000, before=500, after=500)
    >>> taps_inside(axis), taps_inside(axis, range(1))
    (range(494, 506), range(500, 506))
    """
    positions = range(axis.output_size) if positions is None else positions
    first = -(axis.start(positions[-1]) // axis.dilation)
    last = (axis.size - 1 - axis.start(positions[0])) // axis.dilation
    return range(max(0, first), min(axis.kernel_size - 1, last) + 1)


def taps_in_use(axis: Axis) -> Sequence[int]:
    """The taps of an axis that read an input cell at some position, in order.

    Of a kernel much longer than the input, only these are few: its other taps read padding alone.

    >>> taps_in_use(Axis(size=2, kernel_size=10**12, stride=10**12, before=10**12 - 1, after=10**12 - 1))
    [0, 999999999999]
    """
    hull = taps_inside(axis)
    if hull.stop - hull.start <= axis.output_size * axis.size:
        return hull
    places = (taps_inside(axis, range(each, each + 1)) for each in range(axis.output_size))
    return sorted({tap for taps in places for tap in taps})


def inside(axis: Axis, tap: int) -> tuple[slice, slice]:
    """The output positions at which this tap reads an input cell, and the input cells that it reads.

    >>> inside(Axis(size=4, kernel_size=3, stride=2, before=1, after=1), 0)
    (slice(1, 2, None), slice(1, 2, 2))
    """
    offset = tap * axis.dilation - axis.before
    first = max(0, -(offset // axis.stride))
    count = max(0, min(axis.output_size, (axis.size - 1 - offset) // axis.stride + 1) - first)
    start = first * axis.stride + offset
    return slice(first, first + count), slice(start, start + max(0, (count - 1) * axis.stride + 1), axis.stride)


def _axis(number: int, size: int, taps: int, stride: int, dilation: int, pad: Pair, ceil_mode: bool) -> Axis:
    before, after = pad
    reach = reach_of(taps, dilation)
    spare = before + size + after - reach
    if ceil_mode and size > 0 and -stride < spare:
        last = -(-spare // stride)
        if last * stride >= size + before:
            last -= 1
        after = max(after, last * stride + reach - before - size)
    axis = Axis(size, taps, stride, dilation, before, after, number)
    _check_windows(axis)
    return axis


def _check_windows(axis: Axis) -> None:
    """Refuse windows of padding alone; where taps are close together, only the first and the last window can be."""
    is_wide = axis.dilation > axis.size
    ahead = min(axis.output_size, -(-axis.before // axis.stride)) if is_wide else 1
    for position in (*range(ahead), axis.output_size - 1):
        if first_inside(axis, position) is not None:
            continue
        where = f"window {position} on axis {axis.number} holds padding alone"
        if is_wide:
            raise GeometryError(
                f"{where}: its taps lie {axis.dilation} cells apart around an input of {axis.size}",
                hint="take a smaller dilation",
                field="dilation",
            )
        raise GeometryError(
            f"{where}: it reaches over {axis.reach} cells, the padding is {axis.before} before and {axis.after} after",
            hint=f"pad with at most {axis.reach - 1}",
            field="padding",
        )
