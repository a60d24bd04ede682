"""A report on a terminal: framed grids and tables, coloured by role."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.box import ROUNDED as ROUNDED_BOX
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from convcalc.render.layout import ROUNDED, lines_of, safe
from convcalc.report.blocks import Block, Role, Table

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
    """Print blocks at the console's width; tables go through Rich, which wraps their cells."""
    for number, (is_table, group) in enumerate(groupby(blocks, key=lambda block: isinstance(block, Table))):
        members = list(group)
        if number:
            console.print()
        if not is_table:
            _print_lines(console, members)
        for table in members:
            if isinstance(table, Table):
                console.print(_rich_table(table))


def _print_lines(console: Console, blocks: Sequence[Block]) -> None:
    text = Text()
    for line in lines_of(blocks, console.width, ROUNDED):
        for span in line:
            text.append(span.text, STYLES[span.role])
        text.append("\n")
    console.print(text, end="", soft_wrap=True)


def _rich_table(table: Table) -> RichTable:
    rich_table = RichTable(box=ROUNDED_BOX, header_style="bold", border_style="dim")
    for name in table.columns:
        numeric = name in table.numeric
        rich_table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in table.rows:
        rich_table.add_row(*(Text(safe(span).text, STYLES[span.role]) for span in row))
    return rich_table
