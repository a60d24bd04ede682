"""A plane as a picture of half blocks, with a frame around the cells that are lit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcalc.explore.grid import Lit, Piece, Pieces, Zoom
from convcalc.explore.plane import Place, Plane
from convcalc.picture.mapping import AUTO, white_of
from convcalc.render.boxes import Box
from convcalc.render.heat_map import heat_map_box
from convcalc.render.lines import Line, Strip
from convcalc.report.arrays.heat_maps import heat_maps, is_picture, picture
from convcalc.report.blocks import HeatMap, Role, Span


class Canvas(NamedTuple):
    """The lines of a picture, and which cells they show."""

    lines: tuple[Strip, ...]
    rows: range
    columns: range
    words: Line
    """The line below it: its scale, or its range."""

    @property
    def width(self) -> int:
        """The columns of the terminal that it takes."""
        return len(self.lines[0].text) if self.lines else 0

    @property
    def step(self) -> Place:
        """How many rows and columns of cells are half a line and a column."""
        down = -(-len(self.rows) // max(1, 2 * len(self.lines)))
        return max(1, down), max(1, -(-len(self.columns) // max(1, self.width)))

    def place_at(self, x: int, y: int) -> Place | None:
        """The cell in the middle of what is drawn at a column and a line."""
        if not (0 <= x < self.width and 0 <= y < len(self.lines)):
            return None
        row = int((y + 0.5) * len(self.rows) / len(self.lines))
        return self.rows[row], self.columns[int((x + 0.5) * len(self.columns) / self.width)]

    def frame(self, rows: range, columns: range) -> tuple[int, int, int, int] | None:
        """The first and last line and the first and last column of a frame around some cells; None: out of sight."""
        top, bottom = (self._line(row) for row in (rows[0], rows[-1]))
        left, right = (self._column(column) for column in (columns[0], columns[-1]))
        if bottom < 0 or right < 0 or top >= len(self.lines) or left >= self.width:
            return None
        return max(0, top - 1), min(len(self.lines) - 1, bottom + 1), max(0, left - 1), min(self.width - 1, right + 1)

    def _line(self, row: int) -> int:
        return (row - self.rows.start) * len(self.lines) // len(self.rows)

    def _column(self, column: int) -> int:
        return (column - self.columns.start) * self.width // len(self.columns)


def canvas_of(plane: Plane, zoom: Zoom, first: Place, width: int, height: int) -> Canvas:
    """What is drawn of a plane in so many columns and lines; ``first``: the row and column where pixels begin."""
    assert plane.array is not None  # it is asked before
    values = plane.array()
    rows, columns = (range(size) for size in values.shape[1:])
    lines = max(1, height - 1)
    if zoom is Zoom.PIXELS:
        rows = _part(rows, first[0] - plane.rows.start, 2 * lines)
        columns = _part(columns, first[1] - plane.columns.start, width)
        values = values[:, rows.start : rows.stop, columns.start : columns.stop]
    most = max(1, min(width, 2 * lines * len(columns) // len(rows)))
    heat_map = _map_of(plane, values, most)
    box = heat_map_box(heat_map, most)
    drawn = tuple(line[0] for line in box.lines if line and isinstance(line[0], Strip))
    return Canvas(drawn[:lines], rows, columns, _below(heat_map, box))


def _below(heat_map: HeatMap, box: Box) -> Line:
    """The scale of a heat map, the range of a picture."""
    scales = (line for line in box.lines if any(isinstance(part, Strip) for part in line[1:]))
    return next(scales, (Span(heat_map.footer, Role.LABEL),))


def _part(cells: range, first: int, most: int) -> range:
    start = max(0, min(first, len(cells) - most))
    return cells[start : start + most]


def _map_of(plane: Plane, values: object, columns: int) -> HeatMap:
    import numpy as np

    array = np.asarray(values)
    white = white_of(array)
    if plane.is_image and is_picture(array, AUTO, white):
        return picture("", array, columns, white)
    return next(iter(heat_maps("", array[0], columns)))


def picture_lines(plane: Plane, canvas: Canvas) -> Iterator[Pieces]:
    """The lines of a picture with the frame around what is lit."""
    frame = canvas.frame(*plane.box) if plane.box else None
    for number, strip in enumerate(canvas.lines):
        if frame is None or not frame[0] <= number <= frame[1]:
            yield (strip,)
        else:
            yield tuple(_framed(strip, frame, number))
    yield canvas.words


def _framed(strip: Strip, frame: Sequence[int], number: int) -> Iterator[Piece]:
    top, bottom, left, right = frame
    yield _cut(strip, 0, left)
    inner = right - left - 1
    if number in (top, bottom):
        corners = "┌┐" if number == top else "└┘"
        yield Lit(corners[0] + "─" * inner + corners[1] if inner >= 0 else "│", Role.NOTE)
    else:
        yield Lit("│", Role.NOTE)
        yield _cut(strip, left + 1, right)
        yield Lit("│", Role.NOTE)
    yield _cut(strip, right + 1, len(strip.text))


def _cut(strip: Strip, first: int, stop: int) -> Strip:
    """The columns of a strip from one to before another."""
    part, pixels = slice(first, stop), slice(3 * first, 3 * stop)
    return strip._replace(
        text=strip.text[part],
        upper=strip.upper[part],
        lower=strip.lower[part],
        upper_pixels=strip.upper_pixels[pixels],
        lower_pixels=strip.lower_pixels[pixels],
    )


def title_of(plane: Plane, zoom: Zoom, *, is_focused: bool) -> Piece:
    """The name of a picture with how it is zoomed."""
    words = f"{plane.title}, {zoom}"
    return Lit(words, Role.TITLE) if is_focused else Span(words, Role.TITLE)
