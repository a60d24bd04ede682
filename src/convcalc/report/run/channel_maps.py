"""Input and output of a run as heat maps; an image, and an output that is one too, as pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from math import prod
from typing import NamedTuple

from convcalc.arrays import Array
from convcalc.channels import LINEAR_LIGHT
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.properties import properties_of
from convcalc.picture.mapping import AUTO, is_in_picture, white_of
from convcalc.problem import Problem
from convcalc.report.arrays.grids import MOST_SLICES
from convcalc.report.arrays.heat_maps import columns_each, heat_maps, is_picture, picture
from convcalc.report.blocks import Block, Flow, HeatMap, Maps
from convcalc.report.run.channels import output_names, shown_channels, shown_samples
from convcalc.wording import shape_text

_COLOURS = 3
_PICTURE_AXES = 4  # batch, channels, height, width


class _Subject(NamedTuple):
    """A drawing: a picture, or the maps of a channel."""

    draw: Callable[[int], Iterator[HeatMap]]
    """The maps, each at most a given number of columns wide."""
    number: int
    """How many these are."""
    columns: int
    """Of the cells: where the page has room for them, they are not reduced to have others beside them."""


def map_blocks(problem: Problem, arrays: Mapping[str, Array], maps: Maps) -> Iterator[Block]:
    """The arrays side by side where each makes a single map, otherwise one below the other."""
    subjects = [list(_subjects(problem, name, values, maps.rule)) for name, values in arrays.items()]
    if all(len(each) == each[0].number == 1 for each in subjects):
        subjects = [[each for (each,) in subjects]]
    for beside in subjects:
        count = 1 if problem.rank == 1 else sum(each.number for each in beside)  # a strip is low but long
        shared = columns_each(maps.columns, count)
        drawn = (each.draw(maps.columns if each.columns <= maps.columns else shared) for each in beside)
        yield Flow(tuple(chain.from_iterable(drawn)))


def _subjects(problem: Problem, name: str, values: Array, rule: str) -> Iterator[_Subject]:
    """The pictures or the channels of an array; values: (batch, channels, *spatial)."""
    white = white_of(problem.input)
    is_linear = problem.labels.channels.units[:1] == (LINEAR_LIGHT,)
    is_kept = name == "output" and rule == AUTO and keeps_brightness(problem, white)
    may_be = problem.labels.is_image and _may_be_picture(problem, values)
    if may_be and (is_kept or is_picture(values, rule, white)):
        for sample in shown_samples(values):
            where = f"sample {sample}" if len(values) > 1 else shape_text(values.shape[2:])
            draw_sample = partial(_picture, f"{name} {where}", values[sample], white, is_linear)
            yield _Subject(draw_sample, 1, values.shape[-1])
        return
    names = output_names(problem) if name == "output" else problem.labels.channels.labels
    for caption, cells in shown_channels(name, values, names):
        draw = partial(heat_maps, caption, cells, rule=rule, white=white)
        yield _Subject(draw, min(prod(cells.shape[:-2]), MOST_SLICES), cells.shape[-1])


def keeps_brightness(problem: Problem, white: float) -> bool:
    """Whether the output is a picture as the input is: each of its channels from one kernel with the sum 1."""
    channels = (problem.in_channels, problem.out_channels)
    if not problem.labels.is_image or set(channels) - {1, _COLOURS} or any(problem.bias):
        return False
    kernels = zip(problem.weight, problem.scale, strict=True)
    is_normalised = all(properties_of(Kernel("", weight, scale=scale)).is_normalised for weight, scale in kernels)
    return is_normalised and is_in_picture(problem.input, white)


def _picture(caption: str, values: Array, white: float, is_linear: bool, columns: int) -> Iterator[HeatMap]:
    yield picture(caption, values, columns, white, is_linear=is_linear)


def _may_be_picture(problem: Problem, values: Array) -> bool:
    """Whether the channels are one of grey, or the three colours of the image that they come from."""
    channels = values.shape[1]
    return values.ndim == _PICTURE_AXES and (channels == 1 or channels == problem.in_channels == _COLOURS)
