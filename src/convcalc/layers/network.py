"""A network: one or more layers, each on the output of the previous one or of those that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from convcalc.channels import UNNAMED, Channels, SampleAxis
from convcalc.context import STANDARD, Context
from convcalc.display import Displayed
from convcalc.errors import FieldError, Place, UnknownNameError
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.layer import Box, Shape
from convcalc.layers.stage import Cut, Stage
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.receptive_field import ReceptiveFields, View
    from convcalc.problem import Problem

Held = TypeVar("Held")

INPUT = -1
"""The network's input, in place of a layer's number."""
INPUT_NAME = "input"
"""The network's input, in place of a layer's name; no layer has that name."""


class InputTensor(NamedTuple):
    """The numbers of a network's input."""

    cells: Array
    """(batch, *input_shape)."""
    name: str = "input"
    """Their name, such as their file."""
    notes: tuple[str, ...] = ()
    """Conversions made while reading the file."""
    is_image: bool = False
    """Whether they come from an image."""
    channels: Channels = UNNAMED
    """Names of the channels, and where their samples stand."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Network(Displayed):
    """A network, valid by construction: all shapes are compatible, and layers come after their inputs."""

    input_shape: Shape
    """(channels, *spatial) of one sample."""
    stages: tuple[Stage, ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    """Conversions and omissions made while reading the file."""
    cut: Cut | None = None
    """Where its numbers stop, if before the output of the model that it was read from."""
    source: str = ""
    """The file, as it is called in messages."""
    dtype: str = "auto"
    """auto, exact, float32 or float64: the type to compute in."""
    tensor: InputTensor | None = None
    """The numbers of its input; None where only their shape is known."""
    number_notes: Sequence[str] = ()
    """Warnings about the weights read so far; more are added while layers run."""
    input_place: Callable[[], Place | None] = lambda: None
    """Finds where the file describes the input; only errors need it."""

    @property
    def is_convolution(self) -> bool:
        """Whether it is one convolution and nothing else."""
        return len(self.stages) == 1 and self.cut is None and isinstance(self.stages[0].layer, Convolution)

    def input(self) -> Array:
        """The numbers that go in, (batch, *input_shape), in its dtype.

        Raises:
            FieldError: only their shape is known.
        """
        if self.tensor is None:
            raise FieldError(
                f"there are no numbers to put in, only their shape {shape_text(self.input_shape)}",
                hint="name a file with --input, or write input: [[1, 2], [3, 4]]",
                place=self.input_place(),
            )
        is_ready = self.dtype not in ("float32", "float64") or self.tensor.cells.dtype == self.dtype
        if is_ready or self.stages[0].problem is not None:  # an engine converts them to floats as it needs them
            return self.tensor.cells
        from convcalc.arrays import in_floats

        return in_floats(self.tensor.cells).astype(self.dtype, copy=False)

    def problem(self, number: int, inputs: Sequence[Array], context: Context = STANDARD) -> Problem:
        """A convolution of the network as a problem on its input, (batch, *shape).

        Raises:
            ConvcalcError: its weights cannot be read, or are incompatible with its input.
        """
        from convcalc.problem import Labels

        (below,) = self.stages[number].inputs
        name = "the input" if below == INPUT else f"output of {self.stages[below].name}"
        return self.stages[number].convolution(inputs, context, Labels(input=name))

    def as_problem(self, context: Context = STANDARD) -> Network:
        """A network of one convolution with that as a problem; any other as it is.

        Raises:
            ConvcalcError: it has no numbers, or its weights cannot be read.
        """
        if not self.is_convolution or self.stages[0].problem is not None:
            return self
        from convcalc.problem import Labels

        (stage,), cells = self.stages, self.input()
        problem = stage.convolution([cells], context)
        given = self.tensor or InputTensor(problem.input)
        notes = (*given.notes, *self.notes, *self.number_notes)
        labels = Labels(self.title, given.name, (), notes, given.is_image, given.channels)
        tensor = given._replace(cells=problem.input)
        return replace(self, stages=(replace(stage, problem=replace(problem, labels=labels)),), tensor=tensor)

    @property
    def channels(self) -> Channels:
        """What is known of the input's channels."""
        return self.tensor.channels if self.tensor else UNNAMED

    @property
    def parameters(self) -> int:
        """Of all layers, a tensor that several share counted once."""
        from convcalc.layers.sharing import repeated

        return sum(stage.layer.parameters for stage in self.stages) - sum(repeated(self.stages))

    def number(self, name: str) -> int:
        """Which layer has a name.

        Raises:
            UnknownNameError: none has.
        """
        names = [stage.name for stage in self.stages]
        if name not in names:
            raise UnknownNameError("layer", name, names, field="layer")
        return names.index(name)

    def shape_of(self, number: int) -> Shape:
        """The output shape of a layer, or the shape of the input."""
        return self.input_shape if number == INPUT else self.stages[number].layer.output_shape

    def keeping(self, numbers: Collection[int]) -> Network:
        """The same network, some layers of which keep their weights once these are read."""
        stages = (stage.keeping() if number in numbers else stage for number, stage in enumerate(self.stages))
        return replace(self, stages=tuple(stages))

    def outputs(
        self, cells: Array, context: Context = STANDARD, wanted: Collection[int] | None = None
    ) -> Iterator[tuple[int, Array]]:
        """The number and the output, (batch, *output_shape), of every layer that the wanted ones need, in order.

        ``cells``: (batch, *input_shape). ``wanted``: layers by their number; None: the last one. An output is released
        once no layer needs it any more; callers keep those that they need. Layers that are not needed are skipped, and
        their weights not read.

        Raises:
            ConvcalcError: a layer has no weights, or the numbers are incompatible.
        """
        return self.carried(cells, lambda stage, inputs: stage.compute(inputs, context), wanted)

    def carried(
        self, start: Held, make: Callable[[Stage, list[Held]], Held], wanted: Collection[int] | None = None
    ) -> Iterator[tuple[int, Held]]:
        """Apply a function layer by layer to the results of each layer's inputs; ``start``: the network's input.

        In order, for the wanted layers and those that they need; each result is released once no layer needs it.
        """
        path = self.needed(*([len(self.stages) - 1] if wanted is None else wanted))
        uses = Counter(each for number in path for each in self.stages[number].inputs)
        held = {INPUT: start}
        for number in path:
            inputs = self.stages[number].inputs
            made = make(self.stages[number], [held[each] for each in inputs])
            if uses[number]:
                held[number] = made
            uses.subtract(inputs)
            for each in set(inputs):
                if not uses[each]:
                    del held[each]
            yield number, made

    def needed(self, *last: int) -> list[int]:
        """The layers that some layers depend on, and themselves, the lowest first."""
        found: set[int] = set()
        ahead = list(last)
        while ahead:
            number = ahead.pop()
            if number != INPUT and number not in found:
                found.add(number)
                ahead += self.stages[number].inputs
        return sorted(found)

    def fields(self, number: int) -> ReceptiveFields | None:
        """The receptive field of a layer's cells on each spatial axis of the input; None where it is unknown."""
        return next(islice(self.every_field(), number, None))

    def every_field(self) -> Iterator[ReceptiveFields | None]:
        """The receptive fields of all layers, in order, each from those of the layers below."""
        return (view.fields for view in self._every_view())

    def sample_axis(self, number: int) -> SampleAxis | None:
        """Where the cells of a layer's output lie on the input's axis: in the middle of their receptive fields.

        None where the input's samples have no known places, or the layer has another axis or an uneven one.
        """
        axis = self.tensor.channels.axis if self.tensor else None
        if not axis or number == INPUT:
            return axis
        middle = next(islice(self._every_view(), number, None)).middle
        if not middle:
            return None
        first, step = map(float, middle)
        return axis.thinned(first, step, self.shape_of(number)[-1])

    def _every_view(self) -> Iterator[View]:
        from convcalc.layers.receptive_field import view_of_input, view_through

        views = {INPUT: view_of_input(self.input_shape)}
        for number, stage in enumerate(self.stages):
            views[number] = view_through(stage.layer, [views[each] for each in stage.inputs])
            yield views[number]

    def windows(self, number: int, box: Box) -> dict[int, Box]:
        """The cells of every layer below, and of the input, that a block of a layer's output depends on.

        Cells of the padding are omitted; where two paths meet it is the smallest block that contains both.
        """
        found = {number: box}
        for each in reversed(self.needed(number)):
            for source, below in enumerate(self.stages[each].inputs):
                inside = _clipped(self.stages[each].layer.window(found[each], source), self.shape_of(below))
                found[below] = _hull(found[below], inside) if below in found else inside
        return found


