"""``convcalc uses``: which output cells an input cell reaches."""

from convcalc.cli import options as opt
from convcalc.cli.grouped import command


@command
def uses(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    pos: opt.InputPosition = None,
    channel: opt.InputChannel = 0,
    batch: opt.Sample = 0,
    with_adjoint: opt.WithAdjoint = False,
    seed: opt.Seed = 0,
) -> None:
    """Show which output cells an input cell reaches, with its weight and its part in each: trace, turned round."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.source import flags, prepare
    from convcalc.cli.tracing import position_of
    from convcalc.errors import UsageError
    from convcalc.geometry.arguments import whole
    from convcalc.report.uses import uses_report
    from convcalc.tracing.uses import uses_of

    check_output(target)
    if pos is None and not with_adjoint:
        raise UsageError("uses needs a position", hint="--pos 1,1 for row 1, column 1, or --adjoint")
    place = None if pos is None else position_of(pos)
    ready = prepare(options)
    with flags():
        whole("seed", seed, 0)
        ready.limits.check_memory(ready.plan.memory_bytes, "this convolution")
        found = None if place is None else uses_of(ready.problem, place, channel, batch)
    checked = None
    if with_adjoint:
        from convcalc.tracing.adjoint import adjoint

        checked = adjoint(ready.problem, seed)
    emit(uses_report(ready.problem, found, checked), target)
