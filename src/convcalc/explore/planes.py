"""The three grids of a session: what the layer gets, its kernel, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc.arrays import Array, index, matrix, numbers
from convcalc.errors import ConvcalcError
from convcalc.explore.look import Pane
from convcalc.explore.plane import BRIEF, Block, Place, Plane, split
from convcalc.layers.network import INPUT
from convcalc.report.cell_names import layer_text
from convcalc.report.text import number_text, scale_text
from convcalc.tracing.trace import Trace, cells_at, outside
from convcalc.wording import axis_names, safe_text, shape_text

if TYPE_CHECKING:
    from convcalc.explore.scene import Scene
    from convcalc.explore.session import Session


def planes(session: Session) -> list[Plane]:
    """The grids of a session: what the layer gets, its kernel if it has one, what it gives."""
    kernel = [_kernel(session)] if session.scene.problem is not None else []
    return [_input(session), *kernel, _output(session)]


def _spread(size: Sequence[int]) -> tuple[range, range]:
    """The rows and columns of spatial axes, or of features."""
    return (range(size[-2]) if len(size) > 1 else range(1)), range(size[-1])


def _title(name: str, shape: Sequence[int], leading: Sequence[int], sample: str) -> str:
    """A name, the size and which channel and slice it is."""
    parts = [f"{name} {shape_text(shape[1:] or shape)}"]
    if len(shape) > 1 and shape[0] > 1:
        parts.append(f"channel {leading[0]}")
    parts += [f"{axis} {at}" for axis, at in zip(axis_names(len(shape) - 1), leading[1:], strict=False)]
    return safe_text(", ".join((*parts, *filter(None, [sample]))))


def _sample(session: Session) -> str:
    return f"sample {session.look.sample}" if session.samples > 1 else ""


# The input ---------------------------------------------------------------------------------------------------------


def _input(session: Session) -> Plane:
    scene, cell = session.scene, session.look.input
    leading, place = split(cell)
    rows, columns = _spread(scene.input_shape[1:] or scene.input_shape)
    if scene.problem is not None:
        first, *others = [range(-axis.before, axis.size + axis.after) for axis in scene.problem.axes][-2:]
        rows, columns = (first, others[0]) if others else (rows, first)
        leading = _read_slice(session, leading)
    name = "input" if scene.source == INPUT else layer_text(scene.network, scene.source)
    return Plane(
        pane=Pane.INPUT,
        title=_title(name, scene.input_shape, leading, _sample(session)),
        rows=rows,
        columns=columns,
        has_rows=len(scene.input_shape) > 2,
        cursor=_under_tap(session) or place,
        has_cursor=session.look.pane is not Pane.OUTPUT or session.look.is_inverse,
        block=lambda rows, columns: _input_block(scene, leading, rows, columns),
        lit={place: None} if session.look.is_inverse else _window(session, leading),
        array=_picture_of_input(session),
        is_image=_is_image(session),
        key=(scene, Pane.INPUT, leading),
    )


def _read_slice(session: Session, leading: tuple[int, ...]) -> tuple[int, ...]:
    """The slice of an input with several that the tap under the kernel's cursor reads, where an output is picked."""
    if session.look.is_inverse or len(leading) < 2:
        return leading
    trace = session.explained.explanation
    assert isinstance(trace, Trace)  # only a convolution asks
    taps = session.look.tap[: len(leading) - 1]
    return (leading[0], *(reads[tap] for reads, tap in zip(trace.reads, taps, strict=False)))


def _under_tap(session: Session) -> Place | None:
    """The cell of the picked output's window that the tap under the kernel's cursor multiplies."""
    if session.look.pane is not Pane.KERNEL or session.look.is_inverse:
        return None
    trace = session.explained.explanation
    assert isinstance(trace, Trace)  # there is a kernel
    row, column = ((0,) * 2 + tuple(reads[tap] for reads, tap in zip(trace.reads, session.look.tap, strict=True)))[-2:]
    return row, column


def _input_block(scene: Scene, leading: tuple[int, ...], rows: range, columns: range) -> Block:
    """Cells of the input; around that of a convolution those of its padding, with the values that they get."""
    cells, problem = scene.inputs[0][scene.first], scene.problem
    if problem is None:
        plane = matrix(cells[leading])
        return Block(plane[rows.start : rows.stop, columns.start : columns.stop])
    channel, *slices = leading
    asked = [*(range(each, each + 1) for each in slices), *([rows] if problem.rank > 1 else []), columns]
    sources = [problem.boundary.sources(each, axis.size) for each, axis in zip(asked, problem.axes, strict=True)]
    values, padded = cells_at(problem, cells[channel], sources), outside(asked, sources)
    shape = (len(rows), len(columns))
    return Block(values.reshape(shape), padded.reshape(shape))


