"""What holds of every convolution, whatever the right numbers are: two ways to compute one output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from convcalc import Problem, compute, make_plan
from differential.judge import Fault, allowed, answer_of
from differential.problems import Case, Rng

EXTREME = 1e30
"""Magnitudes from which a linear combination of floats may overflow."""


class Two(NamedTuple):
    """One output computed in two ways."""

    first: Any
    second: Any


def output_of(case: Case, **changes: Any) -> Any:
    """The output of a case, some fields replaced."""
    return compute(case.problem(**changes)).output


def settled(problem: Problem) -> dict[str, Any]:
    """The padding of a problem in numbers, which does not change where its stride or its kernel does."""
    return {"padding": [[axis.before, axis.after] for axis in problem.axes]}


def samples(case: Case, _rng: Rng) -> Two:
    """Every sample alone is the batch."""
    return Two(output_of(case), np.concatenate([output_of(case, cells=each[None]) for each in case.cells]))


def groups(case: Case, _rng: Rng) -> Two:
    """Every group alone, side by side along the channels, is the whole."""
    count = case.options["groups"]
    each = lambda values: [None] * count if values is None else np.array_split(np.array(values, object), count)  # noqa: E731
    parts = zip(
        np.split(case.cells, count, axis=1),
        np.split(case.weight, count),
        each(case.bias),
        each(case.scale),
        strict=True,
    )
    runs = [
        output_of(case, cells=cells, weight=weight, groups=1, bias=None if bias is None else bias.tolist(), scale=scale)
        for cells, weight, bias, scale in ((c, w, b, None if s is None else tuple(s)) for c, w, b, s in parts)
    ]
    return Two(output_of(case), np.concatenate(runs, axis=1))


def stride(case: Case, _rng: Rng) -> Two:
    """Stride s gives every s-th cell of stride 1."""
    every = tuple(slice(None, None, step) for step in case.options["stride"])
    full = output_of(case, stride=1, **settled(case.problem()))
    return Two(output_of(case), full[(slice(None), slice(None), *every)])


def dilation(case: Case, _rng: Rng) -> Two:
    """Dilation d is a kernel with d - 1 zeros between its taps."""
    spread = case.options["dilation"]
    reach = [step * (count - 1) + 1 for step, count in zip(spread, case.weight.shape[2:], strict=True)]
    stuffed = np.zeros((*case.weight.shape[:2], *reach), dtype=case.weight.dtype)
    stuffed[(slice(None), slice(None), *(slice(None, None, step) for step in spread))] = case.weight
    return Two(output_of(case), output_of(case, weight=stuffed, dilation=1, **settled(case.problem())))


def flip(case: Case, _rng: Rng) -> Two:
    """A kernel turned by hand and turned again is the kernel."""
    turned = np.flip(case.weight, axis=tuple(range(2, case.weight.ndim)))
    return Two(output_of(case), output_of(case, weight=turned, flip=not case.options["flip"]))


def swapped(case: Case, _rng: Rng) -> Two:
    """The first and the last axis swapped everywhere swap in the output."""
    options = {name: case.options[name][::-1] for name in ("stride", "dilation")}
    pads = settled(case.problem())["padding"][::-1]
    order = [0, 1, *range(case.cells.ndim - 1, 1, -1)]
    other = output_of(
        case, cells=case.cells.transpose(order), weight=case.weight.transpose(order), padding=pads, **options
    )
    return Two(output_of(case), other.transpose(order))


def padded(case: Case, _rng: Rng) -> Two:
    """Padding by numpy.pad first, and then convolving with none."""
    words = {
        "zeros": "constant",
        "replicate": "edge",
        "circular": "wrap",
        "reflect": "reflect",
        "symmetric": "symmetric",
    }
    boundary = case.options["boundary"]
    mode = words[boundary] if isinstance(boundary, str) else "constant"
    cells = case.problem().input.astype(object) if case.cells.dtype.kind in "iubO" else case.cells
    value = {"constant_values": 0 if isinstance(boundary, str) else boundary} if mode == "constant" else {}
    pads = settled(case.problem())["padding"]
    wide = np.pad(cells, [(0, 0), (0, 0), *pads], mode=mode, **value)
    return Two(output_of(case), output_of(case, cells=wide, padding=0, boundary="zeros"))


def linear(case: Case, rng: Rng) -> Two:
    """conv(3x - 2y) is 3 conv(x) - 2 conv(y), of whole numbers and with nothing added."""
    other = rng.integers(-99, 100, case.cells.shape).astype(object)
    cells = case.problem().input.astype(object)
    run = lambda array: output_of(case, cells=array, bias=None, boundary="zeros", dtype="exact").astype(object)  # noqa: E731
    return Two(run(3 * cells - 2 * other), 3 * run(cells) - 2 * run(other))


def shifted(case: Case, rng: Rng) -> Two:
    """With a circular boundary and as many output as input cells, a rolled input rolls the output."""
    axes = tuple(range(2, case.cells.ndim))
    steps = tuple(int(rng.integers(-4, 5)) for _ in axes)
    around = {"padding": "same", "boundary": "circular", "stride": 1, "dtype": "exact"}
    rolled = output_of(case, cells=np.roll(case.cells, steps, axes), **around)
    return Two(rolled, np.roll(output_of(case, **around), steps, axes))


def identity(case: Case, _rng: Rng) -> Two:
    """A kernel with a 1 in its middle and padding ``same`` gives back the input."""
    channels = case.cells.shape[1]
    delta = np.zeros((channels, 1, *(3,) * (case.cells.ndim - 2)), dtype=np.int8)
    delta[(slice(None), 0, *(1,) * (case.cells.ndim - 2))] = 1
    plain = {"bias": None, "scale": None, "stride": 1, "padding": "same", "boundary": "zeros", "dtype": "exact"}
    return Two(output_of(case, weight=delta, groups=channels, **plain), case.problem(dtype="exact").input)


ALWAYS = (samples, groups, stride, dilation, flip, swapped, padded)
"""Properties whose both sides are the case's own output."""
WHOLE = (linear, shifted)
"""Properties of exact problems."""


