"""Bytes and text from files and standard input, limited in size, with a position in every error."""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, FileIO
from typing import Any, BinaryIO

from convcalc.errors import DataError, FormatError, LimitError, Place
from convcalc.limits import bytes_text

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "standard input"
HEAD = 4096  # bytes from which the kind of a file is detected
_MOST_NAMES = 10
_LONGEST_EXCERPT = 10_000  # characters; a longer line would fill the terminal instead of explaining
# Tab and line feed are the only control characters of a text file; C1 (0x80 to 0x9f) drives terminals too.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL_BYTES = bytes({*range(0x20), 0x7F} - set(b"\t\n\v\f\r"))
_FEW_CONTROLS, _MOST_CONTROLS = 2, 1 / 20
"""The most control bytes of a text with an error, and their share; of packed bytes about every tenth is one."""
_RAW_HINT = "of raw numbers make an array: numpy.save('a.npy', numpy.fromfile('FILE', dtype).reshape(shape))"
_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file, since a part of its path is no folder",
    errno.EACCES: "no permission to read",
    errno.EPERM: "no permission to read",
    errno.ENAMETOOLONG: "no such file, since none has so long a name",
    errno.ELOOP: "a loop of symbolic links",
    errno.EISDIR: "not a regular file, but a folder",
    errno.ENXIO: "not a regular file",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.EIO: "the disk or the network failed",
    errno.ESTALE: "the file is gone",
}
"""Why a file cannot be opened or read, by the number of the system."""


def read_bytes(path: str, cap: int) -> bytes:
    """The bytes of a regular file, or of standard input for ``-``.

    Raises:
        DataError: there is no such file, or it may not be read.
        FormatError: it is no regular file.
        LimitError: it holds more than ``cap`` bytes.
    """
    if path == STANDARD_INPUT:
        return read_standard_input(lambda _: cap)
    with open_binary(path) as stream:
        return _capped(stream, cap, path)


def read_standard_input(cap_for: Callable[[bytes], int]) -> bytes:
    """The bytes of standard input; the cap depends on the first of them: it is lower for text than for arrays.

    Raises:
        DataError: it is closed.
        LimitError: there are more bytes than the cap.
    """
    if sys.stdin is None:
        raise DataError("standard input is closed")
    stream = sys.stdin.buffer
    head = _read(stream, HEAD, STANDARD_INPUT_NAME)
    return _capped(stream, cap_for(head), STANDARD_INPUT_NAME, head)


def open_binary(path: str) -> BinaryIO:
    """An open regular file.

    Raises:
        DataError: there is no such file, or it may not be read.
        FormatError: it is a folder, a pipe or a device.
    """
    try:
        descriptor = os.open(path, _open_flags())
    except (OSError, ValueError) as error:
        raise DataError(reason_of(error, path)) from None
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return BufferedReader(_NamedFile(descriptor, path))
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise FormatError(f"not a regular file, but a folder: {path}")
    raise FormatError(f"not a regular file: {path}", hint="pipe it in and name it -")


class _NamedFile(FileIO):
    """An open file whose read errors are reported with the file's name, as those of opening it."""

    def __init__(self, descriptor: int, path: str) -> None:
        super().__init__(descriptor, "rb")
        self._path = path

    def readinto(self, buffer: Any, /) -> int:
        with self._named_errors():
            return super().readinto(buffer) or 0

    def readall(self) -> bytes:
        with self._named_errors():
            return super().readall() or b""

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(reason_of(error, self._path)) from None


def size_of(stream: BinaryIO) -> int:
    """All bytes of an open file or buffer, whatever its position."""
    here = stream.tell()
    end = stream.seek(0, os.SEEK_END)
    stream.seek(here)
    return end


def check_size(name: str, size: int, cap: int) -> None:
    """Refuse a file of more bytes than it may have.

    Raises:
        LimitError: there are more.
    """
    if size > cap:
        raise LimitError(
            f"{name} holds more than {bytes_text(cap)}",
            hint=f"raise it with --limit file={bytes_text(cap * 4, exact=False)}",
        )


