"""A long computation with a bar on standard error, where somebody looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from convcalc.engine.compute import Progress, Result, compute

if TYPE_CHECKING:
    from convcalc.cli.source import Ready
    from convcalc.engine.plan import Plan

_LONG = 1.0  # seconds, as estimated
_MACS_A_SECOND = 1e10  # of a network, about what one core does


def compute_shown(ready: Ready, *, quiet: bool) -> Result:
    """The result of a problem; on a terminal a bar shows how far it is, unless that is soon or not wanted."""
    with _bar(ready.plan, quiet) as progress:
        return compute(ready.problem, ready.plan, progress=progress, limits=ready.limits)


@contextmanager
def _bar(plan: Plan, quiet: bool) -> Iterator[Progress | None]:
    """What draws the tiles that are done; the bar is gone when it ends."""
    if quiet or plan.seconds <= _LONG or not _is_watched():
        yield None
        return
    with _drawn(plan.tile_count) as advance:
        # tiles of several threads may come out of order, so each counts one
        yield lambda _done, _total: advance(1)


@contextmanager
def layers_shown(work: Mapping[int, int], *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """What is told each layer that is done; a bar shows the share of all MACs, ``work``, if these take long."""
    if quiet or sum(work.values()) <= _LONG * _MACS_A_SECOND or not _is_watched():
        yield lambda _number: None
        return
    with _drawn(sum(work.values())) as advance:
        yield lambda number: advance(work[number])


def _is_watched() -> bool:
    return bool(sys.stderr and sys.stderr.isatty())


@contextmanager
def _drawn(total: int) -> Iterator[Callable[[int], None]]:
    """What moves a bar on; the bar is gone when it ends."""
    from rich import progress
    from rich.console import Console

    columns = (progress.TextColumn("computing"), progress.BarColumn(), progress.TaskProgressColumn())
    times = (progress.TimeElapsedColumn(), progress.TimeRemainingColumn())
    console = Console(stderr=True, highlight=False)
    is_still = console.is_dumb_terminal
    with progress.Progress(*columns, *times, console=console, transient=True, disable=is_still) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)
