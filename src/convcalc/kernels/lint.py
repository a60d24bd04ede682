"""Checks of a kernel for probable mistakes and possible improvements; the report words the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, count_not_finite, is_exact
from convcalc.kernels.factors import ROUNDING
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.properties import Properties
from convcalc.kernels.related import Relation, relation_of
from convcalc.numerals import Number

_NEARLY = 1e-2  # of the sum of magnitudes: a sum so close to 0 or 1 was intended to be 0 or 1
_OFF_CENTRE = 1 / 4  # of the size
_MOST_MULTIPLES, _LARGEST_WHOLE = 12, 10_000  # of the smallest weight, and of the largest whole weight
_SIMPLEST = 1 << 20  # the largest denominator of a scale


class Rule(StrEnum):
    """The rules, each with the type of its finding's value."""

    NOT_FINITE = "not-finite"
    """The index of the first such weight."""
    ALL_ZERO = "all-zero"
    ZERO_SCALE = "zero-scale"
    EVEN_SIZE = "even-size"
    NOT_NORMALISED = "not-normalised"
    """The factor with which the sum would be 1."""
    SUM_NEARLY = "sum-nearly"
    """The nearby intended sum: 0 or 1."""
    WHOLE_WEIGHTS = "whole-weights"
    """The :class:`WholeWeights` that the floats approximate."""
    OFF_CENTRE = "off-centre"
    NAME = "name"
    """The name that the file has."""
    NO_SOURCE = "no-source"
    DUPLICATE = "duplicate"
    """The :class:`Duplicate`."""
    SEPARABLE = "separable"

    @property
    def is_hint(self) -> bool:
        """Whether it is a suggestion, not a warning."""
        return self in (Rule.WHOLE_WEIGHTS, Rule.SEPARABLE)


class Finding(NamedTuple):
    """One violation of a rule."""

    rule: Rule
    value: Any = None
    """Of the type stated at its :class:`Rule`."""


class WholeWeights(NamedTuple):
    """Whole weights and a scale equivalent to given float weights."""

    weights: Array
    scale: Number


class Duplicate(NamedTuple):
    """Another kernel that equals this one, and the relation between them."""

    name: str
    relation: Relation

    @property
    def distance(self) -> tuple[bool, bool]:
        """A sort key: how far the relation is from identity."""
        return self.relation.is_moved, self.relation.factor != 1


class Linted(NamedTuple):
    """A kernel file with its findings."""

    file: str
    kernel: Kernel
    facts: Properties
    findings: tuple[Finding, ...]


def findings_of(kernel: Kernel, facts: Properties, file_name: str, peers: Iterable[Kernel]) -> Iterator[Finding]:
    """The findings of a kernel, warnings first.

    ``file_name``: the name that its file gives it, if any; ``peers``: kernels of other names, searched for duplicates.
    """
    if facts.is_finite:
        yield from _of_numbers(facts, is_built=bool(kernel.builder))
    elif count_not_finite(kernel.weights):
        yield Finding(Rule.NOT_FINITE, tuple(np.argwhere(~np.isfinite(kernel.weights))[0].tolist()))
    if file_name and kernel.name != file_name:
        yield Finding(Rule.NAME, file_name)
    if not kernel.reference.strip():
        yield Finding(Rule.NO_SOURCE)
    if facts.is_finite:
        duplicates = [
            Duplicate(each.name, found) for each in peers if (found := relation_of(kernel.values, each.values))
        ]
        if duplicates:
            yield Finding(Rule.DUPLICATE, min(duplicates, key=lambda each: each.distance))
        yield from _hints(facts)


def _of_numbers(facts: Properties, *, is_built: bool) -> Iterator[Finding]:
    if not facts.weights.any():
        yield Finding(Rule.ALL_ZERO)
    elif not facts.scale:
        yield Finding(Rule.ZERO_SCALE)
    else:
        yield from _of_sum(facts, is_built=is_built)
    if any(size % 2 == 0 for size in facts.weights.shape):
        yield Finding(Rule.EVEN_SIZE)
    if facts.centroid and any(
        abs(balance - float(centre)) >= _OFF_CENTRE * size
        for balance, centre, size in zip(facts.centroid, facts.centre, facts.weights.shape, strict=True)
    ):
        yield Finding(Rule.OFF_CENTRE)


def _of_sum(facts: Properties, *, is_built: bool) -> Iterator[Finding]:
    """Whether the sum is as intended for such weights: 1 of a blur; what is built has the sum that it has."""
    if facts.is_zero_sum or facts.is_normalised:
        return
    total: Any = facts.sum
    if not is_exact(facts.weights) and not is_built:
        size = float(np.abs(facts.weights).sum()) * float(abs(facts.scale))
        for aim in (0, 1):
            if abs(total - aim) <= _NEARLY * size:
                yield Finding(Rule.SUM_NEARLY, aim)
                return
    if facts.output_range[0] == 0:
        yield Finding(Rule.NOT_NORMALISED, 1 / (Fraction(total) if is_exact(facts.weights) else _simple(total)))


def _hints(facts: Properties) -> Iterator[Finding]:
    found = whole_weights(facts.weights) if not is_exact(facts.weights) else None
    if found:
        yield Finding(Rule.WHOLE_WEIGHTS, found._replace(scale=found.scale * facts.scale))
    separation = facts.separation
    if separation and separation.is_separable and separation.multiplications < facts.weights.size:
        yield Finding(Rule.SEPARABLE)


def whole_weights(weights: Array) -> WholeWeights | None:
    """Whole weights and a scale equal to float weights, or None: [0.25, 0.5, 0.25] is [1, 2, 1] × 1/4."""
    if not weights.any():
        return None
    sizes = np.abs(weights[weights != 0])
    unit = float(sizes.min())
    for multiple in range(1, _MOST_MULTIPLES + 1):
        if sizes.max() > unit * (_LARGEST_WHOLE / multiple):
            return None
        scaled = weights / unit * multiple
        rounded = np.rint(scaled)
        if (np.abs(scaled - rounded) <= ROUNDING * np.abs(scaled).max()).all():
            return WholeWeights(rounded.astype(np.int64), _simple(unit / multiple))
    return None


def _simple(value: float) -> Fraction:
    """The simplest fraction equal to a float up to rounding, or the fraction of its decimal digits."""
    simple = Fraction(value).limit_denominator(_SIMPLEST)
    return simple if abs(float(simple) - value) <= ROUNDING * abs(value) else Fraction(repr(value))
