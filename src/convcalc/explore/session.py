"""A session: what was asked for, what is looked at and what came before; every change makes a new one or is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.arrays import plain
from convcalc.context import Context
from convcalc.errors import ConvcalcError, UsageError
from convcalc.explore.desk import Desk, Past
from convcalc.explore.look import Look, Pane, at_the_middle, first_look, fitted
from convcalc.explore.numbers import with_number
from convcalc.explore.scene import Scene, scene_of
from convcalc.explore.settings import stepped
from convcalc.layers.network import INPUT, Network
from convcalc.request.edited import (
    Changes,
    Layer,
    with_changes,
    with_flags_baked,
    with_input,
    with_weight,
)
from convcalc.request.kernel_library import library_of
from convcalc.request.request import Request

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.explainer import ExplainedCell
    from convcalc.layers.uses import Uses
    from convcalc.numerals import Number

_LONG = 100_000_000  # multiplications and additions that are seen as a pause


@dataclass(frozen=True, eq=False)
class Session:
    """What is explored."""

    desk: Desk
    words: Request
    """What is asked for, as it would be saved."""
    scene: Scene
    look: Look
    past: tuple[Past, ...] = ()

    # What is seen ----------------------------------------------------------------------------------------------

    @cached_property
    def explained(self) -> ExplainedCell:
        """Why the picked output cell is what it is."""
        return self.scene.explained(self.look.output)

    @cached_property
    def uses(self) -> Uses:
        """What the picked input cell does; raises as :meth:`Scene.uses` does."""
        return self.scene.uses(self.look.input)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of all layers."""
        return tuple(stage.name for stage in self.scene.network.stages)

    @property
    def samples(self) -> int:
        """How many there are."""
        tensor = self.scene.network.tensor
        return len(tensor.cells) if tensor else 1

    def is_long(self, number: int) -> bool:
        """Whether the layers before another one take a moment, as far as they are not computed yet."""
        network = self.scene.network
        missing = [each for each in network.needed(number)[:-1] if each not in self.scene.below]
        return sum(network.stages[each].layer.work.macs for each in missing) > _LONG

    # What is looked at -----------------------------------------------------------------------------------------

    def looking(self, look: Look) -> Session:
        """The same numbers, looked at elsewhere; raises where a layer cannot be computed."""
        scene = self.scene
        if (look.number, look.sample) != (scene.number, scene.sample):
            kept = {} if look.sample != scene.sample else dict(scene.below)
            if look.sample == scene.sample and scene.shown.is_whole and not scene.is_alone:
                kept[scene.number] = scene.shown.whole
            scene = scene_of(scene.network, look.number, look.sample, scene.context, kept)
        return replace(self, scene=scene, look=fitted(look, scene))

    def picked(self, pane: Pane, cell: tuple[int, ...]) -> Session:
        """The cursor on a cell of a pane; one beyond its end stays at the end."""
        shape = {
            Pane.INPUT: self.scene.input_shape,
            Pane.KERNEL: self.scene.taps,
            Pane.OUTPUT: self.scene.output_shape,
        }[pane]
        inside = tuple(max(0, min(place, size - 1)) for place, size in zip(cell, shape, strict=True))
        return replace(self, look=self.look.at(pane, inside))

    def entered(self, pane: Pane) -> Session:
        """The cursor in another pane: in the input at first in the middle of the window that was lit."""
        cell = self.look.cell(pane)
        if pane is Pane.INPUT and not self.look.is_inverse:
            cell = self._middle_of_window() or cell
        return self.picked(pane, cell)

    def _middle_of_window(self) -> tuple[int, ...] | None:
        """Of the input cells in the channel that is shown, of which the picked output cell is made."""
        terms = (term for term in self.explained.explanation.terms if term.cell is not None and term.source == 0)
        cells = [
            term.cell for term in terms if term.cell and (len(term.cell) < 2 or term.cell[0] == self.look.input[0])
        ]
        return cells[len(cells) // 2] if cells else None

    def at_layer(self, number: int) -> Session:
        """Another layer, its first cells."""
        number = max(0, min(number, len(self.layers) - 1))
        found = self.looking(first_look(number, self.look.sample))
        return replace(found, look=at_the_middle(found.look, found.scene, self.look.pane))

    def at_sample(self, sample: int) -> Session:
        """Another sample."""
        return self.looking(replace(self.look, sample=max(0, min(sample, self.samples - 1))))

    # What is changed -------------------------------------------------------------------------------------------

    def changed(self, changes: Changes) -> Session:
        """Fields of the layer, or of the convolution, that say something else.

        Raises:
            ConvcalcError: they cannot, and nothing is changed.
        """
        return self._with(self._said({**changes, **self._axes}), self.look.number)

    @property
    def _axes(self) -> Changes:
        """What keeps another kernel from making other axes of the input spatial."""
        return {"dims": len(self.scene.taps)} if self.scene.is_alone else {}

    @property
    def _layer(self) -> Layer:
        return Layer(self.look.number, self.scene.stage.name)

    def _said(self, changes: Changes) -> Request:
        """The words with changes of the layer that is looked at."""
        return with_changes(self.words, self._layer, changes, self.desk.context) if changes else self.words

    def stepped(self, name: str, step: int) -> Session:
        """A setting one step on or back, of several the next that fits; raises as :meth:`changed` does."""
        refused: ConvcalcError | None = None
        for changes in stepped(self.scene, name, step):
            try:
                return self.changed(changes)
            except ConvcalcError as error:
                refused = refused or error
        assert refused is not None
        raise refused

    def with_kernel(self, name: str) -> Session:
        """Another kernel, by its name; raises as :meth:`changed` does."""
        self.desk.library.find(name)
        return self.changed({"kernel": name})

    def with_value(self, number: Number) -> Session:
        """Another number under the cursor, in the input or in the kernel.

        Raises:
            UsageError: the cursor is on a cell that is computed.
            ConvcalcError: the number does not go with the others.
        """
        if not self.is_editable:
            raise UsageError("this cell is computed", hint="the input and the kernel can be edited: tab goes there")
        return self._with_input(number) if self.look.pane is Pane.INPUT else self._with_weight(number)

    def _with_input(self, number: Number) -> Session:
        tensor = self.scene.network.tensor
        assert tensor is not None  # a session has numbers
        cells = with_number(tensor.cells, (self.look.sample, *self.look.input), number)
        words = with_input(self.words, tensor._replace(cells=cells))
        if cells.dtype == "float32" == self.scene.shown.dtype:  # as texts they would be taken for float64
            words = replace(self, words=words)._said({"dtype": "float32"})
        return self._with(words, INPUT)

    def _with_weight(self, number: Number) -> Session:
        problem = self.scene.problem
        assert problem is not None
        weight = with_number(problem.weight, self.written_weight, number)
        words = with_weight(self._said(self._axes), self._layer, problem, weight, self.desk.context)
        return self._with(words, self.look.number)

    @property
    def is_editable(self) -> bool:
        """Whether the number under the cursor is one that was given, not one that is computed."""
        if self.look.pane is Pane.KERNEL:
            return self.scene.problem is not None
        return self.look.pane is Pane.INPUT and self.scene.source == INPUT

    @property
    def value(self) -> Number:
        """The number under the cursor of the input or of the kernel."""
        if self.look.pane is Pane.INPUT:
            return self.scene.input_value(self.look.input)
        problem = self.scene.problem
        assert problem is not None
        found: Number = plain(problem.weight[self.written_weight])
        return found

    @property
    def weight_cell(self) -> tuple[int, ...]:
        """The weight under the kernel's cursor as it lies on the input: (out_channel, channel of the group, *taps)."""
        problem = self.scene.problem
        assert problem is not None  # there is a kernel
        out_channel, in_channel = self.look.output[0], self.look.input[0]
        group = problem.group_channels(out_channel)
        return (out_channel, group.index(in_channel) if in_channel in group else 0, *self.look.tap)

    @property
    def written_weight(self) -> tuple[int, ...]:
        """The same weight as it is written: elsewhere, if the kernel is turned."""
        import numpy as np

        problem = self.scene.problem
        assert problem is not None
        numbered = np.arange(problem.weight.size).reshape(problem.weight.shape)
        found = replace(problem, weight=numbered).applied_weight[self.weight_cell]
        return tuple(map(int, np.unravel_index(int(found), problem.weight.shape)))

    def _with(self, words: Request, number: int) -> Session:
        """Other words; layers before ``number`` stay as they were computed."""
        network = self.desk.network(words)
        before, context = self.scene, self.desk.context._replace(dtype=network.dtype)
        kept: Mapping[int, Array] = {} if number == INPUT else before.below
        kept = {each: output for each, output in kept.items() if INPUT < each < number}
        scene = scene_of(network, self.look.number, self.look.sample, context, kept)
        scene.output_value((0,) * len(scene.output_shape))  # what an engine refuses shows before anything is changed
        past = (*self.past, Past(self.words, self.look))
        return replace(self, words=words, scene=scene, look=fitted(self.look, scene), past=past)

    def undone(self) -> Session:
        """What there was before the last change.

        Raises:
            UsageError: nothing was changed.
        """
        if not self.past:
            raise UsageError("nothing was changed", hint="u takes back changes of numbers, kernel and settings")
        *past, last = self.past
        network = self.desk.network(last.words)
        context = self.desk.context._replace(dtype=network.dtype)
        scene = scene_of(network, last.look.number, last.look.sample, context)
        return replace(self, words=last.words, scene=scene, look=fitted(last.look, scene), past=tuple(past))

    # What is kept ----------------------------------------------------------------------------------------------

    def saved(self, path: str, *, force: bool = False) -> str:
        """Write the problem as a file; what was written, in words.

        Raises:
            OutputError: the file exists, or cannot be written.
            UsageError: it is a model, which no problem file holds.
        """
        from convcalc.files.whole_file import write_lines
        from convcalc.files.yaml_writer import yaml_text
        from convcalc.request.document import document

        folder = Path(path).absolute().parent
        write_lines(path, [yaml_text(document(self.words, folder))], force=force)
        return f"saved {path}: convcalc run {path}"


def open_session(words: Request, network: Network, context: Context, number: int) -> Session:
    """The session of a request and its network, whose input has numbers, at the middle of a layer's output.

    Raises:
        ConvcalcError: a layer cannot be computed.
    """
    assert network.tensor is not None  # it has numbers
    words = with_flags_baked(words, network, context)
    context = context._replace(library=library_of(context))  # which holds what it has read
    desk = Desk(context, network.tensor)
    scene = scene_of(network, number, 0, context)
    return Session(desk, words, scene, at_the_middle(first_look(number), scene, Pane.OUTPUT))
