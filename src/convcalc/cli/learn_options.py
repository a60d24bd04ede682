"""The options of gradient descent."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from convcalc.cli.gradient_options import LossOptions
    from convcalc.cli.network import Ready
    from convcalc.gradients.learning import Method, Weight
    from convcalc.gradients.loss import Loss


class LearnOptions(NamedTuple):
    """How weights are learned, and until when."""

    steps: Annotated[int, typer.Option("--steps", help="At most so many steps.", metavar="N")] = 100
    rate: Annotated[float, typer.Option("--rate", help="How far a step goes along the gradient.", metavar="R")] = 0.01
    rule: Annotated[
        str, typer.Option("--method", help="plain, momentum (0.9) or adam (0.9, 0.999).", metavar="NAME")
    ] = "plain"
    until: Annotated[
        float, typer.Option("--until", help="Learned, once the loss of mse or cross-entropy is at most this.")
    ] = 1e-12
    target_kernel: Annotated[
        str | None,
        typer.Option(
            "--target-kernel",
            help="Of a convolution: mse compares with the output of this kernel, such as sobel-x.",
            metavar="KERNEL",
        ),
    ] = None


LearnedLayer = Annotated[
    str | None, typer.Option("--layer", help="The layer of the weight that is written out.", metavar="NAME")
]
LearnedPlace = Annotated[
    str | None,
    typer.Option(
        "--pos", help="The weight that is written out: its taps, or its whole index, from 0.", metavar="INDEX"
    ),
]


def method_of(how: LearnOptions) -> "Method":
    """The method that options name.

    Raises:
        ConvcalcError: there is no such method, or a number is out of range.
    """
    from math import isfinite

    from convcalc.cli.flags import flags
    from convcalc.errors import UnknownNameError, UsageError
    from convcalc.gradients.learning import RULES, Method

    with flags("--method"):
        if how.rule not in RULES:
            raise UnknownNameError("method", how.rule, RULES)
    with flags("--steps"):
        if how.steps < 1:
            raise UsageError(f"{how.steps} steps are none", hint="--steps 100")
    with flags("--rate"):
        if not (isfinite(how.rate) and how.rate > 0):
            raise UsageError(f"a rate is a number above 0, not {how.rate:g}", hint="--rate 0.01")
    with flags("--until"):
        if not (isfinite(how.until) and how.until >= 0):
            raise UsageError(f"a loss to be reached is 0 or above, not {how.until:g}", hint="--until 1e-6")
    return Method(how.rule, how.rate)


def learned_loss(loss: "LossOptions", how: LearnOptions, found: "Ready") -> "Loss":
    """The loss that options name; without any mse against what the file expects, or the output of another kernel.

    Raises:
        ConvcalcError: the loss or its numbers are bad, or it is said twice what to compare with.
    """
    from convcalc.cli.gradient_options import loss_of
    from convcalc.errors import UsageError

    if how.target_kernel is None:
        is_silent = all(each is None for each in loss)
        return loss_of(loss._replace(loss="mse") if is_silent else loss, found)
    if any(each is not None for each in loss._replace(loss=None)) or loss.loss not in (None, "mse"):
        raise UsageError("--target-kernel is what mse compares with", hint="leave out the other loss")
    return _of_kernel(how.target_kernel, found)


def _of_kernel(kernel: str, found: "Ready") -> "Loss":
    """Mse against what the same file gives with another kernel."""
    from convcalc.errors import ConvcalcError, Place, UsageError
    from convcalc.gradients.loss import SquaredError
    from convcalc.request.resolve import resolve
    from convcalc.wording import shape_text

    place = Place("--target-kernel", is_flag=True)
    request = found.request
    if request is None or request.model is not None or "layers" in request.fields:
        raise UsageError("only a file of one convolution has another kernel's output", hint="--target", place=place)
    try:
        network = resolve(request.override(kernel=[kernel]), found.context)
        target = dict(network.outputs(network.input(), found.context))[0]
    except ConvcalcError as error:
        error.place = place
        raise
    wanted = (len(found.cells), *found.network.shape_of(found.number))
    if target.shape != wanted:
        told = f"its output is {shape_text(target.shape)}, that of the learned kernel {shape_text(wanted)}"
        raise UsageError(told, hint="a kernel of the same size", place=place)
    return SquaredError(target)


def learned_weight(found: "Ready", layer: str | None, position: str | None) -> "Weight":
    """The weight that is written out: by default the first number of the first layer that has any.

    Raises:
        ConvcalcError: there is no such layer or weight.
    """
    from convcalc.cli.flags import flags
    from convcalc.cli.named_cells import position_of
    from convcalc.errors import UsageError
    from convcalc.gradients.learning import Weight

    network = found.network
    having = [each for each in network.needed(found.number) if network.stages[each].layer.weight_shapes]
    with flags("--layer"):
        number = next(iter(having), None) if layer is None else network.number(layer)
        if number is None or number not in having:
            who = "no layer has" if layer is None else f"{layer} has no"
            names = ", ".join(network.stages[each].name for each in having)
            hint = f"--layer with one of: {names}" if names else "a layer such as conv or linear has some"
            raise UsageError(f"{who} weights to learn", hint=hint)
    of, shape = next(iter(network.stages[number].layer.weight_shapes.items()))
    with flags("--pos"):
        given = () if position is None else position_of(position)
        place = (*(0,) * (len(shape) - len(given)), *given)
        if len(place) != len(shape) or not all(0 <= each < size for each, size in zip(place, shape, strict=True)):
            told = ", ".join(f"0 to {size - 1}" for size in shape)
            last = ",".join(str(size - 1) for size in shape)
            raise UsageError(f"a {of} here is {len(shape)} numbers from {told}", hint=f"--pos {last}")
    return Weight(number, of, place)
