"""Transformations of kernels: rotated, flipped, scaled and mixed; whole numbers and fractions stay exact.

A step takes weights (*kernel_size) with their scale, and returns both; ``x`` is the last axis, to the right,
``y`` the one before, downwards, ``z`` the third from the end. :data:`TRANSFORMS` is the table of them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, is_exact, narrowed, whole_and_scale
from convcalc.errors import FieldError, UnknownNameError
from convcalc.kernels.parameters import exact
from convcalc.kernels.transformation import Transformation
from convcalc.numerals import nearest_float
from convcalc.wording import counted, shape_text

Weights = tuple[Array, Fraction]
"""Weights (*kernel_size) and the scale that they are multiplied with."""

_AXES = "xyz"
_ROUNDING = 1e-12  # a sum of floats below this share of the sum of magnitudes counts as 0
_RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
"""The cells around the centre of a 3×3 kernel, clockwise."""


class Transform(NamedTuple):
    """A transformation: its function, and how it is written."""

    apply: Callable[..., Weights]
    example: str
    takes_argument: bool = True
    needs_argument: bool = True


def transform(kernel: Weights, step: Transformation) -> Weights:
    """The weights and scale after one step that :func:`check` accepts.

    Raises:
        FieldError: its argument is not what it must be, or it is not defined for this kernel.
    """
    apply = TRANSFORMS[step.name].apply
    return apply(kernel) if step.argument is None else apply(kernel, step.argument)


def check(step: Transformation) -> None:
    """Refuse a step that is not in the table, lacks its argument or has an argument but takes none.

    Raises:
        UnknownNameError: there is no transformation of that name.
        FieldError: its argument is missing, or it takes none.
    """
    if step.name not in TRANSFORMS:
        raise UnknownNameError("transformation", step.name, TRANSFORMS)
    known = TRANSFORMS[step.name]
    if step.argument is None and known.needs_argument:
        raise FieldError(f"the transformation {step.name} needs an argument", hint=f"such as +{known.example}")
    if step.argument is not None and not known.takes_argument:
        raise FieldError(f"the transformation {step.name} takes no argument", hint=f"write +{step.name}")


def rotate(kernel: Weights, degrees: Any) -> Weights:
    """Rotated clockwise in the plane of rows and columns; by 45° the ring of a 3×3 kernel moves on by one cell.

    This is ImageMagick's rotation of 3×3 kernels; for other sizes only multiples of 90° are defined.
    """
    weights, scale = kernel
    _need_axes(weights, 2, "rotate", hint="+flip turns a line of weights")
    if isinstance(degrees, bool) or not isinstance(degrees, int) or degrees % 45:
        raise FieldError(f"rotate turns by multiples of 45 degrees, got {degrees}", hint="+rotate:45 or +rotate:90")
    if degrees % 90 == 0:
        return np.rot90(weights, -degrees // 90, axes=(-2, -1)), scale
    if weights.shape[-2:] != (3, 3):
        raise FieldError(
            f"rotate by {degrees} degrees is defined for 3×3 kernels, this one has {shape_text(weights.shape)}",
            hint="multiples of 90 turn every kernel",
        )
    return _ring_moved(weights, degrees // 45), scale


def flip(kernel: Weights, axis: Any = None) -> Weights:
    """Flipped along one axis, ``x``, ``y`` or ``z``, or along all of them, as in mathematical convolution."""
    weights, scale = kernel
    if axis is None:
        return np.flip(weights), scale
    if axis not in tuple(_AXES):
        raise UnknownNameError("axis", str(axis), tuple(_AXES), hint="x is across, y is down, z is through")
    number = _AXES.index(axis) + 1
    _need_axes(weights, number, f"flip:{axis}")
    return np.flip(weights, -number), scale


def transpose(kernel: Weights) -> Weights:
    """Rows and columns exchanged."""
    weights, scale = kernel
    _need_axes(weights, 2, "transpose")
    return weights.swapaxes(-2, -1), scale


def normalise(kernel: Weights) -> Weights:
    """Scaled so that the sum is 1, exactly where the weights are exact."""
    weights, _ = kernel
    total = _sum(weights)
    if not total or (not is_exact(weights) and abs(total) < _ROUNDING * np.abs(weights).sum()):
        raise FieldError("a kernel of sum 0 cannot be normalised", hint="scale it instead, such as +scale:1/8")
    if is_exact(weights):
        return weights, 1 / Fraction(total)
    return weights / total, Fraction(1)


def zero_sum(kernel: Weights) -> Weights:
    """The kernel minus its sum × the identity (in the centre cell), so that flat areas give 0."""
    weights, scale = kernel
    values = weights.astype(object) if is_exact(weights) else weights.copy()
    middle = _middle(values)
    values[middle] = 0
    values[middle] = -_sum(values)
    return (narrowed(values) if is_exact(weights) else values), scale


def scale(kernel: Weights, factor: Any) -> Weights:
    """Every weight times ``factor``."""
    weights, own = kernel
    return weights, own * exact("scale", factor)


def blend(kernel: Weights, share: Any) -> Weights:
    """``share`` × the identity + (1 − ``share``) × the kernel; above 1 it sharpens by the difference of the two."""
    part = exact("blend", share)
    return mixed(kernel, part, 1 - part)


def resize(kernel: Weights, size: Any) -> Weights:  # noqa: ARG001 - the signature of a transformation
    """Always refused: fixed weights have one size. A parametric kernel is rebuilt by its builder instead."""
    raise FieldError("resize is for parametric kernels, the weights of this one are fixed")


@np.errstate(all="ignore")  # weights that are too large become inf, which the properties of the kernel report
def mixed(kernel: Weights, identity: Fraction, own: Fraction) -> Weights:
    """``identity`` × the identity + ``own`` × the kernel.

    Raises:
        FieldError: the kernel has no centre cell.
    """
    weights, factor = kernel
    if not is_exact(weights):
        sums = weights * nearest_float(factor * own)
        sums[_middle(sums)] += nearest_float(identity)
        return sums, Fraction(1)
    values = weights.astype(object) * (factor * own)
    values[_middle(values)] += identity
    return whole_and_scale(narrowed(values))


TRANSFORMS: dict[str, Transform] = {
    "rotate": Transform(rotate, "rotate:45"),
    "flip": Transform(flip, "flip:x", needs_argument=False),
    "transpose": Transform(transpose, "transpose", takes_argument=False, needs_argument=False),
    "normalise": Transform(normalise, "normalise", takes_argument=False, needs_argument=False),
    "zero-sum": Transform(zero_sum, "zero-sum", takes_argument=False, needs_argument=False),
    "scale": Transform(scale, "scale:1/2"),
    "blend": Transform(blend, "blend:1/2"),
    "resize": Transform(resize, "resize:5"),
}
"""Name → transformation."""


def _ring_moved(weights: Array, steps: int) -> Array:
    turned = weights.copy()
    for number, (row, column) in enumerate(_RING):
        turned[..., row, column] = weights[(..., *_RING[(number - steps) % len(_RING)])]
    return turned


def _middle(weights: Array) -> tuple[int, ...]:
    if any(count % 2 == 0 for count in weights.shape):
        raise FieldError(
            f"a kernel of {shape_text(weights.shape)} has no cell in the middle",
            hint="zero-sum and blend are for odd sizes",
        )
    return tuple(count // 2 for count in weights.shape)


def _need_axes(weights: Array, least: int, name: str, hint: str = "") -> None:
    if weights.ndim < least:
        raise FieldError(
            f"{name} needs {least} axes, this kernel has {counted(weights.ndim, 'axis', 'axes')}", hint=hint
        )


def _sum(weights: Array) -> Any:
    return weights.astype(object).sum() if is_exact(weights) else float(weights.sum())
