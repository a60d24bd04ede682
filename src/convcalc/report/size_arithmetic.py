"""The arithmetic of output sizes in words, with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.geometry.axis import Axis, unread_cells
from convcalc.geometry.boundary import Boundary
from convcalc.report.blocks import Role, Sentence, say
from convcalc.report.text import listed
from convcalc.wording import axis_names, counted

if TYPE_CHECKING:
    from convcalc.geometry.transposed import TransposedAxis

FORMULA = "output size = ⌊(before + size + after − reach) / stride⌋ + 1"
TRANSPOSED_FORMULA = "output size = (size − 1) × stride − before − after + reach + output padding"


def size_sentences(axes: tuple[Axis, ...]) -> Iterator[Sentence]:
    """The formula, and one line for each group of axes with the same numbers."""
    yield say(FORMULA, Role.LABEL)
    names = axis_names(len(axes))
    groups: dict[Axis, list[str]] = {}
    for axis, name in zip(axes, names, strict=True):
        groups.setdefault(replace(axis, number=0), []).append(f"{name}s")
    for axis, members in groups.items():
        yield say(f"{listed(members)}: {size_text(axis)}", indent=4)


def size_text(axis: Axis) -> str:
    """The output size of one axis with its numbers."""
    sum_text = f"⌊({axis.before} + {axis.size} + {axis.after} − {axis.reach}) / {axis.stride}⌋ + 1 = {axis.output_size}"
    return f"{_reach_text(axis)}{sum_text}"


def transposed_size_text(axis: TransposedAxis) -> str:
    """The output size of one axis of a transposed convolution with its numbers."""
    cut = f"{axis.before} − {axis.after} + {axis.reach} + {axis.output_padding}"
    return f"{_reach_text(axis)}({axis.size} − 1) × {axis.stride} − {cut} = {axis.output_size}"


def _reach_text(axis: Axis | TransposedAxis) -> str:
    if axis.dilation == 1:
        return ""
    return f"reach = {axis.dilation} × ({axis.kernel_size} − 1) + 1 = {axis.reach}, "


def unread_notes(axes: tuple[Axis, ...], boundary: Boundary) -> Iterator[str]:
    """The cells unread because the stride does not fit or exceeds the reach."""
    names = axis_names(len(axes))
    misfits = [
        f"stride {axis.stride} does not fit on the {name}s: {counted(axis.leftover, 'cell')} at the end of the padded "
        f"input of {axis.padded_size} {'is' if axis.leftover == 1 else 'are'} never read"
        for axis, name in zip(axes, names, strict=True)
        if axis.leftover
    ]
    yield from misfits
    unread = unread_cells(axes, boundary)
    if unread:
        of = "of the input itself " if misfits else ""
        yield f"{of}{counted(unread, 'cell' if misfits else 'input cell')} {'is' if unread == 1 else 'are'} never read"
    elif misfits:
        yield "every input cell is read; what is left over is padding"
