"""One axis of a convolution: where its windows lie, which cells they read, and which are never read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

from convcalc.errors import GeometryError
from convcalc.geometry.boundary import Boundary
from convcalc.geometry.receptive_axis import IndexMap


def reach_of(kernel_size: int, dilation: int) -> int:
    """Cells from the first tap of a kernel to the last, both counted: dilation × (kernel_size − 1) + 1.

    >>> reach_of(kernel_size=3, dilation=2)
    5
    """
    return dilation * (kernel_size - 1) + 1


@dataclass(frozen=True, slots=True)
class Axis:
    """One spatial axis; holding one proves that the kernel fits at least once.

    The relation of these numbers is that of Dumoulin & Visin, "A guide to convolution arithmetic for deep
    learning" (2016), with dilation as in its section 5.1.

    Raises:
        GeometryError: the axis is empty, or the kernel reaches over more cells than the padded input has.

    >>> axis = Axis(size=5, kernel_size=3, stride=2, before=1, after=1)
    >>> axis.output_size, list(axis.reads(0))
    (3, [-1, 0, 1])
    """

    size: int
    """Input cells, before padding."""
    kernel_size: int
    """Taps of the kernel."""
    stride: int = 1
    """Input cells from one output cell to the next."""
    dilation: int = 1
    """Input cells from one tap to the next."""
    before: int = 0
    """Padding cells in front of the first input cell."""
    after: int = 0
    """Padding cells behind the last input cell."""
    number: int = 0
    """Which spatial axis this is, counted from 0; only errors need it."""

    def __post_init__(self) -> None:
        if self.size < 1:
            raise GeometryError(f"the input has no cells on axis {self.number}", field="input")
        if self.kernel_size < 1:
            raise GeometryError(f"the kernel has no taps on axis {self.number}", field="kernel")
        if self.reach > self.padded_size:
            raise GeometryError(
                f"the kernel does not fit on axis {self.number}: it reaches over {self._reach_sum}, "
                f"the padded input has {self._padded_sum}",
                hint=f"pad with at least {self.reach - self.padded_size} more, or take a smaller kernel",
                field="kernel",
            )

    @property
    def reach(self) -> int:
        """Input cells from the first tap to the last, both counted, see :func:`reach_of`."""
        return reach_of(self.kernel_size, self.dilation)

    @property
    def padded_size(self) -> int:
        """Input cells with the padding of both sides."""
        return self.before + self.size + self.after

    @property
    def output_size(self) -> int:
        """Output cells: ⌊(padded_size − reach) / stride⌋ + 1.

        >>> Axis(size=227, kernel_size=11, stride=4).output_size
        55
        """
        return (self.padded_size - self.reach) // self.stride + 1

    @property
    def leftover(self) -> int:
        """Cells at the end of the padded axis behind the last window, because the stride does not fit.

        >>> Axis(size=5, kernel_size=3, stride=3, before=1, after=1).leftover
        1
        """
        return (self.padded_size - self.reach) % self.stride

    def start(self, position: int) -> int:
        """The input cell under the first tap at an output position; negative in the padding before."""
        return position * self.stride - self.before

    def reads(self, position: int) -> range:
        """The input cells under the taps at an output position; outside ``range(size)`` they are padding.

        >>> list(Axis(size=5, kernel_size=3, dilation=2).reads(0))
        [0, 2, 4]
        """
        first = self.start(position)
        return range(first, first + self.reach, self.dilation)

    def span(self, positions: range) -> range:
        """The input cells from the first read at ``positions`` to the last, gaps included."""
        return range(self.start(positions.start), self.start(positions.stop - 1) + self.reach)

    @property
    def _reach_sum(self) -> str:
        if self.dilation == 1:
            return f"{self.kernel_size} cells"
        return f"{self.dilation} × ({self.kernel_size} − 1) + 1 = {self.reach} cells"

    @property
    def _padded_sum(self) -> str:
        if not (self.before or self.after):
            return f"{self.size}"
        return f"{self.before} + {self.size} + {self.after} = {self.padded_size}"


class Axes(tuple[Axis, ...]):
    """The spatial axes of a convolution, the first one first; what follows from all of them is worked out once."""

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Input cells on each axis, before padding."""
        return tuple(axis.size for axis in self)

    @cached_property
    def kernel_sizes(self) -> tuple[int, ...]:
        """Taps on each axis."""
        return tuple(axis.kernel_size for axis in self)

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """Of each axis."""
        return tuple(axis.stride for axis in self)

    @cached_property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """Cells of the padding (before, after) each axis."""
        return tuple((axis.before, axis.after) for axis in self)

    @cached_property
    def dilations(self) -> tuple[int, ...]:
        """Of each axis."""
        return tuple(axis.dilation for axis in self)

    @cached_property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """How the cells of each axis of an output see those of the input."""
        return tuple(IndexMap(axis.reach, axis.stride, axis.before, axis.dilation) for axis in self)

    @cached_property
    def output_sizes(self) -> tuple[int, ...]:
        """Output cells on each axis."""
        return tuple(axis.output_size for axis in self)


