"""One sentence that says what is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.channels import Channels
from convcalc.geometry.arguments import PaddingWord, Pair
from convcalc.geometry.boundary import Boundary
from convcalc.problem import Problem
from convcalc.report.blocks import Block, say
from convcalc.report.text import cells_text, listed
from convcalc.wording import axis_names, counted, shape_text

_MOST_NAMES = 3  # kernels that the headline calls by their names


def headline(problem: Problem) -> str:
    """One sentence that says what is computed."""
    kind = "Convolution (kernel turned by 180°)" if problem.flip else "Cross-correlation (kernel not flipped)"
    batch = f"{counted(problem.batch, 'sample')} of " if problem.batch != 1 else ""
    channels = counted(problem.in_channels, "channel")
    cells, kernel = cells_text(problem.spatial_size), f"{kernel_text(problem)}, {problem_settings(problem)}"
    output = f"{counted(problem.out_channels, 'output channel')} of {cells_text(problem.output_size)}"
    return f"{kind} of {batch}{channels} of {cells} with {kernel}: {_channels(problem)} {output}."


def reading_blocks(channels: Channels) -> Iterator[Block]:
    """A sentence that says how the input's file was read, where there was something to choose."""
    if channels.reading:
        yield say(channels.reading)


def kernel_text(problem: Problem) -> str:
    """The kernel by its name, or the filters by their number."""
    size = shape_text(problem.kernel_size)
    names = list(dict.fromkeys(filter(None, problem.labels.kernels)))
    if 0 < len(names) <= _MOST_NAMES:
        return f"{listed(names)} ({size})"
    return f"a kernel of {size}" if problem.out_channels == 1 else f"{problem.out_channels:,} filters of {size}"


def problem_settings(problem: Problem) -> str:
    """Stride, padding and dilation in words."""
    axes = problem.axes
    return settings_text(axes.strides, axes.pads, problem.boundary, axes.dilations)


def settings_text(
    stride: Sequence[int], padding: Sequence[Pair | PaddingWord], boundary: Boundary | str, dilation: Sequence[int]
) -> str:
    """Stride, padding and dilation, each with an entry for every spatial axis, in words; defaults are omitted.

    ``boundary``: the values of the padding, or a word for its treatment.

    >>> settings_text([2, 2], [(1, 1), (1, 1)], Boundary(), [1, 1])
    'stride 2, padding 1 (zeros)'
    >>> settings_text([2, 1], [PaddingWord.SAME] * 2, Boundary(), [3, 3])
    'stride (2, 1), padding same (zeros), dilation 3'
    """
    parts = [f"stride {_each(stride)}", _padding(padding, boundary)]
    if any(each > 1 for each in dilation):
        parts.append(f"dilation {_each(dilation)}")
    return ", ".join(parts)


def _padding(padding: Sequence[Pair | PaddingWord], boundary: Boundary | str) -> str:
    first = padding[0]
    if all(each in ((0, 0), PaddingWord.VALID) for each in padding):
        return "no padding"
    if isinstance(first, PaddingWord):  # a word applies to all axes
        return f"padding {first} ({boundary})"
    if all(pair == (first[0],) * 2 for pair in padding):
        return f"padding {first[0]} ({boundary})"
    names = axis_names(len(padding))
    sides = [f"{name}s {before}+{after}" for name, (before, after) in zip(names, padding, strict=True)]
    return f"padding {', '.join(sides)} (before+after, {boundary})"


def _channels(problem: Problem) -> str:
    """Whether channels are summed or kept separate, in words."""
    if problem.in_channels == 1:
        return "gives"
    if problem.is_depthwise:
        return f"depthwise, each of the {problem.in_channels} channels apart, which gives"
    span = problem.in_channels // problem.groups
    if problem.groups > 1:
        of = f"{span} of {problem.in_channels} channels"
        return f"in {problem.groups} groups, each filter summing over {of}, which gives"
    return f"each filter spans all {problem.in_channels} channels and sums over them, which gives"


def _each(values: Sequence[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else f"({', '.join(map(str, values))})"
