"""The steps of an animation on a terminal, one drawn over the other, with keys to pause, step and go back."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcalc.cli.keys import CLOSED, Waiting, keys
from convcalc.cli.streams import output_console
from convcalc.render.terminal import drawn_lines, print_blocks
from convcalc.report.animation.report import frame_blocks
from convcalc.report.blocks import Block, Role, say

if TYPE_CHECKING:
    from rich.console import Console

    from convcalc.cli.animation import Reel

_LOOK = 0.2  # seconds from one look at the size of the terminal to the next
_FASTER = 1.5
_SLOWEST, _FASTEST = 0.1, 50.0  # steps a second
_USUAL = (80, 24)
_LEAST = (20, 5)  # columns and rows in which a step can be drawn
_TOO_SMALL = "the terminal is too small"
_SUM_LINES = 4  # kept of a step that is too tall
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
_HELP = "space pause   ← → step   home first   + - speed   q leave"


@dataclass
class Playing:
    """Where a player is, and what the keys do to it."""

    reel: Reel
    speed: float
    step: int = 0
    """Which of the reel's steps is shown."""
    is_paused: bool = False
    is_over: bool = False

    @property
    def is_at_end(self) -> bool:
        """Whether there is no step after it."""
        return self.step + 1 >= len(self.reel.steps)

    def press(self, key: str) -> None:
        """Do what a key stands for; an unknown one does nothing."""
        match key:
            case " " | "p":
                self._toggle()
            case "right" | "down" | "l" | "n" | ".":
                self._move(1)
            case "left" | "up" | "h" | "b" | ",":
                self._move(-1)
            case "home" | "0" | "g":
                self._move(-self.step)
            case "+" | "=":
                self.speed = min(_FASTEST, self.speed * _FASTER)
            case "-" | "_":
                self.speed = max(_SLOWEST, self.speed / _FASTER)
            case "q" | "Q":
                self.is_over = True

    def tick(self) -> None:
        """Time for the next step; after the last one it stands still."""
        self.step = min(self.step + 1, len(self.reel.steps) - 1)
        self.is_paused = self.is_at_end

    def _toggle(self) -> None:
        if self.is_paused and self.is_at_end:
            self.step = 0
        self.is_paused = not self.is_paused

    def _move(self, steps: int) -> None:
        self.step = max(0, min(self.step + steps, len(self.reel.steps) - 1))
        self.is_paused = True


def play(reel: Reel, speed: float) -> None:
    """Play the steps until somebody leaves, or to the end where there are no keys; the last one shown stays."""
    playing, console = Playing(reel, speed, is_paused=len(reel.steps) < 2), output_console()
    reel.animation.frame(reel.steps[0])  # what is wrong is said before the screen changes
    with keys() as waiting, _screen(console):
        _run(playing, waiting)
    frame = reel.animation.frame(reel.steps[playing.step])
    print_blocks(output_console(), tuple(frame_blocks(frame)))


def _run(playing: Playing, waiting: Waiting | None) -> None:
    shown, due = None, time.monotonic() + 1 / playing.speed
    while not playing.is_over:
        now = (playing.step, playing.is_paused, playing.speed, _size())
        if now != shown:
            _draw(playing, has_keys=waiting is not None)
            shown = now
        left = _LOOK if playing.is_paused else min(_LOOK, due - time.monotonic())
        pressed = _waited(waiting, left)
        if CLOSED in pressed or (waiting is None and playing.is_at_end):
            return
        for key in pressed:
            playing.press(key)
        if pressed:
            due = time.monotonic() + 1 / playing.speed
        elif not playing.is_paused and time.monotonic() >= due:
            playing.tick()
            due = max(due + 1 / playing.speed, time.monotonic())


def _waited(waiting: Waiting | None, seconds: float) -> list[str]:
    if waiting is not None:
        return waiting(seconds)
    time.sleep(max(0.0, seconds))
    return []


def _size() -> tuple[int, int]:
    """Columns and rows; of a terminal that does not know, what most have."""
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    return (columns, rows) if columns and rows else _USUAL


def _draw(playing: Playing, *, has_keys: bool) -> None:
    """One step in as many lines as the terminal has, over what was there."""
    columns, rows = _size()
    if columns < _LEAST[0] or rows < _LEAST[1]:
        lines = [_TOO_SMALL[:columns]]
    else:
        frame = playing.reel.animation.frame(playing.reel.steps[playing.step])
        status = _drawn(_said(_status(playing, has_keys=has_keys)))
        lines = [*_cut(_drawn(frame_blocks(frame)), rows - len(status)), *status]
    # A line is cleared before it is written: behind one that is full the cursor still stands on its last character.
    sys.stdout.write(_HOME + "\r\n".join(_CLEAR_LINE + line for line in lines) + _CLEAR_BELOW)
    sys.stdout.flush()


def _drawn(blocks: Iterable[Block]) -> list[str]:
    return drawn_lines(output_console(), tuple(blocks))


def _said(text: str) -> tuple[Block, ...]:
    return (say(text, Role.LABEL),)


def _cut(lines: list[str], rows: int) -> list[str]:
    """So many lines: the first ones and the last, where the sum is."""
    hidden = len(lines) - rows + 1
    if hidden < 2:
        return [*lines, *[""] * (rows - len(lines))]
    below = min(_SUM_LINES, rows // 2)
    words = _drawn(_said(f"… {hidden:,} lines more: make the terminal taller"))[0]
    return [*lines[: rows - 1 - below], words, *lines[len(lines) - below :]]


def _status(playing: Playing, *, has_keys: bool) -> str:
    state = "end" if playing.is_at_end else "paused" if playing.is_paused else "playing"
    return f"{state}, {playing.speed:.2g} a second{f'   {_HELP}' if has_keys else ''}"


@contextmanager
def _screen(console: Console) -> Iterator[None]:
    """A screen of its own without a cursor; the one before comes back, however this ends."""
    try:
        console.set_alt_screen(True)
        console.show_cursor(False)
        yield
    finally:
        console.show_cursor(True)
        console.set_alt_screen(False)
