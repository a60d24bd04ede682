"""A progress bar on standard error for long computations on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from convcalc.cli.flags import flags
from convcalc.errors import EngineError

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.context import Context
    from convcalc.engine.plan import Plan
    from convcalc.layers.run import NetworkRun

_LONG = 1.0  # seconds, as estimated
_COMPUTING = "computing"
_MACS_A_SECOND = 1e10  # of a network, about what one core does


def run_shown(ready: Ready, *, quiet: bool, keep: bool = False, verify: bool = False) -> NetworkRun:
    """The network computed; on a terminal a bar shows the progress, unless it is short or not wanted."""
    from convcalc.layers.run import run_network

    with flags(kind=EngineError), watched(ready, quiet=quiet) as (context, done):
        return run_network(ready.network, ready.cells, ready.number, context, keep=keep, verify=verify, done=done)


@contextmanager
def watched(ready: Ready, *, quiet: bool) -> Iterator[tuple[Context, Callable[[int], None]]]:
    """A context with a bar: the context to compute in, and a function called with each layer that is computed."""
    stages, samples = ready.network.stages, len(ready.cells)
    work = {number: stages[number].layer.work.macs * samples for number in ready.network.needed(ready.number)}
    with ExitStack() as shown:
        bar = Bar(work, shown, is_watched=not quiet and _is_watched())
        yield ready.context._replace(planned=bar.planned, progress=bar.tile), bar.layer


@contextmanager
def kernels_watched(macs: Sequence[int], *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A context with a bar: a function called with the number of each kernel whose output is computed."""
    with ExitStack() as shown:
        yield Bar(dict(enumerate(macs)), shown, is_watched=not quiet and _is_watched()).layer


@contextmanager
def tiles_watched(tiles: int, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A context with a bar: a function called after each tile with the number of those that are done, and of all."""
    with ExitStack() as shown:
        is_drawn = not quiet and tiles > 1 and _is_watched()
        advance = shown.enter_context(_drawn(tiles)) if is_drawn else lambda _, __: None
        yield lambda _done, _all: advance(1, _COMPUTING)


class Bar:
    """Receives the progress of the work; draws a bar where it takes long, until ``shown`` ends."""

    def __init__(self, work: Mapping[int, int], shown: ExitStack, *, is_watched: bool) -> None:
        """``work``: the MACs of every layer by its number."""
        self._ahead, self._shown, self._is_watched = dict(work), shown, is_watched
        self._total, self._tiles = sum(work.values()), 0
        self._advance: Callable[[float, str], None] | None = None
        if self._total > _LONG * _MACS_A_SECOND:
            self._draw()

    def planned(self, plan: Plan) -> None:
        """Called before a convolution is computed."""
        if plan.seconds > _LONG or plan.chosen.delay > _LONG:
            self._draw("compiling once" if plan.chosen.delay > _LONG else _COMPUTING)

    def tile(self, _done: int, tiles: int) -> None:
        """Called after each tile of the convolution; they may finish out of order, so each counts one."""
        self._tiles = tiles
        if self._advance:
            self._advance(next(iter(self._ahead.values())) / tiles, _COMPUTING)

    def layer(self, number: int) -> None:
        """Called after each layer."""
        work, self._tiles, tiles = self._ahead.pop(number), 0, self._tiles
        if self._advance and not tiles:
            self._advance(work, _COMPUTING)

    def _draw(self, text: str = _COMPUTING) -> None:
        if self._is_watched and self._advance is None:
            self._advance = self._shown.enter_context(_drawn(self._total))
        if self._advance:
            self._advance(0, text)


def _is_watched() -> bool:
    return bool(sys.stderr and sys.stderr.isatty())


@contextmanager
def _drawn(total: float) -> Iterator[Callable[[float, str], None]]:
    """A context with a function that advances a bar and names the work; the bar is removed at its end."""
    from rich import progress
    from rich.console import Console

    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.TaskProgressColumn())
    times = (progress.TimeElapsedColumn(), progress.TimeRemainingColumn())
    console = Console(stderr=True, highlight=False)
    is_still = console.is_dumb_terminal
    with progress.Progress(*columns, *times, console=console, transient=True, disable=is_still) as bar:
        task = bar.add_task(_COMPUTING, total=total)
        yield lambda done, text: bar.update(task, advance=done, description=text)
