"""What is known of an input's channels beside their numbers: names, units, and where their samples stand in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from convcalc.arrays import Array

_EVEN = 1e-6
"""How far one step may be from the mean step, as a share of it, in times that are even but for rounded digits."""


class SampleAxis(NamedTuple):
    """Where the samples of a signal stand, such as a table's column of times."""

    name: str
    """Of the column, such as ``time``."""
    values: Array
    """(samples,), float64, read-only: in the order of the file, and in ``unit``."""
    unit: str = ""
    """Such as ``s``; empty where the file does not say it. Dates are seconds after the first."""
    rate: float | None = None
    """Samples in one unit, where they are even; None where they are not, or where there are fewer than two."""
    start: str = ""
    """The first date as written, where the column holds dates."""


class Channels(NamedTuple):
    """Names and units of an input's channels, each empty or with an entry for every channel."""

    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    axis: SampleAxis | None = None
    """Of the only spatial axis."""
    reading: str = ""
    """How the channels were found, a sentence for the reader; empty where there was nothing to choose."""

    def called(self, channel: int) -> str:
        """A channel by its name, or by its number where it has none.

        >>> Channels(("ax", "ay")).called(1), Channels().called(1)
        ('ay', 'channel 1')
        """
        return self.names[channel] if self.names else f"channel {channel}"


UNNAMED = Channels()
LINEAR_LIGHT = "linear light"
"""The unit of an image's channels whose sRGB numbers are decoded."""


def even_rate(values: Array) -> float | None:
    """Samples per unit of strictly increasing, evenly spaced values; None of any others.

    values: (samples,), float64. A step may differ from the mean by 1e-6 of it and by the rounding of float64.

    >>> import numpy as np
    >>> even_rate(np.array([0.0, 0.01, 0.02, 0.03])), even_rate(np.array([0.0, 1.0, 3.0]))
    (100.0, None)
    """
    import numpy as np

    if len(values) < 2 or not np.isfinite(values).all():
        return None
    steps = np.diff(values)
    mean = float((values[-1] - values[0]) / (len(values) - 1))
    rounding = 2 * float(np.spacing(np.abs(values).max()))
    if mean <= 0 or float(np.abs(steps - mean).max()) > mean * _EVEN + rounding:
        return None
    return float(f"{1 / mean:.9g}")
