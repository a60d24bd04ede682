"""The functions of other programs that give a matrix exactly, as their conventions are known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, is_exact, unwarned
from convcalc.causes.hypotheses import Question
from convcalc.causes.probe import with_input
from convcalc.conventions.applied import SILENT, Applied, Stated, apply
from convcalc.conventions.convention import Convention
from convcalc.conventions.table import CONVENTIONS
from convcalc.conventions.words import Channels
from convcalc.errors import ConvcalcError
from convcalc.problem import Problem

_LARGE = 96
"""Cells of an axis beyond which a corner is looked at first."""
_CORNER = 64
_SINGLE = 2.0**-24
"""The unit of roundoff of float32."""


class Peer(NamedTuple):
    """A function, and what has to be said to it."""

    convention: Convention
    stated: Stated = SILENT
    """The type that it takes the input's numbers as, and its word for the padding; None: by its defaults."""

    @property
    def name(self) -> str:
        """The function, with what has to be said to it."""
        said = [each for each in (self.stated.type, self.stated.padding) if each]
        return f"{self.convention.name} ({', '.join(said)})" if said else self.convention.name

    @property
    def flags(self) -> tuple[str, ...]:
        """What makes convcalc compute as it does, where a problem says nothing of padding, boundary and flip."""
        type_behind = f":{self.stated.type}" if self.stated.type else ""
        padding = (f"--padding {self.stated.padding}",) if self.stated.padding else ()
        return (f"--like {self.convention.name}{type_behind}", *padding)

    def is_reachable(self, problem: Problem) -> bool:
        """Whether its flags make convcalc compute it of a problem, which then says nothing else of placing."""
        padded = any(axis.before or axis.after for axis in problem.axes)
        apart = self.convention.channels is Channels.APART and problem.in_channels > 1
        return not (problem.flip or padded or apart)


def peers_giving(question: Question) -> tuple[Peer, ...]:
    """The functions that give every cell of the matrix, by their defaults if these do, in the order of the table."""
    with unwarned():
        found = (next(_giving(question, convention), None) for convention in CONVENTIONS.values())
        return tuple(each for each in found if each is not None)


def _giving(question: Question, convention: Convention) -> Iterator[Peer]:
    kinds = (None, *convention.types) if is_exact(question.problem.input) else (None,)
    for padding, kind in product((None, *convention.paddings), kinds):
        stated = Stated(type=kind, padding=padding)
        applied = _applied(question.problem, convention, stated)
        if applied is None or applied.problem.output_shape != question.given.cells.shape:
            continue
        if _may_give(question, convention, stated) and _agrees(question, applied.computed(), question.given.cells):
            yield Peer(convention, stated)


def _applied(problem: Problem, convention: Convention, stated: Stated) -> Applied | None:
    """The problem under a convention; None where the function refuses it."""
    try:
        return apply(problem, convention, stated)
    except ConvcalcError:
        return None


def _may_give(question: Question, convention: Convention, stated: Stated) -> bool:
    """Whether a corner of a large image, its border left out, comes out as the matrix has it."""
    problem = question.problem
    if max(problem.spatial_size) <= _LARGE:
        return True
    corner = index(..., *(slice(_CORNER) for _ in problem.axes))
    reach = max(axis.reach for axis in problem.axes)
    applied = _applied(with_input(problem, problem.input[corner]), convention, stated)
    if applied is None:
        return True
    inside = index(..., *(slice(reach, max(reach, _CORNER // axis.stride - reach)) for axis in problem.axes))
    return _agrees(question, applied.computed()[inside], question.given.cells[inside])


def _agrees(question: Question, made: Array, got: Array) -> bool:
    if is_exact(made) and is_exact(got):
        return bool((made == got).all())
    ours, theirs = made.astype(np.float64), got.astype(np.float64)
    lost = question.terms * _SINGLE * question.magnitude if made.dtype == np.float32 else 0.0
    same = np.abs(ours - theirs) <= question.slacks[""] + lost
    return bool((same | (np.isnan(ours) & np.isnan(theirs))).all())
