"""The type of an output's numbers: the narrowest that holds every number that could come out; rounding, clipping."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, in_floats, is_exact, plain
from convcalc.errors import DataError, FieldError, UnknownNameError
from convcalc.geometry.boundary import BoundaryMode
from convcalc.problem import DType, Problem

WHOLE_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
"""The narrowest first, of two of one width the unsigned one."""
OUTPUT_TYPES = (*WHOLE_TYPES, "float32", "float64")
ROUNDINGS: dict[str, Callable[..., Any]] = {
    "half-even": np.rint,
    "half-up": lambda values: np.floor(values + 0.5),
    "down": np.floor,
    "up": np.ceil,
    "zero": np.trunc,
}
"""From floats to whole numbers; the first is the default."""
_WIDE = 8  # bytes of a type whose own range tells nothing about its numbers


class Range(NamedTuple):
    """The least and the largest number that could be, as Python's numbers."""

    low: Any
    high: Any

    @property
    def text(self) -> str:
        """Both in words."""
        return f"{_words(self.low)} to {_words(self.high)}"


class OutputNumbers(NamedTuple):
    """How results become the numbers of an output."""

    dtype: np.dtype[Any]
    rule: str
    """Why it is this type, in words."""
    bound: Range | None = None
    """Of whole numbers the range that could come out."""
    rounding: str = ""
    """How floats become whole; "" where nothing is rounded."""
    is_clipped: bool = False
    """Whether numbers beyond its range become its least or largest."""

    def converted(self, values: Array) -> Array:
        """Results as numbers of the output; of float64 as float32 each is rounded once.

        Raises:
            DataError: a whole number is too large for floats.
        """
        if self.rounding and values.dtype.kind == "f":
            values = np.nan_to_num(ROUNDINGS[self.rounding](values), nan=0.0, posinf=np.inf, neginf=-np.inf)
        if self.is_clipped:
            info = np.iinfo(self.dtype)
            return np.clip(values, info.min, info.max).astype(self.dtype)
        is_rounded = values.dtype == object and self.dtype.kind == "f"
        return (in_floats(values) if is_rounded else values).astype(self.dtype, copy=False)


def input_range(dtype: np.dtype[Any]) -> Range | None:
    """What whole numbers of a type can be; None of floats, and of a width whose range says nothing of its numbers."""
    if dtype.kind not in "iu" or dtype.itemsize >= _WIDE:
        return None
    info = np.iinfo(dtype)
    return Range(int(info.min), int(info.max))


def range_of(values: Array) -> Range:
    """The range of whole numbers: that of their type where it is narrow, of wide ones their own."""
    found = input_range(values.dtype) if values.dtype != object else None
    return found or Range(plain(values.min()), plain(values.max()))


def output_range(problem: Problem, cells: Range) -> Range:
    """The bound of the outputs of an exact problem whose input is within ``cells``: Σ of every filter, scale, bias.

    A positive weight gives its most with the largest number, a negative one with the least.
    """
    is_constant = problem.boundary.mode is BoundaryMode.CONSTANT
    if is_constant and any(axis.before or axis.after for axis in problem.axes):
        value = problem.boundary.value
        cells = Range(min(cells.low, value), max(cells.high, value))
    ranges = [_of_filter(*each, cells) for each in zip(problem.weight, problem.scale, problem.bias, strict=True)]
    return Range(min(each.low for each in ranges), max(each.high for each in ranges))


def _of_filter(weight: Array, scale: Fraction, bias: Any, cells: Range) -> Range:
    taps = [int(each) for each in weight.reshape(-1).tolist()]
    positive, negative = sum(tap for tap in taps if tap > 0), sum(tap for tap in taps if tap < 0)
    ends = (positive * cells.low + negative * cells.high, positive * cells.high + negative * cells.low)
    first, second = (end * scale + Fraction(bias) for end in ends)
    return Range(min(first, second), max(first, second))


def are_whole(problem: Problem) -> bool:
    """Whether every output of an exact problem is whole, whatever its input."""
    bias = (Fraction(each) for each in problem.bias)
    return not problem.is_rational and all(each.denominator == 1 for each in (*problem.scale, *bias))


