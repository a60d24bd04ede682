"""Other meanings of channels: their order, summed or apart, averaged, one alone, groups laid out otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from convcalc.arrays import Array
from convcalc.causes.change import Aspect, Change
from convcalc.problem import Problem

_LUMINANCES = {"OpenCV's and Pillow's": (0.299, 0.587, 0.114), "scikit-image's": (0.2125, 0.7154, 0.0721)}
"""Weights of red, green and blue: those of BT.601, and of BT.709 as scikit-image's ``rgb2gray`` has them."""
_MOST_ALONE = 8
"""Channels of which each alone is tried."""


@dataclass(frozen=True, eq=False, slots=True)
class Mix:
    """The arrays of a problem with its channels in one meaning."""

    input: Array
    """(batch, in_channels, *spatial)."""
    weight: Array
    """(out_channels, in_channels / groups, *kernel_size), as applied: turned already where the problem turns it."""
    scale: tuple[Fraction, ...]
    """The factor of every sum of an output channel."""
    bias: Array
    """(listed channels,), float64: added after scaling."""
    groups: int
    change: Change | None = None
    is_turned: bool = False
    """Whether the problem turns the kernel."""
    listed: tuple[int, ...] | None = None
    """The output channels in the order in which they are given, where that is another."""

    @property
    def rank(self) -> int:
        """Spatial axes."""
        return self.input.ndim - 2

    @property
    def out_channels(self) -> int:
        """Output channels as they are given."""
        return len(self.weight) if self.listed is None else len(self.listed)

    @property
    def scales(self) -> Array:
        """(out_channels,), float64: the factor of every output channel as it is given."""
        values = np.array([float(each) for each in self.scale])
        return values if self.listed is None else values[list(self.listed)]

    @property
    def sums(self) -> Array:
        """(3, out_channels): Σ weight, Σ |weight| and Σ of the positive ones × scale, as the channels are given."""
        flat = self.weight.reshape(len(self.weight), -1).astype(np.float64)
        flat = flat if self.listed is None else flat[list(self.listed)]
        found = np.stack([flat.sum(1), np.abs(flat).sum(1), np.maximum(flat, 0).sum(1)])
        return np.asarray(found * self.scales)


def plain_mix(problem: Problem) -> Mix:
    """The problem's own channels."""
    bias = np.array([float(each) for each in problem.bias])
    return Mix(problem.input, problem.applied_weight, problem.scale, bias, problem.groups, is_turned=problem.flip)


def mixes_of(plain: Mix) -> Iterator[Mix]:
    """The plain meaning first, then the others that make a difference."""
    yield plain
    channels, outputs = plain.input.shape[1], len(plain.weight)
    if channels > 1:
        yield from _input_orders(plain, channels)
    if outputs > 1:
        yield from _output_orders(plain, outputs)
    if plain.groups == 1 and channels == outputs > 1:
        yield _as(replace(plain, weight=plain.weight.swapaxes(0, 1)), "the kernel's two channel axes are exchanged")
    if channels == plain.groups == outputs > 1:
        yield from _summed(plain)
    if plain.groups == 1 < channels:
        yield from _apart(plain)
    yield from _colours(plain)


def _as(mix: Mix, words: str, *flags: str) -> Mix:
    return replace(mix, change=Change(Aspect.CHANNELS, words, flags))


def _across(channels: int, groups: int) -> Array:
    """The channels of groups listed across them: the first of each, then the second of each."""
    return np.arange(channels).reshape(groups, -1).T.ravel()


def _input_orders(plain: Mix, channels: int) -> Iterator[Mix]:
    name = "BGR instead of RGB" if channels in (3, 4) else "in reverse order"
    order = [2, 1, 0, 3] if channels == 4 else [*reversed(range(channels))]
    yield _as(replace(plain, input=plain.input[:, order]), f"the input's channels are {name}")
    if 1 < plain.groups < channels:
        across = replace(plain, input=plain.input[:, _across(channels, plain.groups)])
        yield _as(across, "a group takes every so many-th input channel instead of neighbours")


def _output_orders(plain: Mix, outputs: int) -> Iterator[Mix]:
    name = "BGR instead of RGB" if outputs == plain.input.shape[1] == 3 else "in reverse order"
    yield _as(_listed(plain, [*reversed(range(outputs))]), f"the output's channels are {name}")
    if 1 < plain.groups < outputs:
        order = _across(outputs, plain.groups).tolist()
        yield _as(_listed(plain, order), "the output's channels are listed across the groups")
    for channel in range(min(outputs, _MOST_ALONE)):
        yield _as(_listed(plain, [channel]), f"only output channel {channel} is there")


def _listed(plain: Mix, order: list[int]) -> Mix:
    return replace(plain, listed=tuple(order), bias=plain.bias[order])


def _summed(plain: Mix) -> Iterator[Mix]:
    """A kernel on each channel apart, with the channels taken together instead."""
    channels = plain.groups
    for channel in range(min(channels, _MOST_ALONE)):
        alone = replace(
            plain,
            input=plain.input[:, channel : channel + 1],
            weight=plain.weight[channel : channel + 1],
            scale=plain.scale[channel : channel + 1],
            bias=plain.bias[channel : channel + 1],
            groups=1,
        )
        yield _as(alone, f"only channel {channel} of the input is taken")
    if len(set(plain.scale)) > 1 or (plain.weight != plain.weight[:1]).any():
        return
    one = replace(plain, weight=plain.weight.swapaxes(0, 1), scale=plain.scale[:1], bias=plain.bias[:1], groups=1)
    yield _as(one, "the channels are summed", "--no-depthwise")
    yield _as(replace(one, scale=(plain.scale[0] / channels,)), "the channels are averaged")
    if channels == 3:
        for whose, weights in _LUMINANCES.items():
            grey = np.tensordot(plain.input, np.array(weights), (1, 0))[:, None]
            flags = ("--luminance",) if whose.startswith("sci") else ()
            yield _as(
                replace(one, input=grey, weight=plain.weight[:1]),
                f"the input is its luminance, {whose} weights",
                *flags,
            )


def _apart(plain: Mix) -> Iterator[Mix]:
    """A kernel that spans all channels, with each channel apart instead."""
    channels = plain.input.shape[1]
    averaged = tuple(each / channels for each in plain.scale)
    yield _as(replace(plain, scale=averaged), "the channels are averaged instead of summed")
    for channel in range(min(channels, _MOST_ALONE)):
        part = slice(channel, channel + 1)
        alone = replace(plain, input=plain.input[:, part], weight=plain.weight[:, part])
        yield _as(alone, f"only channel {channel} of the input is taken")
    if len(plain.weight) == 1:
        apart = replace(
            plain,
            weight=plain.weight.swapaxes(0, 1),
            scale=plain.scale * channels,
            bias=plain.bias.repeat(channels),
            groups=channels,
        )
        yield _as(apart, "each channel is convolved apart", "--depthwise")


def _colours(plain: Mix) -> Iterator[Mix]:
    """The numbers of the colours in another meaning."""
    channels, cells = plain.input.shape[1], plain.input
    if cells.dtype == object or not cells.size:
        return
    if channels in (2, 4) and cells.min() >= 0:
        opacity = cells[:, -1:] / (255 if cells.max() > 1 else 1)
        whole = np.concatenate([cells[:, :-1] * opacity, cells[:, -1:]], 1)
        yield _as(replace(plain, input=whole), "the colours are multiplied by alpha first")
    if cells.min() >= 0 and 1 < cells.max() <= 255:
        level = cells / 255
        light = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1
        yield _as(replace(plain, input=light * 255), "the input is decoded from sRGB to light", "--linear-light")
