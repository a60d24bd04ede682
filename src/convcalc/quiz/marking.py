"""Answers marked: right, a known mistake, unknown, or no answer; and scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from convcalc.errors import FieldError
from convcalc.quiz.forms import Form, is_same, read_answer, shape_given
from convcalc.quiz.questions import Question


class Verdict(StrEnum):
    """What an answer is."""

    RIGHT = "right"
    MISTAKE = "mistake"
    """Wrong, as one or more of the modelled mistakes are."""
    UNKNOWN = "wrong"
    """Wrong, as none of the modelled mistakes is."""
    UNREAD = "not an answer"
    NONE = "no answer"


class Marked(NamedTuple):
    """An answer to a question, marked."""

    question: Question
    text: str
    verdict: Verdict
    mistakes: tuple[str, ...] = ()
    """Each that gives this answer here, in words."""
    error: str = ""
    """Why it is no answer; and how one is written, ``hint``."""
    hint: str = ""

    @property
    def is_right(self) -> bool:
        """Whether it counts."""
        return self.verdict is Verdict.RIGHT


def mark(question: Question, text: str) -> Marked:
    """An answer marked."""
    if not text.strip():
        return Marked(question, text, Verdict.NONE)
    try:
        given = read_answer(question.kind.form, text, question.rank)
    except FieldError as error:
        return Marked(question, text, Verdict.UNREAD, error=error.message, hint=error.hint)
    if question.kind.form is Form.SHAPE:
        given = shape_given(given, question.rank, question.right)
    if is_same(question.right, given, question.slack):
        return Marked(question, text, Verdict.RIGHT)
    words = [words for wrong in question.wrong if is_same(wrong.value, given, question.slack) for words in wrong.words]
    return Marked(question, text, Verdict.MISTAKE if words else Verdict.UNKNOWN, tuple(dict.fromkeys(words)))


class Student(NamedTuple):
    """The answers of one student, marked."""

    name: str
    answers: tuple[Marked, ...]

    @property
    def score(self) -> int:
        """Right answers."""
        return sum(each.is_right for each in self.answers)


class Tally(NamedTuple):
    """The answers of all students to one question."""

    question: Question
    verdicts: Counter[Verdict]
    mistakes: Counter[tuple[str, ...]]
    """How many made each mistake; where one answer is that of several, these together."""


def tallies(questions: Sequence[Question], students: Iterable[Student]) -> list[Tally]:
    """The answers of all students, question by question."""
    found = [Tally(question, Counter(), Counter()) for question in questions]
    for student in students:
        for tally, answer in zip(found, student.answers, strict=True):
            tally.verdicts[answer.verdict] += 1
            if answer.mistakes:
                tally.mistakes[answer.mistakes] += 1
    return found
