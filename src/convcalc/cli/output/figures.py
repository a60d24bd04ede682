"""Figures, written by ``-o FILE.svg``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.cli.options import OutputOptions
    from convcalc.report.arrays.figure import Figure
    from convcalc.report.network.figure import NetworkFigure

FIGURE_SUFFIX = ".svg"


def wants_figure(target: OutputOptions) -> bool:
    """Whether a figure is to be saved."""
    return target.output is not None and Path(target.output).suffix.lower() == FIGURE_SUFFIX


def check_one_figure(target: OutputOptions, count: int) -> None:
    """Refuse a figure of many traces.

    Raises:
        UsageError: a figure is to be saved, and there is not exactly one cell.
    """
    if wants_figure(target) and count != 1:
        raise UsageError(
            "a figure shows one output cell",
            hint="one --pos; save many traces as .pdf, .html, .md, .tex, .txt, .json or .csv",
        )


def check_figure(found: Ready, target: OutputOptions, *, keep: bool, curves: bool = False) -> None:
    """Refuse a figure that would be too large, before anything is computed.

    Raises:
        OutputError: a figure is to be saved, and there are too many cells.
    """
    if wants_figure(target):
        from convcalc.report.run.figure import check_figure_of

        numbers = found.network.needed(found.number) if keep else [found.number]
        check_figure_of(found.network, len(found.cells), numbers, curves=curves)


def figure_saver(
    figure: Callable[[], Figure | NetworkFigure], target: OutputOptions
) -> Callable[[str], tuple[str, ...]]:
    """A function that draws a figure and writes it to a path."""

    def save(path: str) -> tuple[str, ...]:
        from convcalc.files.whole_file import write_bytes
        from convcalc.render.svg.document import svg_text

        drawn = figure()
        write_bytes(path, svg_text(drawn).encode(), force=target.force)
        return (drawn.remark,) if drawn.remark else ()

    return save
