"""A kernel's frequency response as sentences and small charts.

Also the figure of a kernel: its weights, coloured by their values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.kernels.kernel import Kernel
from convcalc.kernels.response import FREQUENCIES, Band, Curve, Plane, Response
from convcalc.report.arrays.coloured_panels import check_drawable, coloured, scales_text, slice_panels
from convcalc.report.arrays.figure import Figure, PanelKind
from convcalc.report.blocks import Block, Chart, Flow, Role, Sentence, Span
from convcalc.report.text import directions, directions_text, listed, number_text, scale_text
from convcalc.wording import shape_text

_DIGITS = 3
_MOST_EDGES = 4
_MARGIN = 21  # columns at most of the names of directions
_WIDTH = 17  # columns of a chart: frequencies 0 to 1/2, or −1/2 to 1/2 of a map; three of them stand on 80 columns
_MAP_ROWS = 9
_EXPLANATION = "the gain of waves, by cycles per cell: 0 is flat, 0.25 a wave of 4 cells, 0.5 one of 2"


def response_blocks(response: Response, rank: int, rate: float | None = None) -> Iterator[Block]:
    """The frequencies that pass along each axis, in words and as charts, and in 2-D over the plane.

    ``rate``: samples a second of a signal of one axis, whose frequencies are in Hz.
    """
    explained = _EXPLANATION if rate is None else f"the gain of waves in Hz, at {number_text(rate)} samples a second"
    head = (Span("frequency response", Role.TITLE), Span(f"   {explained}", Role.LABEL))
    yield Sentence(head, indent=_MARGIN, space_before=True)
    distinct = response.distinct
    ways = [directions_text(axes, rank) for axes, _ in distinct]
    margin = min(_MARGIN, max(map(len, ways)) + 3)
    for way, (axes, curve) in zip(ways, distinct, strict=True):
        name = Span(f"{way}   ".ljust(margin), Role.LABEL)
        yield Sentence((name, Span(band_text(curve, axes, rank, rate))), indent=margin)
    if any(curve.band is not Band.NOTHING for _, curve in distinct):
        charts = [_chart(curve, way, rate) for way, (_, curve) in zip(ways, distinct, strict=True)]
        yield Flow((*charts, *(_map(plane) for plane in response.planes if rank == 2)))


def band_text(curve: Curve, axes: Sequence[int], rank: int, rate: float | None = None) -> str:
    """The frequencies that pass along some axes, in words with the gains; ``rate``: as of :func:`response_blocks`."""
    if curve.band is Band.NOTHING:
        return str(curve.band)
    top, at = curve.peak
    gains = {0.0: curve.at_zero, at: top, 0.5: curve.at_half}
    if rate is not None and at not in (0.0, 0.5) and _gain(top) in map(_gain, (curve.at_zero, curve.at_half)):
        del gains[at]  # a ripple
    if rate is not None and curve.band is Band.BAND_STOP:
        least, at = curve.least
        gains[at] = least
    parts = [f"{_gain(gain)} at {_frequency(frequency, rate)}" for frequency, gain in sorted(gains.items())]
    if rate is not None and curve.edges:
        edges = [_frequency(edge, rate) for edge in curve.edges[:_MOST_EDGES]]
        parts.append(f"half the power at {listed(edges)}")
    elif rate is None and curve.band is Band.LOW_PASS and curve.cutoff is not None:
        parts.append(f"half the power at {number_text(curve.cutoff, 2)}")
    return f"{curve.band}: gain {', '.join(parts)}{_elsewhere(curve, axes, rank)}"


def _frequency(frequency: float, rate: float | None) -> str:
    """A frequency in cycles per cell, or in Hz."""
    return number_text(frequency, 2) if rate is None else f"{number_text(float(f'{frequency * rate:.4g}'))} Hz"


def _elsewhere(curve: Curve, axes: Sequence[int], rank: int) -> str:
    """The other frequencies of a curve that does not pass through frequency 0."""
    held = [
        f"waves of {number_text(frequency, 2)} {way}"
        for axis, (frequency, way) in enumerate(zip(curve.through, directions(rank), strict=True))
        if frequency and axes != (axis,)
    ]
    return f" (for {listed(held)})" if held else ""


def _chart(curve: Curve, caption: str, rate: float | None = None) -> Chart:
    """The gains as bars, labelled with the gain at the top and at the bottom."""
    gains = curve.gain[:: (len(FREQUENCIES) - 1) // (_WIDTH - 1)].tolist()
    top = max(gains)
    marks = ("0", "0.25", "0.5") if rate is None else ("0", "", _frequency(0.5, rate))
    return Chart(caption, (tuple(_share(gain, top) for gain in gains),), (_gain(top), "0"), marks)


def _map(plane: Plane) -> Chart:
    """The gains over the plane as shades; the frequencies from top to bottom label the rows."""
    top = float(plane.gain.max())
    columns, rows = ((len(plane.gain) - 1) // (size - 1) for size in (_WIDTH, _MAP_ROWS))
    shares = tuple(tuple(_share(gain, top) for gain in row) for row in plane.gain[::rows, ::columns].tolist())
    ends = ("-0.5", "0", "0.5")
    return Chart(f"both axes, gain 0 to {_gain(top)}", shares, ends, ends, is_plane=True)


def _share(gain: float, top: float) -> float:
    """The gain as a share of the largest, without the digits that differ from machine to machine."""
    return round(gain / top, 9) if top else 0.0


def _gain(gain: float) -> str:
    return number_text(gain, _DIGITS)


def kernel_figure(kernel: Kernel) -> Figure:
    """The weights as written, with their scale in the caption.

    Raises:
        OutputError: there are too many of them.
    """
    check_drawable([(1, 1, *kernel.weights.shape)], "the kernel has", ".json")
    array = coloured(PanelKind.KERNEL, kernel.weights)
    caption = ", ".join(filter(None, (f"weights {shape_text(kernel.weights.shape)}", scale_text(kernel.scale))))
    return Figure(
        title=kernel.name,
        description=". ".join(filter(None, (kernel.title, kernel.shows))),
        rows=(tuple(slice_panels(array, (), caption)), (array.legend,)),
        remark=scales_text([array]),
    )
