"""A matrix that came out elsewhere, read and explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.flags import flags
from convcalc.cli.network import asked, check_numbers, computed, number_of, settled
from convcalc.cli.streams import piped
from convcalc.errors import FieldError, UsageError

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.causes.explanation import Explanation
    from convcalc.causes.probe import Probe
    from convcalc.cli.options import ProblemOptions
    from convcalc.context import Context
    from convcalc.layers.network import Network
    from convcalc.problem import Problem


def explanation_of(
    options: ProblemOptions, got: str | None, layer: str | None, input_text: str | None
) -> tuple[Explanation, str]:
    """Why the matrix of ``--got`` or of standard input differs, and what it is called.

    Raises:
        ConvcalcError: there is no matrix, it or the problem cannot be read, or the layer is no convolution.
    """
    from convcalc.request.resolve import resolve

    request, context = asked(options, layer, takes_pipe=False)
    network = resolve(request, context, input_text=input_text)
    check_numbers(network)
    context = settled(context, network)
    problem = problem_of(network, layer, context)
    given, source = _matrix(got if got is not None else piped(), options.file, context)
    with flags("--got"):
        return explained_matrix(problem, given, context), source


def explained_matrix(problem: Problem, cells: Array, context: Context) -> Explanation:
    """Why a matrix differs from the output of a convolution.

    Raises:
        GeometryError: it has axes that no output has.
        DataError: it holds nothing to compare.
    """
    from convcalc.causes.explanation import explained
    from convcalc.causes.hypotheses import Question
    from convcalc.causes.reading import given_of
    from convcalc.request.generators import generated

    def drawn(probe: Probe) -> Array:
        return generated(probe.node, context)

    return explained(Question(problem, given_of(cells, problem)), drawn)


def problem_of(network: Network, layer: str | None, context: Context) -> Problem:
    """The convolution that is meant, with the numbers that go into it.

    Raises:
        UsageError: the layer is of another kind.
    """
    from convcalc.layers.kinds.convolution import Convolution

    network = computed(network, layer).as_problem(context)
    number = number_of(network, layer)
    stage = network.stages[number]
    if stage.problem is not None:
        return stage.problem
    if not isinstance(stage.layer, Convolution):
        names = [each.name for each in network.stages if isinstance(each.layer, Convolution)]
        raise UsageError(
            f"explain takes a convolution, {stage.name} is {stage.layer.kind}",
            hint=f"--layer {names[-1]}" if names else "a file with a kernel",
        )
    wanted = [each for each in stage.inputs if each >= 0]
    cells = network.input()
    outputs = dict(network.outputs(cells, context, wanted)) if wanted else {}
    return network.problem(number, [outputs.get(each, cells) for each in stage.inputs], context)


def _matrix(text: str | None, file: str | None, context: Context) -> tuple[Array, str]:
    """The numbers of a file or of a text, and what they are called.

    Raises:
        ConvcalcError: there are none, or they cannot be read.
    """
    from convcalc.files.tensor_file import tensor
    from convcalc.request.request import open_request

    if text is None:
        raise UsageError("there is no matrix to explain", hint="--got other.npy, or the numbers on standard input")
    if text == "-" == file:
        raise UsageError("standard input cannot be the problem and the matrix", hint="--got FILE")
    with flags("--got", kind=FieldError):
        opened = open_request(text, context)
        return tensor(opened, context.limits).array, opened.name
