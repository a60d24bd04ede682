"""Heat maps as rectangles of half blocks, two rows of cells in a line, with a scale below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from convcalc.render.boxes import Box
from convcalc.render.lines import Line, Strip, safe, text_width, wrapped
from convcalc.report.blocks import HeatMap, Role, Span

_LEVELS = 256
_LARGE = 24  # columns to which a map of fewer cells is enlarged, as far as each has at most _LARGEST_CELL of them
_LARGEST_CELL = 4
_STRIP_ROWS = 4  # half lines of a map with a single row of cells
_SHORTEST_SCALE = 4  # characters of a scale, below which only its numbers are shown
_TEXT = 36

# From light to dense. The signs of negative values are horizontal, those of positive ones vertical, so that they differ
# without colour too.
_RISING = ".:-=+*%#@"
_NEGATIVE, _ZERO, _POSITIVE = "M=~-", ".", "+*#@"


def _table(signs: str) -> bytes:
    """The sign of each level."""
    return bytes(ord(signs[level * len(signs) // _LEVELS]) for level in range(_LEVELS))


_SIGNS = {False: _table(_RISING), True: _table(_NEGATIVE + _ZERO + _POSITIVE)}


def heat_map_box(heat_map: HeatMap, width: int, text: int = _TEXT) -> Box:
    """A heat map with its caption above, and the scale and the words below, at most ``width`` wide if that can be.

    ``text``: the columns in which the words around a small map are wrapped.
    """
    map_lines = list(_cells(heat_map, width))
    columns = len(map_lines[0][0].text) if map_lines else 0
    room = min(width, max(columns, text))
    caption = list(wrapped([Span(heat_map.caption, Role.TITLE)], room))
    lines: list[Line] = [*caption, *map_lines]
    if not heat_map.pixels:
        lines.append(_scale(heat_map, min(width, max(columns, _LARGE))))
    if heat_map.footer:
        lines += wrapped([Span(heat_map.footer, Role.LABEL)], room)
    return Box(tuple(lines), len(caption), len(caption) + len(map_lines) // 2)


def _cells(heat_map: HeatMap, width: int) -> Iterator[tuple[Strip]]:
    """The lines of the cells, small maps enlarged, of those wider than the page only every so many columns."""
    columns = len(heat_map.levels[0]) if heat_map.levels else 0
    if not columns:
        return
    enlarged = max(1, min(_LARGEST_CELL, min(_LARGE, width) // columns))
    places = [column for column in range(columns) for _ in range(enlarged)]
    if columns > width:
        places = [number * columns // width for number in range(width)]
    down = _STRIP_ROWS if len(heat_map.levels) == 1 else enlarged
    levels = _placed(heat_map.levels, places, down, 1)
    pixels = _placed(heat_map.pixels, places, down, 3)
    pairs = zip_longest(levels[::2], levels[1::2], pixels[::2], pixels[1::2], fillvalue=b"")
    for upper, lower, upper_pixels, lower_pixels in pairs:
        yield (_strip(upper, lower, heat_map.is_diverging, upper_pixels, lower_pixels),)


def _placed(rows: Sequence[bytes], places: Sequence[int], down: int, size: int) -> list[bytes]:
    """Rows of cells of ``size`` bytes: the cells at these places, each row ``down`` times."""
    if list(places) != list(range(len(rows[0]) // size if rows else 0)):
        rows = [b"".join(row[size * place : size * (place + 1)] for place in places) for row in rows]
    return [row for row in rows for _ in range(down)]


def _strip(
    upper: bytes, lower: bytes, is_diverging: bool, upper_pixels: bytes = b"", lower_pixels: bytes = b""
) -> Strip:
    """Two rows of cells; the sign for two of them shows their mean."""
    both = bytes((a + b) // 2 for a, b in zip(upper, lower, strict=True)) if lower else upper
    text = both.translate(_SIGNS[is_diverging]).decode("ascii")
    return Strip(text, upper, lower, is_diverging, upper_pixels, lower_pixels)


def _scale(heat_map: HeatMap, width: int) -> Line:
    """All levels between the numbers of the first and the last; the 0 of a diverging scale is in its middle.

    Of cells that are all alike it is their number.
    """
    low, high = safe(Span(heat_map.low, Role.LABEL)), safe(Span(heat_map.high, Role.LABEL))
    if heat_map.is_constant:
        return (Span("all ", Role.LABEL), low)
    halves = 2 if heat_map.is_diverging else 1
    middle = Span(" 0 ", Role.LABEL)
    taken = text_width(low.text) + text_width(high.text) + 2 + len(middle.text) * (halves - 1)
    length = (width - taken) // halves
    if length < _SHORTEST_SCALE:
        return (low, Span(" to ", Role.LABEL), high)
    levels = bytes(number * (_LEVELS - 1) // (halves * length - 1) for number in range(halves * length))
    parts = [_strip(part, part, heat_map.is_diverging) for part in (levels[:length], levels[length:]) if part]
    gap = Span(" ")
    if halves == 1:
        return (low, gap, *parts, gap, high)
    return (low, gap, parts[0], middle, parts[1], gap, high)
