"""What may happen to sums: factors, offsets, rounding, the ends of a type. Estimated from numbers, not listed.

A factor is tried where it leaves the same rest at every cell; the rest is the offset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.causes.change import Aspect, Change
from convcalc.causes.channel_mixes import Mix
from convcalc.causes.stored_types import EITHER, MAGNITUDE, MISSED, RANGES, ROUNDINGS, Range

_UNNAMED = 2
"""Changes that a factor or an offset counts as which no convention has."""
_TIE = 1e-10
"""Of the largest sum: how far a float may be off a tie and be rounded to either side."""


class Factor(NamedTuple):
    """A number that every sum is multiplied by, as value / divisor so that quotients are rounded once."""

    words: str
    value: Array
    """(channels,)."""
    divisor: Array
    """(channels,); where it is 0 the result is 0."""

    def of(self, sums: Array) -> Array:
        """The sums (…, channels) with it."""
        safe = np.where(self.divisor == 0, 1, self.divisor)
        return np.where(self.divisor == 0, 0, sums * self.value / safe)


def factors_of(mix: Mix, taps: int) -> list[Factor]:
    """The factors that conventions have; ``taps``: of the kernel, all axes together. The first is 1."""
    one = np.ones(mix.out_channels)
    total, magnitude, positive = mix.sums
    numbers: dict[str, float] = {
        "65535": 65535,
        "255": 255,
        "2": 2,
        "4": 4,
        "8": 8,
        "16": 16,
        "3": 3,
        "9": 9,
        "32768": 32768,
        "2³¹ − 1": 2**31 - 1,
        "2⁶³ − 1": 2**63 - 1,
        "256": 256,
        "257": 257,
        "65536": 65536,
        f"{taps}, the number of taps": taps,
    }
    found = [
        Factor("", one, one),
        Factor("divided by the sum of the kernel", one, total),
        Factor("divided by the sum of the kernel's magnitudes", one, magnitude),
        Factor("divided by the sum of the kernel's positive weights", one, positive),
        Factor("divided by the magnitude of the kernel's sum", one, np.abs(total)),
        Factor("without the kernel's scale", one, mix.scales),
        Factor("with the sign reversed", -one, one),
        *(Factor(f"divided by {name}", one, one * number) for name, number in numbers.items()),
        *(Factor(f"multiplied by {name}", one * number, one) for name, number in numbers.items()),
        Factor("multiplied by the sum of the kernel", total, one),
    ]
    return _distinct(found)


def _distinct(factors: list[Factor]) -> list[Factor]:
    """Each number once, by its first name."""
    seen: set[bytes] = set()
    found = []
    for factor in factors:
        key = factor.of(np.ones(len(factor.value))).tobytes()
        if key not in seen:
            seen.add(key)
            found.append(factor)
    return found


class Offset(NamedTuple):
    """What is added to scaled sums."""

    words: str
    value: Array
    """(channels,)."""
    cost: int
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finish:
    """What happens to the sums of a kernel, its scale included, until they are the cells of a matrix."""

    factor: Factor
    offset: Offset
    rounding: str
    range: Range

    @property
    def changes(self) -> tuple[Change, ...]:
        """As changes; a rounding and the ends of a type are one, the type of the result."""
        found = []
        if self.factor.words:
            found.append(Change(Aspect.FACTOR, self.factor.words))
        if self.offset.cost:
            found.append(Change(Aspect.OFFSET, self.offset.words, self.offset.flags, self.offset.cost))
        told = " and ".join(filter(None, (self.rounding, self.range.words)))
        if told:
            found.append(Change(Aspect.TYPE, told))
        return tuple(found)

    @property
    def cost(self) -> int:
        """Changes that it counts as."""
        return sum(change.cost for change in self.changes)

    @property
    def parts(self) -> int:
        """A rounding and the ends of a type, counted apart: of equal finishes the simpler is believed."""
        return bool(self.rounding) + bool(self.range.words)

    @property
    def is_plain(self) -> bool:
        """Whether the sums are the cells but for the bias."""
        return not self.changes

    def of(self, sums: Array) -> Array:
        """The cells (…, channels) of sums."""
        values = self.factor.of(sums) + self.offset.value
        return np.asarray(self.range.of(ROUNDINGS[self.rounding](values)))

    def agrees(self, sums: Array, cells: Array, slack: Array | float, tie: float) -> Array:
        """Which cells it gives: floats within ``slack``, rounded ones whose numbers may be ``tie`` off a tie."""
        values = self.factor.of(sums) + self.offset.value
        if not self.rounding:
            return np.asarray(np.abs(self.range.of(values) - cells) <= slack)
        rule = ROUNDINGS[self.rounding]
        if self.rounding == EITHER:
            tie = max(tie, MISSED * float(np.abs(sums).max(initial=1)))
        found = self.range.of(rule(values)) == cells
        if tie and not found.all():
            for off in (-tie, tie):
                found |= self.range.of(rule(values + off)) == cells
        return np.asarray(found)


class Sample(NamedTuple):
    """Sums and the cells that stand where they belong."""

    sums: Array
    """(cells, channels), without the bias."""
    cells: Array
    """(cells, channels)."""
    free: Array
    """(cells, channels): which of the cells were not cut off."""
    slack: float
    """How far floats may be off."""
    tie: float = 0.0
    is_whole: bool = True
    """Whether the cells are whole numbers."""

    @property
    def known(self) -> Sample:
        """Without the cells that are nan."""
        kept = ~np.isnan(self.cells).any(1)
        return self._replace(sums=self.sums[kept], cells=self.cells[kept], free=self.free[kept])

    def with_more(self, sums: Array, cells: Array, free: Array) -> Sample:
        """With others below it."""
        return self._replace(
            sums=np.concatenate([self.sums, sums]),
            cells=np.concatenate([self.cells, cells]),
            free=np.concatenate([self.free, free]),
        ).known


Line = tuple[Factor, Offset]
"""A factor with an offset."""


def lines_of(sample: Sample, mix: Mix, factors: Sequence[Factor], *, unnamed: bool) -> list[Line]:
    """The lines from sums to cells that some rounding and the ends of some type make exact at a sample.

    ``unnamed``: also any factor and offset, where no convention gives one.
    """
    found = [line for line in _lines(sample, mix, factors, unnamed=unnamed) if finishes_of(sample, [line])]
    if not found and unnamed:
        found = [line for line in _fitted(sample) if finishes_of(sample, [line])]
    return found


def finishes_of(sample: Sample, lines: Sequence[Line]) -> list[Finish]:
    """What gives every cell of a sample with one of these lines, of fewest changes first."""
    found = [finish for factor, offset in lines for finish in _typed(sample, factor, offset)]
    return sorted(found, key=lambda finish: finish.cost)


def _lines(sample: Sample, mix: Mix, factors: Sequence[Factor], *, unnamed: bool) -> Iterator[tuple[Factor, Offset]]:
    """The factors that leave the same rest everywhere, with the offsets that it may be."""
    loose = 2.0 if sample.is_whole else 2.001 * sample.slack
    for factor in factors:
        scaled = factor.of(sample.sums)
        bases = {"kept": mix.bias}
        if mix.bias.any():
            bases |= {"missing": mix.bias * 0}
            if factor.words:
                bases["scaled"] = factor.of(mix.bias)
        for name, base in bases.items():
            rest = (sample.cells - scaled - base)[sample.free]
            if not rest.size:
                yield from _untold(factor, name, base)
                continue
            low, high = float(rest.min()), float(rest.max())
            if high - low <= loose:
                yield from ((factor, offset) for offset in _offsets(name, base, low, high, sample, unnamed=unnamed))
            elif sample.is_whole and not factor.words:
                yield factor, _offset(name, base)  # it may have wrapped round, or lost its sign


def _untold(factor: Factor, name: str, base: Array) -> Iterator[tuple[Factor, Offset]]:
    if not factor.words:
        yield factor, _offset(name, base)


def _offset(name: str, base: Array, more: float = 0.0, words: str = "", cost: int = 0) -> Offset:
    if name == "missing":
        return Offset(f"the bias is missing{words and f', {words}'}", base + more, 1 + cost, ("--bias 0",) * (not cost))
    if name == "scaled":
        words = words or "the bias is scaled too"
    return Offset(words, base + more, cost)


_NAMED_OFFSETS = (0.5, -0.5, 1.0, -1.0, 127.0, 127.5, 128.0, -128.0, 255.0, 32768.0, 32767.5, 0.25)


def _offsets(name: str, base: Array, low: float, high: float, sample: Sample, *, unnamed: bool) -> Iterator[Offset]:
    """The offsets that a rest from ``low`` to ``high`` may be, once rounding has moved it by less than 1."""
    slack = 1.0 if sample.is_whole else sample.slack
    least, most = high - slack, low + slack
    if least <= 0 <= most:
        yield _offset(name, base)
        return
    told = [each for each in _NAMED_OFFSETS if least <= each <= most and abs(each) > sample.slack]
    for each in told:
        yield _offset(name, base, each, f"{each:g} is added" if each > 0 else f"{-each:g} is subtracted", 1)
    if unnamed and not told:
        middle = float(np.rint((low + high) / 2)) if sample.is_whole else (low + high) / 2
        yield _offset(name, base, middle, f"{middle:.6g} is added", _UNNAMED)


def _fitted(sample: Sample) -> Iterator[tuple[Factor, Offset]]:
    """The line through sums and cells by least squares."""
    sums, cells = sample.sums[sample.free], sample.cells[sample.free]
    if sums.size < 3 or sums.max() == sums.min():
        return
    spread = sums - sums.mean()
    slope = float(spread @ (cells - cells.mean()) / (spread @ spread))
    rest = cells - slope * sums
    if float(rest.max() - rest.min()) > (1.0 if sample.is_whole else 4 * sample.slack) or not slope:
        return
    one = np.ones(sample.sums.shape[1])
    middle = float((rest.max() + rest.min()) / 2)
    factor = Factor(f"multiplied by {slope:.6g}, a factor that no convention has", one * slope, one)
    if abs(middle) <= (1.0 if sample.is_whole else sample.slack):
        yield factor, Offset("", one * 0, 0)
    else:
        yield factor, Offset(f"{middle:.6g} is added", one * middle, _UNNAMED)


def _typed(sample: Sample, factor: Factor, offset: Offset) -> list[Finish]:
    """The roundings and ends of types that give every cell: without either, with one of them, with both."""
    roundings = [*ROUNDINGS] if sample.is_whole else [""]
    values = factor.of(sample.sums) + offset.value
    if sample.is_whole and (values == np.rint(values)).all():
        roundings = [""]
    ranges = [each for each in RANGES if _bites(each, values, sample.cells)]
    found = []
    for span, rounding in product(ranges, roundings):
        finish = Finish(factor, offset, rounding, span)
        if finish.agrees(sample.sums, sample.cells, sample.slack, sample.tie).all():
            found.append(finish)
    found = [each for each in found if each.rounding != EITHER] or found
    least = min((each.parts for each in found), default=0)
    return [each for each in found if each.parts == least]


def _bites(span: Range, values: Array, cells: Array) -> bool:
    """Whether the ends of a type change anything, and the cells are within them."""
    if not span.words:
        return True
    if span.words == MAGNITUDE:
        return bool(cells.size and cells.min() >= 0 > values.min(initial=0))
    beyond = values.min(initial=0) < span.low or values.max(initial=0) > span.high
    return bool(beyond and cells.size and cells.min() >= span.low and cells.max() <= span.high)
