"""What a run of one axis does to frequencies in Hz, where the sampling rate is known."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.arrays import Array, are_finite, in_floats
from convcalc.kernels.response import apart, response_of
from convcalc.numerals import nearest_float
from convcalc.problem import Problem
from convcalc.report.blocks import Role, Sentence, Span
from convcalc.report.kernel.response import band_text
from convcalc.report.text import number_text

_MOST = 3  # kernels that are described
_MOST_TAPS = 20_000
_LABEL = "frequencies   "


def frequency_blocks(problem: Problem) -> Iterator[Sentence]:
    """Of the first kernels the frequencies that pass, in Hz; nothing where the sampling rate is not known."""
    axis = problem.labels.channels.axis
    if problem.rank != 1 or axis is None or axis.hertz is None:
        return
    for number, (name, taps) in enumerate(_distinct(problem)):
        said = f"{name} at {number_text(axis.hertz)} samples a second, " if name else ""
        [curve] = response_of(taps).curves
        text = f"{said}{band_text(curve, (0,), 1, axis.hertz)}"
        yield Sentence((Span(_LABEL, Role.LABEL), Span(text)), len(_LABEL), space_before=not number)


def _distinct(problem: Problem) -> Iterator[tuple[str, Array]]:
    """The name and the taps (taps,) of each kernel that is the same on all its channels, as far apart as applied."""
    [axis] = problem.axes
    seen: list[Array] = []
    for number, planes in enumerate(problem.weight[: 4 * _MOST]):
        taps = in_floats(planes[0]) * nearest_float(problem.scale[number])
        if (planes != planes[0]).any() or not are_finite(taps) or axis.reach > _MOST_TAPS:
            continue
        if any((taps == each).all() for each in seen):
            continue
        seen.append(taps)
        yield (problem.labels.kernels[number] if problem.labels.kernels else ""), apart(taps, axis.dilation)
        if len(seen) == _MOST:
            return
