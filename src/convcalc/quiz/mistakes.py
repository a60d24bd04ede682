"""The modelled mistakes: each makes another convolution of the asked one, or another place, whose answer is computed.

Where a mistake changes nothing, as a bias of 0 that is forgotten, it makes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from convcalc.arrays import Array, index, read_only
from convcalc.geometry.axis import Axes
from convcalc.geometry.boundary import Boundary
from convcalc.numerals import Number
from convcalc.problem import Problem
from convcalc.quiz.subject import Asked

OFF_BY_ONE = "off by one at the end of a slice"


class Changed(NamedTuple):
    """The convolution as a mistake has it, with the mistake in words."""

    words: str
    asked: Asked


class Mistake(NamedTuple):
    """A row of the table of mistakes."""

    name: str
    made: Callable[[Asked], Iterator[Changed]]
    """Every form that it takes; raises GeometryError where the kernel would not fit."""


def _turned(asked: Asked) -> Iterator[Changed]:
    geometry = asked.subject.geometry
    words = "the kernel not turned" if geometry.flip else "the kernel turned by 180°"
    turned = asked.subject.with_geometry(replace(geometry, flip=not geometry.flip))
    yield Changed(words, asked._replace(subject=turned))


def _without_padding(asked: Asked) -> Iterator[Changed]:
    if any(axis.before or axis.after for axis in asked.subject.geometry.axes):
        yield Changed("the padding forgotten", asked.with_axes(before=0, after=0))


def _padding_before_alone(asked: Asked) -> Iterator[Changed]:
    if any(axis.before and axis.after for axis in asked.subject.geometry.axes):
        yield Changed("the padding on one side alone", asked.with_axes(after=0))


def _zero_boundary(asked: Asked) -> Iterator[Changed]:
    geometry = asked.subject.geometry
    if geometry.boundary != Boundary() and any(axis.before or axis.after for axis in geometry.axes):
        zeros = asked.subject.with_geometry(replace(geometry, boundary=Boundary()))
        yield Changed("the padding read as zeros", asked._replace(subject=zeros))


def _position_exchanged(asked: Asked) -> Iterator[Changed]:
    place = asked.spot.place
    if len(place) > 1 and place[-1] != place[-2]:
        spot = asked.spot._replace(place=(*place[:-2], place[-1], place[-2]))
        yield Changed("rows and columns exchanged", asked._replace(spot=spot))


def _kernel_transposed(asked: Asked) -> Iterator[Changed]:
    """The kernel with rows and columns exchanged, its stride and padding as before."""
    subject = asked.subject
    if subject.rank < 2:
        return
    *leading, down, across = subject.geometry.axes
    axes = Axes(
        (
            *leading,
            replace(down, kernel_size=across.kernel_size),
            replace(across, kernel_size=down.kernel_size),
        )
    )
    counts = subject.geometry.counts
    size = (*counts.kernel_size[:-2], counts.kernel_size[-1], counts.kernel_size[-2])
    geometry = replace(subject.geometry, axes=axes, counts=replace(counts, kernel_size=size))
    turned = subject.with_geometry(geometry, weight=lambda problem: problem.weight.swapaxes(-1, -2))
    yield Changed("rows and columns of the kernel exchanged", asked._replace(subject=turned))


def _without_stride(asked: Asked) -> Iterator[Changed]:
    if any(axis.stride != 1 for axis in asked.subject.geometry.axes):
        yield Changed("the stride ignored", asked.with_axes(stride=1))


def _without_dilation(asked: Asked) -> Iterator[Changed]:
    if any(axis.dilation != 1 for axis in asked.subject.geometry.axes):
        yield Changed("the dilation ignored", asked.with_axes(dilation=1))


def _without_bias(asked: Asked) -> Iterator[Changed]:
    subject = asked.subject
    if not subject.geometry.counts.has_bias:
        return
    geometry = replace(subject.geometry, counts=replace(subject.geometry.counts, has_bias=False))
    bare = subject.with_geometry(geometry, bias=lambda problem: (0,) * problem.out_channels)
    yield Changed("the bias forgotten", asked._replace(subject=bare))


def _with_bias(asked: Asked) -> Iterator[Changed]:
    """Of counts alone."""
    counts = asked.subject.geometry.counts
    if not counts.has_bias:
        geometry = replace(asked.subject.geometry, counts=replace(counts, has_bias=True))
        words = "a bias counted that is not there"
        yield Changed(words, asked._replace(subject=replace(asked.subject, geometry=geometry, numbers=None)))


def _without_scale(asked: Asked) -> Iterator[Changed]:
    subject = asked.subject
    if subject.numbers is None or all(scale == 1 for scale in subject.problem.scale):
        return
    bare = subject.with_geometry(subject.geometry, scale=lambda problem: (Fraction(1),) * problem.out_channels)
    yield Changed("the scale of the kernel forgotten", asked._replace(subject=bare))


_MOST_CHANNELS = 16


def _not_summed(asked: Asked) -> Iterator[Changed]:
    """One channel of each group alone."""
    geometry, subject = asked.subject.geometry, asked.subject
    span = geometry.counts.channels_per_group
    if span == 1:
        return
    counts = replace(geometry.counts, in_channels=geometry.counts.groups)
    for channel in range(min(span, _MOST_CHANNELS)):

        def cells(problem: Problem, channel: int = channel) -> Array:
            return problem.input[:, channel::span]

        def weights(problem: Problem, channel: int = channel) -> Array:
            return problem.weight[:, channel : channel + 1]

        alone = subject.with_geometry(replace(geometry, counts=counts), input=cells, weight=weights)
        yield Changed("the channels not summed", asked._replace(subject=alone))


def _one_filter(asked: Asked) -> Iterator[Changed]:
    """The filter of another output channel, on the input channels of the asked one."""
    geometry, subject, channel = asked.subject.geometry, asked.subject, asked.spot.channel
    counts = geometry.counts
    if counts.out_channels == 1:
        return
    alone = replace(counts, in_channels=counts.channels_per_group, out_channels=1, groups=1)
    for number in range(min(counts.out_channels, _MOST_CHANNELS)):
        if number == channel:
            continue

        def cells(problem: Problem) -> Array:
            group = problem.group_channels(channel)
            return problem.input[:, group.start : group.stop]

        def weights(problem: Problem, number: int = number) -> Array:
            return problem.weight[number : number + 1]

        one = subject.with_geometry(
            replace(geometry, counts=alone),
            input=cells,
            weight=weights,
            scale=_of_one("scale", number),
            bias=_of_one("bias", number),
        )
        yield Changed("one filter taken for all", Asked(one, asked.spot._replace(channel=0)))


def _of_one(name: str, number: int) -> Callable[[Problem], tuple[Number, ...]]:
    """Takes the scale or the bias of one output channel."""
    return lambda problem: getattr(problem, name)[number : number + 1]


def _without_groups(asked: Asked) -> Iterator[Changed]:
    """Of counts alone: there are no weights for it."""
    geometry = asked.subject.geometry
    if geometry.counts.groups > 1:
        counts = replace(geometry.counts, groups=1)
        whole = replace(asked.subject, geometry=replace(geometry, counts=counts), numbers=None)
        yield Changed("the groups ignored", asked._replace(subject=whole))


def _short_window(asked: Asked) -> Iterator[Changed]:
    """The last tap of each axis left out, as by a slice that ends one too early."""
    subject = asked.subject
    sizes = subject.geometry.counts.kernel_size
    if subject.numbers is None or max(sizes) == 1:
        return

    def weights(problem: Problem) -> Array:
        kept = problem.weight.copy()
        last = 0 if problem.flip else -1
        for axis, size in enumerate(sizes, start=2):
            if size > 1:
                kept[index(*(slice(None),) * axis, last)] = 0
        return read_only(kept)

    short = subject.with_geometry(subject.geometry, weight=weights)
    yield Changed(OFF_BY_ONE, asked._replace(subject=short))


MISTAKES = {
    mistake.name: mistake
    for mistake in (
        Mistake("kernel-turned", _turned),
        Mistake("padding-forgotten", _without_padding),
        Mistake("padding-on-one-side", _padding_before_alone),
        Mistake("padding-read-as-zeros", _zero_boundary),
        Mistake("position-exchanged", _position_exchanged),
        Mistake("kernel-exchanged", _kernel_transposed),
        Mistake("stride-ignored", _without_stride),
        Mistake("dilation-ignored", _without_dilation),
        Mistake("bias-forgotten", _without_bias),
        Mistake("bias-added", _with_bias),
        Mistake("scale-forgotten", _without_scale),
        Mistake("channels-not-summed", _not_summed),
        Mistake("one-filter", _one_filter),
        Mistake("groups-ignored", _without_groups),
        Mistake("slice-too-short", _short_window),
    )
}
"""The table of mistakes; a kind of question names those that can be made with it."""
