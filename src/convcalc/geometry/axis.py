"""One spatial axis of a convolution: how far the kernel reaches, where it fits and which cells it reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from convcalc.errors import GeometryError
from convcalc.geometry.index_map import IndexMap


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
