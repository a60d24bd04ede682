"""The report of a convolution as a matrix: numbers where they fit, and its pattern as a heat map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from convcalc.arrays import has_floats
from convcalc.problem import Problem
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Maps, Report, Role, say
from convcalc.report.data import array_data
from convcalc.report.grids import plane_grids
from convcalc.report.headline import headline
from convcalc.report.text import axis_names, listed, number_text
from convcalc.wording import counted, shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.tracing.matrix import Label, MatrixForm

_MOST_LINES = 50  # rows that are drawn with a line each; of more, two share one
_MOST_OFFSETS = 8  # different ones that are listed


def matrix_report(problem: Problem, form: MatrixForm, maps: Maps | None) -> Report:
    """The matrix with its labels; ``maps``: its pattern too, on a page that can draw it."""
    return Report(blocks=tuple(_blocks(problem, form, maps)), data=lambda: _data(form))


def _blocks(problem: Problem, form: MatrixForm, maps: Maps | None) -> Iterator[Block]:
    yield say(_title(form), Role.TITLE)
    yield say(headline(problem))
    yield say(_order(problem, form), Role.LABEL)
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


def _order(problem: Problem, form: MatrixForm) -> str:
    names = axis_names(problem.rank)
    cell = listed([*(["channel"] if problem.in_channels > 1 else []), *names])
    output = listed([*(["channel"] if problem.out_channels > 1 and not form.is_im2col else []), *names])
    rows, columns = (f"taps, by {cell}", "output positions") if form.is_im2col else ("output cells", "input cells")
    if form.is_im2col:
        return f"rows are {rows}; columns are {columns}, by {output}"
    return f"rows are {rows}, by {output}; columns are {columns}, by {cell}"


def _grid(caption: str, values: Array, rows: Sequence[str], columns: Sequence[str]) -> Flow:
    return Flow(tuple(plane_grids(f"{caption} {shape_text(values.shape)}", values, labels=(rows, columns))))


def _pattern(form: MatrixForm, maps: Maps) -> Flow:
    """The numbers as a heat map, where there is room with a line for each row and two columns for each column."""
    from convcalc.report.heat_maps import heat_maps

    caption = f"{'heat map' if form.is_im2col else 'pattern'} {shape_text(form.matrix.shape)}"
    rows, columns = form.matrix.shape
    drawn = form.matrix.repeat(2, axis=0) if rows <= _MOST_LINES else form.matrix
    drawn = drawn.repeat(2, axis=1) if 2 * columns <= maps.columns else drawn
    return Flow(tuple(heat_maps(caption, drawn, maps.columns, maps.rule)))


def _texts(labels: Sequence[Label], *, has_channel: bool) -> list[str]:
    """The labels with commas; a channel that is the only one is left out."""
    first = 1 if has_channel and not any(label[0] for label in labels) else 0
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


def _data(form: MatrixForm) -> dict[str, Any]:
    return {
        "schema": f"convcalc.matrix/{SCHEMA_VERSION}",
        "form": "im2col" if form.is_im2col else "matrix",
        "shape": list(form.matrix.shape),
        "rows": [list(label) for label in form.rows],
        "columns": [list(label) for label in form.columns],
        "matrix": array_data(form.matrix),
        "kernel" if form.is_im2col else "input": array_data(form.other),
        "offset": array_data(form.offset),
    }
