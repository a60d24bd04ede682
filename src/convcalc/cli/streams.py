"""Standard output and standard error, without encoding errors on any terminal."""

import codecs
import os
import select
import stat
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_DEFAULT_WIDTH = 80
_LONGEST_WAIT = 1.0  # seconds
_ASCII = str.maketrans(
    {
        "×": "x",
        "−": "-",
        "–": "-",
        "…": "...",
        "⌊": "floor(",
        "⌋": ")",
        "⋆": "*",
        "∗": "*",
        "→": "->",
        "°": " degrees",
        "µ": "u",
        "Σ": "sum of ",
        "╭": "+",
        "╮": "+",
        "╰": "+",
        "╯": "+",
        "─": "-",
        "│": "|",
        "█": "#",
        "└": "+",
        "━": "=",
        "▲": "^",
        **dict.fromkeys("┬┴├┤┼", "+"),
        **dict(zip("▏▎▍▌▋▊▉", "...####", strict=True)),
        **dict(zip("▁▂▃▄▅▆▇░▒▓", "_.,-=*%.+*", strict=True)),
    }
)


def make_printable(stream: Any) -> None:
    """Signs that the stream's encoding lacks are written in ASCII, other characters as escapes."""
    if stream is not None and (stream.encoding or "").lower() not in ("utf-8", "utf8"):
        codecs.register_error("convcalc", _replacement)
        stream.reconfigure(errors="convcalc")


def piped() -> str | None:
    """``-`` where numbers come through standard input, and a command without a file is to read them; otherwise None.

    Nobody may be writing into a pipe that was only inherited, so its first byte is waited for a second. One that ends
    without a byte is an input too, an empty one: the program that was to write it failed.
    """
    try:
        descriptor = sys.stdin.fileno()
        kind = os.fstat(descriptor)
    except (AttributeError, OSError, ValueError):  # closed, or replaced by something that is no file
        return None
    if stat.S_ISREG(kind.st_mode):
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        return "-" if kind.st_size > place or not kind.st_size else None
    if not (stat.S_ISFIFO(kind.st_mode) or stat.S_ISSOCK(kind.st_mode)) or os.name == "nt":
        return None
    ready, _, _ = select.select([descriptor], [], [], _LONGEST_WAIT)
    if not ready:
        print("note: nothing came through the pipe; to wait for it, name it -", file=sys.stderr)
        return None
    return "-"


def discard(descriptor: int) -> bool:
    """Discard a stream's buffer, so that the interpreter does not fail on it again at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
    except OSError:
        return False
    return True


def page_width() -> int:
    """Columns of the page: the terminal's; in a pipe ``COLUMNS`` or 80, so that its bytes are always the same."""
    if sys.stdout.isatty():
        return os.get_terminal_size(sys.stdout.fileno()).columns or _DEFAULT_WIDTH
    columns = os.environ.get("COLUMNS", "")
    is_number = columns.isascii() and columns.isdigit() and len(columns) < 5
    return (int(columns) if is_number else 0) or _DEFAULT_WIDTH


def output_console() -> "Console":
    """The console for reports, on standard output."""
    from rich.console import Console

    class PipeConsole(Console):
        """A console that raises the error of a closed pipe to the error boundary, which knows the exit code."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    width = None if sys.stdout.isatty() else page_width()
    return PipeConsole(width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def _replacement(error: Any) -> tuple[str, int]:
    """The replacement of characters that a stream cannot encode; not used for decoding."""
    text = error.object[error.start : error.end].translate(_ASCII)
    text = "".join(_dots(each) if "\u2800" <= each <= "\u28ff" else each for each in text)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def _dots(braille: str) -> str:
    """The dots of a curve, as far as ASCII shows them: in the upper half, in the lower half, or in both."""
    bits = ord(braille) - 0x2800
    return " '.:"[bool(bits & 0b00011011) + 2 * bool(bits & 0b11100100)]
