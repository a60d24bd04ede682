"""The figures of a network as data: for JSON and YAML records, for CSV rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from convcalc.layers.costs import Convention, Tally
from convcalc.layers.layer import Settings
from convcalc.layers.network import Network
from convcalc.report.blocks import SCHEMA_VERSION
from convcalc.report.network.data import shared_data, sharing_notes, stopped_at
from convcalc.wording import safe_text


class Totals(NamedTuple):
    """Of all layers."""

    parameters: int
    """A tensor that several share counted once."""
    macs: int
    activation_bytes: int
    """Of all outputs in float32."""


def totals_of(rows: Sequence[Tally]) -> Totals:
    """The sums over all layers."""
    figures = [(row.new_parameters, row.macs, row.activation_bytes) for row in rows]
    return Totals(*(map(sum, zip(*figures, strict=True)) if figures else (0, 0, 0)))


def ratio(part: int, whole: int) -> float:
    """The part as a share of the whole; nothing has no shares."""
    return part / whole if whole else 0.0


def jumps_of(row: Tally) -> list[Fraction]:
    """The jumps on the axes that have one."""
    return [field.jump for field in row.fields if field.jump is not None]


def summary_data(network: Network, rows: Sequence[Tally], convention: Convention) -> dict[str, Any]:
    """A record for each layer, the totals, and how they were counted."""
    totals = totals_of(rows)
    return {
        "schema": f"convcalc.summary/{SCHEMA_VERSION}",
        "title": network.title,
        "input_shape": [convention.batch, *network.input_shape],
        "convention": {
            "count_bias": convention.count_bias,
            "transposed_by": convention.transposed_by,
            "activation_dtype": "float32",
        },
        "layers": [
            _record(row) | {"inputs": _inputs(network, number)} | _shares(row, totals)
            for number, row in enumerate(rows)
        ],
        "totals": totals._asdict(),
        "shared": shared_data(network),
        "stopped_at": stopped_at(network),
        "notes": [*network.notes, *sharing_notes(network)],
    }


def _record(row: Tally) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.layer.kind,
        "output_shape": list(row.output_shape),
        **_settings(row.layer.settings),
        "parameters": row.parameters,
        "shared_parameters": row.repeated,
        "macs": row.macs,
        "activation_bytes": row.activation_bytes,
        "receptive_field": [field.size for field in row.fields],
        "jump": [jump.numerator if jump.denominator == 1 else str(jump) for jump in jumps_of(row)],
    }


def _settings(said: Settings) -> dict[str, Any]:
    """All of them; a list is empty where a kind has no such argument."""
    return {
        "kernel_size": list(said.get("kernel_size", ())),
        "stride": list(said.get("stride", ())),
        "padding": [list(pair) for pair in said.get("padding", ())],
        "dilation": list(said.get("dilation", ())),
        "output_padding": list(said.get("output_padding", ())),
        "groups": said.get("groups", 1),
        "scale_factor": list(said.get("scale_factor", ())),
    }


def _inputs(network: Network, number: int) -> list[str]:
    """The layers below; the input of the network has no name."""
    return [network.stages[each].name for each in network.stages[number].inputs if each >= 0]


def _shares(row: Tally, totals: Totals) -> dict[str, float]:
    return {
        "parameter_share": ratio(row.new_parameters, totals.parameters),
        "mac_share": ratio(row.macs, totals.macs),
    }


def summary_rows(rows: Sequence[Tally]) -> Iterator[Iterable[Any]]:
    """One row for each layer."""
    header = (
        "name", "kind", "output_shape", "kernel_size", "stride", "padding", "dilation", "output_padding", "groups",
        "scale_factor", "parameters", "macs", "activation_bytes", "receptive_field", "jump", "parameter_share",
        "mac_share", "shared_parameters",
    )  # fmt: skip
    yield header
    totals = totals_of(rows)
    for row in rows:
        record = _record(row) | {"name": safe_text(row.name)} | _shares(row, totals)
        yield tuple(_in_a_cell(record[name]) for name in header)


def _in_a_cell(value: Any) -> Any:
    """A list with an x between its entries, those of two numbers with a + between these.

    >>> _in_a_cell([3, 3]), _in_a_cell([[0, 1], [2, 2]])
    ('3x3', '0+1x2+2')
    """
    if not isinstance(value, list):
        return value
    return "x".join("+".join(map(str, each)) if isinstance(each, list) else str(each) for each in value)
