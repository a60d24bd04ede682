"""``convcalc gradient``: the gradients of a loss by input, weights and biases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.gradient_options import AsConvolution, CheckDifferences, GradientLayer, LossOptions, Of
from convcalc.cli.option_groups import command, computing

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.cli.options import OutputOptions
    from convcalc.gradients.backward import Gradients
    from convcalc.report.gradient.report import Shown


@command
@computing
def gradient(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    loss: LossOptions,
    of: Of = None,
    layer: GradientLayer = None,
    check: CheckDifferences = False,
    as_convolution: AsConvolution = False,
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
    if check:
        _check(found, loss, target, is_narrow=bool(of or layer))
        return
    shown = _shown(found, of, layer)
    check_one_array(found, shown, target)
    keep = None if as_convolution else _kept(found, shown)
    made = gradients_of(found.network, found.cells, loss_of(loss, found), found.number, found.context, keep=keep)
    if as_convolution:
        _emit_rules(made, shown, target)
        return
    report = gradient_report(made, shown)
    emit(report, target, save=gradient_saver(report, made, shown, target))


def _emit_rules(made: Gradients, shown: Shown, target: OutputOptions) -> None:
    """Print the convolutions that a convolution's gradients are.

    Raises:
        UsageError: the layer is no convolution, or its bias alone is asked for.
    """
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.errors import UsageError
    from convcalc.gradients.rule import input_rule, weight_rule
    from convcalc.layers.kinds.convolution import Convolution
    from convcalc.layers.kinds.convolution_gradient import input_gradient
    from convcalc.report.gradient.rule import rule_report

    check_output(target)
    network = made.network
    numbers = [each for each, stage in enumerate(network.stages) if isinstance(stage.layer, Convolution)]
    number = shown.layer if shown.layer is not None else (numbers[0] if len(numbers) == 1 else None)
    names = ", ".join(network.stages[each].name for each in numbers)
    if number not in numbers or number is None or shown.of == "bias":
        raise UsageError(
            "--as-convolution is of the weight or the input of one convolution",
            hint=f"--layer with one of: {names}" if names else "a problem with a kernel has one",
        )
    stage = network.stages[number]
    assert isinstance(stage.layer, Convolution)
    point, cells = made.point(number), made.by_output[number]
    problem = stage.layer.problem(*point)
    pairs = []
    if shown.of != "input":
        pairs.append((weight_rule(problem, cells, point.context), made.layer(number).weights["weight"]))
    if shown.of != "weight":
        pairs.append((input_rule(problem, cells, point.context), input_gradient(problem, cells, point.context)))
    emit(rule_report(network.title, pairs), target)


def _check(found: Ready, loss: LossOptions, target: OutputOptions, *, is_narrow: bool) -> None:
    """Print what differs from differences of the loss, and fail if anything does.

    Raises:
        UsageError: only some gradients are asked for, or arrays are to be saved.
        DataError: the loss is no finite number, so that no difference of it is one.
    """
    from math import isfinite
    from pathlib import Path

    import typer

    from convcalc.cli.gradient_options import loss_of
    from convcalc.cli.output.emit import emit
    from convcalc.errors import DataError, UsageError
    from convcalc.gradients.backward import gradients_of
    from convcalc.gradients.differences import checked
    from convcalc.numerals import nearest_float
    from convcalc.report.gradient.checked import checked_report

    if is_narrow or Path(target.output or "").suffix.lower() in (".npy", ".npz"):
        raise UsageError("--check compares all gradients, and saves a report", hint="leave --of and --layer out")
    context = found.context._replace(engine="auto")
    made = gradients_of(found.network, found.cells, loss_of(loss, found), found.number, context)
    if not made.is_exact:
        real = context._replace(dtype="float64")
        made = gradients_of(found.network, found.cells, made.loss, found.number, real)
    if not isfinite(nearest_float(made.value)):
        raise DataError(
            f"the loss is {made.value}, so no difference of it can be compared",
            hint="numbers for which every layer has a finite value; run --keep shows where it has none",
        )
    parts = list(checked(made))
    emit(checked_report(made, parts), target)
    if any(each.different for each in parts):
        raise typer.Exit(1)


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