def decode(data: bytes, source: str) -> str:
    """The text of UTF-8 or marked UTF-16 bytes, without byte order mark, every line ending a line feed.

    Raises:
        FormatError: the bytes are no such text, or the text contains control characters.
    """
    text = _decoded(data, source)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    control = _CONTROL.search(text)
    if control:
        raise FormatError(
            f"control character {control[0]!r} in a text file", place=place_at(source, text, control.start())
        )
    return text


def place_at(source: str, text: str, offset: int) -> Place:
    """The place of the character at ``offset``."""
    start = text.rfind("\n", 0, offset) + 1
    return place_on_line(source, text, text.count("\n", 0, offset) + 1, offset - start + 1)


def place_on_line(source: str, text: str, line: int, column: int | None = None) -> Place:
    """A place with its line of the text as excerpt; line and column count from 1."""
    lines = text.split("\n")
    excerpt = lines[line - 1] if 0 < line <= len(lines) else ""
    return Place(source, line, column, excerpt if len(excerpt) <= _LONGEST_EXCERPT else "")


def shown(text: str, width: int = 40) -> str:
    """The text in quotes for a message, cut when it is long.

    >>> shown("1:30"), shown("x" * 50, 5)
    ("'1:30'", "'xxxx…'")
    """
    return repr(text if len(text) <= width else text[: width - 1] + "…")


def listed(names: Sequence[str]) -> str:
    """A colon and the names in quotes for a message, the first ten of many; empty if there are none.

    >>> listed(["a", "b"])
    ": 'a', 'b'"
    """
    if not names:
        return ""
    cut = ", …" if len(names) > _MOST_NAMES else ""
    return ": " + ", ".join(shown(name) for name in names[:_MOST_NAMES]) + cut


def may_be_text(head: bytes) -> bool:
    """Whether a file that begins with these bytes may be text: marked UTF-16, or UTF-8 without control characters."""
    if head.startswith(UTF_16_MARKS):
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end
    except UnicodeDecodeError:
        return False
    return len(head.translate(None, _CONTROL_BYTES)) == len(head)


def _open_flags() -> int:
    # Without O_NONBLOCK, opening a pipe that nobody writes to would block.
    return os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def reason_of(error: Exception, path: str) -> str:
    """Why a file cannot be opened or read, in words, with its path."""
    if not path:
        return "no such file, since its name is empty"
    if isinstance(error, OSError):
        return f"{_REASONS.get(error.errno or 0, 'the system refuses to read it')}: {path}"
    fault = "a character that no name has" if isinstance(error, UnicodeError) else "a NUL"
    return f"no such file, since its name holds {fault}: {path}"


def _read(stream: BinaryIO, size: int, name: str) -> bytes:
    try:
        return stream.read(size)
    except OSError as error:
        raise DataError(reason_of(error, name)) from None


def _capped(stream: BinaryIO, cap: int, name: str, head: bytes = b"") -> bytes:
    data = head + _read(stream, max(0, cap + 1 - len(head)), name)
    check_size(name, len(data), cap)
    return data


def _decoded(data: bytes, source: str) -> str:
    wide = data.startswith(UTF_16_MARKS)
    if not wide:
        _refuse_bytes(data[:HEAD], source)
    try:
        return data.decode("utf-16" if wide else "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if wide:
            raise FormatError(f"not UTF-16: offset {error.start}", place=Place(source)) from None
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        before = before.replace("\r\n", "\n").replace("\r", "\n")
        raise FormatError(
            f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            hint="save the file as UTF-8",
            place=Place(source, before.count("\n") + 1, len(before) - before.rfind("\n")),
        ) from None


def _refuse_bytes(head: bytes, source: str) -> None:
    """Refuse bytes that are clearly no text, for which a decoder's error would only name a position."""
    controls = len(head) - len(head.translate(None, _CONTROL_BYTES))
    if controls <= max(_FEW_CONTROLS, _MOST_CONTROLS * len(head)):
        return
    for letters, rest in ((head[::2], head[1::2]), (head[1::2], head[::2])):
        if rest and not rest.strip(b"\0") and may_be_text(letters):
            raise FormatError("UTF-16 without its mark", hint="save the file as UTF-8", place=Place(source))
    raise FormatError("bytes of an unknown kind", hint=_RAW_HINT, place=Place(source))
