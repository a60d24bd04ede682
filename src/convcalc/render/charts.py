"""Charts as signs in a frame: bars of eighths of a line, planes of shades."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.report.blocks import Chart, Grid, Role, Span

EIGHTHS = " ▁▂▃▄▅▆▇█"
SHADES = " ░▒▓█"
_BAR_ROWS = 4


def chart_grid(chart: Chart) -> Grid:
    """The chart as rows of signs, with the numbers at the ends of its axes."""
    rows = list(_plane(chart) if chart.is_plane else _bars(chart))
    width = len(rows[0])
    left, middle, right = chart.marks
    between = middle.center(width - 2 * len(left)).rstrip()
    return Grid(
        caption=(Span(chart.caption, Role.TITLE),),
        cells=tuple((Span(row, Role.NUMBER),) for row in rows),
        row_labels=tuple(_spread(chart.labels, len(rows))),
        footer=f"  {left}{between.ljust(width - len(left) - len(right))}{right}",
    )


def _bars(chart: Chart) -> Iterator[str]:
    """From the top to the bottom."""
    levels = [round(_BAR_ROWS * 8 * share) for share in chart.shares[0]]
    for row in reversed(range(_BAR_ROWS)):
        yield "".join(EIGHTHS[min(8, max(0, level - 8 * row))] for level in levels)


def _plane(chart: Chart) -> Iterator[str]:
    for row in chart.shares:
        yield "".join(SHADES[round((len(SHADES) - 1) * share)] for share in row)


def _spread(labels: tuple[str, ...], rows: int) -> Iterator[str]:
    """A label for each row: the first at the top, the last at the bottom, the others between."""
    places = {number * (rows - 1) // (len(labels) - 1): label for number, label in enumerate(labels)}
    return (places.get(row, "") for row in range(rows))
