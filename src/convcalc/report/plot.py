"""The block of a curve: the samples of a signal over its axis, as shares of the drawn area, with marks on both axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Stretch(NamedTuple):
    """One sample, or several next to each other: from the lowest to the highest; all in shares of the area."""

    across: float
    """From 0 at the left to 1 at the right."""
    low: float
    """From 0 at the bottom to 1 at the top; likewise ``high``."""
    high: float


class AxisMark(NamedTuple):
    """A number beside an axis."""

    share: float
    text: str


class Plot(NamedTuple):
    """A curve under a caption."""

    caption: str
    pieces: tuple[tuple[Stretch, ...], ...]
    """Stretches from left to right, each piece a line of its own: between them there are no samples."""
    across: tuple[AxisMark, ...]
    up: tuple[AxisMark, ...]
    """From the bottom to the top."""
    title: str
    """Of the axis from left to right, with its unit."""
    window: tuple[float, float] | None = None
    """The part of the axis that a window reads, in shares."""
    place: float | None = None
    """The share of the only sample that is meant."""
    footer: str = ""
    room: int = 0
    """The characters of the longest number on the axis upwards of all curves that are drawn above each other."""

    @property
    def words(self) -> str:
        """What is said below: the title of the axis, and the footer."""
        return "; ".join(filter(None, (self.title, self.footer)))


def aligned(plots: Sequence[Plot]) -> list[Plot]:
    """Curves above each other, their areas in the same columns."""
    room = max((len(mark.text) for plot in plots for mark in plot.up), default=0)
    return [plot._replace(room=room) for plot in plots]
