"""An output as the pixels of a picture of its own: one rule for every kind of file, and what was done in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import OutputError, UnknownNameError
from convcalc.picture.mapping import (
    AUTO,
    CLIP,
    MINMAX,
    RULES,
    SIGNED,
    WHITE,
    extremes,
    in_range_of_floats,
    is_in_picture,
    map_values,
    spreading_rule,
    white_of,
)
from convcalc.picture.srgb import encoded
from convcalc.wording import counted

DIRECTION = "direction"
PICTURE_RULES = (*RULES, DIRECTION)
"""The rules of pictures that are saved."""
DEEP_WHITE = 65535.0
"""White in pictures of 16 bits."""
_COLOURS, _PAIR = 3, 2


class Subject(NamedTuple):
    """What is known of an output that is drawn."""

    white: float | None = None
    """The value of white; None: derived from the output."""
    has_colours: bool = False
    """Whether its three channels are red, green and blue."""
    keeps_brightness: bool = False
    """Whether it is a picture as its input is, by kernels with the sum 1: values beyond black and white are cut off."""

    is_linear: bool = False
    """Whether the values are linear light, which a picture has to encode as sRGB."""
    has_alpha: bool = False
    """Whether the channel behind the others is alpha."""

    @property
    def is_deep(self) -> bool:
        """Whether white takes 16 bits."""
        return self.white == DEEP_WHITE


class Rendition(NamedTuple):
    """The pixels of a picture."""

    pixels: Array
    """(height, width), or of colours (height, width, 3), with alpha 4; uint8 or uint16."""
    low: float
    """The value of the lowest level; that of the highest is ``high``."""
    high: float
    is_diverging: bool
    """Whether the pixels are levels around 0, to be drawn in the colours of the diverging scale."""
    note: str
    """The rule in words."""


_UNKNOWN = Subject()


def rendition(output: Array, rule: str = AUTO, subject: Subject = _UNKNOWN) -> Rendition:
    """The picture of ``output``, (channels, height, width); channels are side by side unless they are colours.

    ``auto``: values from black to white as they are, also where the kernels keep the brightness and some are cut off;
    else a map, around 0 where there are negative values, of colours a map of their mean. ``direction``: two channels as
    one vector, its angle as the hue, its length as the brightness. Other rules: :func:`map_values`.

    Raises:
        OutputError: the array is no picture, or has not two channels for ``direction``.
        UnknownNameError: there is no such rule.
    """
    if rule not in PICTURE_RULES:
        raise UnknownNameError("map", rule, PICTURE_RULES)
    if subject.has_alpha and output.ndim == 3 and len(output) > 1:
        return _transparent(rendition(output[:-1], rule, subject._replace(has_alpha=False)), output[-1:], subject)
    if output.ndim != 3 or not output.size:
        axes = counted(output.ndim, "axis", "axes")
        raise OutputError(f"an image needs channels × height × width, got {axes}", hint="save it as .npy")
    if subject.has_colours and len(output) != _COLOURS:
        raise OutputError(f"colours need 3 channels, got {len(output)}", hint="leave out the colours")
    values = in_range_of_floats(output)
    if rule == DIRECTION:
        return _hues(values)
    white = white_of(values) if subject.white is None else subject.white
    before = ""
    if rule == AUTO:
        if subject.keeps_brightness or is_in_picture(values, white):
            rule = CLIP
        else:
            if subject.has_colours:
                values, before = values.mean(axis=0, keepdims=True), "a map of the mean of R, G and B: "
                subject = subject._replace(has_colours=False)
            rule = spreading_rule(extremes(values)[0])
    if rule == CLIP and subject.is_linear:
        return _encoded(values, subject)
    drawn = (
        _deep(values, rule, subject) if subject.is_deep and rule != SIGNED else _mapped(values, rule, white, subject)
    )
    return drawn._replace(note=before + drawn.note)


def _transparent(drawn: Rendition, alpha: Array, subject: Subject) -> Rendition:
    """A picture with its alpha, (1, height, width); a map, whose values are no colours, goes without."""
    is_picture = drawn.low == 0 and drawn.high in (WHITE, DEEP_WHITE, subject.white) and not drawn.is_diverging
    if not is_picture:
        return drawn._replace(note=f"{drawn.note}; alpha left out of a map")
    share = alpha[0].astype(np.float64) / (subject.white or white_of(alpha))
    top = np.iinfo(drawn.pixels.dtype).max
    levels = np.rint(np.clip(np.nan_to_num(share), 0, 1) * top).astype(drawn.pixels.dtype)
    colours = np.atleast_3d(drawn.pixels)
    colours = colours if colours.shape[2] == _COLOURS else colours.repeat(_COLOURS, axis=2)
    return drawn._replace(pixels=np.dstack([colours, levels]), note=f"{drawn.note}, alpha kept")


def _mapped(values: Array, rule: str, white: float, subject: Subject) -> Rendition:
    mapped = map_values(values, rule, white=white)
    is_diverging = mapped.is_diverging and not subject.has_colours
    note = mapped.note.replace(_MIDDLE, _AROUND) if is_diverging else mapped.note
    return Rendition(_arranged(mapped.levels, subject), mapped.low, mapped.high, is_diverging, note)


_MIDDLE, _AROUND = " mapped to 0…255, 0 is mid-grey", " from blue to orange, 0 is white"


def _encoded(values: Array, subject: Subject) -> Rendition:
    """Linear light as sRGB, in 8 bits."""
    cut = int((values < 0).sum() + (values > 1).sum())
    levels = np.rint(encoded(np.nan_to_num(values)) * WHITE).astype(np.uint8)
    note = "linear light 0…1 encoded as sRGB" + (f"; {counted(cut, 'value')} beyond cut off" if cut else "")
    return Rendition(_arranged(levels, subject), 0.0, 1.0, False, note)


def _deep(values: Array, rule: str, subject: Subject) -> Rendition:
    """Pixels of 16 bits: values as they are, or spread from the least to the largest."""
    low, high = extremes(values) if rule == MINMAX else (0.0, DEEP_WHITE)
    numbers = np.where(np.isfinite(values), values, 0).astype(np.float64)
    below, above = int((numbers < low).sum()), int((numbers > high).sum())
    levels = np.rint((np.clip(numbers, low, high) - low) * (DEEP_WHITE / ((high - low) or 1.0))).astype(np.uint16)
    kept = "values 0–65535 kept, rounded" if rule == CLIP else f"{low:g}…{high:g} mapped to 0…65535"
    cut = [f"{counted(n, 'value')} {side}" for n, side in ((below, "below 0"), (above, "above 65535")) if n]
    cut_off = f"; {' and '.join(cut)} cut off" if cut else ""
    return Rendition(_arranged(levels, subject), low, high, False, f"16 bits: {kept}{cut_off}")


def _arranged(levels: Array, subject: Subject) -> Array:
    """Three colours of each pixel, or the channels side by side."""
    return levels.transpose(1, 2, 0) if subject.has_colours else np.concatenate(list(levels), axis=1)


def _hues(values: Array) -> Rendition:
    """The angle of each vector as a hue, red to the right and on by red, yellow, green, and its length as brightness.

    ``values``: (2, height, width), x and y; or of more colours apart, (2·colours, height, width), whose mean is taken.
    """
    if len(values) % _PAIR:
        raise OutputError(
            f"a direction needs two channels, the changes along x and y, got {len(values)}",
            hint="--kernel sobel-x --kernel sobel-y",
        )
    across, down = values.astype(np.float64).reshape(-1, _PAIR, *values.shape[1:]).mean(axis=0)
    length = np.hypot(across, down)
    longest = float(length.max()) or 1.0
    sixths = np.arctan2(down, across) % (2 * np.pi) / (np.pi / 3)
    shares = [np.clip(np.abs((sixths + shift) % 6 - 3) - 1, 0, 1) for shift in (0, 4, 2)]  # of red, green and blue
    pixels = np.rint(np.stack(shares, axis=-1) * (length / longest * WHITE)[..., None]).astype(np.uint8)
    note = f"the direction as hue (red to the right, green and blue 120° on, clockwise), 0…{longest:g} as brightness"
    return Rendition(pixels, 0.0, longest, False, note)


def ramp() -> Array:
    """(1, 256), uint8: all levels of a colour bar, from the lowest to the highest."""
    return np.arange(256, dtype=np.uint8)[np.newaxis]
