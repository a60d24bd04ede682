"""The explorer: keys and mouse to changes of its session."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from convcalc.arrays import unwarned
from convcalc.errors import ConvcalcError
from convcalc.explore.frame import Frame
from convcalc.explore.keys import HELP_INDENT, KEYS, help_lines
from convcalc.explore.look import Pane
from convcalc.explore.plane import joined, split
from convcalc.explore.story import copied_text
from convcalc.explore.tabs import IN_CHANNEL, LAYER, OUT_CHANNEL, SAMPLE
from convcalc.explore.widgets import Grids, Tabs
from convcalc.numerals import exact_text
from convcalc.report.blocks import Role


class Explorer(Frame):
    """The explorer's screen with its keys and the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.keys, key.action, key.words, show=False, priority=key.keys.endswith(("tab", "ctrl+c")))
        for key in KEYS
    ]

    # Looking -------------------------------------------------------------------------------------------------------

    def action_move(self, down: int, across: int) -> None:
        """The cursor by some rows and columns."""
        session = self.session
        pane = session.look.pane
        cell = session.look.cell(pane)
        leading, (row, column) = split(cell if pane is not Pane.KERNEL else (0, *cell))
        rows, columns = self._grids().board.step(pane)
        self._pick(pane, leading, (row + down * rows, column + across * columns))

    def _pick(self, pane: Pane, leading: tuple[int, ...], place: tuple[int, int]) -> None:
        cell = self.session.look.cell(pane)
        found = joined(leading, place, len(cell) + (pane is Pane.KERNEL))
        self._try(lambda: self.session.picked(pane, found[1:] if pane is Pane.KERNEL else found))

    def on_grids_picked(self, event: Grids.Picked) -> None:
        """A cell by the mouse, or a grid beside its cells."""
        cell = self.session.look.cell(event.pane)
        leading, place = split(cell if event.pane is not Pane.KERNEL else (0, *cell))
        self._pick(event.pane, leading, event.place or place)

    def action_pane(self, step: int) -> None:
        """The next grid."""
        if len(self.screen_stack) > 1:
            return
        panes = [pane for pane in Pane if pane is not Pane.KERNEL or self.session.scene.taps]
        here = panes.index(self.session.look.pane)
        pane = panes[(here + step) % len(panes)]
        self._try(lambda: self.session.entered(pane))

    def action_channel(self, step: int) -> None:
        """The next channel of the grid with the cursor; of the kernel that of the input."""
        pane = Pane.OUTPUT if self.session.look.pane is Pane.OUTPUT else Pane.INPUT
        self._channel(pane, self.session.look.cell(pane)[0] + step)

    def _channel(self, pane: Pane, channel: int) -> None:
        shape = self.session.scene.output_shape if pane is Pane.OUTPUT else self.session.scene.input_shape
        if len(shape) < 2:
            return
        cell = (max(0, min(channel, shape[0] - 1)), *self.session.look.cell(pane)[1:])
        self._try(lambda: self.session.looking(replace(self.session.look, **{pane.value: cell})))  # type: ignore[arg-type]

    def action_slice(self, step: int) -> None:
        """The next slice of three axes."""
        pane = self.session.look.pane
        cell = self.session.look.cell(pane)
        place = len(cell) - 3
        if place >= (0 if pane is Pane.KERNEL else 1):
            moved = (*cell[:place], cell[place] + step, *cell[place + 1 :])
            self._try(lambda: self.session.picked(pane, moved))

    def action_layer(self, step: int) -> None:
        """The next layer."""
        self._layer(self.session.look.number + step)

    def _layer(self, number: int) -> None:
        names = self.session.layers
        if not 0 <= number < len(names) or number == self.session.look.number:
            return
        if self.session.is_long(number):  # said before the screen stands still
            self._say(f"computing what {names[number]} needs …", Role.NOTE)
            self.call_after_refresh(self._try, lambda: self.session.at_layer(number))
        else:
            self._try(lambda: self.session.at_layer(number))

    def action_sample(self, step: int) -> None:
        """The next sample."""
        self._try(lambda: self.session.at_sample(self.session.look.sample + step))

    def on_tabs_chosen(self, event: Tabs.Chosen) -> None:
        """A layer, a channel or a sample by the mouse."""
        if event.group == LAYER:
            self._layer(event.number)
        elif event.group == SAMPLE:
            self._try(lambda: self.session.at_sample(event.number))
        else:
            self._channel({IN_CHANNEL: Pane.INPUT, OUT_CHANNEL: Pane.OUTPUT}[event.group], event.number)

    def action_zoom(self) -> None:
        """Numbers, pixels, the whole picture."""
        zoom = self._grids().board.zoomed(self.session.look.pane)
        self._show()
        self._say("only two axes of an array make a picture" if zoom is None else f"shown as {zoom}")

    def action_expand(self) -> None:
        """The explanation alone, or beside the grids."""
        self.is_expanded = not self.is_expanded
        self._show()

    def action_story(self, pages: int) -> None:
        """Scroll the explanation."""
        self._line("story").scroll(pages)

    # Changing ------------------------------------------------------------------------------------------------------

    def action_step(self, name: str, step: int) -> None:
        """A setting one step on or back."""
        self._try(lambda: self.session.stepped(name, step))

    def action_undo(self) -> None:
        """Take back the last change."""
        self._try(self.session.undone)

    def on_key(self, event: events.Key) -> None:
        """A digit begins a number."""
        if event.character and event.character in "0123456789-" and len(self.screen_stack) == 1:
            event.stop()
            self._edit(event.character)

    def action_edit(self) -> None:
        """Ask for another number under the cursor."""
        self._edit(None)

    def _edit(self, begun: str | None) -> None:
        from convcalc.explore.dialogs import Prompt

        session, pane = self.session, self.session.look.pane
        if pane is Pane.OUTPUT or not session.is_editable:
            self._say("this cell is computed; the input and the kernel can be edited: tab goes there", Role.NOTE)
            return
        value = session.value
        name = f"{pane} [{', '.join(map(str, session.look.cell(pane)))}] instead of {exact_text(value)}:"
        prompt = Prompt(name, exact_text(value) if begun is None else begun, select=begun is None)
        self.push_screen(prompt, self._edited)

    def _edited(self, text: str | None) -> None:
        from convcalc.request.edited import typed_number

        if text is not None:
            self._try(lambda: self.session.with_value(typed_number(text)))

    def action_kernel(self) -> None:
        """Ask for another kernel."""
        from convcalc.explore.dialogs import KernelList
        from convcalc.explore.kernel_offers import offers

        if self.session.scene.problem is None:
            self._say(f"{self.session.scene.stage.name} has no kernel", Role.NOTE)
            return
        with suppress(ConvcalcError):
            self.push_screen(KernelList(offers(self.session)), self._chosen)

    def _chosen(self, name: str | None) -> None:
        if name:
            self._try(lambda: self.session.with_kernel(name))

    # Keeping -------------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Ask for a file."""
        from convcalc.explore.dialogs import Prompt

        self.push_screen(Prompt("save as (.yaml; a ! before the name replaces a file):", "explored.yaml"), self._saved)

    def _saved(self, path: str | None) -> None:
        if not path:
            return
        try:
            self._say(self.session.saved(path.removeprefix("!"), force=path.startswith("!")), Role.GOOD)
        except ConvcalcError as error:
            hint = "a ! before the name replaces it" if "--force" in error.hint else error.hint
            self._say(f"{error.message}{f' ({hint})' if hint else ''}", Role.BAD)

    def action_copy(self) -> None:
        """The explanation to the clipboard of the terminal."""
        with unwarned():
            self.copy_to_clipboard(copied_text(self.session))
        self._say("copied, where the terminal takes it (OSC 52)", Role.GOOD)

    async def action_help(self) -> None:
        """The page of keys."""
        from convcalc.explore.dialogs import Page

        await self.push_screen(Page("keys: up and down scroll, escape leaves", help_lines(), HELP_INDENT))
