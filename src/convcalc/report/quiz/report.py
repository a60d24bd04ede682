"""The report of a quiz: the convolution, its questions with places for answers, and the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.quiz.forms import Form
from convcalc.quiz.questions import Question, Quiz, few_text
from convcalc.report.blocks import SCHEMA_VERSION, Block, PageBreak, Report, Role, Sentence, Span, say
from convcalc.report.quiz.answers import right_text, short_text, value_data
from convcalc.report.quiz.setting import question_blocks, setting_blocks
from convcalc.report.worksheet import Key

_ANSWER = "_" * 24
_MOST_TEXTS = 3  # answers of one mistake


def quiz_report(quiz: Quiz, title: str, key: str = Key.AFTER) -> Report:
    """The questions as a worksheet with its key."""
    return Report(
        blocks=tuple(_blocks(quiz, title, key)),
        data=lambda: _data(quiz, title),
        notes=tuple(filter(None, [few_text(quiz)])),
    )


def _blocks(quiz: Quiz, title: str, key: str) -> Iterator[Block]:
    if key != Key.ONLY:
        yield from setting_blocks(quiz, title)
        for question in quiz.questions:
            yield from question_blocks(question)
            yield Sentence((Span("    answer   ", Role.LABEL), Span(_ANSWER, Role.BLANK)), 4)
    if key == Key.AFTER:
        yield PageBreak()
    if key != Key.NONE:
        yield from _key(quiz)


def _key(quiz: Quiz) -> Iterator[Block]:
    yield say("Key", Role.TITLE)
    for question in quiz.questions:
        name = Span(f"{question.number:>2}  ", Role.LABEL)
        yield Sentence((name, Span(right_text(question), Role.TOTAL), Span(f"   {question.kind.name}")), 4)
        for wrong in _grouped(question):
            yield Sentence((Span("    ", Role.LABEL), Span(wrong)), 6)
        if question.kind.form is Form.NUMBER and question.unseen:
            same = f"the same number here: {' or '.join(question.unseen)}"
            yield Sentence((Span("    ", Role.LABEL), Span(same)), 6)


def _grouped(question: Question) -> Iterator[str]:
    """What each mistake gives; the answers of the same mistakes on one line."""
    found: dict[tuple[str, ...], list[str]] = {}
    for wrong in question.wrong:
        found.setdefault(wrong.words, []).append(short_text(question, wrong.value))
    for words, texts in found.items():
        more = " or …" if len(texts) > _MOST_TEXTS else ""
        yield f"{' or '.join(texts[:_MOST_TEXTS])}{more}: {' or '.join(words)}"


def _data(quiz: Quiz, title: str) -> dict[str, Any]:
    return {
        "schema": f"convcalc.quiz/{SCHEMA_VERSION}",
        "title": title,
        "seed": quiz.choice.seed,
        "questions_mark": quiz.mark,
        "questions": [_question_data(each) for each in quiz.questions],
    }


def _question_data(question: Question) -> dict[str, Any]:
    return {
        "number": question.number,
        "kind": question.kind.name,
        "level": question.kind.level,
        "layer": question.asked.subject.name,
        "question": question.text,
        "form": question.kind.form.value,
        "answer": value_data(question.right),
        "mistakes": [{"answer": value_data(wrong.value), "mistakes": list(wrong.words)} for wrong in question.wrong],
        "mistakes_that_give_the_answer": list(question.unseen),
    }
