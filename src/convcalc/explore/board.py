"""Three grids side by side as lines: how wide each is, and which cell lies where the mouse is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple

from convcalc.explore.grid import HEAD, GridView, Piece, Pieces, Zoom, fitted
from convcalc.explore.look import Pane
from convcalc.explore.picture_view import Canvas, canvas_of, picture_lines, title_of
from convcalc.explore.plane import Place, Plane
from convcalc.explore.session import Session
from convcalc.report.blocks import Role, Span

_GAP = 3
_SIGNS = {Pane.KERNEL: "⋆", Pane.OUTPUT: "="}
_FOOT = 1
_PICTURE = 40
"""Lines that a picture may take."""


class Spot(NamedTuple):
    """Where a grid is drawn."""

    plane: Plane
    left: int
    width: int


@dataclass
class Board:
    """The grids of a session on a page of so many columns and lines."""

    views: dict[Pane, GridView] = field(default_factory=lambda: {pane: GridView() for pane in Pane})
    spots: tuple[Spot, ...] = ()
    height: int = 0
    _held: dict[Pane, tuple[Any, Canvas]] = field(default_factory=dict)
    _scene: Any = None

    def lines(self, session: Session, found: Sequence[Plane], width: int, height: int) -> list[Pieces]:
        """All lines of the grids of some planes; each shows what is lit in it, the one with the cursor its cursor."""
        if session.scene is not self._scene:
            self._scene = session.scene
            self._held.clear()
        self.height = height
        for plane in found:
            self.views[plane.pane].clip(plane)
        self.spots = tuple(self._spots(found, width))
        for spot in self.spots:
            is_focused = spot.plane.pane is session.look.pane
            self.views[spot.plane.pane].follow(spot.plane, height, spot.width, is_focused=is_focused)
        return self.redrawn(session.look.pane)

    def redrawn(self, focused: Pane) -> list[Pieces]:
        """The same grids, scrolled elsewhere perhaps."""
        columns = [list(self._drawn(spot, focused)) for spot in self.spots]
        middle = HEAD + min((len(spot.plane.rows) for spot in self.spots), default=1) // 2
        return [
            tuple(self._beside(parts, number == min(middle, self.height - 1)))
            for number, parts in zip(range(self.height), zip_longest(*columns, fillvalue=()), strict=False)
        ]

    def wanted_height(self, found: Sequence[Plane]) -> int:
        """The lines that all rows would take, and a picture."""
        rows = [
            len(plane.rows) if self.views[plane.pane].shown_zoom(plane) is Zoom.NUMBERS else _PICTURE for plane in found
        ]
        return HEAD + _FOOT + max(rows)

    def _spots(self, found: Sequence[Plane], width: int) -> Iterator[Spot]:
        left = 0
        for plane, size in zip(found, self._widths(found, width), strict=True):
            yield Spot(plane, left, size)
            left += size + _GAP

    def _widths(self, found: Sequence[Plane], width: int) -> list[int]:
        """As much as each wants; if that is too much, the kernel has two fifths at most, the others the rest."""
        room = width - _GAP * (len(found) - 1)
        for gap, is_brief in ((2, False), (1, False), (1, True)):
            for view in self.views.values():
                view.gap, view.is_brief = gap, is_brief
            wanted = [self.views[plane.pane].wanted(plane, self.height, room) for plane in found]
            if sum(wanted) <= room:
                return wanted
        kernel = [
            min(size, room * 2 // 5) for size, plane in zip(wanted, found, strict=True) if plane.pane is Pane.KERNEL
        ]
        rest = room - sum(kernel)
        first, last = wanted[0], wanted[-1]
        half = rest // 2
        shared = (
            (first, rest - first) if first <= half else (rest - last, last) if last <= half else (half, rest - half)
        )
        return [shared[0], *kernel, shared[1]]

    def _drawn(self, spot: Spot, focused: Pane) -> Iterator[Pieces]:
        plane, view = spot.plane, self.views[spot.plane.pane]
        zoom, is_focused = view.shown_zoom(plane), plane.pane is focused
        if zoom is Zoom.NUMBERS:
            lines = view.lines(plane, spot.width, self.height, is_focused=is_focused)
        else:
            canvas = self._canvas(spot, zoom)
            lines = iter([(title_of(plane, zoom, is_focused=is_focused),), *picture_lines(plane, canvas)])
        for line in lines:
            yield fitted(line, spot.width)

    def _canvas(self, spot: Spot, zoom: Zoom) -> Canvas:
        """What is drawn of a plane; the same picture is made once."""
        view, pane = self.views[spot.plane.pane], spot.plane.pane
        key = (*spot.plane.key, zoom, view.first if zoom is Zoom.PIXELS else None, spot.width, self.height)
        if pane not in self._held or self._held[pane][0] != key:
            first = (spot.plane.rows[view.first[0]], spot.plane.columns[view.first[1]])
            self._held[pane] = key, canvas_of(spot.plane, zoom, first, spot.width, self.height - 1)
        return self._held[pane][1]

    def _beside(self, parts: Sequence[Pieces], has_signs: bool) -> Iterator[Piece]:
        for number, (spot, part) in enumerate(zip(self.spots, parts, strict=True)):
            if number:
                sign = _SIGNS[spot.plane.pane] if has_signs and len(self.spots) > 2 else " "
                yield Span(f" {sign} ", Role.LABEL)
            yield from part or (Span(" " * spot.width),)

    def at(self, x: int, y: int) -> tuple[Pane, Place | None] | None:
        """The grid at a column and a line, and the cell there if there is one."""
        for spot in self.spots:
            if spot.left <= x < spot.left + spot.width:
                return spot.plane.pane, self._place(spot, x - spot.left, y)
        return None

    def _place(self, spot: Spot, x: int, y: int) -> Place | None:
        view = self.views[spot.plane.pane]
        if view.shown_zoom(spot.plane) is Zoom.NUMBERS:
            return view.place_at(spot.plane, x, y)
        return self._canvas(spot, view.shown_zoom(spot.plane)).place_at(x, y - 1)

    def step(self, pane: Pane) -> Place:
        """How many rows and columns the cursor goes at a time: in a picture as many as make a difference."""
        spot = next((each for each in self.spots if each.plane.pane is pane), None)
        if spot is None or (zoom := self.views[pane].shown_zoom(spot.plane)) is Zoom.NUMBERS:
            return 1, 1
        return self._canvas(spot, zoom).step

    def scroll(self, pane: Pane, rows: int, columns: int) -> None:
        """Scroll a grid without moving its cursor."""
        for spot in self.spots:
            if spot.plane.pane is pane:
                self.views[pane].scroll(spot.plane, rows, columns)

    def zoomed(self, pane: Pane) -> Zoom | None:
        """The next way to show a grid, of those with pictures; None: it has no picture."""
        spot = next((each for each in self.spots if each.plane.pane is pane), None)
        if spot is None or spot.plane.array is None:
            return None
        ways = list(Zoom)
        view = self.views[pane]
        view.zoom = ways[(ways.index(view.shown_zoom(spot.plane)) + 1) % len(ways)]
        return view.zoom
