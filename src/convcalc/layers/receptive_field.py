"""Receptive fields: the cells of a network's input from the first that a cell of a layer sees to the last.

All paths to a cell count, those through the padding too. What the cells of an axis see repeats itself along the axis,
so each layer's fields follow from those of the layers below it, whatever the size of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from math import floor, lcm
from typing import Any, NamedTuple, TypeVar

from convcalc.geometry.reading import Reading
from convcalc.geometry.sight import MOST_PHASES, Place, Sight, least, most
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
Sights = tuple[Sight, ...]
"""Of one axis, for the paths of each jump; only an add joins several."""


class View(NamedTuple):
    """What the cells of a layer's output see of the network's input."""

    axes: tuple[Sights, ...]
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
        return not any(sight.advance for sights in self.axes for sight in sights)

    def whole(self) -> View:
        """What all cells see together, of a single cell."""
        axes = _each(_together, zip(self.axes, self.sizes, strict=True))
        return View(tuple(axes), (1,) * len(self.sizes), self.is_flat)

    def _field(self, sights: Sights, size: int) -> ReceptiveField:
        jump = None if self.is_flat else sights[0].jump
        return ReceptiveField(_widest(sights, size), jump)


def view_of_input(shape: Shape) -> View:
    """Each cell sees itself."""
    return View(((Sight((0,), (0,), 1),),) * (len(shape) - 1), shape[1:])


def view_through(layer: Layer, below: Sequence[View]) -> View:
    """What the cells of a layer see, from what those of its inputs do."""
    view = below[0] if len(below) == 1 else _union(below)
    if view.is_flat:
        is_mixed = len(layer.window_channels(range(1))) > 1  # such as a linear layer: every feature sees all
        return view.whole() if is_mixed else view
    if len(layer.readings) < len(view.axes):
        return view._replace(is_flat=True)
    axes = _each(_through, zip(view.axes, layer.readings, strict=True))
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


def _through(sights: Sights, reading: Reading) -> Sights:
    return tuple(sight.through(reading) for sight in sights)


def _by_jump(*inputs: Sights) -> Sights:
    """Paths of the same jump joined."""
    sights = [sight for each in inputs for sight in each]
    if lcm(*(sight.period for sight in sights)) > MOST_PHASES:
        sights = [sight.levelled() for sight in sights]
    found: dict[tuple[int, Place], Sight] = {}
    for sight in sights:
        key = (sight.period, sight.advance)
        found[key] = found[key].joined(sight) if key in found else sight
    return tuple(found.values())


def _widest(sights: Sights, size: int) -> int:
    """The most that a cell of an axis sees."""
    cells = range(min(sights[0].period, size)) if len(sights) == 1 else _ends(sights, size)
    spans = [
        (least(sight.first(cell) for sight in sights), most(sight.last(cell) for sight in sights)) for cell in cells
    ]
    return max((floor(last - first) + 1 for first, last in spans if first is not None and last is not None), default=0)


def _together(sights: Sights, size: int) -> Sights:
    """What all cells of an axis see, for each of them."""
    cells = _ends(sights, size)
    first = least(sight.first(cell) for sight in sights for cell in cells)
    last = most(sight.last(cell) for sight in sights for cell in cells)
    return (Sight((first,), (last,), 0),)


def _ends(sights: Sights, size: int) -> Sequence[int]:
    """The first cells of an axis and the last ones: between them what paths of several jumps see grows evenly."""
    period = lcm(*(sight.period for sight in sights))
    return (*range(min(period, size)), *range(max(period, size - period), size))
