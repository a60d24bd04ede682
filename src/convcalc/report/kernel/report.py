"""The report of one kernel: weights, factors, properties, and other libraries' kernels of its name.

Also a kernel's symmetry in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convcalc.arrays import has_floats
from convcalc.kernels.factors import ROUNDING, Separation, Taps, taps_array
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.properties import BRIGHTEST, Parity, PlaneSymmetry, Properties, Symmetry, properties_of
from convcalc.report.arrays.grids import hidden_planes, plane_grids
from convcalc.report.arrays.heat_maps import heat_maps
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Grid, HeatMap, Report, Role, Sentence, Span, say
from convcalc.report.kernel.data import fact_rows, full_kernel_data
from convcalc.report.kernel.namesakes import namesake_blocks
from convcalc.report.kernel.response import response_blocks
from convcalc.report.kernel.whole_truth import truth_blocks
from convcalc.report.text import brief_text, directions, directions_text, listed
from convcalc.wording import axis_names, counted, shape_text

_POINT = {
    Parity.EVEN: "point symmetric: convolution and cross-correlation agree",
    Parity.ODD: "point antisymmetric: convolution is minus cross-correlation",
    Parity.NONE: "not point symmetric: convolution and cross-correlation differ",
}
_MIRRORED = {Parity.EVEN: "mirrored it is the same", Parity.ODD: "mirrored it changes sign"}
_KIND = {Parity.EVEN: "symmetric", Parity.ODD: "antisymmetric"}


def symmetry_text(symmetry: Symmetry) -> str:
    """The symmetry of a kernel in words: along the axes, about the diagonals, under rotations, about its centre."""
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
    """About the diagonals and under rotation by 90°, in the plane of two axes."""
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


_MARGIN = 11  # columns of the names of facts
_MOST_TAPS_LISTED = 9
_MAP_COLUMNS = 40


def kernel_report(kernel: Kernel, rate: float | None = None) -> Report:
    """One kernel with all its properties; ``rate``: samples a second of the signals that it filters."""
    facts = properties_of(kernel)
    return Report(
        blocks=tuple(kernel_blocks(kernel, facts, rate)),
        data=lambda: {"schema": f"convcalc.kernel/{SCHEMA_VERSION}", **full_kernel_data(kernel, facts)},
        rows=lambda: fact_rows(kernel, facts),
    )


def kernel_blocks(kernel: Kernel, facts: Properties, rate: float | None = None) -> Iterator[Block]:
    """The page of a kernel; ``rate``: as of :func:`kernel_report`."""
    yield Sentence((Span(kernel.name, Role.TITLE), Span(f"   {kernel.title}" if kernel.title else "", Role.LABEL)))
    if kernel.shows:
        yield say(kernel.shows)
    yield from _weights(kernel, facts)
    yield from _lines(_facts(kernel, facts))
    if facts.response:
        yield from response_blocks(facts.response, kernel.weights.ndim, rate)
    yield from namesake_blocks(kernel)
    yield from truth_blocks(kernel)
    about = {"family": kernel.family, "also": ", ".join(kernel.aliases), "source": kernel.reference}
    for number, line in enumerate(_lines(about.items())):
        yield line._replace(space_before=not number)


def _weights(kernel: Kernel, facts: Properties) -> Iterator[Block]:
    """The weights, and the factors whose product they are."""
    scale = "" if kernel.scale == 1 else f"× {brief_text(kernel.scale)}"
    caption = ", ".join(filter(None, (f"weights {shape_text(kernel.weights.shape)}", scale)))
    items: list[Grid | HeatMap | Span] = list(plane_grids(caption, kernel.weights))
    if _is_product(facts):
        assert facts.separation and facts.separation.factors
        names = _factor_names(kernel.weights.ndim)
        for axis, (taps, name) in enumerate(zip(facts.separation.factors, names, strict=True)):
            items += [Span("×" if axis else "="), _factor(taps, name, is_column=name == "column")]
    if has_floats(kernel.weights) and kernel.weights.size > 1:
        items += heat_maps("heat map", kernel.weights, _MAP_COLUMNS)
    yield Flow(tuple(items))
    hidden = hidden_planes(kernel.weights)
    if hidden:
        yield say(f"and {counted(hidden, 'more slice')}", Role.LABEL)


def _factor(taps: Taps, caption: str, *, is_column: bool) -> Grid:
    array = taps_array(taps)
    [grid] = plane_grids(caption, array.reshape((-1, 1) if is_column else (1, -1)))
    return grid


def _is_product(facts: Properties) -> bool:
    """Whether separate factors save multiplications: more than one axis has more than one tap."""
    return bool(
        facts.separation and facts.separation.is_separable and sum(size > 1 for size in facts.weights.shape) > 1
    )


def _facts(kernel: Kernel, facts: Properties) -> Iterator[tuple[str, str]]:
    """The facts by name, in words."""
    yield "scale", brief_text(kernel.scale)
    yield "sum", _sum(facts)
    if not facts.is_finite:
        return
    low, high = map(brief_text, facts.output_range)
    yield "range", f"{low} to {high} for inputs from 0 to {BRIGHTEST}"
    if any(size % 2 == 0 for size in facts.weights.shape):
        yield "centre", _centre(facts)
    if facts.symmetry:
        yield "symmetry", symmetry_text(facts.symmetry)
    if facts.separation and kernel.weights.ndim > 1:
        yield "separable", _separable(facts.separation, facts.weights.size)


def _sum(facts: Properties) -> str:
    total = "0" if facts.is_zero_sum else brief_text(facts.sum)
    text = (
        f"{brief_text(facts.weight_sum)} × {brief_text(facts.scale)} = {total}" if facts.scale not in (0, 1) else total
    )
    if facts.is_zero_sum:
        return f"{text}, zero-sum: flat areas give 0"
    if facts.is_normalised:
        return f"{text}, normalised: flat areas keep their value"
    return f"{text}: flat areas are multiplied by it" if facts.is_finite else text


def _centre(facts: Properties) -> str:
    """The centre of a kernel whose size is even on some axis, in words."""
    names = axis_names(facts.weights.ndim)
    places = [
        f"on {name} {centre}" if centre.denominator == 1 else f"between {name}s {int(centre)} and {int(centre) + 1}"
        for name, centre in zip(names, facts.centre, strict=True)
    ]
    first = " ".join(f"{name} {tap}" for name, tap in zip(names, facts.anchor, strict=True))
    other = " ".join(
        f"{name} {tap + (size % 2 == 0)}"
        for name, tap, size in zip(names, facts.anchor, facts.weights.shape, strict=True)
    )
    return (
        f"{listed(places)}; with padding same (as in PyTorch) {first} lies on the output cell, with same-lower "
        f"(as in SciPy and OpenCV) {other}"
    )


def _separable(separation: Separation, taps: int) -> str:
    ranks = separation.ranks
    name = f"matrix rank {ranks[0]}" if len(ranks) == 2 else f"multilinear rank {shape_text(ranks)}"
    if separation.is_separable:
        text = f"yes, {' × '.join(_factor_names(len(ranks)))} ({name})"
        if separation.multiplications < taps:
            text += f": {separation.multiplications} multiplications a cell instead of {taps}"
    else:
        text = f"no, {name}"
        if len(ranks) == 2 and ranks[0]:
            text += f": a sum of {ranks[0]} products of a column and a row"
    rounded = f"; singular values up to {ROUNDING:g} of the largest count as 0"
    return text if separation.is_exact else text + rounded


def _factor_names(rank: int) -> tuple[str, ...]:
    return {2: ("column", "row"), 3: ("depth", "column", "row")}.get(rank) or tuple(
        f"axis {axis}" for axis in range(rank)
    )


def _lines(facts: Iterable[tuple[str, str]]) -> Iterator[Sentence]:
    for name, text in facts:
        if text:
            yield Sentence((Span(name.ljust(_MARGIN), Role.LABEL), Span(text)), indent=_MARGIN)
