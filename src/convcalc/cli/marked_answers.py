"""``check --answers``: the answers of many students, marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.quiz_options import QuizOptions
from convcalc.errors import DataError, FieldError, Place, UsageError
from convcalc.files.answer_sheet import BUILT_IN, AnswerSheet, read_answers
from convcalc.files.text import STANDARD_INPUT
from convcalc.quiz.marking import Student, mark
from convcalc.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.cli.options import OutputOptions
    from convcalc.context import Context
    from convcalc.quiz.questions import Quiz


def mark_answers(
    path: str, files: Sequence[str], wanted: QuizOptions, layer: str | None, context: Context, target: OutputOptions
) -> None:
    """Print and save a table by question, with the mistakes that were made, and the score of each student.

    Raises:
        ConvcalcError: the sheet or the problem cannot be read, or they do not belong together.
    """
    from convcalc.cli.output.emit import emit
    from convcalc.report.quiz.class_report import class_report

    sheet = read_answers(path, context.limits)
    problem = _problem_of(sheet, path, files)
    quiz, title = _questions(sheet, problem, wanted, layer, context)
    if not sheet.students:
        raise DataError("there are no answers, only a header", hint="one row a student", place=Place(sheet.source))
    sheet.check(len(quiz.questions))
    students = [
        Student(name, tuple(mark(question, answers.get(question.number, "")) for question in quiz.questions))
        for name, answers in sheet.students
    ]
    emit(class_report(quiz, title, students), target)


def _problem_of(sheet: AnswerSheet, path: str, files: Sequence[str]) -> str | None:
    """The problem that the questions are about: of the command line, or of the sheet, beside it or here.

    Raises:
        UsageError: there are several, or none.
    """
    if len(files) > 1:
        raise UsageError(f"answers are about one problem, here are {counted(len(files), 'file')}", hint="name one")
    said = sheet.settings.get("problem", "")
    if files:
        return files[0]
    if not said:
        raise UsageError(
            f"{sheet.source} does not say which problem its questions are about",
            hint=f"convcalc check PROBLEM --answers {path}, or a line # problem: FILE in it",
        )
    if said == BUILT_IN:
        return None
    beside = Path(path).parent / said if path != STANDARD_INPUT else Path(said)
    return str(beside) if beside.exists() else said


def _questions(
    sheet: AnswerSheet, problem: str | None, wanted: QuizOptions, layer: str | None, context: Context
) -> tuple[Quiz, str]:
    """The questions of the sheet, flags before what it says, drawn again.

    Raises:
        ConvcalcError: they cannot be drawn.
        DataError: they are not those that the sheet was made for.
    """
    from convcalc.cli.network import settled
    from convcalc.cli.questions import drawn
    from convcalc.request.request import read_request
    from convcalc.request.resolve import resolve

    network = resolve(read_request(problem, context), context)
    levels = [_level(sheet, word) for word in sheet.listed("level")]
    chosen = QuizOptions(
        sheet.whole("count") if wanted.most is None else wanted.most,
        wanted.kind or sheet.listed("kind"),
        wanted.levels or levels,
        sheet.whole("seed") if wanted.seed is None else wanted.seed,
    )
    quiz = drawn(network, settled(context, network), chosen, layer or sheet.settings.get("layer") or None)
    said = sheet.settings.get("questions", "")
    if said and said != quiz.mark:
        raise DataError(
            f"these are not the questions of the sheet: it has the mark {said:.20}, they {quiz.mark}",
            hint="the problem, or flags that changed it, are others than for the questions",
            place=Place(sheet.source),
        )
    return quiz, network.title


def _level(sheet: AnswerSheet, word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 3):
        raise FieldError(f"level is {word:.40}, no whole number", place=Place(sheet.source))
    return int(word)
