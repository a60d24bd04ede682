"""The mean of every window (PyTorch's ``AvgPool1d`` to ``AvgPool3d``, torch.nn documentation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import Context
from convcalc.geometry.arguments import flag, whole
from convcalc.geometry.pooling import pooled_axes
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.layer import Shape, need_spatial
from convcalc.tracing.explanation import Cell, Explanation, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType


@dataclass(frozen=True)
class AveragePool(Pool):
    """The sum of every window divided by the number of its places; padding counts as zeros or not at all."""

    kind: ClassVar[str] = "avg-pool"

    count_include_pad: bool = True
    divisor: int | None = None
    """The divisor of every sum; None: the number of places that count."""

    @classmethod
    def of(
        cls,
        input_shape: Shape,
        *,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> AveragePool:
        """The layer of these arguments; ``stride`` is by default the kernel size.

        ``count_include_pad``: places in the padding count as zeros. Those beyond it, which ``ceil_mode`` adds, never
        count. ``divisor_override``: the divisor of all sums instead.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes, the kernel does not fit, or a window holds padding alone.
        """
        size = need_spatial(cls.kind, input_shape)
        is_ceil = flag("ceil_mode", ceil_mode)
        axes, pads = pooled_axes(size, kernel_size, stride=stride, padding=padding, ceil_mode=is_ceil)
        divisor = None if divisor_override is None else whole("divisor_override", divisor_override, 1)
        return cls(input_shape, axes, pads, flag("count_include_pad", count_include_pad), divisor)

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:
        """The means: whole where all are, otherwise fractions (dtype exact) or floats rounded once."""
        from convcalc.engine.algorithms.pooling import sums
        from convcalc.layers.numbers import finished, quotients, threads_of

        return finished(
            quotients(sums(arrays[0], self.axes, threads_of(context.threads)), self.divisors(), dtype), dtype
        )

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:
        """The mean of the cells inside the input; those of the padding, where they count, are 0 and no terms."""
        from dataclasses import replace

        from convcalc.layers.numbers import explained_sum

        counted = prod(self._count(number, position) for number, position in enumerate(cell[1:]))
        divisor = self.divisor or counted
        step = explained_sum(cell, terms, dtype, scale=Fraction(1, divisor))
        zeros = counted - len(terms)
        return replace(step, formula=f"1/{divisor}", zeros=zeros, absent=self.window_cells - counted)

    def divisors(self) -> Any:
        """The divisors of the sums: one number, or one for each position, (*output_size)."""
        if self.divisor is not None:
            return self.divisor
        counts = [self._counts(number) for number in range(self.rank)]
        if all(len(set(each)) == 1 for each in counts):
            return prod(each[0] for each in counts)
        import numpy as np

        grids = np.meshgrid(*(np.array(each, np.int64) for each in counts), indexing="ij", sparse=True)
        return prod(grids[1:], start=grids[0])

    def _counts(self, number: int) -> list[int]:
        """How many places count on an axis, at every position."""
        return [self._count(number, position) for position in range(self.axes[number].output_size)]

    def _count(self, number: int, position: int) -> int:
        """How many places count on an axis."""
        axis, (before, after) = self.axes[number], self.pads[number]
        low, high = (-before, axis.size + after) if self.count_include_pad else (0, axis.size)
        start = axis.start(position)
        return min(start + axis.reach, high) - max(start, low)


@dataclass(frozen=True)
class GlobalAveragePool(AveragePool):
    """The mean of each channel; every axis stays, with one cell (PyTorch's ``AdaptiveAvgPool2d(1)``)."""

    kind: ClassVar[str] = "global-avg-pool"

    @classmethod
    def over(cls, input_shape: Shape) -> AveragePool:
        """The layer on an input of any size.

        Raises:
            GeometryError: the input has no spatial axes.
        """
        return cls.of(input_shape, kernel_size=need_spatial(cls.kind, input_shape))
