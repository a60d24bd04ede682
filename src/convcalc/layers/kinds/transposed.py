"""The transposed convolution (PyTorch's ``ConvTranspose1d`` to ``ConvTranspose3d``, torch.nn documentation)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import ceil, gcd, prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.geometry.arguments import PaddingWord, flag, given_padding, per_axis, whole
from convcalc.geometry.convolution import Counts
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.geometry.transposed import TransposedAxis
from convcalc.layers.derivative import Point, WeightTerm
from convcalc.layers.layer import Layer, Settings, Shape, Values, Work, group_range, need_spatial
from convcalc.tracing.explanation import Cell, Explanation, Term, tap_label

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.method import Method
    from convcalc.problem import Labels

_LARGE = 1 << 18  # MACs; below it planning takes longer than a pass for each tap


@dataclass(frozen=True)
class TransposedConvolution(Layer):
    """Each input cell writes a whole kernel into the output; overlapping values are summed."""

    kind: ClassVar[str] = "transposed-conv"
    is_planned: ClassVar[bool] = True
    plans_memory: ClassVar[bool] = True

    counts: Counts
    axes: tuple[TransposedAxis, ...]

    @classmethod
    def of(
        cls,
        input_shape: Shape,
        *,
        out_channels: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        dilation: Any = 1,
        groups: Any = 1,
        bias: bool = True,
    ) -> TransposedConvolution:
        """The layer of these arguments; ``padding`` is cut off on both sides of the output.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes, nothing is left of the output, or groups do not divide.
        """
        size = need_spatial(cls.kind, input_shape)
        taps = per_axis("kernel_size", kernel_size, len(size), 1)
        steps = per_axis("stride", stride, len(size), 1)
        spreads = per_axis("dilation", dilation, len(size), 1)
        extra = per_axis("output_padding", output_padding, len(size), 0)
        rows = zip(size, taps, steps, spreads, extra, strict=True)
        cuts = enumerate(_cuts(padding, len(size)))
        axes = [
            TransposedAxis(cells, k, s, d, before, after, more, number)
            for (cells, k, s, d, more), (number, (before, after)) in zip(rows, cuts, strict=True)
        ]
        return cls(
            input_shape,
            counts=Counts(input_shape[0], whole("out_channels", out_channels, 1), taps, groups, flag("bias", bias)),
            axes=tuple(axes),
        )

    @property
    def output_shape(self) -> Shape:
        """(out_channels, *output_size)."""
        return (self.counts.out_channels, *(axis.output_size for axis in self.axes))

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """weight: (in_channels, out_channels / groups, *kernel_size); bias: (out_channels,)."""
        weight = (self.channels, self.counts.out_channels // self.counts.groups, *self.counts.kernel_size)
        return {"weight": weight} | ({"bias": (self.counts.out_channels,)} if self.counts.has_bias else {})

    @property
    def work(self) -> Work:
        """By input, every cell writes a whole kernel, cells cut off included; by output, every cell reads one.

        With a stride many of the products by output are with imagined zeros between the input cells.
        """
        positions = prod(self.output_shape[1:])
        by_output = positions * self.counts.weights
        by_input = prod(self.spatial_size) * self.counts.weights
        return Work(by_input, positions * self.counts.biases, by_output)

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of each axis: the output is the finer one."""
        return tuple(
            IndexMap(axis.reach, axis.stride, axis.before, axis.dilation, is_transposed=True) for axis in self.axes
        )

    @property
    def settings(self) -> Settings:
        """Its settings, for tables."""
        return {
            "kernel_size": self.counts.kernel_size,
            "stride": tuple(axis.stride for axis in self.axes),
            "padding": tuple((axis.before, axis.after) for axis in self.axes),
            "dilation": tuple(axis.dilation for axis in self.axes),
            "output_padding": tuple(axis.output_padding for axis in self.axes),
            "groups": self.counts.groups,
        }

    def window_channels(self, channels: range) -> range:
        """All input channels of the groups concerned."""
        return group_range(channels, self.counts.out_channels, self.counts.in_channels, self.counts.groups)

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """The sum of what every cell writes, cut to the output; exact for whole numbers and fractions."""
        from convcalc.engine.algorithms.transposed_direct import scatter
        from convcalc.layers.kinds.transposed_phases import by_phases
        from convcalc.layers.numbers import alike, by_channel, sum_of, threads_of

        dtype, (cells, weight, *bias) = alike([inputs[0], values["weight"]], context.dtype, beside=self._bias(values))
        size = self._written_size
        self._check_memory(len(cells), size, cells.itemsize, context)
        stride, dilation, groups = self.settings["stride"], self.settings["dilation"], self.counts.groups
        if not self._reason_against_phases(cells, weight):
            written = by_phases(cells, weight, size=size, stride=stride, groups=groups, context=context)
        else:
            most = threads_of(context.threads)
            written = scatter(cells, weight, size=size, stride=stride, dilation=dilation, groups=groups, threads=most)
        kept = (slice(axis.before, axis.before + axis.output_size) for axis in self.axes)
        output: Array = written[(slice(None), slice(None), *kept)]
        return sum_of([output, *(by_channel(each, output) for each in bias)], dtype)

    def method(
        self,
        inputs: Sequence[Array],
        values: Values,
        context: Context = STANDARD,
        labels: Labels | None = None,  # noqa: ARG002 - it is no single convolution
    ) -> Method:
        """By the engines, a convolution for each phase of the stride, or by the layer's own loop."""
        from convcalc.layers.kinds.transposed_phases import phase_steps
        from convcalc.layers.method import method_of
        from convcalc.layers.numbers import alike

        _, (cells, weight, *_) = alike([inputs[0], values["weight"]], context.dtype, beside=self._bias(values))
        reason = self._reason_against_phases(cells, weight)
        if reason:
            return self._own_method(cells, weight, reason, context)
        steps = phase_steps(cells, weight, stride=self.settings["stride"], groups=self.counts.groups, context=context)
        written = len(cells) * self._written_cells * cells.itemsize
        return method_of(steps, written, finished=len(cells) * prod(self.output_shape) * cells.itemsize)

    def _own_method(self, cells: Array, weight: Array, reason: str, context: Context) -> Method:
        from convcalc.engine.algorithms.transposed_direct import cost_of
        from convcalc.engine.bounds import lost_by
        from convcalc.layers.method import Method
        from convcalc.layers.numbers import threads_of

        cost = cost_of(cells, weight, groups=self.counts.groups, threads=threads_of(context.threads))
        words, macs = cost.arithmetic.words, len(cells) * self.work.macs
        error = lost_by(None, self._most_terms, cells.dtype)
        written = len(cells) * self._written_cells * cost.arithmetic.itemsize
        added = written + cost.converted_bytes + max(cost.product_bytes, written)  # before it is cut to the output
        return Method(("scatter",), reason, words, cost.seconds, macs, error, cost.threads, added)

    @property
    def _written_size(self) -> list[int]:
        """Cells written to on each axis, before any are cut off."""
        return [max(axis.written_size, axis.before + axis.output_size) for axis in self.axes]

    @property
    def _most_terms(self) -> int:
        """The most products in the sum of one output cell."""
        apart = (axis.stride // gcd(axis.stride, axis.dilation) for axis in self.axes)
        taps = (ceil(count / step) for count, step in zip(self.counts.kernel_size, apart, strict=True))
        return self.counts.channels_per_group * prod(taps)

    @property
    def _written_cells(self) -> int:
        return self.counts.out_channels * prod(self._written_size)

    def _reason_against_phases(self, cells: Array, weight: Array) -> str:
        """Why engines do not compute it, or None; phases multiply zeros around the input, and inf × 0 is nan."""
        from convcalc.arrays import are_finite

        if cells.dtype.kind != "f":
            return "exact numbers"
        if len(cells) * self.work.macs <= _LARGE:
            return "the layer is small"
        if max(self.settings["dilation"]) > 1:
            return "its kernel is dilated"
        return "" if are_finite(weight) else "a weight is inf or nan"

    def tracer(
        self, inputs: Sequence[Array], values: Values, sample: int = 0, context: Context = STANDARD
    ) -> Callable[[Cell], Explanation]:
        """All cells are of the same engines."""
        method = self.method(inputs, values, context)
        lost = method.error if method.steps else None
        return lambda cell: replace(self.trace(inputs, values, cell, sample, context), lost=lost)

    def pull_weights(self, at: Point, cells: Array) -> dict[str, Array]:
        """That of the convolution that it turns round, input and output's gradient exchanged; of the bias its sums."""
        from convcalc.layers.kinds.convolution_gradient import channel_sums
        from convcalc.layers.kinds.transposed_gradient import weight_gradient

        found = {"weight": weight_gradient(self.counts, self.axes, at.inputs[0], cells, at.context)}
        return found | ({"bias": channel_sums(cells)} if self.counts.has_bias else {})

    def weight_terms(self, at: Point, cells: Array, name: str, place: Cell) -> Iterable[WeightTerm]:
        """Of a weight every input cell with the output cell that its tap writes to, of a bias every position."""
        from convcalc.layers.kinds.convolution_gradient import bias_terms
        from convcalc.layers.kinds.transposed_gradient import weight_terms

        if name == "bias":
            return bias_terms(cells, place[0])
        return weight_terms(self.counts, self.axes, at.inputs[0], cells, place)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The cells that a marked one writes to; the same in all channels of a group."""
        from convcalc.engine.dependence import grouped, written

        found = written(grouped(marks[0], self.counts.groups), self.axes)
        return found.repeat(self.counts.out_channels // self.counts.groups, axis=0)

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """The products of every input cell that writes to the cell and its tap."""
        from convcalc.arrays import plain
        from convcalc.layers.numbers import alike, explained_sum

        deciding = [inputs[0][sample], values["weight"]]
        dtype, (cells, weight, *bias) = alike(deciding, context.dtype, beside=self._bias(values))
        filters = self.counts.out_channels // self.counts.groups
        terms = [
            Term.at(cells, source, plain(weight[(source[0], cell[0] % filters, *taps)]), label=tap_label(taps))
            for source, taps in self._writers(cell)
        ]
        return explained_sum(cell, terms, dtype, bias=plain(bias[0][cell[0]]) if bias else 0)

    def _writers(self, cell: Cell) -> Iterator[tuple[Cell, tuple[int, ...]]]:
        """The input cells that write to an output cell, each with the tap."""
        channel, *position = cell
        found = [list(axis.writers(each)) for axis, each in zip(self.axes, position, strict=True)]
        for source in self.window_channels(range(channel, channel + 1)):
            for places in product(*found):
                yield (source, *(place for place, _ in places)), tuple(tap for _, tap in places)

    def _bias(self, values: Values) -> list[Array]:
        return [values["bias"]] if "bias" in values else []

    def _check_memory(self, batch: int, size: Sequence[int], itemsize: int, context: Context) -> None:
        """Bytes of the written cells, of the output cut from them, and of the products of one tap."""
        cells = 2 * self.counts.out_channels * prod(size) + self.counts.out_channels * prod(self.spatial_size)
        context.limits.check_large(batch * cells * itemsize, "this transposed convolution")


def _cuts(padding: Any, rank: int) -> list[tuple[int, int]]:
    """The cells cut off before and behind each axis; a word for padding has no meaning here."""
    cuts = []
    for each in given_padding(padding, rank):
        if isinstance(each, PaddingWord):
            raise FieldError(
                f"transposed-conv takes padding as numbers, got {each.value!r}",
                hint="padding is what is cut off: kernel_size 4, stride 2, padding 1 doubles the size",
                field="padding",
            )
        cuts.append(each)
    return cuts
