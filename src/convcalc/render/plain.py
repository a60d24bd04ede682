"""A report as plain text: the layout without colour or terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convcalc.render.boxes import ASCII, Frame
from convcalc.render.layout import lines_of
from convcalc.report.blocks import Block


def plain_lines(blocks: Iterable[Block], width: int, frame: Frame = ASCII) -> Iterator[str]:
    """The lines of the blocks, without line ends."""
    for line in lines_of(tuple(blocks), width, frame):
        yield "".join(span.text for span in line)
