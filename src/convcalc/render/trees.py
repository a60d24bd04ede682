"""Trees as lines: what hangs below a line is joined to it by rules."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.render.frames import Frame
from convcalc.render.lines import Line, wrapped
from convcalc.report.blocks import Role, Span, Tree

_STEP = 3  # columns that each level is moved in
_HANGING = 2  # columns that the later lines of a text hang below its first


def tree_lines(tree: Tree, width: int, frame: Frame, before: str = "", below: str = "") -> Iterator[Line]:
    """The lines of a tree; ``before`` stands in front of its first line, ``below`` in front of all others."""
    deeper = below + (frame.side if tree.branches else "").ljust(_HANGING)
    for number, line in enumerate(wrapped(tree.spans, width - _room(before, width))):
        rules = _cut(deeper if number else before, width)
        yield (Span(rules, Role.LABEL), *line) if rules else line
    for number, branch in enumerate(tree.branches, start=1):
        is_last = number == len(tree.branches)
        corner = (frame.bottom if is_last else frame.middle)[0] + frame.rule + " "
        side = (" " if is_last else frame.side).ljust(_STEP)
        yield from tree_lines(branch, width, frame, below + corner, below + side)


def _room(rules: str, width: int) -> int:
    return len(_cut(rules, width)) + (_HANGING if rules else 0)


def _cut(rules: str, width: int) -> str:
    """The rules nearest to the text; half of the page at most is theirs."""
    return rules[-(width // 2) :] if len(rules) > width // 2 else rules
