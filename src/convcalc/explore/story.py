"""The words beside the grids: the report of the cell that is picked, and what is computed at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convcalc.errors import ConvcalcError
from convcalc.geometry.boundary import Boundary
from convcalc.render.boxes import ROUNDED
from convcalc.render.layout import lines_of
from convcalc.report.blocks import Block, Flow, Role, say
from convcalc.report.headline import problem_settings
from convcalc.report.text import channels_text
from convcalc.report.trace.report import explanation_report
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.explore.session import Session
    from convcalc.layers.layer import Shape
    from convcalc.render.lines import Line

_COPIED_WIDTH = 100
_LEAST_GRID = 5  # lines of a grid of one row with its neighbour


def story(session: Session) -> tuple[Block, ...]:
    """All there is to say of the cell that was picked last."""
    if not session.look.is_inverse:
        return explanation_report(session.explained).blocks
    try:
        uses = session.uses
    except ConvcalcError as error:
        return (say(str(error), Role.NOTE),)
    from convcalc.report.uses.report import uses_report  # with what turns layers round, which a start does without

    return uses_report(uses).blocks


def story_lines(session: Session, width: int, height: int, curves: Sequence[Line] = ()) -> list[Line]:
    """The story at so many columns; where it is longer than ``height``, the sentences and sums before the grids.

    ``curves``: of signals, between the two.
    """
    gap: list[Line] = [()] * bool(curves)
    blocks = story(session)
    words = tuple(block for block in blocks if not isinstance(block, Flow))
    grids = tuple(block for block in blocks if isinstance(block, Flow))
    told = [line for line in lines_of(words, width, ROUNDED) if line]
    if len(told) + _LEAST_GRID * len(grids) <= height:
        lines = list(lines_of(blocks, width, ROUNDED))
        if len(lines) + len(gap) + len(curves) <= height:
            return [*lines, *gap, *curves]
    return [*told, *gap, *curves, (), *lines_of(grids, width, ROUNDED)]


def copied_text(session: Session) -> str:
    """The story as plain text."""
    from convcalc.render.plain import plain_lines

    return "\n".join(plain_lines(story(session), _COPIED_WIDTH, ROUNDED)) + "\n"


def subtitle(session: Session) -> str:
    """What the layer does, in a line."""
    return ", ".join(_subtitle(session))


def _subtitle(session: Session) -> Iterator[str]:
    scene, problem = session.scene, session.scene.problem
    yield f"{_size_text(scene.input_shape)} → {_size_text(scene.output_shape)}"
    if problem is None:
        yield scene.stage.layer.kind
        return
    settings = problem_settings(problem)
    yield settings
    if "no padding" in settings and problem.boundary != Boundary():
        yield f"boundary {problem.boundary}"
    if problem.flip:
        yield "kernel turned"
    if problem.groups > 1:
        yield f"{problem.groups} groups"


def _size_text(shape: Shape) -> str:
    return channels_text(shape) if len(shape) > 1 else counted(shape[0], "feature")
