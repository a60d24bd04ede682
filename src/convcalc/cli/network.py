"""The network with its numbers from the command line, for every command that computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.flags import changed, context_of, flags
from convcalc.context import Context
from convcalc.errors import DataError, FieldError, Place, UsageError
from convcalc.layers.network import Network
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.cli.options import ProblemOptions
    from convcalc.problem import Problem
    from convcalc.request.request import Request


class Ready(NamedTuple):
    """A network with its numbers, ready to be computed."""

    network: Network
    cells: Array
    """The input, (batch, *input_shape), in the requested dtype."""
    number: int
    """The requested layer: the one that ``--layer`` names, or the last."""
    context: Context
    is_named: bool = False
    """Whether ``--layer`` names it."""

    @property
    def problem(self) -> Problem | None:
        """The network's convolution if that is all of it, otherwise None."""
        return self.network.stages[0].problem

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

    def only_convolution(self) -> Problem:
        """The network's convolution, which must be all of it.

        Raises:
            UsageError: the network has other layers.
        """
        if self.problem is None:
            raise UsageError(
                f"{self.network.source} is a network of layers, this command takes a single convolution",
                hint="summary, run, trace, uses, matrix and plan take networks",
            )
        return self.problem


def network_of(
    options: ProblemOptions, layer: str | None = None, input_text: str | None = None, *, explain: bool = False
) -> tuple[Network, Context]:
    """The network of the command line, perhaps with only the shape of its input; and the context to compute it in.

    Raises:
        ConvcalcError: a file or a flag is bad.
    """
    from convcalc.request.resolve import resolve

    request, context = asked(options, layer, explain=explain)
    network = resolve(request, context, input_text=input_text)
    return network, settled(context, network)


def asked(options: ProblemOptions, layer: str | None = None, *, explain: bool = False) -> tuple[Request, Context]:
    """What a command line asks for, in the words of its file and its flags, and how it is read and computed.

    Raises:
        ConvcalcError: a file or a flag is bad.
    """
    from convcalc.files.selection import selection_of
    from convcalc.request.request import read_request

    context = context_of(options.limit, options.kernels or ())._replace(
        engine=options.engine,
        precision=options.precision,
        threads=options.threads,
        strict_finite=options.strict_finite,
        explain=explain,
    )
    with flags(kind=FieldError):
        request = read_request(options.file, context, selection_of(options.part._asdict()))
    return changed(request, options, layer).override(dtype=options.dtype), context


def settled(context: Context, network: Network) -> Context:
    """The context of a network, with its own dtype.

    Raises:
        ConvcalcError: there is no such engine or precision, or the number of threads is invalid.
    """
    from convcalc.engine.plan import check_choice

    with flags():
        check_choice(context.engine, context.precision, context.threads)
    return context._replace(dtype=network.dtype)


def ready(
    options: ProblemOptions, layer: str | None = None, input_text: str | None = None, *, explain: bool = False
) -> Ready:
    """The network of the command line; ``explain``: plans compare every engine.

    Raises:
        ConvcalcError: a file or a flag is bad, or there are no numbers.
    """
    network, context = network_of(options, layer, input_text, explain=explain)
    check_numbers(network)
    number = number_of(network, layer)
    network = network.as_problem(context)
    return Ready(network, network.input(), number, context, layer is not None)


def check_numbers(network: Network) -> None:
    """Refuse a network of whose input only the shape is known.

    Raises:
        FieldError: it is one.
    """
    if network.tensor is None:
        raise FieldError(
            f"{network.source} has the shape of an input, not its numbers",
            hint=f"--input {_example(network)}, or --input '{{random: {list(network.input_shape)}}}'",
        )


def check_whole(found: Ready, *, partial: bool) -> None:
    """Refuse to use an earlier layer's output as that of a model that is cut.

    Raises:
        DataError: the model is cut, and neither a layer nor the cut output is requested.
    """
    cut = found.network.cut
    if cut is None or found.is_named or partial:
        return
    last = found.network.stages[-1].name
    raise DataError(
        f"the network {cut}; {cut.done:,} of {counted(cut.nodes, 'node')} on the way to its output can be computed",
        hint=f"--layer {last} for the output of that layer, or --partial for whatever is reached",
        place=Place(found.network.source),
    )


def _example(network: Network) -> str:
    """A file that may contain an input of the network."""
    return "photo.png" if len(network.input_shape) == 3 and network.input_shape[0] in (1, 3) else "x.npy"


def number_of(network: Network, name: str | None) -> int:
    """The layer that ``--layer`` names, or the last one.

    Raises:
        UnknownNameError: there is none of that name.
    """
    with flags("--layer"):
        return len(network.stages) - 1 if name is None else network.number(name)
