"""The report of the uses of an input cell: the cells of every layer that it reaches, with its weight in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice, pairwise
from math import prod
from typing import TYPE_CHECKING

from convcalc.arrays import Array
from convcalc.geometry.reached_positions import images
from convcalc.layers.adjoint import CellOfAdjoint, at_cell
from convcalc.layers.kinds.convolution import Convolution
from convcalc.report.arrays.grids import hidden_planes, plane_grids
from convcalc.report.blocks import Block, Flow, Grid, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.cell_names import cell_text, place_text, spans_text
from convcalc.report.headline import reading_blocks
from convcalc.report.network.data import cut_notes
from convcalc.report.text import listed, number_text
from convcalc.report.trace.convolution import DIGITS, setting_blocks, sum_of_products
from convcalc.report.uses.adjoint import not_linear, verdict_blocks
from convcalc.report.uses.data import uses_data, uses_rows
from convcalc.wording import axis_names, counted, shape_text

if TYPE_CHECKING:
    from convcalc.layers.uses import Uses
    from convcalc.tracing.adjoint import Adjoint

_MOST_CHANNELS = 4  # of the output that are shown
_MOST_LISTED = 8  # positions that are listed where they are not evenly spaced


def uses_report(uses: Uses, checked: Adjoint | None = None) -> Report:
    """The uses of one input cell: in a single convolution, or in all layers on the way to one of a network.

    ``checked``: the adjoint identity of the layers, for several layers with the adjoint of z at the cell.
    """
    blocks = tuple(_blocks(uses, checked))
    return Report(
        blocks=blocks,
        data=lambda: uses_data(uses, checked),
        rows=lambda: uses_rows(uses, checked),
        notes=cut_notes(uses.network),
        handout=lambda: (*_setting(uses), *blocks),
    )


def _setting(uses: Uses) -> Iterator[Block]:
    if uses.network.is_convolution and uses.stage.problem is not None:
        yield from setting_blocks(uses.stage.problem)
    else:
        yield say(uses.network.title or "What an input cell of a network does", Role.TITLE)


def _blocks(uses: Uses, checked: Adjoint | None) -> Iterator[Block]:
    yield from reading_blocks(uses.network.channels)
    is_alone = uses.network.is_convolution
    sample = uses.sample if uses.samples > 1 else None
    shape = "" if is_alone else f" of {shape_text(uses.network.input_shape)}"
    yield Sentence(
        (
            Span(value_text(uses), Role.TITLE),
            Span(f"   {place_text(uses.cell, sample)}{shape}", Role.LABEL),
        )
    )
    yield from map(note, cut_notes(uses.network))
    yield say(f"{reach_text(uses)}{_where(uses)}", Role.LABEL)
    if uses.steps and not is_alone:
        yield _table(uses)
    if uses.count:
        yield from _grids(uses)
        yield from _total_of_convolution(uses) if is_alone else _remarks(uses)
    if checked is not None:
        yield from verdict_blocks(uses.network, checked, space_before=True)
        if uses.count and not is_alone:
            yield from _cell_of_adjoint(uses, at_cell(checked, uses))


def value_text(uses: Uses) -> str:
    """The input cell with its value."""
    name = cell_text(uses.source, uses.cell)
    if uses.network.is_convolution:
        samples = (uses.sample,) if uses.samples > 1 else ()
        name = f"{uses.source}[{', '.join(map(str, (*samples, *uses.cell)))}]"
    return f"{name} = {number_text(uses.value, DIGITS)}"


def reach_text(uses: Uses) -> str:
    """The share of the output that the input cell reaches."""
    cells = prod(uses.stage.layer.output_shape)
    if uses.network.is_convolution:
        return f"reaches {uses.count:,} of {counted(cells, 'output cell')}"
    if not uses.count:
        return f"reaches no cell of {uses.stage.name}"
    return f"can reach {uses.count:,} of {counted(cells, 'cell')} of {uses.stage.name}"


def _where(uses: Uses) -> str:
    """The cells in words; of several layers empty, since a table has them."""
    if not uses.count:
        return ": no window reads it"
    if not uses.network.is_convolution:
        return ""
    channels, *positions = uses.places
    names = axis_names(len(positions))
    ranges = [f"{name}{_numbers(each)}" for name, each in zip(names, positions, strict=True)]
    first = [f"channel{_numbers(channels)}"] if _has_channels(uses) else []
    return f": {', '.join((*first, *ranges))}"


def _has_channels(uses: Uses) -> bool:
    return uses.stage.layer.output_shape[0] > 1


def _numbers(places: Sequence[int]) -> str:
    """Places in words: one, a range, a range in steps, or a list."""
    if len(places) == 1:
        return f" {places[0]}"
    steps = {after - before for before, after in pairwise(places)}
    if len(steps) == 1:
        step = f" in steps of {places[1] - places[0]}" if steps != {1} else ""
        return f"s {places[0]} to {places[-1]}{step}"
    if len(places) > _MOST_LISTED:
        return f"s {', '.join(map(str, places[: _MOST_LISTED - 1]))}, … and {places[-1]}"
    return f"s {listed(list(map(str, places)))}"


def _table(uses: Uses) -> Table:
    columns = ("layer", "region", "cells", "not 0", "sum of weights")
    return Table(columns, tuple(map(_row, uses.steps)), numeric=columns[2:])


def _row(step: Uses) -> tuple[Span, ...]:
    shape = step.stage.layer.output_shape
    return (
        Span(step.stage.name),
        Span(spans_text(step.places, shape)),
        Span(f"{step.count:,} of {prod(shape):,}"),
        Span(f"{int((step.weights != 0).sum()):,}"),
        Span(number_text(step.total)),
    )


def _grids(uses: Uses) -> Iterator[Block]:
    """The weights at the cells, channel by channel; of one linear layer each × the value = its part in them."""
    weights = _planes(uses, "weights" if uses.network.is_convolution else "path weights", uses.weights)
    is_spatial = len(uses.places) > 1
    hidden = hidden_planes(uses.weights[0]) if is_spatial else 0
    if uses.is_direct:
        sign = Span(f"× {number_text(uses.value, DIGITS)} =")
        parts = _planes(uses, "contributions", uses.contributions)
        for left, right in zip(weights, parts, strict=True):
            yield from (Flow((one, sign, other)) for one, other in zip(left, right, strict=True))
            if hidden:
                yield say(f"{counted(hidden, 'more slice')} not shown", Role.LABEL)
    else:
        yield Flow(tuple(chain(*weights)))
    rest = len(uses.places[0]) - _MOST_CHANNELS if is_spatial else 0
    if rest > 0:
        what = "more output channel" if uses.network.is_convolution else "more channel"
        yield say(f"{counted(rest, what)} not shown; --format csv has all", Role.LABEL)
    if hidden and not uses.is_direct:
        yield say(f"{counted(hidden, 'more slice')} of each channel not shown", Role.LABEL)


def _planes(uses: Uses, word: str, values: Array) -> Iterator[list[Grid]]:
    """Values, (*places), at the cells that are reached, of the channels that are shown; features are one row."""
    name, (channels, *positions) = uses.stage.name, uses.places
    if not positions:
        yield [*plane_grids(f"{word}, {name}", values, labels=uses.places)]
        return
    for channel, each in islice(zip(channels, values, strict=True), _MOST_CHANNELS):
        where = f", {name} channel {channel}"
        if uses.network.is_convolution:
            where = f", output channel {channel}" if _has_channels(uses) else ""
        yield [*plane_grids(f"{word}{where}", each, labels=positions)]


def _total_of_convolution(uses: Uses) -> Iterator[Block]:
    """The boundary's copies of the cell, and the sum of its weights."""
    layer = uses.stage.layer
    assert isinstance(layer, Convolution)
    boundary, names = layer.geometry.boundary, axis_names(layer.rank)
    copies = [
        (name, cell, tuple(each for each in images(axis, boundary, cell) if each != cell))
        for name, axis, cell in zip(names, layer.axes, uses.cell[1:], strict=True)
    ]
    moves = [f"{name} {cell} is also read as {name}{_numbers(others)}" for name, cell, others in copies if others]
    if moves:
        yield say(f"(boundary {boundary}: {', '.join(moves)})", Role.NOTE, indent=1)
    total = number_text(uses.total, DIGITS)
    yield Sentence(
        (
            Span("total   ", Role.LABEL),
            Span(f"weights {total}", Role.TOTAL),
            Span(f": were the cell larger by 1, the output as a whole would change by {total}"),
        ),
        8,
        space_before=True,
    )