def read_cells(axis: Axis, boundary: Boundary) -> int:
    """How many input cells of the axis take part in at least one output cell, through the boundary too.

    It costs a pass over the padded axis for each tap, or where that is less a look at every cell that is read.

    >>> read_cells(Axis(size=5, kernel_size=3, stride=3), Boundary())
    3
    """
    if axis.stride == 1 and axis.dilation == 1 and axis.reach <= axis.size:
        return axis.size
    if axis.output_size * axis.kernel_size < axis.padded_size:
        reads = (axis.reads(position) for position in range(axis.output_size))
        return len({source for cells in reads for source in boundary.sources(cells, axis.size)} - {None})
    read = bytearray(axis.padded_size)
    for tap in range(axis.kernel_size):
        first = tap * axis.dilation
        last = first + (axis.output_size - 1) * axis.stride + 1
        marks = read[first : last : axis.stride]
        read[first : last : axis.stride] = b"\1" * len(marks)
    inside = read[axis.before : axis.before + axis.size]
    margins = (*range(axis.before), *range(axis.before + axis.size, axis.padded_size))
    for index in margins:
        source = boundary.source(index - axis.before, axis.size) if read[index] else None
        if source is not None:
            inside[source] = 1
    return inside.count(1)


def unread_cells(axes: tuple[Axis, ...], boundary: Boundary) -> int:
    """How many spatial input cells no output cell ever reads.

    A cell is read where its coordinate is read on every axis, so the read cells form a product.
    """
    return prod(axis.size for axis in axes) - prod(read_cells(axis, boundary) for axis in axes)


def uncovered(size: int, first: int, kernel_size: int, dilation: int, stride: int, windows: int) -> int:
    """How many of ``range(size)`` no tap lands on: those not ``first`` + tap × ``dilation`` + window × ``stride``.

    It costs a step for each tap, whatever the size: taps whose places differ by whole strides share one sequence.

    >>> uncovered(size=5, first=0, kernel_size=1, dilation=1, stride=2, windows=3)
    2
    """
    if dilation == 1 and kernel_size >= stride:
        return size - max(0, min(size, first + (windows - 1) * stride + kernel_size) - max(0, first))
    covered = 0
    ends: dict[int, int] = {}
    for tap in range(kernel_size):
        start, remainder = divmod(first + tap * dilation, stride)
        end = min(start + windows, -((remainder - size) // stride))
        known = ends.get(remainder, 0)
        covered += max(0, end - max(start, known))
        ends[remainder] = max(end, known)
    return size - covered


def window(axis: Axis, boundary: Boundary, positions: range) -> range:
    """The smallest block that holds every input cell read at some output positions; empty if these read none.

    Only positions whose taps reach outside are looked at one by one.

    >>> from convcalc.geometry.boundary import BoundaryMode
    >>> axis = Axis(size=4, kernel_size=3, before=1, after=1)
    >>> window(axis, Boundary(), range(1)), window(axis, Boundary(BoundaryMode.CIRCULAR), range(1))
    (range(0, 2), range(0, 4))
    """
    first = max(positions.start, -(-axis.before // axis.stride))
    last = min(positions.stop, (axis.before + axis.size - axis.reach) // axis.stride + 1)
    inside = range(first, last)
    outside = (*range(positions.start, first), *range(last, positions.stop)) if inside else positions
    sources = (boundary.sources(axis.reads(position), axis.size) for position in outside)
    cells = [source for found in sources for source in found if source is not None]
    if inside:
        span = axis.span(inside)
        cells += span[0], span[-1]
    return range(min(cells), max(cells) + 1) if cells else range(0)
