"""``convcalc bench``: how fast a problem is computed here, and by whom."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from convcalc.cli.command_options import TimingOptions
from convcalc.cli.option_groups import command, computing
from convcalc.cli.options import OutputOptions, ProblemOptions

if TYPE_CHECKING:
    from convcalc.problem import Problem

_FOR_CASES = ("dtype", "engine", "precision", "threads", "limit")
"""The options of a problem that a case has too."""


@command
@computing
def bench(options: ProblemOptions, timing: TimingOptions, target: OutputOptions) -> None:
    """Time a problem, or a case of the suite, by convcalc, each of its engines, PyTorch, SciPy and OpenCV."""
    from convcalc.bench.runner import Conditions, measure
    from convcalc.bench.table import entrants
    from convcalc.cli.flags import context_of, flags
    from convcalc.cli.network import ready
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.geometry.arguments import whole
    from convcalc.limits import usable_cores
    from convcalc.report.bench import bench_report

    check_output(target)
    with flags():
        rounds = whole("rounds", timing.rounds, 1)
    problem = ready(options).only_convolution() if timing.case is None else _case(timing.case, options)
    conditions = Conditions(options.threads or usable_cores(), rounds, context_of(options.limit, None).limits)
    with _narration(is_wanted=not target.quiet) as narrate:
        measured = measure(problem, entrants(options.precision, options.engine), conditions, narrate)
    emit(bench_report(problem, measured), target)


def _case(name: str, options: ProblemOptions) -> Problem:
    """The problem of a case.

    Raises:
        ConvcalcError: there is no such case, or an option does not go with it.
    """
    from convcalc.bench.cases import find_case
    from convcalc.cli.flags import flags
    from convcalc.engine.plan import make_plan
    from convcalc.errors import FieldError

    _check_alone(options)
    dtype = options.dtype or "float32"
    with flags():
        if dtype not in ("float32", "float64"):
            raise FieldError(f"a case is computed in float32 or float64, not in {dtype}", field="dtype")
        problem = find_case(name).problem(dtype)
        make_plan(problem, options.engine, precision=options.precision, threads=options.threads)
        return problem


def _check_alone(options: ProblemOptions) -> None:
    """Refuse what describes another problem than the case.

    Raises:
        UsageError: a file or an option is given that a case does not have.
    """
    from convcalc.errors import UsageError

    given, unsaid = ({**each._asdict(), **each.said._asdict()} for each in (options, type(options)()))
    for name, value in given.items():
        if name not in (*_FOR_CASES, "said") and value != unsaid[name]:
            other = "a file" if name == "file" else f"--{name.replace('_', '-')}"
            raise UsageError(f"--case and {other} exclude each other", hint="leave one of them out")


@contextmanager
def _narration(*, is_wanted: bool) -> Iterator[Callable[[str], None]]:
    """Writes what is being done into one line of a terminal's standard error, and wipes it out at the end.

    Nothing moves meanwhile, as a spinner would: it would take time from who is measured.
    """
    if not is_wanted or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return

    def narrate(text: str) -> None:
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    try:
        yield narrate
    finally:
        narrate("")
