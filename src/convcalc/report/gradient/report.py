"""The report of a loss's gradients: of a convolution the arrays themselves, of a network a row a layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from math import prod
from typing import Any, NamedTuple

from convcalc.arrays import Array, cells
from convcalc.gradients.backward import Gradients, LayerGradient, norm_of
from convcalc.layers.layer import Layer
from convcalc.layers.network import INPUT, INPUT_NAME
from convcalc.report.array_data import array_data
from convcalc.report.arrays.grids import plane_grids
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.headline import headline, reading_blocks
from convcalc.report.network.data import cut_notes
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text
from convcalc.wording import counted, safe_text, shape_text

_MOST_GRIDS = 8  # of one array
_DIGITS = 10
_RULE = (
    "weight: the input correlated with the output gradient; bias: its sum; input: every output gradient × the kernel, "
    "added where its window lies"
)


class Shown(NamedTuple):
    """Which gradients are asked for."""

    of: str = ""
    """weight, bias, input, or another weight of a layer; empty: all."""
    layer: int | None = None
    """The only layer; None: all."""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.of) or self.layer is not None


class Part(NamedTuple):
    """One gradient with its names."""

    layer: str
    """The layer's name, or "input"."""
    of: str
    values: Array

    @property
    def name(self) -> str:
        """Such as "conv1.weight", or "input"."""
        return self.layer if self.of == INPUT_NAME else f"{self.layer}.{self.of}"


def parts_of(found: Gradients, shown: Shown) -> Iterator[Part]:
    """The gradients that are asked for: of each layer's weights in order, then of the input.

    With a layer named, "input" is that layer's input.
    """
    for layer in found.layers:
        if shown.layer in (None, layer.number):
            name = found.network.stages[layer.number].name
            yield from (Part(name, of, each) for of, each in layer.weights.items() if shown.of in ("", of))
    if shown.of in ("", INPUT_NAME):
        for number, name in _sources(found, shown.layer):
            yield Part(name, INPUT_NAME, found.by_output[number])


def _sources(found: Gradients, layer: int | None) -> Iterator[tuple[int, str]]:
    if layer is None:
        yield INPUT, INPUT_NAME
        return
    for below in dict.fromkeys(found.network.stages[layer].inputs):
        yield below, INPUT_NAME if below == INPUT else f"output of {found.network.stages[below].name}"


def gradient_report(found: Gradients, shown: Shown) -> Report:
    """The gradients of a loss: those asked for; of a network without a question a row a layer."""
    blocks = (*_setting(found), *_body(found, shown))
    return Report(
        blocks=blocks,
        data=lambda: gradient_data(found, shown),
        rows=lambda: _rows(found, shown),
        notes=cut_notes(found.network),
        handout=lambda: (say(found.network.title or "Gradients", Role.TITLE), *blocks),
    )


def _setting(found: Gradients) -> Iterator[Block]:
    network = found.network
    yield from reading_blocks(network.channels)
    problem = network.stages[0].problem if network.is_convolution else None
    if problem is not None or network.title:
        yield say(headline(problem) if problem is not None else network.title)
    yield from map(note, cut_notes(network))
    name = found.network.stages[found.number].name if found.number != INPUT else INPUT_NAME
    told = f"   of {'the output' if network.is_convolution else name}; {numbers_text(found)}"
    yield Sentence(
        (
            Span("loss   ", Role.LABEL),
            Span(loss_text(found)),
            Span(f" = {number_text(found.value, _DIGITS)}", Role.TOTAL),
            Span(told, Role.LABEL),
        )
    )


def loss_text(found: Gradients) -> str:
    """The loss in words."""
    return "Σ output × output gradient" if found.loss.name == "output gradient" else found.loss.name


def numbers_text(found: Gradients) -> str:
    """The type of the gradients in words."""
    return "exact" if found.is_exact else f"in {found.of_input.dtype.name}"


def _body(found: Gradients, shown: Shown) -> Iterator[Block]:
    if not (found.network.is_convolution or shown.is_narrow):
        yield _table(found)
        yield say(
            "norm: √Σ gradient²; zero: cells of the output without a gradient, dead: channels in which all are 0; "
            "--layer NAME and --of weight, bias or input show the numbers",
            Role.LABEL,
        )
        yield from _remarks(found)
        return
    if found.network.is_convolution and not shown.of and 0 in found.by_output:
        yield from gradient_grids("output gradient", found.by_output[0])
    if found.network.is_convolution and not shown.of:
        yield say(_RULE, Role.LABEL)
    for part in parts_of(found, shown):
        yield from gradient_grids(f"gradient of {_titled(found, part)}", part.values, is_weight=part.of == "weight")
    yield from _remarks(found)


def _titled(found: Gradients, part: Part) -> str:
    return part.of if found.network.is_convolution and part.of != INPUT_NAME else part.name


