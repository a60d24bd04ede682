"""Explanations of cells: of a single convolution as on paper, of other networks layer by layer."""

from __future__ import annotations

from convcalc.layers.explainer import ExplainedCell, Explainer
from convcalc.report.arrays.figure import Figure
from convcalc.report.blocks import Report, Series
from convcalc.report.trace.convolution import (
    handout_blocks,
    setting_blocks,
    trace_blocks,
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


def explanation_report(explained: ExplainedCell, *, curves: bool = False) -> Report:
    """The report of one explained cell; ``curves``: of a convolution of one axis with the input's curves."""
    if explained.tree:
        return network_trace_report(explained)
    return trace_report(_trace(explained), explained.output, curves=curves)


def explanation_figure(explained: ExplainedCell, *, curves: bool = False) -> Figure:
    """One cell as a figure: of a convolution its window, kernel and products, of other layers their terms.

    ``curves``: of a convolution of one axis with the input's curves.
    """
    if isinstance(explained.explanation, Trace):
        from convcalc.report.trace.figure import trace_figure

        return trace_figure(explained.explanation, explained.output, curves=curves)
    from convcalc.report.trace.terms_figure import terms_figure

    return terms_figure(explained.network, explained.node)


def explanations_series(explainer: Explainer, *, curves: bool = False) -> Series[ExplainedCell]:
    """Cells of one layer; on a standalone page each with its place in the input.

    ``curves``: of a convolution of one axis with the input's curves.
    """
    network = explainer.network
    problem = network.stages[0].problem
    if not explainer.is_alone or problem is None:
        return Series(
            schema="network-traces",
            setting=lambda: [network_setting(network)],
            header=lambda: HEADER,
            blocks=lambda explained: network_trace_report(explained).blocks,
            handout=lambda explained: network_trace_report(explained).blocks,
            data=network_trace_data,
            rows=network_trace_rows,
        )
    return Series(
        schema="traces",
        setting=lambda: setting_blocks(problem),
        header=lambda: trace_header(problem),
        blocks=lambda explained: trace_blocks(_trace(explained), explained.output, curves=curves),
        handout=lambda explained: handout_blocks(_trace(explained), explained.output, curves=curves),
        data=lambda explained: trace_data(_trace(explained), explained.output),
        rows=lambda explained: trace_rows(_trace(explained)),
    )


def _trace(explained: ExplainedCell) -> Trace:
    """The trace of a cell of a single convolution."""
    assert isinstance(explained.explanation, Trace)
    return explained.explanation
