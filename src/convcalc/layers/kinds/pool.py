"""What all pools share: each channel by itself, windows on every axis, and padding that holds no values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from convcalc.geometry.axis import Axes
from convcalc.geometry.boundary import Boundary
from convcalc.geometry.pooling import Pads, taps_inside
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Layer, Settings, Shape
from convcalc.tracing.explanation import Cell, Term, tap_label

if TYPE_CHECKING:
    from convcalc.arrays import Array

Place = tuple[tuple[int, ...], Cell]
"""The tap on each axis, and the cell that it lies upon; outside the input too."""


@dataclass(frozen=True)
class Pool(Layer):
    """A number for each window of a channel."""

    axes: Axes
    """With the cells that ``ceil_mode`` reaches over, see :func:`convcalc.geometry.pooling.pooled_axes`."""
    pads: Pads
    """The padding that was asked for, (before, after) on each axis."""

    @property
    def output_shape(self) -> Shape:
        """(channels, *output_size)."""
        return (self.channels, *self.axes.output_sizes)

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of each axis."""
        return self.axes.index_maps

    @property
    def settings(self) -> Settings:
        """What a table tells of it."""
        return {
            "kernel_size": self.axes.kernel_sizes,
            "stride": self.axes.strides,
            "padding": self.pads,
            "dilation": self.axes.dilations,
        }

    @property
    def window_cells(self) -> int:
        """Places of a window."""
        return prod(self.axes.kernel_sizes)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The windows that hold a mark."""
        from convcalc.engine.dependence import read

        return read(marks[0], self.axes, Boundary())

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """Every cell of the window that is there."""
        return [Term.at(arrays[0], place, label=tap_label(taps)) for taps, place in self.places(cell)]

    def places(self, cell: Cell) -> Iterator[Place]:
        """Every place of a window that the input has a cell at, row by row."""
        channel, *position = cell
        reads = [
            [(tap, axis.start(each) + tap * axis.dilation) for tap in taps_inside(axis, range(each, each + 1))]
            for axis, each in zip(self.axes, position, strict=True)
        ]
        for place in product(*reads):
            taps, cells = zip(*place, strict=True)
            yield taps, (channel, *cells)
