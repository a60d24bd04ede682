"""The report of what an input cell does to a network: the cells that it reaches in every layer, and its weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product
from math import prod
from typing import Any, NamedTuple

from convcalc.arrays import cells, total
from convcalc.geometry.boundary import Number
from convcalc.layers.paths import Reached
from convcalc.layers.stack import Stack
from convcalc.layers.step import Cell
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Grid, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.data import array_data, number_data
from convcalc.report.grids import hidden_planes, plane_grids
from convcalc.report.places import cell_text, place_text, spans_text
from convcalc.report.text import listed, number_text, safe_text
from convcalc.wording import counted, shape_text

_DIGITS = 10
_MOST_CHANNELS = 4


class NetworkUses(NamedTuple):
    """What an input cell does to the layers of a network."""

    stack: Stack
    cell: Cell
    """(channel, *position) of the input, or (feature,)."""
    sample: int | None
    """Which sample of several; None: there is one."""
    value: Number
    rows: tuple[Reached, ...]
    """Every layer that it reaches on the way to the last one."""
    last: int
    """The layer that is shown in full."""
    active: tuple[int, ...]
    """Layers on the way whose slopes depend on the input."""

    @property
    def shown(self) -> Reached | None:
        """What it does to the last layer; None: it does not reach it."""
        return next((row for row in self.rows if row.number == self.last), None)


def stack_uses_report(uses: NetworkUses) -> Report:
    """Which cells of each layer an input cell reaches, and with what weight."""
    blocks = tuple(_blocks(uses))
    setting = say(uses.stack.title or "What an input cell of a network does", Role.TITLE)
    return Report(
        blocks=blocks,
        data=lambda: _data(uses),
        rows=lambda: _rows(uses),
        handout=lambda: (setting, *blocks),
    )


def _blocks(uses: NetworkUses) -> Iterator[Block]:
    yield Sentence(
        (
            Span(f"{cell_text('input', uses.cell)} = {number_text(uses.value, _DIGITS)}", Role.TITLE),
            Span(f"   {place_text(uses.cell, uses.sample)} of {shape_text(uses.stack.input_shape)}", Role.LABEL),
        )
    )
    name = uses.stack.stages[uses.last].name
    found = uses.shown
    if found is None:
        yield say(f"reaches no cell of {name}: no window reads it", Role.LABEL)
    else:
        every = counted(prod(uses.stack.shape_of(uses.last)), "cell")
        yield say(f"can reach {found.cells:,} of {every} of {name}", Role.LABEL)
    if uses.rows:
        yield _table(uses)
    if found is not None:
        yield from _grids(uses, found)
        yield from _remarks(uses, found)


def _table(uses: NetworkUses) -> Table:
    columns = ("layer", "region", "cells", "not 0", "sum of weights")
    return Table(columns, tuple(_row(uses, row) for row in uses.rows), numeric=columns[2:])


def _row(uses: NetworkUses, row: Reached) -> tuple[Span, ...]:
    stage = uses.stack.stages[row.number]
    return (
        Span(stage.name),
        Span(spans_text(row.box, stage.layer.output_shape)),
        Span(f"{row.cells:,} of {prod(stage.layer.output_shape):,}"),
        Span(f"{int((row.weights != 0).sum()):,}"),
        Span(number_text(total(row.weights))),
    )


def _grids(uses: NetworkUses, found: Reached) -> Iterator[Block]:
    """The path weights at the cells of the last layer, channel by channel."""
    name = uses.stack.stages[uses.last].name
    if len(found.box) == 1:
        yield Flow(tuple(plane_grids(f"path weights, {name}", found.weights, labels=found.box)))
        return
    grids: list[Grid] = []
    for channel, weights in islice(zip(found.box[0], found.weights, strict=True), _MOST_CHANNELS):
        grids += plane_grids(f"path weights, {name} channel {channel}", weights, labels=found.box[1:])
    yield Flow(tuple(grids))
    rest = len(found.box[0]) - _MOST_CHANNELS
    if rest > 0:
        yield say(f"{counted(rest, 'more channel')} not shown; --format csv has all", Role.LABEL)
    hidden = hidden_planes(found.weights[0])
    if hidden:
        yield say(f"{counted(hidden, 'more slice')} of each channel not shown", Role.LABEL)


def _remarks(uses: NetworkUses, found: Reached) -> Iterator[Block]:
    """What the sum means, and that it holds at this input alone where layers are not linear."""
    value = number_text(total(found.weights), _DIGITS)
    name = uses.stack.stages[uses.last].name
    yield say(f"a cell larger by 1 adds {value} to {name} as a whole{', at first' if uses.active else ''}", Role.LABEL)
    if uses.active:
        names = listed([uses.stack.stages[number].name for number in uses.active])
        verb = "is" if len(uses.active) == 1 else "are"
        yield note(f"{names} {verb} not linear: these weights hold at this input, for small changes of the cell")
        yield from map(note, _stopped(uses))


def _stopped(uses: NetworkUses) -> Iterator[str]:
    """Where a layer that is not linear stops paths: ReLU that cuts, a maximum that another cell won."""
    for row in uses.rows:
        stage = uses.stack.stages[row.number]
        if row.stopped:
            of = f"{row.stopped:,} of {row.ahead:,} cells of {stage.name} ({stage.layer.kind})"
            yield f"{of} whose input changes do not change"


def _data(uses: NetworkUses) -> dict[str, Any]:
    return {
        "schema": f"convcalc.stack-uses/{SCHEMA_VERSION}",
        "title": uses.stack.title,
        "batch": uses.sample or 0,
        "cell": list(uses.cell),
        "value": number_data(uses.value),
        "layers": [_layer_data(uses, row) for row in uses.rows],
        "layer": uses.stack.stages[uses.last].name,
        "weights": None if uses.shown is None else array_data(uses.shown.weights),
    }


def _layer_data(uses: NetworkUses, row: Reached) -> dict[str, Any]:
    stage = uses.stack.stages[row.number]
    return {
        "name": stage.name,
        "kind": stage.layer.kind,
        "is_linear": stage.layer.is_linear,
        "region": [[each.start, each.stop - 1] for each in row.box],
        "cells": row.cells,
        "not_zero": int((row.weights != 0).sum()),
        "total_weight": number_data(total(row.weights)),
    }


def _rows(uses: NetworkUses) -> Iterator[Iterable[Any]]:
    """One row for each cell of the last layer that is reached."""
    yield ("batch", "cell", "layer", "channel", "position", "weight")
    found = uses.shown
    if found is None:
        return
    name, cell = safe_text(uses.stack.stages[uses.last].name), ",".join(map(str, uses.cell))
    for place, (inside, weight) in zip(product(*found.box), cells(found.weights), strict=True):
        if found.marks[inside]:
            yield (uses.sample or 0, cell, name, place[0], ",".join(map(str, place[1:])), weight)
