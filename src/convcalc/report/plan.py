"""The report of a plan: the engine of a problem and the reason, its cost, and why not the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from convcalc.engine.candidate import Candidate, Precision
from convcalc.engine.engine import WORKSPACE, Work
from convcalc.engine.plan import Plan
from convcalc.engine.table import ENGINES
from convcalc.limits import bytes_text
from convcalc.problem import Problem
from convcalc.report.array_data import setting_data
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.headline import headline, reading_blocks
from convcalc.report.number_data import number_data
from convcalc.report.size_arithmetic import unread_notes
from convcalc.report.text import cells_text, number_text, seconds_text
from convcalc.wording import counted

_LABELS = 17  # columns
ERRORS = (
    "An error is the worst that can happen, to any cell, as a share of the most that the cell could come to: "
    "Σ|weight| × the largest magnitude in its own window."
)


def plan_report(problem: Problem, plan: Plan, precision: str, refusal: str = "") -> Report:
    """The report of a plan, before anything is computed; ``refusal``: the error of a limit, if any."""
    # counting the unread cells of what could not be run may take as long as running it
    unread = () if refusal else unread_notes(problem.axes, problem.boundary)
    notes = (*problem.labels.notes, *unread, *filter(None, (refusal,)))
    return Report(
        blocks=tuple(_blocks(problem, plan, precision, notes)),
        data=lambda: {
            "schema": f"convcalc.plan/{SCHEMA_VERSION}",
            **setting_data(problem),
            "plan": plan_data(problem, plan, precision),
            "notes": list(notes),
            "output_shape": list(problem.output_shape),
        },
        rows=lambda: _rows(plan, precision),
        notes=notes,
    )


def plan_blocks(problem: Problem, plan: Plan, precision: str) -> Iterator[Block]:
    """The cost of a plan, line by line, and tables of the compared engines."""
    yield from fact_blocks(_facts(problem, plan))
    able = ((each, each.work) for each in plan.candidates if each.work)
    yield Table(
        ("engine", "time", "multiplications", "workspace", "error"),
        tuple(_costs(each, work) for each, work in able),
        numeric=("time", "multiplications", "workspace", "error"),
    )
    yield Table(
        ("engine", "what it does", "verdict"),
        tuple(
            (Span(each.name, Role.TITLE), Span(ENGINES[each.name].title), _verdict_span(each, plan, precision))
            for each in plan.candidates
        ),
    )
    yield say(f"Times are estimates; time and workspace are those of one thread. {ERRORS}", Role.LABEL)


def fact_blocks(facts: Mapping[str, str]) -> Iterator[Sentence]:
    """The facts of a plan, one line each after its name."""
    for number, (name, text) in enumerate(facts.items()):
        label = Span(f"{name:<{_LABELS}}", Role.LABEL)
        yield Sentence((label, Span(text)), indent=_LABELS, space_before=not number)


def plan_summary(problem: Problem, plan: Plan) -> dict[str, Any]:
    """The facts of a plan for JSON, the same on every machine."""
    return {
        "engine": plan.engine,
        "reason": plan.reason,
        "workspace_bytes": plan.workspace_bytes,
        "obstacles": {each.name: each.obstacle for each in plan.candidates if each.obstacle},
        "arithmetic": plan.arithmetic.words,
        "macs": problem.macs,
    }


def plan_data(problem: Problem, plan: Plan, precision: str) -> dict[str, Any]:
    """All of a plan for JSON."""
    return {
        **plan_summary(problem, plan),
        "multiplications": plan.work.multiplications,
        "error": bound_data(plan.error),
        "tiles": {"count": plan.tile_count, "out_channels": plan.work.tile_filters, "size": list(plan.tile_size)},
        "threads": plan.threads,
        "memory_bytes": plan.memory_bytes,
        "seconds": number_data(plan.seconds),
        "engines": [dict(zip(_COLUMNS, row, strict=True)) for row in _engine_rows(plan, precision)],
    }


def _blocks(problem: Problem, plan: Plan, precision: str, notes: tuple[str, ...]) -> Iterator[Block]:
    if problem.labels.title:
        yield say(problem.labels.title, Role.TITLE)
    yield from reading_blocks(problem.labels.channels)
    yield say(headline(problem))
    yield from map(note, notes)
    yield from plan_blocks(problem, plan, precision)


def _facts(problem: Problem, plan: Plan) -> dict[str, str]:
    tile = f"{counted(plan.work.tile_filters, 'output channel')} of {cells_text(plan.tile_size)}"
    return {
        "engine": f"{plan.engine}: {ENGINES[plan.engine].title}",
        "why": plan.reason,
        "arithmetic": plan.arithmetic.words,
        "error": error_text(plan.error),
        "multiplications": multiplications_text(plan.work.multiplications, problem.macs),
        "tiles": "1, the whole output" if plan.tile_count == 1 else f"{plan.tile_count:,}, each at most {tile}",
        "threads": str(plan.threads),
        "workspace": bytes_text(plan.workspace_bytes),
        "memory": f"{bytes_text(plan.memory_bytes)}: input, workspace and output",
        "time": f"about {seconds_text(plan.seconds)}",
    }


def error_text(error: float) -> str:
    """The error bound of a cell, in words."""
    return f"at most {share_text(error)} of Σ|weight| × the largest in the window" if error else "none, it is exact"


def bound_data(error: float | None) -> float | None:
    """The error bound of a cell in 7 digits, not below it: the last ones depend on the processor."""
    if not error:
        return error
    shown = float(f"{error:.6e}")
    return shown if shown >= error else float(f"{error * (1 + 1e-6):.6e}")


def share_text(error: float) -> str:
    """A bound to two digits, rounded up."""
    if not error:
        return "exact"
    digits = f"{error:.1e}"
    return digits if float(digits) >= error else f"{error * 1.05:.1e}"


def multiplications_text(done: int, defined: int) -> str:
    """The multiplications compared with those of the definition."""
    if done == defined:
        return f"{done:,}, those of the definition"
    more, less = max(done, defined), min(done, defined)
    how = "fewer than" if done < defined else "as many as"
    return f"{done:,}, {number_text(more / max(less, 1), 3)}× {how} the definition's {defined:,}"


def _costs(candidate: Candidate, work: Work) -> tuple[Span, ...]:
    return (
        Span(candidate.name, Role.TITLE),
        Span(seconds_text(work.seconds)),
        Span(f"{work.multiplications:,}"),
        Span(bytes_text(work.bytes)),
        Span(share_text(candidate.error or 0)),
    )


def _verdict_span(candidate: Candidate, plan: Plan, precision: str) -> Span:
    text = _verdict(candidate, plan, precision)
    return Span(text, Role.GOOD if candidate.name == plan.engine else Role.PLAIN)


def _verdict(candidate: Candidate, plan: Plan, precision: str) -> str:
    """Why an engine is chosen, or why not."""
    work = candidate.work
    if candidate.name == plan.engine:
        return "chosen"
    if work is None:
        return candidate.obstacle or ""
    if not candidate.is_precise(Precision(precision)):
        return f"too imprecise for precision {precision}"
    if not candidate.is_within_workspace:
        return f"needs {bytes_text(work.bytes)} of workspace, {bytes_text(WORKSPACE)} may be used"
    chosen = next(each for each in plan.candidates if each.name == plan.engine)
    return "slower" if candidate.seconds >= chosen.seconds else f"faster ({plan.engine}: {plan.reason})"


_COLUMNS = ("engine", "title", "seconds", "multiplications", "workspace_bytes", "error", "verdict")


def _rows(plan: Plan, precision: str) -> Iterator[tuple[Any, ...]]:
    yield _COLUMNS
    yield from _engine_rows(plan, precision)


def _engine_rows(plan: Plan, precision: str) -> Iterator[tuple[Any, ...]]:
    """One row for each engine; None where there is an obstacle."""
    for each in plan.candidates:
        work = each.work
        costs = (number_data(work.seconds), work.multiplications, work.bytes) if work else (None,) * 3
        yield (each.name, ENGINES[each.name].title, *costs, bound_data(each.error), _verdict(each, plan, precision))
