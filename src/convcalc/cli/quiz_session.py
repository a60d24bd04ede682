"""A quiz question by question: in a terminal with a score, in a pipe with an answer a line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from convcalc.cli.output.emit import print_report
from convcalc.cli.streams import output_console, page_width
from convcalc.files.text import STANDARD_INPUT
from convcalc.quiz.forms import EXAMPLES
from convcalc.quiz.marking import Marked, Verdict, mark
from convcalc.report.blocks import Role, say
from convcalc.report.quiz.marked import marked_blocks, marked_report, repeated_mistakes, score_sentence
from convcalc.report.quiz.setting import question_blocks, setting_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.cli.options import OutputOptions
    from convcalc.quiz.questions import Question, Quiz
    from convcalc.report.blocks import Block

_LONGEST = 10_000  # bytes of an answer
_LEAVE, _HELP = ("q", "quit", "exit"), ("?", "help")


def asks(target: OutputOptions, file: str | None, key: str | None) -> bool:
    """Whether answers may come in: the page is printed for reading, and standard input is not the problem."""
    is_page = target.output is None and not target.quiet and key is None
    return is_page and file != STANDARD_INPUT and target.format in ("table", *(("plain",) if is_terminal() else ()))


def is_terminal() -> bool:
    """Whether questions can be asked one by one."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def session(quiz: Quiz, title: str, target: OutputOptions) -> bool:
    """Ask the questions; false where nobody answers, in a pipe without a line or with its output elsewhere."""
    if is_terminal():
        _in_terminal(quiz, title, target.format)
        return True
    if sys.stdin is None or sys.stdin.isatty():
        return False
    texts = list(_lines(len(quiz.questions)))
    if not texts:
        return False
    marked = [mark(question, text) for question, text in zip(quiz.questions, texts, strict=False)]
    print_report(marked_report(quiz, title, marked), target.format)
    return True


def _lines(most: int) -> Iterator[str]:
    """At most so many lines of standard input; none if it cannot be read."""
    stream = sys.stdin.buffer
    for _ in range(most):
        try:
            line = stream.readline(_LONGEST)
        except OSError:
            return
        if not line:
            return
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def _in_terminal(quiz: Quiz, title: str, form: str) -> None:
    _print(setting_blocks(quiz, title), form)
    _print([say(f"seed {quiz.choice.seed}; empty: no answer, ?: how to write one, q: leave", Role.LABEL)], form)
    marked: list[Marked] = []
    for question in quiz.questions:
        answer = _asked(question, form)
        if answer is None:
            break
        marked.append(answer)
        _print(marked_blocks(answer), form)
    print()
    _print([score_sentence(marked), *repeated_mistakes(marked)], form)


def _asked(question: Question, form: str) -> Marked | None:
    """The answer to a question, asked again until it can be read; None: the quiz is left."""
    print()
    _print(question_blocks(question), form)
    while True:
        print("    answer   ", end="", flush=True)
        text = next(_lines(1), None)
        if text is None:
            print()
        if text is None or text.strip().lower() in _LEAVE:
            return None
        if text.strip().lower() in _HELP:
            _print([say(f"    such as {EXAMPLES[question.kind.form]}", Role.LABEL, indent=4)], form)
            continue
        answer = mark(question, text)
        if answer.verdict is not Verdict.UNREAD:
            return answer
        _print(marked_blocks(answer), form)


def _print(blocks: Iterable[Block], form: str) -> None:
    if form == "plain":
        from convcalc.render.plain import plain_lines

        sys.stdout.writelines(f"{line}\n" for line in plain_lines(tuple(blocks), page_width()))
        return
    from convcalc.render.terminal import print_blocks

    print_blocks(output_console(), tuple(blocks))
