"""A problem under a convention: our own problem with other options, and the step from its sums to what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, largest, read_only
from convcalc.build import build_problem
from convcalc.context import STANDARD, Context
from convcalc.conventions.convention import Convention
from convcalc.conventions.element_type import element_type, is_whole
from convcalc.conventions.finish import Finish
from convcalc.conventions.placement import boundary_of_border, extended, pads_of
from convcalc.conventions.refusals import check_problem, check_same, check_stated
from convcalc.conventions.weighting import Weighting, weighting_of
from convcalc.conventions.words import Border, Centre, Channels, Output, Rounding, Size, Turn
from convcalc.engine.compute import compute
from convcalc.geometry.arguments import PaddingWord, Pair, padding_pairs
from convcalc.geometry.boundary import Boundary, boundary_of
from convcalc.numerals import Number
from convcalc.problem import Problem

_SIZES = {PaddingWord.VALID.value: Size.VALID, PaddingWord.FULL.value: Size.FULL}
_NARROW = ("float16", "float32")
_UNSCALED = Fraction(1)


class Stated(NamedTuple):
    """What the user says of a problem, which overrides the function's defaults; None: nothing."""

    type: str | None = None
    """The type that the input's numbers are read as."""
    padding: Any = None
    """As in a problem, or a word of the function's."""
    boundary: Any = None
    """As in a problem, or a word of the function's."""
    flip: bool | None = None
    divisor: Number | None = None


SILENT = Stated()


@dataclass(frozen=True, eq=False, slots=True)
class Applied:
    """A problem as a function computes it."""

    convention: Convention
    problem: Problem
    """Its output are the sums."""
    finish: Finish
    type: str
    """That the input's numbers are read as."""
    size: Size | None
    """The function's own size; None: the user says the padding."""
    border: Border | Boundary
    factors: tuple[Fraction, ...]
    """Of the sums of each output channel, wherever they are applied."""

    @property
    def is_plain(self) -> bool:
        """Whether the sums are what is stored."""
        if self.finish.margin is not None or self.finish.is_scaled:
            return False
        return self.finish.type == self.problem.dtype or (self.finish.type == "int64" and self._fits_int64)

    @property
    def _fits_int64(self) -> bool:
        """Whether the sums of whole numbers are whole and stay in 64 bits whatever their signs."""
        held = (self.problem.input, self.problem.weight)
        if any(each.dtype.kind not in "iu" for each in held):
            return False
        outside = self.problem.boundary.value
        most = max(largest(held[0]), abs(outside)) * largest(held[1]) * self.problem.weight[0].size
        return isinstance(outside, int) and most < INT64_LIMIT

    def computed(self, context: Context = STANDARD) -> Array:
        """What the function gives, (batch, out_channels, *spatial)."""
        sums = compute(self.problem, context.plan(self.problem), limits=context.limits).output
        return sums if self.is_plain else read_only(self.finish.of(sums, self.problem.input))


def computed(problem: Problem, convention: Convention, stated: Stated = SILENT, context: Context = STANDARD) -> Array:
    """What a function gives of a problem, (batch, out_channels, *spatial); raises as :func:`apply` does."""
    return apply(problem, convention, stated).computed(context)


def apply(problem: Problem, convention: Convention, stated: Stated = SILENT) -> Applied:
    """A problem under a convention.

    ``problem``: as the user writes it, whose padding, boundary and flip are ignored in favour of ``stated``.

    Raises:
        FieldError: the function has no such setting, or does not take the input or the kernel.
    """
    check_stated(convention, stated.padding, stated.boundary)
    check_problem(convention, problem)
    if _is_exchanged(problem, convention, stated):
        problem, convention = _exchanged(problem, convention)
    kind = element_type(problem.input, _types(problem, convention), convention.name, stated.type)
    stored = _stored_type(problem, convention, kind)
    weighting = weighting_of(problem, convention, kind, stated.divisor)
    size = _size(convention, stated)
    problem = _without_dilation(problem, convention, stated.padding)
    pads = _pads(problem, convention, size, stated.padding)
    border = _border(convention, stated.boundary)
    finish = _finish(problem, convention, weighting, stored)
    if isinstance(border, Border) and border.is_margin:
        finish = replace(finish, margin=border, margins=pads)
        stored = finish.type
    placed = _placed(problem, convention, weighting, pads, border, stored, stated.flip)
    return Applied(convention, placed, finish, kind, size, border, weighting.factors)


def _types(problem: Problem, convention: Convention) -> Sequence[str]:
    """The types of the input: of a layer, whose input and weight are of one type, those that hold the weights too."""
    is_fraction = problem.weight.dtype.kind == "f" or any(each.denominator != 1 for each in problem.scale)
    if convention.channels is Channels.APART or not is_fraction:
        return convention.types
    return [name for name in convention.types if not is_whole(name)]


