"""What a file expects, compared with what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from convcalc.errors import ConvcalcError
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.context import Context
    from convcalc.layers.network import Network
    from convcalc.report.check import Checked
    from convcalc.request.request import Request


_EXPLAINED = range(4, 1 << 20)
"""Cells of an output of which the likely cause is looked for: few fit anything, many take long."""


def compared(file: str, request: Request, network: Network, output: Callable[[], Array], context: Context) -> Checked:
    """The verdict on a file: its facts, and its output, which is computed only where the file expects one.

    Raises:
        ConvcalcError: the file expects nothing, or it cannot be compared or computed.
    """
    from convcalc.arrays import squeezed
    from convcalc.engine.compare import cells_of, differing, differing_facts
    from convcalc.report.check import Checked, fact_texts
    from convcalc.request.expectation import expects_output, read_expectation, read_facts

    facts = read_facts(request)
    actual = {"parameters": network.parameters, "output_shape": network.shape_of(len(network.stages) - 1)}
    differences = list(differing_facts(facts, actual))
    number, cause = 0, ""
    if expects_output(request):
        made = output()
        parts, cells = read_expectation(request, made, context), squeezed(made)
        differences += (difference for part in parts for difference in differing(cells, part))
        number = sum(cells_of(cells, part) for part in parts)
        if differences and len(parts) == 1 and parts[0].values.size == cells.size:
            cause = _likely_cause(parts[0].values, network, context)
    return Checked(file, number, differences, facts=fact_texts(facts), cause=cause)


def _likely_cause(expected: Array, network: Network, context: Context) -> str:
    """Which changed convention would give the expected output, in one line; empty where none does, or it is large."""
    from convcalc.cli.got_matrix import explained_matrix, problem_of
    from convcalc.layers.kinds.convolution import Convolution
    from convcalc.report.explain import likely_cause

    if expected.size not in _EXPLAINED or not isinstance(network.stages[-1].layer, Convolution):
        return ""
    try:
        return likely_cause(explained_matrix(problem_of(network, None, context), expected, context))
    except ConvcalcError:  # the differences are told all the same
        return ""


def unexpected(request: Request, network: Network, output: Array, context: Context) -> str:
    """A sentence on an output that is not what the file expects; empty if it is, or if the file does not say.

    A file whose fields are changed by flags is another problem than the one whose output it expects.
    """
    from convcalc.report.check import difference_texts
    from convcalc.request.expectation import expects_as_written

    if not expects_as_written(request):
        return ""
    try:
        found = compared("", request, network, lambda: output, context)
    except ConvcalcError as error:
        return f"cannot be compared with the field expect: {error.message}"
    if not found.differences:
        return ""
    first = next(difference_texts(found))
    more = len(found.differences) - 1
    others = f" and {counted(more, 'more difference')}; convcalc check shows all" if more else ""
    likely = f"; {found.cause}" if found.cause else ""
    return f"not what the field expect says: {first}{others}{likely}"
