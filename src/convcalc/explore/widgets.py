"""What the explorer's screen is made of: lines that stay, lines that scroll, the board of grids and the tabs."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from convcalc.explore.board import Board
from convcalc.explore.grid import Piece, Pieces
from convcalc.explore.look import Pane
from convcalc.explore.plane import Place
from convcalc.explore.segments import drawn
from convcalc.explore.session import Session
from convcalc.explore.tabs import Tab, tab_at, tab_pieces
from convcalc.render.paint import Depth
from convcalc.report.blocks import Role, Span

_WHEEL = 3


class Lines(Widget):
    """Lines that are shown as far as there is room, from one on."""

    lines: Sequence[Sequence[Piece]] = ()
    first = 0

    def show(self, lines: Sequence[Sequence[Piece]], *, keep: bool = False) -> None:
        """Other lines, from the first on; ``keep``: from where they are scrolled to."""
        self.lines = lines
        self.first = min(self.first, max(0, len(lines) - 1)) if keep else 0
        self.refresh()

    def say(self, text: str, role: Role = Role.PLAIN) -> None:
        """One line in one role."""
        self.show([[Span(text, role)]])

    def render_line(self, y: int) -> Strip:
        """A line of the screen."""
        number = y + self.first
        pieces = self.lines[number] if number < len(self.lines) else ()
        depth = getattr(self.app, "depth", Depth.NONE)
        return drawn(pieces, depth, self.size.width, self.rich_style, has_colours=not self.app.no_color)

    def scroll(self, pages: float) -> None:
        """On by some pages, as long as there are lines."""
        last = max(0, len(self.lines) - self.size.height)
        self.first = max(0, min(last, self.first + round(pages * max(1, self.size.height - 1))))
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll on."""
        event.stop()
        self.scroll(_WHEEL / max(1, self.size.height - 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll back."""
        event.stop()
        self.scroll(-_WHEEL / max(1, self.size.height - 1))


class Grids(Lines):
    """The board of grids."""

    class Picked(Message):
        """A click on a grid."""

        def __init__(self, pane: Pane, place: Place | None) -> None:
            """``place``: the cell, if one was hit."""
            super().__init__()
            self.pane, self.place = pane, place

    def __init__(self) -> None:
        super().__init__()
        self.board = Board()
        self.session: Session | None = None

    def on_click(self, event: events.Click) -> None:
        """Tell what was hit."""
        found = self.board.at(event.x, event.y)
        if found is not None:
            self.post_message(self.Picked(*found))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the grid under the mouse on, with shift or control to the right."""
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll it back."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, way: int) -> None:
        event.stop()
        found = self.board.at(event.x, event.y)
        if found is None or self.session is None:
            return
        across = event.shift or event.ctrl
        self.board.scroll(found[0], 0 if across else way * _WHEEL, way * _WHEEL if across else 0)
        self.show(self.board.redrawn(self.session.look.pane))


class Tabs(Lines):
    """Names side by side, one of them chosen; as many as there is room for around it."""

    class Chosen(Message):
        """A click on a name."""

        def __init__(self, group: str, number: int) -> None:
            """``group``: of which tabs; ``number``: which of them."""
            super().__init__()
            self.group, self.number = group, number

    tabs: tuple[Tab, ...] = ()

    def draw(self, tabs: tuple[Tab, ...]) -> None:
        """Other names."""
        self.tabs = tabs
        self.show([tab_pieces(tabs)])

    def on_click(self, event: events.Click) -> None:
        """Tell which was hit."""
        found = tab_at(self.tabs, event.x)
        if found is not None and found.number is not None:
            self.post_message(self.Chosen(found.group, found.number))


__all__ = ["Grids", "Lines", "Pieces", "Tabs"]
