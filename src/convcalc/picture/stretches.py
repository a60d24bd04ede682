"""The samples of a signal reduced to a few hundred stretches, each with its least and largest value."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array

MOST_STRETCHES = 600
"""Stretches of a signal at most: more than a page has columns."""
_GAP = 1.5  # usual steps, beyond which a sample is missing


class Values(NamedTuple):
    """The samples of a stretch: the place of its middle, and the range of those that are finite."""

    place: float
    low: float
    high: float


def finite_range(values: Array) -> tuple[float, float] | None:
    """The least and the largest of the finite values, (samples,) of floats; None of none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def pieces_of(values: Array, places: Array) -> Iterator[list[Values]]:
    """The stretches of values (samples,) of floats at increasing places (samples,), in pieces without a hole.

    A piece ends where no sample is finite, and at a gap between places.
    """
    piece: list[Values] = []
    for stretch in _stretches(values, places):
        if stretch is not None:
            piece.append(stretch)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _stretches(values: Array, places: Array) -> Iterator[Values | None]:
    """The stretches in order; None where there is a hole."""
    each = -(-len(values) // MOST_STRETCHES)
    starts = np.arange(0, len(values), each)
    ends = np.minimum(starts + each, len(values)) - 1
    known = np.isfinite(values)
    lows = np.minimum.reduceat(np.where(known, values, np.inf), starts)
    highs = np.maximum.reduceat(np.where(known, values, -np.inf), starts)
    middles = (places[starts] + places[ends]) / 2
    numbers = zip(middles.tolist(), lows.tolist(), highs.tolist(), _gaps(places, starts), strict=True)
    for middle, low, high, gap in numbers:
        if gap or not isfinite(low):
            yield None
        if isfinite(low):
            yield Values(middle, low, high)


def _gaps(places: Array, starts: Array) -> list[bool]:
    """Whether there is a gap in or before each stretch."""
    steps = np.diff(places)
    if not steps.size:
        return [False] * len(starts)
    wide = np.concatenate([[False], steps > _GAP * np.median(steps)])
    found: list[bool] = np.logical_or.reduceat(wide, starts).tolist()
    return found
