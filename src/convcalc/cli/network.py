"""The network with its numbers from the command line, for every command that computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.flags import changed, context_of, flags
from convcalc.cli.streams import piped
from convcalc.context import Context
from convcalc.errors import DataError, FieldError, Place, UsageError
from convcalc.layers.kinds.opaque import HINT, Opaque
from convcalc.layers.network import Network
from convcalc.layers.subnetwork import computed_part
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
    request: Request | None = None
    """The file, if the network is computed as it says."""

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
    options: ProblemOptions,
    layer: str | None = None,
    input_text: str | None = None,
    *,
    explain: bool = False,
    rate: str | None = None,
    takes_pipe: bool = True,
) -> tuple[Network, Context]:
    """The network of the command line, perhaps with only the shape of its input; and the context to compute it in.

    ``takes_pipe``: without a file, standard input that is a pipe is the file.

    Raises:
        ConvcalcError: a file or a flag is bad.
    """
    from convcalc.request.resolve import resolve

    request, context = asked(options, layer, explain=explain, takes_pipe=takes_pipe)
    network = resolve(request.override(rate=rate), context, input_text=input_text)
    return network, settled(context, network)


def asked(
    options: ProblemOptions, layer: str | None = None, *, explain: bool = False, takes_pipe: bool = True
) -> tuple[Request, Context]:
    """What a command line asks for, in the words of its file and its flags, and how it is read and computed.

    ``takes_pipe``: without a file, standard input that is a pipe is the file.

    Raises:
        ConvcalcError: a file or a flag is bad.
    """
    context = context_asked(options, explain=explain)
    return changed_as_asked(request_asked(options, context, takes_pipe=takes_pipe), options, layer), context


def context_asked(options: ProblemOptions, *, explain: bool = False) -> Context:
    """How a command line asks that numbers are read and computed.

    Raises:
        ConvcalcError: there is no such limit or folder.
    """
    return context_of(options.limit, options.kernels or ())._replace(
        engine=options.engine,
        precision=options.precision,
        threads=options.threads,
        strict_finite=options.strict_finite,
        explain=explain,
    )


def request_asked(options: ProblemOptions, context: Context, *, takes_pipe: bool = True) -> Request:
    """The words of a command line's file, and which part of it is read; raises as :func:`asked`."""
    from convcalc.files.selection import selection_of
    from convcalc.request.request import read_request

    with flags(kind=FieldError):
        selection = selection_of(options.part._asdict())
        file = piped() if options.file is None and takes_pipe else options.file
        return read_request(file, context, options.table.given, selection)


def changed_as_asked(request: Request, options: ProblemOptions, layer: str | None) -> Request:
    """The request with what the flags change; raises as :func:`asked`."""
    return changed(request, options, layer).override(
        dtype=options.dtype, resize=options.resize, normalise=options.normalise
    )


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
    options: ProblemOptions,
    layer: str | None = None,
    input_text: str | None = None,
    *,
    explain: bool = False,
    rate: str | None = None,
    like: str | None = None,
) -> Ready:
    """The network of the command line; ``explain``: plans compare every engine, ``rate``: that of its signal.

    ``like``: the function of another program that it is computed as.

    Raises:
        ConvcalcError: a file or a flag is bad, or there are no numbers.
    """
    from convcalc.request.resolve import resolve

    request, context = asked(options, layer, explain=explain)
    request = request.override(rate=rate, like=like)
    whole = resolve(request, context, input_text=input_text)
    context = settled(context, whole)
    check_numbers(whole)
    network = computed(whole, layer)
    number = number_of(network, layer)
    network = network.as_problem(context)
    as_written = request if layer is None and input_text is None else None
    return Ready(network, network.input(), number, context, layer is not None, as_written)


def computed(network: Network, layer: str | None) -> Network:
    """The layers of a network whose numbers can be computed, with the one that ``--layer`` names, if any.

    Raises:
        UnknownNameError: there is none of that name.
        DataError: its numbers cannot be computed, or those of no layer.
    """
    number = number_of(network, layer)
    part = computed_part(network)
    if not part.stages or (layer is not None and layer not in (stage.name for stage in part.stages)):
        raise _unreached(network, number)
    return part


def _unreached(network: Network, number: int) -> DataError:
    """The error that a layer needs the numbers of an opaque one."""
    below = (network.stages[each] for each in network.needed(number))
    stop = next(each for each in below if isinstance(each.layer, Opaque))
    assert isinstance(stop.layer, Opaque)
    name = network.stages[number].name
    needs = "" if name == stop.name else f" without {stop.name}"
    return DataError(
        f"{name} cannot be computed{needs} ({stop.layer.operator}): {stop.layer.reason}",
        hint=HINT,
        place=Place(network.source),
    )


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
    """Refuse to use an earlier layer's output as that of a model whose numbers stop before.

    Raises:
        DataError: its numbers stop, and neither a layer nor what is reached is requested.
    """
    cut = found.network.cut
    if cut is None or found.is_named or partial:
        return
    last = found.network.stages[-1].name
    raise DataError(
        cut.sentence,
        hint=f"--layer {last} for the output of that layer, or --partial for whatever is reached",
        place=Place(found.network.source),
    )


def check_curve(found: Ready, *, asked: bool) -> bool:
    """Whether curves are drawn: where they are asked for, and of a convolution of a signal too long for a table.

    Raises:
        UsageError: they are asked for, and the input has not one spatial axis.
    """
    rank = len(found.network.input_shape) - 1
    if asked and rank != 1:
        raise UsageError(
            f"--curve draws signals of one axis, the input has {counted(rank, 'spatial axis', 'spatial axes')}",
            hint="--show draws heat maps; --dims 1 if the last axis alone is spatial",
        )
    if asked or rank != 1 or found.problem is None:
        return asked
    from convcalc.report.run.arrays_shown import are_curves

    return are_curves(found.problem, asked=False)


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
