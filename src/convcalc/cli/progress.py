"""A long computation with a bar on standard error, where somebody looks at it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from convcalc.engine.compute import Progress, Result, compute

if TYPE_CHECKING:
    from convcalc.cli.source import Ready
    from convcalc.engine.plan import Plan

_LONG = 1.0  # seconds, as estimated


def compute_shown(ready: Ready, *, quiet: bool) -> Result:
    """The result of a problem; on a terminal a bar shows how far it is, unless that is soon or not wanted."""
    with _bar(ready.plan, quiet) as progress:
        return compute(ready.problem, ready.plan, progress=progress, limits=ready.limits)


@contextmanager
def _bar(plan: Plan, quiet: bool) -> Iterator[Progress | None]:
    """What draws the tiles that are done; the bar is gone when it ends."""
    if quiet or plan.seconds <= _LONG or not (sys.stderr and sys.stderr.isatty()):
        yield None
        return
    from rich import progress
    from rich.console import Console

    columns = (progress.TextColumn("computing"), progress.BarColumn(), progress.TaskProgressColumn())
    times = (progress.TimeElapsedColumn(), progress.TimeRemainingColumn())
    console = Console(stderr=True, highlight=False)
    is_still = console.is_dumb_terminal
    with progress.Progress(*columns, *times, console=console, transient=True, disable=is_still) as bar:
        task = bar.add_task("", total=plan.tile_count)
        # tiles of several threads may come out of order, so each counts one
        yield lambda _done, _total: bar.advance(task)
