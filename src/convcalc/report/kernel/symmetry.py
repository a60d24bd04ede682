"""A kernel's symmetry in words."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.kernels.symmetry import Parity, PlaneSymmetry, Symmetry
from convcalc.report.text import directions, directions_text

_POINT = {
    Parity.EVEN: "point symmetric: convolution and cross-correlation agree",
    Parity.ODD: "point antisymmetric: convolution is minus cross-correlation",
    Parity.NONE: "not point symmetric: convolution and cross-correlation differ",
}
_MIRRORED = {Parity.EVEN: "mirrored it is the same", Parity.ODD: "mirrored it changes sign"}
_KIND = {Parity.EVEN: "symmetric", Parity.ODD: "antisymmetric"}


def symmetry_text(symmetry: Symmetry) -> str:
    """The symmetry of a kernel: about each axis, at the diagonals, by turns, and about its point in the middle."""
    parts = [*_flips(symmetry)]
    if symmetry.is_full and symmetry.planes:
        way = directions_text(range(len(symmetry.flips)), len(symmetry.flips))
        parts = [f"even {way}, and every mirror image and quarter turn is the same"]
    elif len(symmetry.flips) > 1:
        parts += [text for plane in symmetry.planes for text in _plane(plane, len(symmetry.flips))]
    return "; ".join([", ".join(parts), _POINT[symmetry.point]] if parts else [_POINT[symmetry.point]])


def _flips(symmetry: Symmetry) -> Iterator[str]:
    rank = len(symmetry.flips)
    for parity in (Parity.EVEN, Parity.ODD):
        axes = tuple(axis for axis, found in enumerate(symmetry.flips) if found is parity)
        if axes:
            yield f"{parity} {directions_text(axes, rank)} ({_MIRRORED[parity]})"


def _plane(plane: PlaneSymmetry, rank: int) -> Iterator[str]:
    """At the diagonals and by a quarter turn, in the plane of two axes."""
    names = [way.removeprefix("from ") for way in directions(rank)]
    where = "" if rank == 2 else f" in the plane of {names[plane.axes[0]]} and {names[plane.axes[1]]}"
    if {plane.transpose, plane.antitranspose, plane.quarter_turn} == {Parity.EVEN}:
        yield f"every mirror image and quarter turn{where} is the same"
        return
    if plane.transpose in _KIND:
        yield f"{_KIND[plane.transpose]} under transposition{where}"
    if plane.antitranspose in _KIND:
        yield f"{_KIND[plane.antitranspose]} at the antidiagonal{where}"
    if plane.quarter_turn in _KIND:
        sign = "itself" if plane.quarter_turn is Parity.EVEN else "its negative"
        yield f"{sign} after a turn of 90°{where}"
