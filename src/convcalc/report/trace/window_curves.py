"""The input of a trace of one axis as curves, the window marked; of a long signal the part around the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.channels import places_of
from convcalc.report.arrays.curves import is_drawable, plot_of, span_of, title_of
from convcalc.report.plot import Plot, aligned
from convcalc.tracing.trace import ChannelTrace, Trace
from convcalc.wording import counted

_MOST_CHANNELS = 4
_WHOLE = 400  # samples of a signal that is drawn whole
_AROUND, _REACHES = 40, 4  # samples on either side of the window at least, and its reaches


def window_plots(trace: Trace, channels: Sequence[ChannelTrace]) -> list[Plot]:
    """The first of some input channels, with the cells that the window reads."""
    return aligned(list(_plots(trace, channels))) if is_drawable(trace.problem.input) else []


def _plots(trace: Trace, channels: Sequence[ChannelTrace]) -> Iterator[Plot]:
    problem, [read] = trace.problem, trace.reads
    size, named = problem.spatial_size[0], problem.labels.channels
    around = max(_AROUND, _REACHES * len(range(read[0], read[-1] + 1)))
    part = range(size) if size <= _WHOLE else range(max(0, read[0] - around), min(size, read[-1] + 1 + around))
    places = places_of(named.axis, size)
    shown = places[part.start : part.stop]
    inside = [cell for cell in read if 0 <= cell < size] or [min(max(read[0], 0), size - 1)]
    window = (float(places[inside[0]]), float(places[inside[-1]]))
    for each in channels[:_MOST_CHANNELS]:
        called = f" {named.called(each.channel)}" if problem.in_channels > 1 else ""
        where = counted(size, "cell") if len(part) == size else f"cells {part[0]:,} to {part[-1]:,} of {size:,}"
        samples = problem.input[trace.sample, each.channel, part.start : part.stop]
        caption = f"input{called}, {where}; the window marked"
        yield plot_of(caption, samples, shown, span_of(shown), title_of(named.axis), window)
