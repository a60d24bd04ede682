"""``convcalc trace``: why an output cell is what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.grouped import command

if TYPE_CHECKING:
    from convcalc.cli.source import Opened


@command
def trace(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    pos: opt.Positions = None,
    every: opt.EveryPosition = False,
    channel: opt.Channel = None,
    batch: opt.Batch = None,
    layer: opt.Layer = None,
    depth: opt.Depth = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Show why an output cell is what it is: window, kernel, products and the sum as on paper."""
    from convcalc.cli.emit import check_output
    from convcalc.cli.figures import FIGURE_SUFFIX
    from convcalc.cli.pages import SAVED
    from convcalc.cli.source import need_network, opened
    from convcalc.cli.tracing import positions_of

    check_output(target, (*SAVED, FIGURE_SUFFIX))
    found = opened(options)
    if found.request.is_network:
        from convcalc.cli.stack_trace import TraceWishes, trace_network

        depth = 1 if depth is None else depth
        trace_network(found, options, target, TraceWishes(layer, pos, every, channel, batch or 0, depth, input))
    else:
        need_network(found, layer=layer, depth=depth is not None, input=input)
        _trace_convolution(found, options, target, positions_of(pos, every), channel, batch)


def _trace_convolution(
    found: Opened,
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    positions: list[tuple[int, ...]],
    channel: int | None,
    batch: int | None,
) -> None:
    """Show why cells of a single convolution are what they are; without positions all of them.

    Raises:
        ConvcalcError: a file or a flag is bad, or there is no such cell.
    """
    from convcalc.cli.figures import check_one_figure
    from convcalc.cli.source import flags, prepared
    from convcalc.cli.tracing import emit_all, emit_one, every_cell, some_cells

    check_one_figure(target, positions)
    ready = prepared(found, options)
    with flags():
        if not positions:
            emit_all(ready.problem, every_cell(ready, channel, batch, quiet=target.quiet), target)
            return
        told = list(some_cells(ready, positions, channel or 0, batch or 0))
    if len(told) == 1:
        emit_one(ready.problem, *told[0], target)
    else:
        emit_all(ready.problem, told, target)
