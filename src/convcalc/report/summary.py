"""The report of a network: one row a layer with its shape, its cost and what its cells see, and the totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from convcalc.layers.stack import Stack
from convcalc.layers.tally import FLOAT32_BYTES, Convention, Tally, tallies
from convcalc.limits import bytes_text
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, note, say
from convcalc.wording import counted, shape_text

_SPARE = ("% parameters", "% MACs", "bytes", "groups", "jump", "kernel", "kind", "field")
"""The columns that a narrow page leaves out, what can best be done without first."""
_NUMBERING = "0123456789-_."  # what makes a layer's name of the name of its kind


def summary_report(stack: Stack, convention: Convention = Convention()) -> Report:  # noqa: B008 - a named tuple
    """The figures of every layer, counted by the convention."""
    rows = tuple(tallies(stack, convention))
    return Report(
        blocks=tuple(_blocks(stack, rows, convention)),
        data=lambda: _data(stack, rows, convention),
        rows=lambda: _rows(rows),
        notes=stack.notes,
    )


class _Totals(NamedTuple):
    parameters: int
    macs: int
    activation_bytes: int


class _Column(NamedTuple):
    name: str
    cell: Callable[[Tally], Span]
    total: str = ""
    is_text: bool = False
    is_idle: bool = False
    """Whether it would say nothing of this network."""


def _blocks(stack: Stack, rows: Sequence[Tally], convention: Convention) -> Iterator[Block]:
    yield say(stack.title or f"a network of {counted(len(rows), 'layer')}", Role.TITLE)
    shape = shape_text((*_batch(convention), *stack.input_shape))
    yield say(f"input {shape}, {counted(len(rows), 'layer')}", Role.LABEL)
    totals = _totals(rows)
    columns = [column for column in _columns(rows, totals, convention) if not column.is_idle]
    yield _table(columns, rows)
    yield from (say(text, Role.LABEL) for text in _legend({column.name for column in columns}, totals, convention))
    yield from map(note, stack.notes)


def _batch(convention: Convention) -> tuple[int, ...]:
    """The batch as a first axis, where there is more than one sample."""
    return (convention.batch,) if convention.batch > 1 else ()


def _totals(rows: Iterable[Tally]) -> _Totals:
    figures = [(row.parameters, row.macs, row.activation_bytes) for row in rows]
    return _Totals(*(map(sum, zip(*figures, strict=True)) if figures else (0, 0, 0)))


def _table(columns: Sequence[_Column], rows: Sequence[Tally]) -> Table:
    names = tuple(column.name for column in columns)
    return Table(
        names,
        (
            *(tuple(column.cell(row) for column in columns) for row in rows),
            tuple(Span(column.total, Role.TOTAL) for column in columns),
        ),
        numeric=tuple(column.name for column in columns if not column.is_text),
        spare=tuple(name for name in _SPARE if name in names),
        has_total=True,
    )


def _columns(rows: Sequence[Tally], totals: _Totals, convention: Convention) -> Iterator[_Column]:
    skipped = 1 - len(_batch(convention))
    yield _Column("layer", lambda row: Span(row.name), "total", is_text=True)
    yield _Column("kind", lambda row: Span(row.layer.kind), is_text=True, is_idle=all(map(_is_named_by_kind, rows)))
    yield _Column("output", lambda row: Span(shape_text(row.output_shape[skipped:])))
    yield _column("kernel", _kernel, rows, is_text=True)
    yield _column("groups", _groups, rows)
    yield _Column("parameters", lambda row: Span(f"{row.parameters:,}"), f"{totals.parameters:,}")
    yield _Column("MACs", lambda row: Span(f"{row.macs:,}"), f"{totals.macs:,}")
    yield _Column("bytes", lambda row: Span(f"{row.activation_bytes:,}"), f"{totals.activation_bytes:,}")
    yield _column("field", lambda row: _each([field.size for field in row.fields]), rows)
    yield _column("jump", lambda row: _each([field.jump for field in row.fields if field.jump is not None]), rows)
    yield _share("% parameters", lambda row: row.parameters, totals.parameters)
    yield _share("% MACs", lambda row: row.macs, totals.macs)


def _column(name: str, text: Callable[[Tally], str], rows: Iterable[Tally], *, is_text: bool = False) -> _Column:
    """A column that says nothing where no row has anything in it."""
    return _Column(name, lambda row: Span(text(row)), is_text=is_text, is_idle=not any(map(text, rows)))


def _share(name: str, part: Callable[[Tally], int], whole: int) -> _Column:
    """A column of bars; a total too small to be shared out has none."""

    def cell(row: Tally) -> Span:
        share = _ratio(part(row), whole)
        return Span(_percent(share) if share else "", share=share)

    return _Column(name, cell, is_idle=not whole)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _percent(share: float) -> str:
    """At most four characters.

    >>> _percent(0.04567), _percent(0.4567)
    ('4.6%', '46%')
    """
    return f"{100 * share:.0f}%" if share >= 0.0995 else f"{100 * share:.1f}%"


def _is_named_by_kind(row: Tally) -> bool:
    return row.name.rstrip(_NUMBERING) == row.layer.kind


def _kernel(row: Tally) -> str:
    """Taps, and stride and dilation where they are not 1, such as "3×3 /2"."""
    settings = row.layer.settings
    if "kernel_size" not in settings:
        return ""
    signs = (("stride", "/"), ("dilation", "d"))
    parts = [f"{sign}{_each(settings[name])}" for name, sign in signs if set(settings.get(name, ())) - {1}]
    return " ".join([shape_text(settings["kernel_size"]), *parts])


def _groups(row: Tally) -> str:
    """Their number, where there is more than one."""
    return "".join(str(count) for count in row.layer.settings.get("groups", ()) if count > 1)


def _each(numbers: Sequence[int | Fraction]) -> str:
    """Numbers of the axes: one where they are all the same.

    >>> _each([2, 2]), _each([2, 1])
    ('2', '2×1')
    """
    return "×".join(map(str, numbers[:1] if len(set(numbers)) == 1 else numbers))


def _legend(columns: set[str], totals: _Totals, convention: Convention) -> Iterator[str]:
    bias = "and each addition of a bias" if convention.count_bias else "the bias not counted"
    yield f"MACs: products with weights, {bias}; of a transposed convolution by its {convention.transposed_by} cells."
    samples = f", of {convention.batch:,} samples" if convention.batch > 1 else ""
    parameters = bytes_text(FLOAT32_BYTES * totals.parameters)
    yield f"bytes: of each output as float32, 4 a number{samples}; so the parameters take {parameters}."
    if "kernel" in columns:
        yield "kernel: taps; /2 is stride 2, d2 dilation 2, where they are not 1."
    if "field" in columns:
        yield "field: the receptive field, input cells from the first that a cell sees to the last, padding included."
    if "jump" in columns:
        yield "jump: the effective stride, input cells from what a cell sees to what its neighbour sees."


def _data(stack: Stack, rows: Sequence[Tally], convention: Convention) -> dict[str, Any]:
    totals = _totals(rows)
    return {
        "schema": f"convcalc.summary/{SCHEMA_VERSION}",
        "title": stack.title,
        "input_shape": [convention.batch, *stack.input_shape],
        "convention": {
            "count_bias": convention.count_bias,
            "transposed_by": convention.transposed_by,
            "activation_dtype": "float32",
        },
        "layers": [
            _record(row) | {"inputs": _inputs(stack, number)} | _shares(row, totals) for number, row in enumerate(rows)
        ],
        "totals": totals._asdict(),
        "notes": list(stack.notes),
    }


def _record(row: Tally) -> dict[str, Any]:
    settings = row.layer.settings
    jumps = [field.jump for field in row.fields if field.jump is not None]
    return {
        "name": row.name,
        "kind": row.layer.kind,
        "output_shape": list(row.output_shape),
        **{name: list(settings.get(name, ())) for name in ("kernel_size", "stride", "dilation")},
        "groups": settings.get("groups", (1,))[0],
        "parameters": row.parameters,
        "macs": row.macs,
        "activation_bytes": row.activation_bytes,
        "receptive_field": [field.size for field in row.fields],
        "jump": [jump.numerator if jump.denominator == 1 else str(jump) for jump in jumps],
    }


def _inputs(stack: Stack, number: int) -> list[str]:
    """The layers below; the input of the network has no name."""
    return [stack.stages[each].name for each in stack.stages[number].inputs if each >= 0]


def _shares(row: Tally, totals: _Totals) -> dict[str, float]:
    return {
        "parameter_share": _ratio(row.parameters, totals.parameters),
        "mac_share": _ratio(row.macs, totals.macs),
    }


def _rows(rows: Iterable[Tally]) -> Iterator[Iterable[Any]]:
    """One row for each layer; lists of numbers have an x between them."""
    header = (
        "name", "kind", "output_shape", "kernel_size", "stride", "dilation", "groups", "parameters", "macs",
        "activation_bytes", "receptive_field", "jump",
    )  # fmt: skip
    yield header
    for row in rows:
        record = _record(row)
        values = [record[name] for name in header]
        yield tuple("x".join(map(str, value)) if isinstance(value, list) else value for value in values)
