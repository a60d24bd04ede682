"""The journal of an output that is written tile by tile: which tiles are done, of which problem on which input."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from convcalc.errors import OutputError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows: two runs into one file are not told from each other there
    fcntl = None  # type: ignore[assignment]


class Journal:
    """A file of one line that says what is written, and a line with the number of each tile that is done.

    A line is added after the tile's numbers were written. A last line without an end, of a run that was killed on it,
    does not count.
    """

    def __init__(self, place: Path) -> None:
        """``place``: of the journal; it need not exist."""
        self.place = place
        self._descriptor = -1

    def __enter__(self) -> Journal:
        """Opens it, for this run alone.

        Raises:
            OutputError: another run writes it, or it cannot be written.
        """
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
            self._descriptor = os.open(self.place, flags, 0o600)
            if fcntl:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise OutputError(
                f"another run is writing this output (its journal is {self.place})", hint="wait for it, or end it"
            ) from None
        except OSError as error:
            raise OutputError(f"cannot write {self.place}: {error.strerror}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        os.close(self._descriptor)

    def done(self, facts: Mapping[str, Any]) -> set[int]:
        """The tiles that an earlier run of the same facts has finished; none where there was no such run.

        Raises:
            OutputError: it is of a run of other facts; the message says which.
        """
        found = self._read()
        *lines, cut = found.split(b"\n")
        if not lines:
            return set()
        os.truncate(self._descriptor, len(found) - len(cut))
        try:
            held = json.loads(lines[0])
            numbers = {int(line) for line in lines[1:]}
        except ValueError:
            raise OutputError(f"the journal {self.place} is damaged", hint="run without --resume") from None
        others = [name for name, value in facts.items() if not isinstance(held, dict) or held.get(name) != value]
        if others:
            raise OutputError(
                f"the run that was interrupted had another {', another '.join(others)}",
                hint="run without --resume, or as it was run then",
            )
        return numbers

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Begin anew with what is written.

        Raises:
            OutputError: the disk is full.
        """
        try:
            os.truncate(self._descriptor, 0)
            self._write((json.dumps(dict(facts), separators=(",", ":")) + "\n").encode())
        except OSError as error:
            raise OutputError(f"cannot write {self.place}: {error.strerror}") from None

    def add(self, number: int) -> None:
        """A tile is done; raises as :meth:`begin` does."""
        try:
            self._write(b"%d\n" % number)
        except OSError as error:
            raise OutputError(f"cannot write {self.place}: {error.strerror}") from None

    def remove(self) -> None:
        """Remove the journal of a complete output."""
        with suppress(OSError):
            self.place.unlink()

    def _write(self, data: bytes) -> None:
        size = os.fstat(self._descriptor).st_size
        if os.write(self._descriptor, data) < len(data):
            os.truncate(self._descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _read(self) -> bytes:
        size = os.fstat(self._descriptor).st_size
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        found = b""
        while len(found) < size and (more := os.read(self._descriptor, size - len(found))):
            found += more
        return found
