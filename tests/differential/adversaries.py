"""Problems made to break the bounds of the engines: kernels whose factors cancel, cells that drown their neighbours.

Each is of floats, with a geometry that most engines take, and is what random numbers never are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from differential.problems import Case, Geometry, Rng, choice, geometry, laid

Make = Callable[[Rng, Geometry, str], tuple[Any, Any]]
"""Draws cells and weights for shapes in a dtype."""

REACH = {"float32": 38, "float64": 300}
"""Powers of ten up to which there are cells, for every dtype."""
_MACS = 60_000


def _noise(rng: Rng, shape: tuple[int, ...], dtype: str) -> Any:
    return rng.normal(size=shape).astype(dtype)


def _place(rng: Rng, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(rng.integers(size)) for size in shape)


def parallel_rows(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """Large rows that differ little, and small ones in the same plane: whole factors of the kernel nearly cancel.

    All rows are combinations of two small ones, u and e: the large ones A = S·u + e and B = A - u, the small ones such
    that only huge multiples of A and B make them, since e = S·B - (S - 1)·A.
    """
    *outer, rows, columns = shapes.weight if len(shapes.weight) > 3 else (*shapes.weight, 1)
    size = 10 ** int(rng.integers(2, 7 if dtype == "float32" else 13))
    small, signs = rng.integers(-5, 6, (*outer, rows, 2)), rng.choice([-1, 1], (*outer, rows, 1))
    large = np.stack([size - rng.integers(0, 2, (*outer, rows)), np.ones((*outer, rows), int)], axis=-1) * signs
    basis = rng.integers(-3, 4, (*outer, 2, columns))
    weight = np.where(rng.random((*outer, rows, 1)) < 0.6, large, small) @ basis
    return _noise(rng, shapes.cells, dtype), weight.reshape(shapes.weight).astype(dtype)


def dynamic_range(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """Weights of every size from 10^-12 to 10^12."""
    sizes = 10.0 ** rng.integers(-12, 13, shapes.weight)
    return _noise(rng, shapes.cells, dtype), (rng.normal(size=shapes.weight) * sizes).astype(dtype)


def cancelling_pairs(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """Weights that come in pairs of opposite sign on an input that is nearly flat: sums are far below their terms."""
    weight = rng.normal(size=shapes.weight) * 10.0 ** rng.integers(0, 8)
    half = weight.shape[-1] // 2
    weight[..., :half] = -weight[..., weight.shape[-1] - half :] * (1 + 1e-6 * rng.normal())
    return (1000 + _noise(rng, shapes.cells, dtype)).astype(dtype), weight.astype(dtype)


def one_huge_cell(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """One cell of up to 10^38 (float64: 10^300) among others of about 1."""
    cells = _noise(rng, shapes.cells, dtype)
    cells[_place(rng, cells.shape)] = choice(rng, -1, 1) * 10.0 ** int(rng.integers(2, REACH[dtype]))
    return cells, _noise(rng, shapes.weight, dtype)


def no_data(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """A few cells of the lowest number that there is, as maps of heights mark what they do not know."""
    cells = _noise(rng, shapes.cells, dtype) * 100
    for _ in range(int(rng.integers(1, 4))):
        cells[_place(rng, cells.shape)] = np.finfo(dtype).min
    return cells.astype(dtype), (_noise(rng, shapes.weight, dtype) / shapes.weight[1:][0] / 64).astype(dtype)


def scales(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """All cells of one size and all weights of another, up to the ends of the range, so that some sums overflow."""
    most = REACH[dtype]
    up, down = (10.0 ** int(rng.integers(-most, most)) for _ in range(2))
    with np.errstate(all="ignore"):
        return _scaled(_noise(rng, shapes.cells, dtype), up), _scaled(_noise(rng, shapes.weight, dtype), down)


def _scaled(values: Any, size: float) -> Any:
    return np.nan_to_num(values * values.dtype.type(size), posinf=1.0, neginf=-1.0)


def denormals(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """Cells or weights below the normal numbers, some of them the smallest there are."""
    least = float(np.finfo(dtype).smallest_subnormal)
    small = lambda shape: (rng.integers(-5, 6, shape) * least * 10.0 ** int(rng.integers(0, 7))).astype(dtype)  # noqa: E731
    usual = lambda shape: _noise(rng, shape, dtype)  # noqa: E731
    first, second = choice(rng, (small, usual), (usual, small), (small, small))
    return first(shapes.cells), second(shapes.weight)


def checkerboard(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """Large cells of alternating sign under a smooth kernel: transforms see only what cancels."""
    sign = np.indices(shapes.cells[2:]).sum(axis=0) % 2 * 2 - 1
    cells = sign * 10.0 ** int(rng.integers(2, 9)) + _noise(rng, shapes.cells, dtype)
    return cells.astype(dtype), np.abs(_noise(rng, shapes.weight, dtype)).round(1).astype(dtype)


def channels_apart(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """Channels of very different sizes, and filters that weigh them the other way round."""
    sizes = 10.0 ** rng.integers(-9, 10, shapes.cells[1])
    cells = rng.normal(size=shapes.cells) * sizes.reshape(1, -1, *(1,) * (len(shapes.cells) - 2))
    weight = rng.normal(size=shapes.weight) * (10.0 ** rng.integers(-9, 10, shapes.weight[:2])).reshape(
        *shapes.weight[:2], *(1,) * (len(shapes.weight) - 2)
    )
    return cells.astype(dtype), weight.astype(dtype)


def steps(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """A large half beside a small one: windows at the edge see both, windows beside it must not."""
    cells = rng.normal(size=shapes.cells)
    cells[..., : max(1, shapes.cells[-1] // 2)] *= 10.0 ** int(rng.integers(3, REACH[dtype] // 2))
    return cells.astype(dtype), _noise(rng, shapes.weight, dtype)


def islands(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """Zeros with a few cells of any size: most windows hold nothing at all."""
    cells = np.zeros(shapes.cells, dtype)
    for _ in range(3):
        cells[_place(rng, cells.shape)] = rng.normal() * 10.0 ** int(rng.integers(-9, 10))
    return cells, _noise(rng, shapes.weight, dtype)


def not_finite(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """A few cells that are inf or nan, and at times a weight."""
    cells, weight = _noise(rng, shapes.cells, dtype), _noise(rng, shapes.weight, dtype)
    for _ in range(int(rng.integers(1, 4))):
        cells[_place(rng, cells.shape)] = choice(rng, np.inf, -np.inf, np.nan)
    if rng.random() < 0.2:
        weight[_place(rng, weight.shape)] = choice(rng, np.inf, np.nan, 0)
    return cells, weight


def huge_boundary(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """A constant around the input that is far larger than its cells."""
    shapes.options["boundary"] = choice(rng, -1, 1) * 10.0 ** int(rng.integers(2, REACH[dtype]))
    return _noise(rng, shapes.cells, dtype), _noise(rng, shapes.weight, dtype)


def borders(rng: Rng, shapes: Geometry, dtype: str) -> tuple[Any, Any]:
    """Whole numbers whose sums lie about where a number type ends: 2^24, 2^53 or 2^63."""
    bits = choice(rng, 24, 53, 63)
    terms = int(np.prod(shapes.weight[1:]))
    part = int(rng.integers(1, bits - 1))
    weight = rng.integers(0, 1 << min(part, 62), shapes.weight, endpoint=True) * rng.choice([-1, 1], shapes.weight)
    most = max(1, min((1 << bits) // (terms << part) + 1, (1 << 63) - 1))
    return rng.integers(-most, most, shapes.cells, endpoint=True), weight


ADVERSARIES: dict[str, Make] = {
    make.__name__.replace("_", " "): make
    for make in (
        parallel_rows, dynamic_range, cancelling_pairs, one_huge_cell, no_data, scales, denormals, checkerboard,
        channels_apart, steps, islands, not_finite, huge_boundary, borders,
    )
}  # fmt: skip


def adversary(rng: Rng) -> Case:
    """A problem of one of the adversaries."""
    name = choice(rng, *ADVERSARIES)
    dtype = choice(rng, "float32", "float64")
    rank = choice(rng, 1, 2, 2, 2, 2, 3)
    taps = choice(rng, [3] * 3, [3] * 3, [2] * 3, [5] * 3, [int(rng.integers(2, 10)) for _ in range(3)])
    fixed: dict[str, Any] = {} if rng.random() < 0.3 else {"stride": [1] * rank, "dilation": [1] * rank}
    if name == "parallel rows" and rng.random() < 0.8:  # what separable takes
        fixed["channels"] = choice(rng, (1, 1, 1, 1), (3, 1, 1, 1))
    shapes = geometry(rng, _MACS, rank=rank, taps=taps[:rank], **fixed)
    cells, weight = ADVERSARIES[name](rng, shapes, dtype)
    bias = (rng.normal(size=len(weight)) * 10.0 ** int(rng.integers(-5, 6))).tolist() if rng.random() < 0.2 else None
    bias = None if name == "borders" else bias
    return Case(name, laid(rng, cells), laid(rng, weight), bias, None, {**shapes.options, "dtype": "auto"})
