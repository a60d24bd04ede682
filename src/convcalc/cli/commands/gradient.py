"""``convcalc gradient``: the gradients of a loss by input, weights and biases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.gradient_options import GradientLayer, LossOptions, Of
from convcalc.cli.option_groups import command, computing

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.report.gradient.report import Shown


@command
@computing
def gradient(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    loss: LossOptions,
    of: Of = None,
    layer: GradientLayer = None,
    partial: opt.Partial = False,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Show the gradient of a loss by input, weights and biases: of a convolution the numbers, of a network by layer."""
    from convcalc.cli.gradient_options import loss_of
    from convcalc.cli.network import check_whole, ready
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.output.saved_gradient import GRADIENT_SUFFIXES, check_one_array, gradient_saver
    from convcalc.gradients.backward import gradients_of
    from convcalc.report.gradient.report import gradient_report

    check_output(target, GRADIENT_SUFFIXES)
    found = ready(options, None, input)
    check_whole(found, partial=partial)
    shown = _shown(found, of, layer)
    check_one_array(found, shown, target)
    made = gradients_of(
        found.network, found.cells, loss_of(loss, found), found.number, found.context, keep=_kept(found, shown)
    )
    report = gradient_report(made, shown)
    emit(report, target, save=gradient_saver(report, made, shown, target))


def _shown(found: Ready, of: str | None, layer: str | None) -> Shown:
    """Which gradients ``--of`` and ``--layer`` ask for.

    Raises:
        ConvcalcError: there is no such layer on the way to the output, or it has no such weight.
    """
    from convcalc.cli.flags import flags
    from convcalc.errors import UnknownNameError, UsageError
    from convcalc.layers.network import INPUT_NAME
    from convcalc.report.gradient.report import Shown

    network = found.network
    path = network.needed(found.number)
    with flags("--layer"):
        number = None if layer is None else network.number(layer)
        if number is not None and number not in path:
            last = network.stages[found.number].name
            raise UsageError(f"{last} does not depend on {layer}, so no gradient reaches it")
    stages = [network.stages[each] for each in ([number] if number is not None else path)]
    names = [INPUT_NAME, *dict.fromkeys(name for stage in stages for name in stage.layer.weight_shapes)]
    if of is not None and of not in names:
        with flags("--of"):
            if of in ("weight", "bias"):
                what = f"{layer} ({stages[0].layer.kind}) has" if number is not None else "the layers have"
                raise UsageError(f"{what} no {of}", hint=f"--of {names[-1]}")
            raise UnknownNameError("gradient", of, names)
    return Shown(of or "", number)


def _kept(found: Ready, shown: Shown) -> list[int]:
    """The layers whose output's gradient is shown."""
    if found.network.is_convolution:
        return [0]
    return [] if shown.layer is None else [each for each in found.network.stages[shown.layer].inputs if each >= 0]
