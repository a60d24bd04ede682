"""The report of a run: what was computed, the arithmetic of its size, and input, kernel and output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.arrays import count_not_finite
from convcalc.engine.compute import Result
from convcalc.problem import Problem
from convcalc.report.arrays_shown import array_blocks
from convcalc.report.blocks import SCHEMA_VERSION, Block, Maps, Report, Role, note, say
from convcalc.report.data import array_data, problem_data
from convcalc.report.headline import headline
from convcalc.report.sizes import size_sentences, unread_notes
from convcalc.wording import counted


def run_report(
    problem: Problem, result: Result, precision: str = "full", *, explain: bool = False, maps: Maps | None = None
) -> Report:
    """All there is to say about a computed problem; ``explain``: its plan too, made with this ``precision``.

    Without ``maps`` no array is shown as a heat map.
    """
    notes = tuple(_notes(problem, result))
    return Report(
        blocks=tuple(_blocks(problem, result, notes, precision if explain else "", maps)),
        data=lambda: _data(problem, result, notes, precision if explain else ""),
        notes=notes,
    )


def _notes(problem: Problem, result: Result) -> Iterator[str]:
    yield from problem.labels.notes
    yield from unread_notes(problem.axes, problem.boundary)
    bad = count_not_finite(result.output)
    if bad:
        yield f"{counted(bad, 'output cell')} {'is' if bad == 1 else 'are'} not finite (inf or nan)"


def _blocks(
    problem: Problem, result: Result, notes: tuple[str, ...], explained: str, maps: Maps | None
) -> Iterator[Block]:
    if problem.labels.title:
        yield say(problem.labels.title, Role.TITLE)
    yield say(headline(problem))
    yield from size_sentences(problem.axes)
    yield from map(note, notes)
    yield from array_blocks(problem, result.output, maps)
    plan = result.plan
    yield say(
        f"{counted(problem.macs, 'MAC')}, engine {plan.engine} ({plan.reason}), {plan.arithmetic.words}",
        Role.LABEL,
        space_before=True,
    )
    if explained:
        from convcalc.report.plan import plan_blocks

        yield from plan_blocks(problem, plan, explained)


def _data(problem: Problem, result: Result, notes: tuple[str, ...], explained: str) -> dict[str, Any]:
    from convcalc.report.plan import plan_data, plan_summary

    plan = result.plan
    return {
        "schema": f"convcalc.run/{SCHEMA_VERSION}",
        **problem_data(problem),
        "plan": plan_data(problem, plan, explained) if explained else plan_summary(problem, plan),
        "notes": list(notes),
        "output_shape": list(result.output.shape),
        "output": array_data(result.output),
    }
