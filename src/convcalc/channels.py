"""What is known of an input's channels beside their numbers: names, units, and where their samples stand in time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import FieldError
from convcalc.geometry.arguments import brief
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.arrays import Array

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""The units of time, in seconds (SI, and those used with it)."""
_JITTER = 0.1  # of a step: how far times may be off an even grid for frequencies to be told
_GAP = 1.5  # usual steps, beyond which a sample is missing
RATE = r"^ *([0-9][0-9_]{0,17}(\.[0-9]{0,17})?([eE][-+]?[0-9]{1,2})?|\.[0-9]{1,17}) *([mkMG]?)(Hz)? *$"
"""The pattern of a sampling rate."""
_PREFIXES = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
_EVEN = 1e-6
"""How far one step may be from the mean step, as a share of it, in times that are even but for rounded digits."""


class SampleAxis(NamedTuple):
    """Where the samples of a signal stand, such as a table's column of times."""

    name: str
    """Of the column, such as ``time``."""
    values: Array | None
    """(samples,), float64, read-only: in the order of the file, and in ``unit``; None where :attr:`first` and
    :attr:`rate` tell them."""
    unit: str = ""
    """Such as ``s``; empty where the file does not say it. Dates are seconds after the first."""
    rate: float | None = None
    """Samples in one unit, where they are even; None where they are not, or where there are fewer than two."""
    start: str = ""
    """The first date as written, where the column holds dates."""
    first: float = 0.0
    """The place of the first sample, where there are no values."""
    told: str = ""
    """What the file tells of its samples, where another rate is said."""

    @property
    def title(self) -> str:
        """The name with the unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def hertz(self) -> float | None:
        """Samples a second; None where the axis is no time, or uneven."""
        seconds = _SECONDS.get(self.unit)
        rate = self.rate or self._mean_rate
        return rate / seconds if seconds and rate else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What is uneven about the axis, its gaps or how much the steps differ; or that its rate is not the file's."""
        if self.told:
            return (f"{self.rate:g} samples a second, as is said; the file tells {self.told}",)
        if self.values is None or self.rate or len(self.values) < 2:
            return ()
        import numpy as np

        steps = np.diff(self.values)
        if not self.increases:
            return (f"{self.name} does not always increase: curves count samples instead, and no frequency is in Hz",)
        usual, by = float(np.quantile(steps, 0.5, method="lower")), f" {self.unit}" if self.unit else ""
        gaps, longest = int((steps > _GAP * usual).sum()), int(steps.argmax())
        said = f"{self.name} is uneven: steps of {steps.min():.6g} to {steps.max():.6g}{by}"
        if gaps:
            where = f"the longest of {steps[longest]:.6g}{by} after sample {longest:,}"
            said = f"{self.name} has {counted(gaps, 'gap')}, {where}"
        said = f"{said}, usual {usual:.6g}{by}; the kernel counts samples"
        return (said if self._mean_rate else f"{said}, so no frequency is in Hz",)

    @property
    def increases(self) -> bool:
        """Whether each sample stands after the one before it."""
        return self.values is None or bool((self.values[1:] > self.values[:-1]).all())

    @property
    def _mean_rate(self) -> float | None:
        """Samples in one unit of times that are off an even grid by a small part of a step, as rounded ones are."""
        if self.values is None or len(self.values) < 2:
            return None
        import numpy as np

        mean = float(self.values[-1] - self.values[0]) / (len(self.values) - 1)
        if not mean > 0:
            return None
        off = np.abs(self.values - self.values[0] - mean * np.arange(len(self.values)))
        return 1 / mean if off.max() <= _JITTER * mean else None

    def at(self, indices: Array | float) -> Array:
        """The places of samples by their indices (samples,), which may lie between two samples, or outside."""
        import numpy as np

        if self.values is None:
            return np.asarray(self.first + np.asarray(indices) / (self.rate or 1))
        last = len(self.values) - 1
        step = float(np.median(np.diff(self.values))) if last else 1.0
        inside = np.interp(indices, np.arange(last + 1), self.values)
        return np.asarray(inside + step * (np.minimum(indices, 0) + np.maximum(indices - last, 0)))

    def thinned(self, first: float, stride: float, count: int) -> SampleAxis:
        """The axis of ``count`` cells that lie at the indices ``first``, ``first + stride`` and so on."""
        import numpy as np

        rate = self.rate and self.rate / stride
        if self.values is None:
            return self._replace(rate=rate, first=self.first + first / (self.rate or 1))
        return self._replace(rate=rate, values=self.at(first + stride * np.arange(count)))


def places_of(axis: SampleAxis | None, count: int, first: float = 0.0, step: float = 1.0) -> Array:
    """Where ``count`` cells lie that are at the indices ``first``, ``first + step`` …: (count,), in the axis' unit.

    Without an axis, and on one that does not always increase, the places are the indices.
    """
    import numpy as np

    indices = first + step * np.arange(count)
    return axis.at(indices) if axis is not None and axis.increases else indices


class Channels(NamedTuple):
    """Names and units of an input's channels, each empty or with an entry for every channel."""

    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    axis: SampleAxis | None = None
    """Of the only spatial axis."""
    reading: str = ""
    """How the channels were found, a sentence for the reader; empty where there was nothing to choose."""
    depth: str = ""
    """Of a sound: the type of its numbers, such as int16."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names with their units in brackets.

        >>> Channels(("ax", "n"), ("m/s²", "")).labels
        ('ax (m/s²)', 'n')
        """
        if not self.names:
            return ()
        units = self.units or ("",) * len(self.names)
        return tuple(f"{name} ({unit})" if unit else name for name, unit in zip(self.names, units, strict=True))

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is the alpha of a picture."""
        return self.names[-1:] == (ALPHA,)

    def called(self, channel: int) -> str:
        """A channel by its name, or by its number where it has none.

        >>> Channels(("ax", "ay")).called(1), Channels().called(1)
        ('ay', 'channel 1')
        """
        return self.names[channel] if self.names else f"channel {channel}"


UNNAMED = Channels()
ALPHA = "alpha"
"""The name of the last channel of a picture that has it and keeps it."""
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


def rate_of(node: Any) -> float:
    """Samples a second of a number, or of a text such as ``44100``, ``100 Hz`` or ``44.1kHz``.

    Raises:
        FieldError: it is none.

    >>> rate_of("44.1kHz"), rate_of("100 Hz"), rate_of("8000")
    (44100.0, 100.0, 8000.0)
    """
    found = re.match(RATE, node) if isinstance(node, str) else None
    rate = float(found[1]) * _PREFIXES[found[4]] if found else 0.0
    if not 1e-9 <= rate <= 1e15:
        hint = "samples a second, such as 44100, 100Hz or 44.1kHz"
        raise FieldError(f"rate must be a number above 0, got {brief(node)}", hint=hint, field="rate")
    return rate
