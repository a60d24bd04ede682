"""A network: layers one upon the other, each on the output of the one before or of those that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, TypeVar

from convcalc.errors import ConvcalcError, FieldError, FieldPath, Place, UnknownNameError
from convcalc.layers.layer import PLAINLY, Box, How, Layer, Shape, Values
from convcalc.layers.receptive_field import ReceptiveFields, view_of_input, view_through

if TYPE_CHECKING:
    from convcalc.arrays import Array

Held = TypeVar("Held")

_COPIES = 3  # of an output while it is made

INPUT = -1
"""Stands for the input of the network where a layer's number is asked for."""


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """A layer in its place in a network."""

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    """The layers whose outputs it takes, by their number; :data:`INPUT` is the input of the network."""
    read: Callable[[], Values] | None = None
    """Reads the numbers of its weights, checked; None: the file has none."""
    place: Callable[[FieldPath, bool], Place] | None = None
    """Finds where a file tells of a field of it, or of the field's key; only an error needs it."""

    def values(self) -> Values:
        """The numbers of its weights.

        Raises:
            FieldError: it needs some and has none.
            ConvcalcError: they cannot be read, or are of another shape.
        """
        with self._placing():
            if self.read is not None:
                return self.read()
            if self.layer.weight_shapes or self.layer.buffer_shapes:
                raise FieldError(
                    f"{self.layer.kind} has no weights, only shapes",
                    hint="give its weight, a file of weights, or weights: {random: 0}",
                )
            return {}

    def compute(self, inputs: Sequence[Array], how: How = PLAINLY) -> Array:
        """The output of the layer with the numbers of its weights, (batch, *output_shape).

        Raises:
            ConvcalcError: it has no weights, or the numbers do not go with each other.
            LimitError: its output needs more memory than may be used.
        """
        with self._placing():
            self._check_memory(inputs, how)
        values = self.values()
        with self._placing():
            return self.layer.compute(inputs, values, how)

    def _check_memory(self, inputs: Sequence[Array], how: How) -> None:
        from convcalc.limits import Limits

        if not self.layer.plans_memory:
            numbers = _COPIES * len(inputs[0]) * prod(self.layer.output_shape)
            Limits.check_large(numbers * max(each.itemsize for each in inputs), "its output", how.limits)

    def push(self, inputs: Sequence[Array], tangents: Sequence[Array], how: How = PLAINLY) -> Array:
        """The derivative of its output along tangents of its inputs, see :meth:`Layer.push`; raises as compute does."""
        values = self.values()
        with self._placing():
            return self.layer.push(inputs, values, tangents, how)

    def keeping(self) -> Stage:
        """The same layer, which reads its weights once at most and keeps them."""
        return self if self.read is None else replace(self, read=cache(self.read))

    @contextmanager
    def _placing(self) -> Iterator[None]:
        """Says of an error which layer it is about, and where that is written."""
        try:
            yield
        except ConvcalcError as error:
            error.message = f"{self.name}: {error.message}"
            if error.place is None and self.place is not None:
                error.place = self.place(error.field, error.at_key)
            raise


@dataclass(frozen=True, eq=False, slots=True)
class Stack:
    """A network; holding one proves that all shapes meet. Layers come after those that they take."""

    input_shape: Shape
    """(channels, *spatial) of one sample."""
    stages: tuple[Stage, ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    """What was converted or left out on the way from the file."""

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(stage.layer.parameters for stage in self.stages)

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

    def keeping(self, numbers: Collection[int]) -> Stack:
        """The same network, some layers of which keep their weights once these are read."""
        stages = (stage.keeping() if number in numbers else stage for number, stage in enumerate(self.stages))
        return replace(self, stages=tuple(stages))

    def outputs(
        self, cells: Array, how: How = PLAINLY, wanted: Collection[int] | None = None
    ) -> Iterator[tuple[int, Array]]:
        """The number and the output, (batch, *output_shape), of every layer that the wanted ones need, in turn.

        ``cells``: (batch, *input_shape). ``wanted``: layers by their number; None stands for the last one. An output is
        let go once no layer needs it any more, so whoever wants to keep it keeps it. Layers that are not needed are
        passed over, and their weights not read.

        Raises:
            ConvcalcError: a layer has no weights, or the numbers do not go with each other.
        """
        return self.carried(cells, lambda stage, inputs: stage.compute(inputs, how), wanted)

    def carried(
        self, start: Held, make: Callable[[Stage, list[Held]], Held], wanted: Collection[int] | None = None
    ) -> Iterator[tuple[int, Held]]:
        """What every layer makes of what those that it takes have made, from ``start`` at the input of the network.

        In turn, of the wanted layers and those that they need; each is let go once no layer needs it any more.
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

    def fields(self, number: int) -> ReceptiveFields:
        """The receptive field of a layer's cells on each spatial axis of the input."""
        return next(islice(self.every_field(), number, None))

    def every_field(self) -> Iterator[ReceptiveFields]:
        """The receptive fields of all layers, in turn, each from what the layers below it see."""
        views = {INPUT: view_of_input(self.input_shape)}
        for number, stage in enumerate(self.stages):
            views[number] = view_through(stage.layer, [views[each] for each in stage.inputs])
            yield views[number].fields

    def windows(self, number: int, box: Box) -> dict[int, Box]:
        """The cells of every layer below, and of the input, that a block of a layer's output depends on.

        Cells of the padding are left out; where two paths meet it is the smallest block that holds both.
        """
        found = {number: box}
        for each in reversed(self.needed(number)):
            seen = self.stages[each].layer.window(found[each])
            for below in self.stages[each].inputs:
                inside = _clipped(seen, self.shape_of(below))
                found[below] = _hull(found[below], inside) if below in found else inside
        return found


def _clipped(box: Box, shape: Shape) -> Box:
    return tuple(range(max(cells.start, 0), min(cells.stop, size)) for cells, size in zip(box, shape, strict=True))


def _hull(one: Sequence[range], other: Sequence[range]) -> Box:
    """The smallest block that holds both; an empty one holds nothing."""
    if not all(one) or not all(other):
        return tuple(one if all(one) else other)
    return tuple(range(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
