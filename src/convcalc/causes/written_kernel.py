"""A kernel turned over or scaled, as the flag ``--kernel`` takes its numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from convcalc.arrays import Array, is_exact
from convcalc.causes.channel_mixes import Mix
from convcalc.causes.finishes import Factor
from convcalc.causes.orientations import Orientation, Turned

_MOST_TAPS = 49


def kernel_flag(mix: Mix, turned: Turned, factor: Factor) -> tuple[str, ...]:
    """The flag of the kernel with its orientation and factor; nothing where it is not one small plane of numbers.

    A kernel that the problem turns is written as it is before that; one that ``turned`` has a flag for, as it is.
    """
    plane = _plane(mix)
    scale = _scale(mix, factor)
    if plane is None or scale is None:
        return ()
    if turned.change is not None and not turned.change.flags:
        plane = turned.orientation.of(plane, mix.rank)
    if mix.is_turned:
        plane = Orientation(tuple(range(mix.rank))).of(plane, mix.rank)
    numbers = str(plane.tolist()).replace(" ", "")
    return (f"--kernel '{numbers}'" if scale == 1 else f"--kernel '{{weights: {numbers}, scale: {scale}}}'",)


def _plane(mix: Mix) -> Array | None:
    """The weights (*kernel_size), as applied, of a small kernel that all channels share."""
    planes = mix.weight.reshape(-1, *mix.weight.shape[2:])
    if mix.weight.shape[1] > 1 or planes[0].size > _MOST_TAPS or not is_exact(planes) or (planes != planes[:1]).any():
        return None
    return np.asarray(planes[0])


def _scale(mix: Mix, factor: Factor) -> Fraction | None:
    """The scale with the factor; None where it is not one exact number, or where a bias goes with it."""
    numbers = {float(each) for pair in (factor.value, factor.divisor) for each in pair}
    if len(set(mix.scale)) > 1 or not all(number.is_integer() for number in numbers):
        return None
    value, divisor = {*factor.value.tolist()}, {*factor.divisor.tolist()}
    if len(value) > 1 or len(divisor) > 1 or 0 in divisor or (factor.words and mix.bias.any()):
        return None
    return mix.scale[0] * Fraction(int(value.pop())) / Fraction(int(divisor.pop()))
