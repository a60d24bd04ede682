"""Channels and pixels that change places: channel-shuffle, pixel-shuffle and pixel-unshuffle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.errors import GeometryError, UnknownNameError
from convcalc.geometry.arguments import channels_per_group, text, whole
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.kinds.rearranged import Rearranged
from convcalc.layers.layer import Settings, Shape, need_spatial

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class ChannelShuffle(Rearranged):
    """The channels of groups interleaved (PyTorch's ``ChannelShuffle``; Zhang et al., arXiv:1707.01083)."""

    kind: ClassVar[str] = "channel-shuffle"

    groups: int

    @classmethod
    def of(cls, input_shape: Shape, *, groups: int) -> ChannelShuffle:
        """The layer with the channels in so many groups.

        Raises:
            FieldError: it is no whole number of at least 1.
            GeometryError: the channels do not divide into them.
        """
        channels_per_group("channels", input_shape[0], groups)
        return cls(input_shape, groups)

    @property
    def output_shape(self) -> Shape:
        """As the input's."""
        return self.input_shape

    @property
    def settings(self) -> Settings:
        """The groups."""
        return {"groups": self.groups}

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:  # noqa: ARG002 - every cell comes from one
        """The first channel of each group, then the second of each."""
        parted = cells.reshape(len(cells), self.groups, -1, *self.spatial_size)
        return parted.swapaxes(1, 2).reshape(cells.shape)


_MODES = ("CRD", "DCR")


@dataclass(frozen=True)
class PixelShuffle(Rearranged):
    """Channels placed side by side as pixels (PyTorch's ``PixelShuffle``, ONNX's ``DepthToSpace``)."""

    kind: ClassVar[str] = "pixel-shuffle"

    factor: int
    mode: str = "CRD"

    @classmethod
    def of(cls, input_shape: Shape, *, upscale_factor: int, mode: str = "CRD") -> PixelShuffle:
        """The layer with so many cells on each axis for one; ``mode``: CRD has the channels of a cell next to one
        another, as PyTorch has them, DCR those of the same place in each cell.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes, or its channels do not make whole cells.
        """
        rank = len(need_spatial(cls.kind, input_shape))
        channels_per_group("channels", input_shape[0], whole("upscale_factor", upscale_factor, 1) ** rank)
        return cls(input_shape, upscale_factor, _mode(mode))

    @property
    def output_shape(self) -> Shape:
        """Fewer channels, more cells."""
        return (self.channels // self.factor**self.rank, *(size * self.factor for size in self.spatial_size))

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """As those of an upsampling."""
        return (IndexMap(self.factor, self.factor, is_transposed=True),) * self.rank

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:  # noqa: ARG002 - every cell comes from one
        """The places within a cell beside their axes."""
        rank, places = self.rank, (self.factor,) * self.rank
        first = self.mode == "DCR"
        split = (*places, -1) if first else (-1, *places)
        parted = cells.reshape(len(cells), *split, *self.spatial_size)
        channel, place = (1 + rank, 1) if first else (1, 2)
        order = [axis for each in range(rank) for axis in (2 + rank + each, place + each)]
        return parted.transpose(0, channel, *order).reshape(len(cells), *self.output_shape)


@dataclass(frozen=True)
class PixelUnshuffle(Rearranged):
    """Cells side by side placed in channels (PyTorch's ``PixelUnshuffle``; ONNX's ``SpaceToDepth`` has them DCR)."""

    kind: ClassVar[str] = "pixel-unshuffle"

    factor: int
    mode: str = "CRD"

    @classmethod
    def of(cls, input_shape: Shape, *, downscale_factor: int, mode: str = "CRD") -> PixelUnshuffle:
        """The layer that makes one cell of so many on each axis; ``mode`` as that of a pixel-shuffle.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes, or a size is no multiple of the factor.
        """
        factor = whole("downscale_factor", downscale_factor, 1)
        for axis, size in enumerate(need_spatial(cls.kind, input_shape)):
            if size % factor:
                raise GeometryError(
                    f"{size} cells on axis {axis} do not divide into blocks of {factor}", field="downscale_factor"
                )
        return cls(input_shape, factor, _mode(mode))

    @property
    def output_shape(self) -> Shape:
        """More channels, fewer cells."""
        return (self.channels * self.factor**self.rank, *(size // self.factor for size in self.spatial_size))

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of some channel: the whole block."""
        return (IndexMap(self.factor, self.factor),) * self.rank

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:  # noqa: ARG002 - every cell comes from one
        """The places within a block before or behind the channels."""
        rank = self.rank
        blocks = [size for each in self.spatial_size for size in (each // self.factor, self.factor)]
        parted = cells.reshape(len(cells), self.channels, *blocks)
        places, outer = [3 + 2 * each for each in range(rank)], [2 + 2 * each for each in range(rank)]
        lead = [1, *places] if self.mode == "CRD" else [*places, 1]
        return parted.transpose(0, *lead, *outer).reshape(len(cells), *self.output_shape)


def _mode(mode: Any) -> str:
    if text("mode", mode) not in _MODES:
        raise UnknownNameError("mode", mode, _MODES, field="mode")
    return str(mode)
