"""Traces to standard output and to files: one as a report, many as a stream that never builds up in memory."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from convcalc.arrays import plain
from convcalc.cli.emit import emit, save_lines
from convcalc.cli.figures import figure_saver, wants_figure
from convcalc.cli.message import write
from convcalc.cli.options import OutputOptions
from convcalc.cli.pages import HANDOUTS
from convcalc.cli.progress import compute_shown
from convcalc.cli.source import Ready
from convcalc.cli.streams import output_console, page_width
from convcalc.engine.compute import compute_cell
from convcalc.errors import Place, UsageError
from convcalc.problem import Problem
from convcalc.report.blocks import SCHEMA_VERSION, Block
from convcalc.report.trace import handout_blocks, setting_blocks, trace_data, trace_header, trace_report, trace_rows
from convcalc.tracing.trace import Trace, trace_at, traces

if TYPE_CHECKING:
    from convcalc.render.frames import Frame

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
    if target.output is None:
        sys.stdout.writelines(() if target.quiet else _stream(problem, told, target.format))
        return
    save_lines(target.output, lambda form: _stream(problem, told, form), force=target.force)
    if not target.quiet:
        write(f"wrote {target.output}")


def _stream(problem: Problem, told: Iterable[Told], form: str) -> Iterator[str]:
    writers: dict[str, Callable[[Problem, Iterable[Told]], Iterator[str]]] = {
        "table": _coloured if sys.stdout.isatty() else _framed,
        "plain": _plain,
        **{name: partial(_handout, draw=draw) for name, draw in HANDOUTS.items()},
        "json": _json,
        "yaml": _json,  # JSON is YAML
        "csv": _csv,
    }
    return writers[form](problem, told)


def _plain(problem: Problem, told: Iterable[Told]) -> Iterator[str]:
    from convcalc.render.frames import ASCII

    return _text(problem, told, ASCII)


def _framed(problem: Problem, told: Iterable[Told]) -> Iterator[str]:
    from convcalc.render.frames import ROUNDED

    return _text(problem, told, ROUNDED)


def _text(problem: Problem, told: Iterable[Told], frame: Frame) -> Iterator[str]:
    from convcalc.render.plain import plain_lines

    width = page_width()
    for number, (trace, output) in enumerate(told):
        yield "\n" if number else ""
        for line in plain_lines(trace_report(problem, trace, plain(output)).blocks, width, frame):
            yield f"{line}\n"


def _handout(
    problem: Problem, told: Iterable[Told], *, draw: Callable[[Iterable[Block]], Iterable[str]]
) -> Iterator[str]:
    """One page, which says once what is computed, and shows before each trace where in the input it is."""

    def blocks() -> Iterator[Block]:
        yield from setting_blocks(problem)
        for trace, output in told:
            yield from handout_blocks(problem, trace, plain(output))

    yield from draw(blocks())


def _coloured(problem: Problem, told: Iterable[Told]) -> Iterator[str]:
    from convcalc.render.terminal import print_blocks

    console = output_console()
    for number, (trace, output) in enumerate(told):
        if number:
            console.print()
        print_blocks(console, trace_report(problem, trace, plain(output)).blocks)
    return iter(())


def _json(problem: Problem, told: Iterable[Told]) -> Iterator[str]:  # noqa: ARG001 - one signature for all formats
    import json

    yield f'{{\n  "schema": "convcalc.traces/{SCHEMA_VERSION}",\n  "traces": ['
    for number, (trace, output) in enumerate(told):
        yield f"{',' if number else ''}\n    {json.dumps(trace_data(trace, plain(output)), allow_nan=False)}"
    yield "\n  ]\n}\n"


def _csv(problem: Problem, told: Iterable[Told]) -> Iterator[str]:
    from convcalc.render.documents import csv_lines

    yield from (f"{line}\n" for line in csv_lines([trace_header(problem)]))
    for trace, _ in told:
        yield from (f"{line}\n" for line in csv_lines(trace_rows(trace)))


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
