"""The report of what an input cell does to a network: the cells that it reaches in every layer, and its weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, product
from math import prod
from typing import Any

from convcalc.arrays import Array, cells, total
from convcalc.layers.layer import Box
from convcalc.layers.path_weights import NetworkUses, Reached
from convcalc.report.array_data import array_data
from convcalc.report.arrays.grids import hidden_planes, plane_grids
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.cell_names import cell_text, place_text, spans_text
from convcalc.report.network.data import cut_notes, stopped_at
from convcalc.report.number_data import number_data
from convcalc.report.text import listed, number_text
from convcalc.wording import counted, safe_text, shape_text

_DIGITS = 10
_MOST_CHANNELS = 4


def network_uses_report(uses: NetworkUses) -> Report:
    """Which cells of each layer an input cell reaches, and with what weight."""
    blocks = tuple(_blocks(uses))
    setting = say(uses.network.title or "What an input cell of a network does", Role.TITLE)
    return Report(
        blocks=blocks,
        data=lambda: _data(uses),
        rows=lambda: _rows(uses),
        notes=cut_notes(uses.network),
        handout=lambda: (setting, *blocks),
    )


def _blocks(uses: NetworkUses) -> Iterator[Block]:
    yield Sentence(
        (
            Span(f"{cell_text('input', uses.cell)} = {number_text(uses.value, _DIGITS)}", Role.TITLE),
            Span(f"   {place_text(uses.cell, uses.sample)} of {shape_text(uses.network.input_shape)}", Role.LABEL),
        )
    )
    yield from map(note, cut_notes(uses.network))
    name = uses.network.stages[uses.last].name
    found = uses.shown
    if found is None:
        yield say(f"reaches no cell of {name}: no window reads it", Role.LABEL)
    else:
        every = counted(prod(uses.network.shape_of(uses.last)), "cell")
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
    stage = uses.network.stages[row.number]
    return (
        Span(stage.name),
        Span(spans_text(row.box, stage.layer.output_shape)),
        Span(f"{row.cells:,} of {prod(stage.layer.output_shape):,}"),
        Span(f"{int((row.weights != 0).sum()):,}"),
        Span(number_text(total(row.weights))),
    )


def _grids(uses: NetworkUses, found: Reached) -> Iterator[Block]:
    """The path weights at the cells of the last layer, channel by channel; of one linear layer what each adds too."""
    name = uses.network.stages[uses.last].name
    if len(found.box) == 1:
        yield from _beside(uses, {name: found.weights}, found.box)
        return
    planes = islice(zip(found.box[0], found.weights, strict=True), _MOST_CHANNELS)
    yield from _beside(uses, {f"{name} channel {channel}": weights for channel, weights in planes}, found.box[1:])
    rest = len(found.box[0]) - _MOST_CHANNELS
    if rest > 0:
        yield say(f"{counted(rest, 'more channel')} not shown; --format csv has all", Role.LABEL)
    hidden = hidden_planes(found.weights[0])
    if hidden:
        yield say(f"{counted(hidden, 'more slice')} of each channel not shown", Role.LABEL)


def _beside(uses: NetworkUses, planes: Mapping[str, Array], labels: Box) -> Iterator[Flow]:
    """All planes of weights in one line, or where they are those of one layer each with its contributions."""
    titles = {name: plane_grids(f"path weights, {name}", weights, labels=labels) for name, weights in planes.items()}
    if not uses.is_direct:
        yield Flow(tuple(chain(*titles.values())))
        return
    sign = Span(f"× {number_text(uses.value, _DIGITS)} =")
    for name, grids in titles.items():
        parts = plane_grids(f"contributions, {name}", planes[name] * uses.value, labels=labels)
        for weights, contributions in zip(grids, parts, strict=True):
            yield Flow((weights, sign, contributions))


def _remarks(uses: NetworkUses, found: Reached) -> Iterator[Block]:
    """What the sum means, and that it holds at this input alone where layers are not linear."""
    value = number_text(total(found.weights), _DIGITS)
    name = uses.network.stages[uses.last].name
    yield say(f"a cell larger by 1 adds {value} to {name} as a whole{', at first' if uses.active else ''}", Role.LABEL)
    if uses.active:
        names = listed([uses.network.stages[number].name for number in uses.active])
        verb = "is" if len(uses.active) == 1 else "are"
        yield note(f"{names} {verb} not linear: these weights hold at this input, for small changes of the cell")
        yield from map(note, _stopped(uses))


def _stopped(uses: NetworkUses) -> Iterator[str]:
    """Where a layer that is not linear stops paths: ReLU that cuts, a maximum that another cell won."""
    for row in uses.rows:
        stage = uses.network.stages[row.number]
        if row.stopped:
            of = f"{row.stopped:,} of {row.ahead:,} cells of {stage.name} ({stage.layer.kind})"
            yield f"{of} whose input changes do not change"


def _data(uses: NetworkUses) -> dict[str, Any]:
    return {
        "schema": f"convcalc.network-uses/{SCHEMA_VERSION}",
        "title": uses.network.title,
        "stopped_at": stopped_at(uses.network),
        "batch": uses.sample or 0,
        "cell": list(uses.cell),
        "value": number_data(uses.value),
        "layers": [_layer_data(uses, row) for row in uses.rows],
        "layer": uses.network.stages[uses.last].name,
        "weights": None if uses.shown is None else array_data(uses.shown.weights),
    }


def _layer_data(uses: NetworkUses, row: Reached) -> dict[str, Any]:
    stage = uses.network.stages[row.number]
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
    name, cell = safe_text(uses.network.stages[uses.last].name), ",".join(map(str, uses.cell))
    for place, (inside, weight) in zip(product(*found.box), cells(found.weights), strict=True):
        if found.marks[inside]:
            yield (uses.sample or 0, cell, name, place[0], ",".join(map(str, place[1:])), weight)
