"""Convolution of arrays in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from fractions import Fraction
from os import PathLike
from typing import TYPE_CHECKING, Any
from warnings import warn

from convcalc.arrays import Array, as_array, count_not_finite, owned, read_only
from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.engine.compute import compute
from convcalc.engine.plan import make_plan
from convcalc.errors import FieldError
from convcalc.geometry.arguments import brief, flag, text, whole
from convcalc.geometry.boundary import Boundary
from convcalc.kernels.kernel import Kernel
from convcalc.layers.network import Network
from convcalc.limits import Limits
from convcalc.numerals import Number, is_finite
from convcalc.problem import Problem
from convcalc.tracing.trace import Trace, trace_at
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.layers.costs import Tally
    from convcalc.layers.explainer import ExplainedCell
    from convcalc.layers.run import NetworkRun
    from convcalc.layers.uses import Uses

_BARE_AXES = (1, 2)
"""Axes of an array that can only be a kernel by itself: with channels there are three at least."""


def conv(
    input: Any,  # noqa: A002 - the name in files, and in PyTorch
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
    r"""The output of a convolution: (batch, out_channels, *spatial), or without batch if the input has none.

    ``input``: ([batch,] in_channels, *spatial). ``weight``: (out_channels, in_channels / groups, *kernel_size); or a
    kernel by itself: its name as for :func:`kernel`, a :class:`Kernel`, or an array of one or two axes. Such a kernel
    takes (\\*spatial) too and gives that; of several channels it spans all, or with as many ``groups`` each apart.
    Whole numbers give exact whole numbers, however large; float32 gives float32, other floats float64. The
    arguments have the meaning and the defaults of PyTorch's ``conv1d`` to ``conv3d``; ``padding`` also takes a
    (before, after) pair for each axis and the words ``valid``, ``same``, ``same-lower`` and ``full``, and
    ``flip`` rotates the kernel by 180° (mathematical convolution).

    ``engine``: the name of one, or ``auto``, the fastest that keeps the digits of the dtype; with
    ``precision="fast"`` it may lose one of them. ``threads``: the most to use; None: all cores that this process may
    use. The output does not depend on their number.

    Raises:
        ConvcalcError: the arguments do not fit together; the message says what is needed.
    """
    problem, leading = arguments_problem(input, weight, bias, stride, padding, dilation, groups, boundary, flip)
    plan = make_plan(problem, engine, precision=precision, threads=threads)
    result = compute(problem, plan)
    output = owned(result.output)
    if not result.is_finite and _overflowed(problem, output):
        warn("the output is too large for its floats: it holds inf or nan", RuntimeWarning, stacklevel=2)
    for _ in range(leading):
        output = output[0]
    return output


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
    """The explanation of one cell of :func:`conv`'s output.

    ``position``: the output cell, one index for each spatial axis; ``channel``: the output channel.

    Raises:
        ConvcalcError: the arguments do not fit together, or there is no such cell.
    """
    problem, _ = arguments_problem(input, weight, bias, stride, padding, dilation, groups, boundary, flip)
    return trace_at(problem, position, channel, batch)


class LoadedNetwork(Network):
    """A network from a file, with methods to compute and explain it."""

    __slots__ = ()

    def run(
        self,
        layer: str | None = None,
        *,
        keep: bool = False,
        engine: str = "auto",
        precision: str = "full",
        threads: int | None = None,
    ) -> NetworkRun:
        """The network computed, up to a layer instead of the last; ``keep``: with the output of every layer.

        ``engine``, ``precision`` and ``threads`` as of :func:`convcalc.conv`.

        Raises:
            ConvcalcError: there is no such layer, no numbers, or a layer cannot be computed.
        """
        from convcalc.layers.run import run_network

        context = Context(self.dtype, engine, precision, threads, Limits.from_environment())
        network = self.as_problem(context)
        return run_network(network, network.input(), self._number(layer), context, keep=flag("keep", keep))

    def trace(
        self,
        position: int | Sequence[int],
        layer: str | None = None,
        *,
        channel: int = 0,
        batch: int = 0,
        depth: int = 1,
    ) -> ExplainedCell:
        """The explanation of one cell of a layer's output; ``position``: one index for each axis besides the channels.

        ``depth``: the number of layers that are explained, towards the input.

        Raises:
            ConvcalcError: there is no such layer or cell, or a layer cannot be computed.
        """
        from convcalc.layers.explainer import Explainer, Place
        from convcalc.tracing.places import check_cell

        number, context = self._number(layer), Context(self.dtype, own_limits=Limits.from_environment())
        network = self.as_problem(context)
        cells = network.input()
        cell = check_cell("output", (len(cells), *self.shape_of(number)), position, channel, batch)
        explainer = Explainer(network, cells, number, context, depth, sample=batch)
        return next(explainer.explained([Place(batch, cell)]))

    def uses(
        self, position: int | Sequence[int], layer: str | None = None, *, channel: int = 0, batch: int = 0
    ) -> Uses:
        """The uses of a cell of the input in a layer, or in the last, and in those on the way.

        Raises:
            ConvcalcError: there is no such layer or cell, or a layer cannot be computed.
        """
        from convcalc.layers.uses import uses_of_network
        from convcalc.tracing.places import check_cell

        number, context = self._number(layer), Context(self.dtype, own_limits=Limits.from_environment())
        network = self.as_problem(context)
        cells = network.input()
        cell = check_cell("input", cells.shape, position, channel, batch)
        return uses_of_network(network, cells, cell, number, context, batch)

    def summary(self, batch: int = 1) -> tuple[Tally, ...]:
        """Parameters, MACs and receptive field of every layer, for batches of ``batch`` samples.

        Raises:
            FieldError: ``batch`` is not a whole number of at least 1.
        """
        from convcalc.layers.costs import Convention, tallies

        return tuple(tallies(self, Convention(whole("batch", batch, 1))))

    def _number(self, layer: str | None) -> int:
        return len(self.stages) - 1 if layer is None else self.number(text("layer", layer))


def load(path: str | PathLike[str]) -> LoadedNetwork:
    """The network that a file describes: one convolution, layers, or a model; checked, its shapes known.

    Raises:
        ConvcalcError: the file cannot be read or does not describe a network; the error has its line and column.
    """
    if not isinstance(path, str | PathLike):
        raise FieldError(f"path must be a text or a path, got {brief(path)}", field="path")
    from convcalc.request.request import read_request
    from convcalc.request.resolve import resolve

    context = Context(own_limits=Limits.from_environment())
    found = resolve(read_request(str(path), context), context)
    return LoadedNetwork(**{each.name: getattr(found, each.name) for each in fields(found)})


def kernel(name: str) -> Kernel:
    """The named kernel, such as ``sobel-x``, ``gaussian:5,1.2``, ``sobel-x@opencv`` or ``sobel-x+rotate:45``.

    Raises:
        UnknownNameError: there is no kernel, namesake or transformation of that name.
        FieldError: an argument is not what it must be.
    """
    from convcalc.request.kernel_library import Library

    return Library.standard().find(name)


def _overflowed(problem: Problem, output: Array) -> bool:
    """Whether inf or nan in the output come from sums that overflowed, not from the inputs."""
    lone = all(map(is_finite, (*problem.bias, problem.boundary.value)))
    given = not lone or count_not_finite(problem.input) or count_not_finite(problem.weight)
    return bool(count_not_finite(output)) and not given


def arguments_problem(
    cells: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    boundary: Any,
    flip: bool,
) -> tuple[Problem, int]:
    """The problem, and how many axes before the spatial ones the input does not have: batch, and channels."""
    array = as_array(cells)
    dtype = "auto"
    if isinstance(weight, str | Kernel) or as_array(weight).ndim in _BARE_AXES:
        weights, scale, rank = _bare_kernel(weight, array, groups)
        if isinstance(weight, str) and array.dtype in ("float32", "float16"):
            dtype = "float32"  # weights that a formula made do not widen it
        leading = max(0, rank + 2 - array.ndim)
    else:
        weights, scale = as_array(weight), None
        leading = int(array.ndim == weights.ndim - 1)
    problem = build_problem(
        array[(None,) * leading],
        weights,
        bias,
        scale=scale,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        boundary=boundary,
        flip=flip,
        dtype=dtype,
    )
    return problem, leading


def _bare_kernel(weight: Any, array: Array, groups: Any) -> tuple[Array, list[Fraction], int]:
    """The weight of a kernel without channels, its scales, and its spatial axes.

    Raises:
        ConvcalcError: there is no such kernel, or the input has too few or too many axes for it.
    """
    from convcalc.request.filters import filters

    found = kernel(weight) if isinstance(weight, str) else weight
    if not isinstance(found, Kernel):
        found = Kernel("", read_only(as_array(found)))
    rank = found.rank or (min(array.ndim, 2) if found.builder else found.weights.ndim)
    if not rank <= array.ndim <= rank + 2:
        raise FieldError(
            f"a kernel of {counted(rank, 'axis', 'axes')} needs an input of {rank} to {rank + 2}, got {array.ndim}",
            hint="[batch,] [channels,] and the spatial axes",
            field="input",
        )
    channels = array.shape[-rank - 1] if array.ndim > rank else 1
    is_apart = channels > 1 and groups == channels
    weights, kernels = filters([found], rank, channels, whole("groups", groups, 1), depthwise=is_apart)
    return weights, [each.scale for each in kernels], rank
