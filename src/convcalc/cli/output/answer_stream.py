"""Several answers of one kind to standard output and to files: a stream that never builds up in memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from convcalc.cli.message import write
from convcalc.cli.options import OutputOptions
from convcalc.cli.output.emit import save_lines
from convcalc.cli.output.report_formats import HANDOUTS
from convcalc.cli.streams import output_console, page_width
from convcalc.report.blocks import SCHEMA_VERSION, Block, Series, Told

if TYPE_CHECKING:
    from convcalc.render.boxes import Frame

Blocks = Iterable[Block]


def emit_series(series: Series[Told], told: Iterable[Told], target: OutputOptions) -> None:
    """Print answers one after the other, or save them, without holding more than one."""
    if target.output is None:
        sys.stdout.writelines(() if target.quiet else _stream(series, told, target.format))
        return
    save_lines(target.output, lambda form: _stream(series, told, form), force=target.force)
    if not target.quiet:
        write(f"wrote {target.output}")


def _stream(series: Series[Told], told: Iterable[Told], form: str) -> Iterator[str]:
    writers: dict[str, Callable[[Series[Told], Iterable[Told]], Iterator[str]]] = {
        "table": _coloured if sys.stdout.isatty() else _framed,
        "plain": _plain,
        **{name: partial(_handout, draw=draw) for name, draw in HANDOUTS.items()},
        "json": _json,
        "yaml": _json,  # JSON is YAML
        "csv": _csv,
    }
    return writers[form](series, told)


def _plain(series: Series[Told], told: Iterable[Told]) -> Iterator[str]:
    from convcalc.render.boxes import ASCII

    return _text(series, told, ASCII)


def _framed(series: Series[Told], told: Iterable[Told]) -> Iterator[str]:
    from convcalc.render.boxes import ROUNDED

    return _text(series, told, ROUNDED)


def _text(series: Series[Told], told: Iterable[Told], frame: Frame) -> Iterator[str]:
    from convcalc.render.plain import plain_lines

    width = page_width()
    for number, each in enumerate(told):
        yield "\n" if number else ""
        for line in plain_lines(series.blocks(each), width, frame):
            yield f"{line}\n"


def _handout(series: Series[Told], told: Iterable[Told], *, draw: Callable[[Blocks], Iterable[str]]) -> Iterator[str]:
    """One page, which says once what is computed."""

    def blocks() -> Iterator[Block]:
        yield from series.setting()
        for each in told:
            yield from series.handout(each)

    yield from draw(blocks())


def _coloured(series: Series[Told], told: Iterable[Told]) -> Iterator[str]:
    from convcalc.render.terminal import print_blocks

    console = output_console()
    for number, each in enumerate(told):
        if number:
            console.print()
        print_blocks(console, series.blocks(each))
    return iter(())


def _json(series: Series[Told], told: Iterable[Told]) -> Iterator[str]:
    from convcalc.render.documents import json_line

    yield f'{{\n  "schema": "convcalc.{series.schema}/{SCHEMA_VERSION}",\n  "{series.name}": ['
    for number, each in enumerate(told):
        yield f"{',' if number else ''}\n    {json_line(series.data(each))}"
    yield "\n  ]\n}\n"


def _csv(series: Series[Told], told: Iterable[Told]) -> Iterator[str]:
    from convcalc.files.csv_writer import csv_lines

    yield from csv_lines([series.header()])
    for each in told:
        yield from csv_lines(series.rows(each))
