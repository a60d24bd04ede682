"""Questions about sizes and counts: parameters, planes, shapes, multiplications, strides, receptive fields."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from math import prod
from random import Random

from convcalc.errors import GeometryError
from convcalc.geometry.axis import Axis
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.quiz.kind import Slip, layer_words
from convcalc.quiz.subject import Asked, Spot, Subject
from convcalc.wording import axis_names, counted, shape_text


def anywhere(subject: Subject, random: Random) -> Spot | None:  # noqa: ARG001 - it is a row's function
    """The convolution as a whole: there is nothing to draw."""
    return Spot()


def ask_parameters(asked: Asked) -> str:
    """From the sizes of a layer, as of PyTorch's ``Conv2d(64, 128, kernel_size=3)``."""
    counts = asked.subject.geometry.counts
    bias = "with biases" if counts.has_bias else "without biases"
    groups = f", {counts.groups} groups" if counts.groups > 1 else ""
    return (
        f"{layer_words(asked)}How many parameters has a convolution from {counted(counts.in_channels, 'channel')} to "
        f"{counted(counts.out_channels, 'channel')} with kernels of {shape_text(counts.kernel_size)}{groups}, {bias}?"
    )


def parameters(asked: Asked) -> int:
    """Weights and biases."""
    return asked.subject.geometry.counts.parameters


def ask_macs(asked: Asked) -> str:
    """What counts as one is said."""
    which = "one sample; products with padding count, biases do not"
    return f"{layer_words(asked)}How many MACs (multiplications with their additions) does it take ({which})?"


def mac_count(asked: Asked) -> int:
    """Of one sample."""
    geometry = asked.subject.geometry
    return geometry.counts.macs(geometry.axes.output_sizes)


def macs_slips(asked: Asked, right: int) -> Iterator[Slip]:
    """Counts of which a part is forgotten."""
    geometry = asked.subject.geometry
    yield Slip("the weights counted once, not at every place of the output", geometry.counts.weights)
    yield Slip("the cells of the output counted", prod(shape_out(asked)))
    if geometry.counts.has_bias:
        yield Slip("the biases counted too", right + prod(shape_out(asked)))


def parameters_slips(asked: Asked, _: int) -> Iterator[Slip]:
    """One bias for all filters, and the other count."""
    counts = asked.subject.geometry.counts
    if counts.has_bias:
        yield Slip("one bias counted for all filters", counts.weights + 1)
    yield Slip("the multiplications counted", mac_count(asked))


def planes(asked: Asked) -> int:
    """One for each input channel of a group."""
    return asked.subject.geometry.counts.channels_per_group


def planes_drawn(subject: Subject, random: Random) -> Spot | None:
    """Only where there are several input channels."""
    return anywhere(subject, random) if subject.geometry.counts.in_channels > 1 else None


def ask_planes(asked: Asked) -> str:
    """Whether a filter spans all channels, as a number."""
    counts = asked.subject.geometry.counts
    groups = f" in {counts.groups} groups" if counts.groups > 1 else ""
    return (
        f"{layer_words(asked)}The input has {counts.in_channels} channels{groups}: how many planes of "
        f"{shape_text(counts.kernel_size)} weights has one filter?"
    )


def planes_slips(asked: Asked, right: int) -> Iterator[Slip]:
    """Numbers that other questions have."""
    counts = asked.subject.geometry.counts
    yield Slip("the planes of all filters counted", right * counts.out_channels)
    yield Slip("the weights of a plane counted", right * prod(counts.kernel_size))


def shape_out(asked: Asked) -> tuple[int, ...]:
    """(out_channels, *output_size)."""
    geometry = asked.subject.geometry
    return (geometry.counts.out_channels, *geometry.axes.output_sizes)


def ask_shape(asked: Asked) -> str:
    """Channels first."""
    names = " × ".join(f"{name}s" for name in axis_names(asked.subject.rank))
    return f"{layer_words(asked)}What shape comes out (channels × {names})?"


