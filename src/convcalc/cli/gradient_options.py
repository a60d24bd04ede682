"""The options of gradients: the loss, and which gradients are meant."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.cli.network import Ready
    from convcalc.gradients.loss import Loss

LOSSES = ("sum", "mean", "mse", "cross-entropy")
_WORDS = "sum, mean, mse (against --target, or what the file expects) or cross-entropy (against --label)"


class LossOptions(NamedTuple):
    """What is differentiated: one number of the output."""

    loss: Annotated[str | None, typer.Option(help=f"{_WORDS}.", metavar="LOSS")] = None
    output_gradient: Annotated[
        str | None,
        typer.Option(
            "--output-gradient",
            help="Instead of a loss the gradient of the output: ones, numbers, or a file.",
            metavar="NUMBERS",
        ),
    ] = None
    target: Annotated[
        str | None,
        typer.Option("--target", help="What mse compares the output with: numbers, or a file.", metavar="NUMBERS"),
    ] = None
    label: Annotated[
        str | None,
        typer.Option("--label", help="The class of cross-entropy, from 0; of several samples 3,7.", metavar="N"),
    ] = None


Of = Annotated[str | None, typer.Option("--of", help="Only the gradients of weight, bias or input.", metavar="WEIGHT")]
OneGradient = Annotated[
    str | None,
    typer.Option(
        "--gradient",
        help="Instead of an output cell the gradient of one weight, bias or input cell; --pos names it.",
        metavar="WEIGHT",
    ),
]
CheckDifferences = Annotated[
    bool,
    typer.Option("--check", help="Compare with central differences of the loss: exactly where all is rational."),
]
AsConvolution = Annotated[
    bool,
    typer.Option(
        "--as-convolution",
        help="Of a convolution: the problem file of the convolution that each gradient is, run.",
    ),
]
GradientLayer = Annotated[
    str | None, typer.Option("--layer", help="Of a network: only the gradients at this layer.", metavar="NAME")
]


def loss_of(options: LossOptions, found: "Ready") -> "Loss":
    """The loss that options name, which fits the output; without any the sum of all cells.

    Raises:
        ConvcalcError: there is no such loss, two are named, or its numbers cannot be read or do not fit.
    """
    from convcalc.cli.flags import flags
    from convcalc.errors import FieldError

    with flags(kind=FieldError):
        loss = _loss(_named(options), options, found)
        loss.check((len(found.cells), *found.network.shape_of(loss.reads(found.network, found.number))))
    return loss


def _loss(name: str, options: LossOptions, found: "Ready") -> "Loss":
    from convcalc.cli.flags import flags
    from convcalc.errors import UnknownNameError, UsageError
    from convcalc.gradients.loss import CrossEntropy, GivenGradient, Mean, SquaredError, Sum
    from convcalc.request.numbers_of_flag import numbers_of_flag

    if name == "output-gradient" and options.output_gradient not in (None, "ones"):
        return GivenGradient(numbers_of_flag(name, str(options.output_gradient), found.context))
    if name in ("sum", "mean", "output-gradient"):
        return Mean() if name == "mean" else Sum()
    if name == "mse":
        return SquaredError(_target(options, found))
    if name == "cross-entropy":
        if options.label is None:
            raise UsageError("cross-entropy needs a label", hint="--label 3, the number of the class")
        return CrossEntropy(_labels(options.label))
    with flags("--loss"):
        raise UnknownNameError("loss", name, LOSSES)


def _named(options: LossOptions) -> str:
    """The loss by its name, which other options may imply."""
    from convcalc.errors import UsageError

    implied = {"--output-gradient": "output-gradient", "--target": "mse", "--label": "cross-entropy"}
    given = [(flag, name) for flag, name in implied.items() if getattr(options, flag[2:].replace("-", "_")) is not None]
    names = dict.fromkeys([*([options.loss] if options.loss is not None else []), *(name for _, name in given)])
    if len(names) > 1:
        said = [*([f"--loss {options.loss}"] if options.loss is not None else []), *(flag for flag, _ in given)]
        raise UsageError(f"{' and '.join(said)} are of different losses", hint="leave all but one out")
    return next(iter(names), "sum")


def _target(options: LossOptions, found: "Ready") -> "Array":
    from convcalc.errors import UsageError
    from convcalc.request.numbers_of_flag import expected_numbers, numbers_of_flag

    if options.target is not None:
        return numbers_of_flag("target", options.target, found.context)
    expected = None if found.request is None else expected_numbers(found.request, found.context)
    if expected is None:
        raise UsageError("mse needs a target, and the file expects no output", hint="--target with numbers, or a file")
    return expected


def _labels(text: str) -> tuple[int, ...]:
    from convcalc.cli.named_cells import position_of
    from convcalc.errors import Place, UsageError

    try:
        return position_of(text)
    except UsageError as error:
        error.message = f"label {text!r} is not a whole number"
        error.hint, error.place = "--label 3, or for several samples --label 3,7", Place("--label", is_flag=True)
        raise