def _remarks(found: Gradients) -> Iterator[Block]:
    if found.loss.reads(found.network, len(found.network.stages) - 1) != len(found.network.stages) - 1:
        yield note("softmax and cross-entropy are turned round together: p - y")
    flat = [found.network.stages[each.number].name for each in found.layers if _is_stepped(found, each)]
    if flat:
        yield note(f"{', '.join(flat)}: a function that goes up in steps, whose derivative is 0")
    problem = found.network.stages[0].problem
    if problem is not None and any(each != 1 for each in problem.scale):
        yield note("the weights are those that are applied, the scale of the kernel multiplied in")


def _is_stepped(found: Gradients, layer: LayerGradient) -> bool:
    return found.network.stages[layer.number].layer.kind in ("quantise", "requantise")


def _table(found: Gradients) -> Table:
    columns = ("layer", "kind", "output", "norm", "zero", "dead", "weight", "bias")
    rows = [_row(found, each) for each in found.layers]
    given = found.of_input
    zeros = int((given == 0).sum())
    rows.append(
        (
            Span(INPUT_NAME),
            Span(""),
            Span(shape_text(given.shape[1:])),
            Span(number_text(norm_of(given))),
            Span(_share(zeros, given.size)),
            Span(""),
            Span(""),
            Span(""),
        )
    )
    return Table(columns, tuple(rows), numeric=columns[3:], spare=("kind", "output"))


def _row(found: Gradients, layer: LayerGradient) -> tuple[Span, ...]:
    stage = found.network.stages[layer.number]
    norms = {name: number_text(norm_of(each)) for name, each in layer.weights.items()}
    dead = f"{layer.dead:,} of {stage.layer.output_shape[0]:,}" if layer.dead else "0"
    return (
        Span(stage.name),
        Span(stage.layer.kind),
        Span(shape_text(stage.layer.output_shape)),
        Span(number_text(layer.norm)),
        Span(_share(layer.zeros, layer.cells)),
        Span(dead, Role.BAD if layer.dead == stage.layer.output_shape[0] else Role.PLAIN),
        Span(norms.get("weight", "")),
        Span(norms.get("bias", "")),
    )


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}" if part else "0"


def gradient_grids(caption: str, values: Array, *, is_weight: bool = False) -> Iterator[Block]:
    """An array's planes, side by side where they fit: of a weight one for each pair of channels."""
    if values.ndim <= 2:
        shape = f" {shape_text(values.shape)}" if values.ndim > 1 else ""
        yield Flow(tuple(plane_grids(f"{caption}{shape}", values, labels=_labels(values))))
        return
    leading = values.shape[:2]
    shown = [*islice(product(*map(range, leading)), _MOST_GRIDS)]
    grids = [
        grid
        for place in shown
        for grid in plane_grids(
            _caption(caption, leading, place, is_weight), values[place], labels=_labels(values[place])
        )
    ]
    yield Flow(tuple(grids))
    hidden = prod(leading) - len(shown)
    if hidden:
        yield say(f"{counted(hidden, 'more plane')} of {caption} not shown; --format json has all", Role.LABEL)


def _caption(caption: str, leading: Sequence[int], place: Sequence[int], is_weight: bool) -> str:
    words = ("output channel", "input channel") if is_weight else ("sample", "channel")
    told = [f"{word} {each}" for word, each, size in zip(words, place, leading, strict=True) if size > 1]
    return ", ".join((caption, *told))


def _labels(values: Array) -> list[range]:
    return [range(size) for size in values.shape]


def gradient_data(found: Gradients, shown: Shown) -> dict[str, Any]:
    """The loss, a record a layer, and the gradients that are asked for."""
    return {
        "schema": f"convcalc.gradient/{SCHEMA_VERSION}",
        "title": found.network.title,
        "loss": {"name": found.loss.name, "value": number_data(found.value)},
        "exact": found.is_exact,
        "layers": [_layer_data(found.network.stages[each.number].layer, found, each) for each in found.layers],
        "gradients": {part.name: array_data(part.values) for part in parts_of(found, shown)},
    }


def _layer_data(layer: Layer, found: Gradients, each: LayerGradient) -> dict[str, Any]:
    return {
        "name": found.network.stages[each.number].name,
        "kind": layer.kind,
        "output": {"norm": each.norm, "cells": each.cells, "zeros": each.zeros, "dead_channels": each.dead},
        "norms": {name: norm_of(values) for name, values in each.weights.items()},
    }


def _rows(found: Gradients, shown: Shown) -> Iterator[Iterable[Any]]:
    yield ("layer", "of", "index", "gradient")
    for part in parts_of(found, shown):
        name = safe_text(part.layer)
        yield from ((name, part.of, ",".join(map(str, place)), value) for place, value in cells(part.values))
