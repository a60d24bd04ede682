"""The p-norm of every window (PyTorch's ``LPPool1d`` to ``LPPool3d``, ONNX's ``LpPool``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.geometry.arguments import whole
from convcalc.geometry.pooling import pooled_axes
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.layer import Shape, Values, need_spatial
from convcalc.numerals import exact_text
from convcalc.tracing.explanation import Cell, Explanation, Rule

if TYPE_CHECKING:
    from convcalc.arrays import Array

_MOST_TOLD = 4  # cells in a formula


@dataclass(frozen=True)
class LpPool(Pool):
    """(Σ |x|^p)^(1/p) over every window; padding adds nothing. Of odd p PyTorch leaves out the magnitudes."""

    kind: ClassVar[str] = "lp-pool"
    is_linear: ClassVar[bool] = False

    norm_type: int = 2

    @classmethod
    def of(
        cls, input_shape: Shape, *, kernel_size: Any, norm_type: Any = 2, stride: Any = None, padding: Any = 0
    ) -> LpPool:
        """The layer of these arguments; ``norm_type``: p; ``stride`` is by default the kernel size.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes, the kernel does not fit, or a window holds padding alone.
        """
        size = need_spatial(cls.kind, input_shape)
        axes, pads = pooled_axes(size, kernel_size, stride=stride, padding=padding)
        return cls(input_shape, axes, pads, whole("norm_type", norm_type, 1))

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """The norms, in floats."""
        import numpy as np

        from convcalc.layers.numbers import in_real

        (cells,) = in_real(self.kind, inputs, context.dtype)
        with np.errstate(all="ignore"):
            return np.asarray(self._root(self._sums(np.abs(cells) ** self.norm_type, context)))

    def _sums(self, cells: Array, context: Context) -> Array:
        from convcalc.engine.algorithms.pooling import sums
        from convcalc.layers.numbers import threads_of

        return sums(cells, self.axes, threads_of(context.threads))

    def _root(self, total: Any) -> Any:
        return total if self.norm_type == 1 else total ** (1 / self.norm_type)

    def _slope(self, cells: Any) -> Any:
        """Of the sum by a cell, over p."""
        import numpy as np

        return np.sign(cells) * np.abs(cells) ** (self.norm_type - 1)

    def _outer(self, total: Any) -> Any:
        """Of the root by the sum, times p; 0 of a window of zeros."""
        import numpy as np

        power = np.where(total > 0, total, 1) ** (1 / self.norm_type - 1)
        return np.where(total > 0, power, total if self.norm_type > 1 else 1)

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """Σ sign(x) |x|^(p−1) × tangent, over the norm to the power p − 1."""
        import numpy as np

        from convcalc.layers.numbers import in_real

        cells, tangent = in_real(self.kind, [inputs[0], tangents[0]], context.dtype)
        with np.errstate(all="ignore"):
            outer = self._outer(self._sums(np.abs(cells) ** self.norm_type, context))
            return np.asarray(outer * self._sums(self._slope(cells) * tangent, context))

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,
    ) -> Explanation:
        """The magnitudes of the window to the power p, their sum and its root."""
        import numpy as np

        from convcalc.layers.numbers import in_real, rounded

        (cells,) = in_real(self.kind, [inputs[0][sample]], context.dtype)
        terms = tuple(self.terms([cells], cell))
        numbers = np.array([term.value for term in terms], np.float64)
        with np.errstate(all="ignore"):
            total = (np.abs(numbers) ** self.norm_type).sum()
            slopes = self._outer(total) * self._slope(numbers)
            found = rounded(self._root(total), cells.dtype)
        absent = self.window_cells - len(terms)
        formula = self._formula([exact_text(each) for each in np.abs(numbers).tolist()])
        return Explanation(
            cell, terms, found, Rule.FUNCTION, formula=formula, function_slopes=tuple(slopes.tolist()), absent=absent
        )

    def _formula(self, told: list[str]) -> str:
        """Such as "(3^2 + 4^2)^(1/2)"."""
        p = self.norm_type
        powers = " + ".join(f"{each}^{p}" for each in told[:_MOST_TOLD])
        return f"({powers}{f' + … ({len(told)} cells)' * (len(told) > _MOST_TOLD)})^(1/{p})"
