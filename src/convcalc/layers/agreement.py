"""Whether what explains a cell of a layer comes to what the engine made of it."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite, isnan
from typing import TYPE_CHECKING

from convcalc.geometry.boundary import Number
from convcalc.layers.layer import PLAINLY, How
from convcalc.layers.step import Step

if TYPE_CHECKING:
    from convcalc.arrays import Array


def agrees(step: Step, value: Number, output: Array, how: How = PLAINLY) -> bool:
    """Whether a step's total is the value that the layer's output has there: the same, or for floats within rounding.

    The rounding of a sum grows with the magnitudes of its terms (Higham, Accuracy and Stability of Numerical
    Algorithms, 4.2), and an engine that mixes cells may err by a share of the largest output, see
    :class:`~convcalc.engine.candidate.Precision`.
    """
    if step.total == value:
        return True
    if isinstance(step.total, int | Fraction) and isinstance(value, int | Fraction):
        return False
    try:
        total, found = float(step.total), float(value)
        magnitude = _magnitude(step)
    except OverflowError:
        return False
    if isnan(total) or isnan(found):
        return isnan(total) and isnan(found)
    return abs(total - found) <= _rounding(output, len(step.terms), magnitude) + _engine_error(output, how)


def _magnitude(step: Step) -> float:
    """The parts without their signs, added up."""
    return sum(abs(float(part)) for part in step.parts) + abs(float(step.bias)) + abs(float(step.total))


def _rounding(output: Array, terms: int, magnitude: float) -> float:
    """What rounding may add up to."""
    import numpy as np

    dtype = output.dtype if output.dtype.kind == "f" else np.float64
    return (terms + 4) * float(np.finfo(dtype).eps) * magnitude


def _engine_error(output: Array, how: How) -> float:
    """By how much any engine may be off that is precise enough to be chosen."""
    from convcalc.arrays import value_range
    from convcalc.engine.arithmetic import FLOAT32, FLOAT64
    from convcalc.engine.candidate import Precision

    if output.dtype.kind != "f":
        return 0.0
    arithmetic = FLOAT32 if output.dtype.itemsize == FLOAT32.itemsize else FLOAT64
    most = max(map(abs, value_range(output) or (0,)))
    return float(Precision(how.precision).allowed(arithmetic) * most) if isfinite(most) else 0.0
