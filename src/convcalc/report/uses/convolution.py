"""The report of what an input cell does: the output cells that it reaches, its weight and its part in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any

from convcalc.arrays import plain
from convcalc.problem import Problem
from convcalc.report.array_data import array_data
from convcalc.report.arrays.grids import hidden_planes, plane_grids
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Report, Role, Sentence, Span, say
from convcalc.report.number_data import number_data
from convcalc.report.text import axis_names, listed, number_text
from convcalc.report.trace.convolution import setting_blocks
from convcalc.report.uses.adjoint import CONVOLUTION, adjoint_blocks, adjoint_data
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.tracing.adjoint import Adjoint
    from convcalc.tracing.uses import Uses

_MOST_CHANNELS = 4  # output channels that are shown
_DIGITS = 10  # of sums
_MOST_LISTED = 8  # positions that are listed where they are not evenly spaced


def uses_report(problem: Problem, uses: Uses | None, checked: Adjoint | None) -> Report:
    """What one input cell does, and whether the transposed convolution is the adjoint; at least one of the two."""
    return Report(
        blocks=tuple(_blocks(problem, uses, checked)),
        data=lambda: _data(uses, checked),
        rows=lambda: _rows(problem, uses),
        handout=lambda: (*setting_blocks(problem), *_blocks(problem, uses, checked)),
    )


def _blocks(problem: Problem, uses: Uses | None, checked: Adjoint | None) -> Iterator[Block]:
    if uses is not None:
        yield from _heading(problem, uses)
        if uses.count:
            yield from _grids(problem, uses)
            yield from _remarks(problem, uses)
    if checked is not None:
        yield from adjoint_blocks(checked, CONVOLUTION, space_before=uses is not None)


def _heading(problem: Problem, uses: Uses) -> Iterator[Block]:
    names = axis_names(problem.rank)
    told = ", ".join(f"{name} {index}" for name, index in zip(names, uses.position, strict=True))
    sample = f"sample {uses.sample}, " if problem.batch > 1 else ""
    yield Sentence(
        (
            Span(value_text(problem, uses), Role.TITLE),
            Span(f"   {sample}channel {uses.channel}, {told}", Role.LABEL),
        )
    )
    reach = reach_text(problem, uses)
    if not uses.count:
        yield say(f"{reach}: no window reads it", Role.LABEL)
        return
    where = ", ".join(f"{name}{_numbers(each)}" for name, each in zip(names, uses.positions, strict=True))
    channels = f"channel{_numbers(uses.out_channels)}, " if problem.out_channels > 1 else ""
    yield say(f"{reach}: {channels}{where}", Role.LABEL)


def value_text(problem: Problem, uses: Uses) -> str:
    """The input cell with its value."""
    samples = (uses.sample,) if problem.batch > 1 else ()
    place = ", ".join(map(str, (*samples, uses.channel, *uses.position)))
    return f"input[{place}] = {number_text(uses.value, _DIGITS)}"


def reach_text(problem: Problem, uses: Uses) -> str:
    """How much of the output the input cell reaches."""
    cells = problem.out_channels * prod(problem.output_size)
    return f"reaches {uses.count:,} of {counted(cells, 'output cell')}"


def _numbers(places: Sequence[int]) -> str:
    """Places as a reader counts them: one, a range, a range in steps, or a list."""
    if len(places) == 1:
        return f" {places[0]}"
    steps = {after - before for before, after in pairwise(places)}
    if len(steps) == 1:
        step = f" in steps of {places[1] - places[0]}" if steps != {1} else ""
        return f"s {places[0]} to {places[-1]}{step}"
    if len(places) > _MOST_LISTED:
        return f"s {', '.join(map(str, places[: _MOST_LISTED - 1]))}, … and {places[-1]}"
    return f"s {listed(list(map(str, places)))}"


def _grids(problem: Problem, uses: Uses) -> Iterator[Block]:
    """For each output channel the weights × the value = the contributions, at the output positions."""
    sign = Span(f"× {number_text(uses.value, _DIGITS)} =")
    for number, channel in enumerate(uses.out_channels[:_MOST_CHANNELS]):
        where = f", output channel {channel}" if problem.out_channels > 1 else ""
        weights, contributions = (
            plane_grids(f"{name}{where}", array[number], labels=uses.positions)
            for name, array in (("weights", uses.weights), ("contributions", uses.contributions))
        )
        for left, right in zip(weights, contributions, strict=True):
            yield Flow((left, sign, right))
        hidden = hidden_planes(uses.weights[number])
        if hidden:
            yield say(f"{counted(hidden, 'more slice')} not shown", Role.LABEL)
    rest = len(uses.out_channels) - _MOST_CHANNELS
    if rest > 0:
        yield say(f"{counted(rest, 'more output channel')} not shown; --format csv has all", Role.LABEL)


def _remarks(problem: Problem, uses: Uses) -> Iterator[Block]:
    moves = [
        f"{name} {cell} is also read as {name}{_numbers(tuple(image for image in images if image != cell))}"
        for name, cell, images in zip(axis_names(problem.rank), uses.position, uses.images, strict=True)
        if len(images) > 1
    ]
    if moves:
        yield say(f"(boundary {problem.boundary}: {', '.join(moves)})", Role.NOTE, indent=1)
    total = number_text(uses.total, _DIGITS)
    yield Sentence(
        (
            Span("total   ", Role.LABEL),
            Span(f"weights {total}", Role.TOTAL),
            Span(f": were the cell larger by 1, the output as a whole would change by {total}"),
        ),
        8,
        space_before=True,
    )


def _data(uses: Uses | None, checked: Adjoint | None) -> dict[str, Any]:
    document: dict[str, Any] = {"schema": f"convcalc.uses/{SCHEMA_VERSION}"}
    if uses is not None:
        document |= {
            "batch": uses.sample,
            "channel": uses.channel,
            "position": list(uses.position),
            "value": number_data(uses.value),
            "images": [list(each) for each in uses.images],
            "out_channels": list(uses.out_channels),
            "positions": [list(each) for each in uses.positions],
            "taps": [[list(taps) for taps in axis] for axis in uses.taps],
            "weights": array_data(uses.weights),
            "contributions": array_data(uses.contributions),
            "total_weight": number_data(uses.total),
        }
    if checked is not None:
        document["adjoint"] = adjoint_data(checked, "conv_x_z", "x_conv_t_z")
    return document


def _rows(problem: Problem, uses: Uses | None) -> Iterator[Iterable[Any]]:
    """One row for each output cell that is reached."""
    axes = range(problem.rank)
    yield (
        "batch", "in_channel", *(f"cell_{axis}" for axis in axes), "channel", *(f"position_{axis}" for axis in axes),
        "weight", "value", "contribution",
    )  # fmt: skip
    if uses is None:
        return
    for number, channel in enumerate(uses.out_channels):
        for place in product(*(range(len(each)) for each in uses.positions)):
            position = (each[index] for each, index in zip(uses.positions, place, strict=True))
            weight, part = (plain(array[(number, *place)]) for array in (uses.weights, uses.contributions))
            yield (uses.sample, uses.channel, *uses.position, channel, *position, weight, uses.value, part)
