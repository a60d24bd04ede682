"""The panels of a convolution's step: what its window lies on, the kernels, and the output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice, product
from math import prod

from convcalc.report.animation.frame import Items
from convcalc.report.animation.planes import MOST_PLANES
from convcalc.report.arrays.figure import Panel, Place, Sign
from convcalc.report.run.channels import kernel_caption
from convcalc.report.trace.figure import kernel_panel
from convcalc.report.trace.input_panel import input_panel, slice_names
from convcalc.tracing.trace import ChannelTrace, Trace

Planes = list[tuple[ChannelTrace, Place]]
"""Matrices under a window: the input channel, and the taps on the leading axes."""


def window_rows(traces: Sequence[Trace], outputs: Sequence[Panel]) -> Iterator[Items]:
    """Rows of panels: one if there is one matrix of each, otherwise the inputs above the kernels and outputs.

    ``traces``: of the same position in each channel that is shown; ``outputs``: a panel for each.
    """
    groups = {trace.problem.group_channels(trace.channel) for trace in traces}
    if len(groups) == 1 and (len(traces) > 1 or len(_planes(traces[0])) > 1):
        yield _inputs(traces[0])
        made = [(*_kernels(trace), Sign("="), output) for trace, output in zip(traces, outputs, strict=True)]
        yield from made if len(_planes(traces[0])) > 1 else [tuple(chain.from_iterable(made))]
        return
    for trace, output in zip(traces, outputs, strict=True):
        if len(_planes(trace)) > 1:
            yield _inputs(trace)
            yield *_kernels(trace), Sign("="), output
        else:
            yield *_inputs(trace), Sign("⋆"), *_kernels(trace), Sign("="), output


def _planes(trace: Trace) -> Planes:
    """Those that are shown."""
    taps = list(islice(product(*map(range, trace.problem.kernel_size[:-2])), MOST_PLANES))
    return list(islice(product(trace.channels, taps), MOST_PLANES))


def hidden_planes(trace: Trace) -> int:
    """How many matrices are not shown."""
    return len(trace.channels) * prod(trace.problem.kernel_size[:-2]) - len(_planes(trace))


def _inputs(trace: Trace) -> Items:
    return tuple(input_panel(trace, channel.channel, taps, is_still=True) for channel, taps in _planes(trace))


def _kernels(trace: Trace) -> Items:
    """The kernel as it lies on each matrix."""
    panels = [kernel_panel(trace, channel, taps) for channel, taps in _planes(trace)]
    if len(panels) == 1 and trace.problem.out_channels == 1:
        return tuple(panels)
    captions = [_caption(trace, *plane) for plane in _planes(trace)]
    return tuple(panel._replace(caption=caption) for panel, caption in zip(panels, captions, strict=True))


def _caption(trace: Trace, channel: ChannelTrace, taps: Place) -> str:
    problem = trace.problem
    inside = channel.channel - problem.group_channels(trace.channel).start
    name = kernel_caption(problem, trace.channel, inside, one=problem.out_channels == 1, same=False)
    return ", ".join((name, *slice_names(problem, taps)))
