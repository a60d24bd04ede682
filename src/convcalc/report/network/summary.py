"""The report of a network: one row per layer with shape, cost and receptive field, and the totals.

Also the figures of a network as data: records for JSON and YAML, rows for CSV.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from convcalc.layers.costs import FLOAT32_BYTES, Convention, Tally, tallies
from convcalc.layers.kinds.opaque import Opaque, called
from convcalc.layers.layer import Layer, Settings
from convcalc.layers.network import Network
from convcalc.limits import bytes_text
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, note, say
from convcalc.report.network.data import computed_of, cut_notes, shared_data, sharing_notes, stopped_at
from convcalc.wording import counted, safe_text, shape_text


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
    """The part as a share of the whole; None if the whole is 0."""
    return part / whole if whole else 0.0


def jumps_of(row: Tally) -> list[Fraction]:
    """The jumps on the axes that have one."""
    return [field.jump for field in row.fields or () if field.jump is not None]


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
        "computed": computed_of(network),
        "notes": _notes(network),
    }


def _record(row: Tally) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.layer.kind,
        "operator": row.layer.operator if isinstance(row.layer, Opaque) else None,
        "computed": row.is_computed,
        "output_shape": list(row.output_shape) if row.is_shape_known else None,
        **_settings(row.layer.settings),
        "parameters": row.parameters,
        "shared_parameters": row.repeated,
        "macs": row.macs,
        "activation_bytes": row.activation_bytes,
        "receptive_field": None if row.fields is None else [field.size for field in row.fields],
        "jump": None if row.fields is None else [_fraction(jump) for jump in jumps_of(row)],
    }


def _fraction(jump: Fraction) -> int | str:
    return jump.numerator if jump.denominator == 1 else str(jump)


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


def summary_rows(network: Network, rows: Sequence[Tally]) -> Iterator[Iterable[Any]]:
    """One row for each layer; those that are not computed say where the numbers stop."""
    header = (
        "name", "kind", "output_shape", "kernel_size", "stride", "padding", "dilation", "output_padding", "groups",
        "scale_factor", "parameters", "macs", "activation_bytes", "receptive_field", "jump", "parameter_share",
        "mac_share", "shared_parameters", "operator", "computed", "stopped_at",
    )  # fmt: skip
    yield header
    totals = totals_of(rows)
    for row in rows:
        record = _record(row) | {"name": safe_text(row.name)} | _shares(row, totals)
        record["operator"] = safe_text(record["operator"] or "")
        record["stopped_at"] = "" if row.is_computed or not network.cut else safe_text(str(network.cut))
        yield tuple(_in_a_cell(record[name]) for name in header)


def _in_a_cell(value: Any) -> Any:
    """A list with an x between its entries, those of two numbers with a + between these.

    >>> _in_a_cell([3, 3]), _in_a_cell([[0, 1], [2, 2]])
    ('3x3', '0+1x2+2')
    """
    if value is None:
        return ""
    if not isinstance(value, list):
        return value
    return "x".join("+".join(map(str, each)) if isinstance(each, list) else str(each) for each in value)


_SPARE = ("% parameters", "% MACs", "bytes", "groups", "jump", "kernel", "kind", "field")
"""The columns that a narrow page omits, the least important first."""
_UNKNOWN = "?"
_NUMBERING = "0123456789-_."  # characters after the kind in a numbered name


def summary_report(network: Network, convention: Convention = Convention()) -> Report:  # noqa: B008 - a named tuple
    """The figures of every layer, counted by the convention."""
    rows = tuple(tallies(network, convention))
    return Report(
        blocks=tuple(_blocks(network, rows, convention)),
        data=lambda: summary_data(network, rows, convention),
        rows=lambda: summary_rows(network, rows),
        notes=tuple(_notes(network)),
    )


def _notes(network: Network) -> list[str]:
    return [*network.notes, *cut_notes(network), *sharing_notes(network)]


class _Column(NamedTuple):
    name: str
    cells: tuple[Span, ...]
    """One for each layer."""
    total: str = ""
    is_text: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether it is empty for this network."""
        return not any(cell.text for cell in self.cells)


def _blocks(network: Network, rows: Sequence[Tally], convention: Convention) -> Iterator[Block]:
    layers = counted(len(rows), "layer")
    shape = f"input {shape_text((*_batch(convention), *network.input_shape))}"
    yield say(network.title or f"a network of {layers}", Role.TITLE)
    yield say(f"{shape}, {layers}" if network.title else shape, Role.LABEL)
    totals = totals_of(rows)
    columns = [column for column in _columns(rows, totals, convention) if not column.is_idle]
    yield _table(columns)
    legend = _legend({column.name for column in columns}, rows, totals, convention)
    yield from (say(text, Role.LABEL) for text in legend)
    yield from map(note, _notes(network))


def _batch(convention: Convention) -> tuple[int, ...]:
    """The batch as a first axis, where there is more than one sample."""
    return (convention.batch,) if convention.batch > 1 else ()


