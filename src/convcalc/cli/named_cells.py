"""Cells that ``--pos`` and ``--channel`` name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.errors import Place, UsageError
from convcalc.layers.network import INPUT
from convcalc.wording import counted, shape_text

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.tracing.explanation import Cell


def cell_of(found: Ready, number: int, text: str | None, channel: int | None, sample: int) -> Cell:
    """The cell of a layer's output, or of the input, that ``--pos`` and ``--channel`` name; a feature has a number.

    Raises:
        UsageError: there is no position, or a feature is named twice.
        GeometryError: there is no such cell.
    """
    from convcalc.tracing.places import check_place

    network = found.network
    shape, is_alone = network.shape_of(number), network.is_convolution
    output = "output" if is_alone else f"output of {network.stages[number].name}"
    name = "input" if number == INPUT else output
    position = None if text is None else position_of(text)
    if len(shape) == 1:
        return _feature(name, shape[0], position, channel)
    if position is None:
        middle = ",".join(str(size // 2) for size in shape[1:])
        raise UsageError(
            f"a cell of the {name} needs a position", hint=f"--pos {middle}; it is {shape_text(shape[1:])}"
        )
    batch, sample = (len(found.cells), sample) if is_alone else (1, 0)
    return (channel or 0, *check_place(name, (batch, *shape), position, channel or 0, sample))


def _feature(name: str, count: int, position: tuple[int, ...] | None, channel: int | None) -> Cell:
    """A feature by its number, which either option gives."""
    given = [each for each in (position, None if channel is None else (channel,)) if each is not None]
    hint = f"--channel 0 to --channel {count - 1}"
    if len(given) != 1:
        raise UsageError(f"the {name} has features, which have no position", hint=hint)
    if len(given[0]) != 1 or not 0 <= given[0][0] < count:
        feature = ",".join(map(str, given[0]))
        raise UsageError(f"there is no feature {feature}: the {name} has {counted(count, 'feature')}", hint=hint)
    return given[0]


def position_of(text: str) -> tuple[int, ...]:
    """The position written as a text such as ``1,1`` or ``(1, 1)``.

    Raises:
        UsageError: it is no list of whole numbers.
    """
    parts = [part.strip() for part in text.strip("()[] ").split(",")]
    if not all(re.fullmatch(r"-?[0-9]{1,18}", part) for part in parts):
        error = UsageError(f"position {text!r} is not a list of whole numbers", hint="--pos 1,1")
        error.place = Place("--pos", is_flag=True)
        raise error
    return tuple(map(int, parts))
