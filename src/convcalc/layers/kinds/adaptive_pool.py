"""Pools of a stated number of windows, which may overlap and differ in size (PyTorch's ``AdaptiveAvgPool2d`` …).

Window i of n on an axis of s cells is from ⌊i s / n⌋ to ⌈(i + 1) s / n⌉, as PyTorch defines it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.geometry.arguments import per_axis
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.layer import Box, Layer, Shape, Values, need_spatial
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType

MOST_WINDOWS = 1 << 16
"""On one axis; each is kept."""
Windows = tuple[range, ...]
"""The cells of every window of an axis."""


@dataclass(frozen=True)
class UnevenPool(Layer):
    """A number for each window of a channel."""

    windows: tuple[Windows, ...]
    """Of every spatial axis."""

    @classmethod
    def of(cls, input_shape: Shape, counts: Sequence[int]) -> Self:
        """The layer with so many windows on each axis."""
        pairs = zip(input_shape[1:], counts, strict=True)
        return cls(input_shape, tuple(_windows(size, count) for size, count in pairs))

    @property
    def output_shape(self) -> Shape:
        """(channels, *windows)."""
        return (self.channels, *map(len, self.windows))

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """None: its windows are unevenly spaced."""
        return ()

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """From the first cell of the first window to the last of the last."""
        if not all(box):
            return (range(0),) * len(box)
        rows = zip(box[1:], self.windows, strict=True)
        return (box[0], *(range(windows[cells[0]].start, windows[cells[-1]].stop) for cells, windows in rows))

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The windows that contain a mark."""
        import numpy as np

        found: Array = marks[0]
        for axis in range(1, found.ndim):
            found = self._along(found, axis, np.any)
        return found

    def _along(self, cells: Array, axis: int, function: Any) -> Array:
        """A function of every window of one axis; ``cells``: spatial axes are the last ones."""
        import numpy as np

        windows = self.windows[axis - cells.ndim]
        parts = [function(cells.take(window, axis=axis), axis=axis) for window in windows]
        return np.stack(parts, axis=axis)

    def terms(self, arrays: Sequence[Array], cell: Cell) -> Iterator[Term]:
        """The cells of its window, row by row."""
        rows = (windows[place] for windows, place in zip(self.windows, cell[1:], strict=True))
        for place in product(*rows):
            yield Term.at(arrays[0], (cell[0], *place))


def _windows(size: int, count: int) -> Windows:
    """Such as 0 to 1, 1 to 2 and 3 to 4 of three windows on five cells.

    >>> _windows(5, 3)
    (range(0, 2), range(1, 4), range(3, 5))
    """
    return tuple(range(each * size // count, -(-(each + 1) * size // count)) for each in range(count))


@dataclass(frozen=True)
class UnevenAveragePool(UnevenPool):
    """The mean of every window."""

    kind: ClassVar[str] = "adaptive-avg-pool"

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The sums divided once: whole where all are, otherwise fractions (dtype exact) or floats."""
        import numpy as np

        from convcalc.arrays import largest
        from convcalc.layers.numbers import finished, is_exact, quotients, wide

        cells = arrays[0]
        if is_exact(dtype):
            cells = wide(cells, largest(cells) * prod(self.input_shape[1:]))
        with np.errstate(all="ignore"):
            for axis in range(2, cells.ndim):
                cells = self._along(cells, axis, np.sum)
        lengths = ([len(window) for window in windows] for windows in self.windows)
        counts = prod(np.meshgrid(*map(np.array, lengths), indexing="ij", sparse=True), start=np.int64(1))
        return finished(quotients(cells, counts, dtype), dtype)

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:
        """The sum over their number."""
        from dataclasses import replace

        from convcalc.layers.numbers import explained_sum

        step = explained_sum(cell, terms, dtype, scale=Fraction(1, len(terms)))
        return replace(step, formula=f"1/{len(terms)}")


@dataclass(frozen=True)
class UnevenMaxPool(UnevenPool):
    """The maximum of every window."""

    kind: ClassVar[str] = "adaptive-max-pool"
    is_linear: ClassVar[bool] = False

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The maxima; nan where the window contains one."""
        import numpy as np

        cells = arrays[0]
        for axis in range(2, cells.ndim):
            cells = self._along(cells, axis, np.max)
        return cells

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The tangent of the maximal cell, the first of several."""
        import numpy as np

        from convcalc.arrays import index
        from convcalc.layers.numbers import alike

        (_, (cells,)), (_, (tangent,)) = alike(inputs, context.dtype), alike(tangents, context.dtype)
        found = np.empty((len(tangent), *self.output_shape), tangent.dtype)
        for place in np.ndindex(*self.output_shape[1:]):
            rows = (windows[each] for windows, each in zip(self.windows, place, strict=True))
            inside = index(slice(None), slice(None), *(slice(row.start, row.stop) for row in rows))
            flat, along = (each[inside].reshape(*each.shape[:2], -1) for each in (cells, tangent))
            winner = flat.argmax(axis=-1)[..., None]
            found[index(slice(None), slice(None), *place)] = np.take_along_axis(along, winner, axis=-1)[..., 0]
        return found

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:  # noqa: ARG002
        """The largest value."""
        nans = [term.value for term in terms if term.value != term.value]
        return Explanation(cell, terms, nans[0] if nans else max(term.value for term in terms), Rule.MAXIMUM)


def _counts(kind: str, input_shape: Shape, output_size: Any) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """The windows on each axis, and their size where it is one."""
    sizes = need_spatial(kind, input_shape)
    counts = per_axis("output_size", output_size, len(sizes), 1)
    if max(counts, default=0) > MOST_WINDOWS:
        raise FieldError(f"output_size must be at most {MOST_WINDOWS:,}, got {max(counts):,}", field="output_size")
    pairs = list(zip(sizes, counts, strict=True))
    is_even = all(size % count == 0 for size, count in pairs)
    return tuple(counts), tuple(size // count for size, count in pairs) if is_even else None


@dataclass(frozen=True)
class AdaptiveAveragePool(AveragePool):
    """The means of windows of one size."""

    kind: ClassVar[str] = "adaptive-avg-pool"

    @classmethod
    def to(cls, input_shape: Shape, *, output_size: Any) -> Layer:
        """The layer with so many windows on each axis.

        Raises:
            FieldError: the output size is not what it must be.
            GeometryError: the input has no spatial axes.
        """
        counts, size = _counts(cls.kind, input_shape, output_size)
        return UnevenAveragePool.of(input_shape, counts) if size is None else cls.of(input_shape, kernel_size=size)


@dataclass(frozen=True)
class AdaptiveMaxPool(MaxPool):
    """The maxima of windows of one size."""

    kind: ClassVar[str] = "adaptive-max-pool"

    @classmethod
    def to(cls, input_shape: Shape, *, output_size: Any) -> Layer:
        """The layer with so many windows on each axis.

        Raises:
            FieldError: the output size is not what it must be.
            GeometryError: the input has no spatial axes.
        """
        counts, size = _counts(cls.kind, input_shape, output_size)
        return UnevenMaxPool.of(input_shape, counts) if size is None else cls.of(input_shape, kernel_size=size)
