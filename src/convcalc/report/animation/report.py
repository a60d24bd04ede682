"""The steps of an animation as blocks to read, as figures and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from convcalc.layers.explainer import Explainer
from convcalc.report.animation.frame import Animation, Change, Frame, is_stamped
from convcalc.report.animation.sliding import Sliding
from convcalc.report.animation.stamping import Stamping
from convcalc.report.arrays.figure import Cell, Figure, OutlineKind, Panel, PanelKind, Sign, hyphenated, typeset
from convcalc.report.blocks import Block, Flow, Grid, Role, Sentence, Series, Span, Sum, say
from convcalc.report.headline import headline
from convcalc.report.number_data import number_data
from convcalc.report.trace.convolution import setting_blocks
from convcalc.report.trace.network import network_setting
from convcalc.tracing.explanation import Term


def animation_of(
    explainer: Explainer,
    sample: int,
    channels: Sequence[int],
    start: int = 0,
    outputs: Mapping[int, Any] | None = None,
    *,
    by_channel: bool = False,
) -> Animation:
    """The animation of an explainer's layer.

    ``channels``: of the output, side by side; ``start``: the first step; ``outputs``: those that the explainer has
    computed, if any; ``by_channel``: with the maps of what each input channel contributes.

    Raises:
        ConvcalcError: the layer, or one below it, cannot be computed.
    """
    stage = explainer.network.stages[explainer.number]
    kind = Stamping if is_stamped(stage) else Sliding
    return kind(explainer, sample, channels, start, outputs, by_channel=by_channel)


def frame_blocks(frame: Frame, *, with_legend: bool = True) -> Iterator[Block]:
    """A step as blocks."""
    legend = Span(f"   {frame.legend}", Role.LABEL)
    yield Sentence((Span(frame.title, Role.TITLE), *([legend] if with_legend else ())))
    for row in frame.rows:
        yield Flow(
            tuple(
                _grid(item) if isinstance(item, Panel) else Span(item.text)
                for item in row
                if isinstance(item, Panel | Sign)
            )
        )
    yield from frame.story


def frame_figure(animation: Animation, frame: Frame) -> Figure:
    """A step as a figure."""
    return Figure(
        title=typeset(frame.title),
        description=described(animation),
        rows=frame.rows,
        notes=tuple(_text(block) for block in frame.story if isinstance(block, Sentence | Sum)),
    )


def described(animation: Animation) -> str:
    """The computation in a sentence."""
    network, stage = animation.explainer.network, animation.stage
    if animation.explainer.is_alone and stage.problem is not None:
        return headline(stage.problem)
    return f"{network.title or 'A network'}: {stage.name} ({stage.layer.kind})"


def _text(block: Sentence | Sum) -> str:
    sentence = block.sentence if isinstance(block, Sum) else block
    return typeset("".join(span.text for span in sentence.spans)).replace(" - ", " − ")


def frames_series(animation: Animation) -> Series[Frame]:
    """The steps one after the other."""
    network, problem = animation.explainer.network, animation.stage.problem
    is_alone = animation.explainer.is_alone and problem is not None
    return Series(
        schema="frames",
        setting=lambda: (
            setting_blocks(problem) if is_alone and problem else [network_setting(network), say(described(animation))]
        ),
        header=lambda: HEADER,
        blocks=lambda frame: tuple(frame_blocks(frame, with_legend=frame.number == animation.start)),
        handout=lambda frame: frame_blocks(frame, with_legend=frame.number == animation.start),
        data=lambda frame: _data(animation, frame),
        rows=_rows,
        name="frames",
    )


def _data(animation: Animation, frame: Frame) -> dict[str, Any]:
    """A step for JSON, at full precision."""
    return {
        "frame": frame.number,
        "frames": frame.count,
        "layer": animation.stage.name,
        "batch": frame.sample,
        "position": list(frame.place),
        "cells": [_cell_data(change) for change in frame.changes],
    }


def _cell_data(change: Change) -> dict[str, Any]:
    return {
        "cell": list(change.cell),
        "added": number_data(change.added),
        "value": number_data(change.value),
        "complete": change.is_complete,
        "terms": [_term_data(term) for term in change.terms],
    }


def _term_data(term: Term) -> dict[str, Any]:
    return {
        "from": None if term.cell is None else list(term.cell),
        "value": number_data(term.value),
        "weight": number_data(term.weight),
    }


HEADER = ("frame", "position", "batch", "cell", "added", "value", "complete")


def _rows(frame: Frame) -> Iterator[tuple[Any, ...]]:
    """One row for each cell of the output that a step changes."""
    for change in frame.changes:
        place, cell = (",".join(map(str, each)) for each in (frame.place, change.cell))
        yield frame.number, place, frame.sample, cell, change.added, change.value, int(change.is_complete)


_EMPTY, _GAP = "·", "…"
_MARKED = (PanelKind.INPUT, PanelKind.OUTPUT)


def _grid(panel: Panel) -> Grid:
    """A panel as a grid; its columns keep their width wherever the window is."""
    winners = {(each.rows[0], each.columns[0]) for each in panel.outlines if each.kind is OutlineKind.WINNER}
    is_padded = any(cell and cell.is_padded for row in panel.cells for cell in row)
    marks = int(panel.kind in _MARKED)
    signs = marks + is_padded
    cells = tuple(
        tuple(_span(panel.kind, cell, signs, is_winner=(down, across) in winners) for across, cell in enumerate(row))
        for down, row in enumerate(panel.cells)
    )
    return Grid(
        caption=(Span(panel.caption, Role.TITLE),),
        cells=cells,
        row_labels=tuple(hyphenated(label) or _GAP for label in panel.row_labels),
        column_labels=tuple((hyphenated(label) or _GAP) + " " * signs for label in panel.column_labels),
        footer=panel.footer,
        gap=2 - 2 * marks,
        inset=1 - marks,
    )


def _span(kind: PanelKind, cell: Cell | None, signs: int, *, is_winner: bool) -> Span:
    """A cell in its brackets, or with spaces for them where it has none, so that numbers are aligned."""
    if cell is None:
        return Span(_GAP + " " * signs, Role.LABEL)
    text = hyphenated(cell.text) or _EMPTY
    if cell.is_padded:
        text = f"({text})"
    has_room = kind in _MARKED
    is_marked = has_room and cell.is_marked
    if is_marked:
        text = f">{text}<" if is_winner else f"[{text}]"
    before = " " * (has_room and not is_marked)
    return Span(before + text + " " * (signs - is_marked - cell.is_padded), _role(kind, cell, is_marked=is_marked))


def _role(kind: PanelKind, cell: Cell, *, is_marked: bool) -> Role:
    if is_marked:
        return Role.TOTAL if kind is PanelKind.OUTPUT else Role.WINDOW
    if cell.is_padded:
        return Role.PADDED
    if not cell.text:
        return Role.LABEL
    return Role.NEGATIVE if cell.text.startswith("−") else Role.NUMBER
