"""Explanations of cells: of a convolution by itself as it is done on paper, of other networks layer by layer."""

from __future__ import annotations

from convcalc.layers.explainer import ExplainedCell, Explainer
from convcalc.report.arrays.figure import Figure
from convcalc.report.blocks import Report, Series
from convcalc.report.trace.convolution import (
    handout_blocks,
    setting_blocks,
    trace_data,
    trace_header,
    trace_report,
    trace_rows,
)
from convcalc.report.trace.network import (
    HEADER,
    network_setting,
    network_trace_data,
    network_trace_report,
    network_trace_rows,
)
from convcalc.tracing.trace import Trace


def explanation_report(told: ExplainedCell) -> Report:
    """All there is to say about one cell."""
    return network_trace_report(told) if told.tree else trace_report(_trace(told), told.output)


def explanation_figure(told: ExplainedCell) -> Figure:
    """One cell as a figure: of a convolution its window, kernel and products, of other layers their terms."""
    if isinstance(told.explanation, Trace):
        from convcalc.report.trace.figure import trace_figure

        return trace_figure(told.explanation, told.output)
    from convcalc.report.trace.terms_figure import terms_figure

    return terms_figure(told.network, told.node)


def explanations_series(explainer: Explainer) -> Series[ExplainedCell]:
    """Cells of one layer; on a page that is read by itself each shows where in the input it is."""
    network = explainer.network
    problem = network.stages[0].problem
    if not explainer.is_alone or problem is None:
        return Series(
            schema="network-traces",
            setting=lambda: [network_setting(network)],
            header=lambda: HEADER,
            blocks=lambda told: network_trace_report(told).blocks,
            handout=lambda told: network_trace_report(told).blocks,
            data=network_trace_data,
            rows=network_trace_rows,
        )
    return Series(
        schema="traces",
        setting=lambda: setting_blocks(problem),
        header=lambda: trace_header(problem),
        blocks=lambda told: trace_report(_trace(told), told.output).blocks,
        handout=lambda told: handout_blocks(_trace(told), told.output),
        data=lambda told: trace_data(_trace(told), told.output),
        rows=lambda told: trace_rows(_trace(told)),
    )


def _trace(told: ExplainedCell) -> Trace:
    """Of a convolution by itself."""
    assert isinstance(told.explanation, Trace)
    return told.explanation
