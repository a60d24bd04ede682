"""The report of a convolution that was computed: the arithmetic of its size, and input, kernel and output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from convcalc.arrays import Array, count_not_finite
from convcalc.engine.plan import Plan
from convcalc.problem import Problem
from convcalc.report.array_data import array_data, problem_data
from convcalc.report.blocks import SCHEMA_VERSION, Block, Maps, Report, Role, note, say
from convcalc.report.headline import headline, reading_blocks
from convcalc.report.run.arrays_shown import array_blocks
from convcalc.report.run.verification import verification_blocks, verification_data
from convcalc.report.size_arithmetic import size_sentences, unread_notes
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.tracing.contributions import Contributions
    from convcalc.tracing.verification import Verification


def convolution_run_report(
    problem: Problem,
    output: Array,
    plan: Plan,
    precision: str = "full",
    *,
    explain: bool = False,
    maps: Maps | None = None,
    curves: bool = False,
    verified: Verification | None = None,
    apart: Contributions | None = None,
) -> Report:
    """The report of a computed problem; ``explain``: its plan too, made with this ``precision``.

    Without ``maps`` no array is shown as a heat map. ``curves``: signals of one axis are shown as curves, not only
    those too long for a table. ``verified``: the verification. ``apart``: the parts of the output by input channel,
    which are shown instead of the arrays one by one.
    """
    notes, explained = tuple(_notes(problem, output)), precision if explain else ""
    if apart is None:
        shown = tuple(array_blocks(problem, output, maps, curves=curves))
    else:
        from convcalc.report.run.contributions import contribution_blocks

        shown = tuple(contribution_blocks(apart, output, maps))
    return Report(
        blocks=(*_blocks(problem, shown, plan, notes, explained), *verification_blocks(verified)),
        data=lambda: _data(problem, output, plan, notes, explained, apart) | verification_data(verified),
        notes=notes,
    )


def _notes(problem: Problem, output: Array) -> Iterator[str]:
    yield from problem.labels.notes
    axis = problem.labels.channels.axis
    yield from axis.notes if axis else ()
    yield from unread_notes(problem.axes, problem.boundary)
    bad = count_not_finite(output)
    if bad:
        yield f"{counted(bad, 'output cell')} {'is' if bad == 1 else 'are'} not finite (inf or nan)"


def _blocks(
    problem: Problem, shown: tuple[Block, ...], plan: Plan, notes: tuple[str, ...], explained: str
) -> Iterator[Block]:
    if problem.labels.title:
        yield say(problem.labels.title, Role.TITLE)
    yield from reading_blocks(problem.labels.channels)
    yield say(headline(problem))
    yield from size_sentences(problem.axes)
    yield from map(note, notes)
    yield from shown
    if problem.labels.channels.axis:
        from convcalc.report.run.frequencies import frequency_blocks

        yield from frequency_blocks(problem)
    yield say(
        f"{counted(problem.macs, 'MAC')}, engine {plan.engine} ({plan.reason}), {plan.arithmetic.words}",
        Role.LABEL,
        space_before=True,
    )
    if explained:
        from convcalc.report.plan import plan_blocks

        yield from plan_blocks(problem, plan, explained)


def _data(
    problem: Problem,
    output: Array,
    plan: Plan,
    notes: tuple[str, ...],
    explained: str,
    apart: Contributions | None,
) -> dict[str, Any]:
    from convcalc.report.plan import plan_data, plan_summary

    document = {
        "schema": f"convcalc.run/{SCHEMA_VERSION}",
        **problem_data(problem),
        "plan": plan_data(problem, plan, explained) if explained else plan_summary(problem, plan),
        "notes": list(notes),
        "output_shape": list(output.shape),
        "output": array_data(output),
    }
    if apart is None:
        return document
    from convcalc.report.run.contributions import contribution_data

    return document | {"contributions": contribution_data(apart)}
