"""The largest features of a network's output by the names of their classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, in_floats, plain
from convcalc.errors import FieldError
from convcalc.layers.run import NetworkRun
from convcalc.wording import counted, shape_text

MOST = 5


class ClassScore(NamedTuple):
    """One feature with the name of its class."""

    sample: int
    number: int
    """The feature, from 0."""
    name: str
    value: Any
    share: float
    """Of all classes: the softmax of the values, or the values themselves where they are one already."""


def class_scores(run: NetworkRun, names: Sequence[str]) -> list[ClassScore]:
    """The largest features of each sample, the largest first; of equal ones the first.

    Raises:
        FieldError: the output is no features, or there are not as many names.
    """
    output, shape = run.output, run.output.shape[1:]
    features = shape[0] if shape else 0
    if prod(shape[1:]) != 1:
        raise FieldError(
            f"the output is {shape_text(shape)}, not one number for each class", hint="leave it out", field="labels"
        )
    if len(names) != features:
        raise FieldError(
            f"there are {counted(len(names), 'name')}, the output has {counted(features, 'feature')}",
            hint="one name a line, in the order of the classes",
            field="labels",
        )
    return [
        each for number, row in enumerate(output.reshape(len(output), features)) for each in _best(number, row, names)
    ]


def _best(sample: int, row: Array, names: Sequence[str]) -> Iterator[ClassScore]:
    shares = _shares(np.asarray(in_floats(row) if row.dtype.kind != "f" else row, np.float64))
    order = np.argsort(-np.nan_to_num(np.asarray(row, np.float64), nan=-np.inf), kind="stable")[:MOST]
    yield from (ClassScore(sample, int(each), names[each], plain(row[each]), float(shares[each])) for each in order)


def _shares(values: Array) -> Array:
    if (values >= 0).all() and abs(values.sum() - 1) < 1e-3:
        return values
    with np.errstate(all="ignore"):
        powers = np.exp(values - values.max())
        return np.asarray(powers / powers.sum())
