"""The interface of every kind of layer: output shape, parameters, MACs, the output and its explanations.

A layer knows shapes alone; the numbers of its weights are passed in. numpy is imported where cells are computed: shapes
and counts of a network must not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypedDict

from convcalc.context import STANDARD, Context
from convcalc.errors import GeometryError
from convcalc.geometry.arguments import Pair
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.derivative import OwnWeight, Point, WeightTerm
from convcalc.tracing.explanation import Cell, Explanation, Term
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.method import Method
    from convcalc.problem import DType, Labels

Shape = tuple[int, ...]
"""(channels, *spatial) of one sample, or (features,)."""
Box = tuple[range, ...]
"""A block of cells: a range for each axis of a shape."""
Values = Mapping[str, "Array"]
"""The numbers of a layer's weights by their PyTorch names: weight, bias, running_mean, running_var."""


class Settings(TypedDict, total=False):
    """Arguments of a layer as whole numbers, one for each spatial axis; groups are one number for all."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[Pair, ...]
    """(before, after); of a transposed convolution the output cells that are cut off."""
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    scale_factor: tuple[int, ...]


class Work(NamedTuple):
    """Multiply-accumulate operations of one sample."""

    macs: int = 0
    """Products with weights, the bias not counted."""
    biases: int = 0
    """Additions of a bias."""
    by_output: int | None = None
    """Of a transposed convolution: its MACs counted by output cells; None where both counts are the same."""


@dataclass(frozen=True)
class Layer:
    """A layer on an input of known shape, valid by construction.

    A kind that changes the shape, has parameters or multiplies overrides the members that state this. A kind without
    weights implements ``of_arrays`` (the output of arrays of one number type), the ``terms`` of a cell and, if the cell
    is not their sum, ``explained``; others implement ``compute`` and ``trace``. One that is not linear has a ``push``.
    """

    kind: ClassVar[str] = ""
    """Its name in files, tables and errors."""

    is_linear: ClassVar[bool] = True
    """Whether it is linear, perhaps with a bias, so that its derivative does not depend on the inputs."""

    is_planned: ClassVar[bool] = False
    """Whether it has a ``method``, known before it runs."""

    is_global: ClassVar[bool] = False
    """Whether a cell may depend on cells anywhere, so that its receptive field is the whole input."""

    plans_memory: ClassVar[bool] = False
    """Whether ``compute`` checks its memory itself, since that is not a few times its output."""

    input_shape: Shape

    @property
    def output_shape(self) -> Shape:
        """(channels, *spatial) of one sample."""
        return self.input_shape

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """The shapes of the learned weights, by PyTorch's names."""
        return {}

    @property
    def buffer_shapes(self) -> dict[str, Shape]:
        """The shapes of numbers that are not learned: the running statistics of a batch norm."""
        return {}

    @property
    def parameters(self) -> int:
        """Learned parameters."""
        return sum(map(prod, self.weight_shapes.values()))

    @property
    def work(self) -> Work:
        """Multiply-accumulate operations of one sample."""
        return Work()

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """For each spatial axis, which input cells an output cell reads."""
        return (IndexMap(1),) * len(self.spatial_size)

    @property
    def settings(self) -> Settings:
        """Its settings for tables, by PyTorch's names of arguments, as far as the kind has them."""
        return {}

    @property
    def channels(self) -> int:
        """Input channels, or features."""
        return self.input_shape[0]

    @property
    def spatial_size(self) -> tuple[int, ...]:
        """Input cells on each spatial axis."""
        return self.input_shape[1:]

    @property
    def rank(self) -> int:
        """Spatial axes of the input."""
        return len(self.spatial_size)

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - those of all inputs are alike here
        """The input cells that a block of output cells depends on, perhaps with some of the padding.

        ``source``: which of several inputs.
        """
        spatial = (index_map.window(cells) for index_map, cells in zip(self.index_maps, box[1:], strict=True))
        return (self.window_channels(box[0]), *spatial)

    def window_channels(self, channels: range) -> range:
        """The input channels that some output channels depend on."""
        return channels

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """The output, (batch, *output_shape), of inputs (batch, *input_shape) each."""
        from convcalc.layers.numbers import alike

        dtype, arrays = alike(inputs, context.dtype)
        return self.of_arrays(arrays, dtype, context)

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:
        """The output of inputs in one number type, see :func:`convcalc.layers.numbers.alike`."""
        raise NotImplementedError

    def method(
        self,
        inputs: Sequence[Array],
        values: Values,
        context: Context = STANDARD,
        labels: Labels | None = None,
    ) -> Method:
        """The method of ``compute``, for a layer that is planned; ``labels``: of its convolution.

        Raises:
            EngineError: a requested engine cannot compute it.
        """
        raise NotImplementedError

    def push(
        self,
        inputs: Sequence[Array],  # noqa: ARG002 - only the derivative of one that is not linear depends on them
        values: Values,
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The derivative of the output along ``tangents``, which have the shapes of the inputs.

        It is computed as the output is, in the same number type. For a linear layer, as here, it is the layer without
        its bias, for any inputs.
        """
        return self.compute(tangents, {name: each for name, each in values.items() if name != "bias"}, context)

    def pull_weights(self, at: Point, cells: Array) -> dict[str, Array]:
        """The gradient of each learned weight, in its shape; ``cells``: that of the output, (batch, *output_shape).

        The weights are those that are applied: of a kernel with a scale their products with it.
        """
        from convcalc.layers.own_weights import pulled_weights

        own = self.own_weights(at) if self.weight_shapes else {}
        return pulled_weights(self.kind, self.weight_shapes, own, cells, at.context)

    def weight_terms(self, at: Point, cells: Array, name: str, place: Cell) -> Iterable[WeightTerm]:
        """The products of one number of a weight, whose sum is its gradient, sample by sample; as ``pull_weights``."""
        from convcalc.layers.own_weights import stated, terms_of_weight

        wanted = stated(self.kind, self.own_weights(at), name)
        return terms_of_weight(wanted, self.weight_shapes[name], cells, place)

    def own_weights(self, at: Point) -> dict[str, OwnWeight]:  # noqa: ARG002 - those have none
        """Its weights of which each output cell has one number; a kind with such weights states their slopes."""
        return {}

    def reaches(self, marks: Sequence[Array]) -> Array:
        """Which output cells depend on a marked input cell, for any numbers, (*output_shape).

        ``marks``: of one sample of each input, (*input_shape), true or false.
        """
        found = marks[0]
        for each in marks[1:]:
            found = found | each
        return found

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - a kind that has some does more than this
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,
    ) -> Explanation:
        """The explanation of one output cell, which must exist. Of ``context`` only the dtype counts."""
        from convcalc.layers.numbers import alike

        dtype, arrays = alike([each[sample] for each in inputs], context.dtype)
        return self.explained(cell, tuple(self.terms(arrays, cell)), dtype)

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:
        """The explanation of a cell from its terms: here their sum."""
        from convcalc.layers.numbers import explained_sum

        return explained_sum(cell, terms, dtype)

    def terms(self, arrays: Sequence[Array], cell: Cell) -> Iterable[Term]:
        """The terms of a cell; ``arrays``: one sample of each input, (*input_shape), in one number type."""
        raise NotImplementedError

    def tracer(
        self, inputs: Sequence[Array], values: Values, sample: int = 0, context: Context = STANDARD
    ) -> Callable[[Cell], Explanation]:
        """A function that traces many cells of a sample; shared values are prepared only once."""
        return lambda cell: self.trace(inputs, values, cell, sample, context)


def need_spatial(kind: str, input_shape: Shape) -> tuple[int, ...]:
    """The spatial size of an input that has one.

    Raises:
        GeometryError: it has features only.
    """
    if len(input_shape) < 2:
        raise GeometryError(
            f"{kind} needs spatial axes, its input has {counted(input_shape[0], 'feature')}",
            hint="put it before flatten",
        )
    for number, size in enumerate(input_shape[1:]):
        if size < 1:
            raise GeometryError(f"the input has no cells on axis {number}", field="input")
    return input_shape[1:]


def group_range(channels: range, here: int, there: int, groups: int) -> range:
    """The channels on one side in the groups of some channels on the other; ``here``, ``there``: their numbers.

    >>> group_range(range(1, 2), here=4, there=6, groups=2)
    range(0, 3)
    """
    if not channels:
        return range(0)
    first, last = (each // (here // groups) for each in (channels[0], channels[-1]))
    return range(first * (there // groups), (last + 1) * (there // groups))
