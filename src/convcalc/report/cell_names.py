"""Cells and regions of a network's arrays as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.layers.layer import Box, Shape
from convcalc.layers.network import INPUT, Network
from convcalc.wording import axis_names, shape_text


def layer_text(network: Network, number: int) -> str:
    """The name of a layer, or of the input."""
    return "input" if number == INPUT else network.stages[number].name


def cell_text(name: str, cell: Sequence[int]) -> str:
    """A cell of a layer: its channel, then its place on each axis.

    >>> cell_text("conv1", (0, 2, 3)), cell_text("fc", (7,))
    ('conv1[0; 2,3]', 'fc[7]')
    """
    channel, *position = cell
    return f"{name}[{channel}; {','.join(map(str, position))}]" if position else f"{name}[{channel}]"


def place_text(cell: Sequence[int], sample: int | None = None) -> str:
    """A cell in words; ``sample``: of several.

    >>> place_text((0, 2, 3)), place_text((7,), 1)
    ('channel 0, row 2, column 3', 'sample 1, feature 7')
    """
    channel, *position = cell
    parts = [] if sample is None else [f"sample {sample}"]
    parts.append(f"channel {channel}" if position else f"feature {channel}")
    parts += [f"{name} {index}" for name, index in zip(axis_names(len(position)), position, strict=True) if position]
    return ", ".join(parts)


def region_text(box: Box, shape: Shape) -> str:
    """The cells of a block, and how many of all these are; channels where they are not all.

    >>> region_text((range(1), range(3, 11), range(3, 4)), (1, 28, 28))
    'rows 3 to 10, column 3 (8×1 of 28×28)'
    """
    return f"{spans_text(box, shape)} ({_size(box, shape)})"


def spans_text(box: Sequence[Sequence[int]], shape: Shape) -> str:
    """The cells of a block on each axis; channels where they are not all.

    >>> spans_text((range(1), range(3, 11), range(3, 4)), (2, 28, 28))
    'channel 0, rows 3 to 10, column 3'
    """
    return ", ".join(_spans(box, shape))


def _spans(box: Sequence[Sequence[int]], shape: Shape) -> Iterator[str]:
    names = ("channel", *axis_names(len(shape) - 1)) if len(shape) > 1 else ("feature",)
    for name, cells, size in zip(names, box, shape, strict=True):
        if name != "channel" or len(cells) < size:
            yield f"{name} {cells[0]}" if len(cells) == 1 else f"{name}s {cells[0]} to {cells[-1]}"


def _size(box: Box, shape: Shape) -> str:
    cells, sizes = (box[1:], shape[1:]) if len(shape) > 1 else (box, shape)
    return f"{shape_text([len(each) for each in cells])} of {shape_text(sizes)}"
