"""``convcalc uses``: which output cells an input cell reaches."""

from convcalc.cli import options as opt
from convcalc.cli.grouped import command


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
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.source import flags, need_network, opened, prepared
    from convcalc.cli.tracing import position_of
    from convcalc.errors import UsageError
    from convcalc.geometry.arguments import whole
    from convcalc.report.uses import uses_report
    from convcalc.tracing.uses import uses_of

    check_output(target)
    with flags():
        whole("seed", seed, 0)
    found = opened(options)
    if found.request.is_network:
        from convcalc.cli.stack_uses import UsesWishes, uses_network

        uses_network(found, options, target, UsesWishes(layer, pos, channel, batch, input, with_adjoint, seed))
        return
    need_network(found, layer=layer, input=input)
    if pos is None and not with_adjoint:
        raise UsageError("uses needs a position", hint="--pos 1,1 for row 1, column 1, or --adjoint")
    place = None if pos is None else position_of(pos)
    ready = prepared(found, options)
    with flags():
        ready.limits.check_memory(ready.plan.memory_bytes, "this convolution")
        reached = None if place is None else uses_of(ready.problem, place, channel or 0, batch)
    checked = None
    if with_adjoint:
        from convcalc.tracing.adjoint import adjoint

        checked = adjoint(ready.problem, seed)
    emit(uses_report(ready.problem, reached, checked), target)