def _remarks(uses: Uses) -> Iterator[Block]:
    """The meaning of the sum, and that it holds only at this input where layers are not linear."""
    value, active = number_text(uses.total, DIGITS), uses.active
    at_first = ", at first" if active else ""
    yield say(f"a cell larger by 1 adds {value} to {uses.stage.name} as a whole{at_first}", Role.LABEL)
    if active:
        yield not_linear(active, "these weights hold at this input, for small changes of the cell")
    for step in uses.steps:
        if step.stopped:
            of = f"{step.stopped:,} of {step.ahead:,} cells of {step.stage.name} ({step.stage.layer.kind})"
            yield note(f"{of} whose input changes do not change")


def _cell_of_adjoint(uses: Uses, found: CellOfAdjoint) -> Iterator[Block]:
    """The adjoint at the cell: z at the cells that it reaches, times the weights of the paths there."""
    yield Flow(tuple(chain(*_planes(uses, "z", found.z))))
    arrays = (found.products, uses.weights, found.z)
    yield sum_of_products("path weights × z", arrays, found.total, space_before=True)
    place = f"A^T z at {cell_text(uses.source, uses.cell)}, {number_text(found.value, DIGITS)}"
    if found.is_finite:
        yield say(f"equals {place}", Role.GOOD) if found.holds else say(f"differs from {place}", Role.BAD)