def _table(columns: Sequence[_Column]) -> Table:
    names = tuple(column.name for column in columns)
    totals = tuple(Span(column.total, Role.TOTAL) for column in columns)
    return Table(
        names,
        (*zip(*(column.cells for column in columns), strict=True), totals),
        numeric=tuple(column.name for column in columns if not column.is_text),
        spare=tuple(name for name in _SPARE if name in names),
        has_total=True,
    )


def _columns(rows: Sequence[Tally], totals: Totals, convention: Convention) -> Iterator[_Column]:
    skipped = 1 - len(_batch(convention))
    is_plain = all(is_named_by_kind(row.name, row.layer) and row.is_computed for row in rows)
    kinds = [] if is_plain else [called(row.layer) for row in rows]
    yield _column("layer", (row.name for row in rows), "total", is_text=True)
    yield _column("kind", kinds or [""] * len(rows), is_text=True)
    yield _column("output", (_shape(row, skipped) for row in rows))
    yield _column("kernel", (kernel_text(row.layer) for row in rows), is_text=True)
    yield _column("groups", map(_groups, rows))
    yield _column("parameters", (f"{row.parameters:,}" for row in rows), f"{totals.parameters:,}")
    yield _column("MACs", (f"{row.macs:,}" for row in rows), f"{totals.macs:,}")
    yield _column("bytes", (f"{row.activation_bytes:,}" for row in rows), f"{totals.activation_bytes:,}")
    yield _column("field", map(_field, rows))
    yield _column("jump", (_each(jumps_of(row)) for row in rows))
    yield _shares_column("% parameters", [ratio(row.new_parameters, totals.parameters) for row in rows])
    yield _shares_column("% MACs", [ratio(row.macs, totals.macs) for row in rows])


def _column(name: str, texts: Iterable[str], total: str = "", *, is_text: bool = False) -> _Column:
    return _Column(name, tuple(map(Span, texts)), total, is_text)


def _shares_column(name: str, shares: Iterable[float]) -> _Column:
    """A column of bars; empty where there is no share."""
    return _Column(name, tuple(Span(_percent(share) if share else "", share=share) for share in shares))


def _percent(share: float) -> str:
    """At most four characters.

    >>> _percent(0.04567), _percent(0.4567)
    ('4.6%', '46%')
    """
    return f"{100 * share:.0f}%" if share >= 0.0995 else f"{100 * share:.1f}%"


def is_named_by_kind(name: str, layer: Layer) -> bool:
    """Whether a layer's name is only that of its kind and a number."""
    return name.rstrip(_NUMBERING) == layer.kind


def kernel_text(layer: Layer) -> str:
    """Taps, and stride and dilation where they are not 1, such as "3×3 /2"."""
    settings = layer.settings
    if "kernel_size" not in settings:
        return ""
    signs = (("/", settings["stride"]), ("d", settings["dilation"]))
    parts = [f"{sign}{_each(numbers)}" for sign, numbers in signs if set(numbers) - {1}]
    return " ".join([shape_text(settings["kernel_size"]), *parts])


def _shape(row: Tally, skipped: int) -> str:
    """The output's shape without the batch of one."""
    return shape_text(row.output_shape[skipped:]) if row.is_shape_known else _UNKNOWN


def _field(row: Tally) -> str:
    return _UNKNOWN if row.fields is None else _each([field.size for field in row.fields])


def _groups(row: Tally) -> str:
    """Their number, where there is more than one."""
    count = row.layer.settings.get("groups", 1)
    return str(count) if count > 1 else ""


def _each(numbers: Sequence[int | Fraction]) -> str:
    """Numbers of the axes: one where they are all the same.

    >>> _each([2, 2]), _each([2, 1])
    ('2', '2×1')
    """
    return "×".join(map(str, numbers[:1] if len(set(numbers)) == 1 else numbers))


def _legend(columns: set[str], rows: Sequence[Tally], totals: Totals, convention: Convention) -> Iterator[str]:
    bias = "and each addition of a bias" if convention.count_bias else "the bias not counted"
    norm = "; batch norm counts none" if any(row.layer.kind == "batch-norm" for row in rows) else ""
    of = f"of a transposed convolution by its {convention.transposed_by} cells"
    yield f"MACs: products of convolutions and linear layers, {bias}; {of}{norm}."
    samples = f", of {convention.batch:,} samples" if convention.batch > 1 else ""
    parameters = bytes_text(FLOAT32_BYTES * totals.parameters)
    yield f"bytes: of each output as float32, 4 a number{samples}; so the parameters take {parameters}."
    if "kernel" in columns:
        yield "kernel: taps; /2 is stride 2, d2 dilation 2, where they are not 1."
    if "field" in columns:
        yield "field: the receptive field, input cells from the first that a cell sees to the last, padding included."
        if any(row.fields is None for row in rows):
            yield "field ?: not a window about the cell, as beyond a layer that exchanges axes or may read any cell."
    if "jump" in columns:
        yield "jump: the effective stride, input cells from what a cell sees to what its neighbour sees."
