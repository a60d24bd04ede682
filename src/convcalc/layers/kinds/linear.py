"""A weighted sum of all features for each output feature (PyTorch's ``Linear``, torch.nn documentation)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.errors import GeometryError
from convcalc.geometry.arguments import flag, whole
from convcalc.layers.derivative import Point, WeightTerm
from convcalc.layers.layer import Layer, Shape, Values, Work
from convcalc.tracing.explanation import Cell, Explanation
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import Problem

_PIECE = 1 << 20
"""Bytes of weights that one product reads."""


@dataclass(frozen=True)
class Linear(Layer):
    """y = x Wᵀ + b on an input that is flat."""

    kind: ClassVar[str] = "linear"

    out_features: int
    has_bias: bool = True

    @classmethod
    def of(cls, input_shape: Shape, *, out_features: Any, bias: bool = True) -> Linear:
        """The layer on an input of features.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has spatial axes.
        """
        if len(input_shape) > 1:
            raise GeometryError(
                f"linear needs a flat input, its input is {shape_text(input_shape)}",
                hint="put flatten before it",
                field="input",
            )
        return cls(input_shape, whole("out_features", out_features, 1), flag("bias", bias))

    @property
    def output_shape(self) -> Shape:
        """(out_features,)."""
        return (self.out_features,)

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """weight: (out_features, in_features); bias: (out_features,)."""
        weight = {"weight": (self.out_features, self.channels)}
        return weight | ({"bias": (self.out_features,)} if self.has_bias else {})

    @property
    def work(self) -> Work:
        """A product for every weight."""
        return Work(self.out_features * self.channels, self.out_features if self.has_bias else 0)

    def window_channels(self, channels: range) -> range:
        """All features."""
        return range(self.channels) if channels else range(0)

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """One matrix product for floats; exact numbers as a convolution of a single cell."""
        from convcalc.arrays import checked

        cells, weight = checked(inputs[0]), checked(values["weight"])
        if cells.dtype == weight.dtype and cells.dtype.kind == "f" and context.dtype in ("auto", cells.dtype.name):
            return self._product(cells, weight, values, context)
        from convcalc.engine.compute import compute

        output: Array = compute(self._problem(cells, values, context), limits=context.limits).output
        return output.reshape(len(cells), self.out_features)

    def pull_weights(self, at: Point, cells: Array) -> dict[str, Array]:
        """The product of the output's gradient and the input; of the bias its sums."""
        from convcalc.layers.kinds.convolution_gradient import channel_sums
        from convcalc.layers.kinds.linear_gradient import weight_gradient

        found = {"weight": weight_gradient(cells, at.inputs[0], at.context)}
        return found | ({"bias": channel_sums(cells)} if self.has_bias else {})

    def weight_terms(self, at: Point, cells: Array, name: str, place: Cell) -> Iterable[WeightTerm]:
        """One product a sample."""
        from convcalc.layers.kinds.convolution_gradient import bias_terms
        from convcalc.layers.kinds.linear_gradient import weight_terms

        return bias_terms(cells, place[0]) if name == "bias" else weight_terms(cells, at.inputs[0], place)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """All output features, if any input feature is marked."""
        return marks[0].any(keepdims=True).repeat(self.out_features)

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """Every product of a feature with its weight."""
        return self.tracer(inputs, values, sample, context)(cell)

    def tracer(
        self, inputs: Sequence[Array], values: Values, sample: int = 0, context: Context = STANDARD
    ) -> Callable[[Cell], Explanation]:
        """All features are those of one problem."""
        problem = self._problem(inputs[0][sample : sample + 1], values, context)
        return lambda cell: _step(problem, cell)

    def _product(self, cells: Array, weight: Array, values: Values, context: Context) -> Array:
        """In the dtype of both, in pieces for threads; ``dot`` releases Python's lock, ``matmul`` may not."""
        import numpy as np

        from convcalc.engine.threads import share_products
        from convcalc.engine.tiling import steps
        from convcalc.layers.numbers import threads_of

        output = np.empty((len(cells), self.out_features), cells.dtype)

        def one(features: slice, _: Any) -> None:
            output[:, features] = np.dot(cells, weight[features].T)
            if "bias" in values:
                output[:, features] += values["bias"][features].astype(output.dtype, copy=False)

        pieces = steps(self.out_features, _PIECE // max(1, weight[:1].nbytes))
        share_products(one, pieces, threads_of(context.threads), len(cells) * weight.size)
        return output

    def _problem(self, cells: Array, values: Values, context: Context) -> Problem:
        """The features as channels of one cell."""
        from convcalc.build import build_problem

        return build_problem(cells[..., None], values["weight"][..., None], values.get("bias"), dtype=context.dtype)


def _step(problem: Problem, cell: Cell) -> Explanation:
    """The trace of a feature, whose terms are features."""
    from convcalc.tracing.trace import trace_at

    found = trace_at(problem, (0,), cell[0])
    terms = (term._replace(cell=(feature,), label="") for feature, term in enumerate(found.terms))
    return Explanation(cell, tuple(terms), found.total, scale=found.scale, bias=found.bias)
