"""The maximum of every window (PyTorch's ``MaxPool1d`` to ``MaxPool3d``, torch.nn documentation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.geometry.arguments import flag
from convcalc.geometry.pooling import pooled_axes
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.layer import Shape, Values, need_spatial
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType


@dataclass(frozen=True)
class MaxPool(Pool):
    """The maximum of every window; padding takes no part."""

    kind: ClassVar[str] = "max-pool"
    is_linear: ClassVar[bool] = False

    @classmethod
    def of(
        cls,
        input_shape: Shape,
        *,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> MaxPool:
        """The layer of these arguments; ``stride`` is by default the kernel size.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes, the kernel does not fit, or a window holds padding alone.
        """
        size = need_spatial(cls.kind, input_shape)
        is_ceil = flag("ceil_mode", ceil_mode)
        axes, pads = pooled_axes(
            size, kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=is_ceil
        )
        return cls(input_shape, axes, pads)

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The maxima, in the numbers of the input; nan where the window contains one."""
        from convcalc.engine.algorithms.pooling import maxima
        from convcalc.layers.numbers import threads_of

        return maxima(arrays[0], self.axes, threads_of(context.threads))

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The tangent of the maximal cell."""
        from convcalc.engine.algorithms.pooling import pushed_maxima
        from convcalc.layers.numbers import alike

        (_, (cells,)), (_, (tangent,)) = alike(inputs, context.dtype), alike(tangents, context.dtype)
        return pushed_maxima(cells, tangent, self.axes)

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:  # noqa: ARG002
        """The maximum of the cells inside the input."""
        nans = [term.value for term in terms if term.value != term.value]
        total = nans[0] if nans else max(term.value for term in terms)
        return Explanation(cell, terms, total, Rule.MAXIMUM, absent=self.window_cells - len(terms))


@dataclass(frozen=True)
class GlobalMaxPool(MaxPool):
    """The maximum of each channel; every axis stays, with one cell (PyTorch's ``AdaptiveMaxPool2d(1)``)."""

    kind: ClassVar[str] = "global-max-pool"

    @classmethod
    def over(cls, input_shape: Shape) -> MaxPool:
        """The layer on an input of any size.

        Raises:
            GeometryError: the input has no spatial axes.
        """
        return cls.of(input_shape, kernel_size=need_spatial(cls.kind, input_shape))
