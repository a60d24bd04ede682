"""``trace`` on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.emit import check_output, emit
from convcalc.cli.source import flags
from convcalc.cli.stack import Subject, cell_of, number_of, problem_of, subject_of
from convcalc.errors import UsageError
from convcalc.layers.convolution import Convolution
from convcalc.layers.stack import INPUT
from convcalc.layers.step import Cell
from convcalc.layers.unfold import check_depth, unfold, within
from convcalc.report.stack_trace import Traced, stack_trace_report

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
    """Show why a cell of a layer is what it is.

    Raises:
        ConvcalcError: a file or a flag is bad, there is no such cell, or a layer cannot be computed.
    """
    check_output(target)
    if wishes.every or len(wishes.positions or ()) > 1:
        flag = "--all" if wishes.every else "several --pos"
        raise UsageError(f"{flag}: of a network one cell is told at a time", hint="one --pos")
    subject = subject_of(found, options, wishes.input_text)
    number = number_of(subject.stack, wishes.layer)
    text = wishes.positions[0] if wishes.positions else None
    with flags():
        depth = check_depth(subject.stack, number, wishes.depth)
        cell = cell_of(subject.stack, number, text, wishes.channel)
    emit(stack_trace_report(traced(subject, number, cell, depth, wishes.sample)), target)


def traced(subject: Subject, number: int, cell: Cell, depth: int, sample: int) -> Traced:
    """A cell of a layer with its tree, and of a convolution with its trace.

    Raises:
        ConvcalcError: there is no such sample, or a layer cannot be computed.
    """
    stack, how = subject.stack, subject.how
    cells, wanted = subject.sample(sample), within(stack, number, depth)
    outputs = {INPUT: cells}
    outputs |= {each: output for each, output in stack.outputs(cells, how, [number]) if each in wanted}
    return Traced(
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
