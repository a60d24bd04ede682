"""Networks on the command line: what run, trace and uses share where a file has layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrays import Array, in_floats
from convcalc.cli.source import Opened, flags
from convcalc.errors import FieldError, UsageError
from convcalc.formats.network import Network, read_network
from convcalc.layers.convolution import Convolution
from convcalc.layers.layer import How
from convcalc.layers.stack import INPUT, Stack
from convcalc.layers.step import Cell
from convcalc.problem import Labels
from convcalc.wording import counted, shape_text

if TYPE_CHECKING:
    from convcalc.cli.options import ProblemOptions
    from convcalc.engine.plan import Plan
    from convcalc.formats.tensor_file import Tensor
    from convcalc.problem import Problem

_OF_A_LAYER = (
    "kernel", "stride", "padding", "dilation", "groups", "boundary", "bias", "convolve", "depthwise",
)  # fmt: skip
"""Options that say what a single convolution is."""


class Subject(NamedTuple):
    """A network with its numbers, ready to be computed."""

    network: Network
    tensor: Tensor
    cells: Array
    """The input, (batch, *input_shape), in the dtype asked for."""
    how: How

    @property
    def stack(self) -> Stack:
        """The layers."""
        return self.network.stack

    def sample(self, number: int) -> Array:
        """One sample of the input, (1, *input_shape).

        Raises:
            UsageError: there is no such sample.
        """
        if not 0 <= number < len(self.cells):
            samples = counted(len(self.cells), "sample")
            raise UsageError(f"there is no sample {number}: the input has {samples}, counted from 0", hint="--batch 0")
        one: Array = self.cells[number : number + 1]
        return one


def subject_of(
    found: Opened,
    options: ProblemOptions,
    input_text: str | None,
    planned: Callable[[Plan], None] | None = None,
) -> Subject:
    """The network of a file with the numbers of its input.

    Raises:
        ConvcalcError: the file or a flag is bad, or there are no numbers.
    """
    _refuse_options(found, options)
    request = found.request.override(dtype=options.dtype, dims=options.dims)
    network = read_network(
        request, found.library, found.limits, input_text=input_text, strict_finite=options.strict_finite
    )
    how = How(network.dtype, options.engine, options.precision, options.threads, found.limits, planned)
    with flags():
        _check_how(how)
    if network.read_input is None:
        raise FieldError(
            f"{found.request.source} has the shape of an input, not its numbers",
            hint="--input photo.png, or --input '{random: [1, 28, 28]}'",
        )
    tensor = network.read_input()
    return Subject(network, tensor, _in_dtype(tensor.array, network.dtype), how)


def problem_of(subject: Subject, number: int, layer: Convolution, inputs: Sequence[Array]) -> Problem:
    """A layer that is a convolution as a problem of its own on what it gets, (batch, *shape) each.

    Raises:
        ConvcalcError: its weights cannot be read, or do not go with its input.
    """
    stage = subject.stack.stages[number]
    (below,) = stage.inputs
    source = "the input" if below == INPUT else f"output of {subject.stack.stages[below].name}"
    return layer.problem(inputs, stage.values(), subject.how, Labels(input=source))


def layer_problem(found: Opened, options: ProblemOptions, name: str | None, input_text: str | None) -> Problem:
    """The convolution that ``--layer`` names, on what the layers below it make of the network's input.

    Raises:
        UsageError: no layer is named, or it is no convolution.
        ConvcalcError: the file or a flag is bad, or a layer below cannot be computed.
    """
    if name is None:
        raise UsageError(f"{found.request.source} is a network of layers", hint="name a convolution with --layer")
    subject = subject_of(found, options, input_text)
    number = number_of(subject.stack, name)
    stages = subject.stack.stages
    layer, (below, *_) = stages[number].layer, stages[number].inputs
    if not isinstance(layer, Convolution):
        known = ", ".join(stage.name for stage in stages if isinstance(stage.layer, Convolution))
        raise UsageError(f"{name} is no convolution but {layer.kind}", hint=f"one of: {known}" if known else "")
    cells = subject.cells
    if below != INPUT:
        cells = next(output for each, output in subject.stack.outputs(cells, subject.how, [below]) if each == below)
    return problem_of(subject, number, layer, [cells])


def number_of(stack: Stack, name: str | None) -> int:
    """The layer that ``--layer`` names, or the last one.

    Raises:
        UnknownNameError: there is none of that name.
    """
    with flags("--layer"):
        return len(stack.stages) - 1 if name is None else stack.number(name)


def _refuse_options(found: Opened, options: ProblemOptions) -> None:
    for name in _OF_A_LAYER:
        if getattr(options, name):
            flag = name.replace("_", "-")
            raise UsageError(
                f"--{flag} says what a single convolution is, {found.request.source} has layers",
                hint="write it into the layer",
            )


def _check_how(how: How) -> None:
    from convcalc.engine.plan import check_choice

    check_choice(how.engine, how.precision, how.threads)


def _in_dtype(cells: Array, dtype: str) -> Array:
    return in_floats(cells).astype(dtype, copy=False) if dtype in ("float32", "float64") else cells


def cell_of(stack: Stack, number: int, text: str | None, channel: int | None) -> Cell:
    """The cell of a layer's output, or of the input, that ``--pos`` and ``--channel`` name; a feature has a number.

    Raises:
        UsageError: there is no position, or a feature is named twice.
        GeometryError: there is no such cell.
    """
    from convcalc.cli.tracing import position_of
    from convcalc.tracing.places import check_place

    shape = stack.shape_of(number)
    name = "input" if number == INPUT else f"output of {stack.stages[number].name}"
    position = None if text is None else position_of(text)
    if len(shape) == 1:
        return _feature(name, shape[0], position, channel)
    if position is None:
        middle = ",".join(str(size // 2) for size in shape[1:])
        raise UsageError(
            f"a cell of the {name} needs a position", hint=f"--pos {middle}; it is {shape_text(shape[1:])}"
        )
    return (channel or 0, *check_place(name, (1, *shape), position, channel or 0, 0))


def _feature(name: str, count: int, position: tuple[int, ...] | None, channel: int | None) -> Cell:
    """A feature by its number, which either option gives."""
    given = [each for each in (position, None if channel is None else (channel,)) if each is not None]
    hint = f"--channel 0 to --channel {count - 1}"
    if len(given) != 1:
        raise UsageError(f"the {name} has features, which have no position", hint=hint)
    if len(given[0]) != 1 or not 0 <= given[0][0] < count:
        told = ",".join(map(str, given[0]))
        raise UsageError(f"there is no feature {told}: the {name} has {counted(count, 'feature')}", hint=hint)
    return given[0]