def _window(session: Session, leading: tuple[int, ...]) -> dict[Place, str | None]:
    """The cells of the input that the picked output cell is made of, on the slice that is shown."""
    reason = session.explained.explanation
    if not isinstance(reason, Trace):
        cells = (term.cell for term in reason.terms if term.cell is not None and term.source == 0)
        return {place: None for above, place in map(split, cells) if above == leading}
    channel, *slices = leading
    group = reason.problem.group_channels(reason.channel)
    inside = all(place in reads for place, reads in zip(slices, reason.reads, strict=False))
    if channel not in group or not inside:
        return {}
    rows, columns = (range(1), *reason.reads)[-2:]
    return dict.fromkeys(product(rows, columns))


def _picture_of_input(session: Session) -> Callable[[], Array] | None:
    """The input as a picture: in its colours if it is an image of one or three channels."""
    scene, channel = session.scene, session.look.input[0]
    if len(scene.input_shape) != 3:
        return None
    cells = scene.inputs[0][scene.first]
    has_colours = _is_image(session) and len(cells) in (1, 3)
    return lambda: cells if has_colours else cells[channel : channel + 1]


def _is_image(session: Session) -> bool:
    tensor = session.scene.network.tensor
    return session.scene.source == INPUT and tensor is not None and tensor.is_image


# The kernel --------------------------------------------------------------------------------------------------------


def _kernel(session: Session) -> Plane:
    problem = session.scene.problem
    assert problem is not None  # there is a kernel to show
    filters, channel, *_ = session.weight_cell
    leading, place = split((0, *session.look.tap))
    weights = problem.applied_weight[index(filters, channel, *leading[1:])]
    rows, columns = _spread(problem.kernel_size)
    name = (problem.labels.kernels or ("",) * problem.out_channels)[filters] or "kernel"
    turned = ", turned" if problem.flip else ""
    scale, bias = problem.scale[filters], problem.bias[filters]
    slices = [f"{axis} {at}" for axis, at in zip(axis_names(problem.rank), leading[1:], strict=False)]
    return Plane(
        pane=Pane.KERNEL,
        title=safe_text(", ".join((f"{name} {shape_text(problem.kernel_size)}{turned}", *slices))),
        rows=rows,
        columns=columns,
        has_rows=problem.rank > 1,
        cursor=place,
        has_cursor=session.look.pane is Pane.KERNEL,
        block=lambda rows, columns: Block(matrix(weights)[rows.start : rows.stop, columns.start : columns.stop]),
        footer=" ".join(filter(None, (scale_text(scale), f"+ {number_text(bias)}" if bias else ""))),
    )


# The output --------------------------------------------------------------------------------------------------------


def _output(session: Session) -> Plane:
    scene, cell = session.scene, session.look.output
    leading, place = split(cell)
    rows, columns = _spread(scene.output_shape[1:] or scene.output_shape)
    name = "output" if scene.is_alone else scene.stage.name
    is_inverse = session.look.is_inverse
    title = _title(name, scene.output_shape, leading, _sample(session))
    return Plane(
        pane=Pane.OUTPUT,
        title=title,
        rows=rows,
        columns=columns,
        has_rows=len(scene.output_shape) > 2,
        cursor=place,
        has_cursor=not is_inverse or session.look.pane is Pane.OUTPUT,
        block=lambda rows, columns: _output_block(scene, leading, rows, columns),
        lit=_weights(session, leading) if is_inverse else {place: None},
        footer="×: its weight there" if is_inverse else "",
        array=_picture_of_output(session),
        key=(scene, Pane.OUTPUT, leading),
    )


def _output_block(scene: Scene, leading: tuple[int, ...], rows: range, columns: range) -> Block:
    if len(scene.output_shape) > 2:
        return Block(scene.shown.block((scene.first, *leading), rows, columns))
    places = [(scene.first, *leading, column) for column in columns]
    return Block(np.array([[scene.shown[place] for place in places]], dtype=object))


def _weights(session: Session, leading: tuple[int, ...]) -> dict[Place, str | None]:
    """The output cells of the plane that use the picked input cell, each with its weight."""
    return {place: f"×{number_text(weight, BRIEF)}" for above, place, weight in _used(session) if above == leading}


def _used(session: Session) -> list[tuple[tuple[int, ...], Place, Any]]:
    try:
        uses = session.uses
    except ConvcalcError:  # the story beside the grids says why there is nothing to show
        return []
    cells, marks = product(*uses.places), uses.marks.reshape(-1)
    pairs = zip(cells, numbers(uses.weights), marks, strict=True)
    return [(*split(cell), weight) for cell, weight, is_marked in pairs if is_marked]


def _picture_of_output(session: Session) -> Callable[[], Array] | None:
    scene = session.scene
    if len(scene.output_shape) != 3:
        return None
    channel = session.look.output[0]
    return lambda: scene.shown.plane((scene.first, channel))[None]
