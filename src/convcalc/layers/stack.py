"""A network: layers one upon the other, each on the output of the one before or of those that it names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from convcalc.errors import ConvcalcError, FieldError, FieldPath, Place, UnknownNameError
from convcalc.layers.layer import PLAINLY, Box, How, Layer, Shape, Values

if TYPE_CHECKING:
    from convcalc.arrays import Array

Held = TypeVar("Held")

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
        """
        values = self.values()
        with self._placing():
            return self.layer.compute(inputs, values, how)

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


class Field(NamedTuple):
    """The receptive field of a cell on one axis of the network's input, the padding included.

    Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill (2019).
    """

    size: int
    """Input cells from the first that it sees to the last, both counted; where that varies, the most."""
    jump: Fraction | None
    """Input cells from what one cell sees to what its neighbour sees; None where cells lie on no axis any more."""


Fields = tuple[Field, ...]
"""One for each spatial axis of the input."""
Even = tuple[tuple[int, int], ...]
"""Sizes and jumps where every window is like the one before it, one jump further."""


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
        held = {INPUT: start}
        for place, number in enumerate(path):
            stage = self.stages[number]
            held[number] = made = make(stage, [held[each] for each in stage.inputs])
            later = {each for other in path[place + 1 :] for each in self.stages[other].inputs}
            held = {each: kept for each, kept in held.items() if each in later}
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

    def fields(self, number: int) -> Fields:
        """The receptive field of a layer's cells on each spatial axis of the input."""
        cells: dict[int, Shape] = {number: (1,) * len(self.shape_of(number))}
        jumps: dict[int, tuple[Fraction, ...] | None] = {INPUT: (Fraction(1),) * (len(self.input_shape) - 1)}
        path = self.needed(number)
        for each in reversed(path):
            seen = self.stages[each].layer.widest(cells[each])
            for below in self.stages[each].inputs:
                cells[below] = tuple(map(max, seen, cells.get(below, seen)))
        for each in path:
            jumps[each] = _jump(self.stages[each].layer, jumps[self.stages[each].inputs[0]])
        found = jumps[number]
        return tuple(
            Field(size, found[axis] if found else None)
            for axis, size in enumerate(cells.get(INPUT, self.input_shape)[1:])
        )

    def every_field(self) -> Iterator[Fields]:
        """The receptive fields of all layers, in turn.

        Each follows from those below it, so that a network of 500 layers takes milliseconds. Above a transposed layer,
        a flattening one or paths of different jumps it does not, and :meth:`fields` goes down to the input.
        """
        known: dict[int, Even | None] = {INPUT: ((1, 1),) * (len(self.input_shape) - 1)}
        for number, stage in enumerate(self.stages):
            even = known[number] = _seen_through(stage.layer, [known[each] for each in stage.inputs])
            yield self.fields(number) if even is None else tuple(Field(size, Fraction(jump)) for size, jump in even)

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

    def reached(self, box: Box) -> dict[int, Box]:
        """The output cells of every layer that depend on a block of the input; layers that do not are left out."""
        found: dict[int, Box] = {INPUT: box}
        for number, stage in enumerate(self.stages):
            for below in stage.inputs:
                if below in found:
                    seen = stage.layer.reached(found[below])
                    if all(seen):
                        found[number] = _hull(found[number], seen) if number in found else seen
        return found


def _jump(layer: Layer, below: tuple[Fraction, ...] | None) -> tuple[Fraction, ...] | None:
    """The jumps above a layer; None where its output has no axes or another number of them."""
    if below is None or len(layer.readings) != len(below) or len(layer.output_shape) - 1 != len(below):
        return None
    return tuple(jump * reading.jump for jump, reading in zip(below, layer.readings, strict=True))


def _seen_through(layer: Layer, below: Sequence[Even | None]) -> Even | None:
    """The even fields above a layer; None where its windows do not follow from the size and jump of those below."""
    readings, paths = layer.readings, [each for each in below if each is not None]
    if len(paths) < len(below) or any(reading.is_transposed for reading in readings):
        return None
    if {len(readings)} != {len(layer.output_shape) - 1, *map(len, paths)}:
        return None
    if len({tuple(jump for _, jump in path) for path in paths}) > 1:
        return None
    return tuple(
        (max(size + (reading.reach - 1) * jump for size, jump in fields), fields[0][1] * reading.stride)
        for reading, *fields in zip(readings, *paths, strict=True)
    )


def _clipped(box: Box, shape: Shape) -> Box:
    return tuple(range(max(cells.start, 0), min(cells.stop, size)) for cells, size in zip(box, shape, strict=True))


def _hull(one: Sequence[range], other: Sequence[range]) -> Box:
    """The smallest block that holds both; an empty one holds nothing."""
    if not all(one) or not all(other):
        return tuple(one if all(one) else other)
    return tuple(range(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
