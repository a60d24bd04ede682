"""Conventions in words: what a function does, and what it changes of a problem."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.conventions.applied import Applied
from convcalc.conventions.convention import ANY, Convention
from convcalc.conventions.element_type import range_of
from convcalc.conventions.finish import Finish
from convcalc.conventions.placement import centre_tap
from convcalc.conventions.words import (
    Border,
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
from convcalc.numerals import Number, exact_text

TURNS = {
    Turn.NONE: "the kernel is not turned (cross-correlation)",
    Turn.BOTH: "the kernel is turned by 180 degrees (convolution)",
    Turn.ROWS: "the rows of the kernel are turned upside down, its columns are not",
}
_SIZES = {
    Size.SAME: "as large as the input",
    Size.FULL: "n + k − 1 cells, every window that touches the input",
    Size.VALID: "n − k + 1 cells, no window reaches outside",
    Size.LONGER: "as large as the longer of input and kernel",
}
_BORDERS = {
    Border.ZEROS: "zeros (0 0 | a b c d | 0 0)",
    Border.REFLECT: "reflect (c b | a b c d | c b)",
    Border.SYMMETRIC: "symmetric (b a | a b c d | d c)",
    Border.REPLICATE: "replicate (a a | a b c d | d d)",
    Border.CIRCULAR: "circular (c d | a b c d | a b)",
    Border.REFLECT_SYMMETRIC: "reflect before, symmetric behind (c b | a b c d | d c)",
    Border.KEPT: "cells whose window reaches outside are those of the input",
    Border.BLANK: "cells whose window reaches outside are 0",
    Border.MISSING: "cells whose window reaches outside are nan",
}
_WEIGHTS = {
    Weights.TRUNCATED: "weights cut to whole numbers",
    Weights.ROUNDED: "weights rounded to whole numbers",
    Weights.INPUT_TYPE: "weights converted to the type of the input",
    Weights.FIXED: "on whole numbers each axis' weights in 256ths",
    Weights.BOX: "all weights the same",
}
_DIVISORS = {
    Divisor.SUM: "divided by the sum of the weights",
    Divisor.ABSOLUTE: "divided by the sum of the weights' magnitudes",
    Divisor.LOUDNESS: "times 10^(-58/20) × √(taps / sum of the weights' squares)",
}
_ZERO_SUMS = {
    ZeroSum.AS_IS: "a sum of 0 counts as 1",
    ZeroSum.BLACK: "a sum of 0 gives 0 everywhere",
    ZeroSum.REFUSED: "a sum of 0 is an error",
}
_ROUNDINGS = {
    Rounding.TRUNCATE: "cut towards zero",
    Rounding.FLOOR: "rounded down",
    Rounding.HALF_UP: "rounded half up",
    Rounding.HALF_EVEN: "rounded half to even",
    Rounding.HALF_AWAY: "rounded half away from zero",
    Rounding.TRUNCATED_HALF: "rounded half up (+ 1/2, cut towards zero)",
    Rounding.WHOLE_HALF: "rounded (+ ⌊d/2⌋, over d, cut towards zero)",
    Rounding.BOX_8_BIT: "rounded as OpenCV's box on 8 bits, ⌊(Σ + A/2 + 1) / A⌋ modulo 256 for A cells, a power of 2",
}
_OVERFLOWS = {Overflow.SATURATE: "saturated to", Overflow.WRAP: "wrapped in"}
_OUTPUTS = {
    Output.INPUT: "of the input's type",
    Output.COMMON: "of the type that holds those of input and kernel",
    Output.SUMS: "int32 of narrower whole numbers, otherwise of the input's type",
    Output.REAL: "float32 of float32, otherwise float64",
}


def record_sentences(convention: Convention) -> Iterator[tuple[str, str]]:
    """What a function does by default: a name of each rule, and the rule."""
    yield "kernel", _then(TURNS[convention.turn], _WEIGHTS.get(convention.weights))
    yield "centre", f"of an even size tap {_even_tap(convention)}, counted from 0 in the kernel as applied"
    same = f"; same: {_SIZES[convention.same]}" if convention.paddings and convention.size is not Size.SAME else ""
    yield "output", _SIZES[convention.size] + same
    yield "border", _BORDERS[convention.border]
    if convention.divisor is not Divisor.NONE:
        yield "sums", f"{_DIVISORS[convention.divisor]}; {_ZERO_SUMS[convention.zero_sum]}"
    kind = _OUTPUTS.get(convention.output, convention.output.value)
    yield (
        "numbers",
        f"{kind}; {_ROUNDINGS[convention.rounding]}, {convention.overflow}" if _rounds(convention) else kind,
    )
    if convention.types != ANY:
        yield "types", ", ".join(convention.types)
    yield "channels", "each apart" if convention.channels is Channels.APART else "a filter sums over them"
    if convention.layout:
        yield "axes", convention.layout
    yield "settings", ", ".join(sorted(convention.takes)) or "none"
    for name, words in (("paddings", convention.paddings), ("borders", convention.borders)):
        if words:
            yield name, ", ".join(f"{theirs} = {own}" for theirs, own in words.items())
    if convention.odd_only:
        yield "sizes", "odd kernels only"
    if convention.kernel_sizes:
        yield "sizes", "kernels of " + " or ".join(f"{each}x{each}" for each in convention.kernel_sizes)
    for text in convention.notes:
        yield "note", text


def _rounds(convention: Convention) -> bool:
    whole = any(not name.startswith("float") for name in convention.types)
    return convention.output in (Output.INPUT, Output.COMMON, Output.SUMS) and whole


def _then(first: str, second: str | None) -> str:
    return f"{first}; {second}" if second else first


def _even_tap(convention: Convention) -> str:
    return f"{centre_tap(convention.centre, 2)} of 2 and {centre_tap(convention.centre, 4)} of 4"


def change_sentence(applied: Applied) -> str:
    """What a function changes of a problem against its plain meaning, in one sentence."""
    convention = applied.convention
    parts = [*_placing(applied), *_numbers(applied)]
    return f"as {convention.name} ({convention.measured}): {', '.join(parts) or 'nothing changes'}"


def _placing(applied: Applied) -> Iterator[str]:
    convention, size = applied.convention, applied.size
    if applied.problem.flip:
        yield "kernel turned"
    if convention.turn is Turn.ROWS:
        yield "rows of the kernel upside down"
    if convention.weights in _WEIGHTS and convention.weights is not Weights.FIXED:
        yield _WEIGHTS[convention.weights]
    if size is not None and size is not Size.VALID:
        yield f"size {size}"
        yield from _centre(applied, size)
        yield (
            _BORDERS[applied.border]
            if isinstance(applied.border, Border) and applied.border.is_margin
            else (f"border {applied.border}")
        )


def _centre(applied: Applied, size: Size) -> Iterator[str]:
    taps = next((each for each in applied.problem.kernel_size if each % 2 == 0), None)
    if taps is not None and size is not Size.FULL:
        yield f"centre at tap {centre_tap(applied.convention.centre, taps)} of {taps} counted from 0"


def _numbers(applied: Applied) -> Iterator[str]:
    convention, finish = applied.convention, applied.finish
    if convention.divisor is not Divisor.NONE and any(each != 1 for each in applied.factors):
        yield _DIVISORS[convention.divisor]
    if not finish.is_whole:
        yield f"{finish.type}, whose last bits are not promised"
        return
    if finish.is_scaled or applied.problem.weight.dtype.kind == "f":
        yield _ROUNDINGS[finish.rounding]
    yield f"{_OVERFLOWS[finish.overflow]} {finish.type}"


def finish_formula(finish: Finish, total: Number, channel: int) -> str:
    """What is stored of a sum, with its numbers: ``13 × 1/9, rounded half up, saturated to uint8 (0 to 255)``."""
    factor, offset = finish.factor[channel], finish.offset[channel]
    text = exact_text(total)
    if factor != 1:
        text += f" × {exact_text(factor)}"
    if offset:
        text += f" + {exact_text(offset)}"
    if not finish.is_whole:
        return f"{text} as {finish.type}"
    low, high = range_of(finish.type)
    if factor != 1 or isinstance(total, float):
        text += f", {_ROUNDINGS[finish.rounding]}"
    return f"{text}, {_OVERFLOWS[finish.overflow]} {finish.type} ({low} to {high})"
