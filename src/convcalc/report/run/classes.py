"""The largest features of a network's output by the names of their classes: a table, and data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.layers.classes import ClassScore
from convcalc.report.blocks import Block, Role, Span, Table, note
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text

_MOST_SAMPLES = 8  # that are shown
_DIGITS = 4


def class_blocks(scores: Sequence[ClassScore], samples: int) -> Iterator[Block]:
    """A table of them; of many samples those of the first."""
    shown = [each for each in scores if each.sample < _MOST_SAMPLES]
    first = ("sample",) if samples > 1 else ()
    rows = [
        (
            *([Span(str(each.sample))] if first else []),
            Span(each.name, Role.TITLE),
            Span(str(each.number)),
            Span(number_text(each.value, _DIGITS) if isinstance(each.value, float) else str(each.value)),
            Span(f"{100 * each.share:.1f}%"),
        )
        for each in shown
    ]
    yield Table((*first, "class", "number", "value", "share"), tuple(rows), numeric=("number", "value", "share"))
    if samples > _MOST_SAMPLES:
        yield note(f"the classes of the first {_MOST_SAMPLES} of {samples:,} samples; --format json has all")


def class_data(scores: Sequence[ClassScore]) -> list[dict[str, Any]]:
    """Records of them."""
    return [each._asdict() | {"value": number_data(each.value), "share": number_data(each.share)} for each in scores]
