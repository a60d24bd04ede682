"""Worksheets of traces and runs: their flags, and where they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.flags import flags
from convcalc.cli.output.emit import emit
from convcalc.cli.output.figures import FIGURE_SUFFIX, figure_saver, wants_figure
from convcalc.cli.output.report_formats import SAVED
from convcalc.errors import OutputError, UnknownNameError, UsageError
from convcalc.report.worksheet import Key

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.cli.options import OutputOptions
    from convcalc.layers.explainer import ExplainedCell
    from convcalc.layers.run import NetworkRun
    from convcalc.report.arrays.figure import Figure
    from convcalc.report.blocks import Report


def key_of(word: str | None, *, is_blank: bool = True) -> Key:
    """Whether a worksheet has its key; ``is_blank``: whether there is a worksheet.

    Raises:
        UnknownNameError: there is no such word.
        UsageError: a key is requested, and there is nothing to fill in.
    """
    if word is None:
        return Key.AFTER
    with flags("--key"):
        if word not in list(Key):
            raise UnknownNameError("key", word, list(Key), hint=f"one of: {', '.join(Key)}")
    if not is_blank:
        raise UsageError("a key needs a worksheet: there is nothing to fill in", hint=f"--blank --key {word}")
    return Key(word)


_SUFFIXES = tuple(each for each in (*SAVED, FIGURE_SUFFIX) if each != ".csv")


def check_blank(key: str | None, target: OutputOptions, *, is_blank: bool) -> None:
    """Refuse a key without a worksheet, and worksheets as arrays, pictures and tables of numbers.

    Raises:
        UsageError: one is requested.
        UnknownNameError: there is no such key.
        OutputError: the file's suffix is none that a worksheet has.
    """
    key_of(key, is_blank=is_blank)
    if target.format == "csv":
        raise UsageError("a worksheet is a page, no rows of numbers", hint="--format markdown, latex, plain or json")
    suffix = Path(target.output or "").suffix.lower()
    if target.output is not None and suffix not in _SUFFIXES:
        raise OutputError(f"a worksheet is not saved as {suffix}", hint=f"one of: {', '.join(_SUFFIXES)}")


def check_blank_trace(
    key: str | None, target: OutputOptions, *, is_blank: bool, depth: int | None, every: bool
) -> None:
    """Refuse also worksheets of trees and of every cell; raises as :func:`check_blank`."""
    check_blank(key, target, is_blank=is_blank)
    if depth not in (None, 1):
        raise UsageError("a worksheet shows one layer, not a tree", hint="leave --depth out")
    if every:
        raise UsageError("a worksheet is of a few cells", hint="--pos 1,1 --pos 2,2, one for each")


def emit_trace(explained: Sequence[ExplainedCell], found: Ready, key: str | None, target: OutputOptions) -> None:
    """Print and save some cells as a worksheet."""
    from convcalc.report.trace.worksheet import trace_worksheet

    def figure() -> Figure:
        from convcalc.report.arrays.worksheet_figure import worksheet_figure
        from convcalc.report.trace.report import explanation_figure
        from convcalc.report.trace.worksheet import cell_name

        return worksheet_figure(explanation_figure(explained[0]), cell_name(explained[0]), key_of(key))

    _emit(trace_worksheet(explained, found.network, key_of(key)), figure, target)


def emit_run(run: NetworkRun, key: str | None, target: OutputOptions) -> None:
    """Print and save a run as a worksheet."""
    from convcalc.report.run.worksheet import run_worksheet

    def figure() -> Figure:
        from convcalc.report.arrays.worksheet_figure import worksheet_figure
        from convcalc.report.run.figure import figure_of

        drawn = figure_of(run)
        return worksheet_figure(drawn, drawn.title, key_of(key))

    _emit(run_worksheet(run, key_of(key)), figure, target)


def _emit(report: Report, figure: Callable[[], Figure], target: OutputOptions) -> None:
    if wants_figure(target):
        emit(report, target, save=figure_saver(figure, target))
    else:
        emit(report, target)
