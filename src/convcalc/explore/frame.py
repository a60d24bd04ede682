"""The explorer's screen: what is shown of a session, and where."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import App, ComposeResult

from convcalc.arrays import unwarned
from convcalc.errors import ConvcalcError, LimitError
from convcalc.explore.keys import FOOT
from convcalc.explore.planes import planes
from convcalc.explore.session import Session
from convcalc.explore.story import story_lines, subtitle
from convcalc.explore.tabs import channel_tabs, layer_tabs
from convcalc.explore.widgets import Grids, Lines, Tabs
from convcalc.render.lines import Line, wrapped
from convcalc.render.paint import Depth
from convcalc.report.blocks import Role, Span

_SIGNAL = 2
"""Axes of signals: channels and samples."""
NARROWEST, LOWEST = 40, 12
"""Columns and lines of the smallest terminal."""
_STORY = 6
"""Lines that are kept for the explanation."""
_MESSAGE = 3
"""Lines that a message may take."""


class Frame(App[None]):
    """Input, kernel and output with a cursor, and the explanation of the cell that is picked."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Lines { height: 1fr; }
    .line, Tabs { height: 1; }
    Grids { height: auto; }
    .dialog { width: 60; max-width: 100%; height: 6; border: round $accent; background: $surface; }
    .page { width: 100; max-width: 100%; height: 100%; border: round $accent; background: $surface; padding: 0 1; }
    Prompt, Page, KernelList { align: center middle; }
    """

    def __init__(self, session: Session, depth: Depth) -> None:
        """``depth``: the colours that the terminal has for pictures."""
        super().__init__()
        self.session, self.depth = session, depth
        self.is_expanded = False

    def compose(self) -> ComposeResult:
        """From the title down to the keys."""
        yield Lines(id="title", classes="line")
        yield Tabs(id="layers")
        yield Tabs(id="channels")
        yield Grids()
        yield Lines(id="story")
        yield Lines(id="message", classes="line")
        yield Lines(id="foot", classes="line")

    def on_mount(self) -> None:
        """Say which keys there are."""
        self._line("foot").say(FOOT, Role.LABEL)

    def on_resize(self, event: events.Resize) -> None:
        """All of it once more."""
        self._show(event.size.width, event.size.height)

    def _line(self, name: str) -> Lines:
        return self.screen_stack[0].query_one(f"#{name}", Lines)

    def _tabs(self, name: str) -> Tabs:
        return self.screen_stack[0].query_one(f"#{name}", Tabs)

    def _grids(self) -> Grids:
        return self.screen_stack[0].query_one(Grids)

    # What is shown -----------------------------------------------------------------------------------------------

    @unwarned()
    def _show(self, width: int = 0, height: int = 0) -> None:
        """Everything that the session says, in the room that there is."""
        width, height = width or self.size.width, height or self.size.height
        is_small = width < NARROWEST or height < LOWEST
        for each in self.screen_stack[0].query_children(Lines):  # Textual's own are shown when it says so
            each.display = not is_small or each.id == "title"
        if is_small:
            self._line("title").say(f"{width}×{height} is too small: {NARROWEST}×{LOWEST} is needed", Role.NOTE)
            return
        session = self.session
        title = session.scene.network.title or session.scene.network.source
        self._line("title").show([[Span(title, Role.TITLE), Span(f"  {subtitle(session)}", Role.LABEL)]])
        layers, channels = layer_tabs(session, width), channel_tabs(session, width)
        for name, tabs in (("layers", layers), ("channels", channels)):
            self._tabs(name).display = bool(tabs)
            self._tabs(name).draw(tabs)
        room = height - 3 - bool(layers) - bool(channels)
        self._draw(session, width, room)

    def _draw(self, session: Session, width: int, room: int) -> None:
        grids, found = self._grids(), planes(session)
        wanted = min(grids.board.wanted_height(found), max(room - _STORY, room * 3 // 5))
        lines = 0 if self.is_expanded else wanted
        grids.display = bool(lines)
        grids.styles.height = lines
        if lines:
            grids.session = session
            grids.show(grids.board.lines(session, found, width, lines))
        curves: list[Line] = []
        if _has_signals(session):
            from convcalc.explore.curves import curve_lines

            curves = curve_lines(session, found, width)
        self._line("story").show(story_lines(session, width, room - lines, curves))

    def _say(self, text: str, role: Role = Role.PLAIN) -> None:
        message = self._line("message")
        lines = list(wrapped([Span(text, role)], max(NARROWEST, self.size.width)))[:_MESSAGE]
        if len(lines) != max(1, len(message.lines)):
            message.styles.height = len(lines)
        message.show(lines)

    def _try(self, change: Callable[[], Session]) -> None:
        """The session after a change; one that is refused is answered by its sentence, and nothing is changed."""
        before = self.session
        try:
            with unwarned():
                self.session = change()
                self._say("")
            self._show()
        except (ConvcalcError, MemoryError) as error:
            self.session = before
            self._show()
            message = error if isinstance(error, ConvcalcError) else LimitError("the memory ran out")
            self._say(f"{message.message}{f' ({message.hint})' if message.hint else ''}", Role.BAD)


def _has_signals(session: Session) -> bool:
    """Whether what the layer gets or gives are signals, which have curves."""
    return _SIGNAL in (len(session.scene.input_shape), len(session.scene.output_shape))
