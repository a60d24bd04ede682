"""What of a network the page shows: one sample, the layers up to one, a part of the input, a slice of many axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from convcalc.arrays import Array
from convcalc.build import build_problem
from convcalc.errors import DataError, GeometryError, LimitError, UsageError
from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary
from convcalc.layers.basic import BASIC, is_common
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.layer import Layer
from convcalc.layers.network import INPUT, InputTensor, Network
from convcalc.layers.stage import Stage
from convcalc.limits import MIB, bytes_text
from convcalc.problem import Problem
from convcalc.wording import counted

MOST_AXES = 3
"""Spatial axes that the page draws."""
MOST_BYTES = 32 * MIB
"""Of all numbers that a page holds."""
_IN_BASE64 = 4 / 3
_OF_PYTHON = 20  # bytes of a long whole number or a fraction as text
_OF_WEIGHT = 4  # bytes of most weights


def network_of_problem(problem: Problem, like: Network | None = None) -> Network:
    """The network that a convolution is by itself; ``like``: where its title and notes are."""
    layer = Convolution(problem.input.shape[1:], problem.geometry)
    stage = Stage("conv", layer, (INPUT,), problem=problem)
    if like is not None:
        stage = replace(like.stages[0], layer=layer, problem=problem)
    labels = problem.labels
    tensor = InputTensor(problem.input, labels.input, labels.notes, labels.is_image, labels.channels)
    made = Network(layer.input_shape, (stage,), labels.title, dtype=problem.dtype.value, tensor=tensor)
    return made if like is None else replace(like, input_shape=layer.input_shape, stages=(stage,), tensor=tensor)


def of_sample(network: Network, sample: int) -> Network:
    """The network with one sample of its input.

    Raises:
        UsageError: there is no such sample.
    """
    cells = network.input()
    if not 0 <= sample < len(cells):
        raise UsageError(
            f"there is no sample {sample}: the input has {len(cells)}, counted from 0", hint="--batch 0", field="batch"
        )
    one = cells[sample : sample + 1]
    problem = network.stages[0].problem
    if problem is not None:
        return network_of_problem(replace(problem, input=one), network)
    assert network.tensor is not None
    return replace(network, tensor=network.tensor._replace(cells=one))


def cropped(network: Network, parts: Sequence[slice]) -> Network:
    """A convolution on a part of its input, a slice for each spatial axis.

    Raises:
        UsageError: it is more than one convolution, or there is not one part for each axis.
        GeometryError: a part is empty, or the kernel does not fit on it.
    """
    problem = _lone(network, "--crop")
    if len(parts) != problem.rank:
        raise UsageError(
            f"{counted(len(parts), 'part')} for {counted(problem.rank, 'spatial axis', 'spatial axes')}",
            hint=_crop_hint(problem.axes),
            field="crop",
        )
    kept = problem.input[(slice(None), slice(None), *parts)]
    if not kept.size:
        raise GeometryError("nothing is left of the input", hint=_crop_hint(problem.axes), field="crop")
    return network_of_problem(_rebuilt(problem, kept, problem.weight, problem.axes), network)


def sliced(network: Network, places: Sequence[int]) -> Network:
    """The output at some positions of a convolution's first axes, as a convolution of the others.

    What the window reads on the first axes becomes channels, each tap with a filter plane of its own.

    Raises:
        UsageError: it is more than one convolution, or as many axes as are left would be none.
        GeometryError: there is no such position.
    """
    problem = _lone(network, "--slice")
    if len(places) >= problem.rank:
        raise UsageError(
            f"{len(places)} positions for {problem.rank} spatial axes leave none to draw",
            hint="--slice 0",
            field="slice",
        )
    for place in places:
        problem = _without_first_axis(problem, place)
    return network_of_problem(problem, network)


_SCRIPTED = BASIC | {"magnitude"}
"""The kinds of layers that `convolution.js` computes."""


def is_scripted(layer: Layer) -> bool:
    """Whether the page's script computes a layer: kinds that it knows, over channels, of inputs of one shape."""
    return layer.kind in _SCRIPTED and is_common(layer) and len(set(getattr(layer, "shapes", ()))) < 2


