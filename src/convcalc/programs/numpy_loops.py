"""Programs in NumPy's plainest words: the loops of the definition, with whole numbers and fractions kept exact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.programs.numpy_arrays import ArrayWriter
from convcalc.programs.program import Statement, inner_tuple
from convcalc.programs.subject import Numbers, Step
from convcalc.programs.writer import AXES

_INDICES = "ijklmnpqrs"
_CELLS = {1: "cells", 2: "rows and columns", 3: "planes, rows and columns"}
_PLACES = "places that the kernel fits in"


class NumpyWriter(ArrayWriter):
    """Loops over every output cell, in functions that a reader can follow line by line."""

    library: ClassVar[str] = "numpy"
    package: ClassVar[str] = "NumPy"
    keeps: ClassVar[tuple[Numbers, ...]] = tuple(Numbers)

    @property
    def is_exact(self) -> bool:
        """Whole numbers and fractions are, also if rounded once at the end; floats are added in another order."""
        return self.subject.numbers.is_exact

    def correlate(self, step: Step, layer: Convolution, x: str, kernels: str) -> str:
        """A call of the loops, which are defined once for all layers."""
        function = "correlate" if self.subject.is_single else f"correlate_{layer.rank}d"
        self._define(function, self._correlation(function, layer.rank))
        self.draft.add(f"{step.name} = {function}({', '.join([x, kernels, *self._arguments(layer)])})")
        return step.name

    def pooled(self, layer: Pool, x: str, reduction: str) -> str:
        """A call of the loops over windows of one channel."""
        function = f"pool_{layer.rank}d"
        self._define(function, _pooling(function, layer.rank))
        settings = (inner_tuple(each) for each in (layer.axes.kernel_sizes, layer.axes.strides, layer.axes.dilations))
        return f"{function}({x}, np.{reduction}, {', '.join(settings)})"

    def transposed(self, step: Step, layer: TransposedConvolution) -> None:
        """Each input cell stamps a kernel; overlapping stamps are added, and the margins cut off."""
        function = f"transposed_{layer.rank}d"
        self._define(function, _stamping(function, layer.rank))
        axes = layer.axes
        size = inner_tuple([max(axis.written_size, axis.before + axis.output_size) for axis in axes])
        settings = (inner_tuple([axis.stride for axis in axes]), inner_tuple([axis.dilation for axis in axes]))
        kernels = self.weights(step, "weight")
        arguments = ", ".join([step.inputs[0], kernels, size, *settings, str(layer.counts.groups)])
        kept = ", ".join([":", *(f"{axis.before}:{axis.before + axis.output_size}" for axis in axes)])
        self.draft.add(f"{step.name} = {function}({arguments})[{kept}]")
        self._finish(step, layer.rank)

    def _told(self) -> str:
        return "by the loops of the definition"

    def _define(self, name: str, lines: Iterable[tuple[str, str]]) -> None:
        """Add a function, once."""
        if any(each.text.startswith(f"def {name}(") for each in self.draft.functions):
            return
        self.draft.functions += [Statement("")] if self.draft.functions else []
        self.draft.functions += [Statement(text, said) for text, said in lines]

    def _layers(self) -> list[Convolution]:
        return [step.layer for step in self.subject.steps if isinstance(step.layer, Convolution)]

    def _arguments(self, layer: Convolution) -> list[str]:
        """The settings that some layer needs."""
        found = []
        if self._has_stride:
            found.append(f"stride={inner_tuple(layer.axes.strides)}")
        if self._has_dilation:
            found.append(f"dilation={inner_tuple(layer.axes.dilations)}")
        if self._has_groups:
            found.append(f"groups={layer.counts.groups}")
        return found

    @property
    def _has_stride(self) -> bool:
        return any(max(layer.axes.strides) > 1 for layer in self._layers())

    @property
    def _has_dilation(self) -> bool:
        return any(max(layer.axes.dilations) > 1 for layer in self._layers())

    @property
    def _has_groups(self) -> bool:
        return any(layer.counts.groups > 1 for layer in self._layers())

    def _correlation(self, function: str, rank: int) -> Iterable[tuple[str, str]]:
        """The lines of the definition, with the settings that some layer needs."""
        names, settings = axis_names(rank), ["stride"] * self._has_stride + ["dilation"] * self._has_dilation
        has_channels, grouped = not self.subject.is_plane, self._has_groups
        given = ["image" if not has_channels else "x", "kernel" if not has_channels else "kernels"]
        x, kernel = given
        yield f"def {function}({', '.join([*given, *settings, *['groups'] * grouped])}):", ""
        yield (
            f"    {_unpacked(['C'] * has_channels + names)} = {x}.shape",
            f"{'channels, ' * has_channels}{_CELLS.get(rank, 'cells on each axis')}",
        )
        taps = ["filters", "depth"] * has_channels + [f"k{name}" for name in names]
        yield f"    {_unpacked(taps)} = {kernel}.shape", "taps of the kernel"
        yield from _sizes(names, has_stride=self._has_stride, has_dilation=self._has_dilation)
        shape = ", ".join(["filters"] * has_channels + [f"out_{name}" for name in names])
        yield f"    output = np.zeros(({shape}{',' * (len(names) == 1 and not has_channels)}), dtype={x}.dtype)", ""
        margin = "    "
        if has_channels:
            yield f"{margin}for f in range(filters):", "each filter makes an output channel"
            margin += "    "
            if grouped:
                yield f"{margin}first = f // (filters // groups) * depth", "the first channel of its group"
        yield from _loops(names, margin)
        margin += "    " * rank
        parts = _window(names, has_stride=self._has_stride, has_dilation=self._has_dilation)
        channels = ["first : first + depth" if grouped else ":"] * has_channels
        yield f"{margin}window = {x}[{', '.join([*channels, *parts])}]", "the cells under the kernel"
        yield f"{margin}products = window * {kernel}{'[f]' * has_channels}", "cell by cell"
        place = ", ".join(["f"] * has_channels + list(_INDICES[:rank]))
        yield f"{margin}output[{place}] = np.sum(products)", ""
        yield "    return output", ""


def axis_names(rank: int) -> list[str]:
    """The names of the sizes."""
    return list(AXES.get(rank) or (f"S{number}" for number in range(rank)))


def _unpacked(names: list[str]) -> str:
    return f"{names[0]}," if len(names) == 1 else ", ".join(names)


def _loops(names: list[str], margin: str) -> Iterable[tuple[str, str]]:
    for number, (index, name) in enumerate(zip(_INDICES, names, strict=False)):
        yield f"{margin}{'    ' * number}for {index} in range(out_{name}):", ""


def _sizes(names: list[str], *, has_stride: bool, has_dilation: bool) -> Iterable[tuple[str, str]]:
    """The cells under a kernel, and those of the output."""
    for number, name in enumerate(names):
        reach = f"k{name}"
        if has_dilation:
            yield f"    reach_{name} = dilation[{number}] * (k{name} - 1) + 1", "from the first tap to the last"
            reach = f"reach_{name}"
        if has_stride:
            yield f"    out_{name} = ({name} - {reach}) // stride[{number}] + 1", _PLACES
        else:
            yield f"    out_{name} = {name} - {reach} + 1", _PLACES


def _window(names: list[str], *, has_stride: bool, has_dilation: bool) -> list[str]:
    """The slice of the window on each axis."""
    parts = []
    for number, (index, name) in enumerate(zip(_INDICES, names, strict=False)):
        start = f"{index} * stride[{number}]" if has_stride else index
        reach = f"reach_{name} : dilation[{number}]" if has_dilation else f"k{name}"
        parts.append(f"{start} : {start} + {reach}")
    return parts


def _pooling(function: str, rank: int) -> Iterable[tuple[str, str]]:
    names = axis_names(rank)
    yield f"def {function}(x, reduce, size, stride, dilation):", ""
    yield f"    {_unpacked(['C', *names])} = x.shape", ""
    yield f"    {_unpacked([f'k{name}' for name in names])} = size", ""
    yield from _sizes(names, has_stride=True, has_dilation=True)
    yield f"    output = np.zeros((C, {', '.join(f'out_{name}' for name in names)}), dtype=x.dtype)", ""
    yield "    for c in range(C):", "each channel by itself"
    yield from _loops(names, "        ")
    margin = "        " + "    " * rank
    yield f"{margin}window = x[{', '.join(['c', *_window(names, has_stride=True, has_dilation=True)])}]", ""
    yield f"{margin}output[{', '.join(['c', *_INDICES[:rank]])}] = reduce(window)", ""
    yield "    return output", ""


def _stamping(function: str, rank: int) -> Iterable[tuple[str, str]]:
    names = axis_names(rank)
    yield f"def {function}(x, kernels, size, stride, dilation, groups):", ""
    yield f"    {_unpacked(['C', *names])} = x.shape", ""
    yield f"    {_unpacked(['_', 'filters', *(f'k{name}' for name in names)])} = kernels.shape", "of a group"
    for number, name in enumerate(names):
        yield f"    reach_{name} = dilation[{number}] * (k{name} - 1) + 1", "from the first tap to the last"
    yield "    output = np.zeros((filters * groups, *size), dtype=x.dtype)", ""
    yield "    for c in range(C):", ""
    yield "        first = c // (C // groups) * filters", "the first output channel of its group"
    for number, (index, name) in enumerate(zip(_INDICES, names, strict=False)):
        yield f"        {'    ' * number}for {index} in range({name}):", ""
    margin = "        " + "    " * rank
    place = ", ".join(["first : first + filters", *_window(names, has_stride=True, has_dilation=True)])
    yield f"{margin}stamp = x[{', '.join(['c', *_INDICES[:rank]])}] * kernels[c]", "the kernel times one cell"
    yield f"{margin}output[{place}] += stamp", "overlapping stamps are added"
    yield "    return output", ""
