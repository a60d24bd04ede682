"""``convcalc trace``: the explanation of an output cell."""

from __future__ import annotations

from convcalc.cli import options as opt
from convcalc.cli.gradient_options import LossOptions, OneGradient
from convcalc.cli.input_options import Like
from convcalc.cli.option_groups import command, computing
from convcalc.cli.quiz_options import Blank, Key


@command
@computing
def trace(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    pos: opt.Positions = None,
    every: opt.EveryPosition = False,
    channel: opt.Channel = None,
    batch: opt.Batch = None,
    layer: opt.Layer = None,
    depth: opt.Depth = None,
    gradient: OneGradient = None,
    loss: LossOptions = LossOptions(),  # noqa: B008 - a named tuple
    blank: Blank = False,
    key: Key = None,
    curve: opt.Curve = False,
    rate: opt.Rate = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
    like: Like = None,
) -> None:
    """Show why an output cell is what it is: window, kernel, products and the sum as on paper."""
    from convcalc.cli.explanations import RequestedCells, emit_all, emit_one, explainer_of, outputs_shown
    from convcalc.cli.flags import flags
    from convcalc.cli.network import check_curve, ready
    from convcalc.cli.output.emit import check_output
    from convcalc.cli.output.figures import FIGURE_SUFFIX, check_one_figure
    from convcalc.cli.output.report_formats import SAVED

    check_output(target, (*SAVED, FIGURE_SUFFIX))
    if blank or key:
        from convcalc.cli.worksheets import check_blank_trace

        check_blank_trace(key, target, is_blank=blank, depth=depth, every=every)
    if gradient is not None or loss != LossOptions():
        from convcalc.cli.gradient_cells import Asked, emit_gradient

        asked = Asked.of_flags(gradient, pos, layer, channel, batch, is_other=blank or every or curve, target=target)
        emit_gradient(ready(options, None, input, like=like), asked, loss, 1 if depth is None else depth, target)
        return
    found = ready(options, layer, input, rate=rate, like=like)
    curves = check_curve(found, asked=curve)
    requested = RequestedCells.of(found, pos, channel, batch, every=every)
    check_one_figure(target, requested.number)
    with flags():
        explainer = explainer_of(found, requested, 1 if depth is None else depth)
        if every:
            outputs = outputs_shown(found, explainer, quiet=target.quiet)
            emit_all(explainer, explainer.explained_by(outputs, explainer.every(channel)), target, curves=curve)
            return
        explained = list(explainer.explained(requested.places))
    if blank:
        from convcalc.cli.worksheets import emit_trace

        emit_trace(explained, found, key, target)
    elif len(explained) == 1:
        emit_one(explained[0], target, curves=curves)
    else:
        emit_all(explainer, explained, target, curves=curve)
