"""What is asked in a box above the screen: a number, a file, a kernel of the library; and the page of help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from convcalc.explore.grid import Lit
from convcalc.explore.kernel_offers import Offer
from convcalc.explore.widgets import Lines
from convcalc.render.lines import wrapped
from convcalc.report.blocks import Role, Span


class Prompt(ModalScreen[str | None]):
    """A line of text; escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "leave")]

    def __init__(self, question: str, value: str = "", *, select: bool = True) -> None:
        """``select``: the first letter that is typed replaces the value."""
        super().__init__()
        self.question, self.value, self.selects = question, value, select

    def compose(self) -> ComposeResult:
        """The question above the line."""
        with Vertical(classes="dialog"):
            yield Lines(classes="line")
            yield Input(self.value, select_on_focus=self.selects)

    def on_mount(self) -> None:
        """Ask."""
        self.query_one(Lines).say(self.question, Role.TITLE)
        if not self.selects:
            self.query_one(Input).cursor_position = len(self.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        self.dismiss(event.value)


class Page(ModalScreen[None]):
    """Lines to read; any of the usual keys leaves them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "leave"),
        Binding("down,pagedown,space", "scroll(1)", "on"),
        Binding("up,pageup", "scroll(-1)", "back"),
    ]

    def __init__(self, title: str, lines: Sequence[str], indent: int) -> None:
        """``lines``: of plain text, broken where they are too long; what is broken off begins at column ``indent``."""
        super().__init__()
        self.words = [Span(title, Role.TITLE), *map(Span, lines)]
        self.indent = indent

    def compose(self) -> ComposeResult:
        """The lines."""
        with Vertical(classes="page"):
            yield Lines()

    def on_resize(self) -> None:
        """Show them, as wide as there is room."""
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        lines = self.query_one(Lines)
        lines.show([each for word in self.words for each in wrapped([word], lines.size.width, self.indent)], keep=True)

    def action_scroll(self, way: int) -> None:
        """On or back."""
        self.query_one(Lines).scroll(way * 0.5)


class KernelList(ModalScreen[str | None]):
    """The kernels of the library, narrowed down by what is typed; what is no name of the list is taken as typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "leave"),
        Binding("down", "go(1)", "on", priority=True),
        Binding("up", "go(-1)", "back", priority=True),
        Binding("pagedown", "go(8)", "on", priority=True),
        Binding("pageup", "go(-8)", "back", priority=True),
    ]

    def __init__(self, search: Callable[[str], list[Offer]]) -> None:
        """``search``: the kernels with some words in what is said of them."""
        super().__init__()
        self.search = search
        self.offers = search("")
        self.chosen = 0

    def compose(self) -> ComposeResult:
        """A line to type in above the list."""
        with Vertical(classes="page"):
            yield Input(placeholder="words to look for, or gaussian:5, sobel-x@scikit-image, box+flip")
            yield Lines()

    def on_mount(self) -> None:
        """All of them."""
        self._list()

    def on_resize(self) -> None:
        """With the chosen one in sight."""
        self.call_after_refresh(self._list)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Those with the words."""
        self.offers, self.chosen = self.search(event.value), 0
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The chosen one, or a name with arguments as it was typed."""
        is_reference = any(sign in event.value for sign in ":@+") or not self.offers
        self.dismiss(event.value.strip() or None if is_reference else self.offers[self.chosen].name)

    def on_click(self, event: events.Click) -> None:
        """The one under the mouse."""
        listed = self.query_one(Lines)
        number = event.screen_y - listed.region.y + listed.first
        if listed.region.contains(event.screen_x, event.screen_y) and number < len(self.offers):
            self.dismiss(self.offers[number].name)

    def action_go(self, step: int) -> None:
        """The next one, the one before."""
        self.chosen = max(0, min(len(self.offers) - 1, self.chosen + step))
        self._list()

    def _list(self) -> None:
        lines = self.query_one(Lines)
        named = max((len(offer.name) for offer in self.offers), default=0)
        family = max((len(offer.family) for offer in self.offers), default=0)
        shown = [
            [
                (Lit if number == self.chosen else Span)(
                    f"{offer.name:<{named}}  {offer.family:<{family}}  {offer.title}"
                )
            ]
            for number, offer in enumerate(self.offers)
        ]
        lines.show(shown or [[Span("no kernel says that", Role.LABEL)]], keep=True)
        room = max(1, lines.size.height)
        lines.first = min(max(lines.first, self.chosen - room + 1), self.chosen)