def network_of(problem: Problem) -> Network:
    """One convolution with its numbers as a network."""
    import numpy as np

    layer, labels = Convolution(problem.input.shape[1:], problem.geometry), problem.labels
    values = {"weight": problem.weight, "scale": np.array(problem.scale, dtype=object)}
    values |= {"bias": np.array(problem.bias, dtype=object)} if problem.has_bias else {}
    stage = Stage(name_of(labels.kernels), layer, (INPUT,), lambda: values, problem=problem)
    tensor = InputTensor(problem.input, labels.input, labels.notes, labels.is_image, labels.channels)
    dtype = problem.dtype.value
    return Network(layer.input_shape, (stage,), labels.title, labels.notes, dtype=dtype, tensor=tensor)


def name_of(kernels: Iterable[str]) -> str:
    """The name of a convolution as a layer: that of its kernel, where all its kernels are the same."""
    names = {name for name in kernels if name and name != INPUT_NAME}
    return names.pop() if len(names) == 1 else Convolution.kind


def _clipped(box: Box, shape: Shape) -> Box:
    return tuple(range(max(cells.start, 0), min(cells.stop, size)) for cells, size in zip(box, shape, strict=True))


def _hull(one: Sequence[range], other: Sequence[range]) -> Box:
    """The smallest block that contains both; an empty one contains no cell."""
    if not all(one) or not all(other):
        return tuple(one if all(one) else other)
    return tuple(range(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