def properties_of(case: Case) -> tuple[Callable[[Case, Rng], Two], ...]:
    """Those that hold of a case; zeros stuffed in between are nan beside infinity."""
    if case.cells.dtype.kind in "iubO" and case.problem().is_exact:
        return (*ALWAYS, *WHOLE, identity)
    if all(each.dtype.kind != "f" or np.isfinite(each).all() for each in (case.cells, case.weight)):
        return ALWAYS
    return tuple(held for held in ALWAYS if held is not dilation)


def broken(case: Case, held: Callable[[Case, Rng], Two], rng: Rng) -> Iterator[Fault]:
    """The first cell where the two sides of a property differ: at all, or for floats by both their bounds."""
    first, second = held(case, rng)
    if first.shape != second.shape:
        yield Fault(f"{held.__name__}: the shape", (), first.shape, second.shape)
        return
    if case.problem().is_exact:
        if "f" in (
            first.dtype.kind,
            second.dtype.kind,
        ):  # some of the cells that one side has more are no whole numbers
            first, second = first.astype(float), second.astype(float)
        wrong = np.asarray(first != second, dtype=bool)
    else:
        wrong = _far(case, first, second)
    for place in map(tuple, np.argwhere(wrong)[:1].tolist()):
        yield Fault(held.__name__, place, first[place], second[place])


def _far(case: Case, first: Any, second: Any) -> Any:
    """Where floats differ by more than rounding; cells that may overflow are not compared."""
    problem, right = case.problem(), answer_of(case)
    with np.errstate(all="ignore"):
        bound = 2 * allowed(problem, make_plan(problem), right)
        sure = (right.special == 0) & (right.magnitude < np.finfo(first.dtype).max / EXTREME)
        return sure & ~(np.abs(first.astype(float) - second.astype(float)) <= bound)
