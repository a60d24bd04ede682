"""The report of the plan of one layer that is computed by several convolutions, or by its own loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.layers.method import Method, Step
from convcalc.layers.network_plan import LayerPlan
from convcalc.limits import bytes_text
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, note, say
from convcalc.report.headline import settings_text
from convcalc.report.number_data import number_data
from convcalc.report.plan import (
    ERRORS,
    bound_data,
    error_text,
    fact_blocks,
    multiplications_text,
    plan_data,
    share_text,
)
from convcalc.report.text import channels_text, seconds_text
from convcalc.wording import counted, shape_text

_OWN = "what every input cell writes, added up tap by tap"


def method_report(row: LayerPlan, method: Method, batch: int, precision: str, refusal: str = "") -> Report:
    """The cost and method of a layer; ``refusal``: the error of a limit, if any."""
    bare = () if row.has_weights else ("it has no weights, and is planned with numbers drawn at random",)
    notes = (*bare, *filter(None, (refusal,)))
    return Report(
        blocks=tuple(_blocks(row, method, batch, notes)),
        data=lambda: _data(row, method, batch, precision, notes),
        rows=lambda: _rows(method),
        notes=notes,
    )


def _blocks(row: LayerPlan, method: Method, batch: int, notes: tuple[str, ...]) -> Iterator[Block]:
    yield say(row.name, Role.TITLE)
    yield say(_headline(row, batch))
    yield from map(note, notes)
    yield from fact_blocks(_facts(row, method, batch))
    if method.steps:
        yield _table(method)
    yield say(f"Times are estimates. {ERRORS}", Role.LABEL, space_before=not method.steps)


def _headline(row: LayerPlan, batch: int) -> str:
    """The layer's input and output."""
    layer, samples = row.layer, f"{counted(batch, 'sample')} of " if batch > 1 else ""
    settings = layer.settings
    how = settings_text(settings["stride"], settings["padding"], "cut off", settings["dilation"])
    groups = f", in {settings['groups']} groups" if settings["groups"] > 1 else ""
    given, made = channels_text(layer.input_shape), channels_text(layer.output_shape)
    kernel = f"a kernel of {shape_text(settings['kernel_size'])}"
    return f"Transposed convolution of {samples}{given} with {kernel}, {how}{groups}: gives {made}."


def _facts(row: LayerPlan, method: Method, batch: int) -> dict[str, str]:
    engines = ", ".join(method.engines)
    return {
        "engine": engines if method.steps else f"{engines}: {_OWN}",
        "why": method.reason,
        "arithmetic": method.arithmetic,
        "error": error_text(method.error),
        "multiplications": multiplications_text(method.multiplications, batch * row.layer.work.macs),
        "threads": str(method.threads),
        "workspace": bytes_text(row.workspace_bytes),
        "memory": f"{bytes_text(row.memory_bytes)}: what is still needed, weights, workspace and output",
        "time": f"about {seconds_text(method.seconds)}",
    }


def _table(method: Method) -> Table:
    return Table(
        ("phase", "kernel", "output", "engine", "why", "time", "multiplications", "workspace", "error"),
        tuple(_row(number, step) for number, step in enumerate(method.steps, 1)),
        numeric=("phase", "time", "multiplications", "workspace", "error"),
        spare=("output", "why"),
    )


def _row(number: int, step: Step) -> tuple[Span, ...]:
    problem, plan = step
    texts = (
        shape_text(problem.kernel_size),
        shape_text(problem.output_shape[1:]),
        plan.engine,
        plan.reason,
        seconds_text(plan.seconds),
        f"{plan.work.multiplications:,}",
        bytes_text(plan.workspace_bytes),
        share_text(plan.error),
    )
    return (Span(str(number), Role.TITLE), *map(Span, texts))


def _data(row: LayerPlan, method: Method, batch: int, precision: str, notes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.layer-plan/{SCHEMA_VERSION}",
        "name": row.name,
        "kind": row.layer.kind,
        "input_shape": [batch, *row.layer.input_shape],
        "output_shape": [batch, *row.layer.output_shape],
        "engines": list(method.engines),
        "reason": method.reason,
        "arithmetic": method.arithmetic,
        "error": bound_data(method.error),
        "multiplications": method.multiplications,
        "macs": batch * row.layer.work.macs,
        "threads": method.threads,
        "workspace_bytes": row.workspace_bytes,
        "memory_bytes": row.memory_bytes,
        "seconds": number_data(method.seconds),
        "phases": [
            {"kernel_size": list(problem.kernel_size), **plan_data(problem, plan, precision)}
            for problem, plan in method.steps
        ],
        "notes": list(notes),
    }


def _rows(method: Method) -> Iterator[tuple[Any, ...]]:
    """One row for each phase, or one for the layer's own loop."""
    yield ("phase", "engine", "reason", "arithmetic", "seconds", "multiplications", "error")
    if not method.steps:
        figures = (number_data(method.seconds), method.multiplications, bound_data(method.error))
        yield (None, *method.engines, method.reason, method.arithmetic, *figures)
    for number, (_, plan) in enumerate(method.steps, 1):
        figures = (number_data(plan.seconds), plan.work.multiplications, bound_data(plan.error))
        yield (number, plan.engine, plan.reason, plan.arithmetic.words, *figures)
