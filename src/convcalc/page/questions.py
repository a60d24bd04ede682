"""Questions for the page: made and answered here, so that its script has only to compare which choice is clicked."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from convcalc.quiz.questions import Question, Quiz
from convcalc.report.quiz.answers import short_text
from convcalc.wording import safe_text

_MOST_CHOICES = 5


def questions_data(quiz: Quiz) -> list[dict[str, Any]]:
    """Each question with its choices: the right answer among those of different mistakes, each with what it is."""
    return [
        {"text": safe_text(question.text), "choices": choices}
        for question in quiz.questions
        if len(choices := _choices(question, Random(f"{quiz.choice.seed} {question.number}"))) > 1
    ]


def _choices(question: Question, random: Random) -> list[dict[str, Any]]:
    """The choices in any order."""
    found = [{"text": short_text(question, question.right), "mistakes": []}, *_wrong(question)]
    return [found.pop(random.randrange(len(found))) for _ in range(len(found))]


def _wrong(question: Question) -> Iterator[dict[str, Any]]:
    """One answer for each mistake, as far as there is room."""
    told: set[tuple[str, ...]] = set()
    for wrong in question.wrong:
        if wrong.words not in told and len(told) < _MOST_CHOICES - 1:
            told.add(wrong.words)
            yield {"text": short_text(question, wrong.value), "mistakes": list(wrong.words)}
