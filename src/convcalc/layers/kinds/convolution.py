"""Convolution as a layer, with the number of input channels taken from its input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.geometry.arguments import flag, per_axis, whole
from convcalc.geometry.axis import Axes, window
from convcalc.geometry.boundary import Boundary, BoundaryMode
from convcalc.geometry.convolution import Counts, Geometry, geometry_of
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.derivative import Point, WeightTerm
from convcalc.layers.layer import Box, Layer, Settings, Shape, Values, Work, group_range, need_spatial
from convcalc.numerals import Number
from convcalc.tracing.explanation import Cell, Explanation

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.method import Method
    from convcalc.problem import Labels, Problem


@dataclass(frozen=True)
class Convolution(Layer):
    """Cross-correlation with a bias, as PyTorch's ``Conv1d`` to ``Conv3d`` (torch.nn documentation, "Shape")."""

    kind: ClassVar[str] = "conv"
    is_planned: ClassVar[bool] = True
    plans_memory: ClassVar[bool] = True

    geometry: Geometry

    @classmethod
    def of(
        cls,
        input_shape: Shape,
        *,
        out_channels: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: Any = 1,
        bias: bool = True,
        boundary: str | Number | Boundary = "zeros",
        flip: bool = False,
    ) -> Convolution:
        """The layer of these arguments; one number for all axes, or one for each.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes, the kernel does not fit, or groups do not divide channels.
        """
        taps = per_axis("kernel_size", kernel_size, len(need_spatial(cls.kind, input_shape)), 1)
        return cls(
            input_shape,
            geometry_of(
                input_shape,
                whole("out_channels", out_channels, 1),
                taps,
                stride=stride,
                padding=padding,
                dilation=dilation,
                groups=groups,
                bias=flag("bias", bias),
                boundary=boundary,
                flip=flip,
            ),
        )

    @classmethod
    def depthwise(
        cls,
        input_shape: Shape,
        *,
        kernel_size: Any,
        channel_multiplier: Any = 1,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        bias: bool = True,
        boundary: str | Number | Boundary = "zeros",
        flip: bool = False,
    ) -> Convolution:
        """Each channel convolved separately, with ``channel_multiplier`` kernels.

        That is ``groups`` = in_channels and ``out_channels`` = in_channels × channel_multiplier (PyTorch's ``Conv2d``,
        torch.nn documentation, "depthwise convolution"). Raises as :meth:`of`.
        """
        channels = input_shape[0]
        return cls.of(
            input_shape,
            out_channels=channels * whole("channel_multiplier", channel_multiplier, 1),
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=channels,
            bias=bias,
            boundary=boundary,
            flip=flip,
        )

    @property
    def counts(self) -> Counts:
        """Channels, groups and the counts derived from them."""
        return self.geometry.counts

    @property
    def axes(self) -> Axes:
        """Each spatial axis."""
        return self.geometry.axes

    @property
    def output_shape(self) -> Shape:
        """(out_channels, *output_size)."""
        return (self.counts.out_channels, *self.axes.output_sizes)

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """weight: (out_channels, in_channels / groups, *kernel_size); bias: (out_channels,)."""
        weight = (self.counts.out_channels, self.counts.channels_per_group, *self.counts.kernel_size)
        return {"weight": weight} | ({"bias": (self.counts.out_channels,)} if self.counts.has_bias else {})

    @property
    def work(self) -> Work:
        """A product for every weight at every output position."""
        positions = prod(self.axes.output_sizes)
        return Work(self.counts.macs(self.axes.output_sizes), positions * self.counts.biases)

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of each axis."""
        return self.axes.index_maps

    @property
    def settings(self) -> Settings:
        """Its settings, for tables."""
        return {
            "kernel_size": self.counts.kernel_size,
            "stride": self.axes.strides,
            "padding": self.axes.pads,
            "dilation": self.axes.dilations,
            "groups": self.counts.groups,
        }

    def window_channels(self, channels: range) -> range:
        """All input channels of the groups concerned."""
        return group_range(channels, self.counts.out_channels, self.counts.in_channels, self.counts.groups)

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """The input cells that a block of output cells depends on, also through the boundary."""
        spatial = (window(axis, self.geometry.boundary, cells) for axis, cells in zip(self.axes, box[1:], strict=True))
        return (self.window_channels(box[0]), *spatial)

    def problem(
        self, inputs: Sequence[Array], values: Values, context: Context = STANDARD, labels: Labels | None = None
    ) -> Problem:
        """The convolution as a problem.

        Raises:
            ConvcalcError: the numbers are incompatible with it.
        """
        from convcalc.build import problem_of

        scale = list(values["scale"]) if "scale" in values else None
        weight, bias = values["weight"], values.get("bias")
        return problem_of(self.geometry, inputs[0], weight, bias, scale=scale, dtype=context.dtype, labels=labels)

    def method(
        self, inputs: Sequence[Array], values: Values, context: Context = STANDARD, labels: Labels | None = None
    ) -> Method:
        """By one engine."""
        from convcalc.layers.method import Step, method_of

        problem = self.problem(inputs, values, context, labels)
        return method_of([Step(problem, context.plan(problem))])

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """By the engine that the planner chooses, or the requested one."""
        from convcalc.layers.method import output_of

        return output_of(self.problem(inputs, values, context), context)

    def push(
        self,
        inputs: Sequence[Array],  # noqa: ARG002 - a linear layer's derivative is the same everywhere
        values: Values,
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The convolution of the tangent, without bias and constant boundary."""
        is_constant = self.geometry.boundary.mode is BoundaryMode.CONSTANT
        bare = replace(self, geometry=replace(self.geometry, boundary=Boundary())) if is_constant else self
        return bare.compute(tangents, {name: values[name] for name in ("weight", "scale") if name in values}, context)

    def pull_weights(self, at: Point, cells: Array) -> dict[str, Array]:
        """By correlating the input with the output's gradient; of the bias its sums."""
        from convcalc.layers.kinds.convolution_gradient import channel_sums, weight_gradient

        found = {"weight": weight_gradient(self.problem(*at), cells, at.context)}
        return found | ({"bias": channel_sums(cells)} if self.counts.has_bias else {})

    def weight_terms(self, at: Point, cells: Array, name: str, place: Cell) -> Iterable[WeightTerm]:
        """Of a weight every position with the cell that its tap reads there, of a bias every position."""
        from convcalc.layers.kinds.convolution_gradient import bias_terms, weight_terms

        if name == "bias":
            return bias_terms(cells, place[0])
        return weight_terms(self.problem(*at), cells, place)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The cells whose windows contain a mark, also through the boundary; the same in all channels of a group."""
        from convcalc.engine.dependence import grouped, read

        found = read(grouped(marks[0], self.counts.groups), self.axes, self.geometry.boundary)
        return found.repeat(self.counts.out_channels // self.counts.groups, axis=0)

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """Every product of its window; taps in the padding have no cell."""
        return self.tracer(inputs, values, sample, context)(cell)

    def tracer(
        self, inputs: Sequence[Array], values: Values, sample: int = 0, context: Context = STANDARD
    ) -> Callable[[Cell], Explanation]:
        """All cells are those of one problem."""
        from convcalc.tracing.trace import trace_at

        problem = self.problem(inputs, values, context)
        lost = context.plan(problem).error
        return lambda cell: trace_at(problem, cell[1:], cell[0], sample, lost=lost)
