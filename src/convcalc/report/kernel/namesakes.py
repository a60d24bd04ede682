"""The kernels of the same name in other libraries, compared with one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from convcalc.arrays import Array
from convcalc.kernels.kernel import Kernel, Namesake
from convcalc.kernels.related import Relation, differing, relation_of
from convcalc.report.arrays.grids import MARK, plane_grids
from convcalc.report.blocks import Block, Flow, Role, Sentence, Span, say
from convcalc.report.text import directions_text, number_text, scale_text

_TURNS = {(0,): "turned by 90° to the left", (1,): "turned by 90° to the right", (0, 1): "mirrored at the antidiagonal"}


def namesake_blocks(kernel: Kernel) -> Iterator[Block]:
    """How each namesake differs, in words; the kernel and those that differ as grids, with their differences marked."""
    if not kernel.namesakes:
        return
    yield Sentence((Span(f"{kernel.name} elsewhere", Role.TITLE),), space_before=True)
    relations = [relation_of(_values(kernel, each), kernel.values) for each in kernel.namesakes]
    grids = [
        grid
        for each, relation in zip(kernel.namesakes, relations, strict=True)
        if not _is_same(relation)
        for grid in plane_grids(_caption(f"@{each.library}", each.scale), each.weights, different=_marks(each, kernel))
    ]
    if grids:
        yield Flow((*plane_grids(_caption("here", kernel.scale), kernel.weights), *grids))
    if any(span.role is Role.DIFFERENT for grid in grids for row in grid.cells for span in row):
        yield say(f"{MARK} another weight than here", Role.LABEL)
    margin = max(len(each.library) for each in kernel.namesakes) + 3
    for each, relation in zip(kernel.namesakes, relations, strict=True):
        relation_words = relation_text(relation, kernel.name, kernel.weights.ndim) if relation else "other numbers"
        source = f"; {each.source}" if each.source else ""
        yield Sentence((Span(f"@{each.library}".ljust(margin), Role.LABEL), Span(f"{relation_words}{source}")), margin)


def relation_text(relation: Relation, name: str, rank: int) -> str:
    """The relation of a kernel to the one of that name, in words.

    >>> relation_text(Relation(-1, (0, 1), (1,)), "sobel-x", 2)
    '-1 × sobel-x mirrored from left to right'
    """
    if _is_same(relation):
        return f"the same as {name}"
    factor = "" if relation.factor == 1 else f"{number_text(relation.factor)} × "
    return " ".join(filter(None, (f"{factor}{name}", _moved(relation, rank))))


def _moved(relation: Relation, rank: int) -> str:
    """The transformation of the other kernel in words, in 2-D by the names of the square's eight symmetries."""
    exchanged = relation.axes != tuple(range(rank))
    if rank == 2 and exchanged:
        return _TURNS.get(relation.flipped, "transposed")
    if rank == 2 and len(relation.flipped) == 2:
        return "turned by 180°"
    mirrored = f"mirrored {directions_text(relation.flipped, rank)}" if relation.flipped else ""
    return " and ".join(filter(None, ("with its axes exchanged" if exchanged else "", mirrored)))


def _is_same(relation: Relation | None) -> bool:
    return relation is not None and relation.factor == 1 and not relation.is_moved


def _marks(namesake: Namesake, kernel: Kernel) -> Array | None:
    """Which weights are marked; None where nothing but the scale differs."""
    different = differing(namesake.weights, kernel.weights)
    return different if different is not None and different.any() else None


def _values(kernel: Kernel, namesake: Namesake) -> Array:
    return replace(kernel, weights=namesake.weights, scale=namesake.scale).values


def _caption(name: str, scale: Fraction) -> str:
    return ", ".join(filter(None, (name, scale_text(scale))))
