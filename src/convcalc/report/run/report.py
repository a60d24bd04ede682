"""The report of a run: of one convolution its numbers; of several layers the result of each, and the kept outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from convcalc.layers.run import LayerRun, NetworkRun
from convcalc.report.array_data import array_data
from convcalc.report.arrays.grids import fits_in_a_table
from convcalc.report.arrays.lone_arrays import lone_blocks
from convcalc.report.blocks import SCHEMA_VERSION, Block, Maps, Report, Role, Span, Table, note, say
from convcalc.report.network.data import stopped_at
from convcalc.report.number_data import number_data
from convcalc.report.run.verification import network_verification_blocks, verification_data
from convcalc.report.text import brief_text, number_text
from convcalc.wording import counted, shape_text

if TYPE_CHECKING:
    pass


_SIGNAL = 3  # axes of signals: (batch, channels, samples)
_DIGITS = 4  # of a float in the table; JSON has all of them


def network_run_report(
    run: NetworkRun, *, explain: bool = False, maps: Maps | None = None, curves: bool = False
) -> Report:
    """The result of each layer, then the outputs; ``explain``: each convolution's engine too."""
    notes = tuple(_notes(run))
    return Report(
        blocks=tuple(_blocks(run, notes, explain, maps, curves)),
        data=lambda: _data(run, notes),
        notes=notes,
    )


def _notes(run: NetworkRun) -> Iterator[str]:
    yield from run.notes
    first = next((row for row in run.layers if row.not_finite), None)
    if first is not None:
        name, cells = run.network.stages[first.number].name, counted(first.not_finite, "cell")
        yield f"{cells} of {name} {'is' if first.not_finite == 1 else 'are'} not finite (inf or nan)"


def _blocks(run: NetworkRun, notes: Sequence[str], explain: bool, maps: Maps | None, curves: bool) -> Iterator[Block]:
    if run.network.title:
        yield say(run.network.title, Role.TITLE)
    if run.network.tensor and run.network.tensor.channels.reading:
        yield say(run.network.tensor.channels.reading)
    yield say(_headline(run))
    yield from map(note, notes)
    yield _table(run, explain)
    for number, output in run.kept.items():
        name = f"{run.network.stages[number].name} output"
        if output.ndim == _SIGNAL and (curves or not fits_in_a_table(output.shape[2:])):
            from convcalc.report.run.signals import lone_plots

            yield from lone_blocks(name, output, maps if maps and maps.every else None)
            yield from lone_plots(name, output, run.network.sample_axis(number))
        else:
            yield from lone_blocks(name, output, maps)
    yield say(counted(run.macs, "MAC"), Role.LABEL, space_before=True)
    yield from network_verification_blocks([row.verified for row in run.layers if row.verified])


def _headline(run: NetworkRun) -> str:
    """The input, the number of layers, and the output."""
    last = run.last
    samples = f"{counted(last.shape[0], 'sample')} of " if last.shape[0] != 1 else ""
    every, done = len(run.network.stages), len(run.layers)
    layers = counted(done, "layer") if done == every else f"{done:,} of {counted(every, 'layer')}"
    name = run.network.stages[last.number].name
    given = f"{samples}{shape_text(run.network.input_shape)}"
    return f"{run.source}, {given}, through {layers}: {name} gives {shape_text(last.shape[1:])}."


def _table(run: NetworkRun, explain: bool) -> Table:
    columns = ("layer", "kind", "output", "min", "max", "mean", *(("engine",) if explain else ()))
    return Table(columns, tuple(_row(run, row, explain) for row in run.layers), numeric=("min", "max", "mean"))


def _row(run: NetworkRun, row: LayerRun, explain: bool) -> tuple[Span, ...]:
    stage = run.network.stages[row.number]
    numbers = [_number(each) for each in row.span or (None,) * 3]
    engines = [Span(", ".join(dict.fromkeys(plan.engine for plan in row.plans)), Role.LABEL)] if explain else []
    return (Span(stage.name), Span(stage.layer.kind), Span(shape_text(row.shape[1:])), *numbers, *engines)


def _number(value: Any) -> Span:
    text = "none finite" if value is None else _brief(value)
    return Span(text, Role.NEGATIVE if text.startswith("-") else Role.NUMBER)


def _brief(value: Any) -> str:
    return number_text(value, _DIGITS) if isinstance(value, float) else brief_text(value)


def _data(run: NetworkRun, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.network-run/{SCHEMA_VERSION}",
        "title": run.network.title,
        "input": {"source": run.source, "shape": [run.last.shape[0], *run.network.input_shape]},
        "layers": [_layer_data(run, row) | verification_data(row.verified) for row in run.layers],
        "macs": run.macs,
        "stopped_at": stopped_at(run.network),
        "notes": list(notes),
        "output_layer": run.network.stages[run.last.number].name,
        "output_shape": list(run.output.shape),
        "output": array_data(run.output),
    }


def _layer_data(run: NetworkRun, row: LayerRun) -> dict[str, Any]:
    stage = run.network.stages[row.number]
    low, high, mean = map(number_data, row.span or (None,) * 3)
    document = {
        "name": stage.name,
        "kind": stage.layer.kind,
        "output_shape": list(row.shape),
        "min": low,
        "max": high,
        "mean": mean,
        "not_finite": row.not_finite,
        "engines": [plan.engine for plan in row.plans],
    }
    is_kept = row.number in run.kept and row.number != run.last.number
    return document | ({"output": array_data(run.kept[row.number])} if is_kept else {})


def run_report(
    run: NetworkRun,
    precision: str = "full",
    *,
    explain: bool = False,
    maps: Maps | None = None,
    curves: bool = False,
) -> Report:
    """The report of a computed network; ``explain``: its plans too, made with this ``precision``.

    Without ``maps`` no array is shown as a heat map. ``curves``: all signals of one axis are shown as curves, not only
    those too long for a table.
    """
    if run.problem is None:
        return network_run_report(run, explain=explain, maps=maps, curves=curves)
    from convcalc.report.run.convolution import convolution_run_report

    (layer,) = run.layers
    return convolution_run_report(
        run.problem,
        run.output,
        layer.plans[0],
        precision,
        explain=explain,
        maps=maps,
        curves=curves,
        verified=layer.verified,
    )
