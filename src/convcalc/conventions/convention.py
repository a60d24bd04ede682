"""One function of another program: everything that its numbers depend on, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from convcalc.conventions.words import (
    Border,
    Centre,
    Channels,
    Divisor,
    Output,
    Overflow,
    Rounding,
    Size,
    Turn,
    Weights,
    ZeroSum,
)

FLOATS = ("float64", "float32", "float16")
WHOLE = ("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64")
ANY = (*WHOLE, *FLOATS)
"""NumPy's types of numbers; those typed by hand are int64 or float64, as in its arrays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How a function computes by default, as measured; another convention is this one with a field replaced."""

    name: str
    """As it is called in a program, such as ``scipy.ndimage.convolve``."""
    measured: str
    """The program and the version whose numbers this states."""
    aliases: tuple[str, ...] = ()
    """Other names of the same function, or of functions that compute alike."""

    turn: Turn = Turn.NONE
    centre: Centre = Centre.UPPER
    size: Size = Size.SAME
    same: Size = Size.SAME
    """What it means by ``same``."""
    border: Border = Border.ZEROS
    margin_offset: bool = False
    """Whether the offset is added to the cells that are kept too."""

    weights: Weights = Weights.AS_GIVEN
    divisor: Divisor = Divisor.NONE
    zero_sum: ZeroSum = ZeroSum.AS_IS
    sums: str = "own"
    """The type that it adds in: float32, float64, or its input's ``own``."""
    single: bool = False
    """Whether divisor and offset are applied in float32 to sums of whole numbers."""
    quantum: int = 1
    """Levels of its own between two of the input's; the results are cut to whole ones at the end."""

    rounding: Rounding = Rounding.TRUNCATE
    """Of whole numbers as the output."""
    overflow: Overflow = Overflow.WRAP
    output: Output = Output.INPUT

    types: tuple[str, ...] = ANY
    """Of the input's numbers; where these are typed by hand, the first that holds them."""
    takes: frozenset[str] = frozenset()
    """Of stride, dilation, groups, bias, padding and boundary those that it has; others are refused."""
    kernel_sizes: tuple[int, ...] = ()
    """The only numbers of taps on an axis; none: any."""
    odd_only: bool = False
    finite_only: bool = False
    """Whether it does something of its own with nan, which is not computed here."""
    ranks: tuple[int, ...] = ()
    """The only numbers of spatial axes; none: any."""
    channels: Channels = Channels.APART
    layout: str = ""
    """The order of the axes of its input and weight, where it is a network's layer."""
    paddings: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Its words for paddings, and ours."""
    borders: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Its words for borders, and ours."""
    only_borders: frozenset[str] = frozenset()
    """Of our words for borders the only ones that it has; none: all."""
    same_needs: str = ""
    """What its padding ``same`` refuses: ``stride`` or ``dilation`` other than 1; or ``loses dilation``."""
    notes: tuple[str, ...] = ()
    """What else is known of it."""

    @property
    def is_whole(self) -> bool:
        """Whether whole numbers can come out of it."""
        return self.output in (Output.INPUT, Output.COMMON, Output.SUMS)
