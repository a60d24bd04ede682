"""The colours of levels: a sequential colour map, and a diverging one for values on both sides of 0."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

Colour = tuple[int, int, int]
"""Red, green and blue, from 0 to 255."""
Scale = tuple[Colour, ...]
"""The colours of the levels 0 to 255."""

_LEVELS = 256

# Nine equally spaced colours of viridis, by N. Smith, S. van der Walt and E. Firing (CC0, bids.github.io/colormap).
# Equal steps of its levels look equal, and it keeps its order in grey and for the colour-blind.
_VIRIDIS = ("440154", "472c7a", "3b518b", "2c718e", "21908d", "27ad81", "5cc863", "aadc32", "fde725")

# The blue arm of RdBu and the orange one of PuOr, 11 classes: colour specifications developed by Cynthia Brewer,
# colorbrewer2.org. They are reversed, so that large values are bright, without the ends, where both arms are
# nearly white; the middle is a grey that is neither the black nor the white of a terminal's background. Blue and orange
# differ for the colour-blind too, and orange keeps its hue in 256 colours, where red turns to purple.
_BELOW = ("92c5de", "4393c3", "2166ac")
_NEUTRAL = "4d4d4d"
_ABOVE = ("b35806", "e08214", "fdb863")
_PAPER = "f7f7f7"

# The steps of red, green and blue in the cube of 6×6×6 colours that begins at number 16, and the 24 greys from number
# 232 on, as xterm has them (256colres.pl).
_CUBE = (0, 95, 135, 175, 215, 255)
_GREYS = tuple(range(8, 239, 10))
_FIRST_OF_CUBE, _FIRST_GREY = 16, 232


def _scale(*anchors: str) -> Scale:
    """256 colours interpolated linearly between equally spaced ones in hexadecimal digits."""
    colours = [tuple(bytes.fromhex(anchor)) for anchor in anchors]
    return tuple(_between(colours, level * (len(colours) - 1) / (_LEVELS - 1)) for level in range(_LEVELS))


def _between(colours: Sequence[Sequence[int]], place: float) -> Colour:
    before = min(int(place), len(colours) - 2)
    red, green, blue = (
        round(a + (b - a) * (place - before)) for a, b in zip(colours[before], colours[before + 1], strict=True)
    )
    return red, green, blue


SEQUENTIAL = _scale(*_VIRIDIS)
DIVERGING = _scale(*_BELOW, _NEUTRAL, *_ABOVE)
DIVERGING_NOTE = "Values below 0 are blue, those above it orange."
"""The diverging scale in words, for pages on which no scale with numbers says so."""
DIVERGING_ON_WHITE = _scale(*reversed(_BELOW), _PAPER, *reversed(_ABOVE))
"""The same two arms in Brewer's order: on white paper 0 is nearly white."""


def nearest_of_256(colour: Colour) -> int:
    """The number of the nearest colour of a terminal of 256 colours, without the sixteen of its theme.

    >>> nearest_of_256((255, 0, 0)), nearest_of_256((128, 128, 128))
    (196, 244)
    """
    red, green, blue = colour
    steps, greys = _nearest(_CUBE), _nearest(_GREYS)
    cube = _CUBE[steps[red]], _CUBE[steps[green]], _CUBE[steps[blue]]
    grey = greys[(red + green + blue) // 3]
    if _distance(colour, cube) <= _distance(colour, (_GREYS[grey],) * 3):
        return _FIRST_OF_CUBE + 36 * steps[red] + 6 * steps[green] + steps[blue]
    return _FIRST_GREY + grey


@cache
def _nearest(values: tuple[int, ...]) -> tuple[int, ...]:
    """For each component of a colour the index of the nearest of some values."""
    return tuple(min(range(len(values)), key=lambda place: abs(values[place] - part)) for part in range(_LEVELS))


def _distance(one: Colour, other: Colour) -> int:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2
