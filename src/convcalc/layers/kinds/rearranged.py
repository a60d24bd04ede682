"""Kinds that only choose and place cells: reshape, permute, slice and pad.

Each says how an array is rearranged; which cell a cell comes from follows from the same function of the cells' numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError, GeometryError
from convcalc.geometry.arguments import whole
from convcalc.geometry.boundary import Boundary, boundary_of
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Box, Layer, Settings, Shape, Values, need_spatial
from convcalc.numerals import nearest_float
from convcalc.tracing.explanation import Cell, Explanation, Term
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType

NOWHERE = -1
"""In place of a cell's number: it comes from no cell of the input."""


@dataclass(frozen=True)
class Rearranged(Layer):
    """Every output cell is an input cell; a kind says by ``rearranged`` how they are placed."""

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:
        """(batch, *output_shape) of cells (batch, *input_shape); ``outside``: of cells that come from none."""
        raise NotImplementedError

    @property
    def output_shape(self) -> Shape:
        """(channels, *spatial)."""
        raise NotImplementedError

    @cached_property
    def sources(self) -> Array:
        """The number of the input cell, row by row, that each output cell comes from, (*output_shape)."""
        import numpy as np

        numbers = np.arange(prod(self.input_shape)).reshape(1, *self.input_shape)
        found: Array = self.rearranged(numbers, NOWHERE)[0]
        return found

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The same numbers at other places."""
        return self.rearranged(arrays[0])

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The marks, likewise."""
        found: Array = self.rearranged(marks[0][None], outside=False)[0]
        return found

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """The smallest block of the cells that a block's come from."""
        import numpy as np

        from convcalc.arrays import index

        found = self.sources[index(*(slice(each.start, each.stop) for each in box))]
        found = found[found != NOWHERE]
        if not found.size:
            return (range(0),) * len(self.input_shape)
        places = np.unravel_index(found, self.input_shape)
        return tuple(range(int(each.min()), int(each.max()) + 1) for each in places)

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The cell that it comes from."""
        import numpy as np

        number = int(self.sources[cell])
        if number == NOWHERE:
            return []
        place = tuple(int(each) for each in np.unravel_index(number, self.input_shape))
        return [Term.at(arrays[0], place)]


@dataclass(frozen=True)
class Reshape(Rearranged):
    """The same cells, row by row, in another shape (PyTorch's ``Unflatten`` and ``view``)."""

    kind: ClassVar[str] = "reshape"

    shape: Shape

    @classmethod
    def of(cls, input_shape: Shape, *, shape: Any) -> Reshape:
        """The layer with the shape of one sample; one of its entries may be -1, which follows from the others.

        Raises:
            FieldError: the shape is no list of whole numbers, or has several -1.
            GeometryError: it has another number of cells.
        """
        sizes = shape if isinstance(shape, list | tuple) else [shape]
        given = [-1 if each == -1 else whole("shape", each, 1) for each in sizes]
        if not given or given.count(-1) > 1:
            raise FieldError(f"shape must be sizes, at most one of them -1, got {shape}", field="shape")
        cells, others = prod(input_shape), prod(each for each in given if each != -1)
        found = tuple(cells // others if each == -1 else each for each in given)
        if prod(found) != cells:
            raise GeometryError(
                f"{shape_text(input_shape)} are {cells} cells, they do not make {shape_text(tuple(given))}",
                hint="the product of all sizes stays the same; -1 stands for the size that follows",
                field="shape",
            )
        return cls(input_shape, found)

    @property
    def output_shape(self) -> Shape:
        """The shape."""
        return self.shape

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """None: its axes are others."""
        return ()

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:  # noqa: ARG002 - every cell comes from one
        """The same numbers."""
        return cells.reshape(len(cells), *self.shape)


@dataclass(frozen=True)
class Permute(Rearranged):
    """The axes of a sample in another order (PyTorch's ``permute``, ONNX's ``Transpose``)."""

    kind: ClassVar[str] = "permute"

    axes: tuple[int, ...]

    @classmethod
    def of(cls, input_shape: Shape, *, axes: Any) -> Permute:
        """The layer with the order of the axes: ``[1, 2, 0]`` puts the channels, axis 0, last.

        Raises:
            FieldError: it is no order of all axes.
        """
        order = tuple(axes) if isinstance(axes, list | tuple) else (axes,)
        if any(not isinstance(each, int) for each in order) or sorted(order) != list(range(len(input_shape))):
            wanted = ", ".join(map(str, range(len(input_shape))))
            raise FieldError(f"axes must be {wanted} in some order, got {axes}", field="axes")
        return cls(input_shape, order)

    @property
    def output_shape(self) -> Shape:
        """The sizes in the order."""
        return tuple(self.input_shape[each] for each in self.axes)

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """None: its axes are others."""
        return ()

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:  # noqa: ARG002 - every cell comes from one
        """The same numbers."""
        return cells.transpose(0, *(each + 1 for each in self.axes))


@dataclass(frozen=True)
class Slice(Rearranged):
    """A part of one axis, as ``start:stop:step`` in Python (ONNX's ``Slice``)."""

    kind: ClassVar[str] = "slice"

    axis: int
    cells: range

    @classmethod
    def of(cls, input_shape: Shape, *, start: Any = None, stop: Any = None, step: Any = None, axis: int = 0) -> Slice:
        """The layer with a part of an axis of a sample, 0 being that of the channels; negative places count from
        its end, and a negative step turns it round.

        Raises:
            FieldError: there is no such axis, or a place is no whole number.
            GeometryError: no cell is left.
        """
        if whole("axis", axis, 0) >= len(input_shape):
            raise FieldError(f"axis must be 0 to {len(input_shape) - 1}, got {axis}", field="axis")
        for name, each in (("start", start), ("stop", stop), ("step", step)):
            if each is not None and (
                isinstance(each, bool) or not isinstance(each, int) or (name, each) == ("step", 0)
            ):
                raise FieldError(f"{name} must be a whole number{' but 0' * (name == 'step')}, got {each}", field=name)
        cells = range(input_shape[axis])[slice(start, stop, step)]
        if not cells:
            raise GeometryError(f"the slice of axis {axis}, {input_shape[axis]} cells long, is empty", field="start")
        return cls(input_shape, axis, cells)

    @property
    def output_shape(self) -> Shape:
        """On its axis the cells that are left."""
        return (*self.input_shape[: self.axis], len(self.cells), *self.input_shape[self.axis + 1 :])

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of its axis as a stride of one tap."""
        step, start = self.cells.step, self.cells.start
        own = IndexMap(1, step, -start) if step > 0 else IndexMap(self.input_shape[self.axis], 1, 0)
        return tuple(own if axis == self.axis else IndexMap(1) for axis in range(1, len(self.input_shape)))

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:  # noqa: ARG002 - every cell comes from one
        """The part."""
        from convcalc.arrays import index

        part: Array = cells[index(*(slice(None),) * (self.axis + 1), list(self.cells))]
        return part


@dataclass(frozen=True)
class Pad(Rearranged):
    """Cells around every channel (PyTorch's ``ConstantPad2d``, ``ReflectionPad2d`` …, ONNX's ``Pad``)."""

    kind: ClassVar[str] = "pad"

    pads: tuple[tuple[int, int], ...]
    boundary: Boundary

    @classmethod
    def of(cls, input_shape: Shape, *, padding: Any, boundary: Any = "zeros") -> Pad:
        """The layer with one number for all axes, one for each, or a pair; a negative one cuts off cells.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes, or nothing is left.
        """
        size = need_spatial(cls.kind, input_shape)
        pads = _pairs(padding, len(size))
        for axis, (cells, pair) in enumerate(zip(size, pads, strict=True)):
            if cells + sum(pair) < 1:
                raise GeometryError(f"the padding cuts off all {cells} cells of axis {axis}", field="padding")
        return cls(input_shape, pads, boundary_of(boundary))

    @property
    def output_shape(self) -> Shape:
        """Each axis with its padding."""
        rows = zip(self.spatial_size, self.pads, strict=True)
        return (self.channels, *(size + sum(pair) for size, pair in rows))

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Every cell moved by the padding before."""
        return tuple(IndexMap(1, 1, before) for before, _ in self.pads)

    @property
    def settings(self) -> Settings:
        """The padding."""
        return {"padding": self.pads}

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """The cells, and around them what the boundary says."""
        from convcalc.arrays import largest
        from convcalc.layers.numbers import alike, finished, is_exact, wide

        value = self.boundary.value
        dtype, (cells,) = alike(inputs, context.dtype, [value])
        if not value:
            return self.rearranged(cells)
        if is_exact(dtype):
            is_whole = isinstance(value, int)
            held = wide(cells, max(largest(cells), abs(value))) if is_whole else cells.astype(object)
            return finished(self.rearranged(held, value), dtype)
        return self.rearranged(cells, cells.dtype.type(nearest_float(value)))

    def push(
        self,
        inputs: Sequence[Array],  # noqa: ARG002 - a linear layer's derivative is the same everywhere
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The tangent, with zeros where the constant is."""
        from convcalc.layers.numbers import alike

        _, (tangent,) = alike(tangents, context.dtype)
        return self.rearranged(tangent)

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,
    ) -> Explanation:
        """The cell that it is a copy of, or the constant."""
        from convcalc.layers.numbers import alike, explained_sum

        dtype, (cells,) = alike([inputs[0][sample]], context.dtype, [self.boundary.value])
        terms = self.terms([cells], cell)
        return explained_sum(cell, terms, dtype, bias=0 if terms else self.boundary.value)

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:
        """Axis by axis."""
        import numpy as np

        from convcalc.arrays import index

        for axis, (size, (before, after)) in enumerate(zip(self.spatial_size, self.pads, strict=True), start=2):
            sources = self.boundary.sources(range(-before, size + after), size)
            places = np.array([0 if each is None else each for each in sources])
            cells = np.take(cells, places, axis)
            missing = [place for place, each in enumerate(sources) if each is None]
            if missing:
                cells[index(*(slice(None),) * axis, missing)] = outside
        return cells


def _pairs(padding: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """(before, after) of each axis, below 0 where cells are cut off.

    Raises:
        FieldError: it is neither one number, one for each axis, nor a pair for each.
    """
    each = padding if isinstance(padding, list | tuple) else [padding] * rank
    pairs = [tuple(pair) if isinstance(pair, list | tuple) else (pair, pair) for pair in each]
    if len(pairs) != rank or any(len(pair) != 2 or any(type(side) is not int for side in pair) for pair in pairs):
        raise FieldError(
            f"padding must be a whole number, one for each of {rank} axes, or a pair for each, got {padding}",
            hint="write padding: 1, or padding: [[1, 2], [0, 0]]; a negative one cuts off cells",
            field="padding",
        )
    return tuple((pair[0], pair[1]) for pair in pairs)
