"""What was measured: seconds and where they were measured, and the figures that follow from them."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple


class Machine(NamedTuple):
    """Where it was measured."""

    architecture: str
    processor: str
    """The model's name, or nothing where the system does not tell."""
    threads: int
    """That each contender may use."""
    python: str
    numpy: str
    """The version; likewise above."""
    blas: str
    """The library of matrix products, with its version."""


class Measurement(NamedTuple):
    """The times of one contender."""

    contender: str
    rounds: tuple[float, ...]
    """Seconds of the best call of each round."""
    difference: float | None = None
    """The largest from convcalc's own output, as a share of the largest output; None where none is compared."""
    version: str = ""
    """Of the package that it comes from."""

    @property
    def minimum(self) -> float:
        """Seconds of the best round."""
        return min(self.rounds)

    @property
    def median(self) -> float:
        """Seconds of the round in the middle."""
        return median(self.rounds)


class Absent(NamedTuple):
    """A contender that did not take part."""

    contender: str
    reason: str


class Figures(NamedTuple):
    """What follows from a time."""

    gflops: float
    """Additions and multiplications of the definition in a second, in thousand millions."""
    product_share: float
    """Of what a matrix product reaches; above 1 where an engine saves multiplications."""
    copy_share: float
    """Of the bytes in a second that a copy reaches, input and output counted once."""
    ratio: float
    """The time divided by that of convcalc."""


class Benchmark(NamedTuple):
    """One problem by all contenders."""

    numbers: str
    """What it is computed in."""
    macs: int
    bytes_moved: int
    """Input and output together."""
    machine: Machine
    measurements: tuple[Measurement, ...]
    """The first is that of convcalc, which all others are compared with."""
    absent: tuple[Absent, ...]
    product_gflops: float
    """The ceiling of the arithmetic: what a large matrix product reaches."""
    copy_gigabytes: float
    """The ceiling of the memory, in 1e9 bytes a second, read and written."""
    tolerance: float
    """The difference from which on a contender is said to differ."""

    def figures(self, measurement: Measurement) -> Figures:
        """What follows from the best time of a contender."""
        seconds = measurement.minimum
        gflops = 2e-9 * self.macs / seconds
        return Figures(
            gflops,
            gflops / self.product_gflops,
            1e-9 * self.bytes_moved / seconds / self.copy_gigabytes,
            seconds / self.measurements[0].minimum,
        )

    def differs(self, measurement: Measurement) -> bool:
        """Whether its numbers are others than convcalc's; nan is no agreement."""
        return measurement.difference is not None and not measurement.difference <= self.tolerance
