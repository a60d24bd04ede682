"""Convolution of arrays in one call, for those who have the numbers already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

from convcalc.arrays import Array, as_array, count_not_finite, owned
from convcalc.build import build_problem
from convcalc.engine.compute import compute
from convcalc.engine.plan import make_plan
from convcalc.errors import FormatError, Place
from convcalc.geometry.boundary import Boundary, Number
from convcalc.problem import Problem
from convcalc.tracing.trace import Trace, trace_at

if TYPE_CHECKING:
    from convcalc.kernels.kernel import Kernel


def conv(
    input: Any,  # noqa: A002 - the field's word for it, and PyTorch's
    weight: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] | Sequence[Sequence[int]] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    boundary: str | Number | Boundary = "zeros",
    flip: bool = False,
    engine: str = "auto",
    precision: str = "full",
    threads: int | None = None,
) -> Array:
    """The output of a convolution: (batch, out_channels, *spatial), or without batch if the input has none.

    ``input``: ([batch,] in_channels, *spatial). ``weight``: (out_channels, in_channels / groups, *kernel_size).
    Whole numbers give exact whole numbers, however large; float32 gives float32, other floats float64. The
    arguments have the meaning and the defaults of PyTorch's ``conv1d`` to ``conv3d``; ``padding`` also takes a
    (before, after) pair for each axis and the words ``valid``, ``same``, ``same-lower`` and ``full``, and
    ``flip`` turns the kernel by 180° (mathematical convolution).

    ``engine``: the name of one, or ``auto``, which takes the fastest that keeps the digits of the dtype; with
    ``precision="fast"`` it may lose one of them. ``threads``: at most so many; None stands for all cores that this
    process may use. The output does not depend on their number.

    Raises:
        ConvcalcError: the arguments do not fit together; the message says what is needed.
    """
    problem, has_batch = _problem(input, weight, bias, stride, padding, dilation, groups, boundary, flip)
    plan = make_plan(problem, engine, precision=precision, threads=threads)
    result = compute(problem, plan)
    output = owned(result.output)
    if not result.is_finite and _overflowed(problem, output):
        warn("the output is too large for its floats: it holds inf or nan", RuntimeWarning, stacklevel=2)
    return output if has_batch else output[0]


def trace(
    input: Any,  # noqa: A002 - as in conv
    weight: Any,
    bias: Any = None,
    *,
    position: int | Sequence[int],
    channel: int = 0,
    batch: int = 0,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] | Sequence[Sequence[int]] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    boundary: str | Number | Boundary = "zeros",
    flip: bool = False,
) -> Trace:
    """Why one cell of :func:`conv`'s output is what it is.

    ``position``: the output cell, one index for each spatial axis; ``channel``: the output channel.

    Raises:
        ConvcalcError: the arguments do not fit together, or there is no such cell.
    """
    problem, _ = _problem(input, weight, bias, stride, padding, dilation, groups, boundary, flip)
    return trace_at(problem, position, channel, batch)


def load(path: str | Path) -> Problem:
    """The problem that a file describes, checked and ready for :func:`convcalc.compute`.

    Raises:
        ConvcalcError: the file cannot be read or does not describe a problem; the error has its line and column.
    """
    from convcalc.formats.request import read_request
    from convcalc.formats.resolve import resolve

    request = read_request(str(path))
    if request.is_network:
        raise FormatError(
            "these are the layers of a network, not one problem",
            hint="convcalc.formats.network.read_network reads them",
            place=Place(request.source),
        )
    return resolve(request)


def kernel(name: str) -> Kernel:
    """The named kernel, such as ``sobel-x``, ``gaussian:5,1.2``, ``sobel-x@opencv`` or ``sobel-x+rotate:45``.

    Raises:
        UnknownNameError: there is no kernel, namesake or transformation of that name.
        FieldError: an argument is not what it must be.
    """
    from convcalc.formats.library import Library

    return Library.standard().find(name)


def _overflowed(problem: Problem, output: Array) -> bool:
    """Whether inf or nan in the output come from sums that were too large, not from the input or the kernel."""
    given = count_not_finite(problem.input) or count_not_finite(problem.weight)
    return bool(count_not_finite(output)) and not given


def _problem(
    cells: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    boundary: Any,
    flip: bool,
) -> tuple[Problem, bool]:
    """The problem, and whether the input came with a batch axis."""
    array, weights = as_array(cells), as_array(weight)
    has_batch = array.ndim != weights.ndim - 1
    problem = build_problem(
        array if has_batch else array[None],
        weights,
        bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        boundary=boundary,
        flip=flip,
    )
    return problem, has_batch
