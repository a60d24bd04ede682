"""This very process as one that convcalc runs in: its streams, its memory, and its command line."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

_PEAK = Path("/proc/self/clear_refs")


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    text: str
    """Standard output, then standard error."""


@contextlib.contextmanager
def given(data: bytes) -> Iterator[None]:
    """Standard input with these bytes."""
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(data))
    try:
        yield
    finally:
        sys.stdin = before


def captured(action: Callable[[], object]) -> str:
    """What an action writes to standard error."""
    with contextlib.redirect_stderr(io.StringIO()) as stream:
        action()
    return stream.getvalue()


def convcalc(*argv: str) -> Done:
    """The command line with these arguments; an exception that it lets through is let through here too."""
    from convcalc.cli.main import main

    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict", newline="") for _ in range(2)]
    before, sys.argv = sys.argv, ["convcalc", *argv]
    code = 0
    try:
        with _restored(), contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            main()
    except SystemExit as left:
        code = int(left.code or 0)
    finally:
        sys.argv = before
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return Done(code, "".join(texts))


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    """Puts back what a process may change because it ends: its signal handler and its standard output."""
    handler, output = signal.getsignal(signal.SIGTERM), os.dup(1)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        os.dup2(output, 1)
        os.close(output)


class Meter:
    """How much memory this process takes beyond what it took at first; that of libraries in C is counted too."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew; where the system cannot forget the largest size so far, that is where it begins."""
        with contextlib.suppress(OSError):
            _PEAK.write_text("5")
        self._first = self._peak()

    @property
    def megabytes(self) -> float:
        """The most so far, in MB."""
        return self._peak() - self._first

    @staticmethod
    def _peak() -> float:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