def check_drawn(network: Network) -> None:
    """Refuse what the page cannot draw, or cannot hold.

    Raises:
        DataError: there are more spatial axes than it draws, or a layer that its script does not compute.
        LimitError: there are more numbers than it holds.
    """
    for stage in network.stages:
        if not is_scripted(stage.layer):
            raise DataError(
                f"the page's script computes no {stage.layer.kind} as {stage.name} is",
                hint="convcalc trace and explore show any layer; a file that ends before it has a page",
            )
    most = max(len(stage.layer.input_shape) for stage in network.stages) - 1
    if most > MOST_AXES:
        wanted = ",".join("0" for _ in range(most - MOST_AXES))
        raise DataError(
            f"the page draws up to {MOST_AXES} spatial axes, these are {most}",
            hint=f"--slice {wanted} shows the output at index 0 of the first; --dims {MOST_AXES} makes channels of it",
        )
    sizes = dict(_sizes(network))
    total = sum(sizes.values())
    if total > MOST_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise LimitError(
            f"the page would hold {bytes_text(int(total))} of numbers, {bytes_text(int(sizes[largest]))} of them "
            f"{largest}; it holds up to {bytes_text(MOST_BYTES)}",
            hint=_smaller(network),
        )


def _sizes(network: Network) -> list[tuple[str, float]]:
    """About how many bytes each array takes in the page, by what it is called."""
    cells = network.input()
    each = _OF_PYTHON if cells.dtype == object else cells.itemsize * _IN_BASE64
    weights = [
        (f"the weights of {stage.name}", sum(map(prod, stage.layer.weight_shapes.values())) * _OF_WEIGHT * _IN_BASE64)
        for stage in network.stages
    ]
    return [("those of the input", cells.size * each), *weights]


def _smaller(network: Network) -> str:
    problem = network.stages[0].problem
    if problem is not None:
        return f"{_crop_hint(problem.axes)} takes a part of the input"
    return f"--layer {network.stages[0].name} ends at an earlier layer, --input takes another input"


def _crop_hint(axes: Sequence[Axis]) -> str:
    return f"--crop {','.join(f'0:{min(axis.size, max(64, axis.reach))}' for axis in axes)}"


def _lone(network: Network, flag: str) -> Problem:
    problem = network.stages[0].problem
    if problem is None:
        raise UsageError(f"{flag} is for a single convolution", hint="--input takes another input of a network")
    return problem


def _without_first_axis(problem: Problem, place: int) -> Problem:
    axis, *others = problem.axes
    if not 0 <= place < axis.output_size:
        raise GeometryError(
            f"there is no output position {place} on the first axis, which has {axis.output_size}",
            hint="--slice counts from 0",
            field="slice",
        )
    cells = _read(problem.input, axis.reads(place), problem.boundary)
    planes = np.flip(problem.weight, 2) if problem.flip else problem.weight  # the other axes are turned later
    joined = planes.reshape(len(planes), -1, *planes.shape[3:])
    return _rebuilt(problem, cells, joined, others)


def _read(cells: Array, indices: Sequence[int], boundary: Boundary) -> Array:
    """The cells under some taps of the first axis as channels, (batch, channels × taps, *others)."""
    sources = boundary.sources(indices, cells.shape[2])
    taken = cells.take([0 if each is None else each for each in sources], axis=2)
    outside = [number for number, each in enumerate(sources) if each is None]
    if outside:
        taken = taken if isinstance(boundary.value, int) and taken.dtype.kind == "i" else taken.astype(object)
        taken[:, :, outside] = boundary.value
    return taken.reshape(len(cells), -1, *cells.shape[3:])


def _rebuilt(problem: Problem, cells: Array, weight: Array, axes: Sequence[Axis]) -> Problem:
    """The problem with other arrays, on axes that keep stride, padding and dilation."""
    return build_problem(
        cells,
        weight,
        list(problem.bias) if problem.has_bias else None,
        scale=problem.scale,
        stride=[axis.stride for axis in axes],
        padding=[[axis.before, axis.after] for axis in axes],
        dilation=[axis.dilation for axis in axes],
        groups=problem.groups,
        boundary=problem.boundary,
        flip=problem.flip,
        dtype=problem.dtype.value,
        labels=problem.labels,
    )
