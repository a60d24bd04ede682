"""The steps of an animation as blocks to read, as figures and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from convcalc.layers.explainer import Explainer
from convcalc.report.animation.frame import Animation, Change, Frame, is_stamped
from convcalc.report.animation.grids import grid_of
from convcalc.report.animation.sliding import Sliding
from convcalc.report.animation.stamping import Stamping
from convcalc.report.arrays.figure import Figure, Panel, Sign, typeset
from convcalc.report.blocks import Block, Flow, Role, Sentence, Span, Sum, say
from convcalc.report.headline import headline
from convcalc.report.number_data import number_data
from convcalc.report.series import Series
from convcalc.report.trace.convolution import setting_blocks
from convcalc.report.trace.network import network_setting
from convcalc.tracing.explanation import Term


def animation_of(
    explainer: Explainer,
    sample: int,
    channels: Sequence[int],
    start: int = 0,
    outputs: Mapping[int, Any] | None = None,
) -> Animation:
    """The animation of the layer that an explainer explains.

    ``channels``: of the output, side by side; ``start``: the first step; ``outputs``: what the explainer has computed,
    if it has.

    Raises:
        ConvcalcError: the layer, or one below it, cannot be computed.
    """
    stage = explainer.network.stages[explainer.number]
    return (Stamping if is_stamped(stage) else Sliding)(explainer, sample, channels, start, outputs)


def frame_blocks(frame: Frame, *, with_legend: bool = True) -> Iterator[Block]:
    """A step to read."""
    legend = Span(f"   {frame.legend}", Role.LABEL)
    yield Sentence((Span(frame.title, Role.TITLE), *([legend] if with_legend else ())))
    for row in frame.rows:
        yield Flow(
            tuple(
                grid_of(item) if isinstance(item, Panel) else Span(item.text)
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
    """What is computed, in a sentence."""
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
