"""Every cell several times (PyTorch's ``Upsample(mode="nearest")`` with a whole factor, torch.nn documentation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import Context
from convcalc.geometry.arguments import per_axis
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Layer, Settings, Shape, need_spatial
from convcalc.tracing.explanation import Cell, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType


@dataclass(frozen=True)
class Upsample(Layer):
    """Every cell as a block of cells."""

    kind: ClassVar[str] = "upsample"
    plans_memory: ClassVar[bool] = True

    scale_factor: tuple[int, ...]
    """How often each cell stands on each axis."""

    @classmethod
    def of(cls, input_shape: Shape, *, scale_factor: Any) -> Upsample:
        """The layer with one factor for all axes, or one for each.

        Raises:
            FieldError: a factor is no whole number of at least 1.
            GeometryError: the input has no spatial axes.
        """
        return cls(input_shape, per_axis("scale_factor", scale_factor, len(need_spatial(cls.kind, input_shape)), 1))

    @property
    def output_shape(self) -> Shape:
        """(channels, *output_size)."""
        rows = zip(self.spatial_size, self.scale_factor, strict=True)
        return (self.channels, *(size * factor for size, factor in rows))

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of each axis: that of a transposed layer whose kernels lie side by side."""
        return tuple(IndexMap(factor, factor, is_transposed=True) for factor in self.scale_factor)

    @property
    def settings(self) -> Settings:
        """What a table tells of it."""
        return {"scale_factor": self.scale_factor}

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The same numbers, more often."""
        import numpy as np

        [cells] = arrays
        context.limits.check_large(2 * len(cells) * prod(self.output_shape) * cells.itemsize, "this upsample")
        for axis, factor in enumerate(self.scale_factor, start=2):
            cells = np.repeat(cells, factor, axis)
        return cells

    def reaches(self, marks: Sequence[Array]) -> Array:
        """Every mark as often."""
        found = marks[0]
        for axis, factor in enumerate(self.scale_factor, start=1):
            found = found.repeat(factor, axis)
        return found

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The cell that stands there."""
        channel, *position = cell
        places = (place // factor for place, factor in zip(position, self.scale_factor, strict=True))
        return [Term.at(arrays[0], (channel, *places))]
