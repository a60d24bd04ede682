"""Signals of one axis as curves beneath the grids: what the layer gets with the window marked, and what it gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrays import Array
from convcalc.channels import SampleAxis, places_of
from convcalc.explore.look import Pane
from convcalc.explore.plane import Plane
from convcalc.render.boxes import ROUNDED
from convcalc.render.curves import plot_lines
from convcalc.report.plot import Plot, aligned

if TYPE_CHECKING:
    from convcalc.explore.session import Session
    from convcalc.render.lines import Line

_SIGNAL = 2  # axes of a signal: channels, samples
_FEWEST = 13  # samples of which a curve says more than a row of numbers
_MOST = 1 << 16  # of an output that is computed whole to be drawn


def curve_lines(session: Session, found: Sequence[Plane], width: int) -> list[Line]:
    """The curves of the channels that are shown in the planes; none where input and output are no signals."""
    plots = list(_plots(session, {plane.pane: plane for plane in found}))
    return [line for plot in aligned(plots) for line in plot_lines(plot, width, ROUNDED)]


def _plots(session: Session, planes: dict[Pane, Plane]) -> Iterator[Plot]:
    scene = session.scene
    if len(scene.input_shape) == _SIGNAL and scene.input_shape[1] >= _FEWEST:
        samples = scene.inputs[0][scene.first, session.look.input[0]]
        yield from _curve(planes[Pane.INPUT], samples, scene.network.sample_axis(scene.source))
    if len(scene.output_shape) == _SIGNAL and _FEWEST <= scene.output_shape[1] <= _MOST and scene.shown.is_whole:
        samples = scene.shown.whole[scene.first, session.look.output[0]]
        yield from _curve(planes[Pane.OUTPUT], samples, scene.network.sample_axis(scene.number))


def _curve(plane: Plane, samples: Array, axis: SampleAxis | None) -> Iterator[Plot]:
    """The curve of samples (samples,), with what is lit in the plane marked, or where its cursor is."""
    from convcalc.report.arrays.curves import is_drawable, plot_of, span_of, title_of

    if not is_drawable(samples):
        return
    places = places_of(axis, len(samples))
    lit = [column for _, column in plane.lit if 0 <= column < len(samples)] or [plane.cursor[1]]
    first, last = (float(places[int(np.clip(each, 0, len(samples) - 1))]) for each in (min(lit), max(lit)))
    marks = {"place": first} if first == last else {"window": (first, last)}
    yield plot_of(plane.title, samples, places, span_of(places), title_of(axis), **marks)