def shape_slips(asked: Asked, right: tuple[int, ...]) -> Iterator[Slip]:
    """The formula without its end, and other shapes."""
    channels, *sizes = right
    if min(sizes) > 1:
        yield Slip("the + 1 of the output size forgotten", (channels, *(size - 1 for size in sizes)))
    if len(sizes) > 1:
        yield Slip("rows and columns exchanged", (channels, *sizes[:-2], sizes[-1], sizes[-2]))
    axes = asked.subject.geometry.axes
    if any(axis.leftover for axis in axes):
        rounded = (-(-(axis.padded_size - axis.reach) // axis.stride) + 1 for axis in axes)
        yield Slip("rounded up, not down", (channels, *rounded))
    yield Slip("the size of the input taken for that of the output", (channels, *axes.sizes))
    yield Slip(
        "the channels of the input taken for those of the output", (asked.subject.geometry.counts.in_channels, *sizes)
    )


def strides(axis: Axis, target: int) -> range:
    """The strides at which an axis gives ``target`` output cells, of at least 2.

    >>> strides(Axis(size=224, kernel_size=3, before=1, after=1), 112)
    range(2, 3)
    """
    span = axis.padded_size - axis.reach
    return range(span // target + 1, span // (target - 1) + 1)


def stride_drawn(subject: Subject, random: Random) -> Spot | None:
    """An axis with several output cells; one alone comes of any long stride."""
    axes = [number for number, axis in enumerate(subject.geometry.axes) if axis.output_size > 1]
    if not axes:
        return None
    number = axes[random.randrange(len(axes))]
    return Spot(axis=number, target=subject.geometry.axes[number].output_size)


def right_strides(asked: Asked) -> range:
    """Every stride that gives the size; raises GeometryError where there is none."""
    found = strides(asked.subject.geometry.axes[asked.spot.axis], asked.spot.target)
    if not found:
        raise GeometryError("no stride gives this size")
    return found


def ask_stride(asked: Asked) -> str:
    """With all else that the size depends on."""
    axis = asked.subject.geometry.axes[asked.spot.axis]
    name = axis_names(asked.subject.rank)[asked.spot.axis]
    padding = f", padding {axis.before} before and {axis.after} after" if axis.before or axis.after else ", no padding"
    dilation = f", dilation {axis.dilation}" if axis.dilation > 1 else ""
    return (
        f"{layer_words(asked)}Which stride turns {axis.size} {name}s into {asked.spot.target}, with a kernel of "
        f"{axis.kernel_size}{padding}{dilation}?"
    )


def stride_slips(asked: Asked, _: range) -> Iterator[Slip]:
    """The formula without its end, and without the kernel."""
    axis, target = asked.subject.geometry.axes[asked.spot.axis], asked.spot.target
    found = strides(axis, target + 1)
    if found:
        yield Slip("the + 1 of the output size forgotten", found)
    ratio = axis.size // target
    yield Slip("the kernel forgotten, the input divided by the output", range(ratio, ratio + 1))


def field_drawn(subject: Subject, random: Random) -> Spot | None:
    """An axis of a layer that has others below."""
    return Spot(axis=random.randrange(subject.rank)) if len(subject.path) > 1 else None


def cells_seen(maps: list[IndexMap]) -> int:
    """Input cells from the first to the last that a cell depends on, the padding included."""
    return len(reduce(lambda cells, below: below.window(cells), reversed(maps), range(1)))


def maps_on_axis(asked: Asked) -> list[IndexMap]:
    """The layers on the way, on the asked axis."""
    return [layer[asked.spot.axis] for layer in asked.subject.path]


def ask_field(asked: Asked) -> str:
    """Of one axis."""
    name = axis_names(asked.subject.rank)[asked.spot.axis]
    return (
        f"How many {name}s of the input does a cell of {asked.subject.name} see (its receptive field, the padding "
        "included)?"
    )


def field_slips(asked: Asked, right: int) -> Iterator[Slip]:
    """The field of other layers, and of one layer."""
    maps = maps_on_axis(asked)
    yield Slip("the layers below forgotten", maps[-1].reach)
    yield Slip("the strides of the layers below ignored", cells_seen([each._replace(stride=1) for each in maps]))
    bare = [each._replace(reach=(each.reach - 1) // each.dilation + 1, dilation=1) for each in maps]
    yield Slip("the dilation ignored", cells_seen(bare))
    yield Slip("the kernels added up", sum(each.reach for each in maps))
    yield Slip("off by one", right - 1)
    yield Slip("off by one", right + 1)


def field(asked: Asked) -> int:
    """Of a cell of the layer."""
    return cells_seen(maps_on_axis(asked))
