"""What is looked at: a layer, a cell of its output and one of what it gets, and which of the two was picked last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from convcalc.tracing.explanation import Cell

if TYPE_CHECKING:
    from convcalc.explore.scene import Scene
    from convcalc.layers.layer import Shape


class Pane(StrEnum):
    """One of the three grids."""

    INPUT = "input"
    KERNEL = "kernel"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Look:
    """Where the eye is; every cell is (channel, *position), or (feature,)."""

    number: int
    """The layer."""
    output: Cell
    """The cell of its output that is picked."""
    input: Cell
    """The cell of what the layer gets that is picked."""
    tap: Cell
    """The tap of the kernel under the cursor, without channels."""
    sample: int = 0
    pane: Pane = Pane.OUTPUT
    """Where the cursor is."""
    is_inverse: bool = False
    """Whether it is an input cell that is explained by what uses it, not an output cell by its window."""

    def at(self, pane: Pane, cell: Cell) -> Look:
        """The cursor on a cell of a pane, which is picked with it."""
        if pane is Pane.KERNEL:
            return replace(self, pane=pane, tap=cell, is_inverse=False)
        picked = {pane.value: cell}
        return replace(self, pane=pane, is_inverse=pane is Pane.INPUT, **picked)  # type: ignore[arg-type]

    def cell(self, pane: Pane) -> Cell:
        """The cell under the cursor of a pane."""
        return {Pane.INPUT: self.input, Pane.KERNEL: self.tap, Pane.OUTPUT: self.output}[pane]

    def within(self, input_shape: Shape, output_shape: Shape, taps: Shape) -> Look:
        """The same look at arrays of other shapes: the nearest cells that there are."""
        return replace(
            self,
            input=_nearest(self.input, input_shape),
            output=_nearest(self.output, output_shape),
            tap=_nearest(self.tap, taps),
        )


def first_look(number: int, sample: int = 0) -> Look:
    """At the first cells of a layer."""
    return Look(number, (), (), (), sample)


def _nearest(cell: Cell, shape: Shape) -> Cell:
    if len(cell) != len(shape):
        return (0,) * len(shape)
    return tuple(min(place, size - 1) for place, size in zip(cell, shape, strict=True))


def at_the_middle(look: Look, scene: Scene, pane: Pane) -> Look:
    """The middle of the first output channel picked, the cursor in a pane that there is."""
    middle = tuple(size // 2 for size in scene.output_shape[1:])
    look = look.within(scene.input_shape, scene.output_shape, scene.taps)
    look = fitted(look.at(Pane.OUTPUT, (0, *middle)), scene)
    return replace(look, pane=Pane.KERNEL) if pane is Pane.KERNEL and scene.taps else look


def fitted(look: Look, scene: Scene) -> Look:
    """The look at the cells that the scene has; of the input a channel that the picked output channel reads."""
    found = look.within(scene.input_shape, scene.output_shape, scene.taps)
    if scene.problem is None or found.is_inverse:
        return found
    group = scene.problem.group_channels(found.output[0])
    return found if found.input[0] in group else replace(found, input=(group.start, *found.input[1:]))
