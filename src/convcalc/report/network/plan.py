"""The report of a network's plan: a row for each convolution with its engine, the time, and where memory is highest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.layers.method import Method
from convcalc.layers.network import Network
from convcalc.layers.network_plan import LayerPlan, NetworkPlan
from convcalc.limits import bytes_text
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.network.data import cut_notes, stopped_at
from convcalc.report.number_data import number_data
from convcalc.report.plan import bound_data, share_text
from convcalc.report.text import listed, seconds_text
from convcalc.wording import counted, safe_text, shape_text

_INDENT = 8  # columns of "memory  "


def network_plan_report(network: Network, planned: NetworkPlan, batch: int, refusal: str = "") -> Report:
    """The cost of every convolution and of all; ``refusal``: the error of a limit, if any."""
    notes = (*network.notes, *cut_notes(network), *_notes(planned), *filter(None, (refusal,)))
    return Report(
        blocks=tuple(_blocks(network, planned, batch, notes)),
        data=lambda: _data(network, planned, batch, notes),
        rows=lambda: _rows(planned, batch),
        notes=notes,
    )


def _blocks(network: Network, planned: NetworkPlan, batch: int, notes: tuple[str, ...]) -> Iterator[Block]:
    layers = counted(len(network.stages), "layer")
    shape = f"input {shape_text((batch, *network.input_shape) if batch > 1 else network.input_shape)}"
    yield say(network.title or f"a network of {layers}", Role.TITLE)
    yield say(f"{shape}, {layers}" if network.title else shape, Role.LABEL)
    yield from map(note, notes)
    if planned.convolutions:
        yield _table(planned)
    yield from _totals(planned, batch)


def _table(planned: NetworkPlan) -> Table:
    rows = [_row(*each) for each in planned.convolutions]
    total = ("total", "", "", "", "", "", seconds_text(planned.seconds), "")
    return Table(
        ("layer", "output", "engine", "why", "arithmetic", "error", "time", "memory"),
        (*rows, tuple(Span(text, Role.TOTAL) for text in total)),
        numeric=("output", "error", "time", "memory"),
        spare=("arithmetic", "error", "output", "why"),
        has_total=True,
    )


def _row(layer: LayerPlan, method: Method) -> tuple[Span, ...]:
    return (
        Span(layer.name, Role.TITLE),
        Span(shape_text(layer.layer.output_shape)),
        Span(", ".join(method.engines)),
        Span(method.reason),
        Span(method.arithmetic),
        Span(share_text(method.error)),
        Span(seconds_text(method.seconds)),
        Span(bytes_text(layer.memory_bytes)),
    )


def _totals(planned: NetworkPlan, batch: int) -> Iterator[Sentence]:
    """The time of all convolutions, and the layer at which most memory is in use, with its parts."""
    highest = planned.highest
    parts = (
        ("input and outputs that are still needed", highest.held_bytes),
        ("its output", highest.output_bytes),
        ("its weights", highest.weight_bytes),
        ("workspace", highest.workspace_bytes),
    )
    shares = listed([f"{name} {bytes_text(count)}" for name, count in parts if count])
    convolutions = counted(len(planned.convolutions), "convolution")
    facts = (
        ("time", f"about {seconds_text(planned.seconds)} for {convolutions}{_rest(planned, batch)}"),
        ("memory", f"{bytes_text(highest.memory_bytes)} at its highest, at {highest.name}: {shares}"),
    )
    for number, (label, text) in enumerate(facts):
        yield Sentence((Span(f"{label:<{_INDENT}}", Role.LABEL), Span(text)), _INDENT, space_before=not number)


def _rest(planned: NetworkPlan, batch: int) -> str:
    """The products without a chosen engine, whose time is not estimated."""
    macs = batch * sum(each.layer.work.macs for each in planned.layers if each.method is None)
    kinds = dict.fromkeys(each.layer.kind for each in planned.layers if each.method is None and each.layer.work.macs)
    return f"; {macs:,} MACs of {listed([*kinds])} layers come on top" if macs else ""


def _notes(planned: NetworkPlan) -> Iterator[str]:
    bare = sum(not each.has_weights for each, _ in planned.convolutions)
    if bare:
        of = "it is" if bare == len(planned.convolutions) == 1 else "these are"
        yield f"{counted(bare, 'convolution')} without weights: {of} planned with numbers drawn at random"


_FIELDS = ("held_bytes", "output_bytes", "weight_bytes", "workspace_bytes", "memory_bytes")
_COLUMNS = ("name", "kind", "engine", "reason", "arithmetic", "error", "seconds", "multiplications", "macs", *_FIELDS)


def _data(network: Network, planned: NetworkPlan, batch: int, notes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.network-plan/{SCHEMA_VERSION}",
        "title": network.title,
        "input_shape": [batch, *network.input_shape],
        "layers": [dict(zip(_COLUMNS, _figures(each, batch), strict=True)) for each in planned.layers],
        "seconds": number_data(planned.seconds),
        "memory_bytes": planned.highest.memory_bytes,
        "highest": planned.highest.name,
        "stopped_at": stopped_at(network),
        "notes": list(notes),
    }


def _rows(planned: NetworkPlan, batch: int) -> Iterator[tuple[Any, ...]]:
    """One row for each layer; None where there is no plan."""
    yield _COLUMNS
    for each in planned.layers:
        name, *figures = _figures(each, batch)
        yield (safe_text(name), *figures)


def _figures(each: LayerPlan, batch: int) -> tuple[Any, ...]:
    method = each.method
    chosen: tuple[Any, ...] = (None,) * 6
    if method is not None:
        words = (", ".join(method.engines), method.reason, method.arithmetic)
        chosen = (*words, bound_data(method.error), number_data(method.seconds), method.multiplications)
    return (
        each.name,
        each.layer.kind,
        *chosen,
        batch * each.layer.work.macs,
        *(getattr(each, name) for name in _FIELDS),
    )
