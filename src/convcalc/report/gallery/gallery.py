"""One input through many kernels, and the description of how it is drawn."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from convcalc.channels import LINEAR_LIGHT
from convcalc.errors import GeometryError
from convcalc.geometry.arguments import given_padding, per_axis
from convcalc.geometry.boundary import boundary_of
from convcalc.kernels.kernel import Kernel
from convcalc.picture.mapping import AUTO, CLIP, MINMAX, SIGNED, WHITE
from convcalc.problem import Labels
from convcalc.report.gallery.tiles import View, middle
from convcalc.report.headline import settings_text
from convcalc.report.text import channels_text
from convcalc.wording import axis_names, counted


class Gallery(NamedTuple):
    """One input through many kernels."""

    labels: Labels
    shape: tuple[int, ...]
    """(channels, *spatial) of the input."""
    views: tuple[View, ...]
    """The input first."""
    settings: Mapping[str, Any]
    rule: str
    is_picture: bool
    """Whether the input is drawn as a picture."""
    notes: tuple[str, ...] = ()
    white: float = WHITE
    """The value of white in a picture."""

    @property
    def title(self) -> str:
        """Its title: that of the file, or else the name of the file of numbers without its folder."""
        name = self.labels.title or self.labels.input.rpartition("/")[2].rpartition(os.sep)[2]
        return f"{name} through {counted(len(self.views) - 1, 'kernel')}"

    @property
    def description(self) -> tuple[str, ...]:
        """The description of the computation and of the drawing."""
        leading = middle(self.shape[1:])
        names = axis_names(len(self.shape) - 1)
        where = " and ".join(f"{name} {place}" for name, place in zip(names, leading, strict=False))
        slices = f"Of every array the slice in the middle is drawn (of the input {where})." if leading else ""
        return tuple(filter(None, (self._operation, slices, self._reduced, self.rule_text)))

    @property
    def _reduced(self) -> str:
        """What a pixel shows where there are more cells than pixels."""
        cells = (1, *self.shape[1:])[-2:]
        shown = (thumbnail.levels.shape[:2] for thumbnail in self.views[0].thumbnails.values())
        if all(size == cells for size in shown):
            return ""
        return (
            "Of arrays with more cells than there is room for, a pixel shows the mean of an area, or in maps around 0 "
            "the value that is farthest from 0; ranges are those of all cells."
        )

    @property
    def is_diverging(self) -> bool:
        """Whether the scale of a map has two sides."""
        return any(thumbnail.is_diverging for view in self.views for thumbnail in view.thumbnails.values())

    @property
    def _operation(self) -> str:
        kind = (
            "Convolution (kernels turned by 180°)"
            if self.settings["flip"]
            else "Cross-correlation (kernels not flipped)"
        )
        rank = len(self.shape) - 1
        settings = settings_text(
            per_axis("stride", self.settings["stride"], rank, 1),
            given_padding(self.settings["padding"], rank),
            boundary_of(self.settings["boundary"]),
            per_axis("dilation", self.settings["dilation"], rank, 1),
        )
        return f"{kind} of {channels_text(self.shape)}, {settings}."

    @property
    def _map(self) -> str:
        """The meaning of a map's levels."""
        return _MAPS.get(self.rule, f"from 0 (dark) to {self.white:g} (bright), values beyond cut off")

    @property
    def rule_text(self) -> str:
        """The mapping of values to colours, in words."""
        channels = self.shape[0]
        of_mean = f" of the mean of the {channels} channels" if channels > 1 else ""
        if not self.is_picture:
            return f"Each map{of_mean} has its own scale: {self._map}."
        apart = ", each colour apart" if channels > 1 else ""
        is_linear = self.labels.channels.units[:1] == (LINEAR_LIGHT,)
        shades = "linear light from 0 to 1 as sRGB" if is_linear else f"values from 0 to {self.white:g} as they are"
        kept = f"{shades}{apart}, those beyond cut off"
        if self.rule == CLIP:
            return f"Drawn as pictures: {kept}."
        return (
            f"Kernels with the sum 1 keep the brightness and are drawn as pictures: {kept}. "
            f"All others are heat maps{of_mean}, each with its own scale: {_MAPS[AUTO]}."
        )


_AROUND = "0 in the middle"
_FROM = "from the least value (dark) to the largest (bright)"
_MAPS = {
    AUTO: f"{_AROUND}; without negative ones {_FROM}",
}
_MAPS |= {MINMAX: _FROM, SIGNED: _AROUND}


def left_out(kernels: Sequence[Kernel], rank: int) -> str:
    """Notes on kernels of other ranks, if any."""
    if not kernels:
        return ""
    ranks = [kernel.weights.ndim for kernel in kernels]
    parts = [f"{counted(ranks.count(other), 'kernel')} for {other}-D inputs" for other in sorted(set(ranks))]
    verb = "is" if len(ranks) == 1 else "are"
    axes = counted(rank, "spatial axis", "spatial axes")
    return f"{' and '.join(parts)} {verb} left out: the input has {axes}"


def too_large(unfit: Mapping[str, GeometryError]) -> str:
    """Notes on kernels that do not fit the input, if any, with the reason of the first."""
    if not unfit:
        return ""
    verb = "is" if len(unfit) == 1 else "are"
    return f"{', '.join(unfit)} {verb} left out: {next(iter(unfit.values()))}"
