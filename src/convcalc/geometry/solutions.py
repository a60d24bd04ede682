"""Kernel sizes, strides, paddings and dilations that turn one size into another, by trying small values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from convcalc.errors import GeometryError
from convcalc.geometry.arguments import PaddingWord, Pair, word_padding
from convcalc.geometry.axis import Axis, reach_of, uncovered
from convcalc.geometry.transposed import TransposedAxis

MOST_TAPS, MOST_STRIDE, MOST_DILATION, MOST_PADDING = 11, 11, 4, 40
"""The values tried where none is given: AlexNet's 11 taps is the largest kernel of a well-known network, and 40 cells
is one less than the reach of 11 taps of dilation 4. A stride of the ratio of the sizes, a kernel as wide as the stride
(patches), one over the whole axis and padding ``same`` are tried at any size. With a single output cell the stride has
no meaning and is 1."""
_MOST_DILATED = 1000  # taps; the reach of larger dilated kernels takes too long to compute

Solution = Axis | TransposedAxis
Numbers = tuple[int, int, int, int, int]
"""Kernel size, stride, dilation, and the padding before and after."""


class Given(NamedTuple):
    """The values fixed on an axis; None is free."""

    kernel_size: int | None = None
    stride: int | None = None
    padding: Pair | PaddingWord | None = None
    dilation: int | None = None
    output_padding: int | None = None


class Question(NamedTuple):
    """The input size and the wanted output size of one axis."""

    size: int
    """Input cells."""
    wanted: int
    """Output cells."""
    given: Given = Given()
    is_transposed: bool = False


def solutions(question: Question) -> list[Solution]:
    """Every solution of small values, the simplest first, see :func:`simplicity`.

    Asymmetric padding, with one cell more after, is tried only where no symmetric padding gives a solution.

    >>> first, second, *_ = solutions(Question(224, 112))
    >>> (first.kernel_size, first.stride, first.before), (second.kernel_size, second.stride, second.before)
    ((2, 2, 0), (3, 2, 1))
    """
    found: list[Solution] = []
    for shape in _shapes(question):
        hits = [axis for axis in _tried(question, *shape) if axis.output_size == question.wanted]
        found += [axis for axis in hits if axis.before == axis.after] or hits
    return sorted(found, key=simplicity)


def nearest(question: Question) -> list[Solution]:
    """The simplest solutions for the nearest smaller and the nearest larger output size that is possible.

    >>> [axis.output_size for axis in nearest(Question(224, 300))]
    [265]
    """
    tried = [axis for shape in _shapes(question) for axis in _tried(question, *shape)]
    smaller = max((axis.output_size for axis in tried if axis.output_size < question.wanted), default=None)
    larger = min((axis.output_size for axis in tried if axis.output_size > question.wanted), default=None)
    return [
        min((axis for axis in tried if axis.output_size == size), key=simplicity)
        for size in (smaller, larger)
        if size is not None
    ]


def simplicity(axis: Solution) -> tuple[int, ...]:
    """The sort key of solutions, the simplest first.

    Dilation 1; no idle cell; symmetric padding and no output padding; padding of at most half the reach, as of
    ``same``; none where a kernel of an odd size, or as wide as the stride, does without; the smallest kernel, stride
    and padding.
    """
    extra = axis.output_padding if isinstance(axis, TransposedAxis) else axis.after - axis.before
    is_wide = axis.before > axis.reach // 2
    is_usual = axis.before == 0 and (axis.kernel_size % 2 == 1 or axis.kernel_size == axis.stride)
    rest = axis.kernel_size, axis.stride, axis.before
    return axis.dilation, idle_cells(axis) > 0, extra, is_wide, not is_usual, *rest


def idle_cells(axis: Solution) -> int:
    """Input cells that are never read, or of a transposed convolution output cells that are never written.

    >>> idle_cells(Axis(size=4, kernel_size=1, stride=2)), idle_cells(TransposedAxis(size=3, kernel_size=1, stride=2))
    (2, 2)
    """
    taps = (axis.kernel_size, axis.dilation, axis.stride)
    if isinstance(axis, TransposedAxis):  # read backwards it is the convolution from its output to its input
        return uncovered(axis.output_size, -axis.before, *taps, axis.size)
    return uncovered(axis.size, -axis.before, *taps, axis.output_size)


def _shapes(question: Question) -> Iterator[tuple[int, int, int]]:
    """Every kernel size, stride and dilation to try; the dilation of a single tap is 1."""
    given = question.given
    small, large = sorted((question.size, question.wanted))
    strides = {*range(1, MOST_STRIDE + 1), large // small, -(-large // small)} if small > 1 else {1}
    for stride in sorted(strides) if given.stride is None else [given.stride]:
        taps = {*range(1, MOST_TAPS + 1), stride, *([large] if small == 1 else ())}
        kernels = sorted(taps) if given.kernel_size is None else [given.kernel_size]
        dilations = range(1, MOST_DILATION + 1) if given.dilation is None else [given.dilation]
        yield from (
            (taps, stride, dilation)
            for taps, dilation in product(kernels, dilations)
            if dilation == 1 or given.dilation or 1 < taps <= _MOST_DILATED
        )


def _tried(question: Question, kernel_size: int, stride: int, dilation: int) -> Iterator[Solution]:
    """The axes of this kernel size, stride and dilation with every padding to try, where the kernel fits."""
    reach = reach_of(kernel_size, dilation)
    sizes = question.wanted if question.is_transposed else question.size
    pairs = _paddings(question.given.padding, sizes, reach, stride, lopsided=not question.is_transposed)
    axis = _transposed if question.is_transposed else _plain
    for before, after in pairs:
        with suppress(GeometryError):
            yield axis(question, (kernel_size, stride, dilation, before, after))


def _plain(question: Question, numbers: Numbers) -> Solution:
    return Axis(question.size, *numbers)


def _transposed(question: Question, numbers: Numbers) -> Solution:
    """The axis with the given output padding, or else with what its size lacks, as far as the stride allows."""
    given, (_, stride, *_) = question.given.output_padding, numbers
    most = stride - 1 if given is None else given
    widest = TransposedAxis(question.size, *numbers, output_padding=most)
    if given is not None:
        return widest
    lacking = question.wanted - (widest.output_size - most)
    return replace(widest, output_padding=min(max(lacking, 0), most))


def _paddings(
    given: Pair | PaddingWord | None, size: int, reach: int, stride: int, *, lopsided: bool
) -> Iterable[Pair]:
    """The given padding, or all that are tried: symmetric, and with ``lopsided`` one cell more after."""
    if isinstance(given, PaddingWord):
        return [word_padding(given, size, reach, stride)]
    if given is not None:
        return [given]
    half = (reach - 1) // 2
    cells = sorted({*range(min(reach, MOST_PADDING + 1)), half})
    return [(before, before + more) for before in cells for more in ((0, 1) if lopsided else (0,))]
