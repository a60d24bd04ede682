"""Several answers of one kind to standard output and to files, as a stream with one in memory at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from convcalc.cli.message import write
from convcalc.cli.options import OutputOptions
from convcalc.cli.output.emit import save_lines
from convcalc.cli.output.report_formats import HANDOUTS, Pieces
from convcalc.cli.streams import output_console, page_width
from convcalc.report.blocks import SCHEMA_VERSION, Answer, Block, Series

if TYPE_CHECKING:
    from convcalc.render.boxes import Frame

Blocks = Iterable[Block]


def emit_series(series: Series[Answer], answers: Iterable[Answer], target: OutputOptions) -> None:
    """Print answers one after the other, or save them, without holding more than one."""
    if target.output is None:
        sys.stdout.writelines(() if target.quiet else _stream(series, answers, target.format))
        return
    save_lines(target.output, lambda form: _stream(series, answers, form), force=target.force)
    if not target.quiet:
        write(f"wrote {target.output}")


def _stream(series: Series[Answer], answers: Iterable[Answer], form: str) -> Any:
    """The pieces of all answers: of text, or of a file that is none."""
    writers: dict[str, Callable[[Series[Answer], Iterable[Answer]], Iterable[str] | Pieces]] = {
        "table": _coloured if sys.stdout.isatty() else _framed,
        "plain": _plain,
        **{name: partial(_handout, draw=draw) for name, draw in HANDOUTS.items()},
        "json": _json,
        "yaml": _json,  # JSON is YAML
        "csv": _csv,
    }
    return writers[form](series, answers)


def _plain(series: Series[Answer], answers: Iterable[Answer]) -> Iterator[str]:
    from convcalc.render.boxes import ASCII

    return _text(series, answers, ASCII)


def _framed(series: Series[Answer], answers: Iterable[Answer]) -> Iterator[str]:
    from convcalc.render.boxes import ROUNDED

    return _text(series, answers, ROUNDED)


def _text(series: Series[Answer], answers: Iterable[Answer], frame: Frame) -> Iterator[str]:
    from convcalc.render.plain import plain_lines

    width = page_width()
    for number, each in enumerate(answers):
        yield "\n" if number else ""
        for line in plain_lines(series.blocks(each), width, frame):
            yield f"{line}\n"


def _handout(
    series: Series[Answer], answers: Iterable[Answer], *, draw: Callable[[Blocks], Pieces]
) -> Iterator[str | bytes]:
    """One page, with the description of the computation once."""

    def blocks() -> Iterator[Block]:
        yield from series.setting()
        for each in answers:
            yield from series.handout(each)

    yield from draw(blocks())


def _coloured(series: Series[Answer], answers: Iterable[Answer]) -> Iterator[str]:
    from convcalc.render.terminal import print_blocks

    console = output_console()
    for number, each in enumerate(answers):
        if number:
            console.print()
        print_blocks(console, series.blocks(each))
    return iter(())


def _json(series: Series[Answer], answers: Iterable[Answer]) -> Iterator[str]:
    from convcalc.render.documents import json_line

    yield f'{{\n  "schema": "convcalc.{series.schema}/{SCHEMA_VERSION}",\n  "{series.name}": ['
    for number, each in enumerate(answers):
        yield f"{',' if number else ''}\n    {json_line(series.data(each))}"
    yield "\n  ]\n}\n"


def _csv(series: Series[Answer], answers: Iterable[Answer]) -> Iterator[str]:
    from convcalc.files.csv_writer import csv_lines

    yield from csv_lines([series.header()])
    for each in answers:
        yield from csv_lines(series.rows(each))
