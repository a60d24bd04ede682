"""A tile of a contact sheet: a kernel's output as a small picture, weights, range and words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from convcalc.arrays import Array, count_not_finite, matrix, plain, value_range
from convcalc.engine.areas import Areas
from convcalc.engine.survey import Survey
from convcalc.kernels.kernel import Kernel
from convcalc.picture.mapping import AUTO, WHITE, in_range_of_floats
from convcalc.picture.thumbnail import (
    Thumbnail,
    farthest,
    map_of_reduced,
    map_thumbnail,
    picture_of_means,
    picture_thumbnail,
)
from convcalc.report.text import channels_text, number_text, number_texts, scale_text
from convcalc.wording import shape_text


class Medium(StrEnum):
    """The medium of a picture."""

    PAGE = "page"
    """In the characters of a printed page."""
    SHEET = "sheet"
    """In the pixels of a file."""


Room = tuple[int, int]
"""The most rows and columns of a picture."""
Rooms = Mapping[Medium, Room]
"""The largest picture on each requested medium."""
_MOST_WEIGHTS, _WIDEST = 25, 24  # numbers, and characters of a row of them with the scale
_DIGITS = 3  # of weights that are floats
_RANGE_DIGITS = 4  # of floats
_LONGEST = 80  # characters of a sentence, beyond which its first part is enough


class View(NamedTuple):
    """The output of a kernel, or without a kernel the input itself."""

    kernel: Kernel | None
    shape: tuple[int, ...]
    """(channels, *spatial) of the values."""
    range: tuple[Any, Any] | None
    """The least and the largest value; None if none is finite."""
    not_finite: int
    thumbnails: Mapping[Medium, Thumbnail]
    """One for each requested medium, none where nothing is drawn."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.kernel.name if self.kernel else "input"

    @property
    def range_text(self) -> str:
        """The range of the values."""
        if self.range is None:
            return "no finite values"
        low, high = (number_text(each, _RANGE_DIGITS) for each in self.range)
        return f"{low} to {high}" + (f", {self.not_finite:,} not finite" if self.not_finite else "")

    @property
    def drawn_text(self) -> str:
        """The range, and what the picture clips of it, if anything."""
        if not self.thumbnails or self.range is None:
            return self.range_text
        drawn, *_ = self.thumbnails.values()  # all have the same scale
        low, high = drawn.low, drawn.high
        below, above = (
            f"below {number_text(low)}" * (self.range[0] < low),
            f"above {number_text(high)}" * (self.range[1] > high),
        )
        is_cut = " and ".join(filter(None, (below, above)))
        return self.range_text + (f", cut off {is_cut}" if is_cut else "")

    @property
    def weights(self) -> tuple[tuple[str, ...], ...]:
        """The rows of a small kernel, its columns aligned to the right; none of a large one."""
        if self.kernel is None or self.kernel.weights.ndim > 2 or self.kernel.weights.size > _MOST_WEIGHTS:
            return ()
        rows = matrix(self.kernel.weights)
        texts = iter(_texts(rows))
        table = [[next(texts) for _ in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        if sum(widths) + len(widths) + len(self.scale) > _WIDEST:
            return ()
        return tuple(tuple(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in table)

    @property
    def scale(self) -> str:
        """The scale as a factor; empty where it is 1."""
        return scale_text(self.kernel.scale) if self.kernel else ""

    @property
    def size_text(self) -> str:
        """The size of the kernel, for those whose numbers are not shown; of the input its own."""
        if self.kernel is None:
            return channels_text(self.shape)
        return " ".join(filter(None, (f"{shape_text(self.kernel.weights.shape)} weights", self.scale)))

    @property
    def words(self) -> str:
        """What the kernel shows, in one sentence."""
        if self.kernel is None:
            return ""
        sentence = (self.kernel.shows or self.kernel.title).partition(". ")[0].rstrip(".")
        return sentence if len(sentence) <= _LONGEST else re.split("[;:] ", sentence)[0]


def view_of(
    kernel: Kernel | None,
    values: Array,
    rooms: Rooms,
    *,
    rule: str = AUTO,
    is_picture: bool = False,
    is_linear: bool = False,
    white: float = WHITE,
) -> View:
    """The tile of values, (channels, *spatial): one channel, or of a picture one or three.

    ``is_picture``: they are drawn as brightness or colours, 0 to ``white``, otherwise as levels by the rule.
    ``is_linear``: those are linear light.

    Raises:
        OutputError: whole numbers or fractions are beyond the range of floats.
    """
    found = value_range(values)
    if rooms:
        in_range_of_floats(values)
    low, high = found if found and rooms else (0, 0)
    span = float(low), float(high)
    planes = [matrix(channel[middle(channel.shape)]) for channel in values]

    def drawn(room: Room) -> Thumbnail:
        return (
            picture_thumbnail(planes, room, white, is_linear=is_linear)
            if is_picture
            else map_thumbnail(planes[0], room, rule, span, white)
        )

    thumbnails = {medium: drawn(room) for medium, room in rooms.items()}
    return View(kernel, values.shape, found, count_not_finite(values), thumbnails)


def view_of_survey(
    kernel: Kernel,
    shape: tuple[int, ...],
    found: Survey,
    media: Sequence[Medium],
    *,
    rule: str = AUTO,
    is_picture: bool = False,
    is_linear: bool = False,
    white: float = WHITE,
) -> View:
    """The tile of an output of which only the areas are known, for each medium in turn; shape: (channels, *spatial).

    Where nothing is drawn there is no medium, and only the range counts.
    """
    span = float(found.low), float(found.high)

    def drawn(areas: Areas) -> Thumbnail:
        if areas.extremes is not None:
            return map_of_reduced(farthest(*areas.extremes)[0], rule, span, white)
        assert areas.means is not None
        return (
            picture_of_means(list(areas.means), white, is_linear=is_linear)
            if is_picture
            else map_of_reduced(areas.means[0], rule, span, white)
        )

    thumbnails = {medium: drawn(areas) for medium, areas in zip(media, found.areas, strict=False)}
    return View(kernel, shape, (plain(found.low), plain(found.high)), 0, thumbnails)


def middle(shape: Sequence[int]) -> tuple[int, ...]:
    """The place on the leading axes of the slice that is drawn of an array with more than two axes: the middle one."""
    return tuple(size // 2 for size in shape[:-2])


def _texts(rows: Array) -> list[str]:
    values = [plain(value) for row in rows for value in row]
    if any(isinstance(value, float) for value in values):
        return number_texts([float(number_text(float(value), _DIGITS)) for value in values])
    return list(map(number_text, values))
