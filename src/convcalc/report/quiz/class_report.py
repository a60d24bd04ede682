"""The answers of many students: a table by question with the mistakes that were made, and the score of each student."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.quiz.marking import Student, Tally, Verdict, tallies
from convcalc.quiz.questions import Quiz
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Table, say
from convcalc.report.quiz.answers import short_text, value_data
from convcalc.report.quiz.marked import answer_data
from convcalc.wording import counted

_SIGNS = {
    Verdict.RIGHT: "+",
    Verdict.MISTAKE: "x",
    Verdict.UNKNOWN: "x",
    Verdict.UNREAD: "?",
    Verdict.NONE: ".",
}


def class_report(quiz: Quiz, title: str, students: Sequence[Student]) -> Report:
    """All answers marked."""
    found = tallies(quiz.questions, students)
    return Report(
        blocks=tuple(_blocks(title, found, students)),
        data=lambda: _data(quiz, title, found, students),
        rows=lambda: _rows(students),
    )


def _blocks(title: str, found: Sequence[Tally], students: Sequence[Student]) -> Iterator[Block]:
    yield say(f"Answers: {title}" if title else "Answers", Role.TITLE)
    every = len(found) * len(students)
    good = sum(student.score for student in students)
    yield say(
        f"{counted(len(students), 'student')}, {counted(len(found), 'question')}: {good} of {every} answers right"
    )
    yield _by_question(found)
    for tally in found:
        if tally.mistakes:
            yield from _mistakes(tally)
    yield _by_student(students)
    yield say("answers: + right, x wrong, ? not an answer, . none", Role.LABEL)


def _by_question(found: Sequence[Tally]) -> Table:
    columns = ("question", "kind", "answer", "right", "known mistake", "other", "not read", "none")
    return Table(columns, tuple(map(_row, found)), ("question", *columns[3:]), spare=("none", "not read", "other"))


def _row(tally: Tally) -> tuple[Span, ...]:
    counts = [tally.verdicts[verdict] for verdict in Verdict]
    question = tally.question
    names = (str(question.number), question.kind.name, short_text(question, question.right))
    return (*map(Span, names), *(Span(f"{n:,}") for n in counts))


def _mistakes(tally: Tally) -> Iterator[Block]:
    """The mistakes made with a question, the most frequent first."""
    yield Sentence((Span(f"{tally.question.number:>2}  ", Role.LABEL), Span(tally.question.text)), 4, space_before=True)
    for words, count in tally.mistakes.most_common():
        yield Sentence((Span(f"{count:>6} × ", Role.LABEL), Span(" or ".join(words))), 9)


def _by_student(students: Sequence[Student]) -> Table:
    columns = ("student", "right", "answers")
    rows = tuple((Span(each.name), Span(str(each.score)), Span(_signs(each))) for each in students)
    return Table(columns, rows, ("right",))


def _signs(student: Student) -> str:
    """A sign for each answer, in groups of five."""
    signs = "".join(_SIGNS[each.verdict] for each in student.answers)
    return " ".join(signs[at : at + 5] for at in range(0, len(signs), 5))


def _data(quiz: Quiz, title: str, found: Sequence[Tally], students: Sequence[Student]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.answers/{SCHEMA_VERSION}",
        "title": title,
        "seed": quiz.choice.seed,
        "questions": [_tally_data(tally) for tally in found],
        "students": [
            {"name": each.name, "right": each.score, "answers": [answer_data(answer) for answer in each.answers]}
            for each in students
        ],
    }


def _tally_data(tally: Tally) -> dict[str, Any]:
    question = tally.question
    return {
        "number": question.number,
        "kind": question.kind.name,
        "question": question.text,
        "answer": value_data(question.right),
        "verdicts": {verdict.value: tally.verdicts[verdict] for verdict in Verdict},
        "mistakes": [{"mistakes": list(words), "students": n} for words, n in tally.mistakes.most_common()],
    }


def _rows(students: Sequence[Student]) -> Iterator[tuple[Any, ...]]:
    """A row for each answer."""
    yield ("student", "question", "kind", "answer", "verdict", "mistakes")
    for student in students:
        for each in student.answers:
            question = each.question
            yield (
                student.name,
                question.number,
                question.kind.name,
                each.text,
                each.verdict.value,
                " or ".join(each.mistakes),
            )
