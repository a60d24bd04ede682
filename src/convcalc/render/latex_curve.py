"""Curves in LaTeX's own picture environment, of rules side by side, so that no package is needed."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.render.curves import columns_of
from convcalc.render.latex_text import latex_text
from convcalc.report.plot import Plot

_WIDE, _HIGH = 140.0, 30.0  # millimetres of the area
_COLUMNS = 350
_THIN = 0.3  # the least height of a rule, the thickness of the line


def curve_lines(plot: Plot) -> Iterator[str]:
    """The lines of a curve with its axes; a window is a grey bar behind it."""
    yield rf"\medskip\textbf{{{latex_text(plot.caption)}}}\par\nopagebreak"
    yield rf"{{\setlength{{\unitlength}}{{1mm}}\footnotesize\begin{{picture}}({_WIDE + 25:g},{_HIGH + 8:g})(-20,-5)"
    if plot.window is not None:
        first, last = plot.window
        yield _rule(first * _WIDE, 0, max(0.3, (last - first) * _WIDE), _HIGH, "window")
    elif plot.place is not None:
        yield _rule(plot.place * _WIDE - 0.3, 0, 0.6, _HIGH, "window")
    yield _rule(-0.2, -0.2, 0.2, _HIGH + 0.4, "rules")
    yield _rule(-0.2, -0.4, _WIDE + 0.4, 0.2, "rules")
    yield from _curve(plot)
    for mark in plot.up:
        yield rf"\put(-1,{mark.share * _HIGH:.2f}){{\makebox(0,0)[r]{{\color{{labels}}{latex_text(mark.text)}}}}}"
    for mark in plot.across:
        yield _rule(mark.share * _WIDE - 0.1, -1.2, 0.2, 0.9, "rules")
        yield rf"\put({mark.share * _WIDE:.2f},-1.6){{\makebox(0,0)[t]{{\color{{labels}}{latex_text(mark.text)}}}}}"
    yield r"\end{picture}}\par\nopagebreak"
    yield rf"{{\footnotesize\textcolor{{labels}}{{{latex_text(plot.words)}}}}}\par"


def _curve(plot: Plot) -> Iterator[str]:
    """A rule for each column that the curve goes through."""
    wide = _WIDE / _COLUMNS
    for column, span in enumerate(columns_of(plot.pieces, _COLUMNS)):
        if span is not None:
            low, high = (share * _HIGH for share in span)
            yield _rule(column * wide, low - _THIN / 2, wide * 1.2, high - low + _THIN)


def _rule(x: float, y: float, wide: float, high: float, colour: str = "") -> str:
    drawn = rf"\rule{{{wide:.2f}mm}}{{{high:.2f}mm}}"
    painted = rf"\color{{{colour}}}{drawn}" if colour else drawn
    return rf"\put({x:.2f},{y:.2f}){{{painted}}}"
