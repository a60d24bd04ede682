"""Receptive fields: the cells of a network's input from the first to the last that a cell of a layer depends on.

All paths to a cell count, also those through the padding. The receptive fields repeat periodically along an axis, so
each layer's follow from those of the layers below it, for any size of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from math import floor, lcm
from typing import Any, NamedTuple, TypeVar

from convcalc.geometry.receptive_axis import MOST_PHASES, IndexMap, Place, ReceptiveAxis, least, most
from convcalc.layers.kinds.constant import Constant
from convcalc.layers.kinds.opaque import Opaque
from convcalc.layers.layer import Layer, Shape


class ReceptiveField(NamedTuple):
    """The receptive field of a cell on one axis of the network's input, the padding included.

    Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill (2019).
    """

    size: int
    """Input cells from the first to the last on any path, inclusive; where that varies, the most."""
    jump: Fraction | None
    """Input cells from one cell's receptive field to its neighbour's; None for features, which have no axis."""


ReceptiveFields = tuple[ReceptiveField, ...]
"""One for each spatial axis of the input."""


Found = TypeVar("Found")
ReceptiveAxes = tuple[ReceptiveAxis, ...]
"""Of one axis, for the paths of each jump; only an add joins several."""


class View(NamedTuple):
    """The receptive fields of a layer's output cells on the network's input."""

    axes: tuple[ReceptiveAxes, ...]
    """For each spatial axis of the input."""
    sizes: tuple[int, ...]
    """Cells on each axis."""
    is_flat: bool = False
    """Whether the cells are features, which have no axis."""
    is_known: bool = True
    """Whether there is any such answer; not behind an opaque layer that may read any cell."""

    @property
    def fields(self) -> ReceptiveFields | None:
        """The receptive field on each axis; None where it is unknown."""
        if not self.is_known:
            return None
        return tuple(_each(self._field, zip(self.axes, self.sizes, strict=True)))

    @property
    def is_same(self) -> bool:
        """Whether all cells have the same receptive field."""
        return not any(receptive_axis.advance for receptive_axes in self.axes for receptive_axis in receptive_axes)

    @property
    def middle(self) -> tuple[Fraction, Fraction] | None:
        """Of cells on one axis: the middle of the first one's receptive field, and the step to the next one's.

        None where cells have no axis or several, or the middles are unevenly spaced.
        """
        if self.is_flat or len(self.axes) != 1 or len(self.axes[0]) != 1:
            return None
        [axis] = self.axes[0]
        if len(axis.firsts) != 1 or axis.firsts[0] is None or axis.lasts[0] is None or not axis.advance:
            return None
        return (axis.firsts[0] + axis.lasts[0]) / Fraction(2), axis.jump

    def whole(self) -> View:
        """The receptive field of all cells together, as that of a single cell."""
        axes = _each(_together, zip(self.axes, self.sizes, strict=True))
        return View(tuple(axes), (1,) * len(self.sizes), self.is_flat)

    def _field(self, receptive_axes: ReceptiveAxes, size: int) -> ReceptiveField:
        jump = None if self.is_flat else receptive_axes[0].jump
        return ReceptiveField(_widest(receptive_axes, size), jump)


UNKNOWN = View((), (), is_known=False)
"""Behind an opaque layer."""


def view_of_input(shape: Shape) -> View:
    """The receptive fields of the input itself: each cell has only itself."""
    return View(((ReceptiveAxis((0,), (0,), 1),),) * (len(shape) - 1), shape[1:])


def view_through(layer: Layer, below: Sequence[View]) -> View:
    """What the cells of a layer see, from what those of its inputs do."""
    if not below or not all(each.is_known for each in below):
        return UNKNOWN
    if isinstance(layer, Constant):
        return _of_nothing(len(below[0].axes), layer.output_shape[1:])
    if isinstance(layer, Opaque):
        return _through_opaque(layer, below)
    view = below[0] if len(below) == 1 else _union(_spread(layer, below))
    if layer.is_global:
        return _everywhere(view, layer)
    if len(layer.index_maps) > len(view.axes):
        return UNKNOWN  # spatial axes that the network's input does not have
    if view.is_flat:
        is_mixed = bool(layer.window_channels(range(1))[1:])  # such as a linear layer: every feature sees all
        return view.whole() if is_mixed else view
    if len(layer.index_maps) < len(view.axes):
        return view._replace(is_flat=True) if len(layer.output_shape) == 1 else UNKNOWN
    axes = _each(_through, zip(view.axes, layer.index_maps, strict=True))
    return View(tuple(axes), layer.output_shape[1:])


def _of_nothing(axes: int, sizes: tuple[int, ...]) -> View:
    """Of cells that see no cell of the input, of so many axes."""
    is_flat = len(sizes) != axes
    return View(((ReceptiveAxis((None,), (None,), 0),),) * axes, (1,) * axes if is_flat else sizes, is_flat)


def _everywhere(view: View, layer: Layer) -> View:
    """As if each cell depended on all others."""
    sizes = layer.output_shape[1:]
    return view.whole()._replace(sizes=sizes or (1,) * len(view.axes), is_flat=len(sizes) != len(view.axes))


def _spread(layer: Layer, below: Sequence[View]) -> list[View]:
    """The views of several inputs; one whose cells are spread over an axis is the same for all of them."""
    size = layer.output_shape[1:]
    is_spread = [view.sizes != size and len(view.sizes) == len(size) and 1 in view.sizes for view in below]
    return [
        view.whole()._replace(sizes=size) if spread else view for view, spread in zip(below, is_spread, strict=True)
    ]


def _through_opaque(layer: Opaque, below: Sequence[View]) -> View:
    """Known where each cell sees what the same cells of its inputs see, or where all cells see the same."""
    size = layer.output_shape[1:]
    below = [view.whole() if set(view.sizes) == {1} != set(size) else view for view in below]  # one cell, spread out
    if all(view.is_same for view in below):
        return _union([view.whole() for view in below])._replace(is_flat=len(layer.output_shape) < 2)
    is_spread = all(view.sizes == size or view.is_same for view in below)
    is_flat = any(view.is_flat for view in below)
    return _union(below) if layer.is_pointwise and is_spread and not is_flat else UNKNOWN


def _union(views: Sequence[View]) -> View:
    """The union over the inputs of an add; for features of inputs of other shapes, the receptive field of all cells."""
    shapes = {view.sizes for view in views if not view.is_same}
    if len(shapes) > 1:
        views, shapes = [view.whole() for view in views], set()
    axes = _each(_by_jump, zip(*(view.axes for view in views), strict=True))
    return View(tuple(axes), shapes.pop() if shapes else views[0].sizes, views[0].is_flat)


def _each(work: Callable[..., Found], axes: Iterable[tuple[Any, ...]]) -> Iterator[Found]:
    """The result for every axis; axes equal to the previous one are not computed again."""
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
    """The largest receptive field of a cell of an axis."""
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
    """The receptive field of all cells of an axis together, for each of them."""
    cells = _ends(receptive_axes, size)
    first = least(receptive_axis.first(cell) for receptive_axis in receptive_axes for cell in cells)
    last = most(receptive_axis.last(cell) for receptive_axis in receptive_axes for cell in cells)
    return (ReceptiveAxis((first,), (last,), 0),)


def _ends(receptive_axes: ReceptiveAxes, size: int) -> Sequence[int]:
    """The first cells of an axis and the last ones: between them the union over several jumps grows evenly."""
    period = lcm(*(receptive_axis.period for receptive_axis in receptive_axes))
    return (*range(min(period, size)), *range(max(period, size - period), size))
