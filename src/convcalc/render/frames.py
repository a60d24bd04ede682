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
    bar: str
    """What bars are made of: the signs that fill a cell more and more, the last one all of it."""


ROUNDED = Frame("─", "│", ("╭", "┬", "╮"), ("├", "┼", "┤"), ("╰", "┴", "╯"), "▏▎▍▌▋▊▉█")
ASCII = Frame("-", "|", ("+", "+", "+"), ("+", "+", "+"), ("+", "+", "+"), "#")


def rule(frame: Frame, corners: tuple[str, str, str], widths: list[int]) -> str:
    """A rule over columns of these widths, each with a space on both sides."""
    left, joint, right = corners
    return left + joint.join(frame.rule * (width + 2) for width in widths) + right


def bar(frame: Frame, share: float, cells: int) -> str:
    """A share of a whole as a bar of so many cells, the rest of them empty.

    >>> bar(ASCII, 0.5, 8), bar(ROUNDED, 0.45, 4)
    ('####    ', '█▊  ')
    """
    steps = len(frame.bar)
    full, part = divmod(round(max(0.0, min(share, 1.0)) * cells * steps), steps)
    return (frame.bar[-1] * full + frame.bar[part - 1 : part] * bool(part)).ljust(cells)
