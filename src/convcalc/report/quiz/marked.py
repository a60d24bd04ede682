"""Marked answers: what is said about each, and the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.quiz.marking import Marked, Verdict
from convcalc.quiz.questions import Quiz
from convcalc.report.blocks import Block, Report, Role, Sentence, Span, say
from convcalc.report.quiz.answers import right_text
from convcalc.report.quiz.setting import question_blocks, setting_blocks
from convcalc.report.text import listed
from convcalc.wording import counted


def marked_blocks(marked: Marked) -> Iterator[Block]:
    """What is said about an answer."""
    question = marked.question
    match marked.verdict:
        case Verdict.RIGHT:
            yield Sentence((Span("    right", Role.GOOD), Span(f": {right_text(question)}")), 4)
        case Verdict.MISTAKE:
            yield Sentence((Span("    wrong", Role.BAD), Span(f": {diagnosis_text(marked)}")), 4)
        case Verdict.UNKNOWN:
            yield Sentence((Span("    wrong", Role.BAD), Span(f": {_not_known(marked)}")), 4)
        case Verdict.UNREAD:
            yield Sentence((Span("    not an answer", Role.BAD), Span(f": {marked.error} ({marked.hint})")), 4)
        case Verdict.NONE:
            yield Sentence((Span("    no answer", Role.LABEL), Span(f": it is {right_text(question)}")), 4)


def diagnosis_text(marked: Marked) -> str:
    """The mistakes that give an answer."""
    first, *others = marked.mistakes
    same = f" ({listed(others)} {'gives' if len(others) == 1 else 'give'} the same here)" if others else ""
    return f"{first}{same}; it is {right_text(marked.question)}"


def _not_known(marked: Marked) -> str:
    return f"none of the known mistakes gives this; it is {right_text(marked.question)}"


def score_sentence(marked: Sequence[Marked]) -> Sentence:
    """How many answers are right."""
    good = sum(each.is_right for each in marked)
    text = f"{good} of {counted(len(marked), 'answer')} right" if marked else "no answers"
    return say(text, Role.GOOD if marked and good == len(marked) else Role.TOTAL, space_before=True)


def repeated_mistakes(marked: Sequence[Marked]) -> Iterator[Block]:
    """The mistakes that were made more than once, the most frequent first."""
    counts = Counter(words for each in marked for words in each.mistakes[:1])
    often = [f"{words} ({number} times)" for words, number in counts.most_common() if number > 1]
    if often:
        yield say(f"most often: {', '.join(often)}")


def marked_report(quiz: Quiz, title: str, marked: Sequence[Marked]) -> Report:
    """Answers to the questions, each marked."""
    return Report(tuple(_blocks(quiz, title, marked)), lambda: {"answers": [answer_data(each) for each in marked]})


def _blocks(quiz: Quiz, title: str, marked: Sequence[Marked]) -> Iterator[Block]:
    yield from setting_blocks(quiz, title)
    for each in marked:
        yield from question_blocks(each.question)
        yield Sentence((Span("    answer   ", Role.LABEL), Span(each.text.strip())), 4)
        yield from marked_blocks(each)
    yield score_sentence(marked)
    yield from repeated_mistakes(marked)


def answer_data(marked: Marked) -> dict[str, Any]:
    """A marked answer for JSON."""
    return {
        "question": marked.question.number,
        "answer": marked.text,
        "verdict": marked.verdict.value,
        "mistakes": list(marked.mistakes),
        "error": marked.error,
    }
