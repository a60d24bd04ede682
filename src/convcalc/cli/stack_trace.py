"""``trace`` on a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.emit import check_output, emit
from convcalc.cli.series import Series, emit_series
from convcalc.cli.source import flags
from convcalc.cli.stack import Subject, cell_of, number_of, problem_of, subject_of
from convcalc.errors import UsageError
from convcalc.layers.convolution import Convolution
from convcalc.layers.stack import INPUT, Stack
from convcalc.layers.step import Cell
from convcalc.layers.unfold import check_depth, unfold, within
from convcalc.report.stack_trace import (
    HEADER,
    Traced,
    stack_setting,
    stack_trace_data,
    stack_trace_report,
    stack_trace_rows,
)

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.cli.options import OutputOptions, ProblemOptions
    from convcalc.cli.source import Opened
    from convcalc.problem import Problem
    from convcalc.tracing.trace import Trace


class TraceWishes(NamedTuple):
    """Which cell is to be told, and how far down."""

    layer: str | None
    positions: list[str] | None
    every: bool
    channel: int | None
    sample: int
    depth: int
    input_text: str | None


def trace_network(found: Opened, options: ProblemOptions, target: OutputOptions, wishes: TraceWishes) -> None:
    """Show why one cell of a layer, or several, are what they are.

    Raises:
        ConvcalcError: a file or a flag is bad, there is no such cell, or a layer cannot be computed.
    """
    check_output(target)
    if wishes.every:
        raise UsageError(
            "--all: of a network the cells of --pos are told", hint="--pos, as often as there are cells to tell"
        )
    subject = subject_of(found, options, wishes.input_text)
    number = number_of(subject.stack, wishes.layer)
    texts: list[str] | list[None] = wishes.positions or [None]
    with flags():
        depth = check_depth(subject.stack, number, wishes.depth)
        cells = [cell_of(subject.stack, number, text, wishes.channel) for text in texts]
    told = list(traced(subject, number, cells, depth, wishes.sample))
    if len(told) == 1:
        emit(stack_trace_report(told[0]), target)
    else:
        emit_series(_series(subject.stack), told, target)


def _series(stack: Stack) -> Series[Traced]:
    """Cells of one network."""
    return Series(
        schema="stack-traces",
        setting=lambda: [stack_setting(stack)],
        header=lambda: HEADER,
        blocks=lambda each: stack_trace_report(each).blocks,
        handout=lambda each: stack_trace_report(each).blocks,
        data=stack_trace_data,
        rows=stack_trace_rows,
    )


def traced(subject: Subject, number: int, cells: Sequence[Cell], depth: int, sample: int) -> Iterator[Traced]:
    """Cells of a layer, each with its tree, and of a convolution with its trace.

    The layers are computed once, and the weights that a trace needs too are kept.

    Raises:
        ConvcalcError: there is no such sample, or a layer cannot be computed.
    """
    taken_apart, wanted = within(subject.stack, number, depth - 1), within(subject.stack, number, depth)
    stack, how = subject.stack.keeping(taken_apart), subject.how
    outputs = {INPUT: subject.sample(sample)}
    outputs |= {each: output for each, output in stack.outputs(outputs[INPUT], how, [number]) if each in wanted}
    subject = subject._replace(network=subject.network._replace(stack=stack))
    for cell in cells:
        yield Traced(
            stack=stack,
            node=unfold(stack, outputs, number, cell, depth, how=how),
            depth=depth,
            sample=sample if len(subject.cells) > 1 else None,
            convolution=_convolution(subject, outputs, number, cell) if depth == 1 else None,
        )


def _convolution(subject: Subject, outputs: dict[int, Array], number: int, cell: Cell) -> tuple[Problem, Trace] | None:
    """The layer as a problem of its own with the trace of the cell, if it is a convolution."""
    from convcalc.tracing.trace import trace_at

    stage = subject.stack.stages[number]
    if not isinstance(stage.layer, Convolution):
        return None
    problem = problem_of(subject, number, stage.layer, [outputs[each] for each in stage.inputs])
    return problem, trace_at(problem, cell[1:], cell[0])
