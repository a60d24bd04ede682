"""Traces of a convolution to standard output and to files: one as a report, many as a series."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from convcalc.arrays import plain
from convcalc.cli.emit import emit
from convcalc.cli.figures import figure_saver, wants_figure
from convcalc.cli.options import OutputOptions
from convcalc.cli.progress import compute_shown
from convcalc.cli.series import Series, emit_series
from convcalc.cli.source import Ready
from convcalc.engine.compute import compute_cell
from convcalc.errors import Place, UsageError
from convcalc.problem import Problem
from convcalc.report.trace import handout_blocks, setting_blocks, trace_data, trace_header, trace_report, trace_rows
from convcalc.tracing.trace import Trace, trace_at, traces

Told = tuple[Trace, Any]
"""A trace and what the engine made of its cell."""


def positions_of(texts: list[str] | None, every: bool) -> list[tuple[int, ...]]:
    """The positions of ``--pos``.

    Raises:
        UsageError: there is none and not ``--all`` either, or one is not a list of whole numbers.
    """
    if not texts and not every:
        raise UsageError("trace needs a position", hint="--pos 1,1 for row 1, column 1, or --all")
    if texts and every:
        raise UsageError("--pos and --all exclude each other", hint="leave one of them out")
    return [position_of(text) for text in texts or ()]


def some_cells(ready: Ready, positions: list[tuple[int, ...]], channel: int, sample: int) -> Iterator[Told]:
    """The traces of some cells, each with what the plan's engine makes of that cell."""
    for position in positions:
        trace = trace_at(ready.problem, position, channel, sample)
        yield trace, compute_cell(ready.problem, ready.plan, sample, position)[channel]


def every_cell(ready: Ready, channel: int | None, sample: int | None, *, quiet: bool) -> Iterator[Told]:
    """The traces of every cell, each with the output that a run has there."""
    output = compute_shown(ready, quiet=quiet).output
    for trace in traces(ready.problem, channel, sample):
        yield trace, output[(trace.sample, trace.channel, *trace.position)]


def emit_one(problem: Problem, trace: Trace, output: Any, target: OutputOptions) -> None:
    """Print and save one trace."""
    report = trace_report(problem, trace, plain(output))
    if not wants_figure(target):
        emit(report, target)
        return
    from convcalc.report.trace_figure import trace_figure

    emit(report, target, save=figure_saver(lambda: trace_figure(problem, trace, plain(output)), target))


def emit_all(problem: Problem, told: Iterable[Told], target: OutputOptions) -> None:
    """Print traces one after the other, or save them, without holding more than one."""
    emit_series(_series(problem), told, target)


def _series(problem: Problem) -> Series[Told]:
    """Traces of one problem; on a page that is read by itself each shows where in the input it is."""
    return Series(
        schema="traces",
        setting=lambda: setting_blocks(problem),
        header=lambda: trace_header(problem),
        blocks=lambda told: trace_report(problem, told[0], plain(told[1])).blocks,
        handout=lambda told: handout_blocks(problem, told[0], plain(told[1])),
        data=lambda told: trace_data(told[0], plain(told[1])),
        rows=lambda told: trace_rows(told[0]),
    )


def position_of(text: str) -> tuple[int, ...]:
    """The position that a text such as ``1,1`` or ``(1, 1)`` stands for.

    Raises:
        UsageError: it is no list of whole numbers.
    """
    parts = [part.strip() for part in text.strip("()[] ").split(",")]
    if not all(re.fullmatch(r"-?[0-9]{1,18}", part) for part in parts):
        error = UsageError(f"position {text!r} is not a list of whole numbers", hint="--pos 1,1")
        error.place = Place("--pos", is_flag=True)
        raise error
    return tuple(map(int, parts))
