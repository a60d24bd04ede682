"""Products of one-dimensional filters as chains of shifted additions."""

from __future__ import annotations

from functools import lru_cache, reduce
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.kernels.factors import Taps, products_of

MOST_TERMS = 2
"""The most products in a sum; a sum of more costs as much as the kernel itself."""


class Stage(NamedTuple):
    """Part of a filter: the weighted sum of the cells at the offsets."""

    offsets: tuple[int, ...]
    weights: Taps

    @property
    def passes(self) -> int:
        """Additions and multiplications of whole arrays."""
        magnitudes = {abs(weight) for weight in self.weights}
        return len(self.offsets) - 1 + len(magnitudes - {1}) if self.offsets != (0,) or self.weights != (1,) else 0

    @property
    def groups(self) -> list[tuple[float, list[tuple[int, int]]]]:
        """Weights with the offsets of equal magnitude and their signs relative to it; those of ±1 alone last."""
        found: dict[float, list[tuple[int, int]]] = {}
        for offset, weight in zip(self.offsets, self.weights, strict=True):
            found.setdefault(abs(weight), []).append((offset, 1 if weight > 0 else -1))
        groups = []
        for weight, places in found.items():
            positive_first = sorted(places, key=lambda place: -place[1])
            sign = positive_first[0][1]
            groups.append((weight * sign, [(offset, each * sign) for offset, each in positive_first]))
        return sorted(groups, key=lambda group: len(group[1]) == 1 and abs(group[0]) == 1)

    @property
    def growth(self) -> float:
        """How many times the largest cell its sums can become."""
        return sum(map(abs, self.weights))


class Term(NamedTuple):
    """A product of filters, one for each axis; each a chain of stages."""

    axes: tuple[tuple[Stage, ...], ...]

    @property
    def passes(self) -> int:
        """Additions and multiplications of whole arrays."""
        return sum(stage.passes for stages in self.axes for stage in stages)

    @property
    def roundings(self) -> int:
        """Roundings one upon the other: each stage's weights, products and sums."""
        return sum(len(stage.offsets) + 1 for stages in self.axes for stage in stages)

    def plane(self, shape: tuple[int, ...]) -> Array:
        """The part of a kernel of this shape, (*kernel_size), that the stages make, as float64."""
        lines = [reduce(np.convolve, map(_taps, stages)) for stages in self.axes]
        padded = [np.pad(line, (0, size - len(line))) for line, size in zip(lines, shape, strict=True)]
        return np.asarray(reduce(np.multiply.outer, padded))

    @property
    def growth(self) -> float:
        """How many times the largest cell its sums can become."""
        product = 1.0
        for stages in self.axes:
            for stage in stages:
                product *= stage.growth
        return product


def terms_of(plane: Array) -> tuple[Term, ...] | None:
    """The terms whose sum is the kernel plane, (*kernel_size); None if there are more than :data:`MOST_TERMS`."""
    return _terms(plane.tobytes(), plane.shape, plane.dtype.str)


@lru_cache(maxsize=256)
def _terms(content: bytes, shape: tuple[int, ...], dtype: str) -> tuple[Term, ...] | None:
    plane = np.frombuffer(content, dtype).reshape(shape)
    if plane.dtype.kind == "f" and np.abs(plane).max(initial=0) < 1 << 53 and (plane == np.rint(plane)).all():
        plane = plane.astype(np.int64)
    products = products_of(plane if plane.dtype.kind == "f" else plane.astype(object), MOST_TERMS)
    if products is None:
        return None
    return tuple(Term(tuple(stages_of(taps) for taps in each)) for each in products)


def stages_of(taps: Taps) -> tuple[Stage, ...]:
    """A filter as a chain of stages; a whole one is divided by 1 ± zᵏ as long as that saves passes.

    [1, 2, 1] is [1, 1] after [1, 1]: two additions instead of three operations.
    """
    best: tuple[Stage, ...] = (_stage(taps),)
    if not all(isinstance(each, int) for each in taps):
        return best
    for gap in range(1, len(taps)):
        for sign in (1, -1):
            quotient = _quotient(taps, gap, sign)
            if quotient:
                chain = (Stage((0, gap), (1, sign)), *stages_of(quotient))
                if sum(stage.passes for stage in chain) < sum(stage.passes for stage in best):
                    best = chain
    return best


def _taps(stage: Stage) -> Array:
    """(tap,): the weights of a stage from its first cell to its last, as float64."""
    taps = np.zeros(stage.offsets[-1] + 1)
    taps[list(stage.offsets)] = stage.weights
    return taps


def _stage(taps: Taps) -> Stage:
    used = [(offset, weight) for offset, weight in enumerate(taps) if weight] or [(0, taps[0])]
    return Stage(tuple(offset for offset, _ in used), tuple(weight for _, weight in used))


def _quotient(taps: Taps, gap: int, sign: int) -> Taps | None:
    """Taps / (1 + sign·zᵍᵃᵖ) as polynomials, or None where it leaves a rest."""
    rest = list(taps)
    for place in range(len(rest) - gap):
        rest[place + gap] -= sign * rest[place]
    return tuple(rest[:-gap]) if not any(rest[-gap:]) and any(rest) else None
