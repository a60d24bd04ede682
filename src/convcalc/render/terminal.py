"""A report on a terminal: framed grids and tables, coloured by role, and heat maps, printed by Rich."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.segment import Segment, Segments

from convcalc.render.boxes import ROUNDED
from convcalc.render.layout import lines_of
from convcalc.render.lines import Strip
from convcalc.report.blocks import Block, Role

# The sixteen colours follow the terminal's own theme, so they are legible on dark and on light.
STYLES: dict[Role, str] = {
    Role.PLAIN: "",
    Role.TITLE: "bold",
    Role.LABEL: "dim",
    Role.NUMBER: "",
    Role.NEGATIVE: "red",
    Role.PADDED: "yellow",
    Role.DIFFERENT: "bold magenta",
    Role.WINDOW: "bold",
    Role.TOTAL: "bold cyan",
    Role.GOOD: "green",
    Role.BAD: "bold red",
    Role.NOTE: "yellow",
    Role.BLANK: "",
    Role.FILLED: "bold cyan",
}


def print_blocks(console: Console, blocks: Sequence[Block]) -> None:
    """Print blocks at the console's width."""
    console.print(Segments(_segments(console, blocks)), end="", soft_wrap=True)


def drawn_lines(console: Console, blocks: Sequence[Block]) -> list[str]:
    """The lines that would be printed at the console's width, with the codes of their colours, without line ends."""
    with console.capture() as captured:
        print_blocks(console, blocks)
    return captured.get().removesuffix("\n").split("\n")


def _segments(console: Console, blocks: Sequence[Block]) -> Iterator[Segment]:
    """Text that Rich prints unchanged: the lines fit already, and a heat map has too many cells for a style each."""
    styles = {role: console.get_style(style) if style else None for role, style in STYLES.items()}
    for line in lines_of(blocks, console.width, ROUNDED):
        for span in line:
            if isinstance(span, Strip):
                yield Segment(_painted(span, console))
            else:
                yield Segment(span.text, styles[span.role])
        yield Segment("\n")


def _painted(strip: Strip, console: Console) -> str:
    from convcalc.render.paint import depth_of, painted

    return painted(strip, depth_of(console))
