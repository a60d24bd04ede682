"""The uses of an input cell as JSON and CSV: of a single convolution each cell, of several layers each layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

from convcalc.arrays import cells, plain
from convcalc.geometry.reached_positions import images, reached
from convcalc.layers.adjoint import at_cell
from convcalc.layers.kinds.convolution import Convolution
from convcalc.report.array_data import array_data
from convcalc.report.blocks import SCHEMA_VERSION
from convcalc.report.network.data import computed_of, stopped_at
from convcalc.report.number_data import number_data
from convcalc.report.uses.adjoint import adjoint_data
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from convcalc.layers.uses import Uses
    from convcalc.tracing.adjoint import Adjoint


def uses_data(uses: Uses, checked: Adjoint | None) -> dict[str, Any]:
    """The document, with every weight."""
    is_alone = uses.network.is_convolution
    document = _of_convolution(uses) if is_alone else _of_layers(uses)
    if checked is not None:
        document["adjoint"] = adjoint_data(uses.network, checked)
        if not is_alone:
            found = at_cell(checked, uses)
            document["adjoint"] |= {
                "z": array_data(found.z) if uses.count else None,
                "weights_z": number_data(found.total),
                "a_t_z": number_data(found.value),
                "equal": found.holds,
            }
    return document


def _of_convolution(uses: Uses) -> dict[str, Any]:
    layer = uses.stage.layer
    assert isinstance(layer, Convolution)
    axes = [(axis, layer.geometry.boundary, each) for axis, each in zip(layer.axes, uses.cell[1:], strict=True)]
    return {
        "schema": f"convcalc.uses/{SCHEMA_VERSION}",
        "batch": uses.sample,
        "channel": uses.cell[0],
        "position": list(uses.cell[1:]),
        "value": number_data(uses.value),
        "images": [list(images(*each)) for each in axes],
        "out_channels": list(uses.places[0]),
        "positions": [list(each) for each in uses.places[1:]],
        "taps": [[list(taps) for taps in reached(*each).values()] for each in axes],
        "weights": array_data(uses.weights),
        "contributions": array_data(uses.contributions),
        "total_weight": number_data(uses.total),
    }


def _of_layers(uses: Uses) -> dict[str, Any]:
    return {
        "schema": f"convcalc.network-uses/{SCHEMA_VERSION}",
        "title": uses.network.title,
        "stopped_at": stopped_at(uses.network),
        "computed": computed_of(uses.network),
        "input": uses.source,
        "batch": uses.sample,
        "cell": list(uses.cell),
        "value": number_data(uses.value),
        "layers": [_of_layer(step) for step in uses.steps],
        "layer": uses.stage.name,
        "weights": array_data(uses.weights) if uses.count else None,
    }


def _of_layer(step: Uses) -> dict[str, Any]:
    return {
        "name": step.stage.name,
        "kind": step.stage.layer.kind,
        "is_linear": step.stage.layer.is_linear,
        "region": [[each[0], each[-1]] for each in step.places],
        "cells": step.count,
        "not_zero": int((step.weights != 0).sum()),
        "total_weight": number_data(step.total),
    }


def uses_rows(uses: Uses, checked: Adjoint | None) -> Iterator[Iterable[Any]]:
    """One row for each output cell that is reached."""
    yield from _rows_of_convolution(uses) if uses.network.is_convolution else _rows_of_layers(uses, checked)


def _rows_of_convolution(uses: Uses) -> Iterator[Iterable[Any]]:
    axes = range(len(uses.places) - 1)
    yield (
        "batch", "in_channel", *(f"cell_{axis}" for axis in axes), "channel", *(f"position_{axis}" for axis in axes),
        "weight", "value", "contribution",
    )  # fmt: skip
    parts = uses.contributions
    for place, (inside, weight) in zip(product(*uses.places), cells(uses.weights), strict=True):
        yield (uses.sample, *uses.cell, *place, weight, uses.value, plain(parts[inside]))


def _rows_of_layers(uses: Uses, checked: Adjoint | None) -> Iterator[Iterable[Any]]:
    """With an adjoint z too, and its part in the adjoint at the cell."""
    found = None if checked is None else at_cell(checked, uses)
    yield ("batch", "cell", "layer", "channel", "position", "weight", *(("z", "product") if found else ()))
    name, cell = safe_text(uses.stage.name), ",".join(map(str, uses.cell))
    for place, (inside, weight) in zip(product(*uses.places), cells(uses.weights), strict=True):
        if uses.marks[inside]:
            more = (plain(found.z[inside]), plain(found.products[inside])) if found else ()
            yield (uses.sample, cell, name, place[0], ",".join(map(str, place[1:])), weight, *more)
