"""The representation of records in Python: one line, and the blocks of the page that the command prints."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from convcalc.arrays import plain
from convcalc.engine.compute import Cells, Result, compute
from convcalc.engine.plan import make_plan
from convcalc.kernels.kernel import Kernel
from convcalc.layers.network import Network
from convcalc.layers.run import NetworkRun
from convcalc.layers.uses import Uses
from convcalc.problem import DType, Problem
from convcalc.report.blocks import Block
from convcalc.report.headline import kernel_text, problem_settings
from convcalc.report.text import scale_text
from convcalc.report.trace.convolution import total_text, trace_report
from convcalc.report.uses.report import reach_text, uses_report, value_text
from convcalc.tracing.trace import Trace
from convcalc.wording import counted, safe_text, shape_text

_QUICK = 1.0
"""The most seconds of work to show a problem; a longer one shows its plan."""


@singledispatch
def line_of(record: object) -> str:
    """The text after the name of the record's class.

    Raises:
        TypeError: there is no line for records of its class.
    """
    raise TypeError(f"no line for {type(record).__name__}")


@singledispatch
def blocks_of(record: object) -> Sequence[Block]:
    """The page of the record.

    Raises:
        TypeError: there is no page for records of its class.
    """
    raise TypeError(f"no page for {type(record).__name__}")


def _titled(title: str, text: str) -> str:
    return f"{title!r}: {text}" if title else text


@line_of.register
def _(problem: Problem) -> str:
    shapes = f"{shape_text(problem.input.shape)} → {shape_text(problem.output_shape)}"
    kernel = safe_text(kernel_text(problem)) + (", turned" if problem.flip else "")
    groups = f"{problem.groups} groups" if problem.groups > 1 else ""
    dtype = "" if problem.dtype is DType.AUTO else str(problem.dtype)
    parts = (shapes, kernel, problem_settings(problem), groups, dtype)
    return _titled(problem.labels.title, ", ".join(filter(None, parts)))


@blocks_of.register
def _(problem: Problem) -> Sequence[Block]:
    plan = make_plan(problem)
    if plan.seconds <= _QUICK:
        return blocks_of(compute(problem, plan))
    from convcalc.report.plan import plan_report

    return plan_report(problem, make_plan(problem, explain=True), "full").blocks


@line_of.register
def _(result: Result) -> str:
    output = result.output
    numbers = "exact numbers" if output.dtype == object else str(output.dtype)
    return f"{shape_text(output.shape)} {numbers} by {result.plan.engine} ({result.plan.reason})"


@blocks_of.register
def _(result: Result) -> Sequence[Block]:
    from convcalc.report.run.convolution import convolution_run_report

    return convolution_run_report(result.problem, result.output, result.plan).blocks


@line_of.register
def _(trace: Trace) -> str:
    return f"{total_text(trace)}, {counted(len(trace.terms), 'product')}"


@blocks_of.register
def _(trace: Trace) -> Sequence[Block]:
    cells = Cells(trace.problem, make_plan(trace.problem))
    output = cells.at(trace.sample, trace.channel, trace.position)
    return trace_report(trace, plain(output)).blocks


@line_of.register
def _(uses: Uses) -> str:
    return f"{value_text(uses)}, {reach_text(uses)}"


@blocks_of.register
def _(uses: Uses) -> Sequence[Block]:
    return uses_report(uses).blocks


@line_of.register
def _(kernel: Kernel) -> str:
    size = " ".join(filter(None, (shape_text(kernel.weights.shape), scale_text(kernel.scale))))
    return _titled(kernel.name, ", ".join(filter(None, (size, safe_text(kernel.title)))))


@blocks_of.register
def _(kernel: Kernel) -> Sequence[Block]:
    from convcalc.report.kernel.report import kernel_report

    return kernel_report(kernel).blocks


@line_of.register
def _(network: Network) -> str:
    last = network.stages[-1].layer.output_shape
    shapes = f"{shape_text(network.input_shape)} → {shape_text(last)}"
    counts = f"{counted(len(network.stages), 'layer')}, {counted(network.parameters, 'parameter')}"
    return _titled(network.title, f"{shapes}, {counts}")


@blocks_of.register
def _(network: Network) -> Sequence[Block]:
    from convcalc.report.network.summary import summary_report

    return summary_report(network).blocks


@line_of.register
def _(run: NetworkRun) -> str:
    output = run.output
    numbers = "exact numbers" if output.dtype == object else str(output.dtype)
    text = f"{shape_text(output.shape)} {numbers}, the output of {counted(len(run.layers), 'layer')}"
    return _titled(run.network.title, text)


@blocks_of.register
def _(run: NetworkRun) -> Sequence[Block]:
    from convcalc.report.run.report import run_report

    return run_report(run).blocks
