"""Keys of a terminal as they are pressed, without a line end; what the terminal was like before comes back."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Waiting = Callable[[float], list[str]]
"""The keys pressed by the time that one is, or so many seconds have gone; CLOSED if there will be none."""

CLOSED = "closed"
_MOST = 1024  # bytes of what is read at a time
_SENT = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]|.", re.DOTALL)
_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home"}
_OF_CONSOLE = {"H": "up", "P": "down", "M": "right", "K": "left", "G": "home"}


def named(sent: str) -> list[str]:
    r"""Characters, and arrow keys by their names; nothing stands for other keys.

    >>> named("\x1b[C\x1bOD q\x1b[5~\x1b")
    ['right', 'left', ' ', 'q']
    """
    keys = (_ARROWS.get(key[-1], "") if len(key) == 3 else key * (len(key) == 1) for key in _SENT.findall(sent))
    return [key for key in keys if key and key != "\x1b"]


@contextmanager
def keys() -> Iterator[Waiting | None]:
    """What waits for keys, of standard input or of the terminal itself if that is a file; None: there are none."""
    if sys.platform == "win32":
        yield _of_console
        return
    descriptor, is_opened = _terminal()
    if descriptor is None:
        yield None
        return
    import termios

    before = termios.tcgetattr(descriptor)
    try:
        _by_key(descriptor)
        yield lambda seconds: _of_terminal(descriptor, seconds)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        if is_opened:
            os.close(descriptor)


def _by_key(descriptor: int) -> None:
    """Each key comes at once and is not shown; Ctrl+C still interrupts, Ctrl+Z does not leave the screen behind."""
    import termios
    import tty

    tty.setcbreak(descriptor)
    mode = termios.tcgetattr(descriptor)
    mode[6][termios.VSUSP] = b"\x00"
    termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)


def _terminal() -> tuple[int | None, bool]:
    """Where keys come from, and whether it was opened for them."""
    if sys.stdin is not None and sys.stdin.isatty():
        return sys.stdin.fileno(), False
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY), True
    except OSError:
        return None, False


def _of_terminal(descriptor: int, seconds: float) -> list[str]:
    import select

    if not select.select([descriptor], [], [], max(0.0, seconds))[0]:
        return []
    try:
        sent = os.read(descriptor, _MOST)
    except OSError:
        sent = b""
    return named(sent.decode("utf-8", "replace")) if sent else [CLOSED]


def _of_console(seconds: float) -> list[str]:
    """The same of the console of Windows."""
    import msvcrt

    console, end = vars(msvcrt), time.monotonic() + seconds
    while time.monotonic() < end:
        if console["kbhit"]():
            sent = console["getwch"]()
            key = _OF_CONSOLE.get(console["getwch"](), "") if sent in ("\x00", "\xe0") else sent
            return [key] if key else []
        time.sleep(0.01)
    return []
