"""``convcalc check``: compare the output of files with what they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

from convcalc.cli import options as opt
from convcalc.cli.grouped import command
from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.formats.library import Library
    from convcalc.formats.request import Request
    from convcalc.limits import Limits
    from convcalc.report.check import Checked


@command
def check(
    target: opt.OutputOptions,
    files: opt.Files,
    precision: opt.Precision = "full",
    threads: opt.Threads = None,
    folders: opt.Folders = None,
    limit: opt.LimitChanges = None,
) -> None:
    """Run each file and compare the output with its field expect; every differing cell is shown."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.message import write
    from convcalc.cli.source import library_of, limits_of
    from convcalc.report.check import check_report

    check_output(target)
    limits = limits_of(limit)
    checker = _Checker(library_of(folders, limits), limits, precision, threads, target.quiet)
    checked = [checker.checked(file) for file in files]
    emit(check_report(checked), target)
    for each in checked if target.quiet else ():
        if each.error:
            write(f"error: {each.error}")
    if any(each.verdict != "ok" for each in checked):
        raise typer.Exit(1)


class _Checker(NamedTuple):
    """Compares one file after the other."""

    library: Library
    limits: Limits
    precision: str
    threads: int | None
    quiet: bool

    def checked(self, file: str) -> Checked:
        """The verdict on a file; only an error of a flag, which is not the file's, goes on to the user."""
        from convcalc.formats.request import read_request
        from convcalc.report.check import Checked

        try:
            request = read_request(file, self.limits)
            if request.is_network:
                return self._network(file, request)
            return self._compared(file, request, self._computed(request))
        except ConvcalcError as error:
            if error.place and error.place.is_flag:
                raise
            return Checked(file, error=str(error))

    def _compared(self, file: str, request: Request, output: Array) -> Checked:
        from convcalc.arrays import squeezed
        from convcalc.engine.compare import cells_of, differing
        from convcalc.formats.expectation import read_expectation
        from convcalc.report.check import Checked

        parts, cells = read_expectation(request, output, self.limits), squeezed(output)
        differences = [difference for part in parts for difference in differing(cells, part)]
        return Checked(file, sum(cells_of(cells, part) for part in parts), differences)

    def _computed(self, request: Request) -> Array:
        """The output of one convolution."""
        from convcalc.cli.progress import compute_shown
        from convcalc.cli.source import Ready, flags
        from convcalc.engine.plan import make_plan
        from convcalc.formats.resolve import resolve

        problem = resolve(request, self.library, self.limits)
        with flags():
            plan = make_plan(problem, precision=self.precision, threads=self.threads)
        return compute_shown(Ready(problem, plan, self.limits), quiet=self.quiet).output

    def _network(self, file: str, request: Request) -> Checked:
        """The verdict on a network: its facts, and its output where the file expects one."""
        from collections import deque
        from dataclasses import replace

        from convcalc.engine.compare import differing_facts
        from convcalc.formats.expectation import expects_output, read_facts
        from convcalc.formats.network import read_network
        from convcalc.layers.layer import How
        from convcalc.report.check import Checked, facts_told

        network = read_network(request, self.library, self.limits)
        facts, stack = read_facts(request), network.stack
        actual = {"parameters": stack.parameters, "output_shape": stack.shape_of(len(stack.stages) - 1)}
        checked = Checked(file)
        if expects_output(request):
            how = How(network.dtype, precision=self.precision, threads=self.threads, limits=self.limits)
            checked = self._compared(file, request, deque(stack.outputs(network.input(), how), maxlen=1)[0][1])
        return replace(
            checked, differences=[*differing_facts(facts, actual), *checked.differences], facts=facts_told(facts)
        )
