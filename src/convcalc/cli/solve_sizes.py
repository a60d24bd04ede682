"""Questions and solutions of ``solve`` from its arguments, in whole numbers only: without numpy and yaml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcalc.cli.flags import flags
from convcalc.cli.params_layer import numbers_of, pairs_of
from convcalc.errors import FieldError, LimitError, UsageError
from convcalc.geometry.arguments import PaddingWord, given_padding, per_axis
from convcalc.geometry.solutions import Given, Question, nearest, solutions
from convcalc.report.solve import Solved

if TYPE_CHECKING:
    from convcalc.cli.command_options import SizeOptions

_LARGEST = 1_000_000
"""Cells of an axis, strides and so on."""
_MOST_TAPS = 10_000
"""The most taps: each solution costs a step for each tap to count the cells that it never reads."""


def questions_of(before: str, after: str, fixed: SizeOptions) -> list[Question]:
    """One question for each axis.

    Raises:
        FieldError: an argument is not what it must be; its field is the flag's name.
        LimitError: a number is too large to be tried.
        UsageError: output padding is given without ``--transposed``.
    """
    if fixed.output_padding is not None and not fixed.transposed:
        raise UsageError("--output-padding goes with --transposed", hint="add --transposed, or leave it out")
    ends = [numbers_of(before), numbers_of(after)]
    rank = max(len(each) if isinstance(each, list) else 1 for each in ends)
    with flags("FROM"):
        sizes = _sizes(ends[0], rank)
    with flags("TO"):
        wanted = _sizes(ends[1], rank)
    givens = _givens(fixed, rank)
    rows = zip(sizes, wanted, givens, strict=True)
    return [Question(size, goal, given, fixed.transposed) for size, goal, given in rows]


def solved(questions: Sequence[Question]) -> list[Solved]:
    """The solutions, once for all axes with the same question."""
    groups: dict[Question, list[int]] = {}
    for number, question in enumerate(questions):
        groups.setdefault(question, []).append(number)
    found = [(question, tuple(axes), solutions(question)) for question, axes in groups.items()]
    return [Solved(*each, () if each[2] else nearest(each[0])) for each in found]


def _sizes(value: Any, rank: int) -> tuple[int, ...]:
    return _within_limits("size", per_axis("size", value, rank, 1))


def _givens(fixed: SizeOptions, rank: int) -> list[Given]:
    padding: Sequence[Any] = (None,) * rank
    if fixed.padding is not None:
        padding = given_padding(pairs_of(fixed.padding), rank)
        _within_limits("padding", [each for pair in padding if not isinstance(pair, PaddingWord) for each in pair])
    if fixed.transposed and any(isinstance(pair, PaddingWord) for pair in padding):
        raise FieldError("a transposed convolution's padding is a number", hint="leave it free", field="padding")
    columns = (
        _free_or_given("kernel-size", fixed.k, rank, 1),
        _free_or_given("stride", fixed.stride, rank, 1),
        padding,
        _free_or_given("dilation", fixed.dilation, rank, 1),
        _free_or_given("output-padding", fixed.output_padding, rank, 0),
    )
    return [Given(*row) for row in zip(*columns, strict=True)]


def _free_or_given(name: str, text: str | None, rank: int, least: int) -> Sequence[int | None]:
    if text is None:
        return (None,) * rank
    return _within_limits(name, per_axis(name, numbers_of(text), rank, least))


def _within_limits(name: str, numbers: Sequence[int]) -> tuple[int, ...]:
    most = _MOST_TAPS if name == "kernel-size" else _LARGEST
    if any(number > most for number in numbers):
        raise LimitError(f"{name} is at most {most:,} here, got {max(numbers)}", field=name)
    return tuple(numbers)
