"""The report of a convolution as a matrix: numbers where they fit, and its pattern as a heat map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from convcalc.arrays import has_floats
from convcalc.report.array_data import array_data
from convcalc.report.arrays.grids import plane_grids
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Maps, Report, Role, say
from convcalc.report.text import listed, number_text
from convcalc.wording import axis_names, counted, shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.tracing.matrix import Label, MatrixForm

_MOST_LINES = 50  # rows that are drawn with a line each; of more, two share one
_MOST_OFFSETS = 8  # different ones that are listed


def matrix_report(
    form: MatrixForm, setting: str, maps: Maps | None, layers: Sequence[str] = (), *, reading: str = ""
) -> Report:
    """The matrix with its labels and a sentence on its origin; ``maps``: its pattern too, where it can be drawn.

    ``layers``: the names of the network's layers that it combines; ``reading``: how the input's file was read.
    """
    return Report(blocks=tuple(_blocks(form, f"{reading} {setting}".strip(), maps)), data=lambda: _data(form, layers))


def _blocks(form: MatrixForm, setting: str, maps: Maps | None) -> Iterator[Block]:
    yield say(_title(form), Role.TITLE)
    yield say(setting)
    yield say(_order(form), Role.LABEL)
    rows = _texts(form.rows, has_channel=True)
    if form.is_im2col:
        yield _grid("kernel", form.other, [f"{channel}" for channel in range(len(form.other))], rows)
    yield _grid("matrix", form.matrix, rows, _texts(form.columns, has_channel=not form.is_im2col))
    if maps is not None and has_floats(form.matrix):
        yield _pattern(form, maps)
    filled = int((form.matrix != 0).sum())
    yield say(f"{counted(form.matrix.size, 'number')}, {filled:,} of them not 0", Role.LABEL)
    yield from _offset(form)


def _title(form: MatrixForm) -> str:
    size, other = shape_text(form.matrix.shape), shape_text(form.other.shape)
    offset = " + offset" if form.offset.any() else ""
    if form.is_im2col:
        return f"im2col: output = kernel ({other}) × matrix ({size}){offset}"
    return f"output = matrix ({size}) × flattened input ({other}){offset}"


def _order(form: MatrixForm) -> str:
    if form.is_im2col:
        return (
            f"rows are taps, by {_by(form.rows)}; columns are output positions, by {_by(form.columns, is_cell=False)}"
        )
    return f"rows are output cells, by {_by(form.rows)}; columns are input cells, by {_by(form.columns)}"


def _by(labels: Sequence[Label], *, is_cell: bool = True) -> str:
    """What the numbers of the labels count; an only channel is omitted, and features have no axes."""
    rank = len(labels[0]) - is_cell
    channel = ["channel"] if is_cell and any(label[0] for label in labels) else []
    return listed([*channel, *axis_names(rank)]) if rank else "feature"


def _grid(caption: str, values: Array, rows: Sequence[str], columns: Sequence[str]) -> Flow:
    return Flow(tuple(plane_grids(f"{caption} {shape_text(values.shape)}", values, labels=(rows, columns))))


def _pattern(form: MatrixForm, maps: Maps) -> Flow:
    """The numbers as a heat map, where there is room with a line for each row and two columns for each column."""
    from convcalc.report.arrays.heat_maps import heat_maps

    caption = f"{'heat map' if form.is_im2col else 'pattern'} {shape_text(form.matrix.shape)}"
    rows, columns = form.matrix.shape
    drawn = form.matrix.repeat(2, axis=0) if rows <= _MOST_LINES else form.matrix
    drawn = drawn.repeat(2, axis=1) if 2 * columns <= maps.columns else drawn
    return Flow(tuple(heat_maps(caption, drawn, maps.columns, maps.rule)))


def _texts(labels: Sequence[Label], *, has_channel: bool) -> list[str]:
    """The labels with commas; an only channel is omitted."""
    first = 1 if has_channel and len(labels[0]) > 1 and not any(label[0] for label in labels) else 0
    return [",".join(map(str, label[first:])) for label in labels]


def _offset(form: MatrixForm) -> Iterator[Block]:
    """The offset in words: the different numbers, if they are few."""
    if not form.offset.any():
        return
    different = list(dict.fromkeys(form.offset.tolist()))
    texts = [number_text(value) for value in different[:_MOST_OFFSETS]]
    more = f" and {counted(len(different) - _MOST_OFFSETS, 'more')}" if len(different) > _MOST_OFFSETS else ""
    what = "the bias" if form.is_im2col else "bias, and what a constant boundary adds"
    yield say(f"offset ({what}): {', '.join(texts)}{more}; --format json has it for each row", Role.NOTE, indent=4)


def _data(form: MatrixForm, layers: Sequence[str]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.matrix/{SCHEMA_VERSION}",
        "form": "im2col" if form.is_im2col else "matrix",
        "shape": list(form.matrix.shape),
        "rows": [list(label) for label in form.rows],
        "columns": [list(label) for label in form.columns],
        "matrix": array_data(form.matrix),
        "kernel" if form.is_im2col else "input": array_data(form.other),
        "offset": array_data(form.offset),
        **({"layers": list(layers)} if layers else {}),
    }
