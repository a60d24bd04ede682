"""``convcalc check``: compare the output of files with what they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command, computing
from convcalc.cli.quiz_options import Answers, QuizOptions
from convcalc.errors import ConvcalcError, UsageError

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.context import Context
    from convcalc.layers.network import Network
    from convcalc.report.check import Checked
    from convcalc.request.request import Request


@command
@computing
def check(
    target: opt.OutputOptions,
    wanted: QuizOptions,
    files: opt.Files = None,
    precision: opt.Precision = "full",
    threads: opt.Threads = None,
    folders: opt.Folders = None,
    limit: opt.LimitChanges = None,
    answers: Answers = None,
    layer: opt.Layer = None,
) -> None:
    """Run each file and compare the output with its field expect; every differing cell is shown.

    With --answers: mark what students answered to the questions of quiz, with the mistakes that they made.
    """
    from convcalc.cli.flags import context_of
    from convcalc.cli.message import write
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.report.check import check_report

    check_output(target)
    if answers is None:
        _check_no_questions(wanted, layer)
    context = context_of(limit, folders or ())._replace(precision=precision, threads=threads)
    if answers is not None:
        from convcalc.cli.marked_answers import mark_answers

        mark_answers(answers, files or (), wanted, layer, context, target)
        return
    if not files:
        raise UsageError("Missing argument 'files'.", hint="convcalc check -h shows what it takes")
    checker = Checker(context, target.quiet)
    checked = [checker.checked(file) for file in files]
    emit(check_report(checked), target)
    for each in checked if target.quiet else ():
        if each.error:
            write(f"error: {each.error}")
    if any(each.verdict != "ok" for each in checked):
        raise typer.Exit(1)


def _check_no_questions(wanted: QuizOptions, layer: str | None) -> None:
    """Refuse what says which questions were asked where there are no answers.

    Raises:
        UsageError: it is said.
    """
    names = {"--count": wanted.most, "--kind": wanted.kind, "--level": wanted.level, "--seed": wanted.seed}
    for flag, value in (names | {"--layer": layer}).items():
        if value not in (None, []):
            raise UsageError(f"{flag} says which questions were asked, and there are no answers", hint="--answers FILE")


class Checker(NamedTuple):
    """Compares one file after the other."""

    context: Context
    quiet: bool

    def checked(self, file: str) -> Checked:
        """The verdict on a file; only errors of flags, which are not the file's, are raised."""
        from convcalc.report.check import Checked

        try:
            return self.verdict(file)
        except ConvcalcError as error:
            if error.place and error.place.is_flag:
                raise
            return Checked(file, error=str(error))

    def verdict(self, file: str) -> Checked:
        """The verdict on a file that can be computed: its facts, and its output where the file expects one.

        Raises:
            ConvcalcError: it cannot.
        """
        from dataclasses import replace

        from convcalc.engine.compare import differing_facts
        from convcalc.report.check import Checked, fact_texts
        from convcalc.request.expectation import expects_output, read_facts
        from convcalc.request.request import read_request
        from convcalc.request.resolve import resolve

        request = read_request(file, self.context)
        network = resolve(request, self.context)
        facts = read_facts(request)
        actual = {"parameters": network.parameters, "output_shape": network.shape_of(len(network.stages) - 1)}
        checked = self._compared(file, request, self._output(network)) if expects_output(request) else Checked(file)
        return replace(
            checked, differences=[*differing_facts(facts, actual), *checked.differences], facts=fact_texts(facts)
        )

    def _output(self, network: Network) -> Array:
        from convcalc.cli.network import Ready, settled
        from convcalc.cli.progress import run_shown

        context = settled(self.context, network)
        found = Ready(network, network.input(), len(network.stages) - 1, context)
        return run_shown(found, quiet=self.quiet).output

    def _compared(self, file: str, request: Request, output: Array) -> Checked:
        from convcalc.arrays import squeezed
        from convcalc.engine.compare import cells_of, differing
        from convcalc.report.check import Checked
        from convcalc.request.expectation import read_expectation

        parts, cells = read_expectation(request, output, self.context), squeezed(output)
        differences = [difference for part in parts for difference in differing(cells, part)]
        return Checked(file, sum(cells_of(cells, part) for part in parts), differences)
