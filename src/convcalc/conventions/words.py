"""The words of a convention: each stands for one rule that programs differ in."""

from __future__ import annotations

from enum import StrEnum


class Turn(StrEnum):
    """What is done to the kernel before it is laid on the input."""

    NONE = "none"
    """Cross-correlation: nothing."""
    BOTH = "turned"
    """Convolution: turned by 180°."""
    ROWS = "rows"
    """Its rows stand upside down, its columns do not."""


class Centre(StrEnum):
    """The tap of the kernel as applied (turned already) that lies on the cell of the output, of k taps."""

    LOWER = "lower"
    """(k − 1) // 2: of an even size the window reaches one further to the end."""
    UPPER = "upper"
    """k // 2: of an even size the window reaches one further to the start."""
    FIRST = "first"
    """0: the window begins at the cell."""
    LAST = "last"
    """k − 1: the window ends at the cell, a causal filter."""


class Size(StrEnum):
    """How many output cells there are, of n input cells and k taps."""

    SAME = "same"
    """n."""
    FULL = "full"
    """n + k − 1."""
    VALID = "valid"
    """n − k + 1."""
    LONGER = "longer"
    """max(n, k): the longer of the two takes the place of the input."""


class Border(StrEnum):
    """The values outside the input, or what stands in cells whose window reaches outside."""

    ZEROS = "zeros"
    REFLECT = "reflect"
    SYMMETRIC = "symmetric"
    REPLICATE = "replicate"
    CIRCULAR = "circular"
    REFLECT_SYMMETRIC = "reflect-symmetric"
    """Reflect before the first cell, symmetric behind the last."""
    KEPT = "kept"
    """Such cells of the output are those of the input."""
    BLANK = "blank"
    """Such cells of the output are 0."""
    MISSING = "missing"
    """Such cells of the output are nan."""

    @property
    def is_margin(self) -> bool:
        """Whether cells of the output whose windows reach outside are written afterwards."""
        return self in (Border.KEPT, Border.BLANK, Border.MISSING)


class Divisor(StrEnum):
    """What the sums are divided by unless the user says."""

    NONE = "none"
    SUM = "sum"
    """The signed sum of the weights."""
    ABSOLUTE = "absolute"
    """The sum of their magnitudes."""
    LOUDNESS = "loudness"
    """Times 10^(−58/20) × √(n / Σ k²), n taps: Web Audio's."""


class ZeroSum(StrEnum):
    """What happens where the divisor is 0."""

    AS_IS = "as-is"
    """It counts as 1."""
    BLACK = "black"
    """Every cell is 0."""
    REFUSED = "refused"
    """It is an error."""


class Weights(StrEnum):
    """What is done to the weights before they are applied."""

    AS_GIVEN = "as-given"
    TRUNCATED = "truncated"
    """Cut to whole numbers, towards zero."""
    ROUNDED = "rounded"
    """Rounded to whole numbers, halves away from zero."""
    INPUT_TYPE = "input-type"
    """Converted to the type of the input, as C does."""
    FIXED = "fixed"
    """Of whole numbers: each axis' weights in 256ths, rounded from the ends inwards, the error carried to the next."""
    BOX = "box"
    """All the same: the function takes a size, no weights."""


class Rounding(StrEnum):
    """How a sum becomes a whole number."""

    TRUNCATE = "truncate"
    """Towards zero."""
    FLOOR = "floor"
    HALF_UP = "half-up"
    """⌊v + 1/2⌋."""
    HALF_EVEN = "half-even"
    HALF_AWAY = "half-away"
    """To the nearest, halves away from zero."""
    TRUNCATED_HALF = "truncated-half"
    """v + 1/2, cut towards zero."""
    WHOLE_HALF = "whole-half"
    """(Σ + ⌊d/2⌋) / d, cut towards zero; the offset is added afterwards."""
    BOX_8_BIT = "box-8-bit"
    """OpenCV's of a box of A cells on 8 bits: A a power of two up to 256: ⌊(Σ + A/2 + 1) / A⌋ modulo 256; another A up
    to 256: ⌊Σ/A + 1/2⌋; otherwise halves to even."""


class Overflow(StrEnum):
    """What a number beyond the type of the output becomes."""

    SATURATE = "saturate"
    """The end of the type."""
    WRAP = "wrap"
    """The number modulo 2^bits."""


class Output(StrEnum):
    """The type of the output's numbers."""

    INPUT = "input"
    """That of the input."""
    COMMON = "common"
    """The one that holds those of input and kernel, as NumPy promotes them."""
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    SUMS = "sums"
    """int32 or int64 of whole numbers of fewer bits, otherwise that of the input."""
    REAL = "real"
    """float32 of a float32 input, otherwise float64."""


class Channels(StrEnum):
    """What several channels of the input are."""

    APART = "apart"
    """Each is filtered by itself, as the colours of an image."""
    SUMMED = "summed"
    """A filter sums over them, as in a network."""
