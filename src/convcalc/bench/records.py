"""The results of a benchmark: times, the machine, and derived figures."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple


class Machine(NamedTuple):
    """The machine of a measurement."""

    architecture: str
    processor: str
    """The model's name; empty where the system does not report it."""
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
    """The largest difference from convcalc's own output, relative to the largest output; None: not compared."""
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
    """Figures derived from a time."""

    gflops: float
    """Additions and multiplications of the definition in a second, in thousand millions."""
    product_share: float
    """As a share of a matrix product's rate; above 1 where an engine saves multiplications."""
    copy_share: float
    """As a share of a copy's bytes per second, input and output counted once."""
    ratio: float
    """The time divided by that of convcalc."""


class Benchmark(NamedTuple):
    """One problem by all contenders."""

    numbers: str
    """The floats that it is computed in."""
    macs: int
    bytes_moved: int
    """Input and output together."""
    machine: Machine
    measurements: tuple[Measurement, ...]
    """The first is convcalc's, with which all others are compared."""
    absent: tuple[Absent, ...]
    product_gflops: float
    """The peak of the arithmetic: the rate of a large matrix product."""
    copy_gigabytes: float
    """The peak of the memory, in 1e9 bytes per second, read and written."""
    tolerance: float
    """The difference from which a contender counts as different."""

    def figures(self, measurement: Measurement) -> Figures:
        """The figures derived from the best time of a contender."""
        seconds = measurement.minimum
        gflops = 2e-9 * self.macs / seconds
        return Figures(
            gflops,
            gflops / self.product_gflops,
            1e-9 * self.bytes_moved / seconds / self.copy_gigabytes,
            seconds / self.measurements[0].minimum,
        )

    def differs(self, measurement: Measurement) -> bool:
        """Whether its numbers differ from convcalc's; nan counts as different."""
        return measurement.difference is not None and not measurement.difference <= self.tolerance
