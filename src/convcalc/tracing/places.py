"""Checks that a cell exists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.errors import GeometryError
from convcalc.geometry.arguments import whole
from convcalc.wording import shape_text


def check_place(
    array: str, shape: Sequence[int], position: int | Sequence[int], channel: int, sample: int
) -> tuple[int, ...]:
    """The position as one index for each spatial axis, if the array has a cell there.

    ``array``: its name, ``input`` or ``output``; ``shape``: (batch, channels, *spatial).

    Raises:
        GeometryError: there is no such cell, channel or sample.
    """
    batch, channels, *size = shape
    position = position.tolist() if isinstance(position, np.ndarray) else position
    position = position if isinstance(position, Sequence) else (position,)
    if len(position) != len(size):
        raise GeometryError(
            f"a position needs one number for each of {len(size)} spatial axes, got {len(position)}",
            hint=f"the {array} is {shape_text(size)}",
            field="pos",
        )
    places = tuple(whole("position", index, 0, path=("pos",)) for index in position)
    if any(index >= cells for index, cells in zip(places, size, strict=True)):
        raise GeometryError(
            f"position ({', '.join(map(str, places))}) lies outside the {array}, which is {shape_text(size)}",
            hint=f"positions count from 0: the last one is ({', '.join(str(cells - 1) for cells in size)})",
            field="pos",
        )
    for name, index, count in (("channel", channel, channels), ("batch", sample, batch)):
        if whole(name, index, 0) >= count:
            raise GeometryError(f"there is no {name} {index}: the {array} has {count}, counted from 0", field=name)
    return places


def check_cell(
    array: str, shape: Sequence[int], position: int | Sequence[int], channel: int, sample: int
) -> tuple[int, ...]:
    """(channel, *position), or (feature,) of features, if an array (batch, channels, *spatial) has such a cell.

    Raises:
        GeometryError: there is no such cell, channel or sample.
    """
    if len(shape) > 2:
        return (channel, *check_place(array, shape, position, channel, sample))
    return check_place(array, (shape[0], 1, shape[1]), position, 0, sample)
