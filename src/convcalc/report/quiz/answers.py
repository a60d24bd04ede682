"""Answers of questions as text and as data."""

from __future__ import annotations

from typing import Any

from convcalc.quiz.forms import Form
from convcalc.quiz.questions import Question
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text
from convcalc.wording import axis_names, shape_text

_DIGITS = 10


def right_text(question: Question) -> str:
    """The right answer of a question; slices in words too."""
    short = short_text(question, question.right)
    if question.kind.form is not Form.SLICES:
        return short
    names = axis_names(question.rank)
    words = (_cells_text(name, cells) for name, cells in zip(names, question.right, strict=True))
    return f"{short}  ({', '.join(words)})"


def _cells_text(name: str, cells: range) -> str:
    if len(cells) == 1:
        return f"{name} {cells[0]}"
    return f"{name}s {cells[0]} to {cells[-1]}{f' in steps of {cells.step}' if cells.step > 1 else ''}"


def short_text(question: Question, value: Any) -> str:
    """An answer of a question's form as text."""
    match question.kind.form:
        case Form.NUMBER:
            return number_text(value, _DIGITS)
        case Form.COUNT:
            return _count_text(value)
        case Form.SHAPE:
            return shape_text(value)
        case Form.SLICES:
            return ", ".join(_slice_text(cells) for cells in value)
        case Form.TRUTH:
            return "yes" if value else "no"


def _count_text(value: Any) -> str:
    if not isinstance(value, range):
        return f"{value:,}"
    return f"{value[0]:,}" if len(value) == 1 else f"{value[0]:,} {'or' if len(value) == 2 else 'to'} {value[-1]:,}"


def _slice_text(cells: range) -> str:
    step = f":{cells.step}" if cells.step > 1 and len(cells) > 1 else ""
    return f"{cells[0]}:{cells[-1] + 1}{step}"


def value_data(value: Any) -> Any:
    """A range of whole numbers as its first and last; slices as Python has them."""
    if isinstance(value, range):
        return value[0] if len(value) == 1 else {"from": value[0], "to": value[-1]}
    if isinstance(value, tuple):
        return [_slice_data(each) if isinstance(each, range) else each for each in value]
    return value if isinstance(value, bool) else number_data(value)


def _slice_data(cells: range) -> dict[str, int]:
    return {"start": cells.start, "stop": cells[-1] + 1, "step": cells.step if len(cells) > 1 else 1}
