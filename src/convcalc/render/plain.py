"""A report as plain text: the layout without frame, colour or terminal; long reports are written as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convcalc.render.layout import Frame, lines_of
from convcalc.report.blocks import Block


def plain_lines(blocks: Iterable[Block], width: int, frame: Frame | None = None) -> Iterator[str]:
    """The lines of the blocks, without line ends."""
    for line in lines_of(tuple(blocks), width, frame):
        yield "".join(span.text for span in line)
