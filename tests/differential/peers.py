"""PyTorch and SciPy on the same problems, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from convcalc import Problem, compute, make_plan
from differential.exact import Answer
from differential.judge import Fault, allowed, answer_of, on_the_way
from differential.problems import Case
from differential.properties import settled

MODES = {"zeros": "constant", "replicate": "edge", "circular": "wrap"}
"""What numpy.pad calls a boundary, where it calls it otherwise."""


def padded(case: Case) -> Any:
    """The cells in float64 with their padding around them, by numpy.pad."""
    boundary, pads = case.options["boundary"], settled(case.problem())["padding"]
    mode = MODES.get(boundary, boundary) if isinstance(boundary, str) else "constant"
    value = {} if isinstance(boundary, str) else {"constant_values": float(boundary)}
    return np.pad(case.cells.astype(float), [(0, 0), (0, 0), *pads], mode=mode, **value)


def turned(case: Case) -> Any:
    """The weight in float64 as it lies on the input."""
    weight = case.weight.astype(float)
    return (np.flip(weight, tuple(range(2, weight.ndim))) if case.options["flip"] else weight).copy()


def by_torch(case: Case) -> Any:
    """Σ x·w by PyTorch's conv1d to conv3d: (batch, out_channels, *spatial)."""
    import torch

    function = getattr(torch.nn.functional, f"conv{case.cells.ndim - 2}d")
    options = {name: case.options[name] for name in ("stride", "dilation", "groups")}
    return function(torch.from_numpy(padded(case)), torch.from_numpy(turned(case)), **options).numpy()


def by_scipy(case: Case) -> Any:
    """Σ x·w by scipy.signal.correlate, channel by channel: (batch, out_channels, *spatial)."""
    from scipy.signal import correlate

    cells, weight = padded(case), turned(case)
    spread, filters, span = case.options["dilation"], len(weight), weight.shape[1]
    reach = [step * (count - 1) + 1 for step, count in zip(spread, weight.shape[2:], strict=True)]
    stuffed = np.zeros((*weight.shape[:2], *reach))
    stuffed[(slice(None), slice(None), *(slice(None, None, step) for step in spread))] = weight
    every = tuple(slice(None, None, step) for step in case.options["stride"])
    each_group = filters // case.options["groups"]
    sums = [
        [
            sum(
                correlate(cells[sample, out // each_group * span + channel], stuffed[out, channel], "valid", "direct")
                for channel in range(span)
            )[every]
            for out in range(filters)
        ]
        for sample in range(len(cells))
    ]
    return np.array(sums)


def is_comparable(case: Case) -> bool:
    """Whether float64 can hold the case: finite numbers, read or not, and sums far from its ends."""
    right = answer_of(case)
    arrays = [each for each in (case.cells, case.weight) if each.dtype.kind == "f"]
    finite = all(np.isfinite(each).all() for each in arrays)
    return bool(finite and right.wholes.size and right.magnitude.max() < 1e290)


def differing(name: str, sums: Any, case: Case) -> Iterator[Fault]:
    """The first cell where a peer's number is not ours, within both bounds; where sums are whole and small, at all."""
    problem, right = case.problem(), answer_of(case)
    plan = make_plan(problem)
    ours = compute(problem, plan).output
    column = (1, -1, *(1,) * problem.rank)
    scale, bias = (np.array(list(map(float, each))).reshape(column) for each in (right.scale, right.bias))
    theirs = sums * scale + bias
    own = 0 if problem.is_exact else allowed(problem, plan, right)
    rounding = (right.terms + 6) * np.finfo(float).eps * (np.abs(scale) * right.magnitude + np.abs(bias)) + 1e-300
    if right.denominator == 1 and problem.is_exact and right.magnitude.max() < 2**53 and set(right.scale) == {1}:
        rounding = np.zeros(right.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        wrong = ~(np.abs(ours.astype(float) - theirs) <= own + rounding) & _held(problem, right)
    for place in map(tuple, np.argwhere(wrong)[:1].tolist()):
        yield Fault(f"beside {name}", place, ours[place], float(theirs[place]))


def _held(problem: Problem, right: Answer) -> Any:
    """Where the sums are far from the end of the problem's own floats."""
    if problem.is_exact:
        return np.ones(right.shape, bool)
    return on_the_way(problem, right) < np.finfo(problem.dtype.value).max / 4


PEERS = {"torch": by_torch, "scipy": by_scipy}


def beside_peers(case: Case, *names: str) -> Iterator[Fault]:
    """Faults of a case beside some peers."""
    if is_comparable(case):
        for name in names:
            yield from differing(name, PEERS[name](case), case)
