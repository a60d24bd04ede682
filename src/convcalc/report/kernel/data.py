"""Kernels for other programs: JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from convcalc.arrays import cells
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.properties import Properties, Symmetry, properties_of
from convcalc.kernels.response import FREQUENCIES, PLANE_FREQUENCIES, Response
from convcalc.report.array_data import array_data
from convcalc.report.number_data import number_data

_Row = tuple[Any, ...]


def kernel_data(kernel: Kernel) -> dict[str, Any]:
    """A kernel as it stands in the list of all."""
    return {
        "name": kernel.name,
        "title": kernel.title,
        "family": kernel.family,
        "aliases": list(kernel.aliases),
        "weights": array_data(kernel.weights),
        "scale": number_data(kernel.scale),
        "sum": number_data(properties_of(kernel).sum),
        "shows": kernel.shows,
        "source": kernel.reference,
    }


def full_kernel_data(kernel: Kernel, facts: Properties) -> dict[str, Any]:
    """A kernel with all that is known about it; null for what its weights do not allow to be known."""
    found = facts.separation
    return {
        **kernel_data(kernel),
        "zero_sum": facts.is_zero_sum,
        "normalised": facts.is_normalised,
        "output_range": [number_data(each) for each in facts.output_range] if facts.is_finite else None,
        "centre": [number_data(each) for each in facts.centre],
        "anchor": list(facts.anchor),
        "symmetry": _symmetry(facts.symmetry) if facts.symmetry else None,
        "ranks": list(found.ranks) if found else None,
        "ranks_are_exact": found.is_exact if found else None,
        "separable": found.is_separable if found else None,
        "factors": [list(taps) for taps in found.factors] if found and found.factors else None,
        "response": _response(facts.response) if facts.response else None,
        "namesakes": [
            {
                "name": f"{kernel.name}@{each.library}",
                "weights": array_data(each.weights),
                "scale": number_data(each.scale),
                "source": each.source,
            }
            for each in kernel.namesakes
        ],
    }


def _symmetry(symmetry: Symmetry) -> dict[str, Any]:
    return {
        "flips": list(symmetry.flips),
        "point": symmetry.point,
        "planes": [{**each._asdict(), "axes": list(each.axes)} for each in symmetry.planes],
    }


def _response(response: Response) -> dict[str, Any]:
    """The gains; frequencies are in cycles per cell."""
    return {
        "frequencies": FREQUENCIES.tolist(),
        "curves": [
            {"band": curve.band, "through": list(curve.through), "gain": curve.gain.tolist()}
            for curve in response.curves
        ],
        "peak": list(response.peak),
        "plane_frequencies": PLANE_FREQUENCIES.tolist(),
        "planes": [{"axes": list(plane.axes), "gain": plane.gain.tolist()} for plane in response.planes],
    }


def fact_rows(kernel: Kernel, facts: Properties) -> Iterator[Iterable[Any]]:
    """One row for each number: what it is, where on each axis (a tap, of gains a frequency), and its value."""
    rank = kernel.weights.ndim
    nowhere = ("",) * rank
    yield ("fact", *(f"axis_{axis}" for axis in range(rank)), "value")
    for place, value in cells(kernel.weights):
        yield ("weight", *place, value)
    for name, value in _single(kernel, facts):
        yield (name, *nowhere, value)
    if facts.separation:
        for axis, taps in enumerate(facts.separation.factors or ()):
            for tap, value in enumerate(taps):
                yield ("factor", *_at(nowhere, axis, tap), value)
    if facts.response:
        yield from _gain_rows(facts.response)
    for each in kernel.namesakes:
        for place, value in cells(each.weights):
            yield (f"weight@{each.library}", *place, value)
        yield (f"scale@{each.library}", *nowhere, each.scale)


def _single(kernel: Kernel, facts: Properties) -> Iterator[tuple[str, Any]]:
    """The facts that are one value each."""
    yield from (("name", kernel.name), ("title", kernel.title), ("family", kernel.family))
    yield from (("also", alias) for alias in kernel.aliases)
    yield from (("shows", kernel.shows), ("source", kernel.reference))
    yield from (("scale", kernel.scale), ("sum", facts.sum))
    yield from (("zero_sum", int(facts.is_zero_sum)), ("normalised", int(facts.is_normalised)))
    if facts.is_finite:
        yield from zip(("least_output", "largest_output"), facts.output_range, strict=True)
    yield from ((f"centre_{axis}", place) for axis, place in enumerate(facts.centre))
    if facts.symmetry:
        yield from ((f"flip_{axis}", str(parity)) for axis, parity in enumerate(facts.symmetry.flips))
        yield ("point", str(facts.symmetry.point))
        for plane in facts.symmetry.planes:
            for name in ("transpose", "antitranspose", "quarter_turn"):
                yield f"{name}_{plane.axes[0]}_{plane.axes[1]}", str(getattr(plane, name))
    if facts.separation:
        yield from ((f"rank_{axis}", rank) for axis, rank in enumerate(facts.separation.ranks))
    if facts.response:
        yield from ((f"band_{axis}", str(curve.band)) for axis, curve in enumerate(facts.response.curves))


def _gain_rows(response: Response) -> Iterator[_Row]:
    for axis, curve in enumerate(response.curves):
        for frequency, gain in zip(FREQUENCIES.tolist(), curve.gain.tolist(), strict=True):
            yield ("gain", *_at(curve.through, axis, frequency), gain)
    nowhere = (0.0,) * len(response.curves)
    for plane in response.planes:
        for (row, column), gain in cells(plane.gain):
            first, second = (float(PLANE_FREQUENCIES[place]) for place in (row, column))
            yield ("gain", *_at(_at(nowhere, plane.axes[0], first), plane.axes[1], second), gain)


def _at(places: _Row, axis: int, place: Any) -> _Row:
    return (*places[:axis], place, *places[axis + 1 :])
