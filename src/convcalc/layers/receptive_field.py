"""Receptive fields: the cells of a network's input from the first that a cell of a layer sees to the last.

All paths to a cell count, those through the padding too. What the cells of an axis see repeats itself along the axis,
so each layer's fields follow from those of the layers below it, whatever the size of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from math import floor, lcm
from typing import Any, NamedTuple, TypeVar

from convcalc.geometry.receptive_axis import MOST_PHASES, IndexMap, Place, ReceptiveAxis, least, most
from convcalc.layers.layer import Layer, Shape


class ReceptiveField(NamedTuple):
    """The receptive field of a cell on one axis of the network's input, the padding included.

    Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill (2019).
    """

    size: int
    """Input cells from the first that it sees by any path to the last, both counted; where that varies, the most."""
    jump: Fraction | None
    """Input cells from what one cell sees to what its neighbour sees; None where cells lie on no axis any more."""


ReceptiveFields = tuple[ReceptiveField, ...]
"""One for each spatial axis of the input."""


Found = TypeVar("Found")
ReceptiveAxes = tuple[ReceptiveAxis, ...]
"""Of one axis, for the paths of each jump; only an add joins several."""


class View(NamedTuple):
    """What the cells of a layer's output see of the network's input."""

    axes: tuple[ReceptiveAxes, ...]
    """For each spatial axis of the input."""
    sizes: tuple[int, ...]
    """Cells on each axis."""
    is_flat: bool = False
    """Whether the cells are features now, which lie on no axis any more."""

    @property
    def fields(self) -> ReceptiveFields:
        """The receptive field on each axis."""
        return tuple(_each(self._field, zip(self.axes, self.sizes, strict=True)))

    @property
    def is_same(self) -> bool:
        """Whether all cells see the same."""
        return not any(receptive_axis.advance for receptive_axes in self.axes for receptive_axis in receptive_axes)

    def whole(self) -> View:
        """What all cells see together, of a single cell."""
        axes = _each(_together, zip(self.axes, self.sizes, strict=True))
        return View(tuple(axes), (1,) * len(self.sizes), self.is_flat)

    def _field(self, receptive_axes: ReceptiveAxes, size: int) -> ReceptiveField:
        jump = None if self.is_flat else receptive_axes[0].jump
        return ReceptiveField(_widest(receptive_axes, size), jump)


def view_of_input(shape: Shape) -> View:
    """Each cell sees itself."""
    return View(((ReceptiveAxis((0,), (0,), 1),),) * (len(shape) - 1), shape[1:])


def view_through(layer: Layer, below: Sequence[View]) -> View:
    """What the cells of a layer see, from what those of its inputs do."""
    view = below[0] if len(below) == 1 else _union(below)
    if view.is_flat:
        is_mixed = bool(layer.window_channels(range(1))[1:])  # such as a linear layer: every feature sees all
        return view.whole() if is_mixed else view
    if len(layer.index_maps) < len(view.axes):
        return view._replace(is_flat=True)
    axes = _each(_through, zip(view.axes, layer.index_maps, strict=True))
    return View(tuple(axes), layer.output_shape[1:])


def _union(views: Sequence[View]) -> View:
    """What is seen by way of any input of an add; of features whose inputs had other shapes, what all see together."""
    shapes = {view.sizes for view in views if not view.is_same}
    if len(shapes) > 1:
        views, shapes = [view.whole() for view in views], set()
    axes = _each(_by_jump, zip(*(view.axes for view in views), strict=True))
    return View(tuple(axes), shapes.pop() if shapes else views[0].sizes, views[0].is_flat)


def _each(work: Callable[..., Found], axes: Iterable[tuple[Any, ...]]) -> Iterator[Found]:
    """What comes of every axis; most are like the one before, and not gone through again."""
    known: dict[tuple[Any, ...], Found] = {}
    for axis in axes:
        if axis not in known:
            known[axis] = work(*axis)
        yield known[axis]


def _through(receptive_axes: ReceptiveAxes, index_map: IndexMap) -> ReceptiveAxes:
    return tuple(receptive_axis.through(index_map) for receptive_axis in receptive_axes)


def _by_jump(*inputs: ReceptiveAxes) -> ReceptiveAxes:
    """Paths of the same jump joined."""
    receptive_axes = [receptive_axis for each in inputs for receptive_axis in each]
    if lcm(*(receptive_axis.period for receptive_axis in receptive_axes)) > MOST_PHASES:
        receptive_axes = [receptive_axis.levelled() for receptive_axis in receptive_axes]
    found: dict[tuple[int, Place], ReceptiveAxis] = {}
    for receptive_axis in receptive_axes:
        key = (receptive_axis.period, receptive_axis.advance)
        found[key] = found[key].joined(receptive_axis) if key in found else receptive_axis
    return tuple(found.values())


def _widest(receptive_axes: ReceptiveAxes, size: int) -> int:
    """The most that a cell of an axis sees."""
    cells = range(min(receptive_axes[0].period, size)) if len(receptive_axes) == 1 else _ends(receptive_axes, size)
    spans = [
        (
            least(receptive_axis.first(cell) for receptive_axis in receptive_axes),
            most(receptive_axis.last(cell) for receptive_axis in receptive_axes),
        )
        for cell in cells
    ]
    return max((floor(last - first) + 1 for first, last in spans if first is not None and last is not None), default=0)


def _together(receptive_axes: ReceptiveAxes, size: int) -> ReceptiveAxes:
    """What all cells of an axis see, for each of them."""
    cells = _ends(receptive_axes, size)
    first = least(receptive_axis.first(cell) for receptive_axis in receptive_axes for cell in cells)
    last = most(receptive_axis.last(cell) for receptive_axis in receptive_axes for cell in cells)
    return (ReceptiveAxis((first,), (last,), 0),)


def _ends(receptive_axes: ReceptiveAxes, size: int) -> Sequence[int]:
    """The first cells of an axis and the last ones: between them what paths of several jumps see grows evenly."""
    period = lcm(*(receptive_axis.period for receptive_axis in receptive_axes))
    return (*range(min(period, size)), *range(max(period, size - period), size))
