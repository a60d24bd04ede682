"""What a question is about: one convolution of a network with its numbers, and a place in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from convcalc.errors import FieldError
from convcalc.geometry.axis import Axes
from convcalc.geometry.convolution import Geometry
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.problem import Problem

IndexMaps = tuple[tuple[IndexMap, ...], ...]


@dataclass(frozen=True, eq=False)
class Subject:
    """A convolution, perhaps without numbers; a mistake is another subject, made from it."""

    name: str
    """The layer's, in a network of several; otherwise empty."""
    geometry: Geometry
    numbers: Callable[[], Problem] | None = None
    """Computes its input, and reads its weights; None: only its shapes are known."""
    path: IndexMaps = ()
    """For each layer from the input to this one the index maps of its axes; empty where it is no single path."""

    @cached_property
    def problem(self) -> Problem:
        """The convolution with its numbers.

        Raises:
            FieldError: only its shapes are known.
            ConvcalcError: its weights cannot be read.
        """
        if self.numbers is None:
            raise FieldError("there are no numbers, only shapes")
        return self.numbers()

    @property
    def rank(self) -> int:
        """Spatial axes."""
        return len(self.geometry.axes)

    def with_geometry(self, geometry: Geometry, **arrays: Callable[[Problem], Any]) -> Subject:
        """The same convolution with another geometry, and with arrays that are made of its own when they are needed."""
        if self.numbers is None:
            return replace(self, geometry=geometry)

        def numbers() -> Problem:
            problem = self.problem
            return replace(problem, geometry=geometry, **{name: make(problem) for name, make in arrays.items()})

        return replace(self, geometry=geometry, numbers=numbers)

    def with_axes(self, **settings: int) -> Subject:
        """The same convolution with these settings on every axis.

        Raises:
            GeometryError: the kernel does not fit.
        """
        axes = Axes(replace(axis, **settings) for axis in self.geometry.axes)
        return self.with_geometry(replace(self.geometry, axes=axes))


class Spot(NamedTuple):
    """What a question is about within a convolution; a kind of question uses some of it."""

    place: tuple[int, ...] = ()
    """A cell on the spatial axes, of the output or of the input."""
    channel: int = 0
    """An output channel, or filter."""
    sample: int = 0
    axis: int = 0
    planes: tuple[int, int] = (0, 0)
    """Two planes of a filter."""
    target: int = 0
    """A wanted output size."""


class Asked(NamedTuple):
    """A convolution and a place in it."""

    subject: Subject
    spot: Spot

    def with_axes(self, **settings: int) -> Asked:
        """Of the convolution with these settings on every axis; raises as :meth:`Subject.with_axes`."""
        return self._replace(subject=self.subject.with_axes(**settings))