def _placed(
    problem: Problem,
    convention: Convention,
    weighting: Weighting,
    pads: tuple[Pair, ...],
    border: Border | Boundary,
    stored: str,
    flip: bool | None,
) -> Problem:
    """The problem with the function's options; floats are scaled by it, whole numbers by the finish."""
    cells = problem.input
    if border is Border.REFLECT_SYMMETRIC:
        cells, pads, border = extended(cells, pads), ((0, 0),) * problem.rank, Border.ZEROS
    whole = is_whole(stored)
    return build_problem(
        cells,
        weighting.weights,
        None if whole or not problem.has_bias else np.array(problem.bias, dtype=object),
        scale=None if whole else list(weighting.factors),
        stride=problem.axes.strides,
        padding=pads,
        dilation=problem.axes.dilations,
        groups=problem.groups,
        boundary=border if isinstance(border, Boundary) else boundary_of_border(border),
        flip=convention.turn is Turn.BOTH if flip is None else flip,
        dtype="auto" if whole else _float_dtype(convention, stored),
        labels=problem.labels,
    )


def _float_dtype(convention: Convention, stored: str) -> str:
    return "float64" if convention.sums == "float64" or stored == "float64" else "float32"


def _finish(problem: Problem, convention: Convention, weighting: Weighting, stored: str) -> Finish:
    whole, outputs = is_whole(stored), problem.out_channels
    return Finish(
        stored,
        weighting.factors if whole else (_UNSCALED,) * outputs,
        problem.bias if whole else (0,) * outputs,
        _rounding(convention, stored),
        convention.overflow,
        convention.single,
        convention.quantum,
        margin_offset=convention.margin_offset,
    )


def _rounding(convention: Convention, stored: str) -> Rounding:
    is_wide_box = convention.rounding is Rounding.BOX_8_BIT and stored != "uint8"
    return Rounding.HALF_EVEN if is_wide_box else convention.rounding


def _stored_type(problem: Problem, convention: Convention, kind: str) -> str:
    """The type of the output for an input of type ``kind``."""
    if convention.border is Border.MISSING:
        return "float64"
    match convention.output:
        case Output.INPUT:
            return kind
        case Output.COMMON:
            return _common(problem, kind)
        case Output.REAL:
            return "float32" if kind in _NARROW else "float64"
        case Output.SUMS:
            is_narrow = is_whole(kind) and np.dtype(kind).itemsize < np.dtype(np.int32).itemsize
            return "int32" if is_narrow else kind
    return convention.output.value


def _common(problem: Problem, kind: str) -> str:
    own = problem.weight.dtype
    if own.kind == "O" or any(scale != 1 for scale in problem.scale):
        return "float64"
    return np.result_type(kind, own).name


def _size(convention: Convention, stated: Stated) -> Size | None:
    """The size that the function gives; None: it follows from the padding that the user says."""
    if stated.padding is None:
        return convention.size
    if convention.channels is Channels.SUMMED or not isinstance(stated.padding, str):
        return None
    word = convention.paddings.get(stated.padding, stated.padding)
    return convention.same if word == PaddingWord.SAME else _SIZES.get(word)


def _pads(problem: Problem, convention: Convention, size: Size | None, said: Any) -> tuple[Pair, ...]:
    axes = problem.axes
    if size is not None:
        return pads_of(convention, size, axes)
    word = convention.paddings.get(said, said) if isinstance(said, str) else said
    if word == PaddingWord.SAME:
        check_same(convention, problem)
    return padding_pairs(word, axes.sizes, axes.kernel_sizes, axes.strides, axes.dilations)


def _without_dilation(problem: Problem, convention: Convention, said: Any) -> Problem:
    """The problem with dilation 1 where the function forgets it with the padding that is said."""
    is_same = isinstance(said, str) and convention.paddings.get(said, said) == PaddingWord.SAME
    if not is_same or convention.same_needs != "loses dilation" or max(problem.axes.dilations) == 1:
        return problem
    return build_problem(
        problem.input,
        problem.weight,
        np.array(problem.bias, dtype=object) if problem.has_bias else None,
        scale=problem.scale,
        stride=problem.axes.strides,
        padding="full",
        groups=problem.groups,
        labels=problem.labels,
    )


def _border(convention: Convention, said: Any) -> Border | Boundary:
    if said is None:
        return convention.border
    return boundary_of(convention.borders.get(said, said) if isinstance(said, str) else said)


def _is_exchanged(problem: Problem, convention: Convention, stated: Stated) -> bool:
    """Whether the kernel takes the place of the input, as where it is the longer of the two."""
    size = _size(convention, stated)
    is_lone = problem.rank == problem.in_channels == problem.out_channels == problem.batch == 1
    return size is Size.LONGER and is_lone and problem.kernel_size[0] > problem.spatial_size[0]


def _exchanged(problem: Problem, convention: Convention) -> tuple[Problem, Convention]:
    """Input and kernel in each other's place, which gives the same numbers.

    Of a correlation each of them is turned, and the result lies the other way round, the middle of an even size too.
    """
    cells, weights = problem.weight, problem.input
    if convention.turn is not Turn.BOTH:
        cells, weights = cells[..., ::-1], weights[..., ::-1]
        convention = replace(convention, centre=Centre.LOWER)
    return build_problem(cells, weights, scale=problem.scale, padding="full", labels=problem.labels), convention
