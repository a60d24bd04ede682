"""Builders of other libraries' kernels of the same name, with those libraries' own parameters."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FieldError
from convcalc.kernels.differences import laplacian
from convcalc.kernels.parameters import odd_taps, positive, taps
from convcalc.kernels.smoothing import WIDEST, bell, outer
from convcalc.kernels.transform import Weights, mixed

_OPENCV_TABLE = {
    1: (1,),
    3: (1, 2, 1),
    5: (1, 4, 6, 4, 1),
    7: (2, 7, 14, 18, 14, 7, 2),
    9: (4, 13, 30, 51, 60, 51, 30, 13, 4),
}
"""What ``cv2.getGaussianKernel`` gives for these sizes where sigma is not positive, scaled by their sum."""


def gaussian_of_matlab(rank: int, size: Any = 3, sigma: Any = 0.5) -> Weights:
    """``fspecial('gaussian', size, sigma)``: sampled, values below 2⁻⁵² of the largest set to 0, of sum 1."""
    weights = bell(taps(size, rank), positive("sigma", sigma))
    weights = np.where(weights < np.finfo(float).eps * weights.max(), 0, weights)
    return weights / weights.sum(), Fraction(1)


def gaussian_of_opencv(rank: int, size: Any = 3, sigma: Any = 0) -> Weights:
    """``cv2.GaussianBlur``: without ``sigma`` a table of sizes to 9, above 0.3 × ((size − 1) / 2 − 1) + 0.8."""
    counts = odd_taps(size, rank)
    if sigma != 0:
        return bell(counts, positive("sigma", sigma)), Fraction(1)
    if all(count in _OPENCV_TABLE for count in counts):
        weights = outer([np.array(_OPENCV_TABLE[count]) for count in counts])
        return weights, Fraction(1, int(weights.sum()))
    return outer([_opencv_axis(count) for count in counts]), Fraction(1)


def gaussian_of_scipy(rank: int, sigma: Any = 1, truncate: Any = 4) -> Weights:
    """``scipy.ndimage.gaussian_filter``: taps to ``truncate`` × ``sigma`` on both sides, at least one."""
    spread = positive("sigma", sigma)
    reach = positive("truncate", truncate) * spread + 0.5
    if reach > WIDEST:
        raise FieldError(f"truncate × sigma must be at most {WIDEST}, got {truncate} × {sigma}")
    return bell(taps(2 * int(reach) + 1, rank), spread), Fraction(1)


def laplacian_of_matlab(rank: int, alpha: Any = Fraction(1, 5)) -> Weights:
    """``fspecial('laplacian', alpha)``."""
    return laplacian(rank, alpha)


def unsharp_of_matlab(rank: int, alpha: Any = Fraction(1, 5)) -> Weights:
    """``fspecial('unsharp', alpha)``: the identity minus the Laplacian of ``alpha``."""
    return mixed(laplacian(rank, alpha), Fraction(1), Fraction(-1))


def _opencv_axis(count: int) -> Array:
    return bell((count,), 0.3 * ((count - 1) / 2 - 1) + 0.8)
