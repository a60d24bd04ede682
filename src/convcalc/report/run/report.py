"""The report of a run: of one convolution its numbers; of several layers the result of each, and the kept outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from convcalc.layers.classes import class_scores
from convcalc.layers.run import LayerRun, NetworkRun
from convcalc.report.array_data import array_data, channels_data
from convcalc.report.arrays.grids import fits_in_a_table
from convcalc.report.arrays.lone_arrays import lone_blocks
from convcalc.report.blocks import SCHEMA_VERSION, Block, Maps, Report, Role, Span, Table, note, say
from convcalc.report.headline import reading_blocks
from convcalc.report.network.data import computed_of, cut_notes, stopped_at
from convcalc.report.number_data import number_data
from convcalc.report.run.classes import class_blocks, class_data
from convcalc.report.run.verification import network_verification_blocks, verification_data
from convcalc.report.text import brief_text, number_text
from convcalc.wording import counted, shape_text

if TYPE_CHECKING:
    from convcalc.tracing.contributions import Contributions

_SIGNAL = 3  # axes of signals: (batch, channels, samples)
_DIGITS = 4  # of a float in the table; JSON has all of them


def network_run_report(
    run: NetworkRun,
    *,
    explain: bool = False,
    maps: Maps | None = None,
    labels: Sequence[str] = (),
    failed: str = "",
    curves: bool = False,
    apart: Contributions | None = None,
) -> Report:
    """The result of each layer, then the outputs; ``explain``: each convolution's engine too.

    ``apart``: the parts of the last layer's output, which are shown with it. ``labels``: the names of the output's
    classes, the largest of which are listed. ``failed``: words on an output that is not the expected one. ``curves``:
    signals of one axis are shown as curves.

    Raises:
        FieldError: the output is no features, or there are not as many names.
    """
    notes, scores = tuple(_notes(run)), class_scores(run, labels) if labels else []
    report = Report(
        blocks=(
            *_blocks(run, notes, explain, maps, curves, apart),
            *(class_blocks(scores, len(run.output)) if scores else ()),
        ),
        data=lambda: _data(run, notes, apart) | ({"classes": class_data(scores)} if scores else {}),
        notes=notes,
    )
    return with_failure(report, failed)


def with_failure(report: Report, failed: str) -> Report:
    """The report with a sentence on an output that is not the expected one, if there is one."""
    if not failed:
        return report
    return report._replace(
        blocks=(*report.blocks, say(failed, Role.BAD, space_before=True)),
        data=lambda: report.data() | {"notes": [*report.notes, failed]},
        notes=(*report.notes, failed),
    )


def _notes(run: NetworkRun) -> Iterator[str]:
    yield from run.notes
    yield from cut_notes(run.network)
    first = next((row for row in run.layers if row.not_finite), None)
    if first is not None:
        name, cells = run.network.stages[first.number].name, counted(first.not_finite, "cell")
        yield f"{cells} of {name} {'is' if first.not_finite == 1 else 'are'} not finite (inf or nan)"


def _blocks(
    run: NetworkRun,
    notes: Sequence[str],
    explain: bool,
    maps: Maps | None,
    curves: bool,
    apart: Contributions | None,
) -> Iterator[Block]:
    if run.network.title:
        yield say(run.network.title, Role.TITLE)
    yield from reading_blocks(run.network.channels)
    yield say(_headline(run))
    yield from map(note, notes)
    yield layers_table(run, explain=explain)
    for number, output in run.kept.items():
        name = f"{run.network.stages[number].name} output"
        if apart is not None and number == run.last.number:
            from convcalc.report.run.contributions import contribution_blocks

            yield from contribution_blocks(apart, output, maps)
        elif output.ndim == _SIGNAL and (curves or not fits_in_a_table(output.shape[2:])):
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
    every, done = computed_of(run.network)["of"], len(run.layers)
    layers = counted(done, "layer") if done == every else f"{done:,} of {counted(every, 'layer')}"
    name = run.network.stages[last.number].name
    given = f"{samples}{shape_text(run.network.input_shape)}"
    return f"{run.source}, {given}, through {layers}: {name} gives {shape_text(last.shape[1:])}."


def layers_table(run: NetworkRun, *, explain: bool = False) -> Table:
    """A row for each layer with its shape and the range of its numbers; ``explain``: its engines too."""
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


def _data(run: NetworkRun, notes: Sequence[str], apart: Contributions | None) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if apart is not None:
        from convcalc.report.run.contributions import contribution_data

        parts = {"contributions": contribution_data(apart)}
    return {
        "schema": f"convcalc.network-run/{SCHEMA_VERSION}",
        "title": run.network.title,
        "input": {"source": run.source, "shape": [run.last.shape[0], *run.network.input_shape]}
        | channels_data(run.network.channels),
        "layers": [_layer_data(run, row) | verification_data(row.verified) for row in run.layers],
        "macs": run.macs,
        "stopped_at": stopped_at(run.network),
        "computed": {**computed_of(run.network), "layers": len(run.layers)},
        "notes": list(notes),
        "output_layer": run.network.stages[run.last.number].name,
        "output_shape": list(run.output.shape),
        "output": array_data(run.output),
        **parts,
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
    labels: Sequence[str] = (),
    failed: str = "",
    apart: Contributions | None = None,
    curves: bool = False,
) -> Report:
    """The report of a computed network; ``explain``: its plans too, made with this ``precision``.

    Without ``maps`` no array is shown as a heat map. ``labels``: the names of the output's classes. ``failed``: words
    on an output that is not the expected one. ``apart``: the parts of a convolution's output by input channel,
    of several layers of the last one's. ``curves``: all signals of one axis are shown as curves, not only those too
    long for a table.

    Raises:
        FieldError: the output is no features, or there are not as many names.
    """
    if run.problem is None or labels:
        return network_run_report(
            run, explain=explain, maps=maps, labels=labels, failed=failed, curves=curves, apart=apart
        )
    from convcalc.report.run.convolution import convolution_run_report

    (layer,) = run.layers
    report = convolution_run_report(
        run.problem,
        run.output,
        layer.plans[0],
        precision,
        explain=explain,
        maps=maps,
        curves=curves,
        verified=layer.verified,
        apart=apart,
    )
    return with_failure(report, failed)
