"""``convcalc bench``: how fast a problem is computed here, and by whom."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from convcalc.cli.grouped import command
from convcalc.cli.options import OutputOptions, ProblemOptions
from convcalc.cli.own_options import TimingOptions

if TYPE_CHECKING:
    from convcalc.cli.source import Ready

_FOR_CASES = ("dtype", "engine", "precision", "threads", "limit")
"""The options of a problem that a case has too."""


@command
def bench(options: ProblemOptions, timing: TimingOptions, target: OutputOptions) -> None:
    """Time a problem, or a case of the suite, by convcalc, each of its engines, PyTorch, SciPy and OpenCV."""
    from convcalc.bench.runner import Conditions, measure
    from convcalc.bench.table import entrants
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.source import flags, prepare
    from convcalc.geometry.arguments import whole
    from convcalc.limits import usable_cores
    from convcalc.report.bench import bench_report

    check_output(target)
    with flags():
        rounds = whole("rounds", timing.rounds, 1)
    ready = prepare(options) if timing.case is None else _prepare_case(timing.case, options)
    conditions = Conditions(options.threads or usable_cores(), rounds, ready.limits)
    with _narration(is_wanted=not target.quiet) as narrate:
        measured = measure(ready.problem, entrants(options.precision, options.engine), conditions, narrate)
    emit(bench_report(ready.problem, measured), target)


def _prepare_case(name: str, options: ProblemOptions) -> Ready:
    """The problem of a case with its plan.

    Raises:
        ConvcalcError: there is no such case, or an option does not go with it.
    """
    from convcalc.bench.cases import find_case
    from convcalc.cli.source import Ready, flags, limits_of
    from convcalc.engine.plan import make_plan
    from convcalc.errors import FieldError

    _check_alone(options)
    limits, dtype = limits_of(options.limit), options.dtype or "float32"
    with flags():
        if dtype not in ("float32", "float64"):
            raise FieldError(f"a case is computed in float32 or float64, not in {dtype}", field="dtype")
        problem = find_case(name).problem(dtype)
        return Ready(
            problem, make_plan(problem, options.engine, precision=options.precision, threads=options.threads), limits
        )


def _check_alone(options: ProblemOptions) -> None:
    """Refuse what describes another problem than the case.

    Raises:
        UsageError: a file or an option is given that a case does not have.
    """
    from convcalc.errors import UsageError

    for name, default in options._field_defaults.items():
        if name not in _FOR_CASES and getattr(options, name) != default:
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
