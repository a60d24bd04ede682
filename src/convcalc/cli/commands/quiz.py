"""``convcalc quiz``: questions about a convolution or a network, asked in a terminal or as a worksheet with its key."""

from __future__ import annotations

from functools import partial

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command, computing
from convcalc.cli.quiz_options import Key, QuizOptions


@partial(command, without=frozenset({"level"}))
@computing
def quiz(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    wanted: QuizOptions,
    key: Key = None,
    layer: opt.Layer = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Ask about a convolution: slices, shapes, parameters, cells; a wrong answer is told which mistake gives it.

    In a terminal question by question, with a score; in a pipe the lines of standard input are the answers. Without
    answers, and in every other format, it is a worksheet with its key; as CSV the sheet that check --answers marks.
    """
    from convcalc.cli.network import network_of
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.questions import answer_sheet_lines, check_sheet_tells_all, drawn, sheet_saver
    from convcalc.cli.quiz_session import asks, is_terminal, session
    from convcalc.cli.worksheets import key_of
    from convcalc.report.quiz.report import quiz_report

    check_output(target)
    if target.format == "csv" or (target.output or "").lower().endswith(".csv"):
        check_sheet_tells_all(options, input)
    shown_key = key_of(key)
    network, context = network_of(options, layer, input, takes_pipe=False)  # its lines are answers
    is_asking = asks(target, options.file, key)
    found = drawn(network, context, wanted, layer, is_new=is_asking and is_terminal() and wanted.seed is None)
    if is_asking and session(found, network.title, target):
        return
    report = quiz_report(found, network.title, shown_key)

    def lines() -> list[str]:
        return answer_sheet_lines(found, options.file, layer)

    emit(report, target, save=sheet_saver(report, target, lines), csv=lines)
