"""The lines around grids and tables."""

from __future__ import annotations

from typing import NamedTuple


class Frame(NamedTuple):
    """The characters of a frame; the rules of a table have joints at its columns, those of a grid have none."""

    rule: str
    side: str
    top: tuple[str, str, str]
    """Left corner, joint, right corner; likewise below."""
    middle: tuple[str, str, str]
    bottom: tuple[str, str, str]


ROUNDED = Frame("─", "│", ("╭", "┬", "╮"), ("├", "┼", "┤"), ("╰", "┴", "╯"))
ASCII = Frame("-", "|", ("+", "+", "+"), ("+", "+", "+"), ("+", "+", "+"))


def rule(frame: Frame, corners: tuple[str, str, str], widths: list[int]) -> str:
    """A rule over columns of these widths, each with a space on both sides."""
    left, joint, right = corners
    return left + joint.join(frame.rule * (width + 2) for width in widths) + right
