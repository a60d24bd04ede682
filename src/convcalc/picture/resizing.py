"""Pictures of another size: cells weighted by a triangle, as wide as the cell that is made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array


def resized(cells: Array, size: Sequence[int]) -> Array:
    """Cells (…, height, width) in another (height, width), float64.

    Linear between the centres of the cells where it grows; where it shrinks the triangle is as wide as two of the new
    cells, so that every cell counts (antialiased: Pillow's BILINEAR, torchvision's resize with antialias).
    """
    found = np.asarray(cells, np.float64)
    for axis, count in zip((-2, -1), size, strict=True):
        if found.shape[axis] != count:
            weights = _weights(found.shape[axis], count)
            found = np.moveaxis(np.tensordot(weights, found, axes=(1, axis)), 0, axis)
    return found


def _weights(cells: int, count: int) -> Array:
    """(count, cells): the share of each old cell in each new one."""
    scale = cells / count
    width = max(scale, 1.0)
    centres = (np.arange(count) + 0.5) * scale
    distances = np.abs(np.arange(cells)[None] + 0.5 - centres[:, None]) / width
    weights = np.maximum(0, 1 - distances)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def middle(cells: Array, size: Sequence[int]) -> Array:
    """The (height, width) in the middle of cells (…, height, width); of an odd rest the larger part is left out behind.

    torchvision's CenterCrop rounds the half of the rest to even, Pillow's and ours is rounded down.
    """
    starts = [(have - want) // 2 for have, want in zip(cells.shape[-2:], size, strict=True)]
    top, left = starts
    return cells[..., top : top + size[0], left : left + size[1]]