def natural_numbers(problem: Problem, cells: Range | None) -> OutputNumbers:
    """The type of a problem's output where nothing else is asked for; ``cells``: the range of a whole input.

    Raises:
        DataError: its whole numbers could be beyond 64 bits.
    """
    if not problem.is_exact:
        dtype = np.dtype(np.float32 if problem.dtype is DType.FLOAT32 else np.float64)
        return OutputNumbers(dtype, f"{dtype}, as it is computed")
    if cells is None or not are_whole(problem):
        return OutputNumbers(np.dtype(np.float64), "float64, since quotients need not be whole")
    bound = output_range(problem, cells)
    found = narrowest(bound)
    if found is None:
        raise DataError(
            f"whole numbers from {bound.text} could come out, which no type of 64 bits holds",
            hint="--output-dtype float64 rounds them, or --saturate int64 clips them",
        )
    return OutputNumbers(found, f"{found}, the narrowest that holds {bound.text}, which could come out", bound)


def narrowest(bound: Range) -> np.dtype[Any] | None:
    """The narrowest type of whole numbers that holds a range; None where none does."""
    fitting = (name for name in WHOLE_TYPES if _holds(np.iinfo(name), bound))
    return next(map(np.dtype, fitting), None)


def asked_numbers(
    natural: Callable[[], OutputNumbers], dtype: str | None, saturate: str | None, rounding: str | None
) -> OutputNumbers:
    """The type that is asked for, or the natural one.

    Raises:
        UnknownNameError: there is no such type or rounding.
        FieldError: the type could not hold the numbers, or two things are asked for that exclude each other.
    """
    check_asked(dtype, saturate, rounding)
    if saturate is not None:
        rule = rounding or next(iter(ROUNDINGS))
        words = f"{saturate}: clipped to its range, fractions rounded {rule}"
        return OutputNumbers(np.dtype(saturate), words, rounding=rule, is_clipped=True)
    if dtype is None:
        return natural()
    wanted = np.dtype(dtype)
    if wanted.kind == "f":
        return OutputNumbers(wanted, f"{dtype}, as asked for")
    found = natural()
    if found.bound is None:
        raise FieldError(
            f"--output-dtype {dtype} holds whole numbers, the output is {found.dtype}",
            hint=f"--saturate {dtype} rounds and clips",
        )
    if not _holds(np.iinfo(wanted), found.bound):
        raise FieldError(
            f"--output-dtype {dtype} does not hold {found.bound.text}, which could come out",
            hint=f"--saturate {dtype} clips, {found.dtype} holds them all",
        )
    return OutputNumbers(wanted, f"{dtype}, as asked for", found.bound)


def check_asked(dtype: str | None, saturate: str | None, rounding: str | None) -> None:
    """Refuse words that mean nothing, or not together.

    Raises:
        UnknownNameError: there is no such type or rounding.
        FieldError: two things are asked for that exclude each other.
    """
    if dtype is not None and dtype not in OUTPUT_TYPES:
        raise UnknownNameError("--output-dtype", dtype, OUTPUT_TYPES, hint=f"one of: {', '.join(OUTPUT_TYPES)}")
    if saturate is not None and saturate not in WHOLE_TYPES:
        raise UnknownNameError("--saturate", saturate, WHOLE_TYPES, hint=f"one of: {', '.join(WHOLE_TYPES)}")
    if rounding is not None and rounding not in ROUNDINGS:
        raise UnknownNameError("--rounding", rounding, ROUNDINGS, hint=f"one of: {', '.join(ROUNDINGS)}")
    if rounding is not None and saturate is None:
        raise FieldError("--rounding is of numbers that become whole", hint="--saturate uint8 makes them so")
    if saturate is not None and dtype not in (None, saturate):
        raise FieldError(f"--output-dtype {dtype} and --saturate {saturate} are two types", hint="leave one out")


def saved_numbers(problem: Problem, output: Array) -> Array:
    """An output in memory in the natural type of its problem; as it is where that does not hold it."""
    if not problem.is_exact or output.dtype.kind not in "iu" or not is_exact(problem.input):
        return output
    bound = output_range(problem, range_of(problem.input))
    dtype = narrowest(bound)
    return output if dtype is None else output.astype(dtype, copy=False)


def _holds(info: Any, bound: Range) -> bool:
    return bool(info.min <= floor(bound.low) and ceil(bound.high) <= info.max)


def _words(number: Any) -> str:
    whole = floor(number)
    return f"{whole:,}" if whole == number else f"{float(number):,.6g}"
