"""The panels of the step of a layer that is no convolution: the cells that it reads, their weights, and the output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.layers.explainer import ExplainedCell
from convcalc.report.animation.frame import Animation, Items
from convcalc.report.animation.planes import MOST_PLANES, planes_read, read_panel
from convcalc.report.arrays.figure import Cell, Panel, PanelKind, Sign
from convcalc.report.arrays.figure_cuts import page
from convcalc.report.arrays.panels import slice_of
from convcalc.tracing.explanation import Explanation, Rule


def read_rows(animation: Animation, told: Sequence[ExplainedCell], outputs: Sequence[Panel]) -> Iterator[Items]:
    """One row of panels; of several output channels what they read above, the outputs below."""
    if len(told) > 1:
        reasons = [each.explanation for each in told]
        read = [(reason, plane) for reason in reasons for plane in planes_read(reason)[:MOST_PLANES]]
        yield tuple(read_panel(animation, *each) for each in read)
        yield Sign("→"), *outputs
        return
    for each, output in zip(told, outputs, strict=True):
        reason = each.explanation
        planes = planes_read(reason)[:MOST_PLANES]
        inputs = [read_panel(animation, reason, plane) for plane in planes]
        if reason.rule is Rule.SUM and len(planes) == 1 and any(term.weight != 1 for term in reason.terms):
            yield *inputs, Sign("×"), _weights(reason), Sign("="), output
        else:
            yield *inputs, Sign("→"), output


def _weights(reason: Explanation) -> Panel:
    """What the terms are multiplied with, in their order; of many the first and the last."""
    weights = [term.weight for term in reason.terms]
    here = slice_of((), (page(range(len(weights)), range(len(weights))),))
    cells = here.cells(lambda place: (weights[place[0]], Cell("", place)))
    return Panel(PanelKind.KERNEL, "weights", cells)
