"""The report of solutions that turn one size into another, the simplest first, with their arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from convcalc.geometry.axis import Axis
from convcalc.geometry.solutions import (
    MOST_DILATION,
    MOST_PADDING,
    MOST_STRIDE,
    MOST_TAPS,
    Question,
    Solution,
    idle_cells,
)
from convcalc.geometry.transposed import TransposedAxis
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, say
from convcalc.report.size_arithmetic import FORMULA, TRANSPOSED_FORMULA, size_text, transposed_size_text
from convcalc.report.text import listed
from convcalc.wording import axis_names, counted, shape_text

_SETTINGS = ("kernel", "stride", "padding", "dilation")


class Solved(NamedTuple):
    """The solutions for all axes with the same question."""

    question: Question
    axes: tuple[int, ...]
    """Which axes these are, counted from 0."""
    solutions: Sequence[Solution]
    nearest: Sequence[Solution]
    """Where there is no solution: the simplest solutions for the nearest sizes."""


def solve_report(answers: Sequence[Solved], most: int) -> Report:
    """The solutions of each group of axes; a table shows a limited number of them, the data all."""
    return Report(
        blocks=tuple(_blocks(answers, most)),
        data=lambda: _data(answers),
        rows=lambda: _rows(answers),
    )


def _blocks(answers: Sequence[Solved], most: int) -> Iterator[Block]:
    is_transposed = answers[0].question.is_transposed
    yield say(_title(answers), Role.TITLE)
    yield say(TRANSPOSED_FORMULA if is_transposed else FORMULA, Role.LABEL)
    rank = sum(len(answer.axes) for answer in answers)
    for answer in answers:
        if len(answers) > 1:
            yield say(f"{_names(answer, rank)}: {answer.question.size} → {answer.question.wanted}", space_before=True)
        yield from _answer_blocks(answer, most)
    if len(answers) > 1:
        yield from _common_blocks(answers)
    if any(answer.solutions for answer in answers):
        yield say(_order(is_transposed), Role.LABEL)
    yield say(_tried(is_transposed), Role.LABEL)


def _title(answers: Sequence[Solved]) -> str:
    kind = "transposed convolution" if answers[0].question.is_transposed else "convolution"
    places = sorted((axis, answer.question) for answer in answers for axis in answer.axes)
    before, after = (shape_text([getattr(each, part) for _, each in places]) for part in ("size", "wanted"))
    return f"{before} → {after} by a {kind}"


def _names(answer: Solved, rank: int) -> str:
    return listed([f"{axis_names(rank)[axis]}s" for axis in answer.axes])


def _answer_blocks(answer: Solved, most: int) -> Iterator[Block]:
    if not answer.solutions:
        yield say(_none(answer), Role.BAD)
    shown = answer.solutions[:most] or answer.nearest
    if shown:
        yield _table(shown)
    rest = len(answer.solutions) - most
    if rest > 0:
        yield say(f"{counted(rest, 'more solution')}, shown with --most {len(answer.solutions)}", Role.LABEL)


def _none(answer: Solved) -> str:
    question = answer.question
    sizes = [f"{axis.output_size}" for axis in answer.nearest]
    near = f"the nearest that {'are' if len(sizes) > 1 else 'is'} reached: {listed(sizes)}" if sizes else "nothing fits"
    enlarges = not question.is_transposed and question.wanted > question.size
    hint = " (a transposed convolution enlarges: --transposed)" if enlarges else ""
    return f"nothing that was tried turns {question.size} into {question.wanted}; {near}{hint}"


def _table(shown: Sequence[Solution]) -> Table:
    extra = ("output padding",) if isinstance(shown[0], TransposedAxis) else ()
    columns = (*_SETTINGS, *extra)
    return Table((*columns, "output size"), tuple(map(_cells, shown)), numeric=columns)


def _cells(axis: Solution) -> tuple[Span, ...]:
    extra = (f"{axis.output_padding}",) if isinstance(axis, TransposedAxis) else ()
    idle = idle_cells(axis)
    words = f"; {idle:,} {'empty' if extra else 'unread'}" if idle else ""
    return tuple(map(Span, (*_settings(axis), *extra, arithmetic(axis) + words)))


def _settings(axis: Solution) -> tuple[str, ...]:
    padding = f"{axis.before}" if axis.before == axis.after else f"{axis.before}+{axis.after}"
    return f"{axis.kernel_size}", f"{axis.stride}", padding, f"{axis.dilation}"


def arithmetic(axis: Solution) -> str:
    """The output size with its numbers."""
    return size_text(axis) if isinstance(axis, Axis) else transposed_size_text(axis)


def _common_blocks(answers: Sequence[Solved]) -> Iterator[Block]:
    """The simplest numbers that solve every axis at once."""
    common = _common(answers)
    if common is None:
        yield say("no solution is the same on all axes", space_before=True)
        return
    kernel, stride, padding, dilation, extra = common
    words = f"kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}"
    words += f", output padding {extra}" if answers[0].question.is_transposed else ""
    yield say(f"the same on all axes, at its simplest: {words}", Role.TOTAL, space_before=True)


def _common(answers: Sequence[Solved]) -> tuple[Any, ...] | None:
    """The first solution of the first axes that is one of all the others too."""
    known = [{_numbers(axis) for axis in answer.solutions} for answer in answers]
    return next((key for key in map(_numbers, answers[0].solutions) if all(key in each for each in known)), None)


def _numbers(axis: Solution) -> tuple[Any, ...]:
    return (*_settings(axis), getattr(axis, "output_padding", 0))


def _order(is_transposed: bool) -> str:
    idle = "no output cell empty" if is_transposed else "no input cell unread"
    even = "no output padding" if is_transposed else "the same padding on both sides"
    return (
        f"Simplest first: dilation 1, {idle}, {even}, padding of at most half the reach, then the smallest kernel, "
        "stride and padding."
    )


def _tried(is_transposed: bool) -> str:
    extra = ", output padding below the stride" if is_transposed else ", one cell more after where only that fits"
    return (
        f"Tried where it is free: kernels of 1 to {MOST_TAPS} taps, as wide as the stride, or over an axis that goes "
        f"with one cell; strides of 1 to {MOST_STRIDE} or the ratio of the sizes; dilations of 1 to {MOST_DILATION}; "
        f"padding of 0 to {MOST_PADDING} below the reach, or half the reach{extra}."
    )


def _data(answers: Iterable[Solved]) -> dict[str, Any]:
    answers = list(answers)
    return {
        "schema": f"convcalc.solve/{SCHEMA_VERSION}",
        "transposed": answers[0].question.is_transposed,
        "axes": [
            {
                "axes": list(answer.axes),
                "size": answer.question.size,
                "wanted": answer.question.wanted,
                "solutions": [_record(axis) for axis in answer.solutions],
                "nearest": [_record(axis) for axis in answer.nearest],
            }
            for answer in answers
        ],
    }


def _record(axis: Solution) -> dict[str, Any]:
    extra = {"output_padding": axis.output_padding} if isinstance(axis, TransposedAxis) else {}
    return {
        "kernel_size": axis.kernel_size,
        "stride": axis.stride,
        "padding": [axis.before, axis.after],
        "dilation": axis.dilation,
        **extra,
        "output_size": axis.output_size,
        "idle": idle_cells(axis),
        "arithmetic": arithmetic(axis),
    }


def _rows(answers: Iterable[Solved]) -> Iterator[Iterable[Any]]:
    """One row for each solution and axis."""
    yield (
        "axis", "size", "kernel_size", "stride", "before", "after", "dilation", "output_padding", "output_size", "idle"
    )  # fmt: skip
    for answer in answers:
        for number in answer.axes:
            for axis in answer.solutions:
                extra = getattr(axis, "output_padding", 0)
                settings = (axis.kernel_size, axis.stride, axis.before, axis.after, axis.dilation, extra)
                yield (number, axis.size, *settings, axis.output_size, idle_cells(axis))
