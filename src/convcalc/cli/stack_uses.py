"""``uses`` on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrays import plain
from convcalc.cli.emit import check_output, emit
from convcalc.cli.source import flags
from convcalc.cli.stack import cell_of, layer_problem, number_of, subject_of
from convcalc.errors import UsageError
from convcalc.layers.paths import paths
from convcalc.layers.stack import INPUT
from convcalc.report.stack_uses import NetworkUses, stack_uses_report
from convcalc.report.uses import uses_report
from convcalc.tracing.adjoint import adjoint

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions, ProblemOptions
    from convcalc.cli.source import Opened


class UsesWishes(NamedTuple):
    """Which input cell is followed, and up to where."""

    layer: str | None
    position: str | None
    channel: int | None
    sample: int
    input_text: str | None
    with_adjoint: bool
    seed: int


def uses_network(found: Opened, options: ProblemOptions, target: OutputOptions, wishes: UsesWishes) -> None:
    """Show which cells of each layer an input cell reaches.

    Raises:
        ConvcalcError: a file or a flag is bad, there is no such cell, or a layer cannot be computed.
    """
    check_output(target)
    if wishes.with_adjoint and wishes.position is not None:
        raise UsageError("of a network --adjoint checks one layer, by itself", hint="leave --pos out")
    if wishes.with_adjoint:
        problem = layer_problem(found, options, wishes.layer, wishes.input_text)
        emit(uses_report(problem, None, adjoint(problem, wishes.seed)), target)
        return
    subject = subject_of(found, options, wishes.input_text)
    stack, last = subject.stack, number_of(subject.stack, wishes.layer)
    with flags():
        cell = cell_of(stack, INPUT, wishes.position, wishes.channel)
    cells = subject.sample(wishes.sample)
    rows = tuple(paths(stack, cells, cell, last, subject.how))
    uses = NetworkUses(
        stack=stack,
        cell=cell,
        sample=wishes.sample if len(subject.cells) > 1 else None,
        value=plain(cells[(0, *cell)]),
        rows=rows,
        last=last,
        active=tuple(row.number for row in rows if not stack.stages[row.number].layer.is_linear),
    )
    emit(stack_uses_report(uses), target)
