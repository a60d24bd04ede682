"""The report of a network that was computed: what each layer gave, and the outputs that were kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from convcalc.arrays import Array, count_not_finite, range_and_mean
from convcalc.layers.stack import Stack
from convcalc.report.blocks import SCHEMA_VERSION, Block, Maps, Report, Role, Span, Table, note, say
from convcalc.report.data import array_data, number_data
from convcalc.report.lone_arrays import lone_blocks
from convcalc.report.text import brief_text, number_text
from convcalc.wording import counted, shape_text

_DIGITS = 4  # of a float in the table; JSON has all of them


class Ran(NamedTuple):
    """What a layer gave, without the numbers themselves."""

    number: int
    """The layer."""
    shape: tuple[int, ...]
    """(batch, *output_shape)."""
    span: tuple[Any, Any, float | int] | None
    """The least, the largest and the mean of its finite values; None if there are none."""
    not_finite: int
    """Values that are inf or nan."""
    engines: tuple[str, ...]
    """What computed it, where it is made of convolutions."""

    @classmethod
    def of(cls, number: int, output: Array, engines: Sequence[str] = ()) -> Ran:
        """What there is to keep of a layer's output."""
        return cls(number, output.shape, range_and_mean(output), count_not_finite(output), tuple(engines))


class NetworkRun(NamedTuple):
    """A computed network."""

    stack: Stack
    source: str
    """What the input is called."""
    rows: tuple[Ran, ...]
    """The layers that were computed, in turn; the last one is the output."""
    kept: Mapping[int, Array]
    """The outputs to be shown, by the layer's number: (batch, *output_shape); that of the last one at least."""
    notes: tuple[str, ...] = ()

    @property
    def output(self) -> Array:
        """Of the last layer, (batch, *output_shape)."""
        return self.kept[self.rows[-1].number]

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of all samples."""
        each = sum(self.stack.stages[row.number].layer.work.macs for row in self.rows)
        return each * self.rows[-1].shape[0]


def stack_run_report(run: NetworkRun, *, explain: bool = False, maps: Maps | None = None) -> Report:
    """What each layer gave, then the outputs; ``explain``: each convolution's engine too."""
    notes = (*run.notes, *_notes(run))
    return Report(
        blocks=tuple(_blocks(run, notes, explain, maps)),
        data=lambda: _data(run, notes),
        notes=notes,
    )


def _notes(run: NetworkRun) -> Iterator[str]:
    yield from run.stack.notes
    first = next((row for row in run.rows if row.not_finite), None)
    if first is not None:
        name, cells = run.stack.stages[first.number].name, counted(first.not_finite, "cell")
        yield f"{cells} of {name} {'is' if first.not_finite == 1 else 'are'} not finite (inf or nan)"


def _blocks(run: NetworkRun, notes: Sequence[str], explain: bool, maps: Maps | None) -> Iterator[Block]:
    if run.stack.title:
        yield say(run.stack.title, Role.TITLE)
    yield say(_headline(run))
    yield from map(note, notes)
    yield _table(run, explain)
    for number, output in run.kept.items():
        yield from lone_blocks(f"{run.stack.stages[number].name} output", output, maps)
    yield say(counted(run.macs, "MAC"), Role.LABEL, space_before=True)


def _headline(run: NetworkRun) -> str:
    """What goes in, through how many layers, and what comes out."""
    last = run.rows[-1]
    samples = f"{counted(last.shape[0], 'sample')} of " if last.shape[0] != 1 else ""
    every, done = len(run.stack.stages), len(run.rows)
    layers = counted(done, "layer") if done == every else f"{done:,} of {counted(every, 'layer')}"
    name = run.stack.stages[last.number].name
    given = f"{samples}{shape_text(run.stack.input_shape)}"
    return f"{run.source}, {given}, through {layers}: {name} gives {shape_text(last.shape[1:])}."


def _table(run: NetworkRun, explain: bool) -> Table:
    columns = ("layer", "kind", "output", "min", "max", "mean", *(("engine",) if explain else ()))
    return Table(columns, tuple(_row(run, row, explain) for row in run.rows), numeric=("min", "max", "mean"))


def _row(run: NetworkRun, row: Ran, explain: bool) -> tuple[Span, ...]:
    stage = run.stack.stages[row.number]
    numbers = [_number(each) for each in row.span or (None,) * 3]
    engines = [Span(", ".join(dict.fromkeys(row.engines)), Role.LABEL)] if explain else []
    return (Span(stage.name), Span(stage.layer.kind), Span(shape_text(row.shape[1:])), *numbers, *engines)


def _number(value: Any) -> Span:
    text = "none finite" if value is None else _brief(value)
    return Span(text, Role.NEGATIVE if text.startswith("-") else Role.NUMBER)


def _brief(value: Any) -> str:
    return number_text(value, _DIGITS) if isinstance(value, float) else brief_text(value)


def _data(run: NetworkRun, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.stack-run/{SCHEMA_VERSION}",
        "title": run.stack.title,
        "input": {"source": run.source, "shape": [run.rows[-1].shape[0], *run.stack.input_shape]},
        "layers": [_layer_data(run, row) for row in run.rows],
        "macs": run.macs,
        "notes": list(notes),
        "output_layer": run.stack.stages[run.rows[-1].number].name,
        "output_shape": list(run.output.shape),
        "output": array_data(run.output),
    }


def _layer_data(run: NetworkRun, row: Ran) -> dict[str, Any]:
    stage = run.stack.stages[row.number]
    low, high, mean = map(number_data, row.span or (None,) * 3)
    document = {
        "name": stage.name,
        "kind": stage.layer.kind,
        "output_shape": list(row.shape),
        "min": low,
        "max": high,
        "mean": mean,
        "not_finite": row.not_finite,
        "engines": list(row.engines),
    }
    is_kept = row.number in run.kept and row.number != run.rows[-1].number
    return document | ({"output": array_data(run.kept[row.number])} if is_kept else {})
