"""A problem in a file, for the processes that compute it: numbers as arrays or as text, nothing that runs."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from convcalc.arrays import Array, plain
from convcalc.build import build_problem
from convcalc.geometry.boundary import Boundary, BoundaryMode
from convcalc.problem import Problem


def pack(problem: Problem, path: Path) -> None:
    """Write a problem as .npz; its labels stay behind."""
    words = {
        "scale": list(map(str, problem.scale)),
        "bias": list(map(str, problem.bias)) if problem.has_bias else None,
        "stride": problem.axes.strides,
        "padding": problem.axes.pads,
        "dilation": problem.axes.dilations,
        "groups": problem.groups,
        "boundary": [problem.boundary.mode, str(problem.boundary.value)],
        "flip": problem.flip,
        "dtype": problem.dtype,
    }
    np.savez(path, words=json.dumps(words), input=_as_text(problem.input), weight=_as_text(problem.weight))


def unpack(path: Path) -> Problem:
    """The problem of a file that :func:`pack` wrote."""
    with np.load(path) as arrays:
        words: dict[str, Any] = json.loads(str(arrays["words"]))
        cells, weight = _from_text(arrays["input"]), _from_text(arrays["weight"])
    mode, value = words.pop("boundary")
    bias = words.pop("bias")
    return build_problem(
        cells,
        weight,
        None if bias is None else np.array(list(map(_number, bias)), dtype=object),
        scale=list(map(Fraction, words.pop("scale"))),
        boundary=Boundary(BoundaryMode(mode), _number(value)),
        **words,
    )


def _as_text(values: Array) -> Array:
    """Python's own numbers as text; others as they are."""
    return values.astype(str) if values.dtype == object else values


def _from_text(values: Array) -> Array:
    return np.frompyfunc(_number, 1, 1)(values) if values.dtype.kind == "U" else values


def _number(text: str) -> Any:
    """A number from what ``str`` wrote of it: floats have a point, an exponent or a word."""
    return float(text) if set(text) & set(".ena") else plain(Fraction(text))
