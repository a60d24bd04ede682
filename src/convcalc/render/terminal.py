"""A report on a terminal: framed grids and tables, coloured by role, printed by Rich."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from convcalc.render.frames import ROUNDED
from convcalc.render.layout import lines_of
from convcalc.report.blocks import Block, Role

# The sixteen colours follow the terminal's own theme, so they are legible on dark and on light.
STYLES: dict[Role, str] = {
    Role.PLAIN: "",
    Role.TITLE: "bold",
    Role.LABEL: "dim",
    Role.NUMBER: "",
    Role.NEGATIVE: "red",
    Role.PADDED: "yellow",
    Role.TOTAL: "bold cyan",
    Role.GOOD: "green",
    Role.BAD: "bold red",
    Role.NOTE: "yellow",
}


def print_blocks(console: Console, blocks: Sequence[Block]) -> None:
    """Print blocks at the console's width."""
    text = Text()
    for line in lines_of(blocks, console.width, ROUNDED):
        for span in line:
            text.append(span.text, STYLES[span.role])
        text.append("\n")
    console.print(text, end="", soft_wrap=True)
