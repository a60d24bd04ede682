"""``convcalc uses``: which output cells an input cell reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.grouped import command

if TYPE_CHECKING:
    from convcalc.cli.source import Opened


@command
def uses(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    pos: opt.InputPosition = None,
    channel: opt.InputChannel = None,
    batch: opt.Sample = 0,
    with_adjoint: opt.WithAdjoint = False,
    seed: opt.Seed = 0,
    layer: opt.Layer = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Show which output cells an input cell reaches, with its weight and its part in each: trace, turned round."""
    from convcalc.cli.emit import check_output
    from convcalc.cli.source import flags, need_network, opened
    from convcalc.geometry.arguments import whole

    check_output(target)
    with flags():
        whole("seed", seed, 0)
    found = opened(options)
    if found.request.is_network:
        from convcalc.cli.stack_uses import UsesWishes, uses_network

        uses_network(found, options, target, UsesWishes(layer, pos, channel, batch, input, with_adjoint, seed))
    else:
        need_network(found, layer=layer, input=input)
        _uses_convolution(found, options, target, pos, channel or 0, batch, seed if with_adjoint else None)


def _uses_convolution(
    found: Opened,
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    pos: str | None,
    channel: int,
    batch: int,
    seed: int | None,
) -> None:
    """Show which output cells of a single convolution an input cell reaches; with a seed check its adjoint.

    Raises:
        ConvcalcError: a file or a flag is bad, there is no such cell, or nothing is asked for.
    """
    from convcalc.cli.emit import emit
    from convcalc.cli.source import flags, prepared
    from convcalc.cli.tracing import position_of
    from convcalc.errors import UsageError
    from convcalc.report.uses import uses_report
    from convcalc.tracing.uses import uses_of

    if pos is None and seed is None:
        raise UsageError("uses needs a position", hint="--pos 1,1 for row 1, column 1, or --adjoint")
    place = None if pos is None else position_of(pos)
    ready = prepared(found, options)
    with flags():
        ready.limits.check_memory(ready.plan.memory_bytes, "this convolution")
        reached = None if place is None else uses_of(ready.problem, place, channel, batch)
    checked = None
    if seed is not None:
        from convcalc.tracing.adjoint import adjoint

        checked = adjoint(ready.problem, seed)
    emit(uses_report(ready.problem, reached, checked), target)
